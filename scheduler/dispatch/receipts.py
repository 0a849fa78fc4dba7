"""What partners say of deliveries, kept and applied in bulk: early, late, doubled and out of order, states only move forward."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Confirmation
from config.words import NotFound
from db.database import Database
from scheduler.delivery import UNSETTLED, State, may_move, moved, parse_delivery_id
from scheduler.dispatch.carriers import carriers_of, last_carrier
from scheduler.dispatch.store import change_parcel, wait_no_more
from scheduler.dispatch.tables import attempt, parcel, receipt

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class News:
    """What the partner of an outlet said of one delivery, and when it came."""

    outlet: str
    said: Confirmation
    at: datetime


async def hear(database: Database, tx: AsyncConnection, news: Sequence[News]) -> list[bool]:
    """Keep and apply it in this order; of each whether its delivery is known. Hearing it again changes nothing."""
    places = await _places(tx, news)
    rows = await _held(database, tx, {place[0] for place in places if place is not None})
    strays = {place[0] for place, one in zip(places, news, strict=True) if place and _is_astray(rows, place, one)}
    others = await carriers_of(tx, strays)
    known = [
        place is not None
        and place[0] in rows
        and place[1] < rows[place[0]].size
        and (not _is_astray(rows, place, one) or one.outlet in others.get(place, ()))
        for place, one in zip(places, news, strict=True)
    ]
    heard = [(place, one) for place, one, is_known in zip(places, news, known, strict=True) if place and is_known]
    if heard:
        await _keep(database, tx, heard)
        await _move(tx, rows, heard)
    return known


def _is_astray(rows: dict[int, Row[Any]], place: Place, one: News) -> bool:
    """Whether it is about a parcel of another outlet, some of which may have been handed over."""
    return place[0] in rows and rows[place[0]].outlet != one.outlet


async def _places(tx: AsyncConnection, news: Sequence[News]) -> list[Place | None]:
    """Where the deliveries lie that are named by our id or by the partner's."""
    by_reference = await _references(tx, [one for one in news if not one.said.delivery])
    return [
        _parsed(one.said.delivery) if one.said.delivery else by_reference.get((one.outlet, one.said.reference))
        for one in news
    ]


def _parsed(delivery: str) -> Place | None:
    try:
        return parse_delivery_id(delivery)
    except NotFound:
        return None


async def _references(tx: AsyncConnection, news: Sequence[News]) -> dict[tuple[str, str], Place]:
    """By outlet and the partner's own id: two partners may count alike, so it must be a delivery this outlet carries."""
    wanted = {one.said.reference for one in news if one.said.reference}
    if not wanted:
        return {}
    query = (
        select(func.coalesce(last_carrier(), parcel.c.outlet), attempt.c.reference, attempt.c.parcel, attempt.c.seq)
        .join(parcel, parcel.c.id == attempt.c.parcel)
        .where(attempt.c.reference.in_(wanted), attempt.c.reference != "")
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in await tx.execute(query)}


async def _held(database: Database, tx: AsyncConnection, ids: set[int]) -> dict[int, Row[Any]]:
    """The parcels' rows, held until the transaction ends; in order of id, as a lane takes its own."""
    query = select(parcel).where(parcel.c.id.in_(ids)).order_by(parcel.c.id)
    return {row.id: row for row in await tx.execute(database.locked(query))} if ids else {}


async def _keep(database: Database, tx: AsyncConnection, heard: Sequence[tuple[Place, News]]) -> None:
    rows = [
        {
            "parcel": place[0],
            "seq": place[1],
            "stage": one.said.stage,
            "at": one.at,
            "reason": one.said.reason,
            "detail": one.said.detail,
        }
        for place, one in heard
    ]
    await tx.execute(database.insert_if_absent(receipt), rows)


async def _move(tx: AsyncConnection, rows: dict[int, Row[Any]], heard: Sequence[tuple[Place, News]]) -> None:
    letters = {id: row.letters for id, row in rows.items()}
    over: list[Place] = []
    for (id, seq), one in heard:
        to = State.CONFIRMED if one.said.delivered else State.FAILED
        if may_move(letters[id][seq], to):
            letters[id] = moved(letters[id], {seq: to})
            over.append((id, seq))
    for id in sorted({id for id, _ in over}):
        gone_out = rows[id].cursor >= rows[id].size
        state = ("sent_out" if UNSETTLED & set(letters[id]) else "done") if gone_out else rows[id].state
        await change_parcel(tx, id, letters=letters[id], state=state)
    await wait_no_more(tx, over, held=False)
