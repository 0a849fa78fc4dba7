"""Tables and SQL of what a class gives: materials that are handed out, and certificates."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, Index, Integer, Table, Text, UniqueConstraint, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db.types import Moment, metadata

training_material = Table(
    "training_material",
    metadata,
    Column("id", Text, primary_key=True),
    Column("klass", Text, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("title", "link", "item", "media", "body", "made_by")),
    Column("at", Moment, nullable=False),
    Index("training_material_class", "klass"),
)
training_certificate = Table(
    "training_certificate",
    metadata,
    Column("id", Text, primary_key=True),
    Column("klass", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("code", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("klass", "person", name="training_certificate_once"),
    UniqueConstraint("year", "number", name="training_certificate_number"),
    UniqueConstraint("code", name="training_certificate_code"),
)


class Material(NamedTuple):
    """What is handed out: a `link`, an `item` by id, or a file of this `media`."""

    id: str
    klass: str
    title: str
    link: str
    item: str
    media: str


class Certificate(NamedTuple):
    """One that was given: `number` of the `year`, and the `code` by which it is checked."""

    id: str
    klass: str
    person: str
    year: int
    number: int
    code: str
    at: datetime


# --- materials -----------------------------------------------------------------------------------------------------------


async def add_material(tx: AsyncConnection, new: Material, body: str, by: str, at: datetime) -> None:
    """Keep something that is handed out; `body` is a file in base64."""
    row = {**new._asdict(), "body": body, "made_by": by, "at": at}
    await tx.execute(insert(training_material).values(row))


async def materials(connection: AsyncConnection, klass: str) -> list[Material]:
    """What is handed out in a class, without the files themselves."""
    kept = training_material.c
    query = select(kept.id, kept.klass, kept.title, kept.link, kept.item, kept.media)
    return [
        Material(*row) for row in await connection.execute(query.where(kept.klass == klass).order_by(kept.at, kept.id))
    ]


async def body_of(connection: AsyncConnection, id: str) -> str:
    """A file in base64."""
    query = select(training_material.c.body).where(training_material.c.id == id)
    return (await connection.execute(query)).scalar_one_or_none() or ""


async def drop_material(tx: AsyncConnection, klass: str, id: str) -> bool:
    """Whether it was there until now."""
    kept = training_material.c
    return bool((await tx.execute(delete(training_material).where(kept.klass == klass, kept.id == id))).rowcount)


# --- certificates --------------------------------------------------------------------------------------------------------


async def last_number(tx: AsyncConnection, year: int) -> int:
    """The highest number of a year; 0 while there is none."""
    query = select(func.max(training_certificate.c.number)).where(training_certificate.c.year == year)
    return (await tx.execute(query)).scalar_one() or 0


async def add_certificate(tx: AsyncConnection, new: Certificate, by: str) -> None:
    """Keep one that was given."""
    await tx.execute(insert(training_certificate).values({**new._asdict(), "made_by": by}))


async def certificates(connection: AsyncConnection, klass: str) -> dict[str, Certificate]:
    """Those of a class by person."""
    query = _certificates().where(training_certificate.c.klass == klass).order_by(training_certificate.c.number)
    return {row.person: Certificate(*row) for row in await connection.execute(query)}


async def by_code(connection: AsyncConnection, code: str) -> Certificate | None:
    """The one with this code."""
    row = (await connection.execute(_certificates().where(training_certificate.c.code == code))).first()
    return Certificate(*row) if row is not None else None


def _certificates() -> Any:
    return select(*(training_certificate.c[name] for name in ("id", "klass", "person", "year", "number", "code", "at")))
