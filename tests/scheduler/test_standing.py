"""Everything paused with one deed, on both databases: exactly what ran stands still, and exactly that goes on."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from config.words import BadInput, Conflict
from content.bulletin import BulletinClass
from scheduler import store
from scheduler.schedule import Missed, Rule, Schedule, ScheduleState
from scheduler.scheduling import Wish
from scheduler.standing import fates
from tests.conftest import both
from tests.scheduler.conftest import Office

HOURLY = Rule(cron="0 * * * *")


async def pause_all(office: Office, reason: str = "Kiểm tra nội dung", *, urgent: bool = False) -> int:
    """Pause everything as Hùng."""
    async with office.house.database.write() as tx:
        return await office.house.standing.pause_all(tx, "Hùng", reason, urgent=urgent)


async def resume_all(office: Office) -> int:
    """Let it go on."""
    async with office.house.database.write() as tx:
        return await office.house.standing.resume_all(tx, "Hùng")


async def state(office: Office, of: Schedule) -> str:
    """Where a schedule stands."""
    async with office.house.database.read() as connection:
        return (await store.find_schedule(connection, of.id)).state.value


async def runs(office: Office, of: Schedule) -> list[str]:
    """The states of a schedule's occurrences, oldest first."""
    async with office.house.database.read() as connection:
        rows = await store.list_occurrences(connection, schedule_id=of.id)
    return [row.state for row in reversed(rows)]


@both
async def test_exactly_what_ran_goes_on(office: Office) -> None:
    """One that was paused by itself stays so; one that waits for approval still waits; urgent ones never stopped."""
    item = await office.item()
    running = [await office.schedule(item, "portal", rule=HOURLY) for _ in range(3)]
    alone = await office.schedule(item, "portal", rule=HOURLY)
    urgent = await office.schedule(item, "portal", rule=HOURLY, klass=BulletinClass.URGENT)
    async with office.house.database.write() as tx:
        await office.house.scheduling.pause(tx, alone.id, "Hùng")
        wish = Wish((item.id,), ("portal",), HOURLY)
        waits = await office.house.scheduling.add(tx, wish, "Mai", may_approve=False)
    assert 3 == await pause_all(office)
    assert ["paused"] * 3 == [await state(office, one) for one in running]
    assert ["paused", "approved", "in_review"] == [await state(office, one) for one in (alone, urgent, waits)]
    async with office.house.database.write() as tx:
        await office.house.scheduling.cancel(tx, running[0].id, "Hùng")
        await office.house.scheduling.resume(tx, running[1].id, "Hùng")
        await office.house.scheduling.pause(tx, running[1].id, "Hùng")
    assert 1 == await resume_all(office)
    assert ["cancelled", "paused", "approved"] == [await state(office, one) for one in running]
    assert ["paused", "approved", "in_review"] == [await state(office, one) for one in (alone, urgent, waits)]
    assert ["pause_all", "resume_all"] == await office.journal("schedules")


@both
async def test_what_is_approved_meanwhile_waits_with_the_rest(office: Office) -> None:
    """By whoever may approve at once, and by a second person; urgent only when that was asked for."""
    item = await office.item()
    await pause_all(office)
    added = await office.schedule(item, "portal", rule=HOURLY)
    urgent = await office.schedule(item, "portal", rule=HOURLY, klass=BulletinClass.URGENT)
    async with office.house.database.write() as tx:
        wish = Wish((item.id,), ("portal",), HOURLY)
        waits = await office.house.scheduling.add(tx, wish, "Mai", may_approve=False)
        approved = await office.house.scheduling.approve(tx, waits.id, "Hùng")
    assert (ScheduleState.PAUSED, ScheduleState.APPROVED, ScheduleState.PAUSED) == (
        added.state,
        urgent.state,
        approved.state,
    )
    assert 2 == await resume_all(office)
    assert ["approved"] * 3 == [await state(office, one) for one in (added, urgent, approved)]
    assert 3 == await pause_all(office, urgent=True)
    urgent = await office.schedule(item, "portal", rule=HOURLY, klass=BulletinClass.URGENT)
    assert ScheduleState.PAUSED is urgent.state


