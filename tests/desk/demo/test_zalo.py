"""The sandbox Zalo is as strict as Zalo, and the `zalo_oa` kind gets along with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from channels.channel import Callback, Confirmation, Outlet, Refused, To, Unavailable, Unsure
from channels.http import Http
from channels.kinds.zalo_oa import ZaloOa, ZaloOptions
from config.clock import FakeClock
from content.bulletin import Bulletin, BulletinClass, Part
from desk.demo.zalo import ZaloSandbox
from tests.channels.conftest import Memory

USER = "5736612345678901234"


class Desk:
    """A kind, its outlet and the sandbox together."""

    def __init__(self, zalo: ZaloSandbox, http: Http) -> None:
        self.zalo, self.http, self.keep = zalo, http, Memory()
        self.outlet: Outlet[ZaloOptions] = Outlet("zalo", "Zalo", ZaloOptions(**zalo.options()), "", self.keep)

    async def send(self, text: str = "Mưa lớn.", user: str = USER) -> Any:
        """One send."""
        part = Part("i", "r", "d", "s", "t", "a", "s", "s", text)
        bulletin = Bulletin("b", BulletinClass.NORMAL, "Xã", FakeClock().now(), None, (part,))
        return await ZaloOa().send(bulletin, self.outlet, To("d1", user), self.http)


@pytest.fixture
async def desk(http: Http, clock: FakeClock) -> AsyncIterator[Desk]:
    """A sandbox with one follower, and a desk that has not sent yet."""
    async with ZaloSandbox("http://127.0.0.1:9/hooks", clock=clock) as zalo:
        zalo.follow(USER)
        yield Desk(zalo, http)


async def test_first_send_renews_the_first_pair(desk: Desk) -> None:
    """Beginning with a refresh token alone, the desk renews once and then uses what it keeps."""
    receipts = [await desk.send() for _ in range(3)]
    assert [said.msg_id for said in desk.zalo.ledger.taken] == [receipt.reference for receipt in receipts]
    assert desk.zalo.ledger.pairs == 1 and desk.zalo.ledger.bad_refreshes == 0
    assert json.loads(desk.keep.values["tokens"])["refresh"] != desk.zalo.first[1]


async def test_many_senders_one_renewal(desk: Desk) -> None:
    """Refresh tokens are single use: twenty sends at once ask for one new pair."""
    await asyncio.gather(*(desk.send() for _ in range(20)))
    assert desk.zalo.ledger.pairs == 1 and len(desk.zalo.ledger.taken) == 20


async def test_many_senders_with_a_dead_token_renew_once(desk: Desk) -> None:
    """All hear -216 at the same time; one renews, all go on with the new pair."""
    await desk.send()
    desk.zalo.revoke()
    await asyncio.gather(*(desk.send() for _ in range(20)))
    assert desk.zalo.ledger.pairs == 2 and len(desk.zalo.ledger.taken) == 21 and desk.zalo.ledger.bad_refreshes == 0


async def test_an_old_pair_is_renewed_before_it_expires(desk: Desk, clock: FakeClock) -> None:
    """At 20 of 25 hours; no send meets an expired token."""
    await desk.send()
    clock.advance(20 * 3600 + 1)
    await desk.send()
    assert desk.zalo.ledger.pairs == 2 and desk.zalo.ledger.refused == []


async def test_an_expired_pair_is_renewed_after_the_answer(desk: Desk, clock: FakeClock) -> None:
    """A pair that expires earlier than it said is renewed once, and the send repeated once."""
    await desk.send()
    desk.zalo._access = {token: clock.now() for token in desk.zalo._access}
    await desk.send()
    assert [code for code, _ in desk.zalo.ledger.refused] == [-220] and len(desk.zalo.ledger.taken) == 2


async def test_a_lost_refresh_token_needs_a_person_and_a_new_one_heals(desk: Desk) -> None:
    """Without a good refresh token the outlet stops; a new one in the options begins a new line of pairs."""
    desk.zalo._refresh.clear()
    with pytest.raises(Unavailable) as caught:
        await desk.send()
    assert caught.value.person and desk.zalo.first[1] not in caught.value.vi
    fresh = ZaloOptions(**(desk.zalo.options() | {"refresh_token": desk.zalo._pair()[1]}))
    desk.outlet = Outlet("zalo", "Zalo", fresh, "", desk.keep)
    await desk.send()


async def test_a_cancelled_send_does_not_lose_the_new_pair(desk: Desk) -> None:
    """The old refresh token is used up by the request: its successor is stored though nobody waits any more."""
    asked = asyncio.Event()
    stored = asyncio.Event()
    put = desk.keep.put

    async def slow(name: str, value: str) -> None:
        asked.set()
        await asyncio.sleep(0)
        await put(name, value)
        stored.set()

    desk.keep.put = slow  # type: ignore[method-assign]
    task = asyncio.create_task(desk.send())
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await stored.wait()
    await desk.send()
    assert desk.zalo.ledger.pairs == 1 and desk.zalo.ledger.bad_refreshes == 0


async def test_who_may_be_written_to(desk: Desk, clock: FakeClock) -> None:
    """Only followers (-213) who wrote within seven days (-230)."""
    with pytest.raises(Refused) as caught:
        await desk.send(user="999")
    assert caught.value.reason == "unwilling" and "-213" in caught.value.en
    desk.zalo.follow(USER, last_contact=clock.now() - timedelta(days=7, seconds=1))
    with pytest.raises(Refused) as caught:
        await desk.send()
    assert "-230" in caught.value.en and not desk.zalo.ledger.taken


async def test_length(desk: Desk) -> None:
    """2,000 characters pass, also Vietnamese ones; one more never leaves."""
    await desk.send("ở" * 2000)
    with pytest.raises(Refused):
        await desk.send("ở" * 2001)
    assert [len(said.text) for said in desk.zalo.ledger.taken] == [2000] and desk.zalo.ledger.refused == []


async def test_rate(desk: Desk, clock: FakeClock) -> None:
    """Over the limit a minute is -32: wait, then go on."""
    desk.zalo.per_minute = 2
    await desk.send()
    await desk.send()
    with pytest.raises(Unavailable) as caught:
        await desk.send()
    assert caught.value.retry_after and caught.value.retry_after >= 30
    clock.advance(61)
    await desk.send()


async def test_a_lost_answer_is_unsure(desk: Desk) -> None:
    """The person has the message, we do not know: never repeated by the kind."""
    await desk.send()
    desk.zalo.lose(1)
    with pytest.raises(Unsure):
        await desk.send()
    assert len(desk.zalo.ledger.taken) == 2


async def test_a_webhook_proves_delivery(desk: Desk, clock: FakeClock) -> None:
    """The signed event names the message; a changed one, an old one and one signed with the wrong key do not pass."""
    reference = (await desk.send()).reference
    body, headers = desk.zalo.webhook(desk.zalo.ledger.taken[0])
    lower = {name.lower(): value for name, value in headers.items()}
    true = Callback("POST", {}, lower, body, clock.now())
    assert ZaloOa().confirm(true, desk.outlet) == [Confirmation(True, reference=reference)]
    late = clock.now() + timedelta(hours=14)
    for bad in (
        Callback("POST", {}, lower, body + b" ", clock.now()),
        Callback("POST", {}, {}, body, clock.now()),
        Callback("POST", {}, lower, body, late),
        Callback("POST", {}, lower, body, clock.now() - timedelta(minutes=6)),
        Callback("POST", {}, {"x-zevent-signature": "mac=é"}, body, clock.now()),
        Callback("POST", {}, lower, b"[]", clock.now()),
    ):
        with pytest.raises(Refused):
            ZaloOa().confirm(bad, desk.outlet)
    assert ZaloOa().confirm(Callback("POST", {}, {}, b"{}", clock.now()), desk.outlet) == []


async def test_webhooks_are_tried_again_at_zalos_intervals(desk: Desk, clock: FakeClock) -> None:
    """Nobody listens at the callback address: six tries, numbered."""
    await desk.send()
    task = asyncio.create_task(desk.zalo.send_webhooks())
    for seconds in (30, 300, 900, 1800, 3600):
        while not clock._waits:
            await asyncio.sleep(0)
        clock.advance(seconds)
    await task
    assert [number for _, number, _ in desk.zalo.ledger.webhooks] == [0, 1, 2, 3, 4, 5]
