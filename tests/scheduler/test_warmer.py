"""The warmer: recordings ahead of time, then the other sounds that the outlets of their schedules take."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from channels.channel import Outlet
from channels.kinds.radio import Radio, RadioOptions
from channels.outlet import InService, Outlets
from content import store
from content.bulletin import Audio, Sound
from content.issue import SYNTHETIC, Press
from content.item import Draft, Item, ItemState, Revision
from content.mastering import measure
from content.recordings import store as recording_store
from desk.app import House
from scheduler.owner import own_name
from scheduler.warmer import Warmer
from tests.scheduler.conftest import Office

WAV, LOW = Sound("wav", -23.0), Sound("mp3-low")


class ManySounds(Radio):
    """A station that takes the recording in three sounds, one of which is the house's own."""

    def sounds(self, outlet: Outlet[RadioOptions]) -> tuple[Sound, ...]:
        """See Channel.sounds."""
        return WAV, LOW, Sound()


def warmer_of(house: House, press: Press | None = None) -> Warmer:
    """A warmer for whose outlets the station takes many sounds."""
    outlets = Outlets(
        {at.name: at for at in house.outlets} | {"tram": InService(ManySounds(), house.outlets["tram"].outlet)}
    )
    parts: tuple[Any, ...] = (house.database, house.clock, house.notifier, outlets, house.studio)
    return Warmer(*parts, press or house.press, "test", house.stopping)


async def audio(office: Office, item: Item) -> Audio:
    """The item's recording as a bulletin would bear it now."""
    async with office.house.database.read() as connection:
        return (await office.house.press.audios(connection, [item.revision]))[item.revision]


async def test_recordings_come_first_then_their_sounds(office: Office) -> None:
    """All that the outlet takes, once each, measured, told of in the row and in the sidecar; nothing for nobody."""
    item, other = await office.item(), await office.item("Tin chỉ đăng cổng thông tin")
    await office.schedule(item, "tram")
    await office.schedule(other, "portal")
    warmer = warmer_of(office.house)
    assert 3 == await warmer.warm()
    assert 0 == await warmer.warm()
    made = await audio(office, item)
    assert {WAV, LOW} == {one.sound for one in made.variants}
    for one in made.variants:
        file = office.house.recordings / one.name
        heard = measure(file.read_bytes())
        assert abs(heard.lufs - (one.sound.lufs or -16)) <= 0.5
        assert one.bytes == file.stat().st_size
        said = json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))
        assert (True, one.sha256) == (said["synthetic"], said["sha256"])
    async with office.house.database.read() as connection:
        rows = await recording_store.variants(connection, [made.sha256])
        assert [] == await recording_store.variants(connection, ["0" * 64])
    assert [("mp3-low", None), ("wav", -23.0)] == [(row.format, row.lufs) for row in rows]
    assert all(row.peak <= -1 and row.master for row in rows)


async def test_a_master_that_is_gone_holds_nothing_up(office: Office) -> None:
    """The variant waits for its next try with the reason; the recording itself is there."""
    item = await office.item()
    await office.schedule(item, "tram")
    await office.house.runner.drain()
    async with office.house.database.read() as connection:
        revision = await store.find_revision(connection, item.revision)
        row = (await office.house.press.recordings(connection, [revision]))[item.revision]
    assert row is not None
    (office.house.recordings / row.master).unlink()  # type: ignore[union-attr]
    assert 0 == await warmer_of(office.house).warm()
    assert (await audio(office, item)).variants == ()


async def test_the_validity_is_part_of_a_variant(office: Office) -> None:
    """The same words with another end are the same recording but another WAV: its cart chunk stops it from airing."""
    item = await office.item()
    await office.schedule(item, "tram")
    warmer = warmer_of(office.house)
    await warmer.warm()
    first = await audio(office, item)
    async with office.house.database.write() as tx:
        draft = Draft(
            "Bộ phận một cửa làm việc cả thứ bảy",
            "Từ tháng này bà con nộp hồ sơ được cả sáng thứ bảy.",
            valid_until=office.in_(days=2),
        )
        await office.house.editing.revise(tx, item.id, draft, "Mai")
        await office.house.editing.submit(tx, item.id, "Mai")
        item = await office.house.editing.approve(tx, item.id, "Hùng")
    await office.schedule(item, "tram")
    assert 2 == await warmer.warm()
    again = await audio(office, item)
    assert first.sha256 == again.sha256
    wavs = [one.sounding(WAV) for one in (first, again)]
    assert wavs[0] is not None
    assert wavs[1] is not None
    assert wavs[0].sha256 != wavs[1].sha256
    assert b"2026-11-25" in (office.house.recordings / wavs[1].name).read_bytes()[:5000]