@pytest.mark.parametrize("missed", list(Missed))
async def test_the_forecast_is_what_happens(office: Office, missed: Missed) -> None:
    """Five hours of an hourly schedule: as many made up for and missed as was said before; none fires twice, none is silent."""
    of = await office.schedule(await office.item(), "portal", rule=HOURLY, missed=missed)
    await office.drain()
    before = await runs(office, of)
    await pause_all(office)
    window = dict.fromkeys(BulletinClass, timedelta(hours=2, minutes=30))
    office.house.runner._planner._catch_up |= window  # what the settings say
    async with office.house.database.read() as connection:
        found = await store.stilled_schedules(connection, 10)
    office.clock.advance(5 * 3600 - 60)
    await office.drain()
    assert before == await runs(office, of)
    [fate] = fates(found, office.clock.now(), window)
    await resume_all(office)
    await office.drain()
    later = (await runs(office, of))[len(before) :]
    assert (fate.made_up, fate.missed) == (len(later) - later.count("missed"), later.count("missed"))
    assert {Missed.LATEST: (1, 3), Missed.ALL: (2, 2), Missed.NONE: (0, 4)}[missed] == (fate.made_up, fate.missed)


@both
async def test_once_and_with_a_reason(office: Office) -> None:
    """No reason, nothing happens; a second standstill is refused, and so is an end without one."""
    await office.schedule(await office.item(), "portal", rule=HOURLY)
    with pytest.raises(BadInput):
        await pause_all(office, "  ")
    with pytest.raises(Conflict):
        await resume_all(office)
    await pause_all(office)
    with pytest.raises(Conflict):
        await pause_all(office)
    async with office.house.database.read() as connection:
        standstill = await store.find_standstill(connection)
    assert standstill is not None and ("Hùng", "Kiểm tra nội dung") == (standstill.person, standstill.reason)


@both
async def test_nothing_slips_by_while_all_is_paused(office: Office) -> None:
    """Schedules that are added in the same moment: each is paused by one side or the other, and all go on together."""
    item = await office.item()

    async def add() -> Schedule:
        return await office.schedule(item, "portal", rule=HOURLY)

    made = await asyncio.gather(*(add() for _ in range(4)), pause_all(office), *(add() for _ in range(4)))
    schedules = [one for one in made if isinstance(one, Schedule)]
    assert ["paused"] * 8 == [await state(office, one) for one in schedules]
    assert 8 == await resume_all(office)


@both
async def test_a_move_replaces_in_one_deed(office: Office) -> None:
    """The old one ends, the new one stands for it; what has gone or was moved cannot be moved, nor what runs often."""
    item, now = await office.item(), office.clock.now()
    scheduling, database = office.house.scheduling, office.house.database
    old = await office.schedule(item, "portal", rule=Rule(once=now + timedelta(hours=2)))

    async def move(id: str, hours: int, by: str = "Hùng", *, may_approve: bool = True) -> Schedule:
        async with database.write() as tx:
            return await scheduling.move(tx, id, now + timedelta(hours=hours), by, may_approve=may_approve)

    new = await move(old.id, 5)
    assert ("cancelled", "approved") == (await state(office, old), await state(office, new))
    assert (old.items, old.outlets, old.missed) == (new.items, new.outlets, new.missed)
    assert "move" == (await office.journal(f"schedule/{old.id}"))[-1]
    assert "replace" == (await office.journal(f"schedule/{new.id}"))[-1]
    with pytest.raises(Conflict):
        await move(old.id, 6)
    with pytest.raises(BadInput):
        await move(new.id, 5)
    with pytest.raises(BadInput):
        await move(new.id, -5)
    assert "approved" == await state(office, new)
    waits = await move(new.id, 7, "Mai", may_approve=True)
    assert ScheduleState.IN_REVIEW is waits.state  # Mai wrote the text
    async with database.write() as tx:
        await scheduling.approve(tx, waits.id, "Hùng")
    office.clock.advance(7 * 3600 + 1)
    with pytest.raises(Conflict):
        await move(waits.id, 9)
    await office.drain()
    with pytest.raises(Conflict):
        await move(waits.id, 9)
    assert 1 == len(await office.deliveries()) and "ended" == await state(office, waits)


async def test_a_daily_schedule_takes_another_time(office: Office) -> None:
    """The rule keeps its days; one that has several times, or steps, is refused and unchanged."""
    item, evening = await office.item(), office.in_(hours=9, minutes=30)
    daily = await office.schedule(item, "portal", rule=Rule(cron="0 5 * * 1-6"))
    async with office.house.database.write() as tx:
        new = await office.house.scheduling.move(tx, daily.id, evening, "Hùng", may_approve=True)
    assert Rule(cron="30 17 * * 1-6") == new.rule and evening == new.next_due_at
    for rule in (Rule(cron="0 5,17 * * *"), Rule(every=timedelta(hours=6))):
        fixed = await office.schedule(item, "portal", rule=rule)
        with pytest.raises(BadInput):
            async with office.house.database.write() as tx:
                await office.house.scheduling.move(tx, fixed.id, evening, "Hùng", may_approve=True)
        assert "approved" == await state(office, fixed)
