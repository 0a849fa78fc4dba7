"""Table and SQL of reports that were handed in: figures as they were, by whom, when, under which digest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Integer, Row, Table, Text, UniqueConstraint, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database
from db.types import Json, Moment, metadata

report = Table(
    "report",
    metadata,
    Column("id", Text, primary_key=True),
    Column("period", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("figures", Json, nullable=False),
    Column("digest", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("unit", Text, nullable=False, default=""),
    UniqueConstraint("unit", "period", "basis", "version", name="report_version"),
    Index("report_at", "at", "id"),
)


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One version (from 1) of a period's report: who handed it in, when, and of a later version why there is one.

    `unit` is whose it is, with all under it; empty: the whole office's.
    """

    id: str
    period: str
    basis: str
    version: int
    title: str
    digest: str
    person: str
    at: datetime
    reason: str
    unit: str = ""


_ABOUT = [report.c[name] for name in HandedIn.__slots__]


def _one(row: Row[Any]) -> HandedIn:
    return HandedIn(**{name: getattr(row, name) for name in HandedIn.__slots__})


async def versions(connection: AsyncConnection, period: str, basis: str, unit: str = "") -> list[HandedIn]:
    """Every version of a unit's report of a period, the newest first."""
    query = select(*_ABOUT).where(report.c.unit == unit, report.c.period == period, report.c.basis == basis)
    return [_one(row) for row in await connection.execute(query.order_by(report.c.version.desc()))]


async def figures_of(connection: AsyncConnection, id: str) -> dict[str, Any]:
    """The figures of one version as they were stored."""
    found: dict[str, Any] = (await connection.execute(select(report.c.figures).where(report.c.id == id))).scalar_one()
    return found


async def handed_in(
    connection: AsyncConnection,
    *,
    units: Collection[str] | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[HandedIn]:
    """A page of everything that was handed in, by all or by these units, the latest first."""
    query = select(*_ABOUT).order_by(report.c.at.desc(), report.c.id.desc()).limit(limit)
    if units is not None:
        query = query.where(report.c.unit.in_(sorted(units)))
    if after is not None:
        at, id = after
        query = query.where(or_(report.c.at < at, (report.c.at == at) & (report.c.id < id)))
    return [_one(row) for row in await connection.execute(query)]


async def last_version(connection: AsyncConnection, period: str, basis: str) -> int:
    """The number of the newest version; 0 before the first."""
    query = select(func.max(report.c.version)).where(report.c.period == period, report.c.basis == basis)
    return int((await connection.execute(query)).scalar_one() or 0)


async def keep(database: Database, tx: AsyncConnection, new: HandedIn, figures: dict[str, Any]) -> bool:
    """Store a version; False when somebody else has handed in that very one."""
    row = database.insert_if_absent(report).values(**asdict(new), figures=figures)
    return bool((await tx.execute(row)).rowcount)
