"""SQL of the calendar: what went out stretch by stretch with its outcome, schedules that fall due, themes of items."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, case, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from content.bulletin import BulletinClass
from content.store import item
from db.types import Json
from scheduler.delivery import OccurrenceState, State, counted
from scheduler.dispatch.tables import numbers, parcel
from scheduler.schedule import Missed, Rule, Schedule, ScheduledItem, ScheduleState
from scheduler.store import occurrence, schedule

AT_ONCE = 1000
COLUMNS = (
    *("id", "title", "pinned", "outlets", "audience", "rule", "zone", "klass", "start", "until", "missed", "state"),
    *("next_due_at", "made_by", "made_at", "unit"),
)
STANDING = (ScheduleState.APPROVED.value, ScheduleState.PAUSED.value, ScheduleState.IN_REVIEW.value)


@dataclass(frozen=True, slots=True)
class Past:
    """What one schedule did in one stretch: how many occurrences from when to when; `counted` in the order of their states."""

    place: int
    schedule: str
    number: int
    first: datetime
    last: datetime
    title: str
    klass: BulletinClass
    outlets: tuple[str, ...]
    items: tuple[ScheduledItem, ...]
    counted: list[int]


async def past(connection: AsyncConnection, edges: Sequence[datetime], most: int) -> list[Past]:
    """What fell due between edges, by stretch and schedule in order of time, with its occurrences counted by state."""
    states = (func.sum(case((occurrence.c.state == one.value, 1), else_=0)) for one in OccurrenceState)
    # all of one schedule are alike, and most schedules: what is alike is read once
    alike = (func.min(type_coerce(occurrence.c[name], Text)) for name in ("title", "klass", "outlets", "pinned"))
    first = func.min(occurrence.c.due_at).label("first")
    query = _by_stretch(edges, func.count(), first, func.max(occurrence.c.due_at), *alike, *states)
    return [
        Past(place, id, number, begin, end, title, BulletinClass(klass), _names(outlets), _pinned(pinned), counted)
        for place, id, number, begin, end, title, klass, outlets, pinned, *counted in await connection.execute(
            query.order_by(first).limit(most)
        )
    ]


async def outcomes(connection: AsyncConnection, edges: Sequence[datetime]) -> dict[tuple[int, str], Counter[State]]:
    """How many deliveries are in which state, of each stretch and schedule."""
    query = _by_stretch(edges, *numbers).join(parcel, parcel.c.occurrence == occurrence.c.id)
    return {(place, id): counted(states) for place, id, *states in await connection.execute(query)}


def _by_stretch(edges: Sequence[datetime], *columns: ColumnElement[Any]) -> Select[Any]:
    """Of the occurrences between edges, by the place of the stretch each falls into and by schedule; opened early is still to come."""
    due = occurrence.c.due_at
    place = case(*((due < edge, place) for place, edge in enumerate(edges[1:]))).label("place")
    query = select(place, occurrence.c.schedule, *columns).select_from(occurrence)
    return query.where(due >= edges[0], due < edges[-1], occurrence.c.early == 0).group_by(place, occurrence.c.schedule)


async def ahead(connection: AsyncConnection, until: datetime, most: int) -> list[Schedule]:
    """Schedules that run, stand still or wait for approval and fall due before `until`, the soonest first."""
    columns = (schedule.c[name] for name in COLUMNS)
    plain = (type_coerce(one, Text) if isinstance(one.type, Json) else one for one in columns)
    query = select(*plain).where(schedule.c.state.in_(STANDING), schedule.c.next_due_at < until)
    rows = await connection.execute(query.order_by(schedule.c.next_due_at, schedule.c.id).limit(most))
    return [_schedule(*row) for row in rows]


def _schedule(id: str, title: str, pinned: str, outlets: str, audience: str, rule: str, *more: Any) -> Schedule:
    zone, klass, start, until, missed, state, next_due_at, made_by, made_at, unit = more
    return Schedule(
        id,
        title,
        _pinned(pinned),
        _names(outlets),
        audience,
        Rule.from_record(json.loads(rule)),
        zone,
        BulletinClass(klass),
        start,
        until,
        Missed(missed),
        ScheduleState(state),
        next_due_at,
        made_by,
        made_at,
        unit,
    )


@lru_cache(1024)
def _pinned(written: str) -> tuple[ScheduledItem, ...]:
    return tuple(ScheduledItem(**one) for one in json.loads(written))


@lru_cache(1024)
def _names(written: str) -> tuple[str, ...]:
    return tuple(json.loads(written))


async def themes_of(connection: AsyncConnection, items: Collection[str]) -> dict[str, str]:
    """The theme of each item."""
    ids, found = sorted(items), dict[str, str]()
    for begin in range(0, len(ids), AT_ONCE):
        rows = await connection.execute(
            select(item.c.id, item.c.theme).where(item.c.id.in_(ids[begin : begin + AT_ONCE]))
        )
        found |= {row.id: row.theme for row in rows}
    return found
