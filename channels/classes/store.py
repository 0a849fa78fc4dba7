"""Tables and SQL of training classes and their sessions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Integer, Row, Table, Text, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.classes.training import Session, TrainingClass
from config.words import NotFound
from content.bulletin import Purpose
from db.database import Database
from db.types import Json, Moment, metadata

training_class = Table(
    "training_class",
    metadata,
    Column("id", Text, primary_key=True),
    *(Column(name, Text, nullable=False) for name in ("unit", "title", "theme", "about", "purpose", "audience")),
    Column("outlets", Json, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("needed", Integer, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("invitation", Text, nullable=False),
    Column("list", Text, nullable=False),
    Column("invited_at", Moment),
    Column("cancelled_at", Moment),
    Index("training_class_made", "made_at", "id"),
    Index("training_class_invitation", "invitation"),
)
training_session = Table(
    "training_session",
    metadata,
    Column("id", Text, primary_key=True),
    Column("klass", Text, nullable=False),
    Column("begins_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("place", Text, nullable=False),
    Column("lecturer", Text, nullable=False),
    Column("reminder", Text, nullable=False),
    Column("reminded_at", Moment),
    Index("training_session_class", "klass"),
    Index("training_session_reminder", "reminder"),
    Index("training_session_begins", "begins_at"),
)


async def add(tx: AsyncConnection, new: TrainingClass) -> None:
    """Keep a new class with its sessions."""
    names = (column.name for column in training_class.c)
    row = {name: getattr(new, name) for name in names} | {"purpose": new.purpose.value, "outlets": list(new.outlets)}
    await tx.execute(insert(training_class).values(**row))
    for one in new.sessions:
        await add_session(tx, one)


async def add_session(tx: AsyncConnection, new: Session) -> None:
    """Keep a new session."""
    names = ("id", "klass", "begins_at", "ends_at", "place", "lecturer", "reminder")
    await tx.execute(insert(training_session).values({name: getattr(new, name) for name in names}))


async def change(tx: AsyncConnection, id: str, **values: Any) -> None:
    """Change columns of a class."""
    await tx.execute(update(training_class).where(training_class.c.id == id).values(**values))


async def change_session(tx: AsyncConnection, id: str, **values: Any) -> None:
    """Change columns of a session."""
    await tx.execute(update(training_session).where(training_session.c.id == id).values(**values))


async def remind(tx: AsyncConnection, id: str, at: datetime) -> bool:
    """Note that people are reminded of a session; False when they were before."""
    mine = (training_session.c.id == id) & training_session.c.reminded_at.is_(None)
    return bool((await tx.execute(update(training_session).where(mine).values(reminded_at=at))).rowcount)


async def drop_session(tx: AsyncConnection, id: str) -> None:
    """A session that will not be."""
    await tx.execute(delete(training_session).where(training_session.c.id == id))


async def find(connection: AsyncConnection, id: str) -> TrainingClass:
    """The class of that id. Raises NotFound."""
    row = (await connection.execute(select(training_class).where(training_class.c.id == id))).one_or_none()
    if row is None:
        raise NotFound("Không có lớp tập huấn này", "There is no such class")
    [found] = await _with_sessions(connection, [row])
    return found


async def hold(database: Database, tx: AsyncConnection, id: str) -> TrainingClass:
    """The same, with its row held until the transaction ends: two answers at once do not take the last place twice."""
    await tx.execute(database.locked(select(training_class.c.id).where(training_class.c.id == id)))
    return await find(tx, id)


async def unit_of(connection: AsyncConnection, id: str) -> str | None:
    """Whose it is; None when there is none."""
    query = select(training_class.c.unit).where(training_class.c.id == id)
    return (await connection.execute(query)).scalar_one_or_none()


async def listed(
    connection: AsyncConnection,
    *,
    units: Collection[str] | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[TrainingClass]:
    """Classes of these units (None: of any), the last made first; `before` is the (made_at, id) of the last one shown."""
    kept = training_class.c
    query = select(training_class).order_by(kept.made_at.desc(), kept.id.desc()).limit(limit)
    if units is not None:
        query = query.where(kept.unit.in_(sorted(units)))
    if before is not None:
        at, id = before
        query = query.where(or_(kept.made_at < at, and_(kept.made_at == at, kept.id < id)))
    return await _with_sessions(connection, list(await connection.execute(query)))


async def beginning(
    connection: AsyncConnection, begin: datetime, end: datetime, units: Collection[str] | None = None
) -> list[TrainingClass]:
    """Classes of these units, not called off, of which a session begins between two moments; the oldest first."""
    soon = select(training_session.c.klass).where(training_session.c.begins_at.between(begin, end))
    kept = training_class.c
    query = select(training_class).where(kept.cancelled_at.is_(None), kept.id.in_(soon)).order_by(kept.id)
    if units is not None:
        query = query.where(kept.unit.in_(sorted(units)))
    return await _with_sessions(connection, list(await connection.execute(query)))


async def by_invitation(connection: AsyncConnection, item: str) -> TrainingClass | None:
    """The class that an item invites to."""
    row = (await connection.execute(select(training_class).where(training_class.c.invitation == item))).first()
    return (await _with_sessions(connection, [row]))[0] if row is not None else None


async def by_reminder(connection: AsyncConnection, item: str) -> tuple[TrainingClass, Session] | None:
    """The class and the session that an item reminds of."""
    kept = training_session.c
    row = (await connection.execute(select(kept.id, kept.klass).where(kept.reminder == item))).first()
    if row is None:
        return None
    course = await find(connection, row.klass)
    return course, next(one for one in course.sessions if one.id == row.id)


async def by_session(connection: AsyncConnection, id: str) -> tuple[TrainingClass, Session]:
    """A session and its class. Raises NotFound."""
    query = select(training_session.c.klass).where(training_session.c.id == id)
    klass = (await connection.execute(query)).scalar_one_or_none()
    if klass is None:
        raise NotFound("Không có buổi học này", "There is no such session")
    course = await find(connection, klass)
    return course, next(one for one in course.sessions if one.id == id)


async def _with_sessions(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[TrainingClass]:
    kept = training_session.c
    query = select(training_session).where(kept.klass.in_([row.id for row in rows]))
    of: defaultdict[str, list[Session]] = defaultdict(list)
    for each in await connection.execute(query.order_by(kept.begins_at, kept.id)):
        told = (each.begins_at, each.ends_at, each.place, each.lecturer, each.reminder)
        of[each.klass].append(Session(each.id, each.klass, *told))
    return [_class(row, of[row.id]) for row in rows]


def _class(row: Row[Any], sessions: Sequence[Session]) -> TrainingClass:
    plain = {column.name: getattr(row, column.name) for column in training_class.c}
    typed = {"purpose": Purpose(row.purpose), "outlets": tuple(row.outlets), "sessions": tuple(sessions)}
    return TrainingClass(**{**plain, **typed})
