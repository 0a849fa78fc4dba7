"""Receiver: what partners say later (callbacks, pulls) applied to deliveries; states only move forward.

A callback is proved authentic, stored and answered at once (`desk/partners.py`); here it is applied. Early, late, doubled
or out of order calls change nothing that is already further on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeGuard

from sqlalchemy.ext.asyncio import AsyncConnection

from channels import store as channels_store
from channels.channel import Confirmation, Heard, Told, Wrote
from channels.outlet import InService, Outlets
from channels.seal import Seal
from channels.shelf import store as shelf_store
from channels.station import store as station_store
from channels.station.asrun import Line, Matched, match
from channels.station.store import Airing
from channels.station.tracks import tracks_of
from channels.store import Kept
from config.clock import Clock
from db.database import Database
from db.notifier import Notifier
from db.types import new_id
from scheduler.dispatch.receipts import News, hear
from scheduler.farewell import Farewell
from scheduler.handling import Handling
from scheduler.postbox import Postbox

EARLY = timedelta(minutes=10)
TOGETHER = 100
"""How many calls one commit applies: enough to share its cost, few enough not to keep lanes waiting."""
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
        seal: Seal,
        postbox: Postbox,
    ) -> None:
        self._database = database
        self._outlets = outlets
        self._clock = clock
        self._notifier = notifier
        self._handling = handling
        self._farewell = farewell
        self._seal = seal
        self._postbox = postbox

    async def receive(self) -> int:
        """Apply stored callbacks, oldest first, many at once; how many were settled."""
        async with self._database.read() as connection:
            calls = await channels_store.new_callbacks(connection, self._seal)
        settled = 0
        for begin in range(0, len(calls), TOGETHER):
            settled += await self._receive(calls[begin : begin + TOGETHER])
        if settled:
            self._notifier.ring("delivery")
        return settled

    async def _receive(self, calls: Sequence[Kept]) -> int:
        """Apply these; one that names no known delivery is kept for a while, since it may have come early."""
        news = [News(call.outlet, one, call.received_at) for call in calls for one in call.said if _is_of_delivery(one)]
        async with self._database.write() as tx:
            known = iter(await hear(self._database, tx, news))
            outcomes: dict[str, tuple[str, str]] = {}
            for id, outlet, received_at, told in calls:
                await self._played(tx, outlet, [one for one in told if isinstance(one, Confirmation) and one.title])
                await self._people(tx, outlet, [one for one in told if isinstance(one, Heard)])
                for wrote in (one for one in told if isinstance(one, Wrote)):
                    await self._postbox.hear(tx, wrote, outlet)
                found = [next(known) for one in told if _is_of_delivery(one)]
                if all(found):
                    outcomes[id] = "applied", ""
                elif self._clock.now() - received_at >= EARLY:
                    outcomes[id] = "unknown", "không tìm thấy lượt gửi"
            await channels_store.settle_callbacks(tx, outcomes)
        return len(outcomes)

    async def _people(self, tx: AsyncConnection, outlet: str, heard: Sequence[Heard]) -> None:
        """Who wants no more messages, or wants them again."""
        for said in heard:
            if await self._handling.hear(tx, said, outlet) and self._farewell.owe(said, outlet):
                self._notifier.ring("hear")

    async def _played(self, tx: AsyncConnection, outlet: str, told: Sequence[Confirmation]) -> None:
        """Titles a station's software played; what is not ours is nobody's business."""
        station = self._outlets.get(outlet)
        if not told or station is None or station.channel.timetable(station.outlet) is None:
            return
        for said in told:
            began = datetime.fromtimestamp(said.began, UTC)
            line = Line(began, said.title, seconds=said.seconds or None, slot=said.slot, raw=said.title)
            await self.aired_lines(tx, station, [line], "AzuraCast", outlet)

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
        (known,) = await hear(self._database, tx, [News(outlet, said, at)])
        return known

    async def confirm_all(self, tx: AsyncConnection, outlet: str, said: Sequence[Confirmation], at: datetime) -> None:
        """Apply what the partner of an outlet answers about deliveries, each named by our id."""
        await hear(self._database, tx, [News(outlet, one, at) for one in said])


def _is_of_delivery(said: Told) -> TypeGuard[Confirmation]:
    return isinstance(said, Confirmation) and not said.title
