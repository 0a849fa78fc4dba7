"""Table and SQL of shelves: what stands there, stood there, and was taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    Row,
    Table,
    Text,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Shelved
from channels.station.store import break_programmes
from channels.store import outlet
from content.bulletin import Bulletin
from db.types import Json, Moment, metadata

shelf = Table(
    "shelf",
    metadata,
    Column("delivery", Text, primary_key=True),
    Column("outlet", Text, nullable=False),
    Column("holds", Json, nullable=False),
    Column("bulletin", Json, nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
    Column("withdrawn_at", Moment),
    Column("replaced", Text, nullable=False, default=""),
    Column("carries", Json, nullable=False, default=[]),
    Column("seconds", Json, nullable=False),
    Index("shelf_since", "outlet", "since"),
)


@dataclass(frozen=True, slots=True)
class Stock:
    """An outlet's shelf as it was read at turn `turn`: what stands there, newest first, and what was withdrawn."""

    turn: int
    stands: tuple[Shelved, ...]
    withdrawn: tuple[Shelved, ...]

    def current(self, now: datetime, grace: timedelta) -> list[Shelved]:
        """What stands there now, with what is over for less than `grace`."""
        return [one for one in self.stands if one.until is None or one.until + grace > now]

    def next_end(self, now: datetime) -> datetime | None:
        """When something of what stands there now is over by itself."""
        ends = (moment for one in self.stands for moment in (one.until, one.bulletin.valid_until) if moment is not None)
        along = (datetime.fromisoformat(part.until) for one in self.stands for part in one.bulletin.parts if part.ride)
        return min((moment for moment in chain(ends, along) if moment > now), default=None)

    def past(self, now: datetime) -> list[Shelved]:
        """What stood there once: gone is another answer than never there."""
        over = (one for one in self.stands if one.until is not None and one.until <= now)
        return sorted([*self.withdrawn, *over], key=lambda one: one.since, reverse=True)


async def shelf_turn(connection: AsyncConnection, outlet_name: str) -> int:
    """A number that is another one whenever the shelf has changed, for a single row's price."""
    query = select(outlet.c.shelf_turn).where(outlet.c.name == outlet_name)
    return int((await connection.execute(query)).scalar_one_or_none() or 0)


async def turn_shelf(tx: AsyncConnection, which: ColumnElement[bool]) -> None:
    """Note that shelves have changed; their outlets' rows are held until the end of the transaction."""
    await tx.execute(update(outlet).where(which).values(shelf_turn=outlet.c.shelf_turn + 1))


async def put_on_shelf(tx: AsyncConnection, outlet_name: str, delivery: str, bulletin: Bulletin, now: datetime) -> None:
    """Stand a bulletin on an outlet's shelf. `since` rises strictly: pollers skip what is not newer than the newest.

    Each part is an item of its own in a feed, so a bulletin takes as many seconds as it has parts.
    """
    # The outlet's row is held until the end, so that two workers do not both follow the same newest one.
    await turn_shelf(tx, outlet.c.name == outlet_name)
    last = (
        select(shelf.c.since, shelf.c.holds, shelf.c.carries)
        .where(shelf.c.outlet == outlet_name)
        .order_by(shelf.c.since.desc())
    )
    newest = (await tx.execute(last.limit(1))).one_or_none()
    since = now.replace(microsecond=0)
    if newest is not None:
        since = max(since, newest.since + timedelta(seconds=max(1, len(newest.holds) + len(newest.carries))))
    await tx.execute(
        insert(shelf).values(
            delivery=delivery,
            outlet=outlet_name,
            holds=[part.item for part in bulletin.own],
            carries=[part.item for part in bulletin.parts if part.ride],
            **_said(bulletin),
            since=since,
            until=bulletin.valid_until,
        )
    )


def _said(bulletin: Bulletin) -> dict[str, Any]:
    """What stands there, and beside it how long the recording of each part lasts: to add that up is to read no bulletins."""
    seconds = [part.audio.seconds if part.audio else None for part in bulletin.parts]
    return {"bulletin": bulletin.record(), "seconds": seconds}


