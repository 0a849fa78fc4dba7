"""Slots: when a station airs its programme, and which bulletins go into it; pure.

Classes are those of Circular 39/2020/TT-BTTTT: urgent goes out at once and stands above everything, priority goes within
the programme, and of normal bulletins the station may choose.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator

from config.words import Word
from content.bulletin import Audio, BulletinClass

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PAUSE = 2.0
"""Seconds of silence reckoned after each bulletin of a programme."""


class Slot(BaseModel):
    """One place in a station's day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,30}$",
        description=Word("Tên ngắn trong địa chỉ, ví dụ sang.", "Short name in the address, for example sang."),
    )
    title: str = Field(
        default="", description=Word("Tên đọc được, ví dụ Buổi sáng.", "Name as people read it, for example Buổi sáng.")
    )
    time: str = Field(
        pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$",
        description=Word("Giờ phát, ví dụ 05:00.", "Time of the broadcast, for example 05:00."),
    )
    days: str = Field(
        default="mon-sun",
        description=Word(
            "Ngày phát, ví dụ mon-sat hoặc mon,wed,fri.", "Days of the broadcast, for example mon-sat or mon,wed,fri."
        ),
    )
    minutes: Annotated[float, Field(gt=0, le=240)] = Field(
        default=15, description=Word("Thời lượng tối đa, phút.", "Longest duration, in minutes.")
    )
    order: Literal["class", "oldest", "newest"] = Field(
        default="class",
        description=Word(
            "Thứ tự: class là ưu tiên trước, thông thường sau; oldest, newest là theo thời gian. Khẩn cấp luôn đứng đầu.",
            "Order: class puts priority first, normal after it; oldest, newest go by time. Urgent always comes first.",
        ),
    )
    normal: bool = Field(
        default=True,
        description=Word(
            "Có lấy bản tin thông thường không (đài được chọn).", "Take normal bulletins (the station may choose)."
        ),
    )
    repeats: Annotated[int, Field(ge=0, le=100)] = Field(
        default=1,
        description=Word(
            "Mỗi bản tin phát trong bao nhiêu chương trình; 0: tới khi hết hạn.",
            "Number of programmes each bulletin is played in; 0: until it expires.",
        ),
    )

    @field_validator("days")
    @classmethod
    def _days(cls, value: str) -> str:
        for span in value.split(","):
            first, dash, last = span.strip().partition("-")
            if first not in DAYS or (dash and last not in DAYS):
                raise ValueError(f"không hiểu ngày {value!r}, ví dụ mon-sat hoặc mon,wed,fri (days of the week)")
        return value

    @property
    def words(self) -> str:
        """The name to read."""
        return self.title or Word(f"Chương trình {self.time}", f"Programme {self.time}")

    @property
    def length(self) -> timedelta:
        """How long it may last."""
        return timedelta(minutes=self.minutes)

    def airs_on(self, weekday: int) -> bool:
        """Whether it airs on a day of the week, Monday being 0. A span may go over Sunday."""
        for span in self.days.split(","):
            first, _, last = span.strip().partition("-")
            begin, end = DAYS.index(first), DAYS.index(last or first)
            if (weekday - begin) % 7 <= (end - begin) % 7:
                return True
        return False


@dataclass(frozen=True, slots=True)
class Airtime:
    """One slot of one day; both moments aware UTC."""

    slot: Slot
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Timetable:
    """A station's slots in its zone. A programme is frozen `freeze` before its slot, and can be had `ready` before it.

    `alert` is how long before a slot somebody is told that nothing was fetched, `urgent_alert` how long an urgent bulletin
    may lie unfetched.
    """

    slots: tuple[Slot, ...]
    zone: ZoneInfo
    freeze: timedelta
    ready: timedelta
    keep: timedelta
    alert: timedelta
    urgent_alert: timedelta
    phone: str = ""

    def airtimes(self, since: datetime, until: datetime) -> list[Airtime]:
        """Every slot that starts from `since` on and before `until`, in order."""
        return sorted(self._within(since, until), key=lambda one: (one.starts_at, one.slot.name))

    def _within(self, since: datetime, until: datetime) -> Iterator[Airtime]:
        day = since.astimezone(self.zone).date() - timedelta(days=1)
        while day <= until.astimezone(self.zone).date():
            for slot in self.slots:
                local = datetime.combine(day, time.fromisoformat(slot.time), self.zone)
                starts_at = local.astimezone(since.tzinfo)
                if slot.airs_on(day.weekday()) and since <= starts_at < until:
                    yield Airtime(slot, starts_at, starts_at + slot.length)
            day += timedelta(days=1)

    def next_start(self, after: datetime) -> datetime | None:
        """When the first slot after a moment starts; None for a station without slots."""
        later = self.airtimes(after + timedelta(milliseconds=1), after + timedelta(days=8))
        return later[0].starts_at if later else None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A bulletin that may go into a programme: how long it lasts in seconds, in how many programmes it was."""

    delivery: str
    parts: int
    klass: BulletinClass
    since: datetime
    until: datetime | None
    seconds: float
    used: int = 0


def choose(
    airtime: Airtime, candidates: Sequence[Candidate], next_start: datetime | None
) -> tuple[list[Candidate], list[Candidate]]:
    """What goes into the programme, in the order to air, and what would have but waits for want of room."""
    fit = [one for one in candidates if _may_go(airtime, one)]
    chosen: list[Candidate] = []
    waiting: list[Candidate] = []
    left, room = airtime.slot.length.total_seconds(), airtime.slot.length.total_seconds()
    for one in sorted(fit, key=lambda one: _place(airtime.slot, one, next_start)):
        length = one.seconds + PAUSE
        # What no slot of this length can hold goes alone rather than never; urgent ones are not measured at all.
        alone = not chosen and one.seconds > room
        if one.klass is BulletinClass.URGENT or one.seconds <= left or alone:
            chosen.append(one)
            left -= length
        else:
            waiting.append(one)
    return chosen, waiting


def _may_go(airtime: Airtime, one: Candidate) -> bool:
    slot = airtime.slot
    if one.until is not None and one.until <= airtime.starts_at:
        return False
    if one.klass is BulletinClass.NORMAL and not slot.normal:
        return False
    return slot.repeats == 0 or one.used < slot.repeats


def _place(slot: Slot, one: Candidate, next_start: datetime | None) -> tuple[int, bool, float, str]:
    """The lowest goes first: urgent, then by the slot's order; within a class, whoever has no other chance."""
    urgent = one.klass is BulletinClass.URGENT
    rank = one.klass.rank if slot.order == "class" or urgent else BulletinClass.NORMAL.rank
    can_wait = one.until is None or (next_start is not None and one.until > next_start)
    age = one.since.timestamp()
    return rank, can_wait, -age if slot.order == "newest" else age, one.delivery


@dataclass(frozen=True, slots=True)
class Programme:
    """What airs in one slot of one day, frozen: deliveries in order with their number of parts, and the joined file.

    `state` is `frozen` (to be joined), `made`, or `broken` (a part was withdrawn or is over: to be composed anew).
    `note` is what to know about it: why it is not made yet, or that it is longer than its slot.
    """

    outlet: str
    slot: str
    starts_at: datetime
    ends_at: datetime
    version: int
    state: str
    holds: tuple[tuple[str, int], ...]
    audio: Audio | None = None
    made_at: datetime | None = None
    note: str = ""

    def is_open(self, now: datetime, ready: timedelta) -> bool:
        """Whether it can be had now: from `ready` before its slot until the slot is over, never another day's."""
        return self.audio is not None and self.starts_at - ready <= now < self.ends_at
