"""Moving house: every row of one database into another, empty one, all or nothing, and a proof that both say the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table, delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database, DatabaseTrouble
from db.types import metadata

BATCH = 1000
MADE_AT_FIRST_START = frozenset(
    {"journal_head", "theme", "outlet", "clock_mark", "people_key", "standstill", "telling", "journal_told"}
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One table on both sides: rows, and whether the rows are the same."""

    table: str
    rows: int
    rows_there: int
    same: bool


async def rows_of(connection: AsyncConnection, table: Table) -> AsyncIterator[Sequence[Any]]:
    """A table's rows in order of its key, a few in memory at a time."""
    names = ", ".join(column.name for column in _given(table))
    keys = ", ".join(column.name for column in table.primary_key)
    order = f" ORDER BY {keys}" if keys else ""
    plain = text(f"SELECT {names} FROM {table.name}{order}")  # noqa: S608 (names of our own tables)
    streamed = await connection.stream(plain.execution_options(yield_per=BATCH))
    async for row in streamed:
        yield tuple(row)


def _given(table: Table) -> list[Column[Any]]:
    """The columns that are written; the others a database counts by itself."""
    return [column for column in table.columns if column.computed is None]


async def fill(tx: AsyncConnection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """New rows, with their columns in the table's order."""
    columns = [column.name for column in _given(table)]
    places = ", ".join(f":{name}" for name in columns)
    new = text(f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({places})")  # noqa: S608 (names of our own tables)
    await tx.execute(new, [dict(zip(columns, row, strict=True)) for row in rows])


async def check_empty(tx: AsyncConnection) -> None:
    """Nothing but what a first start lays out, which is taken away. Raises DatabaseTrouble."""
    for table in metadata.sorted_tables:
        if table.name in MADE_AT_FIRST_START:
            await tx.execute(delete(table))
        elif (await tx.execute(select(table).limit(1))).first() is not None:
            raise DatabaseTrouble(
                f"Cơ sở dữ liệu đích không trống (bảng {table.name}): hãy dùng cơ sở dữ liệu mới",
                f"The database is not empty (table {table.name}): use a new one",
            )


async def move(
    source: Database, target: Database, *, done: Callable[[int, int], None] = lambda _done, _all: None
) -> int:
    """Copy everything into a migrated, empty target; how many rows. The source stands still meanwhile, and is unchanged.

    `done` is told how many of all tables are copied. Raises DatabaseTrouble, and then the target is as it was.
    """
    count, tables = 0, metadata.sorted_tables
    async with source.write() as still, target.write() as tx:
        if not source.is_sqlite:
            # A transaction that writes locks no other out there: keep every writer of the tables away.
            await still.execute(text(f"LOCK TABLE {', '.join(table.name for table in tables)} IN SHARE MODE"))
        await check_empty(tx)
        for number, table in enumerate(tables, 1):
            batch: list[Sequence[Any]] = []
            async for row in rows_of(still, table):
                batch.append(row)
                if len(batch) == BATCH:
                    await fill(tx, table, batch)
                    count, batch = count + len(batch), []
            if batch:
                await fill(tx, table, batch)
                count += len(batch)
            done(number, len(tables))
    return count


async def compare(source: Database, target: Database) -> list[Compared]:
    """Every table of both, row by row."""
    found = []
    async with source.read() as here, target.read() as there:
        for table in metadata.sorted_tables:
            rows, digest = await _digest(here, table)
            rows_there, digest_there = await _digest(there, table)
            found.append(Compared(table.name, rows, rows_there, (rows, digest) == (rows_there, digest_there)))
    return found


async def _digest(connection: AsyncConnection, table: Table) -> tuple[int, int]:
    """Rows, and a sum over them that does not ask for their order: databases sort texts each in its own way."""
    rows = total = 0
    async for row in rows_of(connection, table):
        plain = json.dumps(row, ensure_ascii=False, default=str).encode()
        total = (total + int.from_bytes(hashlib.sha256(plain).digest()[:16])) % (1 << 128)
        rows += 1
    return rows, total
