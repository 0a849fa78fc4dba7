"""SQL of reports and runs: what fell due, and what became of it; the texts it was.

Deliveries are never looked at one by one: each parcel tells how many of its own are in which state.
What is asked for is found by when its occurrence fell due, as on the calendar.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Select, Text, bindparam, case, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences.store import audience
from channels.store import outlet
from content.store import revision, theme
from db.types import Moment
from scheduler.delivery import DONE, OccurrenceState, State, counted
from scheduler.dispatch.tables import held, numbers, parcel
from scheduler.store import occurrence, schedule
from scheduler.tally.tally import Taken, Tally

AT_ONCE = 1000
RAN = (OccurrenceState.OPEN.value, OccurrenceState.DONE.value)
# Questions are put together once, and asked with the ends of a period: to put one together takes as long as many an answer.
_DUE = (occurrence.c.due_at >= bindparam("begin", type_=Moment)) & (
    occurrence.c.due_at < bindparam("end", type_=Moment)
)
_FELL_DUE = select(occurrence.c.schedule).where(_DUE)
_ASKED = select(schedule.c.id).where(type_coerce(schedule.c.rule, Text).contains('"asked":true'))


def _ends(edges: Sequence[datetime]) -> dict[str, Any]:
    return {"begin": edges[0], "end": edges[-1]}


async def tallies(
    connection: AsyncConnection,
    edges: Sequence[datetime],
    to_people: Collection[str],
    units: Collection[str] | None = None,
) -> list[Tally]:
    """What became of all that fell due from the first edge on and before the last, by the stretches between them.

    Of what these units send, or of all; `to_people` are the outlets that send to people.
    """
    inner = {f"edge{place}": edge for place, edge in enumerate(edges[1:-1])}
    query = _tallies(len(inner))
    if units is not None:
        query = query.where(_sent_by(units))
    rows = await connection.execute(query, _ends(edges) | inner | {"to_people": list(to_people)})
    return [Tally(at, schedule, outlet, id, name, counted(states)) for at, schedule, outlet, id, name, *states in rows]


@cache
def _tallies(inner: int) -> Select[Any]:
    """The question with so many edges between the stretches; there is always one, for months are told by weeks."""
    edges = (bindparam(f"edge{place}", type_=Moment) for place in range(inner))
    earlier = [(occurrence.c.due_at < edge, place) for place, edge in enumerate(edges)]
    place = case(*earlier, else_=inner)
    run = case((parcel.c.outlet.in_(bindparam("to_people", expanding=True)), occurrence.c.id), else_="")
    whose = place.label("place"), occurrence.c.schedule, parcel.c.outlet, run.label("run")
    query = select(*whose, func.min(occurrence.c.audience), *numbers)
    query = query.join(parcel, parcel.c.occurrence == occurrence.c.id).where(_DUE)
    return query.group_by("place", occurrence.c.schedule, parcel.c.outlet, "run")


async def lists(connection: AsyncConnection) -> dict[str, str]:
    """What each list of people counts as, by its name: a filter as the list it is a part of."""
    rows = await connection.execute(select(audience.c.name, func.coalesce(audience.c.part_of, audience.c.id)))
    return {row[0]: row[1] for row in rows}


async def taken_over(connection: AsyncConnection, edges: Sequence[datetime], zone: ZoneInfo) -> list[Taken]:
    """Each run between the edges of which anything arrived by any outlet, with proof or without.

    What goes to single people who ask for it (`Rule.asked`) is no run of a text.
    """
    rows = await connection.execute(_TAKEN, _ends(edges))
    parted = cache(lambda written: frozenset(written.split(",")))  # few runs differ in it
    return [
        Taken(id, schedule, datetime.fromtimestamp(due / 1000, zone).date(), parted(outlets))
        for id, schedule, due, outlets in rows
        if outlets
    ]


_ARRIVED = select(func.aggregate_strings(parcel.c.outlet, ",")).where(
    parcel.c.occurrence == occurrence.c.id, or_(*(parcel.c[state] > 0 for state in State if state in DONE))
)
_TAKEN = select(
    occurrence.c.id,
    occurrence.c.schedule,
    type_coerce(occurrence.c.due_at, BigInteger),
    _ARRIVED.scalar_subquery(),
).where(_DUE, occurrence.c.schedule.not_in(_ASKED))


async def outcomes_of(connection: AsyncConnection, occurrences: Sequence[str]) -> dict[str, Counter[State]]:
    """How many deliveries of each of these occurrences are in which state; of those that have any."""
    query = select(parcel.c.occurrence, *numbers).where(parcel.c.occurrence.in_(occurrences))
    rows = await connection.execute(query.group_by(parcel.c.occurrence))
    return {occurrence: counted(states) for occurrence, *states in rows}


async def held_back_of(connection: AsyncConnection, occurrences: Sequence[str]) -> dict[str, Counter[str]]:
    """How many deliveries of each of these occurrences were held back for good, by rule; of those that had any."""
    query = select(parcel.c.occurrence, held.c.rule, func.sum(held.c.number)).join(held, held.c.parcel == parcel.c.id)
    query = query.where(parcel.c.occurrence.in_(occurrences), held.c.number > 0)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for id, rule, number in await connection.execute(query.group_by(parcel.c.occurrence, held.c.rule)):
        found[id][rule] = int(number)
    return dict(found)


async def went_out(connection: AsyncConnection, edges: Sequence[datetime], units: Collection[str] | None = None) -> int:
    """How many occurrences fell due and went out, of all or of what these units send."""
    query = _WENT_OUT if units is None else _WENT_OUT.where(_sent_by(units))
    return int((await connection.execute(query, _ends(edges))).scalar_one())


_WENT_OUT = select(func.count()).select_from(occurrence).where(_DUE, occurrence.c.state.in_(RAN))


def _sent_by(units: Collection[str]) -> ColumnElement[bool]:
    return occurrence.c.schedule.in_(select(schedule.c.id).where(schedule.c.unit.in_(sorted(units))))


async def texts(connection: AsyncConnection, edges: Sequence[datetime]) -> dict[str, list[tuple[str, str]]]:
    """The texts of each schedule that fell due, as (item, theme its text had)."""
    rows = await connection.execute(_TEXTS, _ends(edges))
    pinned = {id: _pinned(written) for id, written in rows}
    themes = await _themes_of(connection, {revision for each in pinned.values() for _, revision in each})
    return {id: [(item, themes.get(revision, "")) for item, revision in each] for id, each in pinned.items()}


_TEXTS = select(schedule.c.id, type_coerce(schedule.c.pinned, Text)).where(schedule.c.id.in_(_FELL_DUE))


@lru_cache(4096)
def _pinned(written: str) -> tuple[tuple[str, str], ...]:
    """Item and revision of each; a year has hundreds, and they stay as they are."""
    return tuple((one["item"], one["revision"]) for one in json.loads(written))


class Carried(NamedTuple):
    """A text that a run took along by an outlet, and the theme it had."""

    occurrence: str
    outlet: str
    item: str
    theme: str


async def carried(connection: AsyncConnection, edges: Sequence[datetime]) -> list[Carried]:
    """What runs took along (`scheduler/ride`), of all that fell due between the edges."""
    rows = (await connection.execute(_CARRIED, _ends(edges))).all()
    themes = await _themes_of(connection, {one["revision"] for row in rows for one in row.riders})
    return [
        Carried(row.id, one["outlet"], one["item"], themes.get(one["revision"], ""))
        for row in rows
        for one in row.riders
    ]


_CARRIED = select(occurrence.c.id, occurrence.c.riders).where(_DUE, type_coerce(occurrence.c.riders, Text) != "[]")


async def senders(connection: AsyncConnection, edges: Sequence[datetime]) -> dict[str, str]:
    """Which unit sends each schedule that fell due; of those that are not the office's own."""
    query = select(schedule.c.id, schedule.c.unit).where(schedule.c.unit != "", schedule.c.id.in_(_FELL_DUE))
    return {row.id: row.unit for row in await connection.execute(query, _ends(edges))}


async def _themes_of(connection: AsyncConnection, revisions: Collection[str]) -> dict[str, str]:
    ids, found = sorted(revisions), dict[str, str]()
    for begin in range(0, len(ids), AT_ONCE):
        for id, its in await connection.execute(_THEMES, {"some": ids[begin : begin + AT_ONCE]}):
            found[id] = its
    return found


_THEMES = select(revision.c.id, revision.c.theme).where(revision.c.id.in_(bindparam("some", expanding=True)))


async def theme_titles(connection: AsyncConnection) -> dict[str, str]:
    """Every theme in the office's order, also those no longer in use."""
    rows = await connection.execute(select(theme.c.id, theme.c.title).order_by(theme.c.position, theme.c.id))
    return {row.id: row.title for row in rows}


async def outlet_titles(connection: AsyncConnection) -> dict[str, tuple[str, str]]:
    """The kind and title of every outlet that there is or was, by name."""
    rows = await connection.execute(select(outlet.c.name, outlet.c.kind, outlet.c.title).order_by(outlet.c.name))
    return {row.name: (row.kind, row.title) for row in rows}
