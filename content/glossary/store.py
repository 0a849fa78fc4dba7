"""Table and SQL of the office's own readings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Row, Table, Text, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from content.reading import Entry
from db.database import Database
from db.types import Moment, metadata

glossary = Table(
    "glossary",
    metadata,
    Column("abbr", Text, primary_key=True),
    Column("condition", Text, primary_key=True),
    Column("spoken", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", Moment, nullable=False),
)


async def rows(connection: AsyncConnection) -> list[Row[Any]]:
    """Every reading of the office, by its written form."""
    return list(await connection.execute(select(glossary).order_by(glossary.c.abbr, glossary.c.condition)))


async def put(database: Database, tx: AsyncConnection, entry: Entry, person: str, at: datetime) -> None:
    """Keep a reading; the one there was for this form and condition gives way."""
    save = database.insert_or_update(glossary, ["abbr", "condition"], "spoken", "person", "at")
    values = {"abbr": entry.abbr, "condition": entry.condition, "spoken": entry.spoken}
    await tx.execute(save.values(**values, person=person, at=at))


async def drop(tx: AsyncConnection, abbr: str, condition: str) -> bool:
    """Forget a reading; whether there was one."""
    gone = delete(glossary).where(glossary.c.abbr == abbr, glossary.c.condition == condition)
    return bool((await tx.execute(gone)).rowcount)
