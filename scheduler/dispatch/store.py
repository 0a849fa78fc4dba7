"""The SQL of parcels, the waiting list, attempts and receipts, but for the planner's (`plan.py`) and the loop's own (`turn.py`)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Row,
    Select,
    bindparam,
    case,
    delete,
    func,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound
from db.database import Database
from db.types import from_ms, to_ms
from scheduler.delivery import LETTER, UNSETTLED, Attempt, OccurrenceState, State, count, moved
from scheduler.dispatch.tables import attempt, parcel, waiting
from scheduler.store import occurrence

SECOND_CHANCE = timedelta(hours=24)
"""How long a delivery is tried that a person sent on its way again."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who holds work until when. `owner` names machine, process and incarnation."""

    owner: str
    now: datetime
    lease_until: datetime


async def busy_outlets(connection: AsyncConnection, now: datetime) -> list[str]:
    """Outlets that have something due and unclaimed."""
    due = text(
        "SELECT name FROM outlet WHERE EXISTS (SELECT 1 FROM parcel WHERE parcel.outlet = outlet.name"
        " AND state = 'open' AND owner IS NULL AND due_at <= :now)"
        " OR EXISTS (SELECT 1 FROM waiting WHERE waiting.outlet = outlet.name AND owner IS NULL AND due_at <= :now)"
    )
    return list((await connection.execute(due, {"now": to_ms(now)})).scalars())


async def next_work(connection: AsyncConnection) -> datetime | None:
    """The earliest moment at which unclaimed work becomes due."""
    due = text(
        "SELECT min(due_at) FROM parcel WHERE state = 'open' UNION ALL SELECT min("
        "(SELECT min(due_at) FROM waiting WHERE waiting.outlet = outlet.name AND owner IS NULL)) FROM outlet"
    )
    moments = (await connection.execute(due)).scalars()
    return min((from_ms(moment) for moment in moments if moment is not None), default=None)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One delivery to look at again: `why` is `retry`, `doubt` or `ask` (see Job); `tries` were made; `crashes` it was in hand at."""

    parcel: int
    seq: int
    tries: int
    why: str
    crashes: int = 0


async def renew(tx: AsyncConnection, claim: Claim) -> None:
    """Lengthen the lease of everything this process holds."""
    for table in (parcel, waiting):
        mine = update(table).where(table.c.owner == claim.owner)
        await tx.execute(mine.values(lease_until=claim.lease_until))


async def parcel_row(database: Database, tx: AsyncConnection, id: int) -> Row[Any]:
    """A parcel's row, held until the transaction ends. Raises NotFound."""
    row: Row[Any] | None = (await tx.execute(database.locked(select(parcel).where(parcel.c.id == id)))).one_or_none()
    if row is None:
        raise NotFound("Không có lượt gửi này", "There is no such delivery")
    return row


async def parcel_by_id(connection: AsyncConnection, id: int) -> Row[Any]:
    """A parcel's row as it is now. Raises NotFound."""
    row = (await connection.execute(select(parcel).where(parcel.c.id == id))).one_or_none()
    if row is None:
        raise NotFound("Không có lượt gửi này", "There is no such delivery")
    return row


async def settle(
    database: Database,
    tx: AsyncConnection,
    id: int,
    changes: Mapping[int, State],
    *,
    epoch: int | None = None,
    **columns: Any,
) -> Row[Any] | None:
    """Make the allowed moves on a parcel's letters; its row as it was before, or None when `epoch` says the claim is lost."""
    row = await parcel_row(database, tx, id)
    if epoch is not None and row.epoch != epoch:
        return None
    letters = moved(row.letters, changes)
    state = row.state
    cursor = columns.get("cursor", row.cursor)
    if cursor >= row.size:
        state = "sent_out" if UNSETTLED & set(letters) else "done"
    await change_parcel(tx, id, **{"letters": letters, "state": state, **columns})
    return row


async def change_parcel(tx: AsyncConnection, id: int, **values: Any) -> None:
    """Change columns of a parcel whose row is held."""
    await tx.execute(update(parcel).where(parcel.c.id == id).values(**values))


