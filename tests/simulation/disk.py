"""SQLite without threads, on virtual time: real files and real SQL, but a commit takes as long as chance says.

A process that is killed has its transaction rolled back, as the operating system does it; one that is frozen in the midst
of a transaction keeps the file locked, and the others give up after the time SQLite would.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool
from sqlalchemy.util import await_only

from db.database import BUSY_SECONDS, Database, _explained
from db.direct import T, Work, run_sqlite
from tests.simulation.loop import PROCESS, Process


class Disk:
    """One database file and who holds it."""

    def __init__(self, file: Path, chance: random.Random) -> None:
        self._file = file
        self.count = 0
        self._chance = chance
        self._free: list[sqlite3.Connection] = []
        self._used: dict[sqlite3.Connection, Process] = {}
        self._holder: Process | None = None
        self._line: deque[asyncio.Future[None]] = deque()

    async def pause(self, most: float) -> None:
        """What a disk takes."""
        if PROCESS.get().buried:
            raise asyncio.CancelledError
        drawn = self._chance.random()
        await asyncio.sleep(0 if drawn < 0.5 else drawn**4 * most)

    async def lock(self) -> None:
        """SQLite's one writer at a time."""
        while self._holder is not None:
            if PROCESS.get().buried:
                raise asyncio.CancelledError
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._line.append(turn)
            try:
                async with asyncio.timeout(BUSY_SECONDS):
                    await turn
            except TimeoutError:
                raise sqlite3.OperationalError("database is locked") from None
        self._holder = PROCESS.get()

    def unlock(self) -> None:
        """Whoever comes first of those who wait."""
        self._holder = None
        while self._line:
            turn = self._line.popleft()
            if not turn.done():
                turn.set_result(None)

    def take(self) -> sqlite3.Connection:
        """A connection of this process."""
        raw = self._free.pop() if self._free else self._open()
        self._used[raw] = PROCESS.get()
        return raw

    def give(self, raw: sqlite3.Connection) -> None:
        """Done with it."""
        if self._used.pop(raw, None) is not None:
            self._free.append(raw)

    def _open(self) -> sqlite3.Connection:
        raw = sqlite3.connect(self._file, isolation_level=None)
        # What a power cut would take is not what is asked here; the crash stories have a real disk.
        for pragma in ("synchronous=OFF", "foreign_keys=ON", "wal_autocheckpoint=0"):
            raw.execute(f"PRAGMA {pragma}")
        return raw

    def look(self, query: str) -> list[Any]:
        """The rows of a query, at once and for nobody in the world."""
        raw = self._free[-1] if self._free else self._open()
        rows = raw.execute(query).fetchall()
        if raw not in self._free:
            self._free.append(raw)
        return rows

    def killed(self, process: Process) -> None:
        """The system closes what it had open."""
        for raw in [raw for raw, user in self._used.items() if user is process]:
            if raw.in_transaction:
                raw.execute("ROLLBACK")
            self.give(raw)
        if self._holder is process:
            self.unlock()

    def close(self) -> None:
        """The end."""
        for raw in [*self._free, *self._used]:
            raw.close()


class InlineDatabase(Database):
    """The product's Database with nothing replaced but the thread its statements run in."""

    def __init__(self, url: str, clock: Any, disk: Disk) -> None:
        self._disk = disk
        super().__init__(url, clock)

    def _sqlite(self) -> tuple[AsyncEngine, AsyncEngine]:
        return _READER, _WRITER

    async def _run_sqlite(self, work: Work[T]) -> T:
        async with self._lock:
            with _explained():
                await self._disk.pause(0.002)
                await self._disk.lock()
                raw = self._disk.take()
                try:
                    await self._disk.pause(0.02)  # killed here, nothing of it is left
                    result = await run_sqlite(raw, work, _at_once)
                finally:
                    self._disk.give(raw)
                    self._disk.unlock()
                await self._disk.pause(0.002)  # killed here, all of it is there and nobody knows
                return result

    glance = Database.read  # nothing here has a thread to wait for

    async def close(self) -> None:
        """The engines are shared, the connections the disk's."""
        self._thread.shutdown()


async def _at_once(act: Callable[..., Any], *given: Any) -> Any:
    return act(*given)


_NOWHERE = sqlite3.connect(":memory:")
"""Asked by SQLAlchemy about SQLite itself, before anything else."""

# --- what SQLAlchemy's aiosqlite dialect needs of a connection -----------------------------------------------------------


class _Connection:
    """Begins and ends transactions of the process that uses it now; kept over many worlds."""

    _connection = True

    def __init__(self, writes: bool) -> None:
        self._writes = writes
        self._disk: Disk | None = None
        self.raw: sqlite3.Connection | None = None

    async def begin(self) -> None:
        process = PROCESS.get()
        disk: Disk = process.disk  # type: ignore[attr-defined]
        await disk.pause(0.002)
        if self._writes:
            await disk.lock()
        self._disk, self.raw = disk, disk.take()
        self.raw.execute("BEGIN IMMEDIATE" if self._writes else "BEGIN")

    def cursor(self) -> _Cursor:
        return _Cursor(self)

    async def commit(self) -> None:
        if self._disk is not None and self.raw is not None:
            if self._writes:
                await self._disk.pause(0.02)
            self.raw.execute("COMMIT")
            disk = self._disk
            self._end()
            await disk.pause(0.002)

    async def rollback(self) -> None:
        if self.raw is not None:
            if self.raw.in_transaction:
                self.raw.execute("ROLLBACK")
            self._end()

    def _end(self) -> None:
        assert self._disk is not None and self.raw is not None
        self._disk.give(self.raw)
        if self._writes:
            self._disk.unlock()
        self._disk = self.raw = None

    async def close(self) -> None:
        """Nothing of its own is open."""

    async def create_function(self, *args: Any, **more: Any) -> None:
        """SQLAlchemy's regexp; not used."""

    def stop(self) -> None:
        """No thread."""


class _Cursor:
    """Made before its transaction begins, so it asks for the file when it is used."""

    def __init__(self, of: _Connection) -> None:
        self._of = of
        self._cursor: sqlite3.Cursor | None = None

    async def __aenter__(self) -> Self:
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def _open(self) -> sqlite3.Cursor:
        if PROCESS.get().buried:
            raise asyncio.CancelledError
        PROCESS.get().disk.count += 1
        self._cursor = (self._of.raw or _NOWHERE).cursor()
        return self._cursor

    async def execute(self, *args: Any) -> None:
        self._open().execute(*args)

    async def executemany(self, *args: Any) -> None:
        self._open().executemany(*args)

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall() if self._cursor else []

    async def close(self) -> None:
        if self._cursor:
            self._cursor.close()


class _Pool(QueuePool):
    """Never waits: a connection is a small thing here."""

    _is_asyncio = True


def _engine(writes: bool) -> AsyncEngine:
    async def connect(*args: Any, **more: Any) -> _Connection:
        return _Connection(writes)

    engine = create_async_engine(
        "sqlite+aiosqlite:///simulated",
        connect_args={"async_creator_fn": connect},
        poolclass=_Pool,
        pool_size=16,
        max_overflow=-1,
    )
    engine.sync_engine.dialect.do_begin = lambda connection: await_only(connection._connection.begin())  # type: ignore[method-assign]
    return engine


_READER, _WRITER = _engine(False), _engine(True)
"""One pair for all worlds of a test process: compiling statements anew for each costs more than running them."""
