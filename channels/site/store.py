"""Table and SQL of visits: how many, by day; nothing of anybody."""

from __future__ import annotations

from collections import Counter
from datetime import date

from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.site.visits import Visits
from db.database import Database
from db.types import metadata

visit = Table(
    "visit",
    metadata,
    Column("outlet", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("outlet", "day"),
)


async def add_visits(database: Database, tx: AsyncConnection, outlet: str, day: date, count: int) -> None:
    """So many more on this day of the office."""
    row = (visit.c.outlet == outlet) & (visit.c.day == f"{day}")
    await tx.execute(database.insert_if_absent(visit).values(outlet=outlet, day=f"{day}", count=0))
    await tx.execute(visit.update().where(row).values(count=visit.c.count + count))


async def visits_of(connection: AsyncConnection, outlet: str, today: date) -> Visits:
    """Everything that was counted; who reads now is not in it."""
    query = select(visit.c.day, visit.c.count).where(visit.c.outlet == outlet).order_by(visit.c.day.desc())
    days = {row.day: int(row[1]) for row in await connection.execute(query)}
    months: Counter[str] = Counter()
    for day, count in days.items():
        months[day[:7]] += count
    return Visits(days.get(f"{today}", 0), sum(days.values()), 0, tuple(months.items()))
