"""Tables and SQL of units: what there is and was, what each was made of, what is under one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Column, Index, Table, Text, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound
from content.units.unit import ROOT, Level, Tree, Unit
from db.database import Database
from db.types import Day, metadata

unit = Table(
    "unit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("parent", Text, nullable=False),
    Column("since", Day, nullable=False),
    Column("until", Day, nullable=False),
    Index("unit_parent", "parent"),
)
unit_before = Table(
    "unit_before",
    metadata,
    Column("unit", Text, primary_key=True),
    Column("before", Text, primary_key=True),
)

CHANGING = ("code", "name", "level", "parent", "since", "until")


async def tree(connection: AsyncConnection) -> Tree:
    """Every unit there is and was."""
    before: dict[str, tuple[str, ...]] = {}
    for row in await connection.execute(select(unit_before).order_by(unit_before.c.before)):
        before[row.unit] = (*before.get(row.unit, ()), row.before)
    rows = await connection.execute(select(unit))
    return Tree.of(
        Unit(
            row.id,
            row.name,
            Level(row.level),
            row.parent,
            row.code,
            row.since,
            row.until,
            before.get(row.id, ()),
        )
        for row in rows
    )


async def names(connection: AsyncConnection, ids: Collection[str] | None = None) -> dict[str, str]:
    """The name of every unit, or of these."""
    query = select(unit.c.id, unit.c.name)
    if ids is not None:
        query = query.where(unit.c.id.in_(sorted(ids)))
    return {row.id: row.name for row in await connection.execute(query)}


async def must_exist(connection: AsyncConnection, id: str) -> None:
    """Raises NotFound for an id that is no unit's and not the office's."""
    if id != ROOT and not await names(connection, [id]):
        raise NotFound(f"Không có đơn vị {id[:60]}", f"There is no unit {id[:60]}", field="unit")


async def below(connection: AsyncConnection, id: str) -> frozenset[str]:
    """The unit of that id and everything under it, by one statement."""
    under = select(unit.c.id).where(unit.c.id == id).cte("under", recursive=True)
    under = under.union(select(unit.c.id).join(under, unit.c.parent == under.c.id))
    return frozenset((await connection.execute(select(under.c.id))).scalars()) | {id}


async def save(database: Database, tx: AsyncConnection, units: Iterable[Unit]) -> None:
    """Units, new or as they are now, with what they were made of."""
    rows = [_columns(one) for one in units]
    if not rows:
        return
    await tx.execute(database.insert_or_update(unit, ["id"], *CHANGING), [row for row, _ in rows])
    for row, before in rows:
        await tx.execute(delete(unit_before).where(unit_before.c.unit == row["id"]))
        if before:
            await tx.execute(insert(unit_before), [{"unit": row["id"], "before": one} for one in before])


def _columns(one: Unit) -> tuple[dict[str, Any], tuple[str, ...]]:
    days = {"since": one.since, "until": one.until}
    about = {"id": one.id, "code": one.code, "name": one.name, "level": one.level.value, "parent": one.parent}
    return about | days, one.before
