"""A quota's calendar: what of it is used, planned and free, day by day, and what has to wait for a later day; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from channels.channel import Quota


@dataclass(frozen=True, slots=True)
class Day:
    """Deliveries of one day: gone out, planned to, due by then but waiting for a later day, and how many more it takes."""

    date: date
    used: int
    planned: int
    late: int
    free: int


def days_from(first: date, end: date) -> list[date]:
    """Every day from the first to before the end."""
    return [first + timedelta(days=away) for away in range((end - first).days)]


def reckon(
    quota: Quota, days: Sequence[date], used: Mapping[date, int], due: Mapping[date, int], today: date
) -> list[Day]:
    """Of each day what is used, and what of that which is due fits: the rest waits for the next day that takes any.

    What has waited too long is given up (`Channel.retry_for`); here it waits on. `days` follow each other without a gap
    and begin with a month of the quota, no later than the one that today lies in.
    """
    found: list[Day] = []
    month = late = 0
    for day in days:
        month = (0 if day.day == quota.month_begins else month) + used.get(day, 0)
        room = _room(quota, used.get(day, 0), month)
        wanted = late + due.get(day, 0) if day >= today else 0
        planned = min(wanted, room)
        late, month = wanted - planned, month + planned
        found.append(Day(day, used.get(day, 0), planned, late, room - planned))
    return found


def _room(quota: Quota, day: int, month: int) -> int:
    """How many more a day takes of which, and of whose month, so many are used."""
    rooms = (most - had for most, had in ((quota.per_day, day), (quota.per_month, month)) if most)
    return max(0, min(rooms))
