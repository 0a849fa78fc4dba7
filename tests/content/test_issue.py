"""From pinned revisions to a bulletin: nothing leaves that does not match its approval."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from config.clock import FakeClock
from content import store
from content.bulletin import Audio, Bulletin, BulletinClass, Order, Pinned
from content.issue import NotApproved, Press
from content.item import Draft, Item
from content.mastering import Mastering
from content.recordings import store as recording_store
from db.database import Database
from tests.conftest import both
from tests.content.test_editing import DRAFT, OTHER, Office

PRESS = Press("UBND xã Sốp Cộp", ("test",), Mastering())
SHA = "ab" * 32


@pytest.fixture
def office(database: Database, clock: FakeClock) -> Office:
    """An office with an empty desk."""
    return Office(database, clock)


async def pin(office: Office, item: Item) -> Pinned:
    """The item's newest text as a schedule pins it."""
    return Pinned(item.id, item.revision, (await office.revision(item.revision)).digest)


async def issued(office: Office, *pinned: Pinned) -> Bulletin:
    """The bulletin of what was pinned. Raises NotApproved."""
    now = office.clock.now()
    order = Order("b1", BulletinClass.PRIORITY, now, pinned)
    async with office.database.read() as connection:
        bulletin = PRESS.issue(order, await PRESS.clear(connection, pinned, now))
    if isinstance(bulletin, NotApproved):
        raise bulletin
    return bulletin


async def record(office: Office, item: Item, sha256: str = SHA, state: str = "made") -> None:
    """A recording of the item's newest text."""
    key = PRESS.key_of(await office.revision(item.revision))
    now = office.clock.now()
    async with office.database.write() as tx:
        assert await recording_store.claim_recording(
            office.database, tx, key, owner="me", now=now, lease_until=now + timedelta(minutes=1)
        )
        made: dict[str, Any] = {"name": f"ab/{sha256}.mp3", "bytes": 1000, "seconds": 4.5, "sha256": sha256}
        assert await recording_store.save_recording(tx, key, "me", state=state, **(made if state == "made" else {}))


@both
async def test_a_bulletin_is_what_was_approved(office: Office) -> None:
    """Parts in running order with all renditions, the office, the class, the earliest end of validity."""
    soon, late = (office.clock.now() + timedelta(hours=hours) for hours in (2, 5))
    async with office.database.write() as tx:
        await store.save_theme(office.database, tx, "mot-cua", "Một cửa", 1)
    first = await office.approved(valid_until=late, theme="mot-cua", byline="Như Thủy", source="UBND")
    second = await office.approved(title="Tin hai", valid_until=soon)
    bulletin = await issued(office, await pin(office, second), await pin(office, first))
    assert ["Tin hai", "Lịch tiếp dân"] == [part.title for part in bulletin.parts]
    assert ("UBND xã Sốp Cộp", BulletinClass.PRIORITY, soon) == (bulletin.office, bulletin.klass, bulletin.valid_until)
    part, revision = bulletin.parts[1], await office.revision(first.revision)
    for name in ("article", "script", "short", "chat", "byline", "source", "language", "digest"):
        assert getattr(revision, name) == getattr(part, name)
    assert ("Một cửa", first.slug, None) == (part.theme, part.slug, part.audio)
    assert bulletin == Bulletin.from_record(bulletin.record())


@both
async def test_what_is_no_longer_approved_does_not_go_out(office: Office) -> None:
    """Withdrawn, never approved, replaced by a newer approved text, another digest than was pinned."""
    item = await office.do("write", DRAFT, "Mai")
    with pytest.raises(NotApproved):
        await issued(office, await pin(office, item))
    await office.do("submit", item.id, "Mai")
    with pytest.raises(NotApproved):
        await issued(office, await pin(office, item))
    item = await office.do("approve", item.id, "Hùng")
    old = await pin(office, item)
    await issued(office, old)
    with pytest.raises(NotApproved):
        await issued(office, old._replace(digest="0" * 64))
    item = await office.do("revise", item.id, OTHER, "Mai")
    await issued(office, old)
    with pytest.raises(NotApproved):
        await issued(office, await pin(office, item))
    await office.do("submit", item.id, "Mai")
    item = await office.do("approve", item.id, "Hùng")
    with pytest.raises(NotApproved, match="changed"):
        await issued(office, old)
    new = await pin(office, item)
    await issued(office, new)
    await office.do("withdraw", item.id, "Hùng", "sai")
    with pytest.raises(NotApproved) as caught:
        await issued(office, new)
    assert "đã thu hồi" in caught.value.vi


async def test_an_item_goes_out_in_its_time_only(office: Office) -> None:
    """Not before it is valid, not from the very moment it is no longer, whether or not that has been noted."""
    now = office.clock.now()
    item = await office.approved(valid_from=now + timedelta(hours=1), valid_until=now + timedelta(hours=2))
    pinned = await pin(office, item)
    with pytest.raises(NotApproved, match="not valid yet"):
        await issued(office, pinned)
    office.clock.advance((now + timedelta(hours=1) - office.clock.now()).total_seconds())
    assert (await issued(office, pinned)).parts
    office.clock.advance(3599.999)
    assert (await issued(office, pinned)).parts
    office.clock.advance(0.001)
    with pytest.raises(NotApproved, match="no longer valid"):
        await issued(office, pinned)
    await office.do("expire", item.id)
    with pytest.raises(NotApproved, match="no longer valid"):
        await issued(office, pinned)


async def test_one_bad_part_stops_the_whole(office: Office) -> None:
    """A bulletin was approved as a whole."""
    good, bad = await office.approved(), await office.approved()
    pinned = [await pin(office, good), await pin(office, bad)]
    await office.do("withdraw", bad.id, "Hùng", "sai")
    with pytest.raises(NotApproved):
        await issued(office, *pinned)


@both
async def test_audio_is_attached_when_it_is_made(office: Office) -> None:
    """Not while it is being made, not after its making failed."""
    item = await office.approved()
    pinned = await pin(office, item)
    await record(office, item, state="wanted")
    assert (await issued(office, pinned)).parts[0].audio is None
    await record(office, item)
    assert Audio(f"ab/{SHA}.mp3", 1000, 4.5, SHA) == (await issued(office, pinned)).parts[0].audio


@both
async def test_only_the_recording_that_was_heard_goes_out(office: Office) -> None:
    """The approval names the audio; another one for the same text is not approved."""
    item = await office.do("write", Draft("Nghe thử", "Nội dung."), "Mai")
    await record(office, item)
    await office.do("submit", item.id, "Mai")
    item = await office.do("approve", item.id, "Hùng", recording=SHA)
    pinned = await pin(office, item)
    assert (await issued(office, pinned)).parts[0].audio is not None
    async with office.database.write() as tx:
        key = PRESS.key_of(await office.revision(item.revision))
        await tx.execute(
            recording_store.recording.update().where(recording_store.recording.c.key == key).values(sha256="cd" * 32)
        )
    with pytest.raises(NotApproved, match="recording"):
        await issued(office, pinned)


async def test_a_recording_belongs_to_its_words_voice_and_mastering(office: Office) -> None:
    """Another voice or loudness is another recording."""
    item = await office.approved()
    revision = await office.revision(item.revision)
    keys = {
        PRESS.key_of(revision),
        Press("khác", ("other",), Mastering()).key_of(revision),
        Press("khác", ("test",), Mastering(lufs=-23)).key_of(revision),
    }
    assert 3 == len(keys)
    assert PRESS.key_of(revision) == Press("khác", ("test",), Mastering()).key_of(revision)
