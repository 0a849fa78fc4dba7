"""Table and SQL of listening tests."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Row, Table, Text, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.types import Moment, metadata

listening = Table(
    "listening",
    metadata,
    Column("id", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("sentence", Text, nullable=False),
    Column("first", Text, nullable=False),
    Column("second", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("better", Text),
    Column("judged_at", Moment),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """One question to one person: which of two voices said the sentence better."""

    id: str
    person: str
    sentence: str
    first: str
    second: str
    made_at: datetime


async def open_pair(connection: AsyncConnection, person: str) -> Pair | None:
    """The question this person has not answered yet."""
    query = select(listening).where(listening.c.person == person, listening.c.better.is_(None)).limit(1)
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else Pair(row.id, row.person, row.sentence, row.first, row.second, row.made_at)


async def add_pair(tx: AsyncConnection, pair: Pair) -> None:
    """Ask a question."""
    await tx.execute(insert(listening).values(**asdict(pair), better=None, judged_at=None))


async def drop_pair(tx: AsyncConnection, id: str, person: str) -> None:
    """Take back a question that was not answered."""
    mine = (listening.c.id == id) & (listening.c.person == person)
    await tx.execute(delete(listening).where(mine, listening.c.better.is_(None)))


async def judge(tx: AsyncConnection, id: str, person: str, better: str, at: datetime) -> bool:
    """Answer a question once; False when it is not there or answered already."""
    mine = (listening.c.id == id) & (listening.c.person == person) & listening.c.better.is_(None)
    return bool((await tx.execute(update(listening).where(mine).values(better=better, judged_at=at))).rowcount)


async def answers(connection: AsyncConnection) -> list[Row[Any]]:
    """How often each voice was better (`better`: its name, or "same") in each pair, over everybody."""
    voices = (listening.c.first, listening.c.second, listening.c.better)
    query = select(*voices, func.count().label("times")).where(listening.c.better.is_not(None)).group_by(*voices)
    return list(await connection.execute(query))
