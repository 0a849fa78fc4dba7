"""An office whose station airs at 11 and at 17: what it is sent, what is composed for it, what it gets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from channels.channel import Page, Programme, Pull
from channels.shelf import store as shelf_store
from channels.station import store as station_store
from config.clock import FakeClock
from config.settings import Settings
from content.item import Item
from desk.app import opened
from tests.scheduler.conftest import Office
from tests.sounds import record

SLOTS = [
    {"name": "trua", "title": "Buổi trưa", "time": "11:00", "minutes": 15},
    {"name": "chieu", "title": "Buổi chiều", "time": "17:00", "minutes": 15},
]
"""The clock stands at 8 in the morning of a Monday."""


class Station(Office):
    """An office with one station that has slots."""

    async def send(self, title: str, **more: Any) -> Item:
        """An approved item that goes to the station at once, with a recording of its own."""
        klass = {"klass": more.pop("klass")} if "klass" in more else {}
        item = await self.item(title, body=f"{title}. Bà con chú ý.", **more)
        await record(self.house, item, 0.5 + len(title) / 40)
        await self.schedule(item, "tram", **klass)
        await self.drain()
        return item

    async def programmes(self) -> list[Programme]:
        """What is frozen, the earliest first."""
        async with self.house.database.read() as connection:
            return (await station_store.programmes(connection, "tram"))[::-1]

    async def titles(self, programme: Programme) -> list[str]:
        """The bulletins of a programme in order."""
        async with self.house.database.read() as connection:
            stock = await shelf_store.read_stock(connection, "tram")
        names = {one.delivery: one.bulletin.title for one in (*stock.stands, *stock.withdrawn)}
        return [names[delivery] for delivery, _ in programme.holds]

    async def pull(self, path: str) -> Page | None:
        """What the station gets now."""
        at = self.house.outlets["tram"]
        async with self.house.database.read() as connection:
            stock = await shelf_store.read_stock(connection, "tram")
            programmes = tuple(await station_store.programmes(connection, "tram"))
        pull = Pull(path, {}, self.clock.now(), programmes=programmes)
        return at.channel.feed(pull, stock.current(pull.now, at.channel.shelf_grace), at.outlet)

    async def direct(self) -> int:
        """A turn of the director."""
        return await self.house.runner._director.direct()


@asynccontextmanager
async def station_in(settings: dict[str, Any], clock: FakeClock, **options: Any) -> AsyncIterator[Station]:
    """The office at 8 in the morning."""
    settings["outlets"]["tram"] |= {"slots": SLOTS, "sounds": ["low"]} | options
    settings["radio"] = {"opening": "", "closing": "", "chime": False}
    async with opened(Settings.model_validate(settings), clock) as house:
        yield Station(house, clock)
