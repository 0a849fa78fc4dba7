"""Tables and SQL of what outlets have been through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Index, Table, Text, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db.types import Moment, metadata, new_id

outlet_past = Table(
    "outlet_past",
    metadata,
    Column("id", Text, primary_key=True),
    Column("outlet", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("turn", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("words", Text, nullable=False),
    Index("outlet_past_at", "outlet", "at"),
)


class Turn(StrEnum):
    """What an outlet's life turns on. The first four last until the next of them."""

    TROUBLED = "troubled"
    WORKING = "working"
    PAUSED = "paused"
    RESUMED = "resumed"
    ADDED = "added"
    SET = "set"
    TRIED = "tried"


@dataclass(frozen=True, slots=True)
class Past:
    """One turn: when, by whom (empty: by itself), and in what words."""

    at: datetime
    turn: Turn
    by: str
    words: str


async def note(tx: AsyncConnection, outlet: str, at: datetime, turn: Turn, by: str = "", words: str = "") -> None:
    """Write down a turn in the transaction in which it happens."""
    row = {"id": new_id(at), "outlet": outlet, "at": at, "turn": turn.value, "by": by, "words": words}
    await tx.execute(insert(outlet_past).values(**row))


async def past(connection: AsyncConnection, outlet: str, limit: int = 500) -> list[Past]:
    """An outlet's latest turns, the latest first."""
    query = select(outlet_past).where(outlet_past.c.outlet == outlet)
    query = query.order_by(outlet_past.c.at.desc(), outlet_past.c.id.desc()).limit(limit)
    return [Past(row.at, Turn(row.turn), row.by, row.words) for row in await connection.execute(query)]


async def prune(tx: AsyncConnection, before: datetime) -> int:
    """Forget turns from before a moment; how many."""
    return int((await tx.execute(delete(outlet_past).where(outlet_past.c.at < before))).rowcount)
