"""A lane's queue: what stands in it with its intent on disk, and may not go out any more when its turn comes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from db.types import to_ms
from desk.demo.sms_gateway import SmsGateway
from scheduler.delivery import State
from scheduler.lane import Lane
from scheduler.outcome import Breaker
from tests.scheduler.claims import claim_jobs, plan
from tests.scheduler.conftest import Office
from tests.scheduler.partner import SlowGateway


async def test_what_may_not_go_any_more_leaves_the_queue_unsent(office: Office, sms: SmsGateway) -> None:
    """Its hours of rest began, or its item was withdrawn, after its intent was written; it goes back as it was."""
    await office.audience(3)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await plan(office)
    jobs = await claim_jobs(office, "sms", 3)
    worker, at = office.house.runner._worker, office.house.outlets["sms"]
    lane = Lane(
        *(at, "this-machine/999999/1", Breaker(), worker._solo, office.house.stopping),
        zone=office.house.settings.office.zone,
        database=office.house.database,
        clock=office.clock,
        notifier=office.house.notifier,
        gate=worker._gate,
        sender=worker._sender,
        recorder=worker._recorder,
        meter=office.house.meter.lane("sms"),
        seal=office.house.seal,
    )
    jobs[0].parcel.bulletin = None
    lane._ready.extend((job, office.clock.steady()) for job in jobs)
    lane._running = 1
    await lane._serve()
    assert [(State.PENDING, to_ms(office.clock.now()))] * 3 == [
        (one.state, to_ms(one.again_at or office.in_(hours=1))) for one in lane._done
    ]
    assert not any(one.tried for one in lane._done)
    assert [] == sms.ledger.taken


async def test_what_comes_back_while_a_turn_writes_is_written_soon(
    office: Office, sms: SlowGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though others still wait for their answers, and nothing more is to leave."""
    await office.audience(3)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    house, answered, writes, goes_on = office.house, asyncio.Semaphore(0), asyncio.Event(), asyncio.Event()
    run, send = house.database.run, house.runner._worker._sender.send

    async def slow(work: Any) -> Any:
        if work.__name__ == "turn" and not writes.is_set():
            writes.set()
            await goes_on.wait()
        return await run(work)

    async def told(*args: Any) -> Any:
        outcome = await send(*args)
        answered.release()
        return outcome

    monkeypatch.setattr(house.runner._worker._sender, "send", told)
    sms.hold()
    async with asyncio.timeout(10), asyncio.TaskGroup() as group, house.notifier.waiting("delivery") as woken:
        group.create_task(office.drain())
        await sms.has_come(3)
        monkeypatch.setattr(house.database, "run", slow)
        sms.release(1)
        await writes.wait()
        await answered.acquire()
        sms.release(1)
        await answered.acquire()
        goes_on.set()
        while {State.SENT: 2, State.SENDING: 1} != await office.states():
            await woken.wait()
            woken.clear()
        sms.let_go()