async def stop(database: Database, tx: AsyncConnection, occurrence_id: str, now: datetime) -> Counter[State]:
    """Cancel what of an occurrence has not left, and let nothing of it be tried again; how many are then in which state.

    What waits for a repeat because an answer was lost becomes unsure: it may have gone.
    """
    mine = select(parcel.c.id).where(parcel.c.occurrence == occurrence_id)
    await tx.execute(database.locked(mine.order_by(parcel.c.id)))
    for id, seqs in (await _in_doubt(tx, mine)).items():
        await settle(database, tx, id, dict.fromkeys(seqs, State.UNSURE))
    under_way = or_(parcel.c.letters.contains(LETTER[State.SENDING]), parcel.c.letters.contains(LETTER[State.UNSURE]))
    stopped = {
        "letters": func.replace(parcel.c.letters, LETTER[State.PENDING], LETTER[State.CANCELLED]),
        "cursor": parcel.c.size,
        "until": now,
        "state": case((under_way, "sent_out"), else_="done"),
    }
    await tx.execute(update(parcel).where(parcel.c.occurrence == occurrence_id).values(**stopped))
    over = select(waiting.c.parcel, waiting.c.seq).where(
        waiting.c.parcel.in_(mine), waiting.c.why != "ask", _letter != LETTER[State.SENDING]
    )
    # A lane that is just taking one of them finds it cancelled.
    places = tuple_(waiting.c.parcel, waiting.c.seq)
    await tx.execute(delete(waiting).where(places.in_(database.locked(over, skip=True))))
    left = await tx.execute(select(parcel.c.letters).where(parcel.c.occurrence == occurrence_id))
    return sum((count(letters) for letters in left.scalars()), Counter[State]())


async def _in_doubt(connection: AsyncConnection, parcels: Select[Any]) -> dict[int, list[int]]:
    """What waits for a repeat of a try that may have got there, by parcel."""
    query = select(waiting.c.parcel, waiting.c.seq).where(
        waiting.c.parcel.in_(parcels), waiting.c.why == "doubt", _letter == LETTER[State.PENDING]
    )
    found: defaultdict[int, list[int]] = defaultdict(list)
    for id, seq in await connection.execute(query):
        found[id].append(seq)
    return found


_letter = (
    select(func.substr(parcel.c.letters, waiting.c.seq + 1, 1)).where(parcel.c.id == waiting.c.parcel).scalar_subquery()
)


async def close_occurrences(tx: AsyncConnection) -> list[str]:
    """Close every open occurrence whose deliveries all have an outcome, and whose others are not to come yet; their ids."""
    unsettled = select(parcel.c.id).where(parcel.c.occurrence == occurrence.c.id, parcel.c.state != "done")
    closing = (
        update(occurrence)
        .where(occurrence.c.state == OccurrenceState.OPEN.value, occurrence.c.early == 0, ~unsettled.exists())
        .values(state=OccurrenceState.DONE.value)
        .returning(occurrence.c.id)
    )
    return list((await tx.execute(closing)).scalars())


async def add_attempts(tx: AsyncConnection, attempts: Sequence[Attempt]) -> None:
    """Append tries; a row is never changed but by `erase_recipients`."""
    if not attempts:
        return
    append = text(
        "INSERT INTO attempt (parcel, seq, n, at, ms, outcome, reason, reference, detail)"
        " VALUES (:parcel, :seq, :n, :at, :ms, :outcome, :reason, :reference, :detail)"
    )
    rows = [
        {
            "parcel": one.parcel,
            "seq": one.seq,
            "n": one.n,
            "at": to_ms(one.at),
            "ms": one.ms,
            "outcome": one.outcome,
            "reason": one.reason,
            "reference": one.reference,
            "detail": one.detail,
        }
        for one in attempts
    ]
    await tx.execute(append, rows)


