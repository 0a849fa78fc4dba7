"""An office's items on a real WordPress: one post an item at one address, whatever is lost, corrected or withdrawn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, encode_basic_auth

from channels import store as channels_store
from channels.channel import To
from channels.kinds.wordpress import WordPress, marker_of
from config.clock import FakeClock
from config.settings import Settings
from content import store as content_store
from content.bulletin import Part, Pinned
from content.item import Draft, Item
from desk.app import House, opened
from scheduler.delivery import Delivery, State
from scheduler.log import store as log_store
from scheduler.schedule import Rule
from scheduler.scheduling import Wish
from tests.sounds import hum, record
from tests.story.wordpress import RealWordPress, gate, missing, wordpress

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

TITLE = "Giá điện < 3 nghìn & lịch cắt điện ở Sốp Cộp"
BODY = "Bà con **chú ý** giờ cắt điện:\n\n- bản Nà Khi: 7 giờ\n- bản Sốp Nặm: 9 giờ"
THEME = "Điện & Nước"


@pytest.fixture(scope="module")
def site() -> Iterator[RealWordPress]:
    """One site for all: each test has items of its own."""
    with wordpress() as site:
        yield site


@dataclass
class Office:
    """A house whose outlet `web` is the site, on a clock that stands."""

    house: House
    clock: FakeClock
    site: RealWordPress
    kind: WordPress

    @property
    def outlet(self) -> Any:
        """The outlet as a channel sees it."""
        return self.house.outlets["web"].outlet

    async def write(self, sound: bytes | None = None) -> Item:
        """An approved item with a recording, of these bytes or of a second and a half."""
        async with self.house.database.write() as tx:
            await content_store.save_theme(self.house.database, tx, "dien-nuoc", THEME, 1)
            item = await self.house.editing.write(tx, Draft(TITLE, BODY, theme="dien-nuoc"), "Mai")
        return await self._approve(item, sound)

    async def correct(self, item: Item, body: str) -> Item:
        """Another text of it, approved, with a recording of its own."""
        async with self.house.database.write() as tx:
            item = await self.house.editing.revise(tx, item.id, Draft(TITLE, body, theme="dien-nuoc"), "Mai")
        return await self._approve(item, hum(1.0))

    async def _approve(self, item: Item, sound: bytes | None) -> Item:
        async with self.house.database.write() as tx:
            await self.house.editing.submit(tx, item.id, "Mai")
            item = await self.house.editing.approve(tx, item.id, "Hùng")
        await record(self.house, item, data=sound)
        return item

    async def send(self, item: Item) -> Delivery:
        """A delivery of it, tried once; the outlet's pace lets it go at once."""
        self.clock.advance(10)
        async with self.house.database.write() as tx:
            wish = Wish((item.id,), ("web",), Rule(once=self.clock.now()))
            await self.house.scheduling.add(tx, wish, "Hùng", may_approve=True)
        await self.house.runner.drain()
        return await self.last()

    async def again(self) -> Delivery:
        """The next try of what is pending."""
        self.clock.advance(600)
        await self.house.runner.drain()
        return await self.last()

    async def last(self) -> Delivery:
        """The newest delivery."""
        async with self.house.database.read() as connection:
            return (await log_store.list_deliveries(connection, log_store.Filter(outlets=("web",)), limit=1))[0]

    async def part(self, item: Item) -> Part:
        """The item as a channel gets it."""
        async with self.house.database.read() as connection:
            revision = await content_store.find_revision(connection, item.revision)
            pinned = Pinned(item.id, revision.id, revision.digest)
            cleared = (await self.house.press.clear(connection, [pinned], self.clock.now()))[pinned]
        part: Part = cleared.part  # type: ignore[union-attr]
        return part

    async def rest(self, path: str) -> Any:
        """What the site itself says, to somebody who may see everything."""
        signed = {"Authorization": encode_basic_auth("editor", self.site.passwords["editor"])}
        async with (
            ClientSession(headers=signed) as caller,
            caller.get(f"{self.site.url}/wp-json/wp/v2/{path}") as answer,
        ):
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def posts(self, item: Item) -> list[Any]:
        """Every post that could be the item's, a second one's slug and the bin included."""
        marker = marker_of(self.outlet, await self.part(item))
        slugs = ",".join((marker, f"{marker}-2", f"{marker}__trashed"))
        return list(await self.rest(f"posts?slug={slugs}&status=publish,draft,trash&context=edit"))


