"""What rules keep from going, and whom messages were meant for: kept, and forgotten when no rule asks any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database
from scheduler.dispatch.tables import contact, held

ALL_LEFT = -1
"""In the place of a delivery: all that was left of its parcel."""


async def hold(
    database: Database,
    tx: AsyncConnection,
    parcel_id: int,
    counts: Mapping[int, int],
    rule: str,
    why: str,
    at: datetime,
) -> None:
    """Note which rule keeps deliveries (or ALL_LEFT) from going; for each, how many it keeps for good: none of what only waits."""
    note = {"parcel": parcel_id, "rule": rule, "at": at, "detail": why}
    rows = [{**note, "seq": seq, "number": count} for seq, count in counts.items()]
    if rows:
        await tx.execute(database.insert_or_update(held, ["parcel", "seq"], "rule", "at", "detail", "number"), rows)


async def prune_contacts(tx: AsyncConnection, before: datetime) -> int:
    """Forget whom messages were meant for so long ago that no rule asks any more."""
    return int((await tx.execute(delete(contact).where(contact.c.at < before))).rowcount)