async def is_on_shelf(connection: AsyncConnection, delivery: str) -> bool:
    """Whether this delivery stands on a shelf already (a try that was interrupted may have put it there)."""
    return (await connection.execute(select(shelf.c.delivery).where(shelf.c.delivery == delivery))).first() is not None


async def standing(connection: AsyncConnection, deliveries: Sequence[str], now: datetime) -> int:
    """How many of these still stand on their shelves."""
    stands = shelf.c.withdrawn_at.is_(None) & or_(shelf.c.until.is_(None), shelf.c.until > now)
    query = select(func.count()).where(shelf.c.delivery.in_(deliveries), stands)
    return int((await connection.execute(query)).scalar_one())


async def find_shelved(connection: AsyncConnection, outlet_name: str, delivery: str) -> Shelved | None:
    """What a delivery put on this outlet's shelf, withdrawn or not."""
    mine = (shelf.c.outlet == outlet_name) & (shelf.c.delivery == delivery)
    found = await _shelved(connection, outlet_name, mine, 1)
    return found[0] if found else None


async def take_off_shelves(tx: AsyncConnection, item: str, at: datetime) -> int:
    """Withdraw everything that holds the item, programmes too; how many entries of shelves."""
    holds = type_coerce(shelf.c.holds, Text).contains(f'"{item}"', autoescape=True)
    stands = shelf.c.withdrawn_at.is_(None) & holds
    await turn_shelf(tx, outlet.c.name.in_(select(shelf.c.outlet).where(stands)))
    await break_programmes(tx, item, at)
    return int((await tx.execute(update(shelf).where(stands).values(withdrawn_at=at))).rowcount)


async def replace_on_shelves(tx: AsyncConnection, item: str, by: str, at: datetime) -> int:
    """End what holds this item alone in favour of another, of that slug; how many entries of shelves.

    Where it stands among others it stays until the bulletin is over.
    """
    alone = type_coerce(shelf.c.holds, Text) == f'["{item}"]'
    stands = shelf.c.withdrawn_at.is_(None) & alone & (shelf.c.until.is_(None) | (shelf.c.until > at))
    await turn_shelf(tx, outlet.c.name.in_(select(shelf.c.outlet).where(stands)))
    await break_programmes(tx, item, at)
    return int((await tx.execute(update(shelf).where(stands).values(until=at, replaced=by))).rowcount)


async def leave_behind(tx: AsyncConnection, item: str, at: datetime) -> int:
    """Take an item off everything that only carries it along, which stands on without it; off how many entries."""
    carried = type_coerce(shelf.c.carries, Text).contains(f'"{item}"', autoescape=True)
    stands = shelf.c.withdrawn_at.is_(None) & or_(shelf.c.until.is_(None), shelf.c.until > at) & carried
    rows = (await tx.execute(select(shelf.c.delivery, shelf.c.bulletin, shelf.c.carries).where(stands))).all()
    if rows:
        await turn_shelf(tx, outlet.c.name.in_(select(shelf.c.outlet).where(stands)))
        await break_programmes(tx, item, at)
    for row in rows:
        left = Bulletin.from_record(row.bulletin).without(item)
        mine = update(shelf).where(shelf.c.delivery == row.delivery)
        await tx.execute(mine.values(**_said(left), carries=[one for one in row.carries if one != item]))
    return len(rows)


async def holding(connection: AsyncConnection, item: str, now: datetime) -> list[tuple[str, Shelved]]:
    """Everything that stands on a shelf now and holds the item, with its outlet, oldest first."""
    holds = type_coerce(shelf.c.holds, Text).contains(f'"{item}"', autoescape=True)
    stands = shelf.c.withdrawn_at.is_(None) & or_(shelf.c.until.is_(None), shelf.c.until > now)
    rows = await connection.execute(select(shelf).where(stands, holds).order_by(shelf.c.since))
    return [(row.outlet, _one(row)) for row in rows]


