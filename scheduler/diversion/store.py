"""Tables and SQL of diversions: which outlets' deliveries go by their fallbacks now, what an approval covers, and the moves.

Each move is guarded by what makes it safe: nobody has it in hand, and no try of it can have got there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database
from db.types import Moment, metadata
from scheduler.delivery import LETTER, State
from scheduler.dispatch import store as dispatch
from scheduler.dispatch.carriers import WHOLE, Handover, hand_over
from scheduler.dispatch.store import Waiting
from scheduler.dispatch.tables import attempt, orphan, parcel, receipt, waiting
from scheduler.store import occurrence

PENDING = LETTER[State.PENDING]
CERTAIN = ("refused", "unavailable")
"""Outcomes of tries by which nothing can have got there."""
MOST_PARCELS, MOST_WAITS = 200, 500

diversion = Table(
    "diversion",
    metadata,
    Column("outlet", Text, primary_key=True),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
    Column("times", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
)

cover = Table(
    "cover",
    metadata,
    Column("schedule", Text, ForeignKey("schedule.id"), nullable=False),
    Column("outlet", Text, nullable=False),
    PrimaryKeyConstraint("schedule", "outlet"),
)


@dataclass(frozen=True, slots=True)
class Diversion:
    """An outlet's deliveries go by its fallback `until` a moment (None: until a person has acted), for the `times`-th time.

    `failures` is how many it had had by then: more of them say that it failed again since.
    """

    outlet: str
    since: datetime
    until: datetime | None
    times: int
    failures: int

    def rests(self, now: datetime) -> bool:
        """Whether it is left alone now; else what comes new shows whether it works again."""
        return self.until is None or now < self.until


async def diversions(connection: AsyncConnection) -> dict[str, Diversion]:
    """All of them, by outlet."""
    return {row.outlet: Diversion(*row) for row in await connection.execute(select(diversion))}


async def hold(database: Database, tx: AsyncConnection, outlet: str) -> Diversion | None:
    """One outlet's, and nobody else changes it before this transaction ends."""
    row = (await tx.execute(database.locked(select(diversion).where(diversion.c.outlet == outlet)))).one_or_none()
    return None if row is None else Diversion(*row)


async def keep(database: Database, tx: AsyncConnection, new: Diversion) -> None:
    """Note it."""
    save = database.insert_or_update(diversion, ["outlet"], "since", "until", "times", "failures")
    told = {"outlet": new.outlet, "since": new.since, "until": new.until, "times": new.times, "failures": new.failures}
    await tx.execute(save.values(**told))


async def end(tx: AsyncConnection, outlet: str) -> bool:
    """It works again; False when nothing was diverted."""
    return bool((await tx.execute(delete(diversion).where(diversion.c.outlet == outlet))).rowcount)


# --- what an approval covers -------------------------------------------------------------------------------------------


async def allow(database: Database, tx: AsyncConnection, schedule: str, outlets: Sequence[str]) -> None:
    """The approval of a schedule lists these as fallbacks."""
    for outlet in outlets:
        await tx.execute(database.insert_if_absent(cover).values(schedule=schedule, outlet=outlet))


async def allowed(connection: AsyncConnection, schedule: str) -> list[str]:
    """The fallbacks a schedule's approval lists."""
    query = select(cover.c.outlet).where(cover.c.schedule == schedule).order_by(cover.c.outlet)
    return list((await connection.execute(query)).scalars())


def _covered(to: str) -> ColumnElement[bool]:
    listed = exists().where(
        occurrence.c.id == parcel.c.occurrence, cover.c.schedule == occurrence.c.schedule, cover.c.outlet == to
    )
    return listed.correlate(parcel)


# --- moves -------------------------------------------------------------------------------------------------------------


async def is_stuck(connection: AsyncConnection, outlet: str, since: datetime) -> bool:
    """Whether anything has been due since then and nobody took it."""
    first = exists().where(
        parcel.c.outlet == outlet, parcel.c.state == "open", parcel.c.owner.is_(None), parcel.c.due_at < since
    )
    again = exists().where(waiting.c.outlet == outlet, waiting.c.owner.is_(None), waiting.c.due_at < since)
    return bool((await connection.execute(select(or_(first, again)))).scalar_one())


