"""The only place that reads the time: always aware UTC. Tests replace it whole with `FakeClock`."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

UNIX = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """Wall clock, steady clock and waiting; everything that waits can be woken."""

    def now(self) -> datetime:
        """The moment, aware UTC, whole milliseconds (what both databases keep)."""

    def ms(self) -> int:
        """The moment in milliseconds since 1970: what the dispatch loop reckons in."""

    def steady(self) -> float:
        """Seconds that never step; only differences mean anything."""

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """Wait for the event at most so many seconds; whether it came."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """See Clock.now."""
        return to_millisecond(datetime.now(UTC))

    def ms(self) -> int:
        """See Clock.ms."""
        return time.time_ns() // 1_000_000

    steady = staticmethod(time.monotonic)
    """See Clock.steady; asked four times a delivery, and so the very function."""

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """See Clock.wait."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await event.wait()
        return event.is_set()


class FakeClock:
    """A clock that stands still until a test moves it. `advance` lets time pass, `step` sets the wall clock alone."""

    def __init__(self, start: datetime = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)) -> None:
        self._wall = start
        self._steady = 0.0
        self._waits: list[tuple[float, int, asyncio.Event]] = []
        self._count = itertools.count()

    def now(self) -> datetime:
        """See Clock.now."""
        return to_millisecond(self._wall)

    def ms(self) -> int:
        """See Clock.ms."""
        return (self._wall - UNIX) // timedelta(milliseconds=1)

    def steady(self) -> float:
        """See Clock.steady."""
        return self._steady

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """See Clock.wait."""
        over = asyncio.Event()
        if seconds <= 0:
            over.set()  # as on the machine's clock: nothing to wait for
        else:
            heapq.heappush(self._waits, (self._steady + seconds, next(self._count), over))
        waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(over.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return event.is_set()

    def advance(self, seconds: float) -> None:
        """Let time pass on both clocks and wake whoever waited for it."""
        self._wall += timedelta(seconds=seconds)
        self._steady += seconds
        while self._waits and self._waits[0][0] <= self._steady:
            heapq.heappop(self._waits)[2].set()

    def step(self, seconds: float) -> None:
        """Set the wall clock forward or back, as an administrator or a time server does; no waiter notices."""
        self._wall += timedelta(seconds=seconds)


def to_millisecond(moment: datetime) -> datetime:
    """The moment cut to whole milliseconds."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