async def stands_on(connection: AsyncConnection, outlet_name: str, item: str, now: datetime, newest: int = 500) -> bool:
    """Whether one of the newest bulletins on an outlet's shelf holds the item."""
    mine = select(shelf.c.holds, shelf.c.withdrawn_at, shelf.c.until).where(shelf.c.outlet == outlet_name)
    one = mine.order_by(shelf.c.since.desc()).limit(newest).subquery()
    holds = type_coerce(one.c.holds, Text).contains(f'"{item}"', autoescape=True)
    stands = one.c.withdrawn_at.is_(None) & or_(one.c.until.is_(None), one.c.until > now)
    return (await connection.execute(select(one.c.holds).where(stands, holds).limit(1))).first() is not None


async def take_off(tx: AsyncConnection, deliveries: Sequence[str], item: str, at: datetime) -> None:
    """Withdraw these entries, which hold the item, and the programmes made of them."""
    if not deliveries:
        return
    mine = shelf.c.delivery.in_(deliveries) & shelf.c.withdrawn_at.is_(None)
    await turn_shelf(tx, outlet.c.name.in_(select(shelf.c.outlet).where(mine)))
    await tx.execute(update(shelf).where(mine).values(withdrawn_at=at))
    await break_programmes(tx, item, at)


async def read_stock(connection: AsyncConnection, outlet_name: str, limit: int = 200) -> Stock:
    """The newest of what stands on an outlet's shelf, and of what was withdrawn."""
    turn = await shelf_turn(connection, outlet_name)
    stands = await _shelved(connection, outlet_name, shelf.c.withdrawn_at.is_(None), limit)
    gone = await _shelved(connection, outlet_name, shelf.c.withdrawn_at.is_not(None), limit)
    return Stock(turn, tuple(stands), tuple(gone))


async def on_shelf(connection: AsyncConnection, outlet_name: str, now: datetime, limit: int = 200) -> list[Shelved]:
    """What stands on an outlet's shelf now, newest first: not withdrawn, not past its validity."""
    stands = shelf.c.withdrawn_at.is_(None) & or_(shelf.c.until.is_(None), shelf.c.until > now)
    return await _shelved(connection, outlet_name, stands, limit)


async def shelved_between(
    connection: AsyncConnection, outlet_name: str, since: datetime, until: datetime
) -> list[Shelved]:
    """Everything put on a shelf from a moment on and before another, withdrawn or not, oldest first."""
    within = (shelf.c.outlet == outlet_name) & (shelf.c.since >= since) & (shelf.c.since < until)
    rows = await connection.execute(select(shelf).where(within).order_by(shelf.c.since))
    return [_one(row) for row in rows]


async def urgent_since(
    connection: AsyncConnection, outlets: Sequence[str], since: datetime
) -> list[tuple[str, Shelved]]:
    """Urgent bulletins put on these shelves since a moment and not withdrawn, each with its outlet, oldest first."""
    urgent = type_coerce(shelf.c.bulletin, Text).contains('"klass":"urgent"')
    stands = shelf.c.outlet.in_(outlets) & (shelf.c.since > since) & shelf.c.withdrawn_at.is_(None)
    rows = await connection.execute(select(shelf).where(stands, urgent).order_by(shelf.c.since))
    return [(row.outlet, _one(row)) for row in rows]


async def taken_back_since(
    connection: AsyncConnection, outlets: Sequence[str], since: datetime
) -> list[tuple[str, Shelved]]:
    """What was withdrawn from these shelves from a moment on, each with its outlet, oldest first."""
    mine = shelf.c.outlet.in_(outlets) & (shelf.c.withdrawn_at >= since)
    rows = await connection.execute(select(shelf).where(mine).order_by(shelf.c.withdrawn_at))
    return [(row.outlet, _one(row)) for row in rows]


async def _shelved(
    connection: AsyncConnection, outlet_name: str, which: ColumnElement[bool], limit: int
) -> list[Shelved]:
    query = select(shelf).where(shelf.c.outlet == outlet_name, which).order_by(shelf.c.since.desc()).limit(limit)
    return [_one(row) for row in await connection.execute(query)]


def _one(row: Row[Any]) -> Shelved:
    bulletin = Bulletin.from_record(row.bulletin)
    return Shelved(row.delivery, row.delivery, bulletin, row.since, row.until, row.withdrawn_at, row.replaced)
