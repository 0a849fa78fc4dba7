"""When a partner is asked again: never before it said, never after a refusal, so often and no more."""

from __future__ import annotations

import asyncio
import base64
import email.utils
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from config.clock import FakeClock
from scheduler.delivery import State
from scheduler.dispatch import store as dispatch
from scheduler.retry import LONG_STEPS, MOST_TRIES
from tests.conftest import both
from tests.scheduler.claims import plan
from tests.scheduler.conftest import URGENT, Office
from tests.scheduler.partner import SlowGateway, busy

PATIENCE = 20.0


@pytest.fixture
async def receiver(clock: FakeClock) -> AsyncIterator[tuple[str, list[float]]]:
    """The address of a system that takes nothing, and when it was asked."""
    came: list[float] = []

    async def take(_: web.Request) -> web.Response:
        came.append(clock.steady())
        return web.Response(status=503)

    app = web.Application()
    app.router.add_post("/", take)
    async with TestServer(app) as server:
        yield str(server.make_url("/")), came


@pytest.fixture
def office_settings(
    plain_settings: dict[str, Any], sms: SlowGateway, receiver: tuple[str, list[float]]
) -> dict[str, Any]:
    """A gateway and a webhook."""
    secret = "whsec_" + base64.b64encode(bytes(24)).decode()
    plain_settings["outlets"] |= {
        "sms": {"kind": "sms_http", **sms.options()},
        "web": {"kind": "webhook", "url": receiver[0], "secret": secret},
    }
    return plain_settings


@both
@pytest.mark.parametrize("seconds", [7, 3600, 40_000])
@pytest.mark.parametrize("dated", [False, True])
async def test_not_before_the_partner_said(office: Office, sms: SlowGateway, seconds: int, dated: bool) -> None:
    """In seconds or as a date, far longer than our own pause or not: not a second sooner."""
    await office.audience(1)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    hint = email.utils.format_datetime(office.in_(seconds=seconds), usegmt=True) if dated else str(seconds)
    date = email.utils.format_datetime(office.clock.now(), usegmt=True)
    sms.says = lambda _: (429, {"Retry-After": hint, "Date": date})
    await office.drain()
    sms.says = lambda _: None
    office.clock.advance(seconds - 1)
    await office.drain()
    assert 1 == len(sms.came)
    office.clock.advance(10)
    await office.drain()
    assert 2 == len(sms.came)
    assert {State.SENT: 1} == await office.states()


@both
async def test_the_whole_outlet_is_left_alone(office: Office, sms: SlowGateway) -> None:
    """Once one of many is told to come later, no other request begins, not even an urgent one, until then."""
    await office.audience(300)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    sms.hold()
    draining = asyncio.create_task(office.drain())
    async with asyncio.timeout(PATIENCE):
        await sms.has_come(16)
    under_way, told = len(sms.came), office.clock.steady()
    sms.says = lambda _: busy("36000")
    async with asyncio.timeout(PATIENCE), office.house.notifier.waiting("delivery") as rung:
        sms.let_go()
        await rung.wait()
    sms.says = lambda _: None
    await office.schedule(await office.item(klass=URGENT), "sms", audience="Bản A")
    await plan(office)
    for hours in (1, 2, 6, 2):
        office.clock.advance(hours * 3600)
        await office.house.runner._worker.renew()  # the lane's chance to do wrong
    await draining
    await office.drain()
    assert {State.SENT: 600} == await office.states()
    assert min(moment for _, moment in sms.came[under_way:]) >= told + 36_000


async def go_on(office: Office, hours: float) -> None:
    """Let so much time pass, from one moment at which something is due to the next."""
    end = office.clock.steady() + hours * 3600
    while office.clock.steady() < end:
        await office.drain()
        async with office.house.database.read() as connection:
            moment = await dispatch.next_work(connection)
        rest = 3600.0 if moment is None else (moment - office.clock.now()).total_seconds()
        office.clock.advance(max(60.0, rest))


@both
async def test_eight_tries_in_a_day(office: Office, sms: SlowGateway) -> None:
    """A gateway that is always busy gets eight requests for a delivery in a day, and then it has failed."""
    await office.audience(1)
    await office.schedule(await office.item(klass=URGENT), "sms", audience="Bản A")
    sms.says = lambda _: busy()
    begun = office.clock.steady()
    await go_on(office, 25)
    assert MOST_TRIES == 8 == len(sms.came)
    assert sms.came[-1][1] - begun <= 24 * 3600
    assert {State.FAILED: 1} == await office.states()


@both
async def test_a_refusal_is_final(office: Office, sms: SlowGateway) -> None:
    """Refused once, asked never again, among others that are asked again."""
    await office.audience(6)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    sms.says = lambda name: (400, {}) if int(name[-1]) % 2 else busy()
    for _ in range(3):
        await office.drain()
        office.clock.advance(60)
    sms.says = lambda _: None
    for _ in range(3):
        office.clock.advance(3600)
        await office.drain()
    assert {State.FAILED: 3, State.SENT: 3} == await office.states()
    tries = Counter(sms.ids)
    assert {1} == {count for name, count in tries.items() if int(name[-1]) % 2}


async def test_a_webhook_is_tried_for_three_days(office: Office, receiver: tuple[str, list[float]]) -> None:
    """At the pauses Standard Webhooks proposes; the last comes within the three days."""
    came = receiver[1]
    await office.schedule(await office.item(), "web")
    await go_on(office, 4 * 24)
    assert len(LONG_STEPS) == len(came)
    pauses = [timedelta(seconds=later - one) for one, later in pairwise(came)]
    assert all(step <= pause for step, pause in zip(LONG_STEPS, pauses, strict=False))
    assert timedelta(days=2) <= sum(pauses, timedelta()) <= timedelta(days=3)
    assert {State.FAILED: 1} == await office.states()
