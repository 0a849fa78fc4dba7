"""Tables and SQL of events: what happened, which kinds somebody wants, and how far journal and parcels were told.

Nothing is written here while nobody subscribes. Whoever begins to want something holds `telling` alone, and the planner
shares it: no occurrence or parcel comes between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Row,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database
from db.types import Json, Moment, metadata
from scheduler.delivery import OccurrenceState
from scheduler.dispatch.tables import parcel
from scheduler.events.event import Event, Kind
from scheduler.store import occurrence

event = Table(
    "event",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("subject", Text, nullable=False),
    Column("about", Json, nullable=False),
    Column("spread", BigInteger, nullable=False),
    Index("event_at", "at"),
)
Index("event_new", event.c.at, sqlite_where=event.c.spread == 0, postgresql_where=event.c.spread == 0)

# One row, always there: the kinds that somebody wants.
telling = Table(
    "telling",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("wanted", Json, nullable=False),
)

# One row, always there: the last line of the journal that was looked at.
journal_told = Table(
    "journal_told",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)

# What was told of a parcel, letter by letter; `look_at` is empty until all of it has gone out.
parcel_told = Table(
    "parcel_told",
    metadata,
    Column("parcel", BigInteger, ForeignKey("parcel.id"), primary_key=True, autoincrement=False),
    Column("letters", Text, nullable=False),
    Column("round", BigInteger, nullable=False),
    Column("look_at", Moment),
    Index("parcel_told_look", "look_at"),
)


# --- what is wanted ----------------------------------------------------------------------------------------------------


async def wanted(connection: AsyncConnection) -> frozenset[str]:
    """The kinds that somebody wants."""
    return frozenset((await connection.execute(select(telling.c.wanted))).scalar_one())


async def hold_wanted(database: Database, tx: AsyncConnection) -> frozenset[str]:
    """The same, and nobody plans or subscribes before this transaction ends."""
    return frozenset((await tx.execute(database.locked(select(telling.c.wanted)))).scalar_one())


async def set_wanted(tx: AsyncConnection, kinds: Iterable[str]) -> None:
    """What is wanted from now on; `telling` is held."""
    await tx.execute(update(telling).values(wanted=sorted(kinds)))


async def watch_parcels(tx: AsyncConnection) -> None:
    """Have told what becomes of everything that is under way now; what is planned later is watched by the planner."""
    open_states = [state.value for state in (OccurrenceState.PLANNING, OccurrenceState.OPEN, OccurrenceState.CANCELLED)]
    open_parcels = (
        select(parcel.c.id, literal(""), literal(0))
        .join(occurrence, occurrence.c.id == parcel.c.occurrence)
        .where(occurrence.c.state.in_(open_states), parcel.c.state != "done")
    )
    await tx.execute(insert(parcel_told).from_select(["parcel", "letters", "round"], open_parcels))


async def unwatch_parcels(tx: AsyncConnection) -> None:
    """Nobody wants to know any more."""
    await tx.execute(delete(parcel_told))


# --- events ------------------------------------------------------------------------------------------------------------


async def add(database: Database, tx: AsyncConnection, events: Sequence[Event]) -> int:
    """Keep what is not known yet by its id; how many that was."""
    count = 0
    for one in events:
        row = {"id": one.id, "kind": one.kind, "at": one.at, "subject": one.subject, "about": one.about, "spread": 0}
        count += (await tx.execute(database.insert_if_absent(event).values(**row))).rowcount
    return count


async def any_new(connection: AsyncConnection) -> bool:
    """Whether there is an event that no receiver has been assigned."""
    found = await connection.execute(select(event.c.id).where(event.c.spread == 0).limit(1))
    return found.first() is not None


async def new_events(database: Database, tx: AsyncConnection, most: int) -> list[Event]:
    """The oldest of those, held; the planner's own with all that is known of their occurrences."""
    query = select(event).where(event.c.spread == 0).order_by(event.c.at, event.c.id).limit(most)
    found = [_event(row) for row in await tx.execute(database.locked(query, skip=True))]
    bare = {one.subject.partition("/")[2] for one in found if one.kind == Kind.OCCURRENCE_OPENED}
    rows = await tx.execute(select(occurrence).where(occurrence.c.id.in_(bare))) if bare else ()
    about = {f"occurrence/{row.id}": _opened(row) for row in rows}
    return [
        Event(one.id, one.kind, one.at, one.subject, about[one.subject]) if one.subject in about else one
        for one in found
    ]


