"""How much a person gets: caps a day and a week over all outlets, three advertisements in 24 hours, and who gets none."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text

from channels import tags
from channels.audiences import store as audience_store
from channels.no_adverts import store as no_adverts
from config.settings import Settings
from content import store as content_store
from content.bulletin import Purpose
from desk.app import opened
from scheduler.delivery import State
from scheduler.dispatch import holds
from scheduler.dispatch.tables import contact, held
from scheduler.log import store as log_store
from scheduler.schedule import Rule
from tests.conftest import both
from tests.scheduler.claims import plan
from tests.scheduler.conftest import URGENT, Office, beside
from tests.scheduler.partner import SlowGateway

ADVERT = {
    "purpose": Purpose.ADVERTISING,
    "short": "[QC] Hoi cho nong san xa ngay 28/11. Tu choi: soan TC gui 1234",
}
DAY = 24 * 3600


@pytest.fixture
def office_settings(office_settings: dict[str, Any]) -> dict[str, Any]:
    """Two accounts for SMS, nobody sleeps, and caps as a test wants them."""
    office_settings["schedule"] = {"quiet_from": "00:00", "quiet_to": "00:00"}
    office_settings["policy"] = {"person_day": 2}
    return office_settings


async def told(office: Office, *outlets: str, **draft: Any) -> None:
    """An item, the same when it was sent before, to everybody of the list, now."""
    title = draft.setdefault("title", f"Tin {' '.join(map(str, draft.values()))}".strip())
    async with office.house.database.read() as connection:
        known = [one for one in await content_store.list_items(connection) if one.title == title]
    await office.schedule(known[0] if known else await office.item(**draft), *outlets, audience="Bản A")
    await office.drain()


async def counted(office: Office, table: Any) -> int:
    """How many rows a table has."""
    async with office.house.database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def as_filter(office: Office, name: str) -> str:
    """All of the list as a saved filter over it."""
    async with office.house.database.write() as tx:
        await tx.execute(text("UPDATE recipient SET tags = :tags"), {"tags": tags.stored((("village", "a"),))})
        conditions = tags.conditions_of(["village=a"])
        await audience_store.save_filter(tx, name, name, "Bản A", conditions, office.clock.now())
    return name


async def agree(office: Office, *addresses: str) -> None:
    """These people have agreed to advertising, which stands in the list."""
    listed = ", ".join(f"'{office.house.seal.close('phone', one)}'" for one in addresses)
    async with office.house.database.write() as tx:
        await tx.execute(text(f"UPDATE recipient SET consent = 'phiếu 12/2025' WHERE address IN ({listed})"))


def with_policy(settings: dict[str, Any], **policy: Any) -> Settings:
    """The same office under another policy."""
    return Settings.model_validate({**settings, "policy": policy})


# --- caps ------------------------------------------------------------------------------------------------------------


@both
async def test_a_person_gets_so_many_a_day_over_all_outlets(office: Office, sms: SlowGateway) -> None:
    """Two a day, whichever way they come; the third is held back, with the reason in its log, and counted."""
    await office.audience(3)
    await told(office, "sms")
    await told(office, "sms-once")
    await told(office, "sms", title="Tin thứ ba")
    assert 6 == len(sms.came)
    third = [one for one in await office.deliveries() if one.title == "Tin thứ ba"]
    assert [(State.CANCELLED, "person-day")] * 3 == [(one.state, one.rule) for one in third]
    assert "đã nhận đủ 2 tin hôm nay" in third[0].detail
    async with office.house.database.read() as connection:
        assert {"sms": {"person-day": 3}} == await log_store.held_back(connection, log_store.Filter())


@both
async def test_the_next_day_is_another(office: Office, sms: SlowGateway) -> None:
    """It begins at midnight in the office's zone, not 24 hours later."""
    await office.audience(1)
    for _ in range(3):
        await told(office, "sms")
    assert 2 == len(sms.came)
    office.clock.advance(15 * 3600 + 3599)  # it was eight in the morning
    await told(office, "sms")
    assert 2 == len(sms.came)
    office.clock.advance(2)
    await told(office, "sms")
    assert 3 == len(sms.came)


