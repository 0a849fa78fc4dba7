"""What a database says of itself: settings that break the promise, its size, and what holds its log back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, text

from db.database import Database

SETTINGS = ("fsync", "full_page_writes", "synchronous_commit", "synchronous_standby_names")


@dataclass(frozen=True, slots=True)
class Checkup:
    """Sizes in bytes. `place` is SQLite's directory; the rest is PostgreSQL's.

    `held` is what each replication slot that nobody reads keeps in the write-ahead log.
    """

    size: int
    log: int = 0
    place: Path | None = None
    hosts: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)


async def checkup(database: Database) -> Checkup:
    """Ask it."""
    if database.is_sqlite:
        return _of_file(Path(database.url.database or ""))
    asked = ", ".join(f"'{name}'" for name in SETTINGS)
    slots = (
        "SELECT slot_name, CAST(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) AS BIGINT) AS held"
        " FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL"
    )
    async with database.read() as connection:
        size = (await connection.execute(text("SELECT pg_database_size(current_database())"))).scalar_one()
        rows = await connection.execute(text(f"SELECT name, setting FROM pg_settings WHERE name IN ({asked})"))  # noqa: S608
        settings = {row.name: row.setting for row in rows}
        held = {row.slot_name: row.held for row in await connection.execute(text(slots))}
    return Checkup(size, hosts=hosts_of(database.url), settings=settings, held=held)


def hosts_of(url: URL) -> int:
    """How many servers an address names."""
    hosts = url.query.get("host", "")
    return 1 if isinstance(hosts, str) else len(hosts)


def _of_file(file: Path) -> Checkup:
    log = file.with_name(f"{file.name}-wal")
    return Checkup(file.stat().st_size, log.stat().st_size if log.exists() else 0, file.parent)
