"""Table and SQL of what people write to the office; names, addresses and texts are sealed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Index,
    Row,
    Select,
    Table,
    Text,
    UniqueConstraint,
    and_,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences.store import is_person
from channels.feedback.feedback import Feedback, Source, Standing
from channels.seal import Seal
from config.words import NotFound
from content.item import ItemState
from content.store import item
from db.database import Database
from db.types import ByteOrdered, Moment, metadata

feedback = Table(
    "feedback",
    metadata,
    Column("id", Text, primary_key=True),
    Column("unit", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("outlet", Text, nullable=False),
    Column("mark", Text, nullable=False),
    Column("scheme", Text, nullable=False),
    Column("address", ByteOrdered, nullable=False),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("theme", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("answer", Text, nullable=False),
    Column("told_at", Moment),
    Column("closed_at", Moment),
    Column("closed_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("procedure", Text, nullable=False, default=""),
    UniqueConstraint("mark", name="feedback_once"),
    Index("feedback_received", "received_at", "id"),
    Index("feedback_address", "address"),
    Index("feedback_answer", "answer"),
)

GONE = ItemState.WITHDRAWN.value
_STANDING = case(
    (feedback.c.closed_at.is_not(None), Standing.CLOSED.value),
    (item.c.state.is_(None) | (item.c.state == GONE), Standing.OPEN.value),
    (item.c.approved.is_not(None), Standing.ANSWERED.value),
    else_=Standing.ANSWERING.value,
).label("standing")


def _query() -> Select[Any]:
    return select(feedback, _STANDING).outerjoin(item, item.c.id == feedback.c.answer)


def _of(row: Row[Any], seal: Seal) -> Feedback:
    standing = Standing(row.standing)
    return Feedback(
        id=row.id,
        unit=row.unit,
        source=Source(row.source),
        outlet=row.outlet,
        scheme=row.scheme,
        address=seal.open(row.address),
        name=seal.open_text(row.name),
        text=seal.open_text(row.text),
        about=row.about,
        theme=row.theme,
        procedure=row.procedure,
        received_at=row.received_at,
        standing=standing,
        answer="" if standing is Standing.OPEN else row.answer,
        told_at=row.told_at,
        closed_by=row.closed_by,
        reason=row.reason,
    )


async def add(database: Database, tx: AsyncConnection, seal: Seal, new: Feedback, mark: str) -> bool:
    """Keep what somebody wrote; False when it was kept already, by the `mark` that tells it from all others."""
    row = {"id": new.id, "unit": new.unit, "source": new.source.value, "outlet": new.outlet, "mark": mark}
    row |= {"scheme": new.scheme, "address": seal.close(new.scheme, new.address) if new.address else ""}
    row |= {
        "name": seal.close_text(new.name),
        "text": seal.close_text(new.text),
        "about": new.about,
        "procedure": new.procedure,
    }
    empty = {"answer": "", "told_at": None, "closed_at": None, "closed_by": "", "reason": ""}
    kept = row | {"theme": new.theme, "received_at": new.received_at} | empty
    return bool((await tx.execute(database.insert_if_absent(feedback).values(**kept))).rowcount)


async def find(connection: AsyncConnection, seal: Seal, id: str) -> Feedback:
    """The one of that id. Raises NotFound."""
    row = (await connection.execute(_query().where(feedback.c.id == id))).one_or_none()
    if row is None:
        raise NotFound("Không có câu hỏi, góp ý này", "There is no such feedback")
    return _of(row, seal)


async def unit_of(connection: AsyncConnection, id: str) -> str | None:
    """Whose it is; None when there is none of that id."""
    return (await connection.execute(select(feedback.c.unit).where(feedback.c.id == id))).scalar_one_or_none()


async def listed(
    connection: AsyncConnection,
    seal: Seal,
    *,
    units: Collection[str] | None = None,
    standing: Standing | None = None,
    theme: str = "",
    before: tuple[datetime, str] | None = None,
    limit: int = 50,
) -> list[Feedback]:
    """What people wrote to these units (None: to any), the last first; `before` is the (received_at, id) of the last one shown."""
    query = _query().order_by(feedback.c.received_at.desc(), feedback.c.id.desc()).limit(limit)
    query = query.where(*_of_units(units))
    if standing is not None:
        query = query.where(_STANDING.element == standing.value)
    if theme:
        query = query.where(feedback.c.theme == theme)
    if before is not None:
        at, id = before
        earlier = and_(feedback.c.received_at == at, feedback.c.id < id)
        query = query.where(or_(feedback.c.received_at < at, earlier))
    return [_of(row, seal) for row in await connection.execute(query)]


def _of_units(units: Collection[str] | None) -> list[ColumnElement[bool]]:
    return [] if units is None else [feedback.c.unit.in_(sorted(units))]


async def waiting(connection: AsyncConnection, units: Collection[str] | None) -> tuple[int, datetime | None]:
    """How much waits for an answer of these units, and since when the oldest."""
    query = select(func.count(), func.min(feedback.c.received_at)).select_from(feedback)
    query = query.outerjoin(item, item.c.id == feedback.c.answer)
    still = query.where(_STANDING.element == Standing.OPEN.value, *_of_units(units))
    count, oldest = (await connection.execute(still)).one()
    return int(count), oldest


async def counts(
    connection: AsyncConnection, begin: datetime, end: datetime, units: Collection[str] | None
) -> Counter[tuple[Source, str, Standing]]:
    """How much came in from `begin` on and before `end`, by source, theme and what has become of it."""
    by = (feedback.c.source, feedback.c.theme, _STANDING)
    query = select(*by, func.count()).select_from(feedback).outerjoin(item, item.c.id == feedback.c.answer)
    query = query.where(feedback.c.received_at >= begin, feedback.c.received_at < end, *_of_units(units))
    found: Counter[tuple[Source, str, Standing]] = Counter()
    for source, theme, standing, count in await connection.execute(query.group_by(*by)):
        found[Source(source), theme, Standing(standing)] += int(count)
    return found


async def change(tx: AsyncConnection, id: str, **values: Any) -> None:
    """Change columns of one."""
    await tx.execute(update(feedback).where(feedback.c.id == id).values(**values))


async def answered_by(connection: AsyncConnection, seal: Seal, id: str) -> list[Feedback]:
    """What an item answers, the oldest first."""
    query = _query().where(feedback.c.answer == id).order_by(feedback.c.received_at, feedback.c.id)
    return [_of(row, seal) for row in await connection.execute(query)]


async def answers(connection: AsyncConnection) -> frozenset[str]:
    """Items in force that answer somebody."""
    query = select(feedback.c.answer).join(item, item.c.id == feedback.c.answer)
    query = query.where(item.c.state == ItemState.APPROVED.value, feedback.c.closed_at.is_(None)).distinct()
    return frozenset((await connection.execute(query)).scalars())


# --- the rights of a person ----------------------------------------------------------------------------------------------


async def of_person(connection: AsyncConnection, seal: Seal, scheme: str, address: str) -> list[Feedback]:
    """What somebody wrote who said how they are reached."""
    query = _query().where(is_person(feedback, seal, scheme, address)).order_by(feedback.c.received_at)
    return [_of(row, seal) for row in await connection.execute(query)]


async def forget_person(tx: AsyncConnection, seal: Seal, scheme: str, address: str) -> int:
    """Empty what somebody wrote; that there was something, and what became of it, stays. How many."""
    return int((await tx.execute(_emptied().where(is_person(feedback, seal, scheme, address)))).rowcount)


async def forget_old(tx: AsyncConnection, before: datetime) -> int:
    """Empty what was written before a moment. How many."""
    old = (feedback.c.received_at < before) & (feedback.c.text != "")
    return int((await tx.execute(_emptied().where(old))).rowcount)


def _emptied() -> Any:
    return update(feedback).values(address="", name="", text="")
