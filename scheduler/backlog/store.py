"""What is still to be done, outlet by outlet: cheap to ask every few seconds, however much has been done before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.store import outlet
from scheduler.delivery import LETTER, State
from scheduler.dispatch.tables import parcel, waiting

LATE = timedelta(minutes=1)
Narrow = Callable[[Select[Any]], Select[Any]]


def _count_of(state: State) -> ColumnElement[int]:
    """How many deliveries of the parcels asked for are in a state."""
    letters = parcel.c.letters
    return func.sum(func.length(letters) - func.length(func.replace(letters, LETTER[state], "")))


@dataclass(slots=True)
class Backlog:
    """What an outlet has not done with: deliveries without an outcome, and when the first of its leases ends.

    Of those yet to be sent: how many are due, how many `late` (a minute or more), and since when the oldest is due.
    """

    pending: int = 0
    sending: int = 0
    unsure: int = 0
    due: int = 0
    late: int = 0
    oldest_due_at: datetime | None = None
    lease_until: datetime | None = None


async def backlog(connection: AsyncConnection, now: datetime, narrow: Narrow | None = None) -> dict[str, Backlog]:
    """Every outlet's, by name. Looks only at parcels that are not done: what was sent long ago costs nothing.

    `narrow` adds conditions on parcels to a query that has them.
    """
    found = {name: Backlog() for name in (await connection.execute(select(outlet.c.name))).scalars()}
    for row in await connection.execute(_asked(open_parcels(now), narrow)):
        found[row.name] = Backlog(*row[1:])
    for row in await connection.execute(_asked(_due_again(now, parcels=narrow is not None), narrow)):
        one = found[row.name]
        one.due, one.late = one.due + row.due, one.late + row.late
        one.oldest_due_at = _first(one.oldest_due_at, row.oldest)
    for row in await connection.execute(_leases_of_waits()):
        found[row.name].lease_until = _first(found[row.name].lease_until, row.until)
    return found


def _asked(query: Select[Any], narrow: Narrow | None) -> Select[Any]:
    return query if narrow is None else narrow(query)


def open_parcels(now: datetime) -> Select[Any]:
    """In the columns of Backlog. The state is asked for outlet by outlet: so the index of whose turn it is finds them."""
    left = parcel.c.size - parcel.c.cursor
    due = (parcel.c.state == "open") & (parcel.c.due_at <= now)
    columns = [
        *(_count_of(state) for state in (State.PENDING, State.SENDING, State.UNSURE)),
        func.sum(case((due, left), else_=0)),
        func.sum(case((due & (parcel.c.due_at < now - LATE), left), else_=0)),
        func.min(case((due, parcel.c.due_at))),
        func.min(case((parcel.c.owner.is_not(None), parcel.c.lease_until))),
    ]
    query = select(outlet.c.name, *columns).join(parcel, parcel.c.outlet == outlet.c.name)
    return query.where(parcel.c.state.in_(("open", "sent_out"))).group_by(outlet.c.name)


def _due_again(now: datetime, *, parcels: bool) -> Select[Any]:
    late = func.sum(case((waiting.c.due_at < now - LATE, 1), else_=0)).label("late")
    columns = (func.count().label("due"), late, func.min(waiting.c.due_at).label("oldest"))
    query = select(outlet.c.name, *columns).join(waiting, waiting.c.outlet == outlet.c.name)
    if parcels:
        query = query.join(parcel, parcel.c.id == waiting.c.parcel)
    due = (waiting.c.owner.is_(None), waiting.c.due_at <= now, waiting.c.why != "ask")
    return query.where(*due).group_by(outlet.c.name)


def _leases_of_waits() -> Select[Any]:
    query = select(outlet.c.name, func.min(waiting.c.lease_until).label("until"))
    query = query.join(waiting, waiting.c.outlet == outlet.c.name).where(waiting.c.owner.is_not(None))
    return query.group_by(outlet.c.name)


def _first(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)
