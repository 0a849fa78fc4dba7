"""The planner's transactions: recipients page by page, many schedules at once, two planners."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import update

from channels.audiences.store import Recipient, recipient, save_audience, save_filter
from channels.seal import Seal
from config.clock import FakeClock
from content.bulletin import BulletinClass
from db.database import Database
from scheduler import store
from scheduler.delivery import State
from scheduler.dispatch import plan
from scheduler.dispatch.plan import Planning
from scheduler.schedule import Rule
from tests.conftest import both
from tests.scheduler.conftest import Office

SEAL = Seal(b"khoa thu")


@both
async def test_recipients_come_page_by_page_and_none_twice(database: Database, clock: FakeClock) -> None:
    """In order of address, each once, names as they are written; nobody of another audience or scheme."""
    names = [f'Người "{number}" \\ é\n' for number in range(25)]
    people = [Recipient("phone", f"+8491234{number:04d}", name) for number, name in enumerate(names)]
    async with database.write() as tx:
        await save_audience(database, tx, SEAL, "a1", "Một", [*people, Recipient("zalo", "4123456789")], clock.now())
        await save_audience(database, tx, SEAL, "a2", "Hai", [Recipient("phone", "+84912349999")], clock.now())
    one = Planning("k", BulletinClass.NORMAL, clock.now(), None, ("sms",), "Một", 0, "", 0)
    people.sort(key=lambda person: SEAL.close("phone", person.address))
    seen: list[list[str]] = []
    while frozen := await database.run(plan.page(database, plan.Sight(), one, "phone", 10)):
        rows = json.loads(frozen.people)
        assert (len(rows), rows[0][0], rows[-1][0]) == (frozen.size, frozen.first, frozen.last)
        seen, one.address_at = seen + rows, frozen.last
    assert [[SEAL.close("phone", person.address), person.name] for person in people] == seen


@both
async def test_when_everybody_has_opted_out_it_is_done(office: Office) -> None:
    """No recipients any more: the occurrence is done and says why."""
    await office.audience(2)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    async with office.house.database.write() as tx:
        await tx.execute(update(recipient).values(stopped_at=office.clock.now()))
    await office.drain()
    async with office.house.database.read() as connection:
        row = (await store.list_occurrences(connection))[0]
    assert ("done", "không có người nhận nào (no recipients)") == (row.state, row.reason)


@both
async def test_many_schedules_due_together_are_one_transaction(office: Office) -> None:
    """Thirty schedules of three classes over two outlets: thirty occurrences, each delivery once, one commit for all."""
    await office.audience(7)
    items = [await office.item(klass=klass) for klass in BulletinClass]
    due = office.in_(minutes=1)
    for number in range(30):
        await office.schedule(items[number % 3], "sms", "portal", audience="Bản A", rule=Rule(once=due))
    office.clock.advance(60)
    database, planner = office.house.database, office.house.runner._planner
    done = await database.run(planner._turn(office.clock.now()))
    assert (30, 30, None) == (len(done.dues), done.frozen, done.next_moment)
    await office.drain()
    assert {State.SENT: 30 * 8} == await office.states()
    async with database.read() as connection:
        assert 30 == len(await store.list_occurrences(connection, limit=100))


@both
async def test_a_chunk_ends_in_the_middle_of_an_audience(office: Office) -> None:
    """More recipients than a transaction freezes: urgent occurrences that come meanwhile are frozen before the rest."""
    await office.audience(6000)
    await office.audience(3, name="Trưởng bản")
    await office.schedule(await office.item(), "sms", audience="Bản A")
    planner, now = office.house.runner._planner, office.clock.now()
    database = office.house.database
    assert 1 == (await database.run(planner._turn(now))).frozen
    assert {State.PENDING: 5000} == await office.states()
    await office.schedule(await office.item(klass=BulletinClass.URGENT), "sms", audience="Trưởng bản")
    assert 2 == (await database.run(planner._turn(now))).frozen
    assert {State.PENDING: 6003} == await office.states()
    assert [] == await database.run(plan.planning(database, 10))


@both
async def test_a_run_is_due_again_after_what_was_seen(office: Office) -> None:
    """The next due moment follows the previous one, not the clock; the text's end bounds the occurrence."""
    item = await office.item(valid_until=office.in_(hours=30))
    await office.schedule(item, "portal", rule=Rule(every=timedelta(hours=24)))
    office.clock.advance(20)
    await office.drain()
    async with office.house.database.read() as connection:
        schedule = (await store.list_schedules(connection))[0]
        row = (await store.list_occurrences(connection))[0]
    assert schedule.start + timedelta(hours=24) == schedule.next_due_at
    assert office.clock.now() - timedelta(seconds=20) + timedelta(hours=30) == row.until


@both
async def test_a_saved_filter_is_looked_up_when_recipients_are_frozen(office: Office) -> None:
    """Those of the list who have the tag by then, page by page; others of the same list, beside it, as before."""
    await office.audience(20)
    tagged = [
        Recipient("phone", f"+8497{number:07d}", tags=(("language", "mông" if number % 2 else "thái"),))
        for number in range(30)
    ]
    house, now = office.house, office.clock.now()
    async with house.database.write() as tx:
        await save_audience(house.database, tx, house.seal, "x1", "Bản A", tagged[:10], now)
        await save_filter(tx, "x2", "Mông", "Bản A", (("language", "mông"),), now)
    house.runner._planner._parcel_size = 6
    await office.schedule(await office.item(), "sms", audience="Mông")
    await office.schedule(await office.item(), "sms", audience="Bản A")
    async with house.database.write() as tx:
        await save_audience(house.database, tx, house.seal, "x3", "Bản A", tagged[10:], now)
    await house.runner._planner.plan()
    found = [one.address for one in await office.deliveries()]
    mong = [person.address for person in tagged[1::2]]
    assert 15 + 50 == len(found) and [2] * 15 == [found.count(address) for address in mong]


async def test_parcels_of_one_moment_never_clash(office: Office) -> None:
    """Each transaction's stand behind all there are, be it the same millisecond, or a clock set back."""
    database, now = office.house.database, office.clock.now()
    await office.schedule(await office.item(), "portal")
    await office.house.runner._planner.plan()
    async with database.read() as connection:
        [run] = await store.list_occurrences(connection)
    people, until, found = plan.Frozen(1, "a", "a", '[["a",""]]'), now + timedelta(hours=1), list[int]()
    for moment in (*[now] * 8, now - timedelta(minutes=5)):
        new = plan.NewParcel(run.id, "portal", 2, 0, moment, until, people)
        found += await database.run(plan.add([new] * 3, moment))
    assert found == sorted(set(found))
