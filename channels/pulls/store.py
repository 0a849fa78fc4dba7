"""Tables and SQL of what was pulled off shelves, file by file, and of the deliveries that are proved by it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    func,
    select,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.shelf.fetched import AFRESH, Proof, Pulled, joined
from channels.shelf.store import shelf
from db.database import Database
from db.types import Json, Moment, metadata, number_at

DOUBTS_KEPT = 16
"""Of one file: a player that breaks off again and again does not fill the row."""

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


async def seconds_fetched(
    connection: AsyncConnection, outlets: Collection[str], since: datetime, until: datetime
) -> float:
    """Seconds of recordings fetched whole, of what was put on these shelves from a moment on and before another.

    Each recording of each delivery counts once, however often and by whichever of its files it was fetched.
    """
    stood = shelf.c.outlet.in_(sorted(outlets)) & (shelf.c.since >= since) & (shelf.c.since < until)
    proved = select(proof.c.delivery, proof.c.part).join(shelf, shelf.c.delivery == proof.c.delivery)
    whole = proved.where(stood, proof.c.complete_at.is_not(None)).distinct().subquery("whole")
    seconds = number_at(type_coerce(shelf.c.seconds, Text), whole.c.part)
    query = select(func.sum(seconds)).join(whole, whole.c.delivery == shelf.c.delivery)
    return float((await connection.execute(query)).scalar_one() or 0)
