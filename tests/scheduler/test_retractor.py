"""What was withdrawn is taken back at partners that can: again and again until it is, and told when it never will be."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from config.clock import FakeClock
from config.settings import Settings
from content.item import Draft, Item
from desk.app import opened
from scheduler.retraction import store
from scheduler.retraction.store import Retraction
from tests.channels.partners.wordpress import PASSWORD, FakeWordPress
from tests.conftest import both
from tests.scheduler.conftest import Office


@pytest.fixture
async def site() -> AsyncIterator[FakeWordPress]:
    """A WordPress."""
    site = FakeWordPress()
    async with TestServer(site.app) as server:
        site.url = str(server.make_url("")).rstrip("/")
        yield site


@pytest.fixture
async def office(plain_settings: dict[str, Any], site: FakeWordPress, clock: FakeClock) -> AsyncIterator[Office]:
    """An office with a WordPress of its own."""
    options = {"kind": "wordpress", "url": site.url, "login": "editor", "application_password": PASSWORD}
    plain_settings["outlets"]["trang"] = options
    async with opened(Settings.model_validate(plain_settings), clock) as house:
        yield Office(house, clock)


async def posted(office: Office) -> Item:
    """An item that the site has."""
    item = await office.item("Lịch tiêm chủng")
    await office.schedule(item, "trang")
    await office.drain()
    return item


async def withdraw(office: Office, item: Item) -> None:
    """The office takes it back."""
    house = office.house
    async with house.database.write() as tx:
        item = await house.editing.withdraw(tx, item.id, "Hùng", "Sai ngày")
        await house.correcting.take_back(tx, item)
    await office.drain()


async def state(office: Office, item: Item) -> Retraction:
    """How far it has come."""
    async with office.house.database.read() as connection:
        (one,) = await store.retractions_of(connection, item.id)
    return one


@both
async def test_a_post_goes_to_the_bin(office: Office, site: FakeWordPress) -> None:
    """And the journal says so; an item that was never there is not asked for."""
    item = await posted(office)
    await withdraw(office, item)
    assert ["trash"] == [post["status"] for post in site.posts.values()]
    assert (await state(office, item)).done_at is not None
    assert "retracted" in await office.journal(f"item/{item.id}")
    other = await office.item("Tin khác")
    await withdraw(office, other)
    async with office.house.database.read() as connection:
        assert [] == await store.retractions_of(connection, other.id)


async def test_a_lost_answer_is_asked_again_and_a_no_is_told(office: Office, site: FakeWordPress) -> None:
    """The post is in the bin once; where the partner will not, a person is told to do it by hand."""
    item = await posted(office)
    site.lose = lambda line: line.startswith("DELETE")
    await withdraw(office, item)
    one = await state(office, item)
    assert one.done_at is None and one.next_try_at is not None and one.note
    site.lose = lambda line: False
    office.clock.advance(60)
    await office.drain()
    assert (await state(office, item)).done_at is not None
    async with office.house.database.write() as tx:
        await store.ask_back(office.house.database, tx, "khong-con", item, office.clock.now())
    await office.drain()
    async with office.house.database.read() as connection:
        lost = next(one for one in await store.retractions_of(connection, item.id) if one.outlet == "khong-con")
    assert lost.done_at is None and lost.next_try_at is None and "không còn điểm phát" in lost.note


async def test_a_corrected_text_takes_the_posts_place(office: Office, site: FakeWordPress) -> None:
    """At the same address, without a schedule of anybody's."""
    item, house = await posted(office), office.house
    (before,) = site.posts.values()
    address = before["link"]
    office.clock.advance(60)
    async with house.database.write() as tx:
        await house.editing.revise(tx, item.id, Draft("Lịch tiêm chủng mới", "Từ thứ hai."), "Mai")
        await house.editing.submit(tx, item.id, "Mai")
        item = await house.editing.approve(tx, item.id, "Hùng")
        await house.correcting.replace(tx, item, "Hùng")
    await office.drain()
    (post,) = site.posts.values()
    assert (post["link"], "mới" in str(post["title"])) == (address, True)
