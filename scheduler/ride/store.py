"""Table and SQL of rides."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Row, Table, Text, insert, select, type_coerce, update
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound
from db.database import Database
from db.types import Day, Json, Moment, metadata
from scheduler.delivery import OccurrenceState
from scheduler.ride.ride import Ride, RideState
from scheduler.store import occurrence

ride = Table(
    "ride",
    metadata,
    Column("id", Text, primary_key=True),
    Column("item", Text, ForeignKey("item.id"), nullable=False),
    Column("revision", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("outlets", Json, nullable=False),
    Column("themes", Json, nullable=False),
    Column("begins", Day, nullable=False),
    Column("ends", Day, nullable=False),
    Column("weeks", BigInteger, nullable=False),
    Column("share", BigInteger, nullable=False),
    Column("unit", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", Moment),
    Column("note", Text, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("carried", BigInteger, nullable=False),
    Index("ride_state", "state", "ends"),
    Index("ride_item", "item"),
)
PLAIN = [column for column in ride.c if column.name != "digest"]


def _ride(row: Row[Any]) -> Ride:
    told = {**row._asdict(), "outlets": tuple(row.outlets), "themes": tuple(row.themes), "state": RideState(row.state)}
    return Ride(**told)


async def add(tx: AsyncConnection, one: Ride) -> None:
    """Store a new one."""
    names = [column.name for column in PLAIN if column.name not in {"outlets", "themes", "state"}]
    values = {name: getattr(one, name) for name in names} | {"state": one.state.value, "digest": one.digest}
    await tx.execute(insert(ride).values(**values, outlets=list(one.outlets), themes=list(one.themes)))


async def find(connection: AsyncConnection, id: str) -> Ride:
    """The one of that id. Raises NotFound."""
    row = (await connection.execute(select(*PLAIN).where(ride.c.id == id))).one_or_none()
    if row is None:
        raise NotFound(f"Không có lồng ghép {id[:20]}", f"There is no ride {id[:20]}")
    return _ride(row)


async def list_all(
    connection: AsyncConnection,
    *,
    states: Collection[RideState] = (),
    units: Collection[str] | None = None,
    item: str = "",
    before: str = "",
    limit: int = 100,
) -> list[Ride]:
    """Newest first: all, or of these states, units, of an item."""
    query = select(*PLAIN).order_by(ride.c.id.desc()).limit(limit)
    if states:
        query = query.where(ride.c.state.in_([state.value for state in states]))
    if units is not None:
        query = query.where(ride.c.unit.in_(sorted(units)))
    if item:
        query = query.where(ride.c.item == item)
    if before:
        query = query.where(ride.c.id < before)
    return [_ride(row) for row in await connection.execute(query)]


async def running(connection: AsyncConnection, begin: date, end: date) -> list[Ride]:
    """Approved ones with a day in this stretch, oldest first."""
    on = (ride.c.state == RideState.APPROVED.value) & (ride.c.begins <= end) & (ride.c.ends >= begin)
    return [_ride(row) for row in await connection.execute(select(*PLAIN).where(on).order_by(ride.c.id))]


async def move(tx: AsyncConnection, one: Ride, to: RideState, by: str, at: datetime, note: str) -> bool:
    """Decide on one that is still in its state; whether it was."""
    change = update(ride).where(ride.c.id == one.id, ride.c.state == one.state.value)
    done = await tx.execute(change.values(state=to.value, decided_by=by, decided_at=at, note=note))
    return done.rowcount == 1


async def leave_open_runs(database: Database, tx: AsyncConnection, item: str) -> int:
    """Take an item off runs that are not over yet and carry it along; from how many. What has gone stays as it went."""
    still = occurrence.c.state.in_([OccurrenceState.PLANNING.value, OccurrenceState.OPEN.value])
    carries = type_coerce(occurrence.c.riders, Text).contains(f'"item":"{item}"', autoescape=True)
    query = select(occurrence.c.id, occurrence.c.riders).where(still, carries)
    rows = (await tx.execute(database.locked(query))).all()
    for row in rows:
        left = [one for one in row.riders if one["item"] != item]
        await tx.execute(update(occurrence).where(occurrence.c.id == row.id).values(riders=left))
    return len(rows)


async def carried_by(connection: AsyncConnection, one: Ride, since: datetime, limit: int) -> Sequence[Row[Any]]:
    """The last runs since a moment that carry it along: id, schedule, title and due moment."""
    carries = type_coerce(occurrence.c.riders, Text).contains(f'"ride":"{one.id}"', autoescape=True)
    columns = (occurrence.c[name] for name in ("id", "schedule", "title", "due_at"))
    query = select(*columns).where(occurrence.c.due_at >= since, carries)
    query = query.order_by(occurrence.c.due_at.desc()).limit(limit)
    return (await connection.execute(query)).all()
