"""SQLite's own cursor: long answers whole, streams in pieces, faults told, and nothing left open by who is called off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from db.cursor import AT_ONCE, VisitedConnection
from db.database import Database

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT i FROM n"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A database with one empty table."""
    one = Database(f"sqlite:///{tmp_path / 'one.db'}")
    async with one.write() as tx:
        await tx.execute(text("CREATE TABLE thing (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
    yield one
    await one.close()


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done in the threads of connections, by name."""
    seen: list[str] = []
    visit = VisitedConnection.visit

    async def noted(connection: VisitedConnection, what: Any, *given: Any) -> Any:
        seen.append(what.__name__)
        return await visit(connection, what, *given)

    monkeypatch.setattr(VisitedConnection, "visit", noted)
    return seen


@pytest.mark.parametrize("count", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE])
async def test_every_row_comes(database: Database, count: int) -> None:
    """However many there are, at once and in a stream."""
    query = text(NUMBERS.format(count) if count else "SELECT id FROM thing")
    async with database.read() as connection:
        assert list(range(1, count + 1)) == list((await connection.execute(query)).scalars())
        streamed = await connection.stream(query.execution_options(yield_per=100))
        assert list(range(1, count + 1)) == [row.i async for row in streamed]


async def test_a_short_answer_is_one_visit(database: Database, visits: list[str]) -> None:
    """Statement, rows and end together; a longer one makes two more."""
    async with database.read() as connection:
        await connection.execute(text("SELECT 1"))
        visits.clear()
        assert 2 == (await connection.execute(text("SELECT 2"))).scalar_one()
        assert ["_ask"] == visits
        visits.clear()
        await connection.execute(text(NUMBERS.format(2 * AT_ONCE)))
        assert ["_ask", "fetchall", "_end"] == visits


async def test_what_was_changed_is_told(database: Database) -> None:
    """How many rows, those that come back, and many at once."""
    insert = text("INSERT INTO thing (name) VALUES (:name)")
    async with database.write() as tx:
        await tx.execute(insert, [{"name": f"thing {number}"} for number in range(3 * AT_ONCE)])
        assert 5 == (await tx.execute(text("DELETE FROM thing WHERE id <= 5"))).rowcount
        back = await tx.execute(text("UPDATE thing SET name = name || '!' RETURNING id"))
        assert 3 * AT_ONCE - 5 == len(back.all())
    async with database.read() as connection:
        assert 3 * AT_ONCE - 5 == (await connection.scalar(text("SELECT count(*) FROM thing WHERE name LIKE '%!'")))


async def test_a_fault_leaves_a_connection_that_works(database: Database) -> None:
    """A rule that is broken, a statement that is none; the same connection goes on."""
    async with database.write() as tx:
        await tx.execute(text("INSERT INTO thing (name) VALUES ('a')"))
        with pytest.raises(IntegrityError):
            await tx.execute(text("INSERT INTO thing (name) VALUES ('a')"))
        with pytest.raises(OperationalError):
            await tx.execute(text("SELEKT 1"))
        assert 1 == await tx.scalar(text("SELECT count(*) FROM thing"))


@pytest.mark.parametrize("turns", range(6))
async def test_called_off_in_a_statement(database: Database, turns: int) -> None:
    """Whoever is called off, the database can be read and written afterwards, and nothing of theirs is left."""

    async def ask() -> None:
        async with database.write() as tx:
            await tx.execute(text("INSERT INTO thing (name) VALUES ('b')"))
            await tx.execute(text(NUMBERS.format(20 * AT_ONCE)))
            await asyncio.Event().wait()

    asking = asyncio.create_task(ask())
    for _ in range(turns):
        await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    async with database.write() as tx:
        assert 0 == await tx.scalar(text("SELECT count(*) FROM thing"))
        await tx.execute(text("INSERT INTO thing (name) VALUES ('c')"))
