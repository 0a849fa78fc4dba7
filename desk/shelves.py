"""Shelves in memory: read anew only when they have turned, so that a poll costs the database one row."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Programme
from channels.shelf import store
from channels.shelf.store import Stock
from channels.station import store as station_store

KEPT = 200
"""Shelves kept at most; each is a few hundred kilobytes."""
LATEST = 40
"""Programmes kept of each: those of today and of the days around it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A shelf as it is now, with the programmes of its slots."""

    stock: Stock
    programmes: tuple[Programme, ...]


class Shelves:
    """The shelves of this process."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, Seen] = OrderedDict()

    async def look(self, connection: AsyncConnection, outlet_name: str) -> Seen:
        """The shelf of an outlet. What is over by now is still in it: that depends on the moment alone."""
        known = self._seen.get(outlet_name)
        turn = await store.shelf_turn(connection, outlet_name)
        if known is None or known.stock.turn != turn:
            stock = await store.read_stock(connection, outlet_name)
            known = Seen(stock, tuple(await station_store.programmes(connection, outlet_name, limit=LATEST)))
        self._seen[outlet_name] = known
        self._seen.move_to_end(outlet_name)
        while len(self._seen) > KEPT:
            self._seen.popitem(last=False)
        return known
