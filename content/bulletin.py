"""Bulletin: approved revisions frozen in running order; all that a channel ever sees of the content."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from config.words import Word
from content.meeting import Meeting

LINK = "{thoi_nhan}"
"""Stands in a short or chat text for the address by which its reader refuses further messages."""
REPLY = "{tra_loi}"
"""Stands there for the address by which its reader answers whether they come."""
CODE = "{ma_du_thi}"
"""Stands there for the digits that this reader alone is sent (`content/contests`)."""
OWN = (LINK, REPLY, CODE)


class BulletinClass(StrEnum):
    """Class of a bulletin as Circular 39/2020/TT-BTTTT names them."""

    NORMAL = "normal"
    PRIORITY = "priority"
    URGENT = "urgent"

    @property
    def rank(self) -> int:
        """0 goes first: urgent 0, priority 1, normal 2."""
        return ("urgent", "priority", "normal").index(self.value)

    @property
    def title_vi(self) -> Word:
        """The name on screen."""
        return {
            "normal": Word("thông thường", "normal"),
            "priority": Word("ưu tiên", "priority"),
            "urgent": Word("khẩn cấp", "urgent"),
        }[self.value]


class Purpose(StrEnum):
    """What a text is for: by this the law says who may send it, how and when. It says nothing of its class, how urgent it is.

    `outreach` (grassroots information, Decree 49/2024), `emergency` (a warning), `care` (about a person's own dealings with
    the office), `internal` (to the office's own staff), `advertising` (Decree 91/2020).
    """

    OUTREACH = "outreach"
    EMERGENCY = "emergency"
    CARE = "care"
    INTERNAL = "internal"
    ADVERTISING = "advertising"

    @property
    def title_vi(self) -> Word:
        """The name on screen."""
        return _PURPOSES[self]

    @property
    def title_en(self) -> str:
        """The name in English."""
        return _PURPOSES[self].en


_PURPOSES = {
    Purpose.OUTREACH: Word("thông tin, tuyên truyền", "information, outreach"),
    Purpose.EMERGENCY: Word("cảnh báo khẩn cấp", "emergency warning"),
    Purpose.CARE: Word("chăm sóc: hồ sơ của chính người nhận", "care: the recipient's own dossier"),
    Purpose.INTERNAL: Word("điều hành nội bộ", "internal notice"),
    Purpose.ADVERTISING: Word("quảng cáo", "advertising"),
}


class Sound(NamedTuple):
    """How a recording is wanted: a format of `content.mastering`, and a loudness in LUFS unless the office's own is right.

    `Sound()` is the recording as it was heard and approved.
    """

    format: str = "mp3"
    lufs: float | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """The same recording as another file: content-addressed name, size in bytes, sha256 in hex."""

    sound: Sound
    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Audio:
    """A finished recording: its content-addressed file name, size in bytes, length in seconds, sha256 in hex."""

    name: str
    bytes: int
    seconds: float
    sha256: str
    variants: tuple[Variant, ...] = ()

    def sounding(self, sound: Sound) -> Audio | None:
        """The file of this recording in another sound, if it is made."""
        for one in self.variants:
            if one.sound == sound:
                return Audio(one.name, one.bytes, self.seconds, one.sha256)
        return None

    @classmethod
    def from_record(cls, plain: dict[str, Any]) -> Audio:
        """From JSON-ready values; records older than variants have none."""
        variants = (Variant(**{**one, "sound": Sound(*one["sound"])}) for one in plain.get("variants", ()))
        return cls(**{**plain, "variants": tuple(variants)})


@dataclass(frozen=True, slots=True)
class Part:
    """One approved revision inside a bulletin, with its renditions for every form of channel.

    `article` is cleaned HTML; `script` is words ready to be spoken; `short` fits an SMS; `chat` is for Zalo. One that only
    goes along names the rule by which it does in `ride`, and in `until` the ISO 8601 moment from which it no longer should.
    """

    item: str
    revision: str
    digest: str
    slug: str
    title: str
    article: str
    script: str
    short: str
    chat: str
    theme: str = ""
    byline: str = ""
    source: str = ""
    language: str = "vi"
    audio: Audio | None = None
    purpose: str = Purpose.OUTREACH.value
    ride: str = ""
    until: str = ""
    meetings: tuple[Meeting, ...] = ()


class Pinned(NamedTuple):
    """A text as a schedule pinned it: which revision of which item, by the digest that was approved."""

    item: str
    revision: str
    digest: str


class Rider(NamedTuple):
    """A text that goes along with others (lồng ghép): pinned, by which rule, and until when, as an ISO 8601 moment."""

    pinned: Pinned
    ride: str
    until: str


@dataclass(frozen=True, slots=True)
class Order:
    """A bulletin to be issued: its texts in running order, and those that go along behind them."""

    id: str
    klass: BulletinClass
    issued_at: datetime
    pinned: tuple[Pinned, ...]
    riders: tuple[Rider, ...] = ()

    @property
    def texts(self) -> tuple[Pinned, ...]:
        """All of them."""
        return (*self.pinned, *(one.pinned for one in self.riders)) if self.riders else self.pinned


@dataclass(frozen=True, slots=True)
class Bulletin:
    """What goes out at one occurrence, due at `issued_at` and stale from `valid_until` (both aware UTC).

    Its own texts come first in `parts`, those that go along behind them.
    """

    id: str
    klass: BulletinClass
    office: str
    issued_at: datetime
    valid_until: datetime | None
    parts: tuple[Part, ...]

    @property
    def purposes(self) -> frozenset[Purpose]:
        """What its parts are for: the rules for each hold for the whole."""
        return frozenset(Purpose(part.purpose) for part in self.parts)

    @property
    def own(self) -> tuple[Part, ...]:
        """The parts it is made of, without those that go along."""
        return tuple(part for part in self.parts if not part.ride)

    def without(self, item: str) -> Bulletin:
        """The same, without a text that goes along."""
        return replace(self, parts=tuple(part for part in self.parts if not (part.ride and part.item == item)))

    @property
    def title(self) -> str:
        """The first part's title; further parts are counted, not listed, and what goes along is not even that."""
        rest = len(self.own) - 1
        return self.parts[0].title if rest == 0 else f"{self.parts[0].title} (+{rest})"

    @property
    def short(self) -> str:
        """SMS text of all parts."""
        if len(self.parts) == 1:
            return self.parts[0].short  # nearly always, and asked for every recipient
        return "\n".join(part.short for part in self.parts)

    @property
    def chat(self) -> str:
        """Zalo text of all parts."""
        return "\n\n".join(part.chat for part in self.parts)

    @property
    def asks_own(self) -> bool:
        """Whether a text for single people leaves a place for a link of their own, or for their code."""
        return any(mark in text for part in self.parts for text in (part.short, part.chat) for mark in OWN)

    def with_own(self, stop: str, reply: str, code: str) -> Bulletin:
        """The texts for single people with what is one person's in them: links to refuse further messages and to answer, a code."""

        def filled(text: str) -> str:
            return text.replace(LINK, stop).replace(REPLY, reply).replace(CODE, code)

        parts = (replace(one, short=filled(one.short), chat=filled(one.chat)) for one in self.parts)
        return replace(self, parts=tuple(parts))

    @property
    def digest(self) -> str:
        """Hex sha256 over its own parts' digests in running order: what an approval of the whole is bound to."""
        return digest_of([part.digest for part in self.own])

    def record(self) -> dict[str, Any]:
        """The bulletin as JSON-ready values, for shelves and signed messages."""
        plain = asdict(self)
        plain["issued_at"] = self.issued_at.isoformat()
        plain["valid_until"] = self.valid_until.isoformat() if self.valid_until else None
        return plain

    @classmethod
    def from_record(cls, plain: dict[str, Any]) -> Bulletin:
        """The opposite of `record`."""
        until = plain["valid_until"]
        parts = tuple(
            Part(
                **{
                    **part,
                    "audio": Audio.from_record(part["audio"]) if part["audio"] else None,
                    "meetings": tuple(Meeting(*one) for one in part.get("meetings", ())),
                }
            )
            for part in plain["parts"]
        )
        return cls(
            id=plain["id"],
            klass=BulletinClass(plain["klass"]),
            office=plain["office"],
            issued_at=datetime.fromisoformat(plain["issued_at"]),
            valid_until=datetime.fromisoformat(until) if until else None,
            parts=parts,
        )


def digest_of(value: Any) -> str:
    """Hex sha256 of a value's canonical JSON (sorted keys, no spaces, UTF-8): the digest an approval belongs to."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
