"""Tables and SQL of subscriptions: where events go, how the receiver does, and what still waits to be sent there.

Whoever writes both holds the receiver's row before what waits for it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    CursorResult,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    Update,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound
from db.database import Database
from db.types import Json, Moment, metadata
from scheduler.events.event import Event
from scheduler.events.store import event

LOA = "Loa"

subscription = Table(
    "subscription",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("kinds", Json, nullable=False),
    Column("secret", Text, nullable=False),
    Column("former", Text, nullable=False),
    Column("former_until", Moment),
    Column("made_at", Moment, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("paused_at", Moment),
    Column("paused_by", Text, nullable=False),
    Column("trouble", Text, nullable=False),
    Column("worked_at", Moment),
    Column("failed_at", Moment),
    Column("failed_status", BigInteger),
    Column("failed_words", Text, nullable=False),
    Column("failing_since", Moment),
    Column("held_until", Moment),
)

# What has not been taken yet: `next_at` is empty for what is tried no more.
outgoing = Table(
    "outgoing",
    metadata,
    Column("subscription", Text, ForeignKey("subscription.id"), nullable=False),
    Column("event", Text, nullable=False),
    Column("next_at", Moment),
    Column("tries", BigInteger, nullable=False),
    PrimaryKeyConstraint("subscription", "event"),
    Index("outgoing_due", "subscription", "next_at"),
)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A receiver of events. Its secrets are sealed; `former` signs beside `secret` until `former_until`.

    `failing_since`: nothing was taken from then on. `held_until`: a process sends to it, or did when it died.
    """

    id: str
    title: str
    url: str
    kinds: tuple[str, ...]
    secret: str
    former: str
    former_until: datetime | None
    made_at: datetime
    made_by: str
    paused_at: datetime | None = None
    paused_by: str = ""
    trouble: str = ""
    worked_at: datetime | None = None
    failed_at: datetime | None = None
    failed_status: int | None = None
    failed_words: str = ""
    failing_since: datetime | None = None
    held_until: datetime | None = None

    @property
    def is_disabled(self) -> bool:
        """Whether Loa has stopped sending to it, until a person has looked."""
        return self.paused_at is not None and self.paused_by == LOA


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for a receiver: how much is still tried, when next, and how much no more."""

    waiting: int = 0
    next_at: datetime | None = None
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class Due:
    """An event that a receiver is to get now, tried so often."""

    event: str
    tries: int


# --- receivers ---------------------------------------------------------------------------------------------------------


async def every(connection: AsyncConnection) -> list[Subscription]:
    """All of them, oldest first."""
    return [_one(row) for row in await connection.execute(select(subscription).order_by(subscription.c.id))]


async def find(connection: AsyncConnection, id: str) -> Subscription:
    """The one with this id. Raises NotFound."""
    return _found(await connection.execute(select(subscription).where(subscription.c.id == id)))


async def hold(database: Database, tx: AsyncConnection, id: str) -> Subscription:
    """The same, and nobody sends to it or assigns it events before this transaction ends."""
    return _found(await tx.execute(database.locked(select(subscription).where(subscription.c.id == id))))


def _found(rows: CursorResult[Any]) -> Subscription:
    row = rows.one_or_none()
    if row is None:
        raise NotFound("Không có nơi nhận sự kiện này", "There is no such subscription")
    return _one(row)


async def troubled(connection: AsyncConnection) -> list[Subscription]:
    """Those that Loa has stopped sending to, or whose every answer of late was none."""
    bad = or_(subscription.c.paused_by == LOA, subscription.c.failing_since.is_not(None))
    return [_one(row) for row in await connection.execute(select(subscription).where(bad).order_by(subscription.c.id))]


async def add(tx: AsyncConnection, new: Subscription) -> None:
    """Store a new one."""
    row = {column.name: getattr(new, column.name) for column in subscription.columns}
    await tx.execute(insert(subscription).values(**row | {"kinds": list(new.kinds)}))


async def change(tx: AsyncConnection, id: str, **values: Any) -> None:
    """Change columns of one."""
    await tx.execute(_put(id).values(**values))


async def pause(tx: AsyncConnection, id: str, at: datetime, by: str, why: str) -> bool:
    """Send nothing more to it until somebody resumes it; False when it is paused already."""
    mine = _put(id).where(subscription.c.paused_at.is_(None))
    return bool((await tx.execute(mine.values(paused_at=at, paused_by=by, trouble=why))).rowcount == 1)


async def resume(tx: AsyncConnection, id: str, now: datetime) -> bool:
    """Send to it again, at once and from the first try on all that waits; False when it was not paused."""
    mine = _put(id).where(subscription.c.paused_at.is_not(None))
    fresh = {"paused_at": None, "paused_by": "", "trouble": "", "failing_since": None}
    if (await tx.execute(mine.values(**fresh))).rowcount != 1:
        return False
    await tx.execute(update(outgoing).where(outgoing.c.subscription == id).values(next_at=now, tries=0))
    return True


async def remove(tx: AsyncConnection, id: str) -> None:
    """Forget it, which is held, and what waits for it."""
    await tx.execute(delete(outgoing).where(outgoing.c.subscription == id))
    await tx.execute(delete(subscription).where(subscription.c.id == id))


def _put(id: str) -> Update:
    return update(subscription).where(subscription.c.id == id)


def _one(row: Row[Any]) -> Subscription:
    return Subscription(**row._asdict() | {"kinds": tuple(row.kinds)})


# --- what waits --------------------------------------------------------------------------------------------------------


async def assign(database: Database, tx: AsyncConnection, events: Sequence[Event], now: datetime) -> None:
    """Each event to everybody who asked for its kind."""
    held = await tx.execute(database.locked(select(subscription).order_by(subscription.c.id), shared=True))
    rows = [
        {"subscription": one.id, "event": each.id, "next_at": now, "tries": 0}
        for one in map(_one, held)
        for each in events
        if each.kind in one.kinds
    ]
    if rows:
        await tx.execute(database.insert_if_absent(outgoing), rows)


async def replay(
    database: Database, tx: AsyncConnection, id: str, kinds: Collection[str], since: datetime, now: datetime
) -> int:
    """Every event of these kinds since a moment again, also what was taken or given up; how many. The receiver is held."""
    again = select(literal(id), event.c.id, literal(now, Moment), literal(0)).where(
        event.c.at >= since, event.c.kind.in_(kinds), event.c.spread == 1
    )
    save = database.insert_or_update(outgoing, ["subscription", "event"], "next_at", "tries")
    done = await tx.execute(save.from_select(["subscription", "event", "next_at", "tries"], again))
    return int(done.rowcount)


async def backlogs(connection: AsyncConnection) -> dict[str, Backlog]:
    """What waits, by receiver."""
    query = select(
        outgoing.c.subscription,
        func.count(outgoing.c.next_at).label("waiting"),
        func.min(outgoing.c.next_at).label("next_at"),
        (func.count() - func.count(outgoing.c.next_at)).label("given_up"),
    ).group_by(outgoing.c.subscription)
    return {
        row.subscription: Backlog(row.waiting, row.next_at, row.given_up) for row in await connection.execute(query)
    }


async def due(connection: AsyncConnection, now: datetime) -> list[str]:
    """Receivers in use to whom something is due and nobody sends."""
    something = exists().where(outgoing.c.subscription == subscription.c.id, outgoing.c.next_at <= now)
    query = select(subscription.c.id).where(subscription.c.paused_at.is_(None), _free(now), something)
    return list((await connection.execute(query)).scalars())


async def claim(tx: AsyncConnection, id: str, now: datetime, until: datetime) -> Subscription | None:
    """Be the only one who sends to it until then; None when somebody else is, or it is paused by now."""
    mine = _put(id).where(subscription.c.paused_at.is_(None), _free(now))
    row = (await tx.execute(mine.values(held_until=until).returning(subscription))).one_or_none()
    return None if row is None else _one(row)


def _free(now: datetime) -> Any:
    return or_(subscription.c.held_until.is_(None), subscription.c.held_until <= now)


async def batch(connection: AsyncConnection, id: str, now: datetime, most: int) -> list[Due]:
    """What has been due for longest."""
    mine = select(outgoing.c.event, outgoing.c.tries).where(outgoing.c.subscription == id, outgoing.c.next_at <= now)
    rows = await connection.execute(mine.order_by(outgoing.c.next_at, outgoing.c.event).limit(most))
    return [Due(row.event, row.tries) for row in rows]


async def hold_on(
    tx: AsyncConnection, held: Subscription, until: datetime | None, **health: Any
) -> Subscription | None:
    """Keep the claim until then, or let go of it, and note how the receiver does; the receiver as it is now.

    None when somebody else has the claim by now, or the receiver is gone.
    """
    mine = _put(held.id).where(subscription.c.held_until == held.held_until)
    row = (await tx.execute(mine.values(held_until=until, **health).returning(subscription))).one_or_none()
    return None if row is None else _one(row)


async def taken(tx: AsyncConnection, id: str, one: Due) -> None:
    """The receiver has it; if it is to be sent again meanwhile, it stays."""
    await tx.execute(delete(outgoing).where(*_mine(id, one)))


async def put_off(tx: AsyncConnection, id: str, one: Due, next_at: datetime | None) -> None:
    """A try failed; when there is another, if any."""
    await tx.execute(update(outgoing).where(*_mine(id, one)).values(next_at=next_at, tries=one.tries + 1))


def _mine(id: str, one: Due) -> tuple[Any, ...]:
    return outgoing.c.subscription == id, outgoing.c.event == one.event, outgoing.c.tries == one.tries


async def prune(tx: AsyncConnection, before: datetime) -> None:
    """Nothing waits any longer that is older."""
    old = select(event.c.id).where(event.c.at < before)
    await tx.execute(delete(outgoing).where(outgoing.c.event.in_(old)))
