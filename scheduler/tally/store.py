"""SQL of reports: what fell due between moments, counted by state; the texts it was; how many people it reached.

Deliveries are never looked at one by one: their states are letters of their parcels, and parcels that are alike are counted
together by the database. What is asked for is found by when its occurrence fell due, as on the calendar.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences.store import audience
from channels.store import outlet
from content.store import revision, theme
from scheduler.delivery import LETTER, OccurrenceState, State
from scheduler.dispatch.tables import parcel
from scheduler.store import occurrence, schedule

AT_ONCE = 1000
RAN = (OccurrenceState.OPEN.value, OccurrenceState.DONE.value)


@dataclass(frozen=True, slots=True)
class Tally:
    """What one schedule gave one outlet to send in one stretch, by the place of the stretch, and what became of it."""

    place: int
    schedule: str
    outlet: str
    outcomes: Counter[State]


async def tallies(connection: AsyncConnection, edges: Sequence[datetime]) -> list[Tally]:
    """Everything that fell due from the first edge on and before the last, by the stretches between them."""
    place = case(*((occurrence.c.due_at < edge, number) for number, edge in enumerate(edges[1:]))).label("place")
    whose = (place, occurrence.c.schedule, parcel.c.outlet)
    query = select(*whose, parcel.c.letters, func.count().label("number"))
    query = query.join(parcel, parcel.c.occurrence == occurrence.c.id).where(_between(edges))
    # most parcels are all of one letter, so that few have to be looked into
    alike = query.group_by(*whose, parcel.c.letters).subquery("alike")
    names = (alike.c.place, alike.c.schedule, alike.c.outlet)
    totals = (func.sum(alike.c.number * _number_of(alike.c.letters, state)).label(LETTER[state]) for state in State)
    rows = await connection.execute(select(*names, *totals).group_by(*names))
    return [Tally(place, schedule, outlet, _counted(numbers)) for place, schedule, outlet, *numbers in rows]


def _between(edges: Sequence[datetime]) -> ColumnElement[bool]:
    return (occurrence.c.due_at >= edges[0]) & (occurrence.c.due_at < edges[-1])


def _number_of(letters: ColumnElement[str], state: State) -> ColumnElement[int]:
    return func.length(letters) - func.length(func.replace(letters, LETTER[state], ""))


def _counted(numbers: Sequence[Any]) -> Counter[State]:
    return Counter({state: int(number) for state, number in zip(State, numbers, strict=True) if number})


async def runs(connection: AsyncConnection, edges: Sequence[datetime]) -> int:
    """How many occurrences fell due and went out."""
    query = select(func.count()).select_from(occurrence).where(_between(edges), occurrence.c.state.in_(RAN))
    return int((await connection.execute(query)).scalar_one())


async def texts(connection: AsyncConnection, edges: Sequence[datetime]) -> dict[str, list[tuple[str, str]]]:
    """The texts of each schedule that fell due, as (item, theme its text had)."""
    due = select(occurrence.c.schedule).where(_between(edges))
    rows = (await connection.execute(select(schedule.c.id, schedule.c.pinned).where(schedule.c.id.in_(due)))).all()
    themes = await _themes_of(connection, {one["revision"] for row in rows for one in row.pinned})
    return {row.id: [(one["item"], themes.get(one["revision"], "")) for one in row.pinned] for row in rows}


async def _themes_of(connection: AsyncConnection, revisions: Collection[str]) -> dict[str, str]:
    ids, found = sorted(revisions), dict[str, str]()
    for begin in range(0, len(ids), AT_ONCE):
        some = ids[begin : begin + AT_ONCE]
        rows = await connection.execute(select(revision.c.id, revision.c.theme).where(revision.c.id.in_(some)))
        found |= {row.id: row.theme for row in rows}
    return found


async def theme_titles(connection: AsyncConnection) -> dict[str, str]:
    """Every theme in the office's order, also those no longer in use."""
    rows = await connection.execute(select(theme.c.id, theme.c.title).order_by(theme.c.position, theme.c.id))
    return {row.id: row.title for row in rows}


async def outlet_titles(connection: AsyncConnection) -> dict[str, tuple[str, str]]:
    """The kind and title of every outlet that there is or was, by name."""
    rows = await connection.execute(select(outlet.c.name, outlet.c.kind, outlet.c.title).order_by(outlet.c.name))
    return {row.name: (row.kind, row.title) for row in rows}


async def people(connection: AsyncConnection, edges: Sequence[datetime], outlets: Collection[str]) -> int:
    """How many people were sent something by these outlets: of each list, as many as the run had that reached most of them.

    Filters count as the list they are a part of. Who stands on two lists counts twice; whom only another run reached, not.
    """
    if not outlets:
        return 0
    each = _reached_by_run(edges, outlets)
    most = select(func.max(each.c.number).label("number")).group_by(each.c.list).subquery("most")
    found = (await connection.execute(select(func.sum(most.c.number)))).scalar_one()
    return int(found or 0)


def _reached_by_run(edges: Sequence[datetime], outlets: Collection[str]) -> Subquery:
    # a list that was renamed or removed since is told apart by the name it had
    of = func.coalesce(audience.c.part_of, audience.c.id, occurrence.c.audience).label("list")
    reached = _number_of(parcel.c.letters, State.SENT) + _number_of(parcel.c.letters, State.CONFIRMED)
    query = select(of, func.sum(reached).label("number")).select_from(occurrence)
    query = query.join(parcel, parcel.c.occurrence == occurrence.c.id)
    query = query.outerjoin(audience, audience.c.name == occurrence.c.audience)
    query = query.where(_between(edges), occurrence.c.audience != "", parcel.c.outlet.in_(sorted(outlets)))
    return query.group_by(occurrence.c.id, parcel.c.outlet, of).subquery("each")
