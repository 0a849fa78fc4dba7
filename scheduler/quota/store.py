"""SQL of quotas: what went out by an outlet day by day, and when what is pending may go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.dispatch.tables import attempt, handover, parcel, waiting

LONGEST_WAIT = timedelta(days=40)
"""So long after its parcel is due a delivery is tried at most (`Channel.retry_for`), with a reserve."""
COUNTED = ("sent", "unsure")
"""Outcomes of tries that a partner took, or may have taken."""


async def used(connection: AsyncConnection, outlet: str, edges: Sequence[datetime]) -> list[int]:
    """How many deliveries the outlet's partner took, or may have taken, between each two moments that follow each other.

    A try of a delivery that was handed over is that outlet's by which it went.
    """
    mine = or_(parcel.c.outlet == outlet, parcel.c.id.in_(select(handover.c.parcel).where(handover.c.outlet == outlet)))
    lately = and_(parcel.c.due_at >= edges[0] - LONGEST_WAIT, parcel.c.due_at < edges[-1])
    here = (handover.c.parcel == attempt.c.parcel) & (handover.c.seq == attempt.c.seq)
    last = (
        select(handover.c.outlet)
        .where(here, handover.c.n <= attempt.c.n)
        .order_by(handover.c.n.desc())
        .limit(1)
        .scalar_subquery()
    )
    first = select(handover.c.was).where(here).order_by(handover.c.n).limit(1).scalar_subquery()
    place = case(*((attempt.c.at < edge, number) for number, edge in enumerate(edges[1:])))
    query = (
        select(place.label("place"), func.count().label("number"))
        .select_from(attempt)
        .join(parcel, parcel.c.id == attempt.c.parcel)
        .where(mine, lately, attempt.c.outcome.in_(COUNTED), attempt.c.at >= edges[0], attempt.c.at < edges[-1])
        .where(func.coalesce(last, first, parcel.c.outlet) == outlet)
        .group_by(place)
    )
    found = {row.place: int(row.number) for row in await connection.execute(query)}
    return [found.get(number, 0) for number in range(len(edges) - 1)]


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
