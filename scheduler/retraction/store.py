"""Table and SQL of what partners are asked to take back: one row for each item and outlet, kept as evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Row, Table, Text, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from content.item import Item
from db.database import Database
from db.types import Moment, metadata

retraction = Table(
    "retraction",
    metadata,
    Column("outlet", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("next_try_at", Moment),
    Column("tries", BigInteger, nullable=False),
    Column("done_at", Moment),
    Column("note", Text, nullable=False),
    PrimaryKeyConstraint("outlet", "item"),
    Index("retraction_due", "next_try_at"),
)


@dataclass(frozen=True, slots=True)
class Retraction:
    """What an outlet's partner is asked to take back; over when `done_at` is set, or when nothing is tried any more."""

    outlet: str
    item: str
    slug: str
    title: str
    asked_at: datetime
    next_try_at: datetime | None
    tries: int
    done_at: datetime | None
    note: str


async def ask_back(database: Database, tx: AsyncConnection, outlet: str, item: Item, at: datetime) -> None:
    """Have the partner asked from now on; one that was asked before is asked again."""
    save = database.insert_or_update(
        retraction, ["outlet", "item"], "slug", "title", "asked_at", "next_try_at", "tries", "done_at", "note"
    )
    told = {"outlet": outlet, "item": item.id, "slug": item.slug, "title": item.title, "asked_at": at}
    await tx.execute(save.values(**told, next_try_at=at, tries=0, done_at=None, note=""))


async def claim(tx: AsyncConnection, now: datetime, again_at: datetime) -> list[Retraction]:
    """Everything due, each counted as tried; who dies over it leaves it to be tried at `again_at`."""
    take = update(retraction).where(retraction.c.next_try_at <= now)
    rows = await tx.execute(take.values(next_try_at=again_at, tries=retraction.c.tries + 1).returning(retraction))
    return [_one(row) for row in rows]


async def settle(
    tx: AsyncConnection, one: Retraction, note: str, *, done_at: datetime | None, next_try_at: datetime | None
) -> None:
    """Write what came of a try."""
    mine = (retraction.c.outlet == one.outlet) & (retraction.c.item == one.item) & (retraction.c.tries == one.tries)
    await tx.execute(update(retraction).where(mine).values(done_at=done_at, next_try_at=next_try_at, note=note[:300]))


async def retractions_of(connection: AsyncConnection, item: str) -> list[Retraction]:
    """What was asked back of an item, by outlet."""
    query = select(retraction).where(retraction.c.item == item).order_by(retraction.c.outlet)
    return [_one(row) for row in await connection.execute(query)]


def _one(row: Row[tuple[object, ...]]) -> Retraction:
    return Retraction(**row._asdict())
