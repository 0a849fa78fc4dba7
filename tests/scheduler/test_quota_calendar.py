"""A quota's calendar: what is used, planned and free day by day; what does not fit waits for the next day that has room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.channel import Quota
from config.clock import FakeClock
from scheduler.delivery import State
from scheduler.quota import store
from scheduler.quota.calendar import days_from, reckon
from tests.conftest import both
from tests.scheduler.conftest import Office
from tests.scheduler.partner import SlowGateway

TODAY = date(2026, 11, 23)


def told(quota: Quota, days: int, used: dict[int, int], due: dict[int, int]) -> list[tuple[int, int, int, int]]:
    """(used, planned, late, free) of each day from the 20th on; `used` and `due` by day of the month."""
    span = days_from(date(2026, 11, 20), date(2026, 11, 20) + timedelta(days=days))
    had, comes = ({TODAY.replace(day=day): count for day, count in given.items()} for given in (used, due))
    return [(one.used, one.planned, one.late, one.free) for one in reckon(quota, span, had, comes, TODAY)]


def test_a_day_at_a_time() -> None:
    """Two a day: what is too many goes the day after, also of what is due when today's are used; days past have no plan."""
    found = told(Quota(2, month_begins=20), 7, {21: 1, 23: 2}, {23: 1, 24: 3})
    assert [(0, 0, 0, 2), (1, 0, 0, 1), (0, 0, 0, 2), (2, 0, 1, 0)] == found[:4]
    assert [(0, 2, 2, 0), (0, 2, 0, 0), (0, 0, 0, 2)] == found[4:]


def test_a_month_of_the_package() -> None:
    """Three a month that begins on the 26th: the fourth waits until then, though days before take one each."""
    found = told(Quota(1, 3, 26), 9, {20: 1, 21: 1}, {23: 1, 24: 1})
    assert [(0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 1, 0), (0, 1, 0, 0), (0, 0, 0, 1)] == found[3:8]


@pytest.mark.parametrize(
    ("begins", "day", "month"),
    [(26, (2026, 11, 25), ((2026, 10, 26), (2026, 11, 26))), (1, (2026, 12, 1), ((2026, 12, 1), (2027, 1, 1)))],
)
def test_when_a_month_begins(begins: int, day: Any, month: Any) -> None:
    """Before and on the day it begins, and over the year's end."""
    assert tuple(date(*one) for one in month) == Quota(0, 9, begins).month_of(date(*day))


numbers = st.dictionaries(st.integers(20, 30), st.integers(0, 9))


@given(st.builds(Quota, st.integers(0, 5), st.integers(0, 20), st.just(20)).filter(bool), numbers, numbers)
def test_nothing_is_lost_and_nothing_goes_beyond(quota: Quota, used: dict[int, int], due: dict[int, int]) -> None:
    """All that is due is planned or late at the end; no day and no month gets more than it takes."""
    used = {day: count for day, count in used.items() if day <= TODAY.day}
    due = {day: count for day, count in due.items() if day >= TODAY.day}
    found = told(quota, 11, used, due)
    assert sum(due.values()) == sum(day[1] for day in found) + found[-1][2]
    for had, planned, late, free in found:
        assert min(planned, late, free) >= 0 and not (late and free)
        assert not quota.per_day or planned + free <= max(0, quota.per_day - had)
    assert not quota.per_month or sum(day[1] for day in found) <= max(0, quota.per_month - sum(used.values()))


@pytest.fixture
async def second(clock: FakeClock) -> AsyncIterator[SlowGateway]:
    """The provider that takes over."""
    async with SlowGateway(clock) as gateway:
        yield gateway


@pytest.fixture
def office_settings(plain_settings: dict[str, Any], sms: SlowGateway, second: SlowGateway) -> dict[str, Any]:
    """Twelve a day by a provider that has a fallback."""
    first = {"kind": "sms_http", **sms.options(), "dedupes": False, "fallback": "second", "per_day": 12}
    plain_settings["outlets"] |= {"first": first, "second": {"kind": "sms_http", **second.options()}}
    return plain_settings


async def counted(office: Office, outlet: str) -> list[int]:
    """What went by an outlet yesterday, today and tomorrow."""
    at = office.clock.now().replace(hour=17, minute=0, second=0, microsecond=0) - timedelta(days=2)
    async with office.house.database.read() as connection:
        return await store.used(connection, outlet, [at + timedelta(days=away) for away in range(4)])


@both
async def test_what_went_out_is_used_where_it_went(office: Office, sms: SlowGateway, second: SlowGateway) -> None:
    """Answers that were lost count, tries that did not get there do not; what the fallback carried is the fallback's."""
    await office.audience(9)
    await office.schedule(await office.item(), "first", audience="Bản A")
    sms.says = lambda _: None if len(sms.ledger.taken) < 3 else (503, {})
    sms.lose(1)
    await office.drain()
    for _ in range(3):
        office.clock.advance(60)
        await office.drain()
    assert {State.SENT: 8, State.UNSURE: 1} == await office.states()
    assert [0, 3, 0] == await counted(office, "first") and [0, 6, 0] == await counted(office, "second")
    office.clock.advance(24 * 3600)
    assert [3, 0, 0] == await counted(office, "first")


@both
async def test_what_is_pending_has_its_moment(office: Office, sms: SlowGateway) -> None:
    """What the day's quota leaves over; nothing once all is out, the day after."""
    await office.audience(15)
    await office.schedule(await office.item(), "first", audience="Bản A")
    draining = asyncio.create_task(office.drain())  # it waits for tomorrow
    async with asyncio.timeout(20):
        while [0, 12, 0] != await counted(office, "first"):
            await asyncio.wait([draining], timeout=0.02)
    async with office.house.database.read() as connection:
        left = await store.pending(connection, "first")
    assert 3 == left.total() and 12 == len(sms.ledger.taken)
    office.clock.advance(16 * 3600)  # it was eight in the morning; until seven it is quiet
    while not draining.done():
        office.clock.advance(2)
        await asyncio.wait([draining], timeout=0.02)
    office.clock.advance(7 * 3600)
    await office.drain()
    async with office.house.database.read() as connection:
        assert not await store.pending(connection, "first")
    assert [12, 3, 0] == await counted(office, "first")