async def page(address: str) -> tuple[int, str]:
    """A page as a stranger sees it."""
    async with ClientSession() as caller, caller.get(address, allow_redirects=False) as answer:
        return answer.status, await answer.text()


@asynccontextmanager
async def office_at(
    site: RealWordPress, place: Path, database: str, clock: FakeClock, **options: Any
) -> AsyncIterator[Office]:
    """A house that sends to the site."""
    settings = {
        "database": {"url": database},
        "files": {"dir": str(place / "files")},
        "voice": {"engines": ["espeak"]},
        "http": {"allow": ["127.0.0.0/8"]},
        "outlets": {"web": {"kind": "wordpress", **site.options(), **options}},
    }
    async with opened(Settings.model_validate(settings), clock) as house:
        yield Office(house, clock, site, WordPress())


@pytest.fixture
async def office(site: RealWordPress, tmp_path: Path, database_url: str, clock: FakeClock) -> AsyncIterator[Office]:
    """The plain case."""
    async with office_at(site, tmp_path, database_url, clock) as office:
        yield office


async def test_an_item_is_published_whole(office: Office) -> None:
    """Title, list and category in Vietnamese, the recording to be listened to; a later look confirms it."""
    item = await office.write()
    delivery = await office.send(item)
    assert delivery.state is State.SENT, delivery.detail
    status, said = await page(delivery.reference)
    assert status == 200 and f"/{item.slug}-" in delivery.reference
    assert "<h1>Giá điện &lt; 3 nghìn &amp; lịch cắt điện ở Sốp Cộp</h1>" in said
    assert "<strong>chú ý</strong>" in said and "<li>bản Nà Khi: 7 giờ</li>" in said and "Điện &amp; Nước</a>" in said
    (post,) = await office.posts(item)
    (sound,) = await office.rest(f"media?parent={post['id']}")
    assert f'<audio controls src="{sound["source_url"]}"></audio>' in said
    part = await office.part(item)
    assert part.audio is not None
    async with ClientSession() as caller, caller.get(sound["source_url"]) as answer:
        assert await answer.read() == (office.house.recordings / part.audio.name).read_bytes()
    told = await office.kind.ask(To(delivery.id, ""), delivery.reference, office.outlet, office.house.http)
    assert told is not None and told.delivered


async def test_the_same_item_again_is_the_same_post(office: Office) -> None:
    """Nothing is posted or uploaded twice, and the category is not made again."""
    item = await office.write()
    first, second = await office.send(item), await office.send(item)
    assert second.state is State.SENT and second.id != first.id and second.reference == first.reference
    (post,) = await office.posts(item)
    assert len(await office.rest(f"media?parent={post['id']}")) == 1
    assert [term["name"] for term in await office.rest("categories?search=nước")] == ["Điện &amp; Nước"]


async def test_a_lost_answer_is_one_post(
    site: RealWordPress, tmp_path: Path, database_url: str, clock: FakeClock
) -> None:
    """The connection is cut after the upload, and at the next try after the post: what was done is found again."""
    async with gate(site) as way, office_at(site, tmp_path, database_url, clock, url=way.url) as office:
        way.lose = ["POST /wp-json/wp/v2/media?", "POST /wp-json/wp/v2/posts?"]
        item = await office.write()
        delivery = await office.send(item)
        while way.lose:
            assert delivery.state is State.PENDING and len(delivery.attempts) < 3
            delivery = await office.again()
        delivery = await office.again()
        assert delivery.state is State.CONFIRMED, "by then its page was looked at as a stranger does"
        assert [attempt.outcome for attempt in delivery.attempts] == ["unsure", "unsure", "sent"]
        (post,) = await office.posts(item)
        assert post["link"] == delivery.reference and post["status"] == "publish"
        assert len(await office.rest(f"media?parent={post['id']}")) == 1
        assert len([first for first in way.passed if first.startswith("POST /wp-json/wp/v2/media?")]) == 1
        assert len([first for first in way.passed if first.startswith("POST /wp-json/wp/v2/posts?")]) == 1


