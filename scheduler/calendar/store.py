"""SQL of the calendar: what went out stretch by stretch with its outcome, schedules that fall due, themes of items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import CTE, Integer, Row, Select, case, column, func, select, values
from sqlalchemy.ext.asyncio import AsyncConnection

from content.store import item
from db.types import Moment
from scheduler.backlog.store import count_of
from scheduler.delivery import LETTER, OF_LETTER, OccurrenceState, State
from scheduler.dispatch.tables import parcel
from scheduler.schedule import Schedule, ScheduleState
from scheduler.store import occurrence, schedule, to_schedule

AT_ONCE = 1000
STANDING = (ScheduleState.APPROVED.value, ScheduleState.PAUSED.value, ScheduleState.IN_REVIEW.value)


async def past(connection: AsyncConnection, edges: Sequence[datetime], most: int) -> list[Row[Any]]:
    """What fell due between edges: a row a stretch and schedule, in order of time, with its occurrences counted by state."""
    stretch = _stretches(edges)
    states = [func.sum(case((occurrence.c.state == one.value, 1), else_=0)).label(one.value) for one in OccurrenceState]
    alike = ("title", "klass", "outlets", "pinned")  # of a schedule, which does not change
    query = select(
        stretch.c.place,
        occurrence.c.schedule,
        func.count().label("number"),
        func.min(occurrence.c.due_at).label("first"),
        func.max(occurrence.c.due_at).label("last"),
        *(func.min(occurrence.c[name]).label(name) for name in alike),
        *states,
    )
    order = (stretch.c.place, func.min(occurrence.c.due_at))
    return list(await connection.execute(_by_stretch(query, stretch).order_by(*order).limit(most)))


async def outcomes(connection: AsyncConnection, edges: Sequence[datetime]) -> dict[tuple[int, str], Counter[State]]:
    """How many deliveries are in which state, of each stretch and schedule."""
    stretch = _stretches(edges)
    counts = [count_of(state).label(LETTER[state]) for state in State]
    query = _by_stretch(select(stretch.c.place, occurrence.c.schedule, *counts), stretch)
    rows = await connection.execute(query.join(parcel, parcel.c.occurrence == occurrence.c.id))
    return {
        (row.place, row.schedule): Counter({OF_LETTER[letter]: int(getattr(row, letter)) for letter in OF_LETTER})
        for row in rows
    }


def _stretches(edges: Sequence[datetime]) -> CTE:
    """The stretches between edges as rows, so that the index of due moments finds what lies in each."""
    columns = (column("place", Integer), column("since", Moment), column("till", Moment))
    rows = [(place, since, till) for place, (since, till) in enumerate(pairwise(edges))]
    return values(*columns, name="stretches").data(rows).cte("stretch")


def _by_stretch(query: Select[Any], stretch: CTE) -> Select[Any]:
    within = (occurrence.c.due_at >= stretch.c.since) & (occurrence.c.due_at < stretch.c.till)
    query = query.select_from(stretch.join(occurrence, within))
    return query.group_by(stretch.c.place, occurrence.c.schedule)


async def ahead(connection: AsyncConnection, until: datetime, most: int) -> list[Schedule]:
    """Schedules that run, stand still or wait for approval and fall due before `until`, the soonest first."""
    query = select(schedule).where(schedule.c.state.in_(STANDING), schedule.c.next_due_at < until)
    rows = await connection.execute(query.order_by(schedule.c.next_due_at, schedule.c.id).limit(most))
    return [to_schedule(row) for row in rows]


async def themes_of(connection: AsyncConnection, items: Collection[str]) -> dict[str, str]:
    """The theme of each item."""
    ids, found = sorted(items), dict[str, str]()
    for begin in range(0, len(ids), AT_ONCE):
        rows = await connection.execute(
            select(item.c.id, item.c.theme).where(item.c.id.in_(ids[begin : begin + AT_ONCE]))
        )
        found |= {row.id: row.theme for row in rows}
    return found
