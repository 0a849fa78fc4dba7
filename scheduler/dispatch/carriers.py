"""Who carries what: a delivery belongs to its parcel's outlet until it is handed over to that one's fallback.

What was never tried is handed over by the parcel (`seq` is -1 then, and the parcel's outlet is the new one), anything else
one by one: from the try `n` on, the tries of that delivery are the other outlet's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, ScalarSelect, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database
from scheduler.dispatch.tables import attempt, handover

WHOLE = -1


@dataclass(frozen=True, slots=True)
class Handover:
    """A delivery (or a whole parcel) went from one outlet to another; its tries from `n` on are the other's."""

    parcel: int
    seq: int
    n: int
    outlet: str
    was: str
    at: datetime


async def hand_over(database: Database, tx: AsyncConnection, new: Sequence[Handover]) -> None:
    """Note handovers; one that is handed on before it was tried has the newer carrier only."""
    if new:
        save = database.insert_or_update(handover, ["parcel", "seq", "n"], "outlet", "at")
        values = [
            {"parcel": one.parcel, "seq": one.seq, "n": one.n, "outlet": one.outlet, "was": one.was, "at": one.at}
            for one in new
        ]
        await tx.execute(save, values)


async def handovers(connection: AsyncConnection, parcels: Sequence[int]) -> dict[int, list[Handover]]:
    """Of each parcel that has any, in the order of its deliveries' tries."""
    query = select(handover).where(handover.c.parcel.in_(parcels))
    found: defaultdict[int, list[Handover]] = defaultdict(list)
    for row in await connection.execute(query.order_by(handover.c.parcel, handover.c.seq, handover.c.n)):
        found[row.parcel].append(Handover(*row))
    return dict(found)


async def carriers(connection: AsyncConnection, row: Row[Any]) -> dict[int, str]:
    """The carriers of those of a parcel's deliveries that its outlet does not carry, by place."""
    known = (await handovers(connection, [row.id])).get(row.id, ())
    return {one.seq: one.outlet for one in known if one.seq != WHOLE}


async def carriers_of(connection: AsyncConnection, parcels: Collection[int]) -> dict[tuple[int, int], set[str]]:
    """Every outlet that deliveries of these parcels were handed over to, by parcel and place."""
    found: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    if parcels:
        query = select(handover.c.parcel, handover.c.seq, handover.c.outlet).where(handover.c.parcel.in_(parcels))
        for row in await connection.execute(query):
            found[row.parcel, row.seq].add(row.outlet)
    return dict(found)


def last_carrier() -> ScalarSelect[str]:
    """Of an attempt's delivery, the outlet it was last handed over to; NULL when it never was."""
    mine = and_(handover.c.parcel == attempt.c.parcel, handover.c.seq == attempt.c.seq)
    return select(handover.c.outlet).where(mine).order_by(handover.c.n.desc()).limit(1).scalar_subquery()
