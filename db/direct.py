"""Work straight on the driver: one transaction of plain SQL, for planning and dispatch alone.

The work is a generator: it yields steps and is sent the rows of each. One text so serves both databases.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Awaitable, Callable, Generator, Sequence
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sqlalchemy import Connection, CursorResult, Executable
from sqlalchemy.ext.asyncio import AsyncConnection

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")
BUSY_SECONDS = 30
MOST_ON_LOOP = 2048
"""Rows that may be written in the event loop's own thread: some milliseconds."""
ROWS_AT_ONCE = 256
"""Rows in one INSERT on SQLite: each statement gives the interpreter's lock away and waits for it again, which costs more
than a row does. Fewer go in powers of two, so that few statements are kept."""


class Ask(NamedTuple):
    """A statement with a `?` for each value; answered with its rows. `long`: it goes through thousands of rows."""

    sql: str
    values: Sequence[Any] = ()
    long: bool = False


class Each(NamedTuple):
    """A statement to run for each row of values; nothing is answered."""

    sql: str
    rows: Sequence[Sequence[Any]]


class Append(NamedTuple):
    """New rows of a table; nothing is answered."""

    table: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


Step = Ask | Each | Append
Rows = Sequence[Any]
Work = Generator[Step, Rows, T]


@cache
def marks(count: int) -> str:
    """So many place holders, for `IN (...)`."""
    return ", ".join("?" * count)


Hop = Callable[..., Awaitable[Any]]
"""Calls a function in the thread that may wait."""


async def run_sqlite(connection: sqlite3.Connection, work: Work[T], hop: Hop) -> T:
    """The work as one transaction. Raises sqlite3.Error, and then nothing of it is left.

    What waits, for another process's lock or for the disk, waits in a thread. The statements between are short and
    mostly Python: handing the interpreter to and fro for each would cost more than all of them.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        await hop(_wait_and_begin, connection)
    try:
        step = next(work)
        while True:
            rows = await hop(_step_sqlite, connection, step) if _is_long(step) else _step_sqlite(connection, step)
            step = work.send(rows)
    except StopIteration as end:
        await hop(connection.execute, "COMMIT")
        result: T = end.value
        return result
    finally:
        if connection.in_transaction:
            await hop(connection.execute, "ROLLBACK")


def _wait_and_begin(connection: sqlite3.Connection) -> None:
    """Another process writes: wait for it, as long as is usual here."""
    connection.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
    try:
        connection.execute("BEGIN IMMEDIATE")
    finally:
        connection.execute("PRAGMA busy_timeout=0")


def _is_long(step: Step) -> bool:
    return step.long if isinstance(step, Ask) else len(step.rows) > MOST_ON_LOOP


def _step_sqlite(connection: sqlite3.Connection, step: Step) -> Rows:
    if isinstance(step, Ask):
        return connection.execute(step.sql, step.values).fetchall()
    if isinstance(step, Each):
        connection.executemany(step.sql, step.rows)
        return ()
    begin, left = 0, len(step.rows)
    while left:
        count = min(ROWS_AT_ONCE, 1 << (left.bit_length() - 1))
        part = step.rows[begin : begin + count]
        connection.execute(_insert(step.table, step.columns, count), tuple(chain.from_iterable(part)))
        begin, left = begin + count, left - count
    return ()


@cache
def _insert(table: str, columns: tuple[str, ...], rows: int) -> str:
    values = ", ".join([f"({marks(len(columns))})"] * rows)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values}"


async def run_postgresql(connection: asyncpg.Connection[Any], work: Work[T]) -> T:
    """The work as one transaction. Raises asyncpg's errors, and then nothing of it is left."""
    async with connection.transaction():
        step = next(work)
        while True:
            rows = await _step_postgresql(connection, step)
            try:
                step = work.send(rows)
            except StopIteration as end:
                result: T = end.value
                return result


async def _step_postgresql(connection: asyncpg.Connection[Any], step: Step) -> Rows:
    if isinstance(step, Ask):
        rows: Rows = await connection.fetch(_numbered(step.sql), *step.values)
        return rows
    if isinstance(step, Each):
        await connection.executemany(_numbered(step.sql), step.rows)
    elif step.rows:
        await connection.copy_records_to_table(step.table, records=step.rows, columns=step.columns)
    return ()


async def run_within(tx: AsyncConnection, work: Work[T]) -> T:
    """The work as a part of a transaction that is open already, which may be rolled back yet."""
    numbered = tx.dialect.name == "postgresql"
    step = next(work)
    while True:
        rows: Rows = ()
        if isinstance(step, Append):
            step = Each(_insert(step.table, step.columns, 1), step.rows)
        sql = _numbered(step.sql) if numbered else step.sql
        if isinstance(step, Ask):
            rows = (await tx.exec_driver_sql(sql, tuple(step.values))).all()
        else:
            for row in step.rows:
                await tx.exec_driver_sql(sql, tuple(row))
        try:
            step = work.send(rows)
        except StopIteration as end:
            result: T = end.value
            return result


class OnLoop:
    """What store functions ask of an AsyncConnection to read, answered at once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, values: Any = None) -> CursorResult[Any]:
        """The rows, all of them at hand."""
        return self._connection.execute(statement, values)


@cache
def _numbered(sql: str) -> str:
    """`?` as PostgreSQL writes it: $1, $2, ..."""
    place = iter(range(1, 1 + sql.count("?")))
    return re.sub(r"\?", lambda _: f"${next(place)}", sql)
