"""Outlets of the file and of the desk in one house: new ones come, changed ones are replaced, unusable ones stop nobody."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from channels.channel import find_channels
from channels.fitting import Fitter
from channels.http import Http
from channels.outlet import Fittings, Outlets, set_up_outlets
from channels.setting import store
from channels.setting.store import Setting
from config.clock import FakeClock
from db.database import Database
from db.notifier import Notifier
from tests.conftest import both

FILE = {"portal": {"kind": "portal"}}
STATION = {"kind": "radio", "title": "Đài huyện", "token": "t" * 20}
SMS = {"kind": "sms_http", "url": "https://sms.vn/send", "body_template": '{"p": "{phone}", "t": "{text}"}'}


@pytest.fixture
def make(database: Database, clock: FakeClock) -> Any:
    """A process: its outlets and its fitter."""

    def make(key: bytes = bytes(32)) -> tuple[Outlets, Fitter]:
        nothing: Any = None
        fittings = Fittings(find_channels(), "https://loa.vn", lambda name: nothing)
        outlets = set_up_outlets(FILE, fittings)
        return outlets, Fitter(database, clock, Notifier(), Http(clock), outlets, fittings, FILE, key)

    return make


async def put(database: Database, clock: FakeClock, name: str, revision: int, table: dict[str, Any]) -> None:
    """Set an outlet, as some desk does."""
    async with database.write() as tx:
        await store.set_outlet(database, tx, bytes(32), Setting(name, revision, clock.now(), "Mai", table))


def names(outlets: Outlets) -> list[str]:
    """Which are in service."""
    return [at.name for at in outlets]


@both
async def test_every_process_has_them_as_they_are_now(database: Database, clock: FakeClock, make: Any) -> None:
    """Only what was changed is another one; who works with it hears that it is replaced."""
    outlets, fitter = make()
    assert await fitter.fit() and not await fitter.fit()
    await put(database, clock, "huyen", 1, STATION)
    await put(database, clock, "sms", 1, SMS)
    assert await fitter.fit() and ["portal", "huyen", "sms"] == names(outlets)
    portal, station, sms = outlets
    await put(database, clock, "sms", 2, SMS | {"per_second": 1})
    assert await fitter.fit() and [portal, station] == [outlets["portal"], outlets["huyen"]]
    assert (
        sms.replaced and not station.replaced and 1 == outlets["sms"].channel.pace_of(outlets["sms"].outlet).per_second
    )
    async with database.write() as tx:
        await store.forget_outlet(tx, "huyen")
    assert await fitter.fit() and station.replaced and ["portal", "sms"] == names(outlets)


@both
async def test_what_cannot_be_used_stops_nobody(database: Database, clock: FakeClock, make: Any) -> None:
    """A kind that is gone, an option nobody knows any more, a fallback that is one of these; the file has the last word."""
    await put(database, clock, "a", 1, {"kind": "fax", "title": "Fax"})
    await put(database, clock, "b", 1, STATION | {"colour": "red"})
    await put(database, clock, "c", 1, SMS | {"fallback": "b2"})
    await put(database, clock, "b2", 1, SMS | {"url": "sms.vn"})
    await put(database, clock, "d", 1, SMS)
    await put(database, clock, "portal", 1, STATION)
    outlets, fitter = make()
    await fitter.fit()
    assert ["portal", "d"] == names(outlets) and "portal" == outlets["portal"].channel.kind
    assert ["a", "b", "b2", "c"] == sorted(fitter.broken) and "colour" in fitter.broken["b"]
    others, stranger = make(b"1" * 32)
    await stranger.fit()
    assert ["portal"] == names(others) and "sealed with another key" in stranger.broken["d"]


@both
async def test_faults_are_found_before_anything_is_kept(database: Database, clock: FakeClock, make: Any) -> None:
    """One's own first; else those that others would have for its sake."""
    await put(database, clock, "sms", 1, SMS | {"fallback": "hai"})
    await put(database, clock, "hai", 1, SMS)
    _, fitter = make()
    await fitter.fit()
    async with database.read() as connection:
        assert [] == await fitter.faults(connection, "hai", SMS | {"per_day": 5})
        assert ["url"] == [one.key for one in await fitter.faults(connection, "hai", SMS | {"url": "x"})]
        (ring,) = await fitter.faults(connection, "hai", SMS | {"fallback": "sms"})
        (gone,) = await fitter.faults(connection, "hai", None)
    assert "fallback" == ring.key and gone.words.startswith("sms: ")


async def test_a_process_follows(database: Database, clock: FakeClock, make: Any) -> None:
    """Without being told, by looking each second; and ends when it is asked to."""
    outlets, fitter = make()
    stopping = asyncio.Event()
    following = asyncio.create_task(fitter.follow(stopping))
    await put(database, clock, "huyen", 1, STATION)
    async with asyncio.timeout(5):
        while "huyen" not in outlets:
            clock.advance(1)
            await asyncio.sleep(0)
        stopping.set()
        while not following.done():
            clock.advance(1)
            await asyncio.sleep(0)
    await following
