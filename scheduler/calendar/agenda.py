"""The agenda of a calendar: of every stretch of time what went out, with its outcome, and what will, with what is in its way."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.outlet import Outlets
from content.bulletin import BulletinClass
from scheduler.calendar import store
from scheduler.calendar.runs import Runs, expand, falls_due_at
from scheduler.delivery import OccurrenceState, State
from scheduler.schedule import QuietHours, Schedule, ScheduledItem, ScheduleState

MOST_ROWS, MOST_SCHEDULES = 3000, 2000
"""So much is looked at for one calendar; what is more is told as more."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which entries are asked for: by any of these outlets and with this theme; empty for all."""

    outlets: frozenset[str] = frozenset()
    theme: str = ""

    def wants(self, outlets: Collection[str], themes: Collection[str]) -> bool:
        """Whether an entry is asked for."""
        return (not self.outlets or not self.outlets.isdisjoint(outlets)) and (not self.theme or self.theme in themes)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one schedule does in one stretch. `ahead` is the schedule for what is to come, None for what has been opened.

    Of what has been opened, occurrences and deliveries are counted by state; of what is to come, `waits_until` is the end
    of the quiet hours its first run falls into, and `clashes` lists (outlet, title of the other schedule).
    """

    schedule: str
    title: str
    klass: BulletinClass
    outlets: tuple[str, ...]
    themes: tuple[str, ...]
    runs: Runs
    ahead: Schedule | None = None
    opened: Mapping[OccurrenceState, int] = field(default_factory=dict)
    deliveries: Mapping[State, int] = field(default_factory=dict)
    waits_until: datetime | None = None
    clashes: tuple[tuple[str, str], ...] = ()

    @property
    def first(self) -> datetime:
        """Its first moment."""
        return self.runs.moments[0]


@dataclass(frozen=True, slots=True)
class Agenda:
    """Entries of each stretch, in order of time; `cut` when there was more than is looked at."""

    stretches: tuple[tuple[Entry, ...], ...]
    cut: bool


async def agenda(
    connection: AsyncConnection,
    edges: Sequence[datetime],
    now: datetime,
    outlets: Outlets,
    quiet: QuietHours,
    narrowed: Narrowed = Narrowed(),
) -> Agenda:
    """What lies between the edges. Of a schedule that fires every minute one entry a stretch, with the number of runs."""
    rows = await store.past(connection, edges, MOST_ROWS + 1)
    ended = await store.outcomes(connection, edges) if rows else {}
    coming = await store.ahead(connection, edges[-1], MOST_SCHEDULES + 1)
    items = {one.item for row in rows for one in row.items} | {one.item for each in coming for one in each.items}
    themes = await store.themes_of(connection, items)
    found: defaultdict[int, list[Entry]] = defaultdict(list)
    for row in rows[:MOST_ROWS]:
        found[row.place].append(_opened(row, themes, ended.get((row.place, row.schedule), Counter())))
    for schedule in coming[:MOST_SCHEDULES]:
        entry = _ahead(schedule, themes)
        waits = _waits(schedule, outlets)
        # what fell due while nobody had approved is not made up for
        since = now if schedule.state is ScheduleState.IN_REVIEW and schedule.rule.once is None else edges[0]
        for place, runs in expand(schedule, edges, since):
            opening = quiet.opening(runs.moments[0]) if waits else runs.moments[0]
            found[place].append(entry(runs=runs, waits_until=opening if opening != runs.moments[0] else None))
    stretches = (_told(found[place], narrowed) for place in range(len(edges) - 1))
    return Agenda(tuple(stretches), len(rows) > MOST_ROWS or len(coming) > MOST_SCHEDULES)


def _opened(row: store.Past, themes: Mapping[str, str], deliveries: Counter[State]) -> Entry:
    moments = (row.first,) if row.number == 1 else (row.first, row.last)
    return Entry(
        row.schedule,
        row.title,
        row.klass,
        row.outlets,
        _themes(themes, row.items),
        Runs(row.number, moments, row.last),
        opened={state: number for state, number in zip(OccurrenceState, row.counted, strict=True) if number},
        deliveries=deliveries,
    )


def _themes(themes: Mapping[str, str], items: Sequence[ScheduledItem]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(themes[one.item] for one in items if one.item in themes))


def _ahead(schedule: Schedule, themes: Mapping[str, str]) -> Callable[..., Entry]:
    """What every stretch says of a schedule alike."""
    known = _themes(themes, schedule.items)
    about = (schedule.id, schedule.title, schedule.klass, schedule.outlets, known)
    return partial(Entry, *about, ahead=schedule)


def _waits(schedule: Schedule, outlets: Outlets) -> bool:
    """Whether quiet hours hold some of it back."""
    if schedule.klass is BulletinClass.URGENT:
        return False
    return any((at := outlets.get(name)) is not None and at.channel.quiet_hours for name in schedule.outlets)


def _told(entries: list[Entry], narrowed: Narrowed) -> tuple[Entry, ...]:
    """Those that are asked for, in order, each with what else its outlets have at the same time."""
    clashes = _clashes([one for one in entries if one.ahead is not None])
    wanted = [one for one in entries if narrowed.wants(one.outlets, one.themes)]
    told = (
        replace(one, clashes=clashes[one.schedule]) if one.schedule in clashes and one.ahead else one for one in wanted
    )
    return tuple(sorted(told, key=lambda one: (one.first, one.schedule)))


def _clashes(entries: Sequence[Entry]) -> dict[str, tuple[tuple[str, str], ...]]:
    """By schedule: which outlet has another schedule at the same minute, and what that is called."""
    at: defaultdict[tuple[str, datetime], list[Entry]] = defaultdict(list)
    for entry in entries:
        for name in entry.outlets:
            for moment in entry.runs.moments:
                at[name, moment.replace(second=0, microsecond=0)].append(entry)
    found: defaultdict[str, dict[tuple[str, str], None]] = defaultdict(dict)
    for (name, _), together in at.items():
        for one in together if len(together) > 1 else ():
            found[one.schedule] |= {(name, other.title): None for other in together if other.schedule != one.schedule}
    for busy in (one for one in entries if not one.runs.listed):
        for name, other in ((name, one) for one in entries if one is not busy for name in one.outlets):
            if name in busy.outlets and _meet(busy, other):
                found[busy.schedule][name, other.title] = None
                found[other.schedule][name, busy.title] = None
    return {schedule: tuple(one) for schedule, one in found.items()}


def _meet(busy: Entry, other: Entry) -> bool:
    """Whether one that fires often fires at a moment of the other's that is told."""
    moments = [moment for moment in other.runs.moments if busy.first <= moment <= busy.runs.last]
    return busy.ahead is not None and any(falls_due_at(busy.ahead, moment) for moment in moments)
