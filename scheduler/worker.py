"""Worker: claim, send, attempt, next state. One lane an outlet, so that a slow one delays no other.

The order of writing is what makes the log honest: a delivery's letter becomes `sending` and is on disk before the
request leaves; attempts and next states of a window are written together when it has ended. Whoever finds a `sending`
letter whose holder is gone knows that its outcome is in doubt (`sweeper.py`).
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from channels import store as channels_store
from channels.channel import Form
from channels.outlet import InService, Outlets
from config.clock import Clock
from config.logs import log
from content.bulletin import Bulletin, BulletinClass
from content.issue import NotApproved, Press
from db.database import Database
from db.notifier import Notifier
from scheduler import store
from scheduler.delivery import LETTER, Parcel, State
from scheduler.dispatch import store as dispatch
from scheduler.dispatch.store import Claim, Waiting
from scheduler.outcome import Breaker, Job, Outcome, job, untouched
from scheduler.recorder import Recorder
from scheduler.schedule import QuietHours
from scheduler.sender import Sender

LEASE = timedelta(seconds=30)
WINDOW = 64
AUDIO_PAUSE = timedelta(seconds=5)

logger = log("worker")


class Worker:
    """Sends what is due. `owner` names this process in leases; `stopping` ends every lane after its window."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notifier: Notifier,
        outlets: Outlets,
        sender: Sender,
        recorder: Recorder,
        press: Press,
        quiet: QuietHours,
        owner: str,
        stopping: asyncio.Event,
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._outlets = outlets
        self._sender = sender
        self._recorder = recorder
        self._press = press
        self._quiet = quiet
        self._owner = owner
        self._stopping = stopping
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._breakers: dict[str, Breaker] = {}

    # --- lanes -------------------------------------------------------------------------------------------------------

    async def work(self, lanes: asyncio.TaskGroup) -> int:
        """Start a lane for every outlet that has something due; how many are running."""
        if self._stopping.is_set():
            return len(self._lanes)
        now = self._clock.now()
        async with self._database.read() as connection:
            busy = await dispatch.busy_outlets(connection, now)
            rows = await channels_store.outlet_rows(connection)
        for name in busy:
            paused = name in rows and rows[name].paused_at is not None
            if name in self._lanes or name not in self._outlets or paused or self._breaker(name).resting(now):
                continue
            self._lanes[name] = lanes.create_task(self._lane(self._outlets[name]), name=f"lane {name}")
        return len(self._lanes)

    async def next_moment(self) -> datetime | None:
        """When there will be something to send."""
        async with self._database.read() as connection:
            return await dispatch.next_work(connection)

    async def renew(self) -> None:
        """Lengthen the lease of all that is in hand; called more often than a lease lasts."""
        if self._lanes:
            async with self._database.write() as tx:
                await dispatch.renew(tx, self._claim())

    def _breaker(self, name: str) -> Breaker:
        return self._breakers.setdefault(name, Breaker())

    def _claim(self) -> Claim:
        now = self._clock.now()
        return Claim(self._owner, now, now + LEASE)

    async def _lane(self, at: InService) -> None:
        """Work for one outlet until nothing is due, it rests or is paused, or the worker stops."""
        try:
            while not self._stopping.is_set() and not self._breaker(at.name).resting(self._clock.now()):
                if not await self._again(at) and not await self._parcel(at):
                    return
        finally:
            self._lanes.pop(at.name, None)
            self._notifier.ring("lane")

    # --- first tries: a parcel, window by window ---------------------------------------------------------------------

    async def _parcel(self, at: InService) -> bool:
        """Claim the outlet's next parcel and send it; False when there is none."""
        async with self._database.write() as tx:
            if await self._is_paused(tx, at.name):
                return False
            parcel = await dispatch.claim_parcel(self._database, tx, at.name, self._claim())
        if parcel is None:
            return False
        bulletin = await self._bulletin_for(at, parcel)
        if bulletin is None:
            return True
        outcomes: list[Outcome] = []
        while True:
            jobs, begin = await self._next_window(at, parcel, bulletin, outcomes)
            if not jobs:
                return True
            breaker = self._breaker(at.name)
            outcomes = await self._sender.send_all(at, bulletin, jobs, begin, parcel.until, breaker)

    async def _bulletin_for(self, at: InService, parcel: Parcel) -> Bulletin | None:
        """The parcel's bulletin if it may go out now; else the parcel is settled or put off, and None."""
        now = self._clock.now()
        if now > parcel.until:
            await self._give_up(parcel, State.MISSED)
            return None
        opening = self._opening(at, parcel.rank, now)
        if opening > now:
            await self._put_off(parcel, opening)
            return None
        try:
            bulletin = await self._bulletin(parcel.occurrence)
        except NotApproved as error:
            await self._give_up(parcel, State.CANCELLED, error.vi)
            return None
        if at.channel.form is Form.AUDIO and any(part.audio is None for part in bulletin.parts):
            await self._put_off(parcel, now + AUDIO_PAUSE)
            return None
        return bulletin

    def _opening(self, at: InService, rank: int, now: datetime) -> datetime:
        quiet = at.channel.quiet_hours and rank != BulletinClass.URGENT.rank
        return self._quiet.opening(now) if quiet else now

    async def _bulletin(self, occurrence: str) -> Bulletin:
        async with self._database.read() as connection:
            row = await store.find_occurrence(connection, occurrence)
            return await self._press.issue(
                connection,
                [(pinned["item"], pinned["revision"], pinned["digest"]) for pinned in row.pinned],
                id=row.id,
                klass=BulletinClass(row.klass),
                issued_at=row.due_at,
                now=self._clock.now(),
            )

    async def _put_off(self, parcel: Parcel, moment: datetime) -> None:
        free = {"owner": None, "lease_until": None, "due_at": moment}
        async with self._database.write() as tx:
            await dispatch.settle(self._database, tx, parcel.id, {}, epoch=parcel.epoch, **free)

    async def _give_up(self, parcel: Parcel, state: State, reason: str = "") -> None:
        """Settle all that has not been sent of a parcel."""
        rest = dict.fromkeys(range(parcel.size), state)
        free = {"owner": None, "lease_until": None, "cursor": parcel.size}
        async with self._database.write() as tx:
            await dispatch.settle(self._database, tx, parcel.id, rest, epoch=parcel.epoch, **free)
            if reason:
                await store.change_occurrence(tx, parcel.occurrence, reason=reason)
        self._notifier.ring("delivery")

    async def _next_window(
        self, at: InService, parcel: Parcel, bulletin: Bulletin, outcomes: list[Outcome]
    ) -> tuple[list[Job], datetime]:
        """One transaction: the last window's outcomes, then the intent of the next. No jobs: the parcel is let go."""
        claim = self._claim()
        async with self._database.write() as tx:
            row = await dispatch.parcel_row(self._database, tx, parcel.id)
            if row.epoch != parcel.epoch:
                logger.warning("lease_lost", parcel=parcel.id, outlet=at.name)
                return [], claim.now
            await self._recorder.record(tx, at, bulletin, parcel.rank, outcomes)
            stop = await self._should_stop(tx, at, parcel, row.state)
            high = row.cursor if stop else min(row.cursor + self._window_size(at), parcel.size)
            places = [seq for seq in range(row.cursor, high) if row.letters[seq] == LETTER[State.PENDING]]
            sending = dict.fromkeys(places, State.SENDING)
            held = (self._owner, claim.lease_until) if places else (None, None)
            columns = {"cursor": high, "window_at": claim.now, "owner": held[0], "lease_until": held[1]}
            await dispatch.settle(self._database, tx, parcel.id, sending, **columns)
            begin = await self._book(tx, at, len(places)) if places else claim.now
        self._notifier.ring("delivery")
        return [job(parcel.id, seq, parcel.recipients[seq], 1) for seq in places], begin

    async def _should_stop(self, tx: AsyncConnection, at: InService, parcel: Parcel, state: str) -> bool:
        """Whether the parcel is to be let go before its end: cancelled, asked to stop, or something urgent is due."""
        now = self._clock.now()
        return (
            state != "open"
            or self._stopping.is_set()
            or self._breaker(at.name).resting(now)
            or await self._is_paused(tx, at.name)
            or await dispatch.higher_class_due(tx, at.name, parcel.rank, now)
        )

    def _window_size(self, at: InService) -> int:
        """A second's worth at the outlet's pace, so that an urgent bulletin never waits longer; one while probing."""
        if self._breaker(at.name).tripped:
            return 1
        return max(1, min(WINDOW, int(at.channel.pace_of(at.outlet).per_second)))

    async def _is_paused(self, tx: AsyncConnection, name: str) -> bool:
        row = (await channels_store.outlet_rows(tx)).get(name)
        return row is not None and row.paused_at is not None

    async def _book(self, tx: AsyncConnection, at: InService, count: int) -> datetime:
        """The moment from which so many sends may start, over all processes that use the outlet."""
        cost = round(count * 1000 / at.channel.pace_of(at.outlet).per_second)
        return await channels_store.reserve(tx, at.name, self._clock.now(), cost)

    # --- further tries, and questions about the unsure ---------------------------------------------------------------

    async def _again(self, at: InService) -> bool:
        """Deliveries whose next try or question is due; False when there are none."""
        async with self._database.write() as tx:
            if await self._is_paused(tx, at.name):
                return False
            due = await dispatch.claim_waiting(self._database, tx, at.name, self._claim(), self._window_size(at))
            jobs = await self._jobs_again(tx, due)
            begin = await self._book(tx, at, len(jobs)) if jobs else self._clock.now()
        for parcel in {one.parcel for one in due}:
            asked = [one for one in due if one.parcel == parcel and one.why == "ask"]
            await self._parcel_again(at, parcel, asked, [job for job in jobs if job.parcel == parcel], begin)
        return bool(due)

    async def _jobs_again(self, tx: AsyncConnection, due: list[Waiting]) -> list[Job]:
        """Mark the intent of each further try; what was cancelled or settled meanwhile leaves the list."""
        jobs: list[Job] = []
        for parcel in {one.parcel for one in due if one.why == "retry"}:
            row = await dispatch.parcel_row(self._database, tx, parcel)
            people = (await dispatch.recipients(tx, [parcel]))[parcel]
            retries = [one for one in due if one.parcel == parcel and one.why == "retry"]
            live = [one for one in retries if row.letters[one.seq] == LETTER[State.PENDING]]
            sending = {one.seq: State.SENDING for one in live}
            await dispatch.settle(self._database, tx, parcel, sending, window_at=self._clock.now())
            await dispatch.wait_no_more(tx, [(one.parcel, one.seq) for one in retries if one not in live])
            jobs += [job(parcel, one.seq, people[one.seq], one.tries + 1, waited=True) for one in live]
        return jobs

    async def _parcel_again(
        self, at: InService, parcel: int, asked: list[Waiting], jobs: list[Job], begin: datetime
    ) -> None:
        async with self._database.read() as connection:
            row = await dispatch.parcel_by_id(connection, parcel)
        outcomes = [await self._ask(at, one) for one in asked]
        bulletin: Bulletin | None = None
        if jobs:
            try:
                bulletin = await self._bulletin(row.occurrence)
            except NotApproved:
                outcomes += [Outcome(job, State.CANCELLED) for job in jobs]
            else:
                outcomes += await self._send_again(at, bulletin, row.rank, row.until, jobs, begin)
        async with self._database.write() as tx:
            await self._recorder.record(tx, at, bulletin, row.rank, outcomes)
        self._notifier.ring("delivery")

    async def _send_again(
        self, at: InService, bulletin: Bulletin, rank: int, until: datetime, jobs: list[Job], begin: datetime
    ) -> list[Outcome]:
        now = self._clock.now()
        opening = self._opening(at, rank, now)
        if opening > now:
            return [untouched(job, opening) for job in jobs]
        return await self._sender.send_all(at, bulletin, jobs, begin, until, self._breaker(at.name))

    async def _ask(self, at: InService, one: Waiting) -> Outcome:
        async with self._database.read() as connection:
            person = (await dispatch.recipients(connection, [one.parcel]))[one.parcel][one.seq]
            reference = await dispatch.reference_of(connection, one.parcel, one.seq)
        return await self._sender.ask(at, job(one.parcel, one.seq, person, one.tries, waited=True), reference)
