"""Ring and wait: a hint that something changed, never the truth; in-process events, LISTEN/NOTIFY on PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
from sqlalchemy.engine import URL

CHANNEL = "loa"


class Notifier:
    """Rings reach every waiter of a topic in this process, and over PostgreSQL those of other processes too."""

    def __init__(self, url: URL | None = None) -> None:
        self._url = url
        self._waiters: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._connection: asyncpg.Connection[Any] | None = None
        self._sending: set[asyncio.Task[Any]] = set()
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Listen to other processes, where the database can carry it."""
        if self._url is not None and self._url.get_backend_name() == "postgresql":
            plain = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
            self._connection = await asyncpg.connect(plain)
            await self._connection.add_listener(CHANNEL, self._heard)

    def _heard(self, _connection: Any, _pid: int, _channel: str, topic: str) -> None:
        self._wake(topic)

    def _wake(self, topic: str) -> None:
        for event in self._waiters[topic]:
            event.set()

    def ring(self, topic: str) -> None:
        """Wake the waiters of a topic; losing a ring only costs the time to the next poll."""
        self._wake(topic)
        if self._connection is not None and not self._connection.is_closed():
            task = asyncio.ensure_future(self._send(topic))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, topic: str) -> None:
        with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            async with self._turn:  # a connection carries one command at a time
                assert self._connection is not None
                await self._connection.execute("SELECT pg_notify($1, $2)", CHANNEL, topic)

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
        if self._sending:
            await asyncio.gather(*self._sending, return_exceptions=True)
        if self._connection is not None:
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await self._connection.close()
            self._connection = None
