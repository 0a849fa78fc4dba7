"""Database(url): read() and write() on SQLite or PostgreSQL; the only dialect switch in the house."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol, cast

from sqlalchemy import URL, Engine, NullPool, Select, Table, create_engine, event, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from db.cursor import VisitedConnection
from db.direct import BUSY_SECONDS, OnLoop, T, Work, run_postgresql, run_sqlite
from db.server import END_FROZEN, FROZEN_SECONDS, arguments, broken, driver, passes, read_url
from db.types import from_ms

READERS = 4
Also = Callable[[AsyncConnection], Awaitable[None]]
_joined: ContextVar[Also | None] = ContextVar("joined", default=None)
GLANCE_MS = 100
"""So long the loop may stand still where a reader has to wait at all: another program recovers the file or clears it up."""
GIVE_BACK_SECONDS = 5.0
"""So long a closing waits for connections that somebody reads or writes on; given back later they would never be closed."""
PRAGMAS = (
    f"busy_timeout={BUSY_SECONDS * 1000}",
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
)


class Clock(Protocol):
    """The part of `config.clock.Clock` that is needed here: ground floors do not know each other."""

    def now(self) -> datetime:
        """The moment, aware UTC."""

    def steady(self) -> float:
        """Seconds that never step."""


class DatabaseTrouble(Exception):
    """The database cannot be used now: what it said, and what to do."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en


