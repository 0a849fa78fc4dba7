"""Table and SQL of recordings and their other sounds: which are made, and who is making what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Float, Index, Integer, Row, Table, Text, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database
from db.types import Moment, metadata

recording = Table(
    "recording",
    metadata,
    Column("key", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("name", Text),
    Column("sha256", Text),
    Column("bytes", BigInteger),
    Column("seconds", Float),
    Column("loudness", Float),
    Column("peak", Float),
    Column("voice", Text),
    Column("note", Text),
    Column("made_at", Moment),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", Moment, nullable=False),
    Column("owner", Text),
    Column("lease_until", Moment),
    Column("master", Text),
    Column("variant_of", Text),
    Column("format", Text),
    Column("lufs", Float),
    Index("recording_sha256", "sha256"),
    Index("recording_variant_of", "variant_of"),
)
"""`loudness` and `peak` are as measured; a variant names the sha256 of the recording it is another sound of."""


async def recordings(connection: AsyncConnection, keys: Sequence[str]) -> dict[str, Row[Any]]:
    """Rows of recordings by key, whatever their state."""
    rows = await connection.execute(select(recording).where(recording.c.key.in_(keys)))
    return {row.key: row for row in rows}


async def recordings_by_sha256(connection: AsyncConnection, sha256s: Collection[str]) -> dict[str, Row[Any]]:
    """Finished recordings (no variants) by the sha256 of their file."""
    query = select(recording).where(
        recording.c.sha256.in_(sha256s), recording.c.state == "made", recording.c.variant_of.is_(None)
    )
    return {row.sha256: row for row in await connection.execute(query)}


async def variants(connection: AsyncConnection, sha256s: Collection[str]) -> list[Row[Any]]:
    """The finished variants of recordings."""
    query = select(recording).where(recording.c.variant_of.in_(sha256s), recording.c.state == "made")
    return list(await connection.execute(query.order_by(recording.c.format, recording.c.lufs)))


async def failing(connection: AsyncConnection) -> tuple[int, str]:
    """How many recordings were tried and could not be made yet, and what was said of the one tried last."""
    tried = (recording.c.state == "wanted") & (recording.c.tries > 0) & recording.c.owner.is_(None)
    count = (await connection.execute(select(func.count()).where(tried))).scalar_one()
    query = select(recording.c.note).where(tried).order_by(recording.c.next_try_at.desc()).limit(1)
    return int(count), str((await connection.execute(query)).scalar() or "")


async def claim_recording(
    database: Database, tx: AsyncConnection, key: str, *, owner: str, now: datetime, lease_until: datetime
) -> bool:
    """Take the making of a recording; False when it is made, taken, or its next try is not due."""
    new = database.insert_if_absent(recording).values(key=key, state="wanted", tries=0, next_try_at=now)
    await tx.execute(new)
    free = or_(recording.c.owner.is_(None), recording.c.lease_until < now)
    take = (
        update(recording)
        .where(recording.c.key == key, recording.c.state == "wanted", recording.c.next_try_at <= now, free)
        .values(owner=owner, lease_until=lease_until, tries=recording.c.tries + 1)
    )
    return bool((await tx.execute(take)).rowcount == 1)


async def add_recording(database: Database, tx: AsyncConnection, key: str, **values: Any) -> None:
    """A recording that is made already; one that is known stays as it is."""
    new = {"key": key, "state": "made", "tries": 1, "next_try_at": values["made_at"], **values}
    await tx.execute(database.insert_if_absent(recording).values(**new))


async def renew_recording(tx: AsyncConnection, key: str, owner: str, lease_until: datetime, **more: Any) -> None:
    """Keep a claim that is still ours; `more`, such as a note, is written with it."""
    mine = (recording.c.key == key) & (recording.c.owner == owner)
    await tx.execute(update(recording).where(mine).values(lease_until=lease_until, **more))


async def save_recording(tx: AsyncConnection, key: str, owner: str, **values: Any) -> bool:
    """Write the outcome of a making; False when the lease was lost."""
    save = update(recording).where(recording.c.key == key, recording.c.owner == owner)
    return bool((await tx.execute(save.values(owner=None, lease_until=None, **values))).rowcount == 1)


async def makers(connection: AsyncConnection) -> list[str]:
    """Whoever holds a claim now."""
    query = select(recording.c.owner).where(recording.c.state == "wanted", recording.c.owner.is_not(None)).distinct()
    return list((await connection.execute(query)).scalars())


async def free_recordings(tx: AsyncConnection, owners: Collection[str]) -> None:
    """Let go of what these held."""
    held = update(recording).where(recording.c.state == "wanted", recording.c.owner.in_(owners))
    await tx.execute(held.values(owner=None, lease_until=None, note=""))
