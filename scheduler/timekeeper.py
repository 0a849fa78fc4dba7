"""Timekeeper: notices when this machine's wall clock was stepped, and writes it down."""

from __future__ import annotations

import socket
from datetime import datetime, timedelta

from config.clock import Clock
from config.logs import log
from db.database import Database
from db.journal import Journal
from scheduler.meter import Meter

STEP = timedelta(seconds=2)
THING = "clock"

logger = log("timekeeper")


class Timekeeper:
    """Holds the wall clock against the steady one, which never steps."""

    def __init__(self, database: Database, clock: Clock, journal: Journal, meter: Meter) -> None:
        self._database = database
        self._clock = clock
        self._journal = journal
        self._meter = meter
        self._seen = self._both()

    async def look(self) -> timedelta | None:
        """By how much the clock was stepped since the last look, once that is in the journal; None when it was not."""
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

    def _both(self) -> tuple[datetime, float]:
        return self._clock.now(), self._clock.steady()
