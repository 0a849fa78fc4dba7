"""Zalo's articles and templates through the lanes of a whole house: put off, gone on with, settled by receipts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from channels import store as channels_store
from channels.channel import Callback
from config.settings import Settings
from desk.app import opened
from scheduler import store as scheduler_store
from scheduler.delivery import State
from scheduler.schedule import Rule
from tests.channels.partners.zalo import HANOI, Zalo
from tests.scheduler.conftest import Office


@pytest.fixture
async def account(clock: Any) -> AsyncIterator[Zalo]:
    """An account whose articles take two looks until they are ready."""
    async with Zalo(clock, processing=2) as account:
        yield account


@pytest.fixture
async def commune(plain_settings: dict[str, Any], clock: Any, account: Zalo) -> AsyncIterator[Office]:
    """An office with both outlets, each with tokens of its own."""
    outlets = {
        "bai": {"kind": "zalo_article", **account.article_options()},
        "mau": {"kind": "zalo_template", **account.template_options(refresh_token=account._pair()[1])},
    }
    async with opened(Settings.model_validate(plain_settings | {"outlets": outlets}), clock) as house:
        yield Office(house, clock)


async def test_an_article_is_put_off_and_goes_once(commune: Office, account: Zalo) -> None:
    """Two tries find it still being processed, the third broadcasts; the next article waits for the next morning."""
    await commune.schedule(await commune.item(), "bai")
    await commune.drain()
    assert await commune.states() == {State.PENDING: 1} and not account.broadcasts
    for _ in range(2):
        commune.clock.advance(40)
        await commune.drain()
    assert await commune.states() == {State.SENT: 1} and len(account.created) == 1
    await commune.schedule(await commune.item("Tiêm chủng mở rộng"), "bai")
    await commune.drain()
    assert await commune.states() == {State.SENT: 1, State.PENDING: 1} and len(account.created) == 1
    commune.clock.advance(23 * 3600 + 600)
    await commune.drain()
    assert await commune.states() == {State.SENT: 2}
    assert [one.at.astimezone(HANOI).day for one in account.broadcasts] == [23, 24]


async def test_templates_are_confirmed_by_their_receipts(commune: Office, account: Zalo) -> None:
    """Also the one whose answer was lost: unsure, never repeated, settled by the tracking id in its receipt."""
    people = await commune.audience(3)
    account.losing = {"/message/template"}
    await commune.schedule(await commune.item(), "mau", audience="Bản A")
    await commune.drain()
    states = await commune.states()
    assert (states[State.UNSURE], states[State.SENT]) == (1, 2)
    assert sorted(one.phone for one in account.templates.sent) == [phone[1:] for phone in people]
    at = commune.house.outlets["mau"]
    for one in account.templates.sent:
        body, headers = account.arrive(one)
        lower = {name.lower(): value for name, value in headers.items()}
        now = commune.clock.now()
        said = at.channel.confirm(Callback("POST", {}, lower, body, now), at.outlet)
        async with commune.house.database.write() as tx:
            call = channels_store.Call("mau", now, body, said)
            await channels_store.store_callbacks(tx, commune.house.seal, [call])
    await commune.drain()
    assert await commune.states() == {State.CONFIRMED: 3} and len(account.templates.sent) == 3


async def test_the_review_is_counted_into_the_schedule(commune: Office, account: Zalo) -> None:
    """What goes to the account leaves half an hour before its moment, each run once; what goes elsewhere too leaves there at it."""
    account.processing = 0
    await commune.audience(1)
    daily = Rule(cron="0 9 * * *")
    await commune.schedule(await commune.item(), "bai", rule=daily)
    await commune.schedule(
        await commune.item("Tiêm chủng"), "mau", "bai", audience="Bản A", rule=Rule(cron="10 9 * * *")
    )
    commune.clock.advance(29 * 60)
    await commune.drain()
    assert {} == await commune.states()
    for minutes in (1, 1, 8):
        commune.clock.advance(minutes * 60)
        await commune.drain()
        (one,) = await commune.deliveries()
        assert (State.SENT, "bai") == (one.state, one.outlet)
    (sent,) = account.broadcasts
    assert (8, 30) == (sent.at.astimezone(HANOI).hour, sent.at.astimezone(HANOI).minute)
    async with commune.house.database.read() as connection:
        (run,) = await scheduler_store.list_occurrences(connection)
    assert 9 == run.due_at.astimezone(HANOI).hour
    commune.clock.advance(21 * 60)
    await commune.drain()
    assert ["bai", "bai"] == [one.outlet for one in await commune.deliveries()]
    commune.clock.advance(10 * 60)
    await commune.drain()
    assert ["bai", "bai", "mau"] == sorted(one.outlet for one in await commune.deliveries())
    commune.clock.advance(23 * 3600 + 20 * 60)
    await commune.drain()
    runs = [one.due_at.astimezone(HANOI).day for one in await commune.deliveries() if one.outlet == "bai"]
    assert [23, 23, 24] == runs


async def test_a_review_of_no_time_changes_nothing(commune: Office, account: Zalo) -> None:
    """And what is to go at once goes at once."""
    account.processing = 0
    await commune.schedule(await commune.item(), "bai")
    await commune.drain()
    assert 1 == len(account.broadcasts)
