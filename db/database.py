"""Database(url): read() and write() on SQLite or PostgreSQL; the only dialect switch in the house."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import Select, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from db.direct import T, Work, run_postgresql, run_sqlite

BUSY_SECONDS = 30
READERS = 4
PRAGMAS = (
    f"busy_timeout={BUSY_SECONDS * 1000}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
)


class DatabaseTrouble(Exception):
    """The database cannot be used now: what it said, and what to do."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en


class Database:
    """One database. On SQLite one writer at a time holds the lock; readers never wait for it."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._lock = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "loa-direct")
        self._direct: sqlite3.Connection | None = None
        self._reader, self._writer = self._sqlite() if self.is_sqlite else self._postgresql()

    def _sqlite(self) -> tuple[AsyncEngine, AsyncEngine]:
        path = Path(self.url.database or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        url = self.url.set(drivername="sqlite+aiosqlite")
        reader = create_async_engine(url, pool_size=READERS, max_overflow=READERS)
        writer = create_async_engine(url, pool_size=1, max_overflow=0)
        for engine, begin in ((reader, "BEGIN"), (writer, "BEGIN IMMEDIATE")):
            _prepare_sqlite(engine, begin)
        return reader, writer

    def _postgresql(self) -> tuple[AsyncEngine, AsyncEngine]:
        # The two differ in nothing but their pools: pages that read never take the dispatcher's connections.
        url = self.url.set(drivername="postgresql+asyncpg")
        return (
            create_async_engine(url, pool_size=READERS, max_overflow=READERS, pool_pre_ping=True),
            create_async_engine(url, pool_size=READERS, max_overflow=READERS, pool_pre_ping=True),
        )

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one consistent state; nothing written on it stays."""
        with _explained():
            async with self._reader.connect() as connection:
                yield connection

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed to disk when the block ends, rolled back when it raises or is cancelled."""
        async with self._lock if self.is_sqlite else contextlib.nullcontext():
            with _explained():
                async with self._writer.begin() as connection:
                    yield connection

    async def run(self, work: Work[T]) -> T:
        """A transaction of plain SQL (`db/direct.py`). Called off while it runs, it still ends first."""
        running = asyncio.ensure_future(self._run_sqlite(work) if self.is_sqlite else self._run_postgresql(work))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise

    async def _run_sqlite(self, work: Work[T]) -> T:
        async with self._lock:
            with _explained():
                return await asyncio.get_running_loop().run_in_executor(self._thread, self._run_in_thread, work)

    def _run_in_thread(self, work: Work[T]) -> T:
        if self._direct is None:
            self._direct = sqlite3.connect(self.url.database or "", isolation_level=None)
            for pragma in PRAGMAS:
                self._direct.execute(f"PRAGMA {pragma}")
        return run_sqlite(self._direct, work)

    async def _run_postgresql(self, work: Work[T]) -> T:
        with _explained():
            async with self._writer.connect() as connection:
                raw = (await connection.get_raw_connection()).driver_connection
                assert raw is not None
                return await run_postgresql(raw, work)

    def insert_if_absent(self, table: Table) -> Any:
        """An INSERT that leaves an existing row alone; its rowcount tells who came first."""
        dialect: Any = sqlite if self.is_sqlite else postgresql
        return dialect.insert(table).on_conflict_do_nothing()

    def insert_or_update(self, table: Table, keys: list[str], *changed: str) -> Any:
        """An INSERT that overwrites `changed` columns of an existing row."""
        dialect: Any = sqlite if self.is_sqlite else postgresql
        insert = dialect.insert(table)
        return insert.on_conflict_do_update(
            index_elements=keys, set_={name: getattr(insert.excluded, name) for name in changed}
        )

    def locked(self, query: Select[Any], *, skip: bool = False) -> Select[Any]:
        """The query with its rows locked; SQLite needs no words for it, since a write transaction is alone."""
        return query if self.is_sqlite else query.with_for_update(skip_locked=skip)

    @property
    def skip_locked(self) -> str:
        """The clause that ends a claiming sub-query in plain SQL."""
        return "" if self.is_sqlite else " FOR UPDATE SKIP LOCKED"

    @property
    def for_update(self) -> str:
        """The clause that locks the rows a query of plain SQL finds."""
        return "" if self.is_sqlite else " FOR UPDATE"

    async def close(self) -> None:
        """Close every connection."""
        if self._direct is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._direct.close)
        self._thread.shutdown()
        await self._reader.dispose()
        await self._writer.dispose()


def _prepare_sqlite(engine: AsyncEngine, begin: str) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)


@contextlib.contextmanager
def _explained() -> Any:
    """Faults that a person can mend, in words."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        said = str(getattr(error, "orig", error))
        if "disk is full" in said or "No space left" in said:
            raise DatabaseTrouble(
                "Ổ đĩa đầy: hãy giải phóng dung lượng, Loa sẽ tự chạy lại",
                "The disk is full: free some space and Loa goes on by itself",
            ) from error
        if "unable to open" in said:
            raise DatabaseTrouble(
                "Không mở được tệp cơ sở dữ liệu: kiểm tra đường dẫn và quyền ghi",
                "Cannot open the database file: check its path and permissions",
            ) from error
        raise
    except (ConnectionError, TimeoutError) as error:
        raise DatabaseTrouble(
            "Không kết nối được cơ sở dữ liệu: kiểm tra [database] url và máy chủ PostgreSQL",
            "Cannot reach the database: check [database] url and the PostgreSQL server",
        ) from error