async def test_other_voices_later_change_nothing_approved(office: Office) -> None:
    """What was heard at approval stays in force when the office sets other voices; new items get the new ones."""
    house = office.house
    async with house.database.write() as tx:
        item = await house.editing.write(tx, Draft("Nghe rồi mới duyệt", "Nội dung."), "Mai")
        await house.editing.submit(tx, item.id, "Mai")
    await house.runner.drain()
    heard = await audio(office, item)
    async with house.database.write() as tx:
        await house.editing.approve(tx, item.id, "Hùng", recording=heard.sha256)
    other = Press(house.press.office, ("another 1",), house.press.mastering, say_synthetic=True)
    async with house.database.read() as connection:
        revision = await store.find_revision(connection, item.revision)
        assert heard == await other.audio_of(connection, revision)
    assert other.key_of(revision) != house.press.key_of(revision)
    assert other.script_of(revision).endswith(SYNTHETIC)
    await office.schedule(item, "tram")
    assert 2 == await warmer_of(house, other).warm()


async def test_other_languages_are_not_guessed(office: Office) -> None:
    """No Vietnamese voice reads a text in another language: it waits for a person's recording."""
    item = await office.item(language="blt")
    await office.schedule(item, "tram")
    assert 0 == await warmer_of(office.house).warm()
    with pytest.raises(KeyError):
        await audio(office, item)


async def test_a_long_script_is_made_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes: the claim is renewed, and no other node begins it again."""
    await office.schedule(await office.item(), "tram")
    house, begun, spoken, tries = office.house, asyncio.Event(), asyncio.Event(), 0
    record = house.studio.record

    async def slowly(*what: Any, **more: Any) -> Any:
        nonlocal tries
        tries += 1
        begun.set()
        await spoken.wait()
        return await record(*what, **more)

    monkeypatch.setattr(house.studio, "record", slowly)
    parts: tuple[Any, ...] = (house.database, house.clock, house.notifier, house.outlets, house.studio, house.press)
    here, there = (Warmer(*parts, name, house.stopping) for name in ("here", "there"))
    making = asyncio.ensure_future(here.warm())
    await begun.wait()
    lease = select(recording_store.recording.c.lease_until)
    for _ in range(10):
        async with house.database.read() as connection:
            before = (await connection.execute(lease)).scalar_one()
        house.clock.advance(200)
        async with asyncio.timeout(10), house.database.read() as connection:
            while (await connection.execute(lease)).scalar_one() == before:
                await connection.rollback()
        assert await there.warm() == 0
    spoken.set()
    assert (await making, tries) == (1, 1)


async def test_what_the_dead_claimed_is_free_at_once(office: Office) -> None:
    """A server that was killed and started again does not wait for its own lease; what the living hold stays theirs."""
    await office.schedule(await office.item(), "tram")
    await office.schedule(await office.item("Tin khác"), "tram")
    house, living = office.house, own_name()
    machine, pid, _ = living.rsplit("/", 2)
    keys = [house.press.key_of(one) for one in await _coming(house)]
    async with house.database.write() as tx:
        for key, owner in zip(keys, (f"{machine}/{pid}/1", living), strict=True):
            now = house.clock.now()
            lease = now + timedelta(minutes=10)
            await recording_store.claim_recording(house.database, tx, key, owner=owner, now=now, lease_until=lease)
    assert 0 == await house.runner._warmer.warm()
    assert 1 == await house.runner._warmer.rescue()
    assert 1 == await house.runner._warmer.warm()


async def _coming(house: House) -> list[Revision]:
    """Every approved text."""
    async with house.database.read() as connection:
        items = await store.list_items(connection, states=(ItemState.APPROVED,))
        return [await store.find_revision(connection, item.revision) for item in items]
