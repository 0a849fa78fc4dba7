"""Tables and SQL of the second step: sealed secrets, codes that were used, recovery codes that are left."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database
from db.types import Moment, metadata

second_step = Table(
    "second_step",
    metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("secret", Text, nullable=False),
    Column("since", Moment),
    Column("removed_at", Moment),
    Column("removed_by", Text),
)

used_code = Table(
    "used_code",
    metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("person", Text, ForeignKey("person.id"), primary_key=True),
    Column("mark", Text, primary_key=True),
)


async def find(connection: AsyncConnection, person: str) -> Any:
    """The row of somebody's second step: on when it has `since`, else what is still to be told of its removal; or None."""
    return (await connection.execute(select(second_step).where(second_step.c.person == person))).one_or_none()


async def everybody(connection: AsyncConnection) -> dict[str, datetime]:
    """Who has one, by id, and since when."""
    rows = await connection.execute(select(second_step).where(second_step.c.since.is_not(None)))
    return {row.person: row.since for row in rows}


async def put(database: Database, tx: AsyncConnection, person: str, secret: str, since: datetime) -> None:
    """Store a sealed secret as the one that counts."""
    save = database.insert_or_update(second_step, ["person"], "secret", "since", "removed_at", "removed_by")
    row = {"person": person, "secret": secret, "since": since, "removed_at": None, "removed_by": None}
    await tx.execute(save.values(**row))


async def empty(tx: AsyncConnection, person: str) -> None:
    """Forget the secret, the codes that were used and the recovery codes."""
    await forget_codes(tx, person)
    await tx.execute(delete(second_step).where(second_step.c.person == person))


async def mark_removed(tx: AsyncConnection, person: str, at: datetime, by: str) -> None:
    """Forget the secret and every code, but keep who took it off and when, to be told to the person."""
    await forget_codes(tx, person)
    gone = {"secret": "", "since": None, "removed_at": at, "removed_by": by}
    await tx.execute(update(second_step).where(second_step.c.person == person).values(**gone))


async def forget_codes(tx: AsyncConnection, person: str) -> None:
    """Forget which codes were used, and the recovery codes."""
    await tx.execute(delete(used_code).where(used_code.c.person == person))
    await tx.execute(delete(recovery_code).where(recovery_code.c.person == person))


async def use(database: Database, tx: AsyncConnection, person: str, number: int, *, forget: int) -> bool:
    """Note that the code of this period was used, and forget periods before `forget`; False when it was used before."""
    await tx.execute(delete(used_code).where(used_code.c.person == person, used_code.c.number < forget))
    taken = await tx.execute(database.insert_if_absent(used_code).values(person=person, number=number))
    return bool(taken.rowcount == 1)


async def add_recovery_codes(tx: AsyncConnection, person: str, marks: Iterable[str]) -> None:
    """Store recovery codes under their marks instead of those there were."""
    await tx.execute(delete(recovery_code).where(recovery_code.c.person == person))
    await tx.execute(insert(recovery_code), [{"person": person, "mark": mark} for mark in marks])


async def spend(tx: AsyncConnection, person: str, mark: str) -> bool:
    """Use up a recovery code; False when there is none such, or it was used before."""
    mine = (recovery_code.c.person == person) & (recovery_code.c.mark == mark)
    return bool((await tx.execute(delete(recovery_code).where(mine))).rowcount == 1)


async def count_recovery_codes(connection: AsyncConnection, person: str) -> int:
    """How many recovery codes are left."""
    query = select(func.count()).select_from(recovery_code).where(recovery_code.c.person == person)
    return int((await connection.execute(query)).scalar_one())
