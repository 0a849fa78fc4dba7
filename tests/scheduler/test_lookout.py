"""Stations that are to be called: before a slot, and at once when an urgent bulletin lies unfetched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from channels.channel import Page
from channels.pulls import store as pull_store
from channels.pulls.store import Told
from channels.shelf import store as shelf_store
from config.clock import FakeClock
from content.bulletin import BulletinClass
from scheduler.lookout import Alert, alerts
from tests.conftest import both
from tests.scheduler.station import Station, station_in

PHONE = "0212 3878 123"


@pytest.fixture
async def station(plain_settings: dict[str, Any], clock: FakeClock) -> AsyncIterator[Station]:
    """A station with a telephone that airs at 11 and at 17; the clock stands at 8."""
    async with station_in(plain_settings, clock, phone=PHONE) as station:
        yield station


async def calls(station: Station) -> list[Alert]:
    """Who is to be called now."""
    async with station.house.database.read() as connection:
        return await alerts(connection, station.house.outlets, station.clock.now())


async def fetch(station: Station, page: Page | None, path: str) -> None:
    """The station fetches a file whole."""
    assert page is not None and page.audio is not None
    size, file = page.audio.bytes, page.file or path.rsplit("/", 1)[-1]
    async with station.house.database.write() as tx:
        told = Told("tram", file, page.proves, (0, size), size, "", station.clock.now())
        await pull_store.note_pull(station.house.database, tx, told)


async def first_path(station: Station) -> str:
    """The address of the first recording in the list."""
    page = await station.pull("playlist.m3u")
    assert page is not None
    return page.body.decode().splitlines()[2].split("/tram/")[1]


async def until(station: Station, hours: float) -> None:
    """Let time pass, and the director compose what is due."""
    station.clock.advance(hours * 3600)
    await station.drain()


@both
async def test_half_an_hour_before_a_slot_somebody_is_called(station: Station) -> None:
    """With the number; not earlier; until the programme has been fetched whole."""
    await station.send("Tin thường")
    await until(station, 2)
    station.clock.advance(1790 - 5)
    assert [] == await calls(station)
    station.clock.advance(10 + 5)
    (call,) = await calls(station)
    assert ("tram", "trua", "Buổi trưa", PHONE, False) == (
        call.outlet,
        call.slot,
        call.title,
        call.phone,
        call.is_urgent,
    )
    await fetch(station, await station.pull("slot/trua-low.mp3"), "")
    assert [] == await calls(station)


async def test_items_fetched_one_by_one_count_too(station: Station) -> None:
    """All of them, in any order; before the slot was composed as well."""
    await station.send("Tin thường")
    path = await first_path(station)
    await fetch(station, await station.pull(path), path)
    await until(station, 2)
    station.clock.advance(3000)
    assert [] == await calls(station)


async def test_yesterdays_programme_is_none_for_today(plain_settings: dict[str, Any], clock: FakeClock) -> None:
    """A bulletin that is repeated was fetched with the first programme; the second one is another file."""
    slots = [{"name": "trua", "time": "11:00", "repeats": 2}, {"name": "chieu", "time": "17:00", "repeats": 2}]
    async with station_in(plain_settings, clock, slots=slots) as station:
        await station.send("Tin phát hai lần")
        await until(station, 2)
        await fetch(station, await station.pull("slot/trua.mp3"), "")
        station.clock.advance(3000)
        assert [] == await calls(station)
        await until(station, 5.75)
        assert ["chieu"] == [one.slot for one in await calls(station)]


async def test_a_programme_made_anew_is_to_be_fetched_anew(station: Station) -> None:
    """The station still has the one with the part that was withdrawn."""
    wrong = await station.send("Tin sai")
    await station.send("Tin đúng")
    await until(station, 2)
    await fetch(station, await station.pull("slot/trua.mp3"), "")
    station.clock.advance(3000)
    assert [] == await calls(station)
    async with station.house.database.write() as tx:
        await shelf_store.take_off_shelves(tx, wrong.id, station.clock.now())
    await station.drain()
    assert [("", "withdrawn"), ("trua", "")] == [(one.slot, one.taken_back) for one in await calls(station)]


@both
async def test_a_station_that_has_a_withdrawn_bulletin_is_called_for_a_day(station: Station) -> None:
    """Not one that never asked for it."""
    wrong, unseen = await station.send("Tin sai"), await station.send("Tin chưa ai lấy")
    path = await first_path(station)
    await fetch(station, await station.pull(path), path)
    async with station.house.database.write() as tx:
        for item in (wrong, unseen):
            await shelf_store.take_off_shelves(tx, item.id, station.clock.now())
    assert [("Tin sai", "withdrawn", PHONE)] == [(one.title, one.taken_back, one.phone) for one in await calls(station)]
    station.clock.advance(24 * 3600 + 1)
    assert [] == [one for one in await calls(station) if one.taken_back]


@both
async def test_an_urgent_bulletin_is_watched_by_the_second(station: Station) -> None:
    """Two minutes, then somebody is called, until it is fetched; one that is over is called for no more."""
    await station.send("Lũ ống", klass=BulletinClass.URGENT)
    await station.send("Bão", klass=BulletinClass.URGENT, valid_until=station.in_(minutes=4))
    station.clock.advance(119)
    assert [] == [one for one in await calls(station) if one.title == "Bão"]
    station.clock.advance(3)
    assert [("Lũ ống", True), ("Bão", True)] == [(one.title, one.is_urgent) for one in await calls(station)]
    path = await first_path(station)
    await fetch(station, await station.pull(path), path)
    assert ["Bão"] == [one.title for one in await calls(station)]
    station.clock.advance(120)
    assert [] == await calls(station)


async def test_the_desk_hears_of_it(station: Station) -> None:
    """Once when it begins and once when it is over; a look that finds the same says nothing."""
    await station.send("Lũ ống", klass=BulletinClass.URGENT)
    look = station.house.runner._lookout.look
    heard = []
    async with station.house.notifier.waiting("alert") as rung:
        for seconds, fetched in ((0, False), (130, False), (5, False), (5, True)):
            station.clock.advance(seconds)
            if fetched:
                path = await first_path(station)
                await fetch(station, await station.pull(path), path)
            await look()
            await asyncio.sleep(0)
            heard.append(rung.is_set())
            rung.clear()
    assert [False, True, False, True] == heard
