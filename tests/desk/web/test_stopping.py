"""A recipient's link: no number in it, one button, no script, no sign-in, twice is once, back by the same link."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from channels.audiences import store as audience_store
from channels.shelf import store as shelf_store
from config.clock import FakeClock
from config.settings import Settings
from desk.app import opened
from desk.web import make_web
from scheduler.delivery import State
from scheduler.schedule import Rule
from tests.conftest import both
from tests.scheduler.conftest import BriskClock, Office
from tests.scheduler.partner import SlowGateway


@pytest.fixture
def clock() -> FakeClock:
    """A clock on which the short waits of a pace pass by themselves."""
    return BriskClock()


NAVIGATION = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}


@pytest.fixture
async def commune(plain_settings: dict[str, Any], clock: Any) -> Any:
    """An office whose SMS carry the link, its door and its gateway."""
    async with SlowGateway(clock) as sms:
        options = sms.options() | {
            "body_template": sms.options()["body_template"].replace("{text}", "{text} {thoi_nhan}")
        }
        plain_settings["outlets"] = {
            "sms": {"kind": "sms_http", **options},
            "bare": {"kind": "sms_http", **sms.options()},
        }
        async with (
            opened(Settings.model_validate(plain_settings), clock) as house,
            TestClient(TestServer(make_web(house))) as client,
        ):
            yield Office(house, clock), client, sms


async def links(office: Office, sms: SlowGateway, outlet: str = "sms") -> list[str]:
    """Send to three people; the path in each one's text."""
    await office.audience(3)
    await office.schedule(
        await office.item(short="Tin mới. Thôi nhận: {thoi_nhan}" if outlet == "bare" else ""), outlet, audience="Bản A"
    )
    await office.drain()
    assert {State.SENT: 3} == await office.states()
    taken = sorted(sms.ledger.taken, key=lambda one: one.phone)
    return [one.content[one.content.index("/thoi-nhan/") :].split()[0] for one in taken]


async def reachable(office: Office) -> int:
    """How many of the list can be reached."""
    async with office.house.database.read() as connection:
        return (await audience_store.audiences(connection))[0].size


@both
@pytest.mark.parametrize("outlet", ["sms", "bare"])
async def test_one_button(
    commune: tuple[Office, TestClient[web.Request, web.Application], SlowGateway], outlet: str
) -> None:
    """Each has a link of their own, from the gateway's template or from the text; looking changes nothing."""
    office, client, sms = commune
    first, second, _ = paths = await links(office, sms, outlet)
    assert 3 == len(set(paths)) and not any("98000" in path or "<" in path for path in paths)
    await office.schedule(await office.item("Tin mai"), outlet, audience="Bản A", rule=Rule(once=office.in_(days=1)))
    answer = await client.get(first, headers=NAVIGATION)
    text = await answer.text()
    assert 200 == answer.status and "no-store" == answer.headers["Cache-Control"]
    assert "+84…000" in text and "980000000" not in text and 1 == text.count("<button") and "<script" not in text
    assert 3 == await reachable(office)
    for _ in range(2):
        answer = await client.post(first, data={"want": "nothing"}, headers=NAVIGATION, allow_redirects=False)
        assert (303, first) == (answer.status, answer.headers["Location"])
    assert 2 == await reachable(office)
    assert "không nhận tin nữa" in await (await client.get(first, headers=NAVIGATION)).text()
    assert "Thôi nhận tin?" in await (await client.get(second, headers=NAVIGATION)).text()
    assert ["opt_out"] == await office.journal("recipient/+84…000")
    for _ in range(2):
        await client.post(first, data={"want": "again"}, headers=NAVIGATION, allow_redirects=False)
    assert 3 == await reachable(office)
    assert ["opt_out", "opt_in"] == await office.journal("recipient/+84…000")


async def test_public_places_show_no_empty_place(plain_settings: dict[str, Any], clock: Any) -> None:
    """What stands on a shelf was made from the same texts, and has no reader of its own."""
    async with opened(Settings.model_validate(plain_settings), clock) as house:
        office = Office(house, clock)
        await office.schedule(await office.item(short="Tin mới. {thoi_nhan}", chat="Tin {thoi_nhan}"), "portal")
        await office.drain()
        async with house.database.read() as connection:
            (one,) = (await shelf_store.read_stock(connection, "portal", limit=9)).stands
        assert ("Tin mới. ", "Tin ") == (one.bulletin.short, one.bulletin.chat)


async def test_what_is_no_link_of_ours(commune: tuple[Office, TestClient[Any, Any], SlowGateway]) -> None:
    """A changed letter is 404 by GET and POST; another site cannot press the button."""
    office, client, sms = commune
    first, *_ = await links(office, sms)
    wrong = first[:-3] + ("AAA" if not first.endswith("AAA") else "BBA")
    for method in ("GET", "POST"):
        assert 404 == (await client.request(method, wrong, headers=NAVIGATION)).status
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Accept": "text/html"}
    assert 403 == (await client.post(first, data={"want": "nothing"}, headers=headers)).status
    assert 3 == await reachable(office)


@both
async def test_a_reply_is_heard(plain_settings: dict[str, Any], clock: Any) -> None:
    """Through the gateway's hook, stored raw first; what waits for the sender is cancelled."""
    async with SlowGateway(clock) as sms:
        replies = {"phone": "from", "text": "text", "proof": "header", "name": "X-Key", "secret": "khoa-cua-tong-dai"}
        more = {"replies": replies, "stop_answer": "UBND xa: ong ba se khong nhan tin nua."}
        plain_settings["outlets"] = {"sms": {"kind": "sms_http", **sms.options(), **more}}
        async with (
            opened(Settings.model_validate(plain_settings), clock) as house,
            TestClient(TestServer(make_web(house))) as client,
        ):
            office = Office(house, clock)
            await office.audience(2)
            sms.says = lambda _: (503, {})
            await office.schedule(await office.item(), "sms", audience="Bản A")
            await office.drain()
            said = {"from": "0980000001", "text": "TC"}
            assert 403 == (await client.post("/hooks/sms", json=said, headers={"X-Key": "khong-phai-khoa"})).status
            assert 200 == (await client.post("/hooks/sms", json=said, headers={"X-Key": "khoa-cua-tong-dai"})).status
            sms.says = lambda _: None
            assert 200 == (await client.post("/hooks/sms", json=said, headers={"X-Key": "khoa-cua-tong-dai"})).status
            await house.receiver.receive()
            clock.advance(60)
            await office.drain()
            assert {State.SENT: 1, State.CANCELLED: 1} == await office.states()
            assert 1 == await reachable(office)
            answers = [one.phone for one in sms.ledger.taken if one.content.startswith("UBND xa")]
            assert ["84980000001"] == answers
