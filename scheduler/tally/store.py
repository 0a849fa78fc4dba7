"""SQL of reports and runs: what fell due, and what became of it; the texts it was.

Deliveries are never looked at one by one: their states are letters of their parcels, which are counted many at once.
What is asked for is found by when its occurrence fell due, as on the calendar.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Text, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences.store import audience
from channels.store import outlet
from content.store import revision, theme
from db.types import has
from scheduler.delivery import DONE, LETTER, OccurrenceState, State, count
from scheduler.dispatch.tables import held, letters_together, parcel
from scheduler.store import occurrence, schedule
from scheduler.tally.tally import Run, Taken

AT_ONCE = 1000
_ASKED = select(schedule.c.id).where(type_coerce(schedule.c.rule, Text).contains('"asked":true'))
RAN = (OccurrenceState.OPEN.value, OccurrenceState.DONE.value)


async def runs(connection: AsyncConnection, edges: Sequence[datetime]) -> list[Run]:
    """What fell due from the first edge on and before the last, and gave anything to an outlet to send."""
    due_ms = type_coerce(occurrence.c.due_at, BigInteger)
    written = func.aggregate_strings(parcel.c.outlet + ":" + parcel.c.letters, " ")
    parcels = select(written).where(parcel.c.occurrence == occurrence.c.id).scalar_subquery()
    query = select(occurrence.c.id, occurrence.c.schedule, due_ms, occurrence.c.audience, parcels)
    rows = await connection.execute(query.where(_between(edges)))
    read = cache(_parcels)  # stations have one delivery each: most runs are written alike
    return [Run(id, schedule, due, list_, read(written)) for id, schedule, due, list_, written in rows if written]


def _parcels(written: str) -> tuple[tuple[str, str], ...]:
    """Outlet and letters of each, of `dai-xa:s sms:sscf`."""
    parted = (one.partition(":") for one in written.split(" "))
    return tuple((outlet, letters) for outlet, _, letters in parted)


async def lists(connection: AsyncConnection) -> dict[str, str]:
    """What each list of people counts as, by its name: a filter as the list it is a part of."""
    rows = await connection.execute(select(audience.c.name, func.coalesce(audience.c.part_of, audience.c.id)))
    return {row[0]: row[1] for row in rows}


async def asked(connection: AsyncConnection) -> frozenset[str]:
    """The schedules that run whenever a single person asks (`Rule.asked`)."""
    return frozenset((await connection.execute(_ASKED)).scalars())


async def taken_over(connection: AsyncConnection, edges: Sequence[datetime], zone: ZoneInfo) -> list[Taken]:
    """Each run between the edges of which anything arrived by any outlet, with proof or without.

    What goes to single people who ask for it (`Rule.asked`) is no run of a text.
    """
    about = occurrence.c.id, occurrence.c.schedule, occurrence.c.due_at
    query = select(*about, func.aggregate_strings(parcel.c.outlet, ","))
    query = query.join(parcel, parcel.c.occurrence == occurrence.c.id).group_by(*about)
    query = query.where(
        _between(edges), or_(*(has(parcel.c.letters, LETTER[state]) for state in State if state in DONE))
    ).where(occurrence.c.schedule.not_in(_ASKED))
    rows = await connection.execute(query)
    return [
        Taken(id, schedule, due_at.astimezone(zone).date(), frozenset(outlets.split(",")))
        for id, schedule, due_at, outlets in rows
    ]


def _between(edges: Sequence[datetime]) -> ColumnElement[bool]:
    return (occurrence.c.due_at >= edges[0]) & (occurrence.c.due_at < edges[-1])


async def outcomes_of(connection: AsyncConnection, occurrences: Sequence[str]) -> dict[str, Counter[State]]:
    """How many deliveries of each of these occurrences are in which state; of those that have any."""
    query = select(parcel.c.occurrence, letters_together).where(parcel.c.occurrence.in_(occurrences))
    rows = await connection.execute(query.group_by(parcel.c.occurrence))
    return {occurrence: count(letters) for occurrence, letters in rows}


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
    query = select(func.count()).select_from(occurrence).where(_between(edges), occurrence.c.state.in_(RAN))
    query = query.where(*_sent_by(units))
    return int((await connection.execute(query)).scalar_one())


def _sent_by(units: Collection[str] | None) -> list[ColumnElement[bool]]:
    if units is None:
        return []
    return [occurrence.c.schedule.in_(select(schedule.c.id).where(schedule.c.unit.in_(sorted(units))))]


async def texts(connection: AsyncConnection, edges: Sequence[datetime]) -> dict[str, list[tuple[str, str]]]:
    """The texts of each schedule that fell due, as (item, theme its text had)."""
    due = select(occurrence.c.schedule).where(_between(edges))
    rows = (await connection.execute(select(schedule.c.id, schedule.c.pinned).where(schedule.c.id.in_(due)))).all()
    themes = await _themes_of(connection, {one["revision"] for row in rows for one in row.pinned})
    return {row.id: [(one["item"], themes.get(one["revision"], "")) for one in row.pinned] for row in rows}


class Carried(NamedTuple):
    """A text that a run took along by an outlet, and the theme it had."""

    occurrence: str
    outlet: str
    item: str
    theme: str


async def carried(connection: AsyncConnection, edges: Sequence[datetime]) -> list[Carried]:
    """What runs took along (`scheduler/ride`), of all that fell due between the edges."""
    query = select(occurrence.c.id, occurrence.c.riders)
    query = query.where(_between(edges), type_coerce(occurrence.c.riders, Text) != "[]")
    rows = (await connection.execute(query)).all()
    themes = await _themes_of(connection, {one["revision"] for row in rows for one in row.riders})
    return [
        Carried(row.id, one["outlet"], one["item"], themes.get(one["revision"], ""))
        for row in rows
        for one in row.riders
    ]


async def senders(connection: AsyncConnection, edges: Sequence[datetime]) -> dict[str, str]:
    """Which unit sends each schedule that fell due; of those that are not the office's own."""
    due = select(occurrence.c.schedule).where(_between(edges))
    query = select(schedule.c.id, schedule.c.unit).where(schedule.c.unit != "", schedule.c.id.in_(due))
    return {row.id: row.unit for row in await connection.execute(query)}


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
