"""Due moments ahead of a schedule, stretch by stretch of a calendar; of a busy one as a count, never one by one; pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim

from scheduler.schedule import Schedule, find_zone

FEW = 12
"""So many runs of one schedule in one stretch are told one by one."""
MINUTE = timedelta(minutes=1)


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
    zone = find_zone(schedule.zone)
    due = first_from(schedule, max(since, edges[0]))
    while due is not None and due < edges[-1]:
        place = bisect_right(edges, due) - 1
        runs, due = _stretch(schedule, zone, due, edges[place + 1])
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


def _stretch(schedule: Schedule, zone: ZoneInfo, first: datetime, end: datetime) -> tuple[Runs, datetime | None]:
    """The runs from `first` to before `end`, and what follows them."""
    moments, due = [first], schedule.next_due(first)
    while due is not None and due < end and len(moments) < FEW:
        moments.append(due)
        due = schedule.next_due(due)
    if due is None or due >= end:
        return Runs(len(moments), tuple(moments), moments[-1]), due
    stop = end if schedule.until is None else min(end, schedule.until + timedelta(milliseconds=1))
    count, last = _count(schedule, zone, due, stop)
    return Runs(FEW + count, tuple(moments), last), schedule.next_due(last)


def _count(schedule: Schedule, zone: ZoneInfo, due: datetime, stop: datetime) -> tuple[int, datetime]:
    """How many due moments from `due`, which is one, to before `stop`, and the last of them."""
    every = schedule.rule.every
    if every is not None:
        more = (stop - due - timedelta(milliseconds=1)) // every
        return more + 1, due + more * every
    if due.astimezone(zone).utcoffset() != stop.astimezone(zone).utcoffset():
        return _one_by_one(schedule, due, stop)
    count, last = 0, due
    following: datetime | None = due
    while following is not None and following < stop:
        fits = _minutes_left(schedule.rule.cron, following.astimezone(zone), stop)
        count, last = count + len(fits), following + (fits[-1] - fits[0]) * MINUTE
        following = schedule.next_due(last)
    return count, last


def _one_by_one(schedule: Schedule, due: datetime, stop: datetime) -> tuple[int, datetime]:
    """The slow way, for a day on which the clock is put forward or back."""
    count, last, following = 1, due, schedule.next_due(due)
    while following is not None and following < stop:
        count, last, following = count + 1, following, schedule.next_due(following)
    return count, last


def _minutes_left(cron: str, local: datetime, stop: datetime) -> Sequence[int]:
    """Minutes of the day at which it falls due from a due moment on, to before `stop` or midnight."""
    minutes, midnight = _minutes(cron), datetime.combine(local.date() + timedelta(days=1), time(), local.tzinfo)
    begin = local.hour * 60 + local.minute
    end = begin + -(-(min(stop, midnight) - local.replace(second=0, microsecond=0)) // MINUTE)
    return minutes[bisect_left(minutes, begin) : bisect_left(minutes, end)]


@lru_cache(1024)
def _minutes(cron: str) -> tuple[int, ...]:
    """The minutes of a day, of any that it falls due on."""
    told = CronSim(cron, datetime(2026, 1, 1))  # noqa: DTZ001 (only its fields are looked at)
    return tuple(hour * 60 + minute for hour in sorted(told.hours) for minute in sorted(told.minutes))
