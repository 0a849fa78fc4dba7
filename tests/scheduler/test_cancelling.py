"""What is cancelled stops within a second, in whatever state it is, and what had gone is counted exactly."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest

from config.words import Conflict
from db.direct import Ask, Rows, Step
from scheduler import store
from scheduler.delivery import State, delivery_id, parse_delivery_id
from scheduler.dispatch import store as dispatch
from tests.conftest import both
from tests.scheduler.claims import plan
from tests.scheduler.conftest import Office
from tests.scheduler.partner import SlowGateway, busy


async def cancel(office: Office) -> dict[State, int]:
    """Cancel the one occurrence."""
    async with office.house.database.write() as tx:
        row = (await store.list_occurrences(tx))[0]
        return await office.house.handling.cancel_occurrence(tx, row.id, "Hùng", "phát nhầm")


async def settle(office: Office, sms: SlowGateway) -> None:
    """Let the gateway answer, and hours pass."""
    sms.let_go()
    for _ in range(8):
        await office.drain()
        office.clock.advance(3 * 3600)
    await office.drain()


@both
async def test_in_full_flight(office: Office, sms: SlowGateway) -> None:
    """With every connection busy: what was under way is counted as such, arrives, and nothing else ever leaves."""
    await office.audience(1200)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    sms.hold()
    draining = asyncio.create_task(office.drain())
    await sms.has_come(16)
    counted = await cancel(office)
    office.clock.advance(1)
    came = len(sms.came)
    sms.let_go()
    await draining
    await settle(office, sms)
    assert came == len(sms.came) == len(sms.ledger.taken)
    assert 1200 == sum(counted.values())
    assert {State.SENT: came, State.CANCELLED: 1200 - came} == await office.states()
    assert came <= counted[State.SENDING]


@both
async def test_what_is_under_way_is_not_repeated(office: Office, sms: SlowGateway) -> None:
    """Half of what was under way is refused for now, of the other half the answer is lost: neither goes again."""
    await office.audience(100)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    sms.hold()
    draining = asyncio.create_task(office.drain())
    await sms.has_come(16)
    await cancel(office)
    office.clock.advance(1)
    odd = set(sms.ids[::2])
    sms.says = lambda name: busy() if name in odd else None
    sms.lose(100)
    sms.let_go()
    await draining
    await settle(office, sms)
    assert 16 == len(sms.came)
    assert {State.UNSURE: 8, State.CANCELLED: 92} == await office.states()
    assert {one.id for one in await office.deliveries(states=(State.UNSURE,))} == set(sms.ids) - odd


@both
async def test_what_waits_to_be_tried_again(office: Office, sms: SlowGateway) -> None:
    """Waiting for another try it is cancelled, unless an answer was lost: then it may have gone, and that is said."""
    await office.audience(4)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    sms.lose(4)
    sms.says = lambda name: busy() if int(name[-1]) % 2 else None
    await office.drain()
    assert {State.PENDING: 4} == await office.states()
    assert {State.CANCELLED: 2, State.UNSURE: 2} == await cancel(office)
    await settle(office, sms)
    assert (4, 2) == (len(sms.came), len(sms.ledger.taken))
    assert {State.CANCELLED: 2, State.UNSURE: 2} == await office.states()


@both
async def test_one_that_waits_for_a_repeat(office: Office, sms: SlowGateway) -> None:
    """A single delivery whose answer was lost is unsure when its repeat is called off; one that has gone is told."""
    await office.audience(1)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    sms.lose(1)
    await office.drain()
    (one,) = await office.deliveries()
    async with office.house.database.write() as tx:
        await office.house.handling.cancel(tx, one.id, "Hùng")
    await settle(office, sms)
    assert ({State.UNSURE: 1}, 1) == (await office.states(), len(sms.came))
    with pytest.raises(Conflict):
        async with office.house.database.write() as tx:
            await office.house.handling.cancel(tx, one.id, "Hùng")


@both
async def test_while_recipients_are_being_frozen(office: Office, sms: SlowGateway) -> None:
    """Half planned and half frozen: nothing more is frozen or sent, and the count is of what there was."""
    await office.audience(5200)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    planner, now = office.house.runner._planner, office.clock.now()
    await office.house.database.run(planner._turn(now))
    assert {State.CANCELLED: 5000} == await cancel(office)
    await settle(office, sms)
    assert [] == sms.came
    async with office.house.database.read() as connection:
        (row,) = await store.list_occurrences(connection)
    assert ("cancelled", "phát nhầm") == (row.state, row.reason)
    assert {State.CANCELLED: 5000} == await office.states()


@both
async def test_at_the_very_moment_of_planning(office: Office, sms: SlowGateway) -> None:
    """Asked while the planner's transaction runs: whatever that froze is cancelled too."""
    await office.audience(5200)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    database, planner = office.house.database, office.house.runner._planner
    await database.run(planner._turn(office.clock.now()))
    cancelling: list[asyncio.Task[dict[State, int]]] = []

    def watched() -> Generator[Step, Rows, object]:
        """The planner's second turn; before it commits somebody cancels, and on a server has to wait for it."""
        steps = planner._turn(office.clock.now())
        step = next(steps)
        try:
            while True:
                step = steps.send((yield step))
        except StopIteration as end:
            cancelling.append(asyncio.ensure_future(cancel(office)))
            while not (database.is_sqlite or cancelling[0].done()):
                if (yield Ask("SELECT pid FROM pg_locks WHERE NOT granted")):
                    break
            return end.value

    await database.run(watched())
    assert {State.CANCELLED: 5200} == await cancelling[0]
    await settle(office, sms)
    assert [] == sms.came


@both
async def test_a_retry_by_a_person_does_not_end_the_planning(office: Office) -> None:
    """A failed delivery tried again while recipients are still being frozen: all the others are frozen too."""
    await office.audience(5200)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    database = office.house.database
    await database.run(office.house.runner._planner._turn(office.clock.now()))
    async with database.write() as tx:
        parcel, seq = parse_delivery_id((await office.deliveries())[0].id)
        for state in (State.SENDING, State.FAILED):
            await dispatch.settle(database, tx, parcel, {seq: state}, cursor=1)
    async with database.write() as tx:
        await office.house.handling.retry(tx, delivery_id(parcel, seq), "Hùng")
    await plan(office)
    assert {State.PENDING: 5200} == await office.states()