class Database:
    """One database. On SQLite one writer at a time holds the lock; readers never wait for it.

    With a `clock`, `ahead` says how far PostgreSQL's own is ahead of it, so that nodes reckon leases by one clock.
    """

    def __init__(self, url: str, clock: Clock | None = None) -> None:
        self._clock = clock
        self.url = read_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._lock = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "loa-direct")
        self._direct: sqlite3.Connection | None = None
        self._glancer: Engine | None = None
        self.ahead = timedelta()
        self._reader, self._writer = self._sqlite() if self.is_sqlite else self._postgresql()
        self._steps: set[asyncio.Task[Any]] = set()
        self._held: set[asyncio.Future[None]] = set()

    def _sqlite(self) -> tuple[AsyncEngine, AsyncEngine]:
        url, path = self.url.set(drivername="sqlite+aiosqlite"), self.url.database or ""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        opener = partial(_open_sqlite, path)
        reader = create_async_engine(url, async_creator=opener, pool_size=READERS, max_overflow=READERS)
        writer = create_async_engine(url, async_creator=opener, pool_size=1, max_overflow=0)
        for engine, begin in ((reader, "BEGIN"), (writer, "BEGIN IMMEDIATE")):
            _begin_by(engine.sync_engine, begin)
            # Called off twice in a statement, SQLAlchemy stops aiosqlite's thread twice and waits for ever for the second end.
            engine.dialect.do_terminate = engine.dialect.do_close  # type: ignore[method-assign]
        return reader, writer

    def _postgresql(self) -> tuple[AsyncEngine, AsyncEngine]:
        # The two differ in nothing but their pools: pages that read never take the dispatcher's connections.
        url = URL.create("postgresql+asyncpg")
        pools: dict[str, Any] = {"pool_size": READERS, "max_overflow": READERS, "pool_pre_ping": True}
        told = arguments(self.url)
        return (
            create_async_engine(url, connect_args=told, **pools),
            create_async_engine(url, connect_args=told, **pools),
        )

    async def look_at_clock(self) -> None:
        """See how far the server's clock is ahead, within half of what asking takes. On SQLite there is one clock."""
        if self.is_sqlite or self._clock is None:
            return
        begun = self._clock.steady()
        async with self.read() as connection:
            server = await self.now(connection, self._clock.now())
        self.ahead = server + timedelta(seconds=(self._clock.steady() - begun) / 2) - self._clock.now()

    async def now(self, connection: AsyncConnection, here: datetime) -> datetime:
        """The moment on the one clock of all who use this database: the server's. On SQLite it is this machine's, `here`."""
        if self.is_sqlite:
            return here
        asked = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)")
        return from_ms((await connection.execute(asked)).scalar_one())

    async def end_frozen(self, seconds: float = FROZEN_SECONDS) -> int:
        """End PostgreSQL's sessions of nodes that stand still in the midst of a statement, with the rows they hold; how many."""
        if self.is_sqlite:
            return 0
        async with self.read() as connection:
            return int((await connection.execute(text(END_FROZEN), {"seconds": seconds})).scalar_one())

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that sees one consistent state; nothing written on it stays."""
        with _explained():
            async with self._lent(self._reader) as connection:
                yield connection

    @contextlib.asynccontextmanager
    async def _lent(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """A connection of the pool, fetched and given back in steps that end though their caller is called off.

        Cut short at the wrong await, either would leave a thread, a lock or a connection that nobody closes.
        """
        fetching = self._step(engine.connect().start())
        try:
            connection = await asyncio.shield(fetching)
        except asyncio.CancelledError:
            self._step(_give_back(fetching))
            raise
        held = asyncio.get_running_loop().create_future()
        self._held.add(held)
        held.add_done_callback(self._held.discard)
        try:
            yield connection
        finally:
            closing = self._step(connection.close())
            held.set_result(None)
            await asyncio.shield(closing)

    def _step(self, step: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that `close` waits for."""
        task = asyncio.create_task(step)
        self._steps.add(task)
        task.add_done_callback(self._stepped)
        return task

    def _stepped(self, task: asyncio.Task[Any]) -> None:
        self._steps.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has it; whoever was called off has no use for it

    @contextlib.asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncConnection]:
        """To read a few rows by their keys in the midst of sending: on SQLite in the loop's own thread, as `run` does it.

        A thread would answer as soon, but then wait for the interpreter, once a statement, behind all that is being sent.
        """
        if not self.is_sqlite:
            async with self.read() as connection:
                yield connection
            return
        if self._glancer is None:
            connect = partial(_connect_sqlite, self.url.database or "", f"busy_timeout={GLANCE_MS}")
            self._glancer = create_engine(self.url.set(drivername="sqlite+pysqlite"), creator=connect)
            _begin_by(self._glancer, "BEGIN")
        with _explained(), self._glancer.connect() as connection:
            yield cast("AsyncConnection", OnLoop(connection))

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed to disk when the block ends, rolled back when it raises or is cancelled."""
        async with self._lock if self.is_sqlite else contextlib.nullcontext():
            with _explained():
                async with self._lent(self._writer) as connection, connection.begin():
                    yield connection
                    if (also := _joined.get()) is not None:
                        await also(connection)

    @contextlib.asynccontextmanager
    async def alter(self) -> AsyncIterator[AsyncConnection]:
        """A transaction whose statements may take as long as they need: a step on a large database, or waiting for another's."""
        if self.is_sqlite:
            async with self.write() as tx:
                yield tx
            return
        patient = arguments(self.url) | {"command_timeout": None}
        engine = create_async_engine(URL.create("postgresql+asyncpg"), connect_args=patient, poolclass=NullPool)
        with _explained():
            async with self._lent(engine) as connection, connection.begin():
                yield connection

    @contextlib.contextmanager
    def joined(self, also: Also) -> Iterator[None]:
        """While the block lasts, what its task writes by `write` is committed together with this, or not at all."""
        token = _joined.set(also)
        try:
            yield
        finally:
            _joined.reset(token)

    async def run(self, work: Work[T]) -> T:
        """A transaction of plain SQL (`db/direct.py`). Called off while it runs, it ends first: all of it is there, or nothing."""
        if self.is_sqlite:
            # Not in a task of its own: each step from task to task waits behind all that the loop has to do.
            return await self._run_sqlite(work)
        running = self._step(self._run_postgresql(work))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            raise

    async def _run_sqlite(self, work: Work[T]) -> T:
        async with self._lock:
            with _explained():
                if self._direct is None:
                    await self._hop(self._connect_direct)
                assert self._direct is not None
                return await run_sqlite(self._direct, work, self._hop)

    def _connect_direct(self) -> None:
        # used by the loop's thread and the one that waits, by turns
        self._direct = _connect_sqlite(self.url.database or "", "busy_timeout=0")

    async def _hop(self, call: Callable[..., T], *given: Any) -> T:
        """Call it in the thread that waits. Called off meanwhile, that ends first: nobody else may use the connection yet."""
        under_way = self._thread.submit(call, *given)
        try:
            return await asyncio.wrap_future(under_way)
        except asyncio.CancelledError:
            if under_way.cancelled():  # it had not begun
                under_way = self._thread.submit(call, *given)
            while not under_way.done():
                with contextlib.suppress(asyncio.CancelledError, sqlite3.Error):
                    await asyncio.shield(asyncio.wrap_future(under_way))
            raise

    async def _run_postgresql(self, work: Work[T]) -> T:
        with _explained():
            async with self._lent(self._writer) as connection:
                raw = (await connection.get_raw_connection()).driver_connection
                assert raw is not None
                try:
                    return await run_postgresql(raw, work)
                except (driver().PostgresError, *broken(), OSError, TimeoutError):
                    await connection.invalidate()
                    raise

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

    def locked(self, query: Select[Any], *, skip: bool = False, shared: bool = False) -> Select[Any]:
        """The query with its rows locked, `shared` against change alone; on SQLite a write transaction is alone anyway."""
        return query if self.is_sqlite else query.with_for_update(skip_locked=skip, read=shared)

    async def still(self, tx: AsyncConnection, table: Table) -> None:
        """Let nobody else write the table before the transaction ends; on SQLite nobody can."""
        if not self.is_sqlite:
            await tx.execute(text(f"LOCK TABLE {table.name} IN SHARE MODE"))

    @property
    def skip_locked(self) -> str:
        """The clause that ends a claiming sub-query in plain SQL."""
        return "" if self.is_sqlite else " FOR UPDATE SKIP LOCKED"

    def pairs(self, one: str, other: str) -> str:
        """An aggregate in plain SQL: two text columns as a JSON list of pairs, ordered by the first."""
        if self.is_sqlite:
            return f"json_group_array(json_array({one}, {other}))"  # of a sub-query that is in order
        return f"'[' || string_agg(CAST(json_build_array({one}, {other}) AS TEXT), ',' ORDER BY {one}) || ']'"

    @property
    def for_update(self) -> str:
        """The clause that locks the rows a query of plain SQL finds."""
        return "" if self.is_sqlite else " FOR UPDATE"

    @property
    def for_share(self) -> str:
        """The clause that keeps them from being changed, by whoever is not content with as much."""
        return "" if self.is_sqlite else " FOR SHARE"

    async def close(self) -> None:
        """Close every connection, once those who read have given theirs back. Called off meanwhile, it ends first."""
        closing = asyncio.create_task(self._close())
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            while not closing.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([closing])
            raise

    async def _close(self) -> None:
        while self._steps:
            await asyncio.wait(self._steps)
        if self._held:
            await asyncio.wait(self._held, timeout=GIVE_BACK_SECONDS)
        while self._steps:
            await asyncio.wait(self._steps)
        if self._direct is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._direct.close)
        self._thread.shutdown()
        if self._glancer is not None:
            self._glancer.dispose()
        await self._reader.dispose()
        await self._writer.dispose()


