"""A corrected text takes the place of the one that is out; whoever has that one for good is told, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from config.clock import FakeClock
from content.item import Draft, Item
from scheduler.schedule import Rule, Schedule
from scheduler.scheduling import Wish
from tests.conftest import both
from tests.scheduler.station import Station, station_in
from tests.scheduler.test_lookout import calls, fetch, first_path
from tests.sounds import record

WRITER, LEADER = "Mai", "Hùng"


@pytest.fixture
async def station(plain_settings: dict[str, Any], clock: FakeClock) -> AsyncIterator[Station]:
    """A station that airs at 11 and at 17; the clock stands at 8."""
    async with station_in(plain_settings, clock, phone="0212 3878 123") as station:
        yield station


async def correct(station: Station, item: Item, title: str) -> tuple[Item, list[Schedule]]:
    """A later text of an item, with a recording, approved; the schedules that were made for it."""
    house = station.house
    station.clock.advance(60)
    async with house.database.write() as tx:
        await house.editing.revise(tx, item.id, Draft(title, f"{title}. Đã sửa."), WRITER)
        item = await house.editing.submit(tx, item.id, WRITER)
    await record(house, item, 2)
    async with house.database.write() as tx:
        item = await house.editing.approve(tx, item.id, LEADER)
        made = await house.correcting.replace(tx, item, LEADER)
    return item, made


@both
async def test_a_stations_recording_is_replaced_and_it_is_called_if_it_has_the_old_one(station: Station) -> None:
    """The old one is gone at once, the later one stands by a bulletin of its own; fetched, it ends the call."""
    item = await station.send("Tin sai")
    old = await first_path(station)
    await fetch(station, await station.pull(old), old)
    item, made = await correct(station, item, "Tin đúng")
    assert [("tram",)] == [one.outlets for one in made] and await station.pull(old) is None
    await station.drain()
    assert [("Tin sai", "corrected")] == [(one.title, one.taken_back) for one in await calls(station)]
    path = await first_path(station)
    assert path != old
    await fetch(station, await station.pull(path), path)
    assert [] == await calls(station)
    assert [] == (await correct(station, await station.item("Tin khác"), "Tin khác, chưa phát"))[1]


async def test_a_bulletin_of_several_is_issued_whole(station: Station) -> None:
    """The items beside the corrected one do not vanish; one that may not go out just now is left out."""
    items = [await station.item(f"Tin {number}", body="Bà con chú ý.") for number in range(3)]
    for item in items:
        await record(station.house, item)
    async with station.house.database.write() as tx:
        wish = Wish(tuple(item.id for item in items), ("tram",), Rule(once=station.clock.now()))
        await station.house.scheduling.add(tx, wish, LEADER, may_approve=True)
    await station.drain()
    async with station.house.database.write() as tx:
        await station.house.editing.revise(tx, items[2].id, Draft("Tin đang sửa", "Chờ."), WRITER)
    _, (made,) = await correct(station, items[0], "Tin 0 đã sửa")
    assert [items[0].id, items[1].id] == [one.item for one in made.items]
