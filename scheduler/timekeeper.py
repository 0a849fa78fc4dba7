"""Timekeeper: notices when the wall clock was stepped, writes it down, and sets right what a step back would hold up.

A running process holds its wall clock against its steady one. What happened while none ran is told by a mark in the
database, which follows the time and never goes back by itself.
"""

from __future__ import annotations

import socket
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from config.clock import Clock
from config.logs import log
from db.database import Database
from db.journal import Journal
from scheduler.dispatch import mark
from scheduler.meter import Meter

STEP = timedelta(seconds=2)
MARK_EVERY = timedelta(seconds=2)
THING = "clock"

logger = log("timekeeper")


class Timekeeper:
    """Holds the wall clock against the steady one, which never steps, and against the mark, which never goes back."""

    def __init__(self, database: Database, clock: Clock, journal: Journal, meter: Meter) -> None:
        self._database = database
        self._clock = clock
        self._journal = journal
        self._meter = meter
        self._seen = self._both()

    async def look(self) -> timedelta | None:
        """By how much the clock was stepped since the last look, once that is in the journal; None when it was not."""
        by = await self._see_step()
        await self.set_right()
        return by

    async def _see_step(self) -> timedelta | None:
        (was, since), (now, steady) = self._seen, self._both()
        expected = was + timedelta(seconds=steady - since)
        by = now - expected
        if abs(by) <= STEP:
            self._seen = now, steady  # what a time server mends little by little adds up to no step
            return None
        async with self._database.write() as tx:
            host, seconds = socket.gethostname(), round(by.total_seconds(), 3)
            told = {"host": host, "seconds": seconds, "expected": expected.isoformat()}
            await self._journal.note(tx, now, "Loa", "clock_step", THING, **told)
        self._seen = now, steady
        self._meter.stepped()
        logger.warning("clock_step", seconds=seconds, expected=expected.isoformat())
        return by

    async def set_right(self) -> int:
        """After a step back, also one while nobody ran, what was seconds away is so again; how many moments were moved.

        Of several processes that see it one moves them. On PostgreSQL the server's clock alone counts.
        """
        async with self._database.read() as connection:
            now, seen = await self._now(connection), await mark.seen(connection)
        if seen - STEP <= now < seen + MARK_EVERY:
            return 0
        async with self._database.write() as tx:
            seen, now = await mark.hold(self._database, tx), await self._now(tx)
            if seen - STEP <= now < seen:
                return 0  # another process was quicker
            moved = await self._move_back(tx, now, seen - now) if now < seen else 0
            await mark.set_mark(tx, now)
        return moved

    async def _move_back(self, tx: AsyncConnection, now: datetime, by: timedelta) -> int:
        moved, seconds = await mark.move_back(tx, now, by), -round(by.total_seconds(), 3)
        told = {"host": socket.gethostname(), "seconds": seconds, "moved": moved}
        await self._journal.note(tx, now, "Loa", "clock_back", THING, **told)
        logger.warning("clock_back", seconds=seconds, moved=moved)
        return moved

    async def _now(self, connection: AsyncConnection) -> datetime:
        return await self._database.now(connection, self._clock.now())

    def _both(self) -> tuple[datetime, float]:
        return self._clock.now(), self._clock.steady()
