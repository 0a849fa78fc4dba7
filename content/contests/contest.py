"""Contest: what is announced, asked and won, how it stands, and what of it is approved; pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from config.words import BadInput, Conflict, Word
from content.bulletin import digest_of
from db.types import LETTERS

CODE_DIGITS = 6
CODE_MINUTES = 10
"""For so long a code is sent, and taken."""
BOARD_LETTERS = 8
GRACE = timedelta(seconds=30)
"""So much later than told a paper is still taken: a slow line is nobody's fault."""
LONGEST = {"title": 200, "rules": 20_000}
MOST_QUESTIONS, MOST_MINUTES, MOST_PRIZES, MOST_LINES = 60, 180, 100, 200
MOST_GUESS = 10_000_000
MOST_REMINDERS, MOST_DAYS, LONGEST_PLACE = 10, 60, 100


class State(StrEnum):
    """How far a contest has come with the office; between its approval and its results the clock does the rest."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    COUNTED = "counted"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Standing(StrEnum):
    """How it stands at a moment."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    COMING = "coming"
    OPEN = "open"
    OVER = "over"
    COUNTED = "counted"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


TITLES = {
    Standing.DRAFT: Word("bản nháp", "draft"),
    Standing.IN_REVIEW: Word("chờ duyệt", "awaiting approval"),
    Standing.COMING: Word("đã duyệt, chưa mở", "approved, not open yet"),
    Standing.OPEN: Word("đang thi", "open"),
    Standing.OVER: Word("hết hạn, chưa chấm", "over, not marked yet"),
    Standing.COUNTED: Word("kết quả chờ duyệt", "results awaiting approval"),
    Standing.PUBLISHED: Word("đã công bố", "results published"),
    Standing.WITHDRAWN: Word("đã hủy", "cancelled"),
}

