"""Classes and fairness: urgent passes everything, no outlet delays another, schedules and processes share an outlet."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from channels.kinds.sms_http import SmsHttp
from config.clock import FakeClock
from desk.app import House
from scheduler import store
from tests.conftest import both
from tests.scheduler.claims import plan
from tests.scheduler.conftest import URGENT, Office, beside
from tests.scheduler.partner import SlowGateway

PATIENCE = 20.0


@pytest.fixture
async def other(clock: FakeClock) -> AsyncIterator[SlowGateway]:
    """Another gateway."""
    async with SlowGateway(clock) as gateway:
        yield gateway


@pytest.fixture
def office_settings(plain_settings: dict[str, Any], sms: SlowGateway, other: SlowGateway) -> dict[str, Any]:
    """One gateway used as a quick outlet, and one a hundred a second are allowed at."""
    plain_settings["outlets"] |= {
        "sms": {"kind": "sms_http", **sms.options()},
        "other": {"kind": "sms_http", **other.options()},
        "shared": {"kind": "sms_http", **sms.options(), "per_second": 1000.0},
        "even": {"kind": "sms_http", **sms.options(), "per_second": 300.0},
        "paced": {"kind": "sms_http", **sms.options(), "per_second": 100.0},
    }
    return plain_settings


async def urgent(office: Office, outlet: str, count: int = 2) -> float:
    """An urgent bulletin to a few, due now and planned; the moment of that in steady seconds."""
    await office.audience(count, name="Trưởng bản")
    begun = office.clock.steady()
    await office.schedule(await office.item("Khẩn", klass=URGENT, short="khẩn"), outlet, audience="Trưởng bản")
    await plan(office)
    return begun


def sent_by(house: House) -> float:
    """How many a process has sent at the outlet with a pace."""
    labels = {"outlet": "shared", "outcome": "sent", "reason": ""}
    return house.meter.registry.get_sample_value("loa_outcomes_total", labels) or 0


def moments(sms: SlowGateway, content: str) -> list[float]:
    """When the requests came whose message was taken."""
    wanted = {one.request_id for one in sms.ledger.taken if one.content == content}
    return [moment for name, moment in sms.came if name in wanted]


@both
async def test_urgent_passes_twenty_thousand_that_wait_for_a_pace(office: Office, sms: SlowGateway) -> None:
    """Two minutes of ordinary messages before it, a hundred a second: it leaves within a second, and they go on."""
    await office.audience(20_000)
    await office.schedule(await office.item(short="thường"), "paced", audience="Bản A")
    draining = asyncio.create_task(office.drain())
    await sms.has_taken(200)
    begun = await urgent(office, "paced", 20)
    while len(moments(sms, "khẩn")) < 20:
        await sms.has_taken(len(sms.ledger.taken) + 1)
    assert max(moments(sms, "khẩn")) - begun <= 1.0
    assert len(sms.ledger.taken) < 600
    office.house.stop()
    await draining


@both
async def test_urgent_does_not_wait_for_slow_answers(office: Office, sms: SlowGateway) -> None:
    """Every connection an ordinary message may have is waiting for its answer: some are kept for what is urgent."""
    await office.audience(400)
    await office.schedule(await office.item(short="thường"), "sms", audience="Bản A")
    sms.hold()
    draining = asyncio.create_task(office.drain())
    await sms.has_come(16)
    office.clock.advance(0.25)
    begun = await urgent(office, "sms")
    async with asyncio.timeout(PATIENCE):
        await sms.has_come(18)
    assert office.clock.steady() - begun <= 1.0
    sms.let_go()
    await draining
    assert 2 == len(moments(sms, "khẩn"))
    assert set(sms.ids[16:18]) == {one.request_id for one in sms.ledger.taken if one.content == "khẩn"}
    assert 402 == len(sms.ledger.taken)


@both
async def test_urgent_does_not_wait_for_the_freezing_of_others(office: Office, sms: SlowGateway) -> None:
    """The planner's next transaction has it, and it is sent while recipients of a great audience are still unfrozen."""
    await office.audience(12_000)
    await office.schedule(await office.item(short="thường"), "paced", audience="Bản A")
    await office.audience(2, name="Trưởng bản")
    house = office.house
    await house.database.run(house.runner._planner._turn(office.clock.now()))
    begun = office.clock.steady()
    await office.schedule(await office.item("Khẩn", klass=URGENT, short="khẩn"), "sms", audience="Trưởng bản")
    await house.database.run(house.runner._planner._turn(office.clock.now()))
    running = asyncio.create_task(house.runner.run(("worker",)))
    async with asyncio.timeout(PATIENCE):
        while len(moments(sms, "khẩn")) < 2:
            await sms.has_taken(len(sms.ledger.taken) + 1)
    assert max(moments(sms, "khẩn")) - begun <= 1.0
    async with house.database.read() as connection:
        assert "planning" in {row.state for row in await store.list_occurrences(connection)}
    house.stop()
    await running


@both
async def test_a_slow_outlet_delays_no_other(office: Office, sms: SlowGateway, other: SlowGateway) -> None:
    """While one gateway answers nobody, all of another outlet's deliveries go out."""
    await office.audience(300)
    await office.schedule(await office.item(), "sms", "other", audience="Bản A")
    sms.hold()
    draining = asyncio.create_task(office.drain())
    async with asyncio.timeout(PATIENCE):
        await other.has_taken(300)
    assert [] == sms.ledger.taken
    sms.let_go()
    await draining
    assert 300 == len(sms.ledger.taken)


@both
@pytest.mark.parametrize("begun", [0, 250])
async def test_two_schedules_share_an_outlet(office: Office, sms: SlowGateway, begun: int) -> None:
    """Whenever the second comes, from then on each has had as much as the other, give or take two turns of the lane.

    A turn takes at most what may be under way at once and a tenth of a second's pace: here 46 (`scheduler/ahead.py`).
    """
    await office.audience(700)
    second = await office.item(short="hai")
    await office.schedule(await office.item(short="một"), "even", audience="Bản A")
    await plan(office)
    draining = asyncio.create_task(office.drain()) if begun else None
    await sms.has_taken(begun)
    await office.schedule(second, "even", audience="Bản A")
    await plan(office)
    begun = len(sms.came)
    await (draining or office.drain())
    order = [one.content for one in sms.ledger.taken]
    assert {"một": 700, "hai": 700} == Counter(order)
    first = order.index("hai")
    assert first - begun <= 100
    shared = order[first : first + 2 * (700 - first)]
    ahead = [shared[:end].count("một") - shared[:end].count("hai") for end in range(len(shared))]
    assert max(map(abs, ahead)) <= 100


@both
async def test_two_processes_share_an_outlets_pace(
    office: Office, office_settings: dict[str, Any], sms: SlowGateway
) -> None:
    """Over both together no more leave than the outlet's pace allows, and both take part."""
    await office.audience(1000)
    await office.schedule(await office.item(), "shared", audience="Bản A")
    await plan(office)
    begun = office.clock.steady()
    sms.hold()
    async with beside(office_settings, office.clock) as another:
        first = asyncio.create_task(another.runner.drain())
        await sms.has_come(1)
        second = asyncio.create_task(office.drain())
        await sms.has_come(SmsHttp.pace.at_once + 1)  # more than one of them may have under way
        sms.let_go()
        await asyncio.gather(first, second)
        shares = [sent_by(house) for house in (office.house, another)]
    assert 1000 == len(sms.ledger.taken)
    assert not sms.ledger.repeats
    assert 1000 == sum(shares)
    assert min(shares) > 0
    assert office.clock.steady() - begun >= (1000 - 2 * 40) / 1000
