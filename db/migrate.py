"""Forward-only numbered steps, one transaction each, under a lock."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from db import migrations
from db.database import Database, DatabaseTrouble

LOCK = 20170123
VERSIONS = (
    "CREATE TABLE IF NOT EXISTS schema_version (number BIGINT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (number))"
)


def steps() -> list[tuple[int, str]]:
    """Every step as (number, module name), in order; numbers have no gaps."""
    names = sorted(module.name for module in pkgutil.iter_modules(migrations.__path__))
    return [(int(name[1:5]), name) for name in names]


async def version(database: Database) -> int:
    """The number of the last step taken; 0 for an empty database."""
    async with database.write() as tx:
        await tx.execute(text(VERSIONS))
        return await _version(tx)


async def migrate(database: Database) -> list[str]:
    """Take every step not yet taken; their names. Raises DatabaseTrouble when the database is newer than this Loa."""
    taken: list[str] = []
    known = steps()
    while True:
        async with database.alter() as tx:
            if not database.is_sqlite:
                await tx.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
            await tx.execute(text(VERSIONS))
            at = await _version(tx)
            if at > known[-1][0]:
                raise DatabaseTrouble(
                    f"Cơ sở dữ liệu thuộc bản Loa mới hơn (bước {at}); hãy dùng bản mới",
                    f"The database belongs to a newer Loa (step {at})",
                )
            if at == known[-1][0]:
                return taken
            number, name = known[at]
            await _take(database, tx, number, name)
            taken.append(name)


async def _take(database: Database, tx: AsyncConnection, number: int, name: str) -> None:
    step: Any = importlib.import_module(f"db.migrations.{name}")
    for statement in step.statements(sqlite=database.is_sqlite):
        await tx.exec_driver_sql(statement)
    await tx.execute(text("INSERT INTO schema_version VALUES (:number, :name)"), {"number": number, "name": name})


async def _version(tx: AsyncConnection) -> int:
    return int((await tx.execute(text("SELECT coalesce(max(number), 0) FROM schema_version"))).scalar_one())
