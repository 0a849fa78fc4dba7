"""Programmes of slots: composed ahead, frozen, joined, fetched by their addresses, and made anew when a part goes."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import av
import pytest

from channels.shelf import store as shelf_store
from config.clock import FakeClock
from config.settings import Settings
from content.bed.store import Bed, choose_bed
from content.bulletin import BulletinClass
from desk.app import build
from scheduler.director import Director
from scheduler.joining import Joining
from tests.conftest import both
from tests.scheduler.station import Station, station_in
from tests.sounds import hum


@pytest.fixture
async def station(plain_settings: dict[str, Any], clock: FakeClock) -> AsyncIterator[Station]:
    """An office at 8 in the morning whose station airs at 11 and at 17."""
    async with station_in(plain_settings, clock) as station:
        yield station


async def test_a_programme_is_frozen_an_hour_ahead_and_joined(station: Station) -> None:
    """Urgent first; not before its hour; one file as long as its parts; what comes later waits for the next slot."""
    await station.send("Tin thường")
    await station.send("Tin ưu tiên", klass=BulletinClass.PRIORITY)
    assert [] == await station.programmes()
    station.clock.advance(2 * 3600)
    await station.drain()
    (programme,) = await station.programmes()
    assert ["Tin ưu tiên", "Tin thường"] == await station.titles(programme)
    assert ("made", "trua", 1) == (programme.state, programme.slot, programme.version)
    await station.send("Tin tới sau")
    await station.drain()
    station.clock.advance(6 * 3600)
    await station.drain()
    noon, evening = await station.programmes()
    assert (noon.holds, ["Tin tới sau"]) == (programme.holds, await station.titles(evening))
    assert noon.audio is not None
    with av.open(str(station.house.recordings / noon.audio.name)) as file:
        heard = sum(frame.samples for frame in file.decode(audio=0)) / 44100
    async with station.house.database.read() as connection:
        stock = await shelf_store.read_stock(connection, "tram")
    parts = {one.delivery: one.bulletin.parts[0].audio for one in stock.stands}
    lengths = [audio.seconds for delivery, _ in noon.holds if (audio := parts[delivery])]
    assert abs(sum(lengths) + len(lengths) - 1 - heard) < 1.5 and abs(noon.audio.seconds - heard) < 0.1


async def test_it_is_to_be_had_around_its_slot_alone(station: Station) -> None:
    """By the slot's name and by its moment, from an hour before until the slot is over; tomorrow it is another one."""
    await station.send("Tin thường")
    assert None is await station.pull("slot/trua.mp3")
    station.clock.advance(2 * 3600)
    await station.drain()
    named, dated = await station.pull("slot/trua.mp3"), await station.pull("2026-11-23-1100.mp3")
    assert named == dated and named is not None and named.audio is not None
    (delivery,) = [one.id for one in await station.deliveries()]
    assert [(delivery, 0, 1)] == list(named.proves)
    assert named.file.startswith("slot/trua/20261123-1100-") and named.changed_at == station.clock.now()
    low = await station.pull("slot/trua-low.mp3")
    assert low is not None and low.audio is not None and low.audio.bytes < named.audio.bytes
    assert low.file.endswith("-low.mp3") and low.proves == named.proves
    for path in ("slot/chieu.mp3", "slot/tram.mp3", "2026-11-22-1100.mp3", "2026-11-23-1700.mp3", "trua.mp3"):
        assert None is await station.pull(path)
    station.clock.advance(3600 + 15 * 60 - 1)
    assert named == await station.pull("slot/trua.mp3")
    station.clock.advance(1)
    assert None is await station.pull("slot/trua.mp3") is await station.pull("2026-11-23-1100.mp3")
    station.clock.advance(24 * 3600 - 1800)
    await station.drain()
    assert None is await station.pull("slot/trua.mp3")  # nothing new today, and never yesterday's


@both
async def test_what_is_withdrawn_takes_the_programme_with_it(station: Station) -> None:
    """In one transaction; then there is one without it, and none when nothing is left."""
    first = await station.send("Tin thứ nhất")
    second = await station.send("Tin thứ hai")
    station.clock.advance(2 * 3600)
    await station.drain()
    before = await station.pull("slot/trua.mp3")
    assert before is not None
    for item, left in ((first, ["Tin thứ hai"]), (second, [])):
        async with station.house.database.write() as tx:
            await station.house.editing.withdraw(tx, item.id, "Hùng", "sai")
            await shelf_store.take_off_shelves(tx, item.id, station.clock.now())
        assert None is await station.pull("slot/trua.mp3")
        await station.drain()
        page = await station.pull("slot/trua.mp3")
        (programme,) = await station.programmes()
        if left:
            assert page is not None and page.audio != before.audio
            assert (left, 2, "made") == (await station.titles(programme), programme.version, programme.state)
        else:
            assert (None, "broken") == (page, programme.state)


