"""Receiver: what partners say later (callbacks, pulls) applied to deliveries; states only move forward.

A callback is proved authentic, stored and answered at once (`desk/partners.py`); here it is applied. Early, late, doubled
or out of order calls change nothing that is already further on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from channels import store as channels_store
from channels.channel import Confirmation
from channels.station import store as station_store
from channels.station.store import Airing
from config.clock import Clock
from config.words import NotFound
from db.database import Database
from db.notifier import Notifier
from scheduler.delivery import State, may_move, parse_delivery_id
from scheduler.dispatch import store as dispatch

EARLY = timedelta(minutes=10)


class Receiver:
    """Applies confirmations."""

    def __init__(self, database: Database, clock: Clock, notifier: Notifier) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier

    async def receive(self) -> int:
        """Apply all stored callbacks, oldest first, each on its own; how many were settled."""
        async with self._database.read() as connection:
            rows = await channels_store.new_callbacks(connection)
        settled = [await self._receive(row) for row in rows]
        if any(settled):
            self._notifier.ring("delivery")
        return sum(settled)

    async def _receive(self, row: Row[Any]) -> bool:
        """Apply one call; one that names no known delivery is kept for a while, since it may have come early."""
        async with self._database.write() as tx:
            said = [Confirmation(**one) for one in row.said]
            known = [await self.confirm(tx, row.outlet, one, row.received_at) for one in said]
            if not all(known) and self._clock.now() - row.received_at < EARLY:
                return False
            outcome = ("applied", "") if all(known) else ("unknown", "không tìm thấy lượt gửi")
            await channels_store.settle_callbacks(tx, {row.id: outcome})
            return True

    async def aired(self, tx: AsyncConnection, new: Airing, parts: int) -> bool:
        """Keep a station's word that it aired something; False when it was kept before.

        When every one of the bulletin's `parts` was aired, or the whole at once, the delivery has been.
        """
        if not await station_store.add_airing(self._database, tx, new):
            return False
        said = (await station_store.airings_of(tx, [new.delivery]))[new.delivery]
        if any(one.part < 0 for one in said) or len({one.part for one in said}) >= parts:
            words = ", ".join(word for word in (new.slot, new.presenter, new.line) if word)
            aired = Confirmation(True, delivery=new.delivery, detail=words[:300] or "đã phát sóng", aired=True)
            await self.confirm(tx, new.outlet, aired, new.at)
        return True

    async def confirm(self, tx: AsyncConnection, outlet: str, said: Confirmation, at: datetime) -> bool:
        """Apply one confirmation; False when its delivery is not known."""
        place = await self._place(tx, outlet, said)
        if place is None:
            return False
        parcel, seq = place
        row = await dispatch.parcel_row(self._database, tx, parcel)
        if row.outlet != outlet or not 0 <= seq < row.size:
            return False
        await dispatch.add_receipt(self._database, tx, parcel, seq, said, at)
        state = State.CONFIRMED if said.delivered else State.FAILED
        await dispatch.settle(self._database, tx, parcel, {seq: state})
        if may_move(row.letters[seq], state):
            await dispatch.wait_no_more(tx, [place], held=False)
        return True

    async def _place(self, tx: AsyncConnection, outlet: str, said: Confirmation) -> tuple[int, int] | None:
        if said.delivery:
            try:
                place = parse_delivery_id(said.delivery)
                await dispatch.parcel_by_id(tx, place[0])
            except NotFound:
                return None
            return place
        return await dispatch.by_reference(tx, outlet, said.reference)