MOVES: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.DRAFT, State.IN_REVIEW, State.WITHDRAWN}),
    State.IN_REVIEW: frozenset({State.DRAFT, State.APPROVED, State.WITHDRAWN}),
    State.APPROVED: frozenset({State.COUNTED, State.WITHDRAWN}),
    State.COUNTED: frozenset({State.COUNTED, State.APPROVED, State.PUBLISHED, State.WITHDRAWN}),
    State.PUBLISHED: frozenset(),
    State.WITHDRAWN: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a writer hands in. Moments aware UTC.

    `count` questions of these `themes` (none: all) within `minutes`; `prizes` are (name, number), the first first. It is
    announced over `outlets` (to `audience` where they reach people one by one) and again `remind_days` before the end at
    `remind_at`. Numbers are confirmed by a code over `code_outlet`, or by one printed at notice boards where `board`.
    """

    title: str
    rules: str
    opens_at: datetime
    closes_at: datetime
    outlets: tuple[str, ...]
    prizes: tuple[tuple[str, int], ...]
    count: int = 10
    minutes: int = 15
    themes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    audience: str = ""
    code_outlet: str = ""
    board: bool = False
    remind_days: tuple[int, ...] = (3, 1)
    remind_at: str = "07:00"
    codes_a_day: int = 500
    per_address: int = 20
    keep_days: int = 60


@dataclass(frozen=True, slots=True)
class Contest:
    """One contest. `questions` are those it is about, by id, since it was handed in; `items` its texts by what they are for.

    `codes` is the schedule its codes go out by, `seed` what questions are drawn by, `results` the digest of what was counted.
    """

    id: str
    unit: str
    plan: Plan
    state: State
    made_by: str
    made_at: datetime
    writers: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    items: Mapping[str, str] = field(default_factory=dict)
    codes: str = ""
    seed: str = ""
    approved_by: str = ""
    results: str = ""
    counted_by: str = ""
    published_at: datetime | None = None
    erased_at: datetime | None = None

    @property
    def title(self) -> str:
        """What it is called."""
        return self.plan.title

    @property
    def erase_at(self) -> datetime:
        """When nothing names who took part any more."""
        return self.plan.closes_at + timedelta(days=self.plan.keep_days)

    def standing(self, now: datetime) -> Standing:
        """How it stands."""
        if self.state is not State.APPROVED:
            return Standing(self.state.value)
        if now < self.plan.opens_at:
            return Standing.COMING
        return Standing.OPEN if now < self.plan.closes_at else Standing.OVER

    def check_move(self, to: State) -> None:
        """Raise Conflict unless it may go there from where it is."""
        if to not in MOVES[self.state]:
            said = TITLES.get(Standing(self.state.value)) if self.state is not State.APPROVED else "đã duyệt"
            raise Conflict(
                f"Cuộc thi “{self.title}” đang ở trạng thái {said}, không làm việc này được",
                f"Contest {self.id} is {self.state}; this cannot be done",
            )

    def deadline(self, begun_at: datetime) -> datetime:
        """Until when a paper that was begun then may be handed in."""
        return min(begun_at + timedelta(minutes=self.plan.minutes), self.plan.closes_at)

    def digest(self, questions: Sequence[str], texts: Sequence[str]) -> str:
        """What an approval belongs to: all that was planned, the questions and the texts that go out, by their digests."""
        return digest_of([record(self.plan), list(questions), list(texts)])


def record(plan: Plan) -> dict[str, Any]:
    """As JSON-ready values."""
    plain = {name: getattr(plan, name) for name in plan.__slots__}
    plain |= {name: getattr(plan, name).astimezone(UTC).isoformat(timespec="seconds") for name in _MOMENTS}
    plain |= {name: list(getattr(plan, name)) for name in ("outlets", "themes", "places", "remind_days")}
    return plain | {"prizes": [list(one) for one in plan.prizes]}


_MOMENTS = ("opens_at", "closes_at")


def from_record(plain: Mapping[str, Any]) -> Plan:
    """The opposite of `record`."""
    told = dict(plain) | {name: datetime.fromisoformat(plain[name]) for name in _MOMENTS}
    told |= {name: tuple(plain[name]) for name in ("outlets", "themes", "places", "remind_days")}
    return Plan(**told | {"prizes": tuple((name, number) for name, number in plain["prizes"])})


def check(plan: Plan) -> None:
    """Raise BadInput naming the first field that cannot stand."""
    _check_words(plan)
    if plan.closes_at <= plan.opens_at:
        raise BadInput("Lúc kết thúc phải sau lúc mở", "It must end after it opens", field="closes_at")
    if not plan.outlets:
        raise BadInput("Chọn ít nhất một nơi báo tin", "Choose at least one outlet", field="outlet")
    if not plan.prizes:
        raise BadInput("Ghi ít nhất một giải, mỗi dòng như “Giải nhất: 1”", "Name a prize", field="prizes")
    if not (plan.code_outlet or plan.board):
        raise BadInput(
            "Chọn cách xác nhận số điện thoại: mã gửi qua tin nhắn, hoặc mã in ở bảng tin",
            "Choose how numbers are confirmed: by message or at a notice board",
            field="code_outlet",
        )
    _check_numbers(plan)


def _check_words(plan: Plan) -> None:
    for name, words in (("title", "tên cuộc thi"), ("rules", "thể lệ")):
        text = getattr(plan, name)
        if not text.strip():
            raise BadInput(f"Thiếu {words}", f"The {name} is missing", field=name)
        if len(text) > LONGEST[name]:
            raise BadInput(f"{words} dài quá {LONGEST[name]} ký tự", f"The {name} is too long", field=name)
    for name, text in (("title", plan.title), ("rules", plan.rules), ("places", "".join(plan.places))):
        if re.search(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]", text):
            raise BadInput("Có ký tự không dùng được", "There is an unusable character", field=name)
    if len(plan.places) > MOST_LINES or any(len(one) > LONGEST_PLACE for one in plan.places):
        raise BadInput(
            f"Nhiều nhất {MOST_LINES} nơi, mỗi nơi {LONGEST_PLACE} ký tự",
            f"{MOST_LINES} places at most",
            field="places",
        )


def _check_numbers(plan: Plan) -> None:
    if sum(number for _, number in plan.prizes) > MOST_PRIZES:
        raise BadInput(f"Nhiều nhất {MOST_PRIZES} giải", f"{MOST_PRIZES} prizes at most", field="prizes")
    for name, least, most in _NUMBERS:
        if not least <= getattr(plan, name) <= most:
            raise BadInput(f"Số từ {least} đến {most}", f"{name} is between {least} and {most}", field=name)
    if len(plan.remind_days) > MOST_REMINDERS or any(not 0 < day <= MOST_DAYS for day in plan.remind_days):
        raise BadInput(
            f"Nhắc trước từ 1 đến {MOST_DAYS} ngày, nhiều nhất {MOST_REMINDERS} lần",
            "1 to 60 days",
            field="remind_days",
        )


_NUMBERS = (
    ("count", 1, MOST_QUESTIONS),
    ("minutes", 1, MOST_MINUTES),
    ("codes_a_day", 1, 100_000),
    ("per_address", 1, 1000),
    ("keep_days", 1, 730),
)


def prizes_of(written: str) -> tuple[tuple[str, int], ...]:
    """`Giải nhất: 1` a line; one of each where no number stands. Raises BadInput."""
    found = []
    for line in filter(None, (" ".join(line.split()) for line in written.splitlines())):
        name, _, number = line.rpartition(":") if re.search(r":\s*\d+$", line) else (line, "", "1")
        count = int(number.strip()[:4])
        if not name.strip() or len(name) > 100 or not 0 < count <= MOST_PRIZES:
            raise BadInput(
                f"Không hiểu giải “{line[:40]}”, hãy ghi như “Giải nhất: 1”",
                f"Not a prize: {line[:40]}",
                field="prizes",
            )
        found.append((name.strip(), count))
    return tuple(found)


def days_of(written: str) -> tuple[int, ...]:
    """`7, 3, 1` days before the end, the most first; nothing for none. Raises BadInput."""
    parts = [part for part in re.split(r"[,;\s]+", written.strip()) if part]
    if any(not (part.isascii() and part.isdigit() and len(part) <= 3) for part in parts):
        raise BadInput("Ghi số ngày như 7, 3, 1", "Days are written like 7, 3, 1", field="remind_days")
    return tuple(sorted({int(part) for part in parts}, reverse=True))


def lines_of(written: str) -> tuple[str, ...]:
    """Every line with something on it, once."""
    return tuple(dict.fromkeys(filter(None, (" ".join(line.split()) for line in written.splitlines()))))


def code_of(delivery: str, key: bytes) -> str:
    """The digits that go to a person with this delivery, and are stored nowhere."""
    digest = hmac.new(key, delivery.encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def board_code_of(contest: str, board: str, key: bytes) -> str:
    """What is printed for a contest at a board: eight letters that nobody confuses, the same for all who stand there."""
    digest = hmac.new(key, f"board {contest} {board}".encode(), hashlib.sha256).digest()
    return "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:BOARD_LETTERS]).upper()


def read_code(given: str) -> str:
    """What was typed, without what people put in between, and with what they take for other letters set right."""
    plain = "".join(letter for letter in given.upper() if letter.isascii() and letter.isalnum())
    return plain.translate(str.maketrans("OIL", "011"))


def winners_list(one: Contest) -> str:
    """What the list of those who won is called."""
    return f"Đạt giải: {one.title[:60]} ({one.id[-6:]})"
