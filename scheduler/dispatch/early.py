"""The planner's SQL for outlets whose partner reviews first: their part of a run opens before its moment, the rest at it.

Until the moment the schedule stays due, so that whoever pauses or ends it holds the rest back; the occurrence is marked
`early`, and is not done while it is.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from db.database import Database
from db.direct import Ask, Each, Rows, Step
from db.types import to_json, to_ms
from scheduler.delivery import OccurrenceState
from scheduler.dispatch.plan import SCHEDULE, Due, Work, names_in, open_runs, to_schedule, written
from scheduler.schedule import Schedule

Opened = Mapping[tuple[str, int], tuple[str, ...]]
"""Outlets by schedule and moment."""


def due_early(
    database: Database, leads: Mapping[str, timedelta], now: datetime, most: int
) -> Generator[Step, Rows, list[Schedule]]:
    """Running schedules whose moment comes within the lead of one of their outlets, not opened yet, held, soonest first."""
    soon = " OR ".join(["next_due_at <= ? AND outlets LIKE ? ESCAPE '!'"] * len(leads))
    query = (
        f"SELECT {SCHEDULE} FROM schedule WHERE state = 'approved' AND next_due_at > ? AND next_due_at <= ? AND ({soon})"
        " AND NOT EXISTS (SELECT 1 FROM occurrence WHERE occurrence.schedule = schedule.id AND due_at = next_due_at)"
        f" ORDER BY next_due_at LIMIT ?{database.skip_locked}"
    )
    reaches = [(to_ms(now + lead), _names_it(name)) for name, lead in leads.items()]
    last = max(reach for reach, _ in reaches)
    rows = yield Ask(query, (to_ms(now), last, *chain.from_iterable(reaches), most))
    return list(map(to_schedule, rows))


def _names_it(outlet: str) -> str:
    """What a list of outlets with this one among them is LIKE."""
    pattern = to_json(outlet)
    for sign in "!%_":
        pattern = pattern.replace(sign, "!" + sign)
    return f"%{pattern}%"


def occur_early(dues: Sequence[Due], led: Collection[str], now: datetime) -> Work:
    """Rows for those outlets that have a lead; the schedules, held, stay due."""
    yield from open_runs([replace(one, schedule=_only(one.schedule, led)) for one in dues], now, early=True)


def _only(schedule: Schedule, outlets: Collection[str]) -> Schedule:
    return replace(schedule, outlets=tuple(name for name in schedule.outlets if name in outlets))


def go_on(dues: Sequence[Due], now: datetime) -> Work:
    """What was opened early and is due now: the other outlets stand behind those that were, unless it is too late for them."""
    rows = yield Ask("SELECT schedule, due_at, outlets FROM occurrence WHERE early = 1 AND due_at <= ?", (to_ms(now),))
    opened = {(row[0], row[1]): names_in(row[2]) for row in rows}
    if rests := [rest for one in dues for rest in _rests(one, opened, now)]:
        yield Each(_GO_ON, rests)


def _rests(due: Due, opened: Opened, now: datetime) -> Iterator[tuple[object, ...]]:
    for run in due.runs:
        place = due.schedule.id, to_ms(run.due_at)
        if place not in opened:
            continue
        rest = [name for name in due.schedule.outlets if name not in opened[place]]
        goes = bool(rest) and run.state is OccurrenceState.PLANNING
        outlets = (*opened[place], *rest) if goes else opened[place]
        yield written(outlets), run.state.value if goes else None, run.reason if rest else "", to_ms(now), *place


_GO_ON = (
    "UPDATE occurrence SET early = 0, outlets = ?, state = coalesce(?, state), reason = ?, planned_at = ?"
    " WHERE schedule = ? AND due_at = ? AND early = 1"
)
