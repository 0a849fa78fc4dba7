"""Feedback: a question or remark from somebody outside, what it is about, and what the office has made of it; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from config.words import BadInput, Word

LONGEST = 2000
LONGEST_NAME = 100
IN_TITLE = 120


class Source(StrEnum):
    """Where it came from."""

    PORTAL = "portal"
    SMS = "sms"
    ZALO = "zalo"

    @property
    def title_vi(self) -> Word:
        """The word on screen."""
        return {
            "portal": Word("cổng thông tin", "portal"),
            "sms": Word("trả lời SMS", "SMS reply"),
            "zalo": Word("Zalo", "Zalo"),
        }[self.value]


class Standing(StrEnum):
    """What has become of it. It is answered once the item that answers it is approved, and open again if that is withdrawn."""

    OPEN = "unanswered"
    ANSWERING = "answering"
    ANSWERED = "answered"
    CLOSED = "closed"


TITLES = {
    Standing.OPEN: Word("chưa trả lời", "unanswered"),
    Standing.ANSWERING: Word("đang soạn trả lời", "answer being written"),
    Standing.ANSWERED: Word("đã trả lời", "answered"),
    Standing.CLOSED: Word("không cần trả lời", "no answer needed"),
}


@dataclass(frozen=True, slots=True)
class Feedback:
    """One of them. `scheme` and `address` say how its writer is reached, empty where they did not say.

    `about` is the item it was written at, by id, `procedure` the procedure it is about, by code. `answer` is the item that
    answers it, `told_at` when its writer was sent that; `unit` is whose outlet it came by.
    """

    id: str
    unit: str
    source: Source
    outlet: str
    scheme: str
    address: str
    name: str
    text: str
    about: str
    theme: str
    received_at: datetime
    standing: Standing
    answer: str = ""
    told_at: datetime | None = None
    closed_by: str = ""
    reason: str = ""
    procedure: str = ""


def checked(text: str, name: str = "") -> tuple[str, str]:
    """What was written and by whom, without what cannot be shown. Raises BadInput with its field."""
    lines = (" ".join(line.split()) for line in _shown(text).splitlines())
    said, named = "\n".join(lines).strip(), " ".join(_shown(name).split())
    if not said:
        raise BadInput("Hãy ghi câu hỏi hoặc góp ý", "Write your question or remark", field="noi-dung")
    if len(said) > LONGEST:
        raise BadInput(f"Nhiều nhất {LONGEST} ký tự", f"{LONGEST} characters at most", field="noi-dung")
    if len(named) > LONGEST_NAME:
        raise BadInput(f"Tên nhiều nhất {LONGEST_NAME} ký tự", f"{LONGEST_NAME} characters at most", field="ten")
    return said, named


def _shown(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable() or letter in "\n\t")


def draft_of(one: Feedback) -> dict[str, str]:
    """The form of an item that answers it, for whoever goes on writing: nothing of who asked is in it.

    The title is the question, so that a message to who asked has room for the answer; a long one stands whole below it.
    """
    lines = one.text.splitlines()
    first = lines[0] if len(lines[0]) <= IN_TITLE else lines[0][: IN_TITLE - 3].rsplit(" ", 1)[0] + "…"
    quoted = "\n".join(f"> {line}" if line else ">" for line in lines)
    body = "" if [first] == lines else f"\n\n## Câu hỏi\n\n{quoted}\n"
    return {"title": f"Trả lời: {first}", "body": body, "theme": one.theme}