@both
async def test_a_week_has_seven_days(office: Office, office_settings: dict[str, Any], sms: SlowGateway) -> None:
    """Three in seven days and no day's cap: the fourth is held, and goes once the first is a week past."""
    await office.audience(1)
    async with opened(with_policy(office_settings, person_week=3), office.clock) as house:
        there = Office(house, office.clock)
        for _ in range(4):
            await told(there, "sms")
            office.clock.advance(DAY)
        assert 3 == len(sms.came)
        (last,) = [one for one in await there.deliveries() if one.state is State.CANCELLED]
        assert "person-week" == last.rule and "trong 7 ngày" in last.detail
        office.clock.advance(2 * DAY)  # it is the seventh day
        await told(there, "sms")
        assert 3 == len(sms.came)
        office.clock.advance(DAY)
        await told(there, "sms")
        assert 4 == len(sms.came)


@both
async def test_what_is_urgent_is_spared(office: Office, sms: SlowGateway) -> None:
    """An urgent bulletin and a warning go whatever a person has had; what follows is held as before."""
    await office.audience(1)
    for draft in ({}, {}, {"klass": URGENT}, {"purpose": Purpose.EMERGENCY}, {}):
        await told(office, "sms", **draft)
    assert 4 == len(sms.came)


@both
async def test_what_did_not_arrive_gives_its_place_back(office: Office, sms: SlowGateway) -> None:
    """Refused or cancelled it counts no more; what the partner took does, and what is unsure too."""
    await office.audience(1)
    sms.says = lambda _: (400, {})
    await told(office, "sms")
    await told(office, "sms")
    assert {State.FAILED: 2} == await office.states()
    sms.says = lambda _: None
    await told(office, "sms")
    sms.lose(1)
    await told(office, "sms-once")
    assert {State.FAILED: 2, State.SENT: 1, State.UNSURE: 1} == await office.states()
    await told(office, "sms")
    assert 1 == (await office.states())[State.CANCELLED]


@both
async def test_nothing_is_counted_while_no_cap_is_set(
    office: Office, office_settings: dict[str, Any], sms: SlowGateway
) -> None:
    """Not a row: whoever does not use it pays nothing for it."""
    await office.audience(5)
    async with opened(with_policy(office_settings), office.clock) as house:
        there = Office(house, office.clock)
        for _ in range(4):
            await told(there, "sms", "portal")
        assert (20, 0, 0) == (len(sms.came), await counted(there, contact), await counted(there, held))


@both
async def test_it_holds_over_processes_and_restarts(
    office: Office, office_settings: dict[str, Any], sms: SlowGateway
) -> None:
    """Two schedules on two outlets at once, sent by two processes: two each, whoever came first; and a third knows of it."""
    await office.audience(120)
    item = await office.item()
    for _ in range(2):
        await office.schedule(item, "sms", "sms-once", audience="Bản A")
    await plan(office)
    async with beside(office_settings, office.clock) as another:
        await asyncio.gather(another.runner.drain(), office.drain())
    states = await office.states()
    assert {State.SENT: 240, State.CANCELLED: 240} == states
    had: dict[str, int] = {}
    for one in await office.deliveries(states=(State.SENT,)):
        had[one.address] = had.get(one.address, 0) + 1
    assert {2} == set(had.values()) and 120 == len(had)
    async with opened(Settings.model_validate(office_settings), office.clock) as later:
        await told(Office(later, office.clock), "sms")
    assert 240 == len(sms.came)


@both
async def test_a_process_that_dies_counts_nobody_twice(
    office: Office, office_settings: dict[str, Any], sms: SlowGateway
) -> None:
    """Places given before it died are given anew to the same deliveries, not on top."""
    await office.audience(40)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    sms.hold()
    async with beside(office_settings, office.clock, "another-machine/1/1") as dying:
        first = asyncio.create_task(dying.runner.drain())
        await sms.has_come(1)
        first.cancel()
        await asyncio.wait([first])
    assert 40 == await counted(office, contact)
    sms.let_go()
    office.clock.advance(60)  # its lease is over
    await office.drain()
    assert {State.SENT: 40} == await office.states()
    await told(office, "sms")
    assert {State.SENT: 80} == await office.states()
    assert 80 == await counted(office, contact)


