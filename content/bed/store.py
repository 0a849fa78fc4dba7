"""Table and SQL of the music that the office has chosen to lie under its programmes; one row, or none."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Column, Table, Text, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db.types import Moment, metadata

bed = Table(
    "bed",
    metadata,
    Column("master", Text, primary_key=True),
    Column("file", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", Moment, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Bed:
    """The music: the name of its master (`Studio.take_bed`), what the file was called, who brought it and when."""

    master: str
    file: str
    person: str
    at: datetime


async def find_bed(connection: AsyncConnection) -> Bed | None:
    """The music of now."""
    row = (await connection.execute(select(bed))).one_or_none()
    return None if row is None else Bed(row.master, row.file, row.person, row.at)


async def choose_bed(tx: AsyncConnection, chosen: Bed) -> None:
    """Let this be the music from now on."""
    await tx.execute(delete(bed))
    await tx.execute(insert(bed).values(**asdict(chosen)))


async def drop_bed(tx: AsyncConnection) -> bool:
    """No music any more; whether there was some."""
    return bool((await tx.execute(delete(bed))).rowcount)