def _connect_sqlite(path: str, *more: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        for pragma in (*PRAGMAS, *more):
            connection.execute(f"PRAGMA {pragma}").close()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


async def _open_sqlite(path: str) -> VisitedConnection:
    connection = VisitedConnection(partial(_connect_sqlite, path))
    connection._thread.daemon = True  # noqa: SLF001 (as SQLAlchemy does where it opens one)
    await connection
    return connection


async def _give_back(fetching: asyncio.Task[AsyncConnection]) -> None:
    """Nobody waits for this connection any more; nor for why there is none."""
    await asyncio.wait([fetching])
    if fetching.exception() is None:
        await fetching.result().close()


def _begin_by(engine: Engine, begin: str) -> None:
    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)


@contextlib.contextmanager
def _explained() -> Any:
    """Faults that pass or that a person can mend, in words."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        said = str(getattr(error, "orig", error))
        for words, (vi, en) in _SQLITE_SAYS.items():
            if words in said:
                raise DatabaseTrouble(vi, en) from error
        if passes(error):
            raise DatabaseTrouble(*_AWAY) from error
        raise
    except Exception as error:
        if not passes(error):
            raise
        raise DatabaseTrouble(*_AWAY) from error


_FULL = (
    "Ổ đĩa đầy: hãy giải phóng dung lượng, Loa sẽ tự chạy lại",
    "The disk is full: free some space and Loa goes on by itself",
)
_SQLITE_SAYS = {
    "disk is full": _FULL,
    "No space left": _FULL,
    "readonly database": (
        "Ổ đĩa hoặc tệp cơ sở dữ liệu chỉ đọc được: kiểm tra ổ đĩa và quyền ghi, Loa sẽ tự chạy lại",
        "The disk or the database file is read-only: check the disk and its permissions and Loa goes on by itself",
    ),
    "unable to open": (
        "Không mở được tệp cơ sở dữ liệu: kiểm tra đường dẫn và quyền ghi",
        "Cannot open the database file: check its path and permissions",
    ),
    "is locked": (
        "Tệp cơ sở dữ liệu đang bị chương trình khác giữ: đóng chương trình đó, Loa sẽ tự chạy lại",
        "Another program holds the database file: close it and Loa goes on by itself",
    ),
    "disk I/O error": (
        "Ổ đĩa báo lỗi khi đọc hoặc ghi: kiểm tra ổ đĩa ngay, chép bản sao lưu ra nơi khác",
        "The disk reports an error: check it at once and copy the backups elsewhere",
    ),
    "malformed": (
        "Tệp cơ sở dữ liệu bị hỏng: dừng Loa và khôi phục bản sao lưu bằng loa restore",
        "The database file is damaged: stop Loa and restore a backup by loa restore",
    ),
}
_AWAY = (
    "Không dùng được máy chủ cơ sở dữ liệu lúc này: kiểm tra PostgreSQL và [database] url; Loa sẽ tự nối lại",
    "The database server cannot be used now: check PostgreSQL and [database] url; Loa connects again by itself",
)
