"""A training class: its sessions, whom it is for, what they answer, who came and who has earned a certificate; pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from config.words import BadInput, Word
from content.bulletin import Purpose
from content.meeting import Meeting
from content.short import unaccented
from db.types import LETTERS

LONGEST = {"title": 200, "place": 200, "lecturer": 200, "about": 5000, "name": 100, "link": 500}
MOST_SESSIONS, MOST_PEOPLE, MOST_MATERIALS = 60, 5000, 40
OPENS, CLOSES = timedelta(minutes=60), timedelta(minutes=30)
"""The code at the door works from so long before a session begins until so long after it ends."""
AHEAD = timedelta(days=1)
"""So long before a session people are reminded of it."""
CODE_LETTERS = 10
"""Of a certificate's code: 50 bits, asked for no faster than the door lets anybody knock."""
DOOR_LETTERS = 6
PURPOSES = (Purpose.OUTREACH, Purpose.INTERNAL)


class Answer(StrEnum):
    """Whether somebody comes."""

    YES = "yes"
    NO = "no"

    @property
    def title_vi(self) -> Word:
        """The word on screen."""
        return Word("dự", "coming") if self is Answer.YES else Word("không dự", "not coming")


class How(StrEnum):
    """By which way somebody answered or was seen to be there."""

    LINK = "link"
    SMS = "sms"
    ZALO = "zalo"
    DESK = "desk"
    QR = "qr"

    @property
    def title_vi(self) -> Word:
        """The word on screen."""
        return {
            "link": Word("liên kết riêng", "own link"),
            "sms": Word("trả lời SMS", "SMS reply"),
            "zalo": Word("Zalo", "Zalo"),
            "desk": Word("ghi ở bàn", "noted at the desk"),
            "qr": Word("mã ở cửa", "code at the door"),
        }[self.value]


@dataclass(frozen=True, slots=True)
class Session:
    """One meeting of a class; `reminder` is the item by which people are reminded of it (empty: none yet)."""

    id: str
    klass: str
    begins_at: datetime
    ends_at: datetime
    place: str
    lecturer: str
    reminder: str = ""

    def is_open(self, now: datetime) -> bool:
        """Whether the code at its door works."""
        return self.begins_at - OPENS <= now <= self.ends_at + CLOSES


