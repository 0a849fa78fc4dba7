"""Table and SQL of items passed down to units."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Row, Select, Table, Text, UniqueConstraint, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound
from content.bulletin import BulletinClass
from content.item import ItemState
from content.passing.passing import Passing, PassingState
from content.store import item
from db.database import Database
from db.types import Moment, metadata

passing = Table(
    "passing",
    metadata,
    Column("id", Text, primary_key=True),
    Column("item", Text, ForeignKey("item.id"), nullable=False),
    Column("unit", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("passed_by", Text, nullable=False),
    Column("passed_at", Moment, nullable=False),
    Column("note", Text, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_at", Moment),
    Column("reason", Text, nullable=False),
    Column("local", Text, nullable=False),
    UniqueConstraint("item", "unit", name="passing_once"),
    Index("passing_unit", "unit", "state", "passed_at"),
)

_KEPT = [one.name for one in fields(Passing) if one.name not in {"title", "klass"}]


def _query() -> Select[Any]:
    columns = (passing.c[name] for name in _KEPT)
    return select(*columns, item.c.title, item.c.klass).join(item, item.c.id == passing.c.item)


def _of(row: Row[Any]) -> Passing:
    values = {name: getattr(row, name) for name in (*_KEPT, "title")}
    return Passing(**{**values, "state": PassingState(row.state), "klass": BulletinClass(row.klass)})


async def find(connection: AsyncConnection, id: str) -> Passing:
    """The one of that id. Raises NotFound."""
    row = (await connection.execute(_query().where(passing.c.id == id))).one_or_none()
    if row is None:
        raise NotFound("Không có tin chuyển xuống này", "There is no such item passed down")
    return _of(row)


async def of_item(connection: AsyncConnection, id: str) -> list[Passing]:
    """To which units an item was passed, the first first."""
    query = _query().where(passing.c.item == id).order_by(passing.c.passed_at, passing.c.unit)
    return [_of(row) for row in await connection.execute(query)]


async def listed(
    connection: AsyncConnection,
    units: Collection[str] | None,
    states: Sequence[PassingState] = (),
    *,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Passing]:
    """What was passed to these units (None: to any), the last first; of items that are still in force."""
    query = _query().where(item.c.state == ItemState.APPROVED.value)
    if units is not None:
        query = query.where(passing.c.unit.in_(sorted(units)))
    if states:
        query = query.where(passing.c.state.in_([one.value for one in states]))
    if before is not None:
        at, id = before
        query = query.where(or_(passing.c.passed_at < at, (passing.c.passed_at == at) & (passing.c.id < id)))
    query = query.order_by(passing.c.passed_at.desc(), passing.c.id.desc()).limit(limit)
    return [_of(row) for row in await connection.execute(query)]


async def count_waiting(connection: AsyncConnection, units: Collection[str]) -> int:
    """How many items in force wait for what these units decide."""
    waits = (passing.c.state == PassingState.WAITING.value) & passing.c.unit.in_(sorted(units))
    query = select(func.count()).select_from(passing).join(item, item.c.id == passing.c.item)
    return int((await connection.execute(query.where(waits, item.c.state == ItemState.APPROVED.value))).scalar_one())


async def has(
    connection: AsyncConnection, id: str, units: Collection[str], states: Sequence[PassingState] = ()
) -> bool:
    """Whether an item was passed to any of these units, and is in any of these states there."""
    query = select(passing.c.id).where(passing.c.item == id, passing.c.unit.in_(sorted(units)))
    if states:
        query = query.where(passing.c.state.in_([one.value for one in states]))
    return (await connection.execute(query.limit(1))).first() is not None


async def add(database: Database, tx: AsyncConnection, row: dict[str, Any]) -> bool:
    """Pass an item to a unit, or anew where it was declined; False where it was passed already."""
    if (await tx.execute(database.insert_if_absent(passing).values(**row))).rowcount:
        return True
    again = {name: value for name, value in row.items() if name not in {"id", "item", "unit"}}
    declined = (passing.c.item == row["item"]) & (passing.c.unit == row["unit"])
    declined &= passing.c.state == PassingState.DECLINED.value
    return bool((await tx.execute(update(passing).where(declined).values(**again))).rowcount)


async def decide(tx: AsyncConnection, id: str, to: PassingState, **values: Any) -> bool:
    """Note what a unit decided; False when it has decided already."""
    waits = (passing.c.id == id) & (passing.c.state == PassingState.WAITING.value)
    return bool((await tx.execute(update(passing).where(waits).values(state=to.value, **values))).rowcount)
