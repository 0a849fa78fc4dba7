"""Due moments ahead of a schedule, stretch by stretch of a calendar; of a busy one as a count, never one by one; pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from cronsim import CronSim

from scheduler.schedule import Schedule, find_zone

FEW = 12
"""So many runs of one schedule in one stretch are told one by one."""
MINUTE, MOMENT = timedelta(minutes=1), timedelta(milliseconds=1)
MINUTES_OF_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Runs:
    """What a schedule does in one stretch: how many due moments, the first few of them, and the last."""

    count: int
    moments: tuple[datetime, ...]
    last: datetime

    @property
    def listed(self) -> bool:
        """Whether `moments` are all of them."""
        return self.count == len(self.moments)


def expand(schedule: Schedule, edges: Sequence[datetime], since: datetime) -> Iterator[tuple[int, Runs]]:
    """Its due moments from `since` on, by the place of the stretch between two edges; looks at nothing outside them."""
    due = schedule.next_due_at
    if due is None:
        return
    since = max(since, due, edges[0])
    if schedule.rule.cron:
        yield from _by_cron(schedule, edges, since)
        return
    following = first_from(schedule, since)
    while following is not None and following < edges[-1]:
        place = bisect_right(edges, following) - 1
        runs, following = _stretch(schedule, following, edges[place + 1])
        yield place, runs


def falls_due_at(schedule: Schedule, moment: datetime) -> bool:
    """Whether a moment ahead is one of its due moments."""
    return first_from(schedule, moment) == moment


def first_from(schedule: Schedule, moment: datetime) -> datetime | None:
    """The first due moment not before `moment`, from where the schedule stands."""
    due = schedule.next_due_at
    if due is None or due >= moment:
        return due
    if schedule.rule.once is not None:
        return None
    due = schedule.next_due(_shortly_before(schedule, due, moment))
    while due is not None and due < moment:
        due = schedule.next_due(due)
    return due


def _shortly_before(schedule: Schedule, due: datetime, moment: datetime) -> datetime:
    """A moment before `moment` from which the next due moments follow as they do from `due`."""
    every = schedule.rule.every
    if every is None:
        return max(due, moment - MINUTE)
    steps = (moment - due) // every
    if every % timedelta(days=1):
        return due + steps * every if due + steps * every < moment else due + (steps - 1) * every
    # whole days keep their time of day; a clock put forward or back may make the last one a little early or late
    zone = find_zone(schedule.zone)
    local = due.astimezone(zone).replace(tzinfo=None) + max(0, steps - 1) * every
    return local.replace(tzinfo=zone).astimezone(due.tzinfo)


def _stretch(schedule: Schedule, first: datetime, end: datetime) -> tuple[Runs, datetime | None]:
    """The runs of a schedule without cron from `first` to before `end`, and what follows them."""
    moments, due = [first], schedule.next_due(first)
    while due is not None and due < end and len(moments) < FEW:
        moments.append(due)
        due = schedule.next_due(due)
    every = schedule.rule.every
    if due is None or due >= end or every is None:
        return Runs(len(moments), tuple(moments), moments[-1]), due
    stop = end if schedule.until is None else min(end, schedule.until + MOMENT)
    more = (stop - due - MOMENT) // every
    last = due + more * every
    return Runs(FEW + more + 1, tuple(moments), last), schedule.next_due(last)


# --- cron: a day at a time, since on the days it falls due it does so at the same minutes --------------------------------


def _by_cron(schedule: Schedule, edges: Sequence[datetime], since: datetime) -> Iterator[tuple[int, Runs]]:
    zone = find_zone(schedule.zone)
    stop = edges[-1] if schedule.until is None else min(edges[-1], schedule.until + MOMENT)
    for place, (begin, end) in enumerate(pairwise(edges)):
        begins, ends = max(begin, since), min(end, stop)
        if begins < ends and (runs := _within(schedule, zone, begins, ends)) is not None:
            yield place, runs


def _within(schedule: Schedule, zone: ZoneInfo, begin: datetime, end: datetime) -> Runs | None:
    """The runs from `begin` to before `end`, a day or less."""
    local, until = begin.astimezone(zone), end.astimezone(zone)
    if local.utcoffset() != until.utcoffset():
        return _one_by_one(schedule, begin, end)
    found: list[tuple[date, Sequence[int]]] = []
    for day in dict.fromkeys((local.date(), until.date())):
        minutes = _minutes(schedule.rule.cron, day)
        low = _minute(local) if day == local.date() else 0
        high = _minute(until) if day == until.date() else MINUTES_OF_DAY
        if fits := minutes[bisect_left(minutes, low) : bisect_left(minutes, high)]:
            found.append((day, fits))
    if not found:
        return None
    few = islice(((day, minute) for day, fits in found for minute in fits), FEW)
    last = _moment(found[-1][0], found[-1][1][-1], zone)
    return Runs(sum(len(fits) for _, fits in found), tuple(_moment(*one, zone) for one in few), last)


def _one_by_one(schedule: Schedule, begin: datetime, end: datetime) -> Runs | None:
    """The slow way, for a day on which the clock is put forward or back."""
    due, found = first_from(schedule, begin), list[datetime]()
    while due is not None and due < end:
        found.append(due)
        due = schedule.next_due(due)
    return Runs(len(found), tuple(found[:FEW]), found[-1]) if found else None


def _minute(local: datetime) -> int:
    """The minute of the day at or after a moment."""
    return local.hour * 60 + local.minute + bool(local.second or local.microsecond)


def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)


def _minutes(cron: str, day: date) -> Sequence[int]:
    """The minutes of a day at which it falls due."""
    told, minutes = _told(cron)
    return minutes if day.month in told.months and told.match_day(day) else ()


@lru_cache(1024)
def _told(cron: str) -> tuple[CronSim, tuple[int, ...]]:
    """What a cron expression says, and the minutes of any day on which it falls due."""
    told = CronSim(cron, datetime(2026, 1, 1))  # noqa: DTZ001 (only its fields are looked at)
    return told, tuple(hour * 60 + minute for hour in sorted(told.hours) for minute in sorted(told.minutes))