async def test_what_is_over_in_mid_slot_takes_the_programme_with_it(station: Station) -> None:
    """At the very moment, before anybody has composed it anew."""
    noon = station.in_(hours=3)
    await station.send("Tin ngắn hạn", valid_until=noon + timedelta(minutes=5))
    await station.send("Tin dài hạn")
    station.clock.advance(3 * 3600)
    station.clock.advance(-3600)
    await station.drain()
    station.clock.advance(3600 + 299)
    assert await station.pull("slot/trua.mp3") is not None
    station.clock.advance(1)
    assert None is await station.pull("slot/trua.mp3")
    await station.direct()
    (programme,) = await station.programmes()
    assert ["Tin dài hạn"] == await station.titles(programme)
    assert await station.pull("slot/trua.mp3") is not None


@both
async def test_many_nodes_make_one_programme(station: Station) -> None:
    """What one freezes and claims no other does: one row, one version, joined once."""
    await station.send("Tin thường")
    station.clock.advance(2 * 3600)
    house = station.house
    joining = Counted(
        *(house.database, house.studio, house.recordings),
        *(house.settings.radio, house.settings.office.name, house.settings.voice.variant),
    )
    nodes = [
        Director(house.database, station.clock, house.notifier, house.outlets, joining, f"node{number}")
        for number in range(4)
    ]
    await asyncio.gather(*(node.direct() for node in nodes))
    for node in nodes:
        await node.direct()
    (programme,) = await station.programmes()
    assert ("made", 1, 1) == (programme.state, programme.version, joining.joined)


class Counted(Joining):
    """Counts what it joins."""

    joined = 0

    async def join(self, *what: Any) -> Any:
        """See Joining.join."""
        self.joined += 1
        return await super().join(*what)


def directing(station: Station, **radio: Any) -> Director:
    """A director whose office has set these about its programmes."""
    house = station.house
    words = (house.settings.radio.model_copy(update=radio), house.settings.office.name, house.settings.voice.variant)
    joining = Joining(house.database, house.studio, house.recordings, *words)
    return Director(house.database, station.clock, house.notifier, house.outlets, joining, "node")


@pytest.mark.parametrize("there", [True, False])
async def test_music_lies_under_it_where_there_is_some(station: Station, *, there: bool) -> None:
    """The pause between two items is not silent then; without the file the programme goes out all the same."""
    house = station.house
    with tempfile.TemporaryFile() as music:
        music.write(hum(5, 330))
        master = await house.studio.take_bed(music)
    async with house.database.write() as tx:
        await choose_bed(tx, Bed(master, "nhac.mp3", "Trần Văn Hùng", station.clock.now()))
    if not there:
        (house.recordings / master).unlink()
    for number in range(4):
        await station.send(f"Tin số {number}")
    station.clock.advance(2 * 3600)
    await directing(station, pause=1.3).direct()
    (programme,) = await station.programmes()
    assert programme.state == "made" and programme.audio is not None
    with av.open(str(station.house.recordings / programme.audio.name)) as file:
        levels = [float(abs(frame.to_ndarray()).max()) for frame in file.decode(audio=0)]
    third = len(levels) // 3
    assert (min(levels[third:-third]) > 0.001) is there


async def test_one_that_is_too_long_says_so(plain_settings: dict[str, Any], clock: FakeClock) -> None:
    """It airs all the same; whoever looks at it knows by how much."""
    short = [{"name": "trua", "title": "Trưa", "time": "11:00", "minutes": 0.05}]
    async with station_in(plain_settings, clock, slots=short) as station:
        await station.send("Tin thường")
        clock.advance(2 * 3600)
        await directing(
            station, opening="Kính thưa bà con, đây là bản tin trưa của xã nhà, mời bà con cùng nghe."
        ).direct()
        (programme,) = await station.programmes()
    assert programme.state == "made" and re.fullmatch(r"dài hơn giờ phát [1-9] giây", programme.note)


async def test_a_recording_that_is_missing_is_waited_for(station: Station) -> None:
    """The programme stays frozen, says why, and is joined when the file is back; a dead claim is overtaken."""
    await station.send("Tin thường")
    (file,) = station.house.recordings.rglob("*.mp3")
    away = file.rename(file.with_suffix(".away"))
    station.clock.advance(2 * 3600)
    assert 1 == await station.direct()  # frozen, not joined
    assert 0 == await station.direct()  # too soon
    away.rename(file)
    station.clock.advance(15)
    assert 1 == await station.direct()
    assert "made" == (await station.programmes())[0].state


async def test_a_slot_that_has_begun_is_not_composed_any_more(station: Station) -> None:
    """Whoever asks at its end would get what nobody heard; it goes into the next one."""
    station.clock.advance(3 * 3600)
    await station.send("Tin sát giờ")
    await station.drain()
    assert [] == await station.programmes()
    station.clock.advance(5 * 3600)
    await station.drain()
    assert ["chieu"] == [one.slot for one in await station.programmes()]


def test_slots_that_make_no_sense_are_told_at_start(plain_settings: dict[str, Any]) -> None:
    """With the outlet and the key."""
    plain_settings["outlets"]["tram"] |= {"slots": [{"name": "sang", "time": "25:00"}]}
    with pytest.raises(Exception, match=r"\[outlets\.tram\] slots\.0\.time"):
        build(Settings.model_validate(plain_settings))
