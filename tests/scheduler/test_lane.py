"""A lane's queue: what stands in it with its intent on disk, and may not go out any more when its turn comes."""

from __future__ import annotations

from db.types import to_ms
from desk.demo.sms_gateway import SmsGateway
from scheduler.delivery import State
from scheduler.lane import Lane
from scheduler.outcome import Breaker
from tests.scheduler.claims import claim_jobs, plan
from tests.scheduler.conftest import Office


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