@dataclass(frozen=True, slots=True)
class TrainingClass:
    """A class of a `unit` for an `audience` (a list by name) over `outlets`; `capacity` and `needed` of 0: any number, every session.

    `invitation` is the item that invites, `invited_at` when that first went out, `list` those who have not declined.
    """

    id: str
    unit: str
    title: str
    theme: str
    about: str
    purpose: Purpose
    audience: str
    outlets: tuple[str, ...]
    capacity: int
    needed: int
    made_by: str
    made_at: datetime
    invitation: str = ""
    list: str = ""
    invited_at: datetime | None = None
    cancelled_at: datetime | None = None
    sessions: tuple[Session, ...] = ()

    def to_come(self, now: datetime) -> tuple[Session, ...]:
        """Sessions that have not begun, the next one first."""
        return tuple(one for one in self.sessions if one.begins_at > now)

    def is_over(self, now: datetime) -> bool:
        """Whether nobody can come any more."""
        return self.cancelled_at is not None or all(one.ends_at < now for one in self.sessions)

    def meetings(self, sessions: Sequence[Session]) -> tuple[Meeting, ...]:
        """Sessions as a text invites to them."""
        return tuple(
            Meeting(
                one.id,
                one.begins_at.isoformat(timespec="seconds"),
                one.ends_at.isoformat(timespec="seconds"),
                self.title,
                one.place,
                f"Giảng viên: {one.lecturer}" if one.lecturer else "",
            )
            for one in sessions
        )


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of a class; `scheme` and `address` say how they are reached, empty for who came without being invited."""

    id: str
    klass: str
    scheme: str
    address: str
    name: str
    answer: Answer | None = None
    how: How | None = None
    answered_at: datetime | None = None
    attended: frozenset[str] = frozenset()
    """Sessions, by id."""


def earned(course: TrainingClass, person: Person) -> bool:
    """Whether somebody came often enough to be certified."""
    wanted = min(course.needed or len(course.sessions), len(course.sessions))
    return bool(wanted) and len(person.attended) >= wanted


# --- what was written ----------------------------------------------------------------------------------------------------


def line(text: str, field: str, vi: str = "") -> str:
    """One line of what was written; with `vi` it must not be empty. Raises BadInput."""
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    if vi and not shown:
        raise BadInput(vi, f"{field} is missing", field=field)
    if len(shown) > LONGEST[field]:
        raise BadInput(
            f"Nhiều nhất {LONGEST[field]} ký tự", f"{field}: {LONGEST[field]} characters at most", field=field
        )
    return shown


def times(day: str, start: str, end: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """When a session begins and ends, of a day and two times of day as forms have them. Raises BadInput with its field."""
    if not day.strip():
        raise BadInput(
            "Lớp phải có ngày: ghi ngày của buổi học", "A class needs a date: give the session's day", field="date"
        )
    moments = []
    for field, clock in (("start", start), ("end", end)):
        if not clock.strip():
            raise BadInput("Ghi giờ bắt đầu và giờ kết thúc", f"Give the time of the {field}", field=field)
        try:
            moments.append(datetime.fromisoformat(f"{day.strip()}T{clock.strip():0>5}").replace(tzinfo=zone))
        except ValueError:
            wrong = "date" if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day.strip()) else field
            shown = (day if wrong == "date" else clock)[:20]
            raise BadInput(f"Không hiểu ngày, giờ “{shown}”", f"Not a day or time: {shown}", field=wrong) from None
    if moments[1] <= moments[0]:
        raise BadInput("Giờ kết thúc phải sau giờ bắt đầu", "The end must be after the beginning", field="end")
    return moments[0], moments[1]


_YES = frozenset({"CO", "CO DU", "DU", "YES", "Y", "DONG Y", "CO THAM GIA", "THAM GIA", "TOI CO DU", "OK"})
_NO = frozenset({"KHONG", "KHONG DU", "K", "KO", "NO", "N", "KHONG THAM GIA", "KHONG DU DUOC", "TOI KHONG DU"})


def answer_in(text: str) -> Answer | None:
    """What a short reply says of coming: CO or KHONG and what people write in their stead; None for anything else."""
    words = " ".join(re.sub(r"[^A-Z0-9 ]+", " ", unaccented(text[:100]).upper()).split())
    return Answer.YES if words in _YES else Answer.NO if words in _NO else None


# --- codes ---------------------------------------------------------------------------------------------------------------


def door_code(session: str, key: bytes) -> str:
    """What stands on the sheet at a session's door, to be typed: letters that are not mistaken for one another."""
    return _letters(f"door {session}", key, DOOR_LETTERS)


def door_token(session: str, key: bytes) -> str:
    """What its QR code leads to: the session and a seal on it."""
    return f"{session}-{_letters(f'token {session}', key, CODE_LETTERS)}"


def session_of(token: str, key: bytes) -> str | None:
    """The session a token was made for; None for anything else."""
    session, _, _ = token.rpartition("-")
    return session if hmac.compare_digest(door_token(session, key).encode(), token.encode("utf-8", "replace")) else None


def certificate_code(certificate: str, key: bytes) -> str:
    """By what anybody who holds a certificate can see that it was given."""
    return _letters(f"certificate {certificate}", key, CODE_LETTERS)


def typed_code(given: str) -> str:
    """A code as it was typed, without what people put in between, and with what they take for other letters set right."""
    plain = "".join(letter for letter in given.upper() if letter.isascii() and letter.isalnum())
    return plain.translate(str.maketrans("OIL", "011"))


def _letters(what: str, key: bytes, count: int) -> str:
    digest = hmac.new(key, what.encode(), hashlib.sha256).digest()
    return "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:count]).upper()
