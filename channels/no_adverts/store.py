"""The do-not-advertise list of Decree 91/2020 (Article 7) as the office has taken it in, and how many of an audience it leaves out.

Numbers are kept sealed, as those of recipients are, and only compared for being the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Column, PrimaryKeyConstraint, Table, Text, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences.store import reach, recipient
from channels.seal import Seal
from db.database import Database
from db.types import Moment, metadata

no_advert = Table(
    "no_advert",
    metadata,
    Column("address", Text, nullable=False),
    Column("added_at", Moment, nullable=False),
    PrimaryKeyConstraint("address"),
)


async def save_no_adverts(
    database: Database, tx: AsyncConnection, seal: Seal, numbers: Sequence[str], at: datetime, *, whole: bool
) -> int:
    """Telephone numbers that never get advertising join the list, or with `whole` become all of it; how many it then has."""
    if whole:
        await tx.execute(delete(no_advert))
    if numbers:
        rows = [{"address": seal.close("phone", number), "added_at": at} for number in numbers]
        await tx.execute(database.insert_if_absent(no_advert), rows)
    return await count_no_adverts(tx)


async def count_no_adverts(connection: AsyncConnection) -> int:
    """How many numbers are on the list."""
    return int((await connection.execute(select(func.count()).select_from(no_advert))).scalar_one())


async def left_out(connection: AsyncConnection, audience: str, scheme: str) -> tuple[int, int]:
    """How many reachable addresses of an audience are on the list, and how many have no consent on record."""
    mine = await reach(connection, audience) & (recipient.c.scheme == scheme)
    listed = select(func.count()).select_from(recipient).join(no_advert, no_advert.c.address == recipient.c.address)
    without = select(func.count()).select_from(recipient).where(mine, recipient.c.consent == "")
    return (
        int((await connection.execute(listed.where(mine))).scalar_one()),
        int((await connection.execute(without)).scalar_one()),
    )
