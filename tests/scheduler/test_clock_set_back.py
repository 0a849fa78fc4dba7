"""The clock set back by hours, also while nobody ran: whatever was seconds away is so again, and nothing else moves."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Pace
from channels.store import outlet
from content.recordings.store import recording
from db.database import Database
from db.journal import Deed
from desk.demo.sms_gateway import SmsGateway
from scheduler.delivery import Attempt, State
from scheduler.dispatch import mark
from scheduler.dispatch.pace import pause_for
from scheduler.dispatch.store import Waiting, add_attempts, wait_again
from scheduler.dispatch.tables import parcel, waiting
from scheduler.schedule import Rule
from scheduler.store import occurrence, schedule
from scheduler.timekeeper import THING, Timekeeper
from tests.conftest import both
from tests.scheduler.claims import plan
from tests.scheduler.conftest import URGENT, Office

HOURS = timedelta(hours=3)
SOON = timedelta(seconds=6)
NEAR = timedelta(seconds=2)
"""On PostgreSQL the server's own clock goes on while a test runs."""


def timekeeper(office: Office, database: Database | None = None) -> Timekeeper:
    """One of a process that starts now."""
    return Timekeeper(database or office.house.database, office.clock, office.house.journal, office.house.meter)


async def deeds(office: Office) -> list[Deed]:
    """What the journal says of moments that were moved."""
    async with office.house.database.read() as connection:
        told = await office.house.journal.of(connection, THING)
    return [deed for deed in told if deed.verb == "clock_back"]


async def ran_ahead(office: Office, tx: AsyncConnection) -> datetime:
    """The database has seen a moment three hours ahead; the moment it is now, on the clock that counts."""
    now = await office.house.database.now(tx, office.clock.now())
    await mark.set_mark(tx, now + HOURS)
    return now


async def one(office: Office, *columns: Any) -> Any:
    """The one row of a table."""
    async with office.house.database.read() as connection:
        return (await connection.execute(select(*columns))).one()


@both
async def test_what_was_seconds_away_is_so_again(office: Office) -> None:
    """Parcels, retries, an outlet's pace, a recording's next try, and the leases of the dead."""
    await office.audience(1)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    async with office.house.database.write() as tx:
        now = await ran_ahead(office, tx)
        soon = now + HOURS + SOON
        held: dict[str, Any] = {"owner": "another-machine/1/1", "lease_until": soon}
        await tx.execute(update(parcel).values(due_at=soon, **held))
        row = (await tx.execute(select(parcel))).one()
        lies = {"parcel": row.id, "seq": 0, "outlet": "sms", "rank": 0, "tries": 1, "why": "retry", "crashes": 0}
        await tx.execute(waiting.insert().values(due_at=soon, **lies, **held))
        await tx.execute(recording.insert().values(key="k", state="wanted", tries=1, next_try_at=soon, **held))
        until = int(soon.timestamp() * 1000) * 1000
        await tx.execute(update(outlet).where(outlet.c.name == "sms").values(free_at=until))
    await timekeeper(office).set_right()
    found = [
        *await one(office, parcel.c.due_at, parcel.c.lease_until),
        *await one(office, waiting.c.due_at, waiting.c.lease_until),
        *await one(office, recording.c.next_try_at, recording.c.lease_until),
    ]
    async with office.house.database.read() as connection:
        free = await connection.scalar(select(outlet.c.free_at).where(outlet.c.name == "sms"))
    found.append(datetime.fromtimestamp((free or 0) / 1_000_000, now.tzinfo))
    assert [SOON] * 7 == [SOON if abs(moment - now - SOON) <= NEAR else moment - now for moment in found]
    (deed,) = await deeds(office)
    assert deed.detail["moved"] >= 7 and abs(deed.detail["seconds"] + HOURS.total_seconds()) <= 2
    async with office.house.database.read() as connection:
        assert await office.house.journal.verify(connection) is None


@both
@pytest.mark.parametrize("tried", [timedelta(seconds=-1), HOURS])
async def test_what_was_put_off_after_the_step_stays(office: Office, tried: timedelta) -> None:
    """A partner said after the step, and before anybody saw it, to come again in six seconds: not moved, not undercut."""
    await office.audience(1)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    async with office.house.database.write() as tx:
        now = await ran_ahead(office, tx)
        row = (await tx.execute(select(parcel))).one()
        await add_attempts(tx, [Attempt(row.id, 0, 1, now + tried, 9, "unavailable", "429", "", "")])
        again = [(Waiting(row.id, 0, 1, "retry"), now + SOON)]
        await wait_again(office.house.database, tx, "sms", 0, again)
    await timekeeper(office).set_right()
    assert 1 == len(await deeds(office))
    assert (now + SOON,) == await one(office, waiting.c.due_at)


@both
async def test_a_second_step_moves_what_the_first_left(office: Office) -> None:
    """It was tried before the first step and put off after it; now it waits by the clock that is set back again."""
    await office.audience(1)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    async with office.house.database.write() as tx:
        now = await ran_ahead(office, tx)
        row = (await tx.execute(select(parcel))).one()
        await add_attempts(tx, [Attempt(row.id, 0, 1, now + 2 * HOURS, 9, "unavailable", "429", "", "")])
        again = [(Waiting(row.id, 0, 1, "retry"), now + HOURS + SOON)]
        await wait_again(office.house.database, tx, "sms", 0, again)
    await timekeeper(office).set_right()
    (due,) = await one(office, waiting.c.due_at)
    assert abs(due - now - SOON) <= NEAR


