"""What gateways report later: answered at once though a dispatch is in full flight, and applied in whatever order it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from statistics import median

import pytest

from channels import store as channels_store
from channels.channel import Confirmation
from config.clock import FakeClock
from desk.demo.sms_gateway import Taken
from scheduler.delivery import State
from scheduler.dispatch import store as dispatch
from tests.conftest import both
from tests.scheduler.claims import plan
from tests.scheduler.conftest import Office
from tests.scheduler.partner import SlowGateway

ANSWER_SECONDS = 0.5
AWAY = "84980000003"


class ReportingGateway(SlowGateway):
    """Counts the real seconds until its reports are answered."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(clock, unreachable=frozenset({AWAY}))
        self.took: list[float] = []

    async def _call(self, taken: Taken, status: str, body: bytes) -> bool:
        begun = asyncio.get_running_loop().time()
        answered = await super()._call(taken, status, body)
        self.took.append(asyncio.get_running_loop().time() - begun)
        return answered


@pytest.fixture
async def sms(clock: FakeClock) -> AsyncIterator[ReportingGateway]:
    """A gateway that reports when it is told to."""
    async with ReportingGateway(clock) as gateway:
        gateway.callback_url = "to be known"
        yield gateway
        gateway.let_go()


@pytest.fixture
async def served(office: Office, door: str, sms: ReportingGateway) -> Office:
    """The office with its door open for reports."""
    sms.callback_url = f"{door}/hooks/sms"
    return office


async def raw(office: Office) -> int:
    """How many reports are stored and not applied yet."""
    async with office.house.database.read() as connection:
        return len(await channels_store.new_callbacks(connection, office.house.seal))


@both
async def test_reports_are_stored_at_once_and_applied_later(served: Office, sms: ReportingGateway) -> None:
    """Late, twice and last first, in the middle of another dispatch: each answered in half a second, stored raw first."""
    await served.audience(30)
    await served.schedule(await served.item(), "sms", audience="Bản A")
    await served.drain()
    reports = sms.send_receipts(order="last", times=2)
    await served.audience(3000, name="Bản B")
    await served.schedule(await served.item(), "sms-once", audience="Bản B")
    await plan(served)
    async with asyncio.TaskGroup() as lanes:
        await served.house.runner._worker.work(lanes)
        await reports
        assert 60 == await raw(served)
    assert [200] * 60 == [answer for _, _, answer in sms.ledger.receipts]
    assert median(sms.took) <= ANSWER_SECONDS
    assert {State.SENT: 30} == await served.states(outlets=("sms",))
    while await served.house.receiver.receive():
        pass
    assert {State.CONFIRMED: 29, State.FAILED: 1} == await served.states(outlets=("sms",))
    (failed,) = await served.deliveries(outlets=("sms",), states=(State.FAILED,))
    assert f"+{AWAY}" == failed.address
    assert {State.SENT: 3000} == await served.states(outlets=("sms-once",))


@both
async def test_a_report_stands_for_a_lost_answer(served: Office, sms: ReportingGateway) -> None:
    """The gateway's answer is lost, its report is not: it stands, and nothing is sent again."""
    await served.audience(1)
    await served.schedule(await served.item(), "sms", audience="Bản A")
    sms.lose(1)
    working = asyncio.create_task(served.drain())
    await sms.has_taken(1)
    await sms.send_receipts()
    await working
    await served.house.receiver.receive()
    served.clock.advance(3600)
    await served.drain()
    assert {State.CONFIRMED: 1} == await served.states()
    assert 1 == len(sms.came)


@both
async def test_a_report_overtakes_the_answer_of_a_repeat(served: Office, sms: ReportingGateway) -> None:
    """The repeat is confirmed while its answer is on the way: both tries are in the log, and nothing waits any more."""
    await served.audience(1)
    await served.schedule(await served.item(), "sms", audience="Bản A")
    sms.says = lambda _: (503, {})
    await served.drain()
    sms.says = lambda _: None
    sms.hold()
    served.clock.advance(60)
    working = asyncio.create_task(served.drain())
    await sms.has_come(2)
    (delivery,) = await served.deliveries()
    async with served.house.database.write() as tx:
        said = Confirmation(delivered=True, delivery=delivery.id)
        assert await served.house.receiver.confirm(tx, "sms", said, served.clock.now())
    sms.let_go()
    await working
    (delivery,) = await served.deliveries()
    assert State.CONFIRMED == delivery.state
    assert ["unavailable", "sent"] == [attempt.outcome for attempt in delivery.attempts]
    async with served.house.database.read() as connection:
        assert {} == await dispatch.waiting_of(connection, delivery.parcel)
