"""Table and SQL of delegations: who approves in whose stead, from when to when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Row, Select, Table, Text, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound
from db.types import Moment, metadata
from desk.store import person

GIVING = frozenset({"approver", "administrator"})
"""Who may approve by a role of their own, and so may have another do it."""

delegation = Table(
    "delegation",
    metadata,
    Column("id", Text, primary_key=True),
    Column("giver", Text, ForeignKey("person.id"), nullable=False),
    Column("receiver", Text, ForeignKey("person.id"), nullable=False),
    Column("begins_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("note", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Index("delegation_receiver", "receiver", "ends_at"),
)
_giver, _receiver = person.alias("giver_person"), person.alias("receiver_person")


@dataclass(frozen=True, slots=True)
class Delegation:
    """From `begins_at` on and before `ends_at` the receiver may do what an approver may, in the giver's stead."""

    id: str
    giver: str
    giver_name: str
    receiver: str
    receiver_name: str
    begins_at: datetime
    ends_at: datetime
    note: str
    made_at: datetime

    def stage(self, now: datetime) -> str:
        """`coming`, `running` or `over`."""
        return "over" if now >= self.ends_at else "running" if now >= self.begins_at else "coming"


def _query() -> Select[Any]:
    names = _giver.c.name.label("giver_name"), _receiver.c.name.label("receiver_name")
    joined = delegation.join(_giver, _giver.c.id == delegation.c.giver)
    joined = joined.join(_receiver, _receiver.c.id == delegation.c.receiver)
    return select(delegation, *names, _giver.c.roles.label("giver_roles")).select_from(joined)


def _of(row: Row[Any]) -> Delegation:
    who = (row.giver, row.giver_name, row.receiver, row.receiver_name)
    return Delegation(row.id, *who, row.begins_at, row.ends_at, row.note, row.made_at)


async def add(tx: AsyncConnection, one: Delegation) -> None:
    """Store a new one."""
    kept = ("id", "giver", "receiver", "begins_at", "ends_at", "note", "made_at")
    await tx.execute(insert(delegation).values({name: getattr(one, name) for name in kept}))


async def find(connection: AsyncConnection, id: str) -> Delegation:
    """The one of that id. Raises NotFound."""
    row = (await connection.execute(_query().where(delegation.c.id == id))).one_or_none()
    if row is None:
        raise NotFound("Không có lần ủy quyền này", "There is no such delegation")
    return _of(row)


async def list_all(connection: AsyncConnection, who: str = "", limit: int = 100) -> Sequence[Delegation]:
    """The last ones, of everybody or those that somebody gave or was given."""
    query = _query().order_by(delegation.c.begins_at.desc(), delegation.c.id).limit(limit)
    if who:
        query = query.where(or_(delegation.c.giver == who, delegation.c.receiver == who))
    return [_of(row) for row in await connection.execute(query)]


async def overlapping(connection: AsyncConnection, giver: str, begin: datetime, end: datetime) -> Delegation | None:
    """What somebody has given for a time that has a moment in common with this one."""
    mine = (delegation.c.giver == giver) & (delegation.c.begins_at < end) & (delegation.c.ends_at > begin)
    row = (await connection.execute(_query().where(mine).limit(1))).one_or_none()
    return _of(row) if row is not None else None


async def instead_of(connection: AsyncConnection, receiver: str, now: datetime, giving: frozenset[str]) -> str:
    """In whose stead somebody may approve now, by name: only of a person who works here for the same unit, with a `giving` role."""
    running = (delegation.c.receiver == receiver) & (delegation.c.begins_at <= now) & (delegation.c.ends_at > now)
    same = (_giver.c.disabled_at.is_(None)) & (_giver.c.unit == _receiver.c.unit)
    query = _query().where(running, same).order_by(delegation.c.begins_at)
    rows = await connection.execute(query)
    return next((str(row.giver_name) for row in rows if giving & set(row.giver_roles)), "")


async def end(tx: AsyncConnection, id: str, at: datetime) -> bool:
    """Let it be over at that moment; False when it was over before. One that has not begun never begins."""
    open_still = (delegation.c.id == id) & (delegation.c.ends_at > at)
    return bool((await tx.execute(update(delegation).where(open_still).values(ends_at=at))).rowcount)