async def tries_of(connection: AsyncConnection, parcel_id: int, seqs: Sequence[int]) -> dict[int, int]:
    """How many tries each delivery has had."""
    query = (
        select(attempt.c.seq, func.max(attempt.c.n).label("n"))
        .where(attempt.c.parcel == parcel_id, attempt.c.seq.in_(seqs))
        .group_by(attempt.c.seq)
    )
    return {row.seq: row.n for row in await connection.execute(query)}


async def reference_of(connection: AsyncConnection, parcel_id: int, seq: int) -> str:
    """The partner's own id of a delivery, from its last try that has one."""
    query = select(attempt.c.reference).where(
        attempt.c.parcel == parcel_id, attempt.c.seq == seq, attempt.c.reference != ""
    )
    return (await connection.execute(query.order_by(attempt.c.n.desc()).limit(1))).scalar_one_or_none() or ""


async def wait_again(
    database: Database, tx: AsyncConnection, outlet: str, rank: int, again: Sequence[tuple[Waiting, datetime]]
) -> None:
    """Put deliveries down for another look at a moment each."""
    if not again:
        return
    save = database.insert_or_update(
        waiting, ["parcel", "seq"], "due_at", "tries", "why", "crashes", "owner", "lease_until"
    )
    rows = [
        {
            "parcel": one.parcel,
            "seq": one.seq,
            "outlet": outlet,
            "rank": rank,
            "due_at": due_at,
            "tries": one.tries,
            "why": one.why,
            "crashes": one.crashes,
            "owner": None,
            "lease_until": None,
        }
        for one, due_at in again
    ]
    await tx.execute(save, rows)


async def wait_no_more(tx: AsyncConnection, done: Sequence[tuple[int, int]], *, held: bool = True) -> None:
    """Take settled deliveries off the waiting list; those that a lane has in hand too, or it does when it sees them settled."""
    if done:
        one = delete(waiting).where(waiting.c.parcel == bindparam("p"), waiting.c.seq == bindparam("s"))
        if not held:
            one = one.where(waiting.c.owner.is_(None))
        await tx.execute(one, [{"p": parcel_id, "s": seq} for parcel_id, seq in done])


async def waiting_of(connection: AsyncConnection, parcel_id: int) -> dict[int, Row[Any]]:
    """Deliveries of a parcel that wait for another look, by place."""
    rows = await connection.execute(select(waiting).where(waiting.c.parcel == parcel_id))
    return {row.seq: row for row in rows}


async def holders(connection: AsyncConnection) -> set[str]:
    """Every owner that holds a lease."""
    found = set()
    for table in (parcel, waiting):
        query = select(table.c.owner).where(table.c.owner.is_not(None)).distinct()
        found |= set((await connection.execute(query)).scalars())
    return found


async def lost_parcels(connection: AsyncConnection, now: datetime, dead: Sequence[str], own: str) -> list[int]:
    """Parcels whose holder is dead or let the lease run out, if it is not `own`."""
    gone = or_(parcel.c.lease_until < now, parcel.c.owner.in_(dead))
    query = select(parcel.c.id).where(parcel.c.owner.is_not(None), parcel.c.owner != own, gone)
    return list((await connection.execute(query)).scalars())


async def lost_waiting(connection: AsyncConnection, now: datetime, dead: Sequence[str], own: str) -> list[Waiting]:
    """Deliveries taken for another look by a holder that is gone, if it is not `own`."""
    gone = or_(waiting.c.lease_until < now, waiting.c.owner.in_(dead))
    query = select(waiting.c.parcel, waiting.c.seq, waiting.c.tries, waiting.c.why, waiting.c.crashes)
    query = query.where(waiting.c.owner.is_not(None), waiting.c.owner != own, gone)
    return [Waiting(**row._asdict()) for row in await connection.execute(query)]


async def overdue_parcels(connection: AsyncConnection, now: datetime, limit: int = 100) -> list[int]:
    """Unclaimed parcels whose window is over."""
    query = select(parcel.c.id).where(parcel.c.state == "open", parcel.c.owner.is_(None), parcel.c.until < now)
    return list((await connection.execute(query.limit(limit))).scalars())