def _pending(outlet: str, to: str, now: datetime) -> ColumnElement[bool]:
    free = (parcel.c.outlet == outlet) & (parcel.c.state == "open") & parcel.c.owner.is_(None)
    return free & (parcel.c.due_at <= now) & (parcel.c.until > now) & _covered(to)


async def move_untouched(database: Database, tx: AsyncConnection, outlet: str, to: str, now: datetime) -> list[int]:
    """Parcels nothing of which was ever tried become the fallback's; their ids."""
    query = select(parcel.c.id).where(_pending(outlet, to, now), parcel.c.cursor == 0)
    ids = list((await tx.execute(query.order_by(parcel.c.rank, parcel.c.turn).limit(MOST_PARCELS))).scalars())
    if not ids:
        return []
    there = parcel.alias()
    beside = select(func.coalesce(func.min(there.c.turn), 0)).where(
        there.c.outlet == to, there.c.state == "open", there.c.rank == parcel.c.rank
    )
    still = parcel.c.id.in_(ids) & parcel.c.owner.is_(None) & (parcel.c.cursor == 0) & (parcel.c.outlet == outlet)
    move = update(parcel).where(still).values(outlet=to, turn=beside.scalar_subquery()).returning(parcel.c.id)
    moved = list((await tx.execute(move)).scalars())
    await hand_over(database, tx, [Handover(id, WHOLE, 0, to, outlet, now) for id in moved])
    return moved


async def move_rests(database: Database, tx: AsyncConnection, outlet: str, to: str, now: datetime) -> dict[int, int]:
    """Of parcels that were begun, what was never tried waits for the fallback; how many of which parcel."""
    query = select(parcel.c.id).where(_pending(outlet, to, now), parcel.c.cursor > 0)
    moved = {}
    for id in list((await tx.execute(query.limit(MOST_PARCELS // 10))).scalars()):
        row = await dispatch.parcel_row(database, tx, id)
        if row.owner is not None or row.state != "open" or row.outlet != outlet:
            continue
        rest = [seq for seq in range(row.cursor, row.size) if row.letters[seq] == PENDING]
        await dispatch.wait_again(database, tx, to, row.rank, [(Waiting(id, seq, 0, "retry"), now) for seq in rest])
        await hand_over(database, tx, [Handover(id, seq, 1, to, outlet, now) for seq in rest])
        await dispatch.settle(database, tx, id, {}, cursor=row.size)
        moved[id] = len(rest)
    return moved


async def move_waits(database: Database, tx: AsyncConnection, outlet: str, to: str, now: datetime) -> dict[int, int]:
    """What waits for another try, and was surely not taken by any before, waits for the fallback; how many of which parcel."""
    letter = func.substr(parcel.c.letters, waiting.c.seq + 1, 1)
    free = (waiting.c.outlet == outlet) & waiting.c.owner.is_(None) & (waiting.c.why == "retry")
    query = (
        select(waiting.c.parcel, waiting.c.seq, waiting.c.tries)
        .join(parcel, parcel.c.id == waiting.c.parcel)
        .where(free, letter == PENDING, parcel.c.until > now, _covered(to), _certain())
        .limit(MOST_WAITS)
    )
    tries = {(row.parcel, row.seq): row.tries for row in await tx.execute(query)}
    if not tries:
        return {}
    still = tuple_(waiting.c.parcel, waiting.c.seq).in_(list(tries)) & free
    move = update(waiting).where(still).values(outlet=to, due_at=now).returning(waiting.c.parcel, waiting.c.seq)
    places = [(row.parcel, row.seq) for row in await tx.execute(move)]
    await hand_over(database, tx, [Handover(id, seq, tries[id, seq] + 1, to, outlet, now) for id, seq in places])
    moved: dict[int, int] = {}
    for id, _ in places:
        moved[id] = moved.get(id, 0) + 1
    return moved


def _certain() -> ColumnElement[bool]:
    """No try of it can have got there, as far as anything is known of it."""

    def of(table: Table) -> ColumnElement[bool]:
        return and_(table.c.parcel == waiting.c.parcel, table.c.seq == waiting.c.seq)

    may_have = exists().where(of(attempt), attempt.c.outcome.not_in(CERTAIN)).correlate(waiting)
    heard = exists().where(of(receipt)).correlate(waiting)
    lost = exists().where(of(orphan), orphan.c.outcome.not_in(CERTAIN)).correlate(waiting)
    return ~may_have & ~heard & ~lost