@both
async def test_what_waits_over_midnight_counts_for_the_day_it_leaves(office: Office, sms: SlowGateway) -> None:
    """A repeat that is due tomorrow takes tomorrow's place, and finds it taken."""
    await office.audience(1)
    sms.says = lambda _: (503, {"Retry-After": str(17 * 3600)})
    await told(office, "sms")
    assert {State.PENDING: 1} == await office.states()
    sms.says = lambda _: None
    office.clock.advance(16 * 3600 + 60)  # tomorrow, before it is tried again
    for _ in range(2):
        await told(office, "sms-once")
    assert {State.PENDING: 1, State.SENT: 2} == await office.states()
    office.clock.advance(3600)
    await office.drain()
    (one,) = await office.deliveries(states=(State.CANCELLED,))
    assert ("person-day", 3) == (one.rule, len(sms.came))


@both
async def test_long_ago_is_forgotten(office: Office, sms: SlowGateway) -> None:
    """Whom messages were meant for is kept for eight days, and no longer."""
    await office.audience(2)
    await told(office, "sms")
    office.clock.advance(7 * DAY)
    async with office.house.database.write() as tx:
        assert 0 == await holds.prune_contacts(tx, office.clock.now() - timedelta(days=8))
    office.clock.advance(2 * DAY)
    await office.house.runner._sweeper.sweep()
    assert 0 == await counted(office, contact)


# --- advertising ------------------------------------------------------------------------------------------------------


@both
async def test_three_advertisements_in_24_hours(
    office: Office, office_settings: dict[str, Any], sms: SlowGateway
) -> None:
    """By the clock and not by the day, over all outlets; other messages are not counted, nor held."""
    async with opened(with_policy(office_settings), office.clock) as house:
        there = Office(house, office.clock)
        await agree(there, *await there.audience(1))
        await told(there, "sms")
        for outlet in ("sms", "sms-once", "sms", "sms-once"):
            await told(there, outlet, **ADVERT)
            office.clock.advance(3600)
        await told(there, "sms")
        assert 5 == len(sms.came)
        (one,) = await there.deliveries(states=(State.CANCELLED,))
        assert "advert-most" == one.rule and "Điều 13" in one.detail
        office.clock.advance(20 * 3600)  # 24 hours after the first
        await told(there, "sms", **ADVERT)
        assert 5 == len(sms.came)  # it may have left some minutes after it was counted
        office.clock.advance(601)
        await told(there, "sms", **ADVERT)
        assert 6 == len(sms.came)


@both
@pytest.mark.parametrize("filtered", [False, True])
async def test_who_does_not_want_advertising_gets_none(office: Office, sms: SlowGateway, filtered: bool) -> None:
    """On the list, or without consent on record: told before, held back at sending, and other messages still arrive."""
    numbers = await office.audience(5)
    await agree(office, *numbers[:4])
    async with office.house.database.write() as tx:
        at = office.clock.now()
        strangers = ["+84990000001"]
        assert 3 == await no_adverts.save_no_adverts(
            office.house.database, tx, office.house.seal, [*numbers[:2], *strangers], at, whole=False
        )
    item = await office.item(**ADVERT)
    async with office.house.database.read() as connection:
        audience = await as_filter(office, "Cả bản") if filtered else "Bản A"
        wish_of_it = await office.schedule(item, "sms", audience=audience, rule=Rule(once=office.in_(hours=1)))
        verdicts = {one.rule: one for one in await office.house.scheduling.check(connection, wish_of_it)}
    assert "2 người" in verdicts["advert-list"].detail_vi and "1 người" in verdicts["advert-consent"].detail_vi
    office.clock.advance(3600)
    await office.drain()
    found = {one.address: (one.state, one.rule) for one in await office.deliveries()}
    listed, without = (State.CANCELLED, "advert-list"), (State.CANCELLED, "advert-consent")
    sent = (State.SENT, "")
    assert dict(zip(numbers, (listed, listed, sent, sent, without), strict=True)) == found
    await told(office, "sms")
    assert 7 == len(sms.came)


@both
async def test_the_list_is_replaced_as_a_whole_or_added_to(office: Office) -> None:
    """A number that is there twice is there once."""
    database, at = office.house.database, office.clock.now()
    for numbers, whole, count in ((["1", "2"], False, 2), (["2", "3"], False, 3), (["4"], True, 1), ([], True, 0)):
        async with database.write() as tx:
            assert count == await no_adverts.save_no_adverts(database, tx, office.house.seal, numbers, at, whole=whole)
