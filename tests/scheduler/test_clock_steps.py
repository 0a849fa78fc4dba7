"""The wall clock set by hours, either way, at any moment: each due moment once, and nothing waits for a time taken back."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from config.settings import Settings
from scheduler import store
from scheduler.runner import POLL
from scheduler.schedule import Missed, Rule
from tests.conftest import both
from tests.scheduler.claims import plan
from tests.scheduler.conftest import URGENT, Office
from tests.scheduler.partner import SlowGateway, busy

HOUR = 3600


@pytest.fixture
def office_settings(plain_settings: dict[str, Any], sms: SlowGateway) -> dict[str, Any]:
    """An outlet at which a hundred a second are allowed, and nobody has to be let sleep."""
    plain_settings["schedule"] = {"quiet_from": "00:00", "quiet_to": "00:00"}
    plain_settings["outlets"]["sms"] = {"kind": "sms_http", **sms.options(), "per_second": 100.0}
    return plain_settings


async def occurrences(office: Office) -> Counter[datetime]:
    """How often each due moment has fired or was told as missed."""
    async with office.house.database.read() as connection:
        return Counter(row.due_at for row in await store.list_occurrences(connection, limit=1000))


@pytest.mark.parametrize("seed", range(6))
async def test_each_due_moment_once_however_the_clock_is_set(office: Office, seed: int) -> None:
    """Before, across and after due moments, by hours, forward and back: up to the latest time seen, each once."""
    chance = random.Random(seed)
    missed = chance.choice(list(Missed))
    rule = Rule(every=timedelta(minutes=90))
    schedule = await office.schedule(await office.item(), "portal", rule=rule, missed=missed)
    latest = office.clock.now()
    for _ in range(25):
        office.clock.advance(chance.choice([0.5, 60, 1000, 5000]))
        latest = max(latest, office.clock.now())
        await plan(office)
        office.clock.step(chance.choice([-5, -2, -1, 1, 2, 5]) * chance.choice([HOUR, 1000, 90 * 60]))
        latest = max(latest, office.clock.now())
        await plan(office)
    dues = [due for due in schedule.preview(400) if due <= latest]
    assert dict.fromkeys(dues, 1) == await occurrences(office)


@both
@pytest.mark.parametrize("minutes", [-180, -30, 30, 180])
async def test_it_fires_within_seconds_of_a_step(office: Office, minutes: int) -> None:
    """Stepped over the due moment, or back and then up to it: the loops have it within five seconds."""
    due = office.in_(minutes=90)
    await office.schedule(await office.item(), "portal", rule=Rule(once=due))
    running = asyncio.create_task(office.house.runner.run(("planner",)))
    office.clock.step(minutes * 60)
    async with asyncio.timeout(20), office.house.notifier.waiting("occurrence") as fired:
        office.clock.step((due - office.clock.now()).total_seconds())
        stepped = office.clock.steady()
        while not fired.is_set():
            office.clock.advance(POLL / 4)
            await asyncio.wait([running], timeout=0.02)
    assert office.clock.steady() - stepped <= 5
    office.house.stop()
    await running
    assert {due: 1} == await occurrences(office)


async def test_set_back_in_mid_dispatch(office: Office, sms: SlowGateway) -> None:
    """The outlet's pace and what waits to be planned or tried again do not stand still for three hours."""
    await office.audience(300)
    sms.says = lambda name: busy() if name.endswith("-7") else None
    await office.schedule(await office.item(), "sms", audience="Bản A")
    office.clock.step(3 * HOUR)
    await plan(office)
    running = asyncio.create_task(office.house.runner.run(("worker",)))
    async with asyncio.timeout(20):
        await sms.has_taken(100)
        stepped = office.clock.steady()
        office.clock.step(-3 * HOUR)
        await plan(office)
        sms.says = lambda _: None
        while len(sms.ledger.taken) < 300:
            office.clock.advance(POLL / 4)
            await asyncio.wait([running], timeout=0.02)
    office.house.stop()
    await running
    assert sms.came[-1][1] - stepped <= 30
    assert not sms.ledger.repeats


@both
@pytest.mark.parametrize(
    ("klass", "minutes", "state"), [("normal", 719, "open"), ("normal", 721, "missed"), ("urgent", 14, "open")]
)
async def test_caught_up_within_the_window_of_its_class(office: Office, klass: str, minutes: int, state: str) -> None:
    """Twelve hours for what is ordinary, fifteen minutes for what is urgent, unless the office sets others."""
    assert (12 * HOUR, 15 * 60) == tuple(
        window.total_seconds() for window in (Settings().schedule.catch_up, Settings().schedule.catch_up_urgent)
    )
    item = await office.item(klass=URGENT.__class__(klass))
    await office.schedule(item, "portal", rule=Rule(once=office.in_(minutes=1)))
    office.clock.advance(60 + minutes * 60)
    await plan(office)
    async with office.house.database.read() as connection:
        (row,) = await store.list_occurrences(connection)
    assert state == row.state
    assert (state == "missed") is bool(row.reason)
