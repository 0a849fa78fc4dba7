"""Table and SQL of unsaved texts: one a person and `place`, which is the item it is about, or a word of its own for a new one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Table, Text, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database
from db.types import Json, Moment, metadata
from desk.store import person

MOST = 20
"""Unsaved texts that are kept of one person; the oldest go."""

scratch = Table(
    "scratch",
    metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("place", Text, primary_key=True),
    Column("item", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("form", Json, nullable=False),
    Column("at", Moment, nullable=False),
    Index("scratch_item", "item", "at"),
)


@dataclass(frozen=True, slots=True)
class Scratch:
    """A form as it was last typed; `item` is empty for a new text."""

    place: str
    item: str
    title: str
    form: Mapping[str, str]
    at: datetime


async def keep(database: Database, tx: AsyncConnection, who: str, one: Scratch) -> None:
    """Store it instead of what was at its place, and forget the oldest of too many."""
    save = database.insert_or_update(scratch, ["person", "place"], "item", "title", "form", "at")
    row = {"place": one.place, "item": one.item, "title": one.title, "form": dict(one.form), "at": one.at}
    await tx.execute(save.values(person=who, **row))
    mine = select(scratch.c.place).where(scratch.c.person == who).order_by(scratch.c.at.desc()).offset(MOST)
    old = list((await tx.execute(mine)).scalars())
    if old:
        await tx.execute(delete(scratch).where(scratch.c.person == who, scratch.c.place.in_(old)))


async def find(connection: AsyncConnection, who: str, place: str) -> Scratch | None:
    """What somebody was writing there."""
    found = await connection.execute(select(scratch).where(scratch.c.person == who, scratch.c.place == place))
    row = found.one_or_none()
    return Scratch(row.place, row.item, row.title, row.form, row.at) if row is not None else None


async def new_ones(connection: AsyncConnection, who: str) -> Sequence[Scratch]:
    """What somebody was writing anew, the last first."""
    mine = select(scratch).where(scratch.c.person == who, scratch.c.item == "").order_by(scratch.c.at.desc())
    return [Scratch(row.place, "", row.title, row.form, row.at) for row in await connection.execute(mine)]


async def others(connection: AsyncConnection, who: str, item: str, since: datetime) -> list[tuple[str, datetime]]:
    """Who else has been typing at an item since then, by name, the last first."""
    at_it = (scratch.c.item == item) & (scratch.c.person != who) & (scratch.c.at >= since)
    query = select(person.c.name, scratch.c.at).join(person, person.c.id == scratch.c.person).where(at_it)
    return [(row.name, row.at) for row in await connection.execute(query.order_by(scratch.c.at.desc()))]


async def drop(tx: AsyncConnection, who: str, place: str) -> None:
    """It is saved, or not wanted any more."""
    await tx.execute(delete(scratch).where(scratch.c.person == who, scratch.c.place == place))