@both
async def test_what_people_planned_stays(office: Office) -> None:
    """Schedules, occurrences and windows are told by the wall clock."""
    await office.audience(1)
    item = await office.item()
    await office.schedule(item, "sms", audience="Bản A")
    await plan(office)
    async with office.house.database.write() as tx:
        now = await ran_ahead(office, tx)
    await office.schedule(item, "sms", audience="Bản A", rule=Rule(once=now + 2 * HOURS))
    async with office.house.database.write() as tx:
        await tx.execute(update(occurrence).values(due_at=now + 2 * HOURS))
        await tx.execute(update(parcel).values(until=now + 2 * HOURS))
    await timekeeper(office).set_right()
    assert 1 == len(await deeds(office))
    assert (now + 2 * HOURS,) == await one(office, occurrence.c.due_at)
    assert (now + 2 * HOURS,) == await one(office, parcel.c.until)
    async with office.house.database.read() as connection:
        due = (await connection.execute(select(schedule.c.next_due_at))).scalars()
    assert {None, now + 2 * HOURS} == set(due)


@both
async def test_of_many_processes_one_moves_them(office: Office) -> None:
    """Moved twice, a partner's Retry-After would be undercut."""
    databases = [Database(office.house.settings.database.url, office.clock) for _ in range(4)]
    for _ in range(3):
        before = len(await deeds(office))
        async with office.house.database.write() as tx:
            await ran_ahead(office, tx)
        await asyncio.gather(*(timekeeper(office, one).set_right() for one in databases))
        assert before + 1 == len(await deeds(office))
    for one in databases:
        await one.close()


@both
async def test_time_that_goes_on_moves_nothing(office: Office) -> None:
    """Neither a step forward, nor the second or two that a time server takes back."""
    keeper = timekeeper(office)
    async with office.house.database.write() as tx:
        await mark.set_mark(tx, await office.house.database.now(tx, office.clock.now()) + timedelta(seconds=1))
    for seconds in (0, 1, 3600, 86_400, -2, 5):
        office.clock.step(seconds)
        assert 0 == await keeper.set_right()
    assert [] == await deeds(office)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_one_nodes_wrong_clock_moves_nothing(office: Office) -> None:
    """Nodes share the server's clock: what one of them believes is its own affair."""
    keeper = timekeeper(office)
    await keeper.set_right()
    office.clock.step(-7200)
    assert (0, []) == (await keeper.set_right(), await deeds(office))


async def test_a_server_mended_while_it_stood_still(office: Office, sms: SmsGateway) -> None:
    """It ran three hours ahead: a new urgent message leaves at once, and what the partner put off waits as long as asked."""
    office.clock.step(HOURS.total_seconds())
    await office.audience(2)
    sms.per_second, sms._level = 0.025, 1.0
    await office.schedule(await office.item(short="cu"), "sms", audience="Bản A")
    await office.drain()
    assert {State.SENT: 1, State.PENDING: 1} == await office.states()
    async with office.house.database.write() as tx:
        # the partner asked for rest of the whole outlet: here only the delivery is looked at
        await tx.execute(text("UPDATE outlet SET free_at = 0"))
    office.clock.step(-HOURS.total_seconds())
    sms.per_second = 500.0
    office.clock.advance(1)
    await office.schedule(await office.item(klass=URGENT, short="moi"), "sms", audience="Bản A")
    await office.drain()
    assert ["cu", "moi", "moi"] == [taken.content for taken in sms.ledger.taken]
    office.clock.advance(37)
    await office.drain()
    assert 3 == len(sms.ledger.taken)
    office.clock.advance(15)
    await office.drain()
    assert ["cu", "moi", "moi", "cu"] == [taken.content for taken in sms.ledger.taken]


def test_a_lane_does_not_sleep_for_hours() -> None:
    """Between the step and the moment it is seen, the outlet's pace says to wait as long as the step."""
    hours = 4 * 3600 * 1_000_000
    assert pause_for(Pace(10, 1), hours, 0) <= 2
    assert 0.1 == pause_for(Pace(10, 1), 100_000, 0)


async def test_a_running_server_sends_within_five_seconds(office: Office, sms: SmsGateway) -> None:
    """Of a step by hours back, while it runs and after it has sent."""
    await office.audience(1)
    house, clock = office.house, office.clock
    running = asyncio.ensure_future(house.runner.run())
    async with asyncio.timeout(20):
        for short in ("cu", "moi"):
            await office.schedule(await office.item(klass=URGENT, short=short), "sms", audience="Bản A")
            begun = clock.steady()
            while [short] != [taken.content for taken in sms.ledger.taken[-1:]]:
                clock.advance(0.1)
                await asyncio.sleep(0.01)
            assert clock.steady() - begun <= 5
            clock.step(-4 * 3600)
    house.stop()
    await running
