"""Shelves in memory: read anew only when they have turned, so that a poll costs the database one row."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Programme, Shelved
from channels.outlet import InService
from channels.shelf import store
from channels.shelf.store import Stock
from channels.station import store as station_store
from config.clock import Clock
from content.bulletin import Audio, Sound
from content.issue import Press

KEPT = 200
"""Shelves kept at most; each is a few hundred kilobytes."""
SOUNDS_SECONDS = 10.0
LATEST = 40
"""Programmes kept of each: those of today and of the days around it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A shelf as it is now, with the programmes of its slots; `again` is when to look for sounds still to be made."""

    stock: Stock
    programmes: tuple[Programme, ...]
    again: float


class Shelves:
    """The shelves of this process."""

    def __init__(self, clock: Clock, press: Press) -> None:
        self._clock = clock
        self._press = press
        self._seen: OrderedDict[str, Seen] = OrderedDict()

    async def look(self, connection: AsyncConnection, at: InService) -> Seen:
        """The shelf of an outlet. What is over by now is still in it: that depends on the moment alone."""
        known = self._seen.get(at.name)
        turn = await store.shelf_turn(connection, at.name)
        if known is None or known.stock.turn != turn or self._clock.steady() >= known.again:
            known = await self._read(connection, at)
        self._seen[at.name] = known
        self._seen.move_to_end(at.name)
        while len(self._seen) > KEPT:
            self._seen.popitem(last=False)
        return known

    async def _read(self, connection: AsyncConnection, at: InService) -> Seen:
        stock = await store.read_stock(connection, at.name, at.channel.shelf_most)
        programmes = tuple(await station_store.programmes(connection, at.name, limit=LATEST))
        sounds = at.channel.sounds(at.outlet)
        if not (missing := _missing(stock, sounds)):
            return Seen(stock, programmes, math.inf)
        now = await self._press.audios(connection, missing)
        stands = tuple(_with_sounds(one, now) for one in stock.stands)
        filled = replace(stock, stands=stands)
        again = self._clock.steady() + SOUNDS_SECONDS if _missing(filled, sounds) else math.inf
        return Seen(filled, programmes, again)


def _missing(stock: Stock, sounds: Sequence[Sound]) -> set[str]:
    """Revisions whose recording is not there in every sound."""
    return {
        part.revision
        for one in stock.stands
        for part in one.bulletin.parts
        if part.audio is not None and any(part.audio.sounding(sound) is None for sound in sounds)
    }


def _with_sounds(one: Shelved, now: Mapping[str, Audio]) -> Shelved:
    """The same bulletin with the sounds made since it was put there: of the very recording that was approved."""
    parts = tuple(
        replace(part, audio=now[part.revision])
        if part.audio is not None and part.revision in now and now[part.revision].sha256 == part.audio.sha256
        else part
        for part in one.bulletin.parts
    )
    return replace(one, bulletin=replace(one.bulletin, parts=parts))
