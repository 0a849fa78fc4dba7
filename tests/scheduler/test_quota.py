"""An outlet's daily quota: not one more leaves that day, over all processes, and the rest goes the day after."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from channels import store as channels_store
from config.settings import Settings
from desk.app import opened
from scheduler.delivery import State
from scheduler.dispatch.pace import day_of, used_on
from tests.conftest import both
from tests.scheduler.claims import plan
from tests.scheduler.conftest import Office, beside
from tests.scheduler.partner import SlowGateway

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
MOST = 100


@pytest.fixture
def office_settings(plain_settings: dict[str, Any], sms: SlowGateway) -> dict[str, Any]:
    """An account for a hundred messages a day, at an office that lets nobody sleep."""
    plain_settings["schedule"] = {"quiet_from": "00:00", "quiet_to": "00:00"}
    plain_settings["outlets"]["sms"] = {"kind": "sms_http", **sms.options(), "per_day": MOST}
    return plain_settings


async def used(office: Office) -> int:
    """How much the outlet's row says is used."""
    async with office.house.database.read() as connection:
        return int((await channels_store.outlet_rows(connection))["sms"].quota_used)


async def drain_for_a_while(office: Office, sms: SlowGateway, count: int) -> asyncio.Task[None]:
    """Until so many were taken; the lane then waits for tomorrow."""
    draining = asyncio.create_task(office.drain())
    await sms.has_taken(count)
    return draining


@both
async def test_the_rest_goes_tomorrow(office: Office, sms: SlowGateway) -> None:
    """Exactly as many as the quota says, whatever the hour; from midnight in the office's zone on the others, once each."""
    await office.audience(150)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    draining = await drain_for_a_while(office, sms, MOST)
    for _ in range(15):
        office.clock.advance(3600)
        await asyncio.wait([draining], timeout=0.02)
    assert MOST == len(sms.came) == await used(office)
    office.clock.advance(3600)  # it was eight in the morning
    while not draining.done():
        office.clock.advance(2)
        await asyncio.wait([draining], timeout=0.02)
    assert 150 == len(sms.ledger.taken)
    assert not sms.ledger.repeats
    assert {State.SENT: 150} == await office.states()
    assert 50 == await used(office)


@both
async def test_it_holds_over_all_processes(
    office: Office, office_settings: dict[str, Any], sms: SlowGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes, both at work, send no more together than the quota; one that is started later sends nothing."""
    monkeypatch.setattr("scheduler.ahead.MOST_AHEAD", 8)  # else the first has an intent for all of it
    office.house.runner._planner._parcel_size = 40
    await office.audience(400)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    sms.hold()
    async with beside(office_settings, office.clock) as another:
        first = asyncio.create_task(another.runner.drain())
        await sms.has_come(1)
        second = asyncio.create_task(office.drain())
        await sms.has_come(17)  # more than one of them may have under way
        sms.let_go()
        await sms.has_taken(MOST)
        another.stop()
        office.house.stop()
        office.clock.advance(2)
        await asyncio.gather(first, second)
    assert MOST == len(sms.came)
    async with opened(Settings.model_validate(office_settings), office.clock) as later:
        third = asyncio.create_task(later.runner.drain())
        await asyncio.wait([third], timeout=0.2)
        later.stop()
        office.clock.advance(2)
        await third
    assert MOST == len(sms.came)


@both
async def test_what_came_back_unsent_is_not_counted(office: Office, sms: SlowGateway) -> None:
    """Intents that never left, since the process was to stop, are there for the next one."""
    await office.audience(90)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    sms.hold()
    draining = asyncio.create_task(office.drain())
    await sms.has_come(14)
    office.house.stop()
    sms.let_go()
    await draining
    assert len(sms.came) < 90
    assert len(sms.came) == await used(office)


def test_a_day_is_the_offices() -> None:
    """It ends at midnight in the office's zone, also where that is in the middle of the day of UTC."""
    late = datetime(2026, 11, 23, 16, 59, tzinfo=UTC)
    monday, end = day_of(late, HANOI)
    assert datetime(2026, 11, 23, 17, tzinfo=UTC).timestamp() * 1000 == end
    assert monday + 1 == day_of(late + timedelta(minutes=1), HANOI)[0]


def test_a_clock_set_back_over_midnight_gives_no_new_quota() -> None:
    """Yesterday's clock still sees what today has used; a day that never came is no reason to stand still."""
    assert (70, 70, 0, 0) == tuple(used_on(day, 100, 70) for day in (100, 99, 101, 60))
