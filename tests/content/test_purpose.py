"""What a text is for: kept with every revision, part of what is approved, read from a document's front matter."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from config.words import BadInput
from content import store
from content.bulletin import Bulletin, BulletinClass, Pinned, Purpose
from content.document import read_document
from content.issue import Cleared
from content.item import Draft
from desk.app import House
from tests.conftest import both

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@both
async def test_it_goes_out_with_the_text_that_was_approved(house: House) -> None:
    """Written with a draft, it stands in the revision and in the part that a channel sees; another one is another text."""
    advert = Draft("Hội chợ", "Mời bà con tới hội chợ.", purpose=Purpose.ADVERTISING)
    async with house.database.write() as tx:
        item = await house.editing.write(tx, advert, "Mai")
        revision = await store.find_revision(tx, item.revision)
        await house.editing.revise(tx, item.id, replace(advert, purpose=Purpose.CARE), "Mai")
        await house.editing.submit(tx, item.id, "Mai")
        item = await house.editing.approve(tx, item.id, "Hùng")
        approved = await store.find_revision(tx, item.revision)
    assert Purpose.ADVERTISING is revision.purpose
    assert revision.digest != approved.digest
    assert revision.digest != replace(revision, purpose=Purpose.OUTREACH).digest
    pinned = Pinned(item.id, approved.id, approved.digest)
    async with house.database.read() as connection:
        cleared = (await house.press.clear(connection, [pinned], house.clock.now()))[pinned]
    assert isinstance(cleared, Cleared)
    bulletin = Bulletin("x", BulletinClass.NORMAL, "UBND", house.clock.now(), None, (cleared.part,))
    assert {Purpose.CARE} == bulletin.purposes
    assert bulletin == Bulletin.from_record(bulletin.record())


def test_a_bulletin_from_before_there_were_purposes() -> None:
    """What stands on a shelf since then informs the public."""
    plain = {
        "id": "x",
        "klass": "normal",
        "office": "UBND",
        "issued_at": "2026-11-23T01:00:00+00:00",
        "valid_until": None,
    }
    texts = dict.fromkeys(("item", "revision", "digest", "slug", "title", "article", "script", "short", "chat"), "x")
    assert {Purpose.OUTREACH} == Bulletin.from_record({**plain, "parts": [{**texts, "audio": None}]}).purposes


def test_front_matter_says_it() -> None:
    """`purpose` by its word; outreach when nothing is said, and an unknown one is told with what there is."""
    text = b"---\ntitle: A\npurpose: internal\n---\nB"
    assert Purpose.INTERNAL is read_document("a.md", text, ZONE).draft.purpose
    assert Purpose.OUTREACH is read_document("a.md", b"# A\n\nB", ZONE).draft.purpose
    with pytest.raises(BadInput, match=r"a\.md: purpose must be one of: outreach, .*advertising"):
        read_document("a.md", b"---\ntitle: A\npurpose: spam\n---\nB", ZONE)
