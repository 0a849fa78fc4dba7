"""Tables and SQL of yearly plans and their tasks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound
from db.database import Database
from db.types import Day, metadata
from desk.plan.plan import Plan, Rhythm, Task, Way

plan = Table(
    "plan",
    metadata,
    Column("year", Integer, nullable=False),
    Column("number", Text, nullable=False),
    Column("signed", Day, nullable=False),
    Column("title", Text, nullable=False),
    Column("objectives", Text, nullable=False),
    Column("audiences", Text, nullable=False),
    Column("unit", Text, nullable=False, default=""),
    PrimaryKeyConstraint("unit", "year"),
)
plan_task = Table(
    "plan_task",
    metadata,
    Column("id", Text, primary_key=True),
    Column("year", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Column("theme", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("rhythm", Text, nullable=False),
    Column("deadline", Day, nullable=False),
    Column("target", Integer, nullable=False),
    Column("unit", Text, nullable=False, default=""),
    ForeignKeyConstraint(["unit", "year"], ["plan.unit", "plan.year"]),
    Index("plan_task_year", "unit", "year", "position"),
)


async def years(connection: AsyncConnection, unit: str = "") -> list[int]:
    """Years of which a unit has a plan, the first one first."""
    query = select(plan.c.year).where(plan.c.unit == unit).order_by(plan.c.year)
    return list((await connection.execute(query)).scalars())


async def find(connection: AsyncConnection, year: int, unit: str = "") -> Plan | None:
    """A unit's plan of a year with its tasks in their order."""
    query = select(plan).where(plan.c.unit == unit, plan.c.year == year)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        return None
    tasks = select(plan_task).where(plan_task.c.unit == unit, plan_task.c.year == year)
    rows = await connection.execute(tasks.order_by(plan_task.c.position, plan_task.c.id))
    about = (row.title, row.objectives, row.audiences)
    return Plan(row.year, row.number, row.signed, *about, tuple(_task(one) for one in rows), unit)


async def find_task(connection: AsyncConnection, id: str) -> Task:
    """The one of that id. Raises NotFound."""
    row = (await connection.execute(select(plan_task).where(plan_task.c.id == id))).one_or_none()
    if row is None:
        raise NotFound("Không có nhiệm vụ này trong kế hoạch nào", "There is no such task")
    return _task(row)


def _task(row: Row[Any]) -> Task:
    about = (row.words, row.theme, Way(row.way) if row.way else None, row.owner)
    return Task(row.id, row.year, *about, Rhythm(row.rhythm), row.deadline, row.target, row.unit)


async def save(database: Database, tx: AsyncConnection, one: Plan) -> None:
    """A year's plan, new or as it is now; its tasks stay."""
    changing = ("number", "signed", "title", "objectives", "audiences")
    await tx.execute(database.insert_or_update(plan, ["unit", "year"], *changing).values(**_head(one)))


async def add(database: Database, tx: AsyncConnection, one: Plan) -> bool:
    """A new plan without its tasks; False when the unit has one of that year."""
    return bool((await tx.execute(database.insert_if_absent(plan).values(**_head(one)))).rowcount)


def _head(one: Plan) -> dict[str, Any]:
    about = {"title": one.title, "objectives": one.objectives, "audiences": one.audiences}
    return {"unit": one.unit, "year": one.year, "number": one.number, "signed": one.signed, **about}


async def add_task(tx: AsyncConnection, one: Task) -> None:
    """A new task, after the others of its year."""
    last = select(func.coalesce(func.max(plan_task.c.position), 0) + 1)
    last = last.where(plan_task.c.unit == one.unit, plan_task.c.year == one.year)
    await tx.execute(insert(plan_task).values(**_columns(one), position=last.scalar_subquery()))


async def change_task(tx: AsyncConnection, one: Task) -> None:
    """The task of that id as it is now; its place stays."""
    await tx.execute(update(plan_task).where(plan_task.c.id == one.id).values(**_columns(one)))


def _columns(one: Task) -> dict[str, Any]:
    when = {"rhythm": one.rhythm.value, "deadline": one.deadline}
    about = {"words": one.words, "theme": one.theme, "way": one.way.value if one.way else "", "owner": one.owner}
    return {"id": one.id, "unit": one.unit, "year": one.year, **about, **when, "target": one.target}


async def remove_task(tx: AsyncConnection, id: str) -> bool:
    """Whether there was one."""
    return bool((await tx.execute(delete(plan_task).where(plan_task.c.id == id))).rowcount)
