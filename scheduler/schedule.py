"""Schedule: once or recurring, window, zone, quiet hours, class; `next_due` from the previous due time; pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from config.words import BadInput, Word
from content.bulletin import BulletinClass, digest_of

SHORTEST = timedelta(minutes=1)
CRON_FIELDS = 5


class ScheduleState(StrEnum):
    """Where a schedule stands."""

    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PAUSED = "paused"
    ENDED = "ended"
    CANCELLED = "cancelled"


TITLES = {
    ScheduleState.IN_REVIEW: Word("chờ duyệt", "awaiting approval"),
    ScheduleState.APPROVED: Word("đang chạy", "running"),
    ScheduleState.PAUSED: Word("tạm dừng", "paused"),
    ScheduleState.ENDED: Word("đã xong", "finished"),
    ScheduleState.CANCELLED: Word("đã hủy", "cancelled"),
}


class Missed(StrEnum):
    """What becomes of runs missed during downtime: the newest one runs, all run, or none."""

    LATEST = "latest"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Rule:
    """One of: `once` (aware moment), `cron` (five fields, in the zone), `every` (from `start`), `asked` (whenever somebody asks)."""

    once: datetime | None = None
    cron: str = ""
    every: timedelta | None = None
    asked: bool = False

    def record(self) -> dict[str, Any]:
        """As JSON-ready values."""
        return {
            "once": self.once.astimezone(UTC).isoformat() if self.once else None,
            "cron": self.cron,
            "every": self.every.total_seconds() if self.every else None,
            **({"asked": True} if self.asked else {}),  # digests from before there were such rules stay right
        }

    @classmethod
    def from_record(cls, plain: dict[str, Any]) -> Rule:
        """The opposite of `record`."""
        return cls(
            once=datetime.fromisoformat(plain["once"]) if plain["once"] else None,
            cron=plain["cron"],
            every=timedelta(seconds=plain["every"]) if plain["every"] else None,
            asked=plain.get("asked", False),
        )

    def check(self, zone: ZoneInfo) -> None:
        """Raise BadInput unless exactly one form is given and it can ever fire."""
        if sum(map(bool, (self.once, self.cron, self.every, self.asked))) != 1:
            raise BadInput(
                "Chọn đúng một cách: một lần (at), cron hoặc lặp lại (every)",
                "Give one of at, cron, every",
                field="rule",
            )
        if self.every is not None and self.every < SHORTEST:
            raise BadInput("Khoảng lặp ngắn nhất là 1 phút", "The shortest interval is one minute", field="every")
        if self.cron:
            self._check_cron(zone)

    def _check_cron(self, zone: ZoneInfo) -> None:
        try:
            # cronsim also takes a sixth field, for seconds
            if len(self.cron.split()) != CRON_FIELDS:
                raise CronSimError
            next(CronSim(self.cron, datetime(2026, 1, 1, tzinfo=zone)))
        except (CronSimError, StopIteration):
            raise BadInput(
                f"Biểu thức cron “{self.cron}” sai hoặc không bao giờ đến (phút giờ ngày tháng thứ, ví dụ 0 5 * * 1-6)",
                f"The cron expression {self.cron!r} is wrong or never due (minute hour day month weekday)",
                field="cron",
            ) from None


@dataclass(frozen=True, slots=True)
class ScheduledItem:
    """An approved revision pinned by a schedule."""

    item: str
    revision: str
    digest: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """When which items go to which outlets and audience. All moments aware UTC; the rule is read in `zone`.

    `unit` is who sends it (`content/units`); empty: the office itself. An approval does not hang on it.
    """

    id: str
    title: str
    items: tuple[ScheduledItem, ...]
    outlets: tuple[str, ...]
    audience: str
    rule: Rule
    zone: str
    klass: BulletinClass
    start: datetime
    until: datetime | None
    missed: Missed
    state: ScheduleState
    next_due_at: datetime | None
    made_by: str
    made_at: datetime
    unit: str = ""

    @property
    def digest(self) -> str:
        """What an approval belongs to: which texts, where, to whom, when."""
        return digest_of(
            [
                [pinned.digest for pinned in self.items],
                sorted(self.outlets),
                self.audience,
                self.rule.record(),
                self.zone,
                self.klass.value,
                self.start.isoformat(),
                self.until.isoformat() if self.until else None,
                self.missed.value,
            ]
        )

    def next_due(self, previous: datetime | None) -> datetime | None:
        """The due moment after `previous` (the first one for None), or None when it is over. Never looks at a clock."""
        due = next_due(self.rule, find_zone(self.zone), self.start, previous)
        return None if due is None or (self.until and due > self.until) else due

    def dues(self, previous: datetime | None = None) -> Iterator[datetime]:
        """All due moments after `previous`, endless for a recurring schedule without an end."""
        due = self.next_due(previous)
        while due is not None:
            yield due
            due = self.next_due(due)

    def moved_rule(self, to: datetime) -> Rule | None:
        """Its rule at another moment, or at that time of day if it has one; None for a rule that has several, or steps."""
        minute, hour, *days = self.rule.cron.split() or ("", "")
        if self.rule.once is not None:
            return Rule(once=to)
        if not (minute.isdigit() and hour.isdigit()):
            return None
        local = to.astimezone(find_zone(self.zone))
        return Rule(cron=" ".join((str(local.minute), str(local.hour), *days)))

    def preview(self, count: int = 10, previous: datetime | None = None) -> list[datetime]:
        """The next so many due moments."""
        return list(islice(self.dues(previous), count))


def find_zone(name: str) -> ZoneInfo:
    """The time zone of that name. Raises BadInput."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(
            f"Không có múi giờ {name} (ví dụ Asia/Ho_Chi_Minh)", f"Unknown time zone {name}", field="zone"
        ) from None


def next_due(rule: Rule, zone: ZoneInfo, start: datetime, previous: datetime | None) -> datetime | None:
    """The first due moment after `previous`, not before `start`; whole days keep their time of day in the zone."""
    if rule.asked:
        return None
    if rule.once is not None:
        return rule.once.astimezone(UTC) if previous is None else None
    if rule.every is not None:
        return start.astimezone(UTC) if previous is None else _later(previous, rule.every, zone)
    # cronsim looks strictly after its start; the first run may fall on `start` itself
    base = previous if previous is not None else start - timedelta(minutes=1)
    try:
        due = next(CronSim(rule.cron, base.astimezone(zone)))
        while due < start:
            due = next(CronSim(rule.cron, due))
    except StopIteration:
        return None
    return due.astimezone(UTC)


def _later(previous: datetime, step: timedelta, zone: ZoneInfo) -> datetime:
    if step % timedelta(days=1):
        return previous + step
    # A clock put forward or back must not move "every day at nine".
    local = previous.astimezone(zone).replace(tzinfo=None) + step
    return local.replace(tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The time of day in which people are left alone, in the office's zone; `begin` after `end` spans midnight."""

    begin: time
    end: time
    zone: ZoneInfo

    def opening(self, moment: datetime) -> datetime:
        """The moment itself when it is not quiet, else the end of the quiet time it falls into."""
        local = moment.astimezone(self.zone)
        now = local.time()
        quiet = self.begin <= now < self.end if self.begin < self.end else now >= self.begin or now < self.end
        if self.begin == self.end or not quiet:
            return moment
        day = local.date() + timedelta(days=1 if now >= self.end else 0)
        return datetime.combine(day, self.end, self.zone).astimezone(UTC)
