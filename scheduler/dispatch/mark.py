"""The clock mark: the latest moment this database has seen, and what is moved when the clock was set back behind it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Column, Table, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database
from db.types import Moment, metadata, to_ms

clock_mark = Table(
    "clock_mark",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
)

# Outlets first, as the turn of a lane locks them. What people planned (schedules, occurrences, windows) is told by the
# wall clock and stays. `free_at` is in microseconds.
_MOVES = (
    "UPDATE outlet SET free_at = free_at - CAST(:by AS BIGINT) * 1000 WHERE free_at > CAST(:now AS BIGINT) * 1000",
    "UPDATE parcel SET due_at = due_at - :by WHERE state = 'open' AND due_at > :now",
    "UPDATE parcel SET lease_until = lease_until - :by WHERE owner IS NOT NULL AND lease_until > :now",
    # What was put off in the second between the step and now is put off by the new clock: it was just tried, or it was
    # tried, as the old clock said, after it is due (the old one of this step, not of one before).
    "UPDATE waiting SET due_at = due_at - :by WHERE due_at > :now AND NOT EXISTS (SELECT 1 FROM attempt"
    " WHERE attempt.parcel = waiting.parcel AND attempt.seq = waiting.seq"
    " AND (attempt.at BETWEEN waiting.due_at AND CAST(:now AS BIGINT) + :by + 10000"
    " OR attempt.at BETWEEN CAST(:now AS BIGINT) - 5000 AND :now))",
    "UPDATE waiting SET lease_until = lease_until - :by WHERE owner IS NOT NULL AND lease_until > :now",
    "UPDATE inquiry SET due_at = due_at - :by WHERE due_at > :now",
    "UPDATE outgoing SET next_at = next_at - :by WHERE next_at > :now",
    "UPDATE subscription SET held_until = held_until - :by WHERE held_until > :now",
    "UPDATE parcel_told SET look_at = look_at - :by WHERE look_at > :now",
    "UPDATE recording SET next_try_at = next_try_at - :by WHERE state = 'wanted' AND next_try_at > :now",
    "UPDATE recording SET lease_until = lease_until - :by WHERE owner IS NOT NULL AND lease_until > :now",
)


async def seen(connection: AsyncConnection) -> datetime:
    """The latest moment that was seen."""
    found: datetime = (await connection.execute(select(clock_mark.c.at))).scalar_one()
    return found


async def hold(database: Database, tx: AsyncConnection) -> datetime:
    """The same, and nobody else changes it before this transaction ends."""
    found: datetime = (await tx.execute(database.locked(select(clock_mark.c.at)))).scalar_one()
    return found


async def set_mark(tx: AsyncConnection, now: datetime) -> None:
    """So late it is now."""
    await tx.execute(update(clock_mark).values(at=now))


async def move_back(tx: AsyncConnection, now: datetime, by: timedelta) -> int:
    """Whatever waits for a moment after `now` waits for one so much earlier; how many rows."""
    values = {"now": to_ms(now), "by": by // timedelta(milliseconds=1)}
    return sum([(await tx.execute(text(move), values)).rowcount for move in _MOVES])
