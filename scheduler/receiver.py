"""Receiver: what partners say later (callbacks, pulls) applied to deliveries; states only move forward.

A callback is proved authentic, stored and answered at once (`desk/partners.py`); here it is applied. Early, late, doubled
or out of order calls change nothing that is already further on.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from channels import store as channels_store
from channels.channel import Confirmation, Heard
from channels.outlet import InService, Outlets
from channels.shelf import store as shelf_store
from channels.station import store as station_store
from channels.station.asrun import Line, Matched, match
from channels.station.store import Airing
from channels.station.tracks import tracks_of
from config.clock import Clock
from config.words import NotFound
from db.database import Database
from db.notifier import Notifier
from db.types import new_id
from scheduler.delivery import State, may_move, parse_delivery_id
from scheduler.dispatch import store as dispatch
from scheduler.dispatch.carriers import by_reference, carried
from scheduler.farewell import Farewell
from scheduler.handling import Handling

EARLY = timedelta(minutes=10)
LINES_BACK = 500
"""How many bulletins and programmes back a line of a log is looked for."""


class Receiver:
    """Applies confirmations."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notifier: Notifier,
        outlets: Outlets,
        handling: Handling,
        farewell: Farewell,
    ) -> None:
        self._database = database
        self._outlets = outlets
        self._clock = clock
        self._notifier = notifier
        self._handling = handling
        self._farewell = farewell

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
            said = [Heard(**one) if "wants" in one else Confirmation(**one) for one in row.said]
            known = [await self._apply(tx, row.outlet, one, row.received_at) for one in said]
            if not all(known) and self._clock.now() - row.received_at < EARLY:
                return False
            outcome = ("applied", "") if all(known) else ("unknown", "không tìm thấy lượt gửi")
            await channels_store.settle_callbacks(tx, {row.id: outcome})
            return True

    async def _apply(self, tx: AsyncConnection, outlet: str, said: Confirmation | Heard, at: datetime) -> bool:
        """Apply what was said; what a station plays that is not ours is nobody's business."""
        if isinstance(said, Heard):
            if await self._handling.hear(tx, said, outlet) and self._farewell.owe(said, outlet):
                self._notifier.ring("hear")
            return True
        if not said.title:
            return await self.confirm(tx, outlet, said, at)
        station = self._outlets.get(outlet)
        if station is not None and station.channel.timetable(station.outlet) is not None:
            began = datetime.fromtimestamp(said.began, UTC)
            line = Line(began, said.title, seconds=said.seconds or None, slot=said.slot, raw=said.title)
            await self.aired_lines(tx, station, [line], "AzuraCast", outlet)
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

    async def aired_lines(
        self, tx: AsyncConnection, at: InService, lines: Sequence[Line], source: str, by: str
    ) -> list[bool | None]:
        """Keep lines of a station's as-run log as evidence for what they are about.

        Of each whether it is new; None when it is about nothing we sent, or could be about two things.
        """
        timetable = at.channel.timetable(at.outlet)
        assert timetable is not None
        stock = await shelf_store.read_stock(tx, at.name, limit=LINES_BACK)
        tracks = list(tracks_of([*stock.stands, *stock.withdrawn]))
        programmes = await station_store.programmes(tx, at.name, limit=LINES_BACK)
        fresh: list[bool | None] = []
        for line in lines:
            matched = match(line, tracks, programmes, timetable.zone, timetable.keep)
            new = [await self.aired(tx, self._airing(at, line, one, source, by), one.parts) for one in matched]
            fresh.append(any(new) if matched else None)
        return fresh

    def _airing(self, at: InService, line: Line, one: Matched, source: str, by: str) -> Airing:
        now = self._clock.now()
        told = f"{source} {line.at.isoformat()} {line.title} {line.file} {one.delivery} {one.part}"
        mark = hashlib.sha256(told.encode()).hexdigest()[:32]
        said = (line.at, line.seconds, line.slot, line.presenter, source, line.raw)
        return Airing(new_id(now), at.name, mark, one.delivery, one.part, *said, now, by)

    async def confirm(self, tx: AsyncConnection, outlet: str, said: Confirmation, at: datetime) -> bool:
        """Apply one confirmation; False when its delivery is not known."""
        place = await self._place(tx, outlet, said)
        if place is None:
            return False
        parcel, seq = place
        row = await dispatch.parcel_row(self._database, tx, parcel)
        if not 0 <= seq < row.size or (row.outlet != outlet and outlet not in await carried(tx, row, seq)):
            return False
        await self._settle(tx, row, {seq: said}, at)
        return True

    async def confirm_all(self, tx: AsyncConnection, parcel: int, said: Sequence[Confirmation], at: datetime) -> None:
        """Apply what a partner answers about deliveries of a parcel, each named by our id."""
        row = await dispatch.parcel_row(self._database, tx, parcel)
        places = [(parse_delivery_id(one.delivery), one) for one in said]
        await self._settle(tx, row, {seq: one for (_, seq), one in places}, at)

    async def _settle(self, tx: AsyncConnection, row: Row[Any], said: Mapping[int, Confirmation], at: datetime) -> None:
        states = {seq: State.CONFIRMED if one.delivered else State.FAILED for seq, one in said.items()}
        for seq, one in said.items():
            await dispatch.add_receipt(self._database, tx, row.id, seq, one, at)
        await dispatch.settle(self._database, tx, row.id, states)
        over = [(row.id, seq) for seq, state in states.items() if may_move(row.letters[seq], state)]
        await dispatch.wait_no_more(tx, over, held=False)

    async def _place(self, tx: AsyncConnection, outlet: str, said: Confirmation) -> tuple[int, int] | None:
        if said.delivery:
            with contextlib.suppress(NotFound):
                place = parse_delivery_id(said.delivery)
                await dispatch.parcel_by_id(tx, place[0])
                return place
        return await by_reference(tx, outlet, said.reference)