async def test_a_correction_stands_at_the_old_address(office: Office) -> None:
    """With its own recording; the one that was wrong cannot be fetched any more."""
    item = await office.write()
    first = await office.send(item)
    (post,) = await office.posts(item)
    (wrong,) = await office.rest(f"media?parent={post['id']}")
    corrected = await office.correct(item, "Đính chính: không cắt điện nữa.")
    second = await office.send(corrected)
    assert second.state is State.SENT and second.reference == first.reference
    _, said = await page(first.reference)
    assert "không cắt điện nữa" in said and "Nà Khi" not in said
    (right,) = await office.rest(f"media?parent={post['id']}")
    assert right["source_url"] in said and right["id"] != wrong["id"]
    assert (await page(wrong["source_url"]))[0] == 404


async def test_what_is_withdrawn_is_in_the_bin_and_can_come_back(office: Office) -> None:
    """Nobody sees the page or hears the recording; asked again, it is gone; sent again, it is where it was."""
    item = await office.write()
    delivery = await office.send(item)
    (post,) = await office.posts(item)
    (sound,) = await office.rest(f"media?parent={post['id']}")
    part, http = await office.part(item), office.house.http
    for wanted in (delivery.reference, ""):
        assert (await office.kind.withdraw(part, office.outlet, http)).reference == wanted
    assert (await page(delivery.reference))[0] == 404 and (await page(sound["source_url"]))[0] == 404
    (binned,) = await office.posts(item)
    assert (binned["id"], binned["status"]) == (post["id"], "trash")
    told = await office.kind.ask(To(delivery.id, ""), delivery.reference, office.outlet, http)
    assert told is not None and not told.delivered
    again = await office.send(item)
    assert again.state is State.SENT and again.reference == delivery.reference
    assert (await page(delivery.reference))[0] == 200
    assert [one["id"] for one in await office.posts(item)] == [post["id"]]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"application_password": "sai mat khau roi"}, "Status is forbidden."),
        ({"login": "subscriber"}, "Status is forbidden."),
        ({"login": "contributor", "categories": False, "attach_audio": False}, "rest_cannot_publish"),
        ({"login": "contributor", "categories": False}, "rest_cannot_create"),
        ({"login": "author", "category": "Chuyên mục chưa có"}, "rest_cannot_create"),
    ],
)
async def test_an_account_that_may_not_calls_a_person(
    site: RealWordPress, tmp_path: Path, database_url: str, clock: FakeClock, options: dict[str, Any], words: str
) -> None:
    """The outlet is paused until somebody has looked, and the log says what WordPress said."""
    signed = site.options(options.get("login", "editor")) | options
    async with office_at(site, tmp_path, database_url, clock, **signed) as office:
        item = await office.write()
        delivery = await office.send(item)
        assert delivery.state is State.PENDING and words in delivery.detail
        async with office.house.database.read() as connection:
            row = (await channels_store.outlet_rows(connection))["web"]
        assert row.paused_at is not None


async def test_an_author_with_plain_permalinks_is_enough(
    site: RealWordPress, tmp_path: Path, database_url: str, clock: FakeClock
) -> None:
    """Over `/?rest_route=`, where the category is there; withdrawn and sent again by the same account."""
    options = site.options("author", plain_permalinks=True, category="Uncategorized")
    async with office_at(site, tmp_path, database_url, clock, **options) as office:
        item = await office.write()
        first = await office.send(item)
        await office.kind.withdraw(await office.part(item), office.outlet, office.house.http)
        second = await office.send(item)
        assert second.state is State.SENT and second.reference == first.reference
        assert (await page(first.reference))[0] == 200


async def test_a_file_that_is_no_recording_is_refused(office: Office) -> None:
    """WordPress looks into what it is given; and of the same item nothing was posted."""
    item = await office.write(b"<?php echo 1;")
    delivery = await office.send(item)
    assert delivery.state is State.FAILED and "rest_upload_sideload_error" in delivery.detail
    assert await office.posts(item) == []
