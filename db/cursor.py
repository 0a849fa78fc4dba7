"""SQLite's cursor for SQLAlchemy: a statement and its rows are one visit to the connection's thread, where aiosqlite makes four.

A page asks some dozens of questions of a few rows each; going to the thread and back costs more than most of the answers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

import aiosqlite

AT_ONCE = 512
"""Rows that come with the statement; of a longer answer the rest is fetched when it is asked for."""
T = TypeVar("T")


class VisitedConnection(aiosqlite.Connection):
    """Connects as aiosqlite does, and gives cursors that go to its thread seldom."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, AT_ONCE)

    def cursor(self) -> VisitedCursor:  # type: ignore[override]
        """A cursor for one statement."""
        return VisitedCursor(self)

    async def visit(self, what: Callable[..., T], *given: Any) -> T:
        """Done in the connection's thread, after all that was asked of it before."""
        done: T = await self._execute(what, *given)  # type: ignore[no-untyped-call]
        return done

    @property
    def driver(self) -> sqlite3.Connection:
        """What the thread alone may use."""
        return self._conn


class VisitedCursor:
    """What SQLAlchemy's adapter asks of a cursor (`AsyncIODBAPICursor`), for one statement."""

    arraysize = 1

    def __init__(self, connection: VisitedConnection) -> None:
        self._connection = connection
        self._cursor: sqlite3.Cursor | None = None
        self._rows: list[Any] = []
        self._away = False
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, values: Sequence[Any] = ()) -> Self:
        """Run it; its first rows come along. Raises sqlite3.Error."""
        return await self._run(self._ask, sql, values)

    async def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> Self:
        """Run it for each row of values. Raises sqlite3.Error."""
        return await self._run(self._ask_each, sql, rows)

    async def _run(self, ask: Callable[..., None], sql: str, values: Sequence[Any]) -> Self:
        self._away = True  # it stays so for whoever is called off meanwhile
        try:
            await self._connection.visit(ask, sql, values)
        except sqlite3.Error:
            self._away = False
            raise
        self._away = False
        return self

    def _ask(self, sql: str, values: Sequence[Any]) -> None:
        self._take(self._connection.driver.cursor().execute(sql, values))

    def _ask_each(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        self._take(self._connection.driver.cursor().executemany(sql, rows))

    def _take(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        if cursor.description is not None:
            self._rows = cursor.fetchmany(AT_ONCE)
        self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        if len(self._rows) < AT_ONCE:
            self._end()

    def _end(self) -> None:
        if self._cursor is not None:
            self._cursor.close()
            self._cursor = None

    async def fetchall(self) -> list[Any]:
        """Every row that is left."""
        rows, self._rows = self._rows, []
        return rows if self._cursor is None else rows + await self._connection.visit(self._cursor.fetchall)

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows, fewer than `size` at the end only."""
        wanted = size or self.arraysize
        rows, self._rows = self._rows[:wanted], self._rows[wanted:]
        if len(rows) < wanted and self._cursor is not None:
            rows += await self._connection.visit(self._cursor.fetchmany, wanted - len(rows))
        return rows

    async def fetchone(self) -> Any | None:
        """The next row, None after the last."""
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def close(self) -> None:
        """Nothing more is asked for; costs a visit only where rows are left, or where nobody waited for the statement."""
        if self._away or self._cursor is not None:
            await self._connection.visit(self._end)
