"""SQL of quotas: what went out by an outlet day by day, and when what is pending may go."""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, func, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncConnection

from db.types import from_ms
from scheduler.dispatch.tables import attempt, handover, parcel, waiting

UNDER_WAY = timedelta(days=1)
"""Nothing is begun after its parcel's `until`; with a reserve, as whoever cancels sets that to now."""
QUARTER = 15 * 60 * 1000
COUNTED = ("sent", "unsure")
"""Outcomes of tries that a partner took, or may have taken."""


async def used(connection: AsyncConnection, outlet: str, edges: Sequence[datetime]) -> list[int]:
    """How many deliveries the outlet's partner took, or may have taken, between each two moments that follow each other.

    A try of a delivery that was handed over is that outlet's by which it went.
    """
    # the clocks of all zones are apart by whole quarters of an hour: counted by these, the tries come as few rows
    quarter = (type_coerce(attempt.c.at, BigInteger) // QUARTER).label("quarter")
    query = select(quarter, func.count()).select_from(attempt).join(parcel, parcel.c.id == attempt.c.parcel)
    query = query.where(
        parcel.c.until >= edges[0] - UNDER_WAY,
        parcel.c.due_at < edges[-1],
        attempt.c.outcome.in_(COUNTED),
        attempt.c.at >= edges[0],
        attempt.c.at < edges[-1],
    )
    found = [0] * (len(edges) - 1)
    for which in (_never_moved(outlet), _moved(outlet)):
        for begin, number in await connection.execute(query.where(which).group_by(quarter)):
            found[bisect(edges, from_ms(begin * QUARTER)) - 1] += number
    return found


def _never_moved(outlet: str) -> ColumnElement[bool]:
    """Nearly all: parcels of the outlet of which nothing was handed over."""
    return (parcel.c.outlet == outlet) & parcel.c.id.not_in(select(handover.c.parcel))


def _moved(outlet: str) -> ColumnElement[bool]:
    """Tries by the outlet in parcels of which something was handed over, by it or to it."""
    here = (handover.c.parcel == attempt.c.parcel) & (handover.c.seq == attempt.c.seq)
    before = select(handover.c.outlet).where(here, handover.c.n <= attempt.c.n).order_by(handover.c.n.desc()).limit(1)
    first = select(handover.c.was).where(here).order_by(handover.c.n).limit(1)
    carrier = func.coalesce(before.scalar_subquery(), first.scalar_subquery(), parcel.c.outlet)
    return parcel.c.id.in_(select(handover.c.parcel)) & (carrier == outlet)


async def pending(connection: AsyncConnection, outlet: str) -> Counter[datetime]:
    """How many deliveries by the outlet are yet to be sent, by the moment before which they do not go."""
    left = func.sum(parcel.c.size - parcel.c.cursor).label("number")
    untouched = select(parcel.c.due_at, left).where(parcel.c.outlet == outlet, parcel.c.state == "open")
    again = select(waiting.c.due_at, func.count().label("number")).where(
        waiting.c.outlet == outlet, waiting.c.why != "ask"
    )
    found: Counter[datetime] = Counter()
    for query in (untouched.group_by(parcel.c.due_at), again.group_by(waiting.c.due_at)):
        found.update({row.due_at: int(row.number) for row in await connection.execute(query)})
    return found
