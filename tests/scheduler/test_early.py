"""An outlet whose partner reviews first is opened before the moment, the others at it: every pause and end in between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from channels.audiences import store as audience_store
from channels.audiences.store import Recipient
from config.clock import FakeClock
from config.settings import Settings
from config.words import Conflict
from db.types import new_id
from desk.app import opened
from scheduler import store
from scheduler.calendar.agenda import agenda
from scheduler.delivery import State
from scheduler.schedule import Missed, QuietHours, Rule, Schedule, ScheduleState
from tests.channels.partners.zalo import HANOI, Zalo
from tests.conftest import both
from tests.scheduler.conftest import Office
from tests.scheduler.partner import SlowGateway

pytestmark = both
MOMENT = datetime(2026, 11, 23, 9, 0, tzinfo=HANOI)
MINUTE = 60


@pytest.fixture
async def account(clock: FakeClock) -> AsyncIterator[Zalo]:
    """An account whose articles are ready at once."""
    async with Zalo(clock) as account:
        yield account


@pytest.fixture
async def commune(
    plain_settings: dict[str, Any], clock: FakeClock, account: Zalo, sms: SlowGateway
) -> AsyncIterator[Office]:
    """An office at 8 in the morning with a portal, SMS, and articles that take half an hour until they are seen."""
    plain_settings["outlets"] |= {
        "bai": {"kind": "zalo_article", **account.article_options()},
        "sms": {"kind": "sms_http", **sms.options()},
    }
    async with opened(Settings.model_validate(plain_settings), clock) as house:
        office = Office(house, clock)
        await office.audience(1)
        yield office


async def _daily(commune: Office, *outlets: str, **wish: Any) -> Schedule:
    rule = Rule(cron="0 9 * * *")
    return await commune.schedule(await commune.item(), *outlets, audience="Bản A", rule=rule, **wish)


async def _at(commune: Office, hour: int, minute: int) -> None:
    """Let it become that time, and do what is due then."""
    now = commune.clock.now().astimezone(HANOI)
    commune.clock.advance((now.replace(hour=hour, minute=minute, second=0, microsecond=0) - now).total_seconds())
    await commune.drain()


async def _sent(commune: Office) -> list[str]:
    return sorted(one.outlet for one in await commune.deliveries() if one.state is State.SENT)


async def _runs(commune: Office) -> list[tuple[str, list[str], int]]:
    """State, outlets and size of every occurrence, the first first."""
    async with commune.house.database.read() as connection:
        rows = await store.list_occurrences(connection)
    return [(row.state, row.outlets, row.size) for row in reversed(rows)]


async def test_one_run_in_two_parts(commune: Office) -> None:
    """The article at half past eight, the rest at nine, to who stands on the list then; the next day the same."""
    await _daily(commune, "portal", "bai", "sms")
    await _at(commune, 8, 29)
    assert [] == await _runs(commune)
    await _at(commune, 8, 30)
    assert [("open", ["bai"], 1)] == await _runs(commune) and ["bai"] == await _sent(commune)
    people = [Recipient("phone", f"+8498{number:07d}", "Người mới") for number in range(3)]
    async with commune.house.database.write() as tx:
        now = commune.clock.now()
        await audience_store.save_audience(
            commune.house.database, tx, commune.house.seal, new_id(now), "Bản A", people, now
        )
    await _at(commune, 8, 59)
    assert ["bai"] == await _sent(commune)
    await _at(commune, 9, 0)
    assert ["bai", "portal", "sms", "sms", "sms"] == await _sent(commune)
    assert [("done", ["bai", "portal", "sms"], 5)] == await _runs(commune)
    commune.clock.advance(24 * 60 * MINUTE)
    await commune.drain()
    assert 10 == len(await commune.deliveries()) and 2 == len(await _runs(commune))


async def test_paused_in_between_the_rest_waits_and_goes_on(commune: Office) -> None:
    """Resumed before the moment, nothing is lost and nothing goes twice."""
    schedule = await _daily(commune, "bai", "portal")
    await _at(commune, 8, 30)
    await _act(commune, "pause", schedule)
    await _at(commune, 8, 59)
    await _act(commune, "resume", schedule)
    await _at(commune, 9, 0)
    assert ["bai", "portal"] == await _sent(commune)


async def test_resumed_too_late_the_rest_is_missed_and_says_so(commune: Office) -> None:
    """What has gone stays; why it is all there is stands beside it."""
    schedule = await _daily(commune, "bai", "portal", missed=Missed.NONE)
    await _at(commune, 8, 30)
    await _act(commune, "pause", schedule)
    await _at(commune, 15, 0)
    assert ["bai"] == await _sent(commune) and [("open", ["bai"], 1)] == await _runs(commune)
    await _act(commune, "resume", schedule)
    await commune.drain()
    assert ["bai"] == await _sent(commune) and [("done", ["bai"], 1)] == await _runs(commune)
    async with commune.house.database.read() as connection:
        (row,) = await store.list_occurrences(connection)
    assert "360 phút" in row.reason


async def test_cancelled_in_between_the_rest_never_goes(commune: Office) -> None:
    """Neither when the schedule ends nor when somebody stops what of this run has not gone; the next run goes."""
    first, second = await _daily(commune, "bai", "portal"), await _daily(commune, "bai", "sms")
    await _at(commune, 8, 30)
    await _act(commune, "cancel", first)
    async with commune.house.database.write() as tx:
        (run,) = await store.list_occurrences(tx, schedule_id=second.id)
        await commune.house.handling.cancel_occurrence(tx, run.id, "Hùng")
        assert MOMENT + timedelta(days=1) == (await store.find_schedule(tx, second.id)).next_due_at
    await _at(commune, 9, 0)
    assert ["bai"] == await _sent(commune), "the other article waits for the next morning, as Zalo wants it"
    assert [("done", ["bai"], 1)] * 2 == await _runs(commune)
    commune.clock.advance(24 * 60 * MINUTE)
    await commune.drain()
    assert ["bai", "bai", "sms"] == await _sent(commune)


async def test_the_only_run_stopped_in_between_ends_its_schedule(commune: Office) -> None:
    """There is no other to wait for."""
    schedule = await commune.schedule(await commune.item(), "bai", "portal", rule=Rule(once=MOMENT))
    await _at(commune, 8, 30)
    async with commune.house.database.write() as tx:
        (run,) = await store.list_occurrences(tx)
        await commune.house.handling.cancel_occurrence(tx, run.id, "Hùng", "Sai giờ")
        assert ScheduleState.ENDED is (await store.find_schedule(tx, schedule.id)).state
    await _at(commune, 9, 0)
    assert ["bai"] == await _sent(commune) and [("done", ["bai"], 1)] == await _runs(commune)


async def test_everything_paused_holds_the_rest_back(commune: Office) -> None:
    """Also of what falls due only once: it has not ended before its moment."""
    schedule = await commune.schedule(await commune.item(), "bai", "portal", rule=Rule(once=MOMENT))
    await _at(commune, 8, 30)
    house = commune.house
    async with house.database.write() as tx:
        await house.standing.pause_all(tx, "Hùng", "Có sự cố")
    await _at(commune, 9, 5)
    assert ["bai"] == await _sent(commune)
    async with house.database.write() as tx:
        await house.standing.resume_all(tx, "Hùng")
    await commune.drain()
    assert ["bai", "portal"] == await _sent(commune)
    async with house.database.read() as connection:
        assert ScheduleState.ENDED is (await store.find_schedule(connection, schedule.id)).state


async def test_what_was_sent_for_review_is_not_moved(commune: Office) -> None:
    """It would go for review twice."""
    schedule = await _daily(commune, "bai", "portal")
    await _at(commune, 8, 30)
    async with commune.house.database.write() as tx:
        with pytest.raises(Conflict, match="review"):
            await commune.house.scheduling.move(tx, schedule.id, MOMENT + timedelta(hours=1), "Hùng", may_approve=True)
    await _at(commune, 9, 0)
    assert ["bai", "portal"] == await _sent(commune)


async def test_the_calendar_shows_it_once(commune: Office) -> None:
    """As coming until its moment, then as gone."""
    await _daily(commune, "bai", "portal")
    quiet, days = QuietHours(time(21), time(6), HANOI), [MOMENT.replace(hour=0), MOMENT.replace(hour=23)]
    for hour, minute, ahead in ((8, 30, True), (9, 0, False)):
        await _at(commune, hour, minute)
        async with commune.house.database.read() as connection:
            seen = await agenda(connection, days, commune.clock.now(), commune.house.outlets, quiet)
        (entry,) = seen.stretches[0]
        assert ahead is (entry.ahead is not None)


async def test_a_twin_that_was_opened_by_another_planner_is_not_opened_again(commune: Office) -> None:
    """Two planners at one moment make one run of it."""
    await _daily(commune, "bai", "portal")
    await _at(commune, 8, 30)
    for _ in range(3):
        assert 0 == await commune.house.runner._planner.plan()
    assert 1 == len(await _runs(commune))


async def _act(commune: Office, verb: str, schedule: Schedule) -> None:
    async with commune.house.database.write() as tx:
        await getattr(commune.house.scheduling, verb)(tx, schedule.id, "Hùng")
