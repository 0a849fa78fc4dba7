"""Tables and SQL of shelves: what stands there, and what of it was pulled, file by file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    PrimaryKeyConstraint,
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
from channels.shelf.fetched import AFRESH, Proof, Pulled, joined
from channels.station.store import break_programmes
from channels.store import outlet
from content.bulletin import Bulletin
from db.database import Database
from db.types import Json, Moment, metadata

DOUBTS_KEPT = 16
"""Of one file: a player that breaks off again and again does not fill the row."""

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
    Index("shelf_since", "outlet", "since"),
)

pull = Table(
    "pull",
    metadata,
    Column("outlet", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("requests", BigInteger, nullable=False),
    Column("checks", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("ranges", Json, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("complete_at", Moment),
    Column("agent", Text, nullable=False),
    Column("doubt", Json, nullable=False),  # (begin, last byte to go on from, intent while it is being sent)
    PrimaryKeyConstraint("outlet", "file"),
)

proof = Table(
    "proof",
    metadata,
    Column("delivery", Text, nullable=False),
    Column("part", BigInteger, nullable=False),
    Column("file", Text, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("parts", BigInteger, nullable=False),
    Column("complete_at", Moment),
    PrimaryKeyConstraint("delivery", "part", "file"),
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
        return min((moment for moment in ends if moment > now), default=None)

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
    last = select(shelf.c.since, shelf.c.holds).where(shelf.c.outlet == outlet_name).order_by(shelf.c.since.desc())
    newest = (await tx.execute(last.limit(1))).one_or_none()
    since = now.replace(microsecond=0)
    if newest is not None:
        since = max(since, newest.since + timedelta(seconds=max(1, len(newest.holds))))
    await tx.execute(
        insert(shelf).values(
            delivery=delivery,
            outlet=outlet_name,
            holds=[part.item for part in bulletin.parts],
            bulletin=bulletin.record(),
            since=since,
            until=bulletin.valid_until,
        )
    )


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


async def holding(connection: AsyncConnection, item: str, now: datetime) -> list[tuple[str, Shelved]]:
    """Everything that stands on a shelf now and holds the item, with its outlet, oldest first."""
    holds = type_coerce(shelf.c.holds, Text).contains(f'"{item}"', autoescape=True)
    stands = shelf.c.withdrawn_at.is_(None) & or_(shelf.c.until.is_(None), shelf.c.until > now)
    rows = await connection.execute(select(shelf).where(stands, holds).order_by(shelf.c.since))
    return [(row.outlet, _one(row)) for row in rows]


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
    return Shelved(row.delivery, row.delivery, bulletin, row.since, row.until, row.withdrawn_at)


@dataclass(frozen=True, slots=True)
class Told:
    """What arrived of a file at one request: a half-open span of its `size` bytes; None when it was only looked at.

    `doubt` may have arrived too: what is about to be sent when `intent` begins, or was sent when the connection ended.
    """

    outlet: str
    file: str
    proofs: tuple[Proof, ...]
    span: tuple[int, int] | None
    size: int
    agent: str
    at: datetime
    doubt: tuple[int, int] | None = None
    intent: str = ""
    is_end: bool = False
    """Of what `intent` began: the request has been counted."""
    under_way: frozenset[str] = frozenset()
    """Intents that are being sent: what they are about has not arrived yet."""


async def note_pull(database: Database, tx: AsyncConnection, told: Told) -> list[str]:
    """Add it to the account; the deliveries that are complete by it for the first time, every part by a file of its own."""
    row = await _pull_row(database, tx, told)
    for one in told.proofs:
        new = database.insert_if_absent(proof)
        await tx.execute(new.values(**one._asdict(), file=told.file, outlet=told.outlet))
    is_new = row.complete_at is None and told.at - row.last_at > AFRESH
    begun, doubts = ([], []) if is_new else (row.ranges, row.doubt)
    doubts = [one for one in doubts if not told.is_end or one[2] != told.intent]
    resumed = _resumed([one for one in doubts if one[2] not in told.under_way], told.span)
    if told.doubt:
        doubts.append([*told.doubt, "" if told.is_end else told.intent])
    ranges = joined([*map(tuple, begun), *resumed, *([told.span] if told.span else [])])
    complete_at = row.complete_at or (told.at if ranges == [(0, told.size)] else None)
    await tx.execute(
        update(pull)
        .where(pull.c.outlet == told.outlet, pull.c.file == told.file)
        .values(
            requests=row.requests + (told.span is not None and not told.is_end),
            checks=row.checks + (told.span is None),
            bytes=row.bytes + (told.span[1] - told.span[0] if told.span else 0),
            ranges=[list(pair) for pair in ranges],
            last_at=told.at,
            agent=told.agent[:200],
            complete_at=complete_at,
            doubt=doubts[-DOUBTS_KEPT:],
        )
    )
    return [] if complete_at is None else await _complete(database, tx, told)


def _resumed(doubts: Sequence[Sequence[Any]], span: tuple[int, int] | None) -> list[tuple[int, int]]:
    """Who goes on from the midst of what was in doubt says by it that all before has arrived."""
    return [(begin, span[0]) for begin, end, _ in doubts if span and begin < span[0] <= end]


async def _pull_row(database: Database, tx: AsyncConnection, told: Told) -> Row[Any]:
    """The row of a file, made if need be, and held."""
    counts = {"size": told.size, "requests": 0, "checks": 0, "bytes": 0, "ranges": [], "agent": "", "doubt": []}
    new = database.insert_if_absent(pull)
    await tx.execute(new.values(outlet=told.outlet, file=told.file, first_at=told.at, last_at=told.at, **counts))
    mine = select(pull).where(pull.c.outlet == told.outlet, pull.c.file == told.file)
    row: Row[Any] = (await tx.execute(database.locked(mine))).one()
    return row


async def _complete(database: Database, tx: AsyncConnection, told: Told) -> list[str]:
    """Mark what a whole file proves; the deliveries of which nothing is missing any more, and was before."""
    parts = {one.delivery: one.parts for one in told.proofs}
    # Two files that are the last two parts of one bulletin must not miss each other: its row is held, in a fixed order.
    await tx.execute(
        database.locked(select(shelf.c.delivery).where(shelf.c.delivery.in_(parts)).order_by(shelf.c.delivery))
    )
    before = await _proved(tx, list(parts))
    open_ = (proof.c.file == told.file) & proof.c.delivery.in_(parts) & proof.c.complete_at.is_(None)
    await tx.execute(update(proof).where(open_).values(complete_at=told.at))
    after = await _proved(tx, list(parts))
    return [one for one, count in parts.items() if before.get(one, 0) < count <= after.get(one, 0)]


async def _proved(tx: AsyncConnection, deliveries: Sequence[str]) -> dict[str, int]:
    """How many parts of each delivery have gone out whole."""
    proved = proof.c.delivery.in_(deliveries) & proof.c.complete_at.is_not(None)
    count = func.count(proof.c.part.distinct())
    query = select(proof.c.delivery, count.label("count")).where(proved).group_by(proof.c.delivery)
    return {row.delivery: int(row[1]) for row in await tx.execute(query)}


async def pulls_of(connection: AsyncConnection, deliveries: Sequence[str]) -> dict[str, list[Pulled]]:
    """What was pulled of these deliveries, in order of parts; those nobody asked for are left out."""
    found: dict[str, list[Pulled]] = {}
    joining = (proof.c.outlet == pull.c.outlet) & (proof.c.file == pull.c.file)
    query = select(proof.c.delivery, proof.c.part, proof.c.parts, pull).join(pull, joining)
    query = query.where(proof.c.delivery.in_(deliveries)).order_by(proof.c.delivery, proof.c.part, pull.c.first_at)
    for row in await connection.execute(query):
        proves = Proof(row.delivery, row.part, row.parts)
        ranges = tuple((begin, end) for begin, end in row.ranges)
        counts = (row.size, row.requests, row.checks, row.bytes)
        moments = (row.first_at, row.last_at, row.complete_at)
        found.setdefault(row.delivery, []).append(Pulled(row.file, proves, *counts, ranges, *moments, row.agent))
    return found
