"""Ring and wait: a hint that something changed, never the truth; in-process events, LISTEN/NOTIFY on PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import URL

from db.server import CONNECT_SECONDS, arguments, broken, driver

if TYPE_CHECKING:
    import asyncpg

CHANNEL = "loa"
AGAIN_SECONDS = 1.0


class Notifier:
    """Rings reach every waiter of a topic in this process, and over PostgreSQL those of other processes too.

    The connection to listen on comes back by itself; while it is away, polling carries on.
    `place` names a moment of this process's hearing, and `since` tells which topics have rung after it.
    """

    def __init__(self, url: URL | None = None) -> None:
        self._url = url if url is not None and url.get_backend_name() == "postgresql" else None
        self._waiters: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._rung: set[str] = set()
        self._listening: asyncio.Task[None] | None = None
        self._wake, self._hears = asyncio.Event(), asyncio.Event()
        self._hearing = secrets.token_hex(4)
        self._rings, self._last = 0, dict[str, int]()

    async def open(self) -> None:
        """Listen to other processes, where the database can carry it."""
        if self._url is not None:
            self._listening = asyncio.create_task(self._listen(self._url))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CONNECT_SECONDS):
                    await self._hears.wait()

    async def _listen(self, url: URL) -> None:
        while True:
            with contextlib.suppress(OSError, TimeoutError, driver().PostgresError, *broken()):
                connection = await driver().connect(**arguments(url))
                try:
                    await self._carry(connection)
                finally:
                    connection.terminate()
            await asyncio.sleep(AGAIN_SECONDS)

    async def _carry(self, connection: asyncpg.Connection[Any]) -> None:
        """Hear and send until the connection ends; several rings of a topic are sent as one."""
        connection.add_termination_listener(lambda _: self._wake.set())
        await connection.add_listener(CHANNEL, self._heard)
        self._hears.set()
        self._hearing = secrets.token_hex(4)  # what rang before, while nobody listened, is not known
        while not connection.is_closed():
            rung, self._rung = self._rung, set()
            for topic in rung:
                await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, topic)
            await self._wake.wait()
            self._wake.clear()

    def _heard(self, _connection: Any, _pid: int, _channel: str, topic: str) -> None:
        self._rouse(topic)

    def _rouse(self, topic: str) -> None:
        self._rings += 1
        self._last[topic] = self._rings
        for event in self._waiters[topic]:
            event.set()

    def ring(self, topic: str) -> None:
        """Wake the waiters of a topic; losing a ring only costs the time to the next poll."""
        self._rouse(topic)
        if self._listening is not None:
            self._rung.add(topic)
            self._wake.set()

    @property
    def place(self) -> str:
        """Where the hearing of this process stands."""
        return f"{self._hearing}-{self._rings}"

    def since(self, place: str) -> list[str] | None:
        """Topics that rang after a place; None when nobody knows: it is another process's, or rings were lost since."""
        hearing, _, written = place.partition("-")
        if hearing != self._hearing or not written.isascii() or not written.isdigit() or len(written) > 18:
            return None
        return [topic for topic, ring in self._last.items() if ring > int(written)]

    @contextlib.asynccontextmanager
    async def waiting(self, *topics: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set by each ring of the topics while the block lasts; the waiter clears it."""
        event = asyncio.Event()
        for topic in topics:
            self._waiters[topic].add(event)
        try:
            yield event
        finally:
            for topic in topics:
                self._waiters[topic].discard(event)

    async def close(self) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
            self._listening = None
