"""The people of frozen parcels: sealed when they are from before there were seals, erased when one asks for it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.seal import ERASED, Seal, scheme_of
from db.database import Database
from scheduler.dispatch.store import change_parcel, parcel_row
from scheduler.dispatch.tables import attempt, contact, orphan, parcel, parcel_recipients, receipt


async def erase_recipients(tx: AsyncConnection, row: Row[Any], seqs: Collection[int], digits: str) -> None:
    """Put a mark in the places of people of a parcel that is held, and take `digits` out of what partners said of them.

    States and tries stay. The others are found as before: `first` and `last` are those of whoever is left.
    """
    people = [[ERASED, ""] if seq in seqs else pair for seq, pair in enumerate(await _people(tx, row.id))]
    await _change_people(tx, row.id, people)
    await tx.execute(delete(contact).where(contact.c.parcel == row.id, contact.c.seq.in_(seqs)))
    for table, columns in (
        (attempt, ("reference", "detail")),
        (orphan, ("reference", "detail")),
        (receipt, ("detail",)),
    ):
        for name in columns:
            told = (table.c.parcel == row.id) & table.c.seq.in_(seqs) & table.c[name].contains(digits)
            await tx.execute(update(table).where(told).values({name: ""}))


async def plain_parcels(connection: AsyncConnection, most: int) -> list[tuple[int, str]]:
    """Parcels that were frozen before there were seals, as (id, state): those first that are done."""
    query = select(parcel.c.id, parcel.c.state).where(parcel.c.first < "A").order_by(parcel.c.state, parcel.c.id)
    return [(row.id, row.state) for row in await connection.execute(query.limit(most))]


async def seal_parcel(database: Database, tx: AsyncConnection, seal: Seal, id: int) -> int:
    """Seal the addresses of such a parcel; how many. A person is looked for in more of these than in others."""
    await parcel_row(database, tx, id)
    people = [[seal.close(scheme_of(address), address), name] for address, name in await _people(tx, id)]
    await _change_people(tx, id, people)
    return len(people)


async def _people(tx: AsyncConnection, id: int) -> list[list[str]]:
    frozen = select(parcel_recipients.c.recipients).where(parcel_recipients.c.parcel == id)
    return list((await tx.execute(frozen)).scalar_one())


async def _change_people(tx: AsyncConnection, id: int, people: list[list[str]]) -> None:
    """Other (address, name) at the same places of a parcel that is held; it is found by whoever is not erased."""
    left = sorted(address for address, _ in people if address != ERASED) or [ERASED]
    await tx.execute(update(parcel_recipients).where(parcel_recipients.c.parcel == id).values(recipients=people))
    await change_parcel(tx, id, first=left[0], last=left[-1])
