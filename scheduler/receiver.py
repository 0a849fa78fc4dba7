"""Receiver: what partners say later (callbacks, pulls) applied to deliveries; states only move forward.

A callback is stored raw first and answered at once (`desk/partners.py`); here it is read by its channel and applied. Early,
late, doubled or out of order calls change nothing that is already further on.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from channels import store as channels_store
from channels.channel import Callback, Confirmation
from channels.http import SendError
from channels.outlet import Outlets
from config.clock import Clock
from config.logs import log
from config.words import NotFound
from db.database import Database
from db.notifier import Notifier
from scheduler import store
from scheduler.delivery import State, parse_delivery_id

EARLY = timedelta(minutes=10)

logger = log("receiver")


class Receiver:
    """Applies confirmations."""

    def __init__(self, database: Database, clock: Clock, notifier: Notifier, outlets: Outlets) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._outlets = outlets

    async def receive(self) -> int:
        """Apply all stored callbacks, oldest first; how many."""
        async with self._database.read() as connection:
            rows = await channels_store.new_callbacks(connection)
        if not rows:
            return 0
        async with self._database.write() as tx:
            outcomes = {row.id: await self._apply_call(tx, row) for row in rows}
            # An early call may name a delivery whose answer is still being written.
            young = {row.id for row in rows if self._clock.now() - row.received_at < EARLY}
            settled = {id: said for id, said in outcomes.items() if said[0] != "unknown" or id not in young}
            await channels_store.settle_callbacks(tx, settled)
        if not settled:
            return 0
        self._notifier.ring("delivery")
        return len(rows)

    async def confirm(self, tx: AsyncConnection, outlet: str, said: Confirmation, at: datetime) -> bool:
        """Apply one confirmation; False when its delivery is not known."""
        place = await self._place(tx, outlet, said)
        if place is None:
            return False
        parcel, seq = place
        row = await store.parcel_row(self._database, tx, parcel)
        if row.outlet != outlet or not 0 <= seq < row.size:
            return False
        await store.add_receipt(self._database, tx, parcel, seq, said, at)
        state = State.CONFIRMED if said.delivered else State.FAILED
        await store.settle(self._database, tx, parcel, {seq: state})
        await store.wait_no_more(tx, [place])
        return True

    async def _apply_call(self, tx: AsyncConnection, row: Row[Any]) -> tuple[str, str]:
        """What became of one call: applied, unknown (no such delivery yet) or rejected."""
        if row.outlet not in self._outlets:
            return "rejected", "điểm phát không còn"
        at = self._outlets[row.outlet]
        call = Callback(row.method, row.query, row.headers, row.body.encode("latin-1"), row.received_at)
        try:
            said = at.channel.confirm(call, at.outlet)
        except SendError as error:
            return "rejected", error.vi
        known = [await self.confirm(tx, row.outlet, one, row.received_at) for one in said]
        return ("applied", "") if all(known) else ("unknown", "không tìm thấy lượt gửi")

    async def _place(self, tx: AsyncConnection, outlet: str, said: Confirmation) -> tuple[int, int] | None:
        if said.delivery:
            try:
                place = parse_delivery_id(said.delivery)
                await store.parcel_by_id(tx, place[0])
            except NotFound:
                return None
            return place
        return await store.by_reference(tx, outlet, said.reference)
