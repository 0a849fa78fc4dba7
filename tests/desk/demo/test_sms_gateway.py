"""The sandbox gateway is strict and honest, and the `sms_http` kind gets along with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from channels.channel import Callback, Confirmation, Outlet, Refused, To, Unavailable, Unsure
from channels.http import Http
from channels.kinds.sms_http import SmsHttp
from channels.sms_gateway import SmsHttpOptions
from config.clock import FakeClock
from content.bulletin import Bulletin, BulletinClass, Part
from desk.demo.sms_gateway import SmsGateway, segments
from tests.channels.conftest import Memory
from tests.channels.partners.served import Hook

PHONE = "+84912345678"


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    """A callback address on a random port."""
    async with Hook() as hook:
        yield hook


def bulletin(text: str = "Mưa lớn từ đêm nay.") -> Bulletin:
    """A bulletin with this SMS text."""
    part = Part("i", "r", "d", "s", "t", "a", "s", text, "c")
    return Bulletin("b", BulletinClass.NORMAL, "Xã", FakeClock().now(), None, (part,))


def outlet(gateway: SmsGateway, **more: Any) -> Outlet[SmsHttpOptions]:
    """The outlet that fits the gateway."""
    options = SmsHttpOptions(**(gateway.options() | more))
    return Outlet("sms", "SMS", options, "", Memory())


async def send(
    gateway: SmsGateway, http: Http, name: str = "d1", phone: str = PHONE, text: str = "Mưa.", **more: Any
) -> Any:
    """One send by the kind."""
    return await SmsHttp().send(bulletin(text), outlet(gateway, **more), To(name, phone), http)


async def test_a_message_is_taken_once(http: Http) -> None:
    """The repeat of an id is answered as already taken, gives the same reference, and is billed once."""
    async with SmsGateway() as gateway:
        first = await send(gateway, http)
        again = await send(gateway, http)
    assert first.reference == again.reference == "sms-00000001"
    assert [(taken.phone, taken.content) for taken in gateway.ledger.taken] == [("84912345678", "Mưa.")]
    assert gateway.ledger.repeats == ["d1"]


async def test_a_lost_answer_is_unsure_and_then_already_taken(http: Http) -> None:
    """The message was taken, the answer is lost; the same id again costs nothing."""
    async with SmsGateway() as gateway:
        gateway.lose(1)
        with pytest.raises(Unsure):
            await send(gateway, http)
        assert (await send(gateway, http)).reference == "sms-00000001"
    assert len(gateway.ledger.taken) == 1 and gateway.ledger.lost == 1 and gateway.ledger.repeats == ["d1"]


async def test_an_id_is_forgotten_after_a_day(http: Http, clock: FakeClock) -> None:
    """As at real gateways the memory lasts 24 hours."""
    async with SmsGateway(clock=clock) as gateway:
        await send(gateway, http)
        clock.advance(24 * 3600)
        await send(gateway, http)
    assert len(gateway.ledger.taken) == 2


@pytest.mark.parametrize(
    ("more", "phone", "text", "error"),
    [
        ({"secrets_in_body": {"account": "demo", "key": "wrong"}}, PHONE, "a", Unavailable),
        ({"sender": "KHAC"}, PHONE, "a", Unavailable),
        ({}, "+842123456789", "a", Refused),
        ({}, "+8491234567", "a", Refused),
        ({}, PHONE, "ở" * 600, Refused),
        ({"number": "0"}, PHONE, "a", Refused),
    ],
)
async def test_what_a_real_gateway_refuses(http: Http, more: Any, phone: str, text: str, error: Any) -> None:
    """Credentials, brandname, number and length; the first two need a person."""
    async with SmsGateway() as gateway:
        with pytest.raises(error) as caught:
            await send(gateway, http, phone=phone, text=text, **more)
    assert not gateway.ledger.taken and len(gateway.ledger.refused) == 1
    assert getattr(caught.value, "person", False) is (error is Unavailable)


async def test_alphabet(http: Http) -> None:
    """An account without Unicode refuses marks; the fitting options take them off."""
    async with SmsGateway(unicode=False) as gateway:
        with pytest.raises(Refused):
            await send(gateway, http, unaccented=False)
        await send(gateway, http, text="Đường ngập – “chú ý”…")
    assert gateway.ledger.taken[0].content == 'Duong ngap - "chu y"...'


async def test_no_balance(http: Http) -> None:
    """An empty account stops the outlet until a person acts."""
    async with SmsGateway() as gateway:
        gateway.balance = 0
        with pytest.raises(Unavailable) as caught:
            await send(gateway, http)
    assert caught.value.person


async def test_rate_limit(http: Http, clock: FakeClock) -> None:
    """Faster than the account allows is 429 with a hint; after the hint it goes on."""
    async with SmsGateway(clock=clock, per_second=2) as gateway:
        await send(gateway, http, "d1")
        await send(gateway, http, "d2")
        with pytest.raises(Unavailable) as caught:
            await send(gateway, http, "d3")
        assert caught.value.retry_after == 1
        clock.advance(1)
        await send(gateway, http, "d3")
    assert len(gateway.ledger.taken) == 3 and gateway.ledger.slowed == 1


@pytest.mark.parametrize("body", [b"", b"[]", b'"a"', b"{}", b'{"phone": 84912345678}', b"[" * 50_000])
async def test_shape(body: bytes) -> None:
    """What is not the documented JSON object of strings is refused."""
    async with (
        SmsGateway() as gateway,
        aiohttp.ClientSession() as client,
        client.post(f"{gateway.url}/sms/send", data=body) as response,
    ):
        assert (await response.json())["code"] == "210"
    assert not gateway.ledger.taken


async def test_late_answer(clock: FakeClock, http: Http) -> None:
    """An answer comes after the latency, not before."""
    async with SmsGateway(clock=clock, latency=3) as gateway:
        task = asyncio.create_task(send(gateway, http))
        while not clock._waits:
            await asyncio.sleep(0)
        assert not gateway.ledger.taken
        clock.advance(3)
        assert (await task).reference


async def test_receipts_late_twice_and_out_of_order(http: Http, hook: Hook) -> None:
    """Receipts are signed, come when told, in the order told, and the kind reads each."""
    async with SmsGateway(f"{hook.url}/hooks/sms", unreachable=frozenset({"84987654321"})) as gateway:
        await send(gateway, http, "d1")
        await send(gateway, http, "d2", "+84987654321")
        assert not hook.calls
        await gateway.send_receipts(order="last", times=2)
        read = [SmsHttp().confirm(each, outlet(gateway))[0] for each in hook.calls]
    assert (
        read
        == [
            Confirmation(False, "d2", "sms-00000002", "not_delivered", "subscriber absent"),
            Confirmation(True, "d1", "sms-00000001", "", "delivered"),
        ]
        * 2
    )
    assert [status for _, status, _ in gateway.ledger.receipts] == ["failed", "delivered"] * 2


async def test_a_receipt_is_tried_again(http: Http, hook: Hook, clock: FakeClock) -> None:
    """A receipt the house could not take comes again later by itself."""
    hook.answers = [503, 200]
    async with SmsGateway(f"{hook.url}/hooks/sms", clock=clock, receipt_after=2) as gateway:
        await send(gateway, http)
        for seconds in (2, 1):
            while not clock._waits:
                await asyncio.sleep(0)
            clock.advance(seconds)
        while len(gateway.ledger.receipts) < 2:
            await asyncio.sleep(0)
    assert [answer for _, _, answer in gateway.ledger.receipts] == [503, 200]
    assert [json.loads(each.body)["status"] for each in hook.calls] == ["delivered"] * 2


async def test_a_forged_receipt_is_refused(http: Http, hook: Hook) -> None:
    """One changed byte, a missing or another signature: not authentic."""
    async with SmsGateway(f"{hook.url}/hooks/sms") as gateway:
        await send(gateway, http)
        await gateway.send_receipts()
        true = hook.calls[0]
        for headers, body in (
            (true.headers, true.body.replace(b"delivered", b"failed   ")),
            ({}, true.body),
            ({"x-signature": "sha256=" + "0" * 64}, true.body),
            ({"x-signature": "é"}, true.body),
        ):
            with pytest.raises(Refused):
                SmsHttp().confirm(Callback("POST", {}, headers, body, true.received_at), outlet(gateway))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("[" * 80, 1),
        ("[" * 81, 2),
        ("ở" * 70, 1),
        ("ở" * 71, 2),
        ("ở" * 135, 3),
    ],
)
def test_segments(text: str, count: int) -> None:
    """160 and 153 of GSM 7-bit, 70 and 67 of Unicode; brackets cost two."""
    assert segments(text) == count