def _opened(row: Row[Any]) -> dict[str, object]:
    return {
        "occurrence": row.id,
        "schedule": row.schedule,
        "title": row.title,
        "class": row.klass,
        "due_at": row.due_at.isoformat(),
        "outlets": row.outlets,
        "items": row.pinned,
        "riders": row.riders,
    }


async def set_spread(tx: AsyncConnection, events: Sequence[Event]) -> None:
    """These have their receivers now, and all that is told of them."""
    done = update(event).where(event.c.id == bindparam("event")).values(spread=1, about=bindparam("told", type_=Json))
    await tx.execute(done, [{"event": one.id, "told": one.about} for one in events])


async def events_by_id(connection: AsyncConnection, ids: Sequence[str]) -> dict[str, Event]:
    """Those that are still kept."""
    rows = await connection.execute(select(event).where(event.c.id.in_(ids)))
    return {row.id: _event(row) for row in rows}


def _event(row: Row[Any]) -> Event:
    return Event(row.id, row.kind, row.at, row.subject, row.about)


async def any_older(connection: AsyncConnection, before: datetime) -> bool:
    """Whether events are kept from before a moment."""
    return (await connection.execute(select(event.c.id).where(event.c.at < before).limit(1))).first() is not None


async def prune(tx: AsyncConnection, before: datetime) -> None:
    """Forget events from before a moment."""
    await tx.execute(delete(event).where(event.c.at < before))


# --- how far journal and parcels were told -----------------------------------------------------------------------------


async def journal_at(connection: AsyncConnection) -> int:
    """The last line of the journal that was looked at."""
    return int((await connection.execute(select(journal_told.c.seq))).scalar_one())


async def hold_journal_at(database: Database, tx: AsyncConnection) -> int:
    """The same, and nobody else goes on from there before this transaction ends."""
    return int((await tx.execute(database.locked(select(journal_told.c.seq)))).scalar_one())


async def set_journal_at(tx: AsyncConnection, seq: int) -> None:
    """So far it was looked at."""
    await tx.execute(update(journal_told).values(seq=seq))


@dataclass(frozen=True, slots=True)
class Watched:
    """A parcel and what was told of it: `row` is the parcel's, `letters` were told in so many rounds."""

    row: Row[Any]
    schedule: str
    letters: str
    round: int
    is_fresh: bool


async def parcels_to_tell(connection: AsyncConnection, now: datetime, most: int) -> list[int]:
    """Parcels to be looked at: those that have just gone out, and those whose moment has come again."""
    out = (
        select(parcel_told.c.parcel)
        .join(parcel, parcel.c.id == parcel_told.c.parcel)
        .where(parcel_told.c.look_at.is_(None), parcel.c.state != "open")
    )
    due = select(parcel_told.c.parcel).where(parcel_told.c.look_at <= now)
    found = list((await connection.execute(out.limit(most))).scalars())
    return [*found, *(await connection.execute(due.limit(most))).scalars()][:most]


async def hold_parcels(database: Database, tx: AsyncConnection, ids: Sequence[int], now: datetime) -> list[Watched]:
    """Of these the ones that nobody else has looked at meanwhile, held; the parcels themselves are not."""
    still = or_(parcel_told.c.look_at.is_(None), parcel_told.c.look_at <= now)
    query = select(parcel_told).where(parcel_told.c.parcel.in_(ids), still).order_by(parcel_told.c.parcel)
    held = {row.parcel: row for row in await tx.execute(database.locked(query, skip=True))}
    if not held:
        return []
    joined = select(parcel, occurrence.c.schedule).join(occurrence, occurrence.c.id == parcel.c.occurrence)
    rows = await tx.execute(joined.where(parcel.c.id.in_(held)).order_by(parcel.c.id))
    return [
        Watched(row, row.schedule, held[row.id].letters, held[row.id].round, held[row.id].look_at is None)
        for row in rows
    ]


async def set_told(tx: AsyncConnection, one: Watched, letters: str, round: int, look_at: datetime) -> None:
    """So much of a parcel was told, and so it is to be looked at again."""
    mine = update(parcel_told).where(parcel_told.c.parcel == one.row.id)
    await tx.execute(mine.values(letters=letters, round=round, look_at=look_at))


async def drop_parcel(tx: AsyncConnection, one: Watched) -> None:
    """Nothing more can become of it that would be told."""
    await tx.execute(delete(parcel_told).where(parcel_told.c.parcel == one.row.id))
