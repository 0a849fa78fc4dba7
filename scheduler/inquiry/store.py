"""Table and SQL of questions to partners: a row for each parcel whose partner is to be asked what became of it.

A claim is the row's own moment put off: whoever dies over a parcel leaves it to be asked about at that moment, and who
finds another moment there has lost it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Update,
    delete,
    exists,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Asked, Pace, To
from channels.seal import NOBODY, Seal
from channels.store import outlet as outlets
from db.database import Database
from db.types import Moment, metadata, to_ms
from scheduler.delivery import LETTER, State, delivery_id
from scheduler.dispatch.carriers import carriers
from scheduler.dispatch.pace import interval
from scheduler.dispatch.tables import attempt, parcel, parcel_recipients

SENT = LETTER[State.SENT]
UNDER_WAY = frozenset(LETTER[state] for state in (State.PENDING, State.SENDING, State.SENT, State.UNSURE))

inquiry = Table(
    "inquiry",
    metadata,
    Column("parcel", BigInteger, ForeignKey("parcel.id"), nullable=False),
    Column("outlet", Text, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("place", Integer, nullable=False),
    PrimaryKeyConstraint("parcel", "outlet"),
    Index("inquiry_due", "outlet", "due_at"),
)


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A parcel in hand until `until`; `place` is how far this round has come."""

    parcel: int
    outlet: str
    place: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What there is to ask: deliveries by place, when the last of the parcel was sent, and whether any may still move."""

    asked: dict[int, Asked]
    sent_at: datetime
    under_way: bool


async def add(database: Database, tx: AsyncConnection, parcel_id: int, outlet: str, due_at: datetime) -> None:
    """Have an outlet's partner asked about a parcel, unless it is to be anyway."""
    new = database.insert_if_absent(inquiry)
    await tx.execute(new.values(parcel=parcel_id, outlet=outlet, due_at=due_at, place=0))


async def drop(tx: AsyncConnection, parcel_id: int, outlet: str) -> None:
    """It is another outlet's now."""
    await tx.execute(delete(inquiry).where(inquiry.c.parcel == parcel_id, inquiry.c.outlet == outlet))


async def due(connection: AsyncConnection, names: Sequence[str], now: datetime) -> list[str]:
    """Of these outlets those with a question due, while they are in use and have nothing to send: that goes first."""
    asked = exists().where(inquiry.c.outlet == outlets.c.name, inquiry.c.due_at <= now)
    sending = exists().where(parcel.c.outlet == outlets.c.name, parcel.c.state == "open", parcel.c.due_at <= now)
    query = select(outlets.c.name).where(outlets.c.name.in_(names), outlets.c.paused_at.is_(None), asked, ~sending)
    return list((await connection.execute(query)).scalars())


async def claim(database: Database, tx: AsyncConnection, outlet: str, now: datetime, until: datetime) -> Inquiry | None:
    """Take the parcel whose question has been due for longest; None when there is none."""
    ready = select(inquiry).where(inquiry.c.outlet == outlet, inquiry.c.due_at <= now)
    found = await tx.execute(database.locked(ready.order_by(inquiry.c.due_at).limit(1), skip=True))
    row = found.one_or_none()
    if row is None:
        return None
    await tx.execute(_put(row.parcel, outlet).values(due_at=until))
    return Inquiry(row.parcel, outlet, row.place, until)


def _put(parcel_id: int, outlet: str) -> Update:
    return update(inquiry).where(inquiry.c.parcel == parcel_id, inquiry.c.outlet == outlet)


async def go_on(tx: AsyncConnection, held: Inquiry, place: int, until: datetime) -> Inquiry | None:
    """So far this round has come, and it is not to be asked about before `until`; None when somebody else has it now."""
    mine = _put(held.parcel, held.outlet).where(inquiry.c.due_at == held.until)
    kept = (await tx.execute(mine.values(place=place, due_at=until))).rowcount
    return replace(held, place=place, until=until) if kept else None


async def end(tx: AsyncConnection, held: Inquiry) -> None:
    """Nothing more is to be asked about it."""
    mine = delete(inquiry).where(inquiry.c.parcel == held.parcel, inquiry.c.outlet == held.outlet)
    await tx.execute(mine.where(inquiry.c.due_at == held.until))


async def standing(connection: AsyncConnection, seal: Seal, held: Inquiry) -> Standing:
    """What of a parcel waits for the partner's word, from the place this round has come to."""
    joined = select(parcel, parcel_recipients.c.recipients).join(
        parcel_recipients, parcel_recipients.c.parcel == parcel.c.id
    )
    row = (await connection.execute(joined.where(parcel.c.id == held.parcel))).one()
    others = await carriers(connection, row)
    places = [
        seq
        for seq in range(held.place, row.size)
        if row.letters[seq] == SENT and others.get(seq, row.outlet) == held.outlet
    ]
    known = select(attempt.c.seq, attempt.c.reference).where(attempt.c.parcel == held.parcel, attempt.c.reference != "")
    references = {
        one.seq: one.reference for one in await connection.execute(known.order_by(attempt.c.seq, attempt.c.n))
    }
    people = row.recipients
    seal.open_all(people, places)
    asked = {
        seq: Asked(To(delivery_id(held.parcel, seq), *people[seq]), references.get(seq, ""))
        for seq in places
        if not people[seq][0].startswith(NOBODY)
    }
    return Standing(asked, row.window_at or row.due_at, bool(UNDER_WAY & set(row.letters)))


async def book(database: Database, tx: AsyncConnection, outlet: str, pace: Pace, most: int, now: datetime) -> int:
    """So many questions may be asked now, `most` at the most; their time is taken from the outlet's pace. 0 while it has none."""
    moment, step = to_ms(now) * 1000, interval(pace)
    query = database.locked(select(outlets.c.paused_at, outlets.c.free_at).where(outlets.c.name == outlet))
    row = (await tx.execute(query)).one()
    if row.paused_at is not None or row.free_at > moment:
        return 0
    await tx.execute(update(outlets).where(outlets.c.name == outlet).values(free_at=moment + most * step))
    return most
