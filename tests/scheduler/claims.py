"""Claims made by hand, as a process makes them that is then seen no more."""

from __future__ import annotations

from channels.channel import Pace
from db.types import to_ms
from scheduler.dispatch.turn import turn
from scheduler.dispatch.wish import Wish
from scheduler.lane import LEASE
from scheduler.outcome import Job
from tests.scheduler.conftest import Office
from tests.scheduler.partner import FAST


async def plan(office: Office) -> None:
    """Plan without sending."""
    await office.house.runner._planner.plan()


async def claim(office: Office, outlet: str, sending: int) -> list[str]:
    """Claim the outlet's first parcel and write the intent of its first few deliveries; their ids."""
    return [job.to.delivery for job in await claim_jobs(office, outlet, sending)]


async def claim_jobs(office: Office, outlet: str, sending: int) -> list[Job]:
    """The same; what would leave next."""
    house, now = office.house, to_ms(office.clock.now())
    lease = now + round(LEASE.total_seconds() * 1000)
    wish = Wish(outlet, "this-machine/999999/1", now, lease, Pace(FAST, 64), sending, 1)
    claimed = (await house.database.run(turn(house.database, wish, [], []))).claimed
    [claimed[0].bulletin] = await house.runner._worker._gate.rule(house.outlets[outlet], claimed[:1])
    jobs = (await house.database.run(turn(house.database, wish, claimed, []))).jobs
    assert sending == len(jobs)
    return jobs
