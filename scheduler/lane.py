"""Lane: one outlet's deliveries in hand, from claim to outcome, in turns that overlap with the sending.

The order of writing is what makes the log honest: a delivery's letter is `sending` on disk before its request leaves,
and its outcome is written with the intents of those that follow. An intent is good for half a second: so what a person
cancels stops within one, and a process that was frozen sends nothing under a claim it may have lost.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from channels.outlet import InService
from channels.seal import Seal
from config.clock import Clock
from config.logs import log
from content.bulletin import Bulletin, BulletinClass
from db.database import Database, DatabaseTrouble
from db.notifier import Notifier
from db.types import to_ms
from scheduler.ahead import Ahead
from scheduler.delivery import PARCEL_SIZE, Parcel
from scheduler.dispatch import store as dispatch
from scheduler.dispatch.pace import FAST, day_of, pause_for
from scheduler.dispatch.turn import turn
from scheduler.dispatch.wish import Turn, Wish
from scheduler.gate import CHECK_SECONDS, Gate
from scheduler.meter import LaneMeter
from scheduler.outcome import Breaker, Job, Outcome, hold, untouched
from scheduler.recorder import Recorder
from scheduler.sender import Sender
from scheduler.width import Width

LEASE = timedelta(seconds=30)
URGENT = BulletinClass.URGENT.rank
STALE_SECONDS = 0.5
FLUSH_SECONDS = 0.05
UNDER_WAY = -1
"""How few left wake the lane while its turn is under way: it sees for itself when that is over."""
LOOK_SECONDS = 0.5
LOOK_EVERY = 200
"""Milliseconds between two looks of a quick outlet at what else there is: a statement a turn less each."""
TROUBLE_SECONDS = 1.0
MOST_TROUBLES = 10

logger = log("lane")


@dataclass(slots=True)
class Solo:
    """How many jobs this process has out, and the outlet that has a suspect out, which must be alone."""

    out: int = 0
    outlet: str = ""


class Lane:
    """Runs until nothing is due, the outlet rests, is paused or set otherwise, or the process is to stop."""

    def __init__(
        self,
        at: InService,
        owner: str,
        breaker: Breaker,
        solo: Solo,
        stopping: asyncio.Event,
        *,
        zone: ZoneInfo,
        database: Database,
        clock: Clock,
        notifier: Notifier,
        gate: Gate,
        sender: Sender,
        recorder: Recorder,
        meter: LaneMeter,
        seal: Seal,
    ) -> None:
        self._at = at
        self._owner = owner
        self._breaker = breaker
        self._solo = solo
        self._stopping = stopping
        self._zone = zone
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._gate = gate
        self._sender = sender
        self._recorder = recorder
        self._meter = meter
        self._seal = seal
        self._pace = at.channel.pace_of(at.outlet)
        self._width = Width(self._pace)
        self._ahead = Ahead(self._pace.per_second)
        self._limit = self._width.now
        self._parcels: list[Parcel] = []
        self._parcel_size = PARCEL_SIZE
        self._ready: deque[tuple[Job, float]] = deque()
        self._done: list[Outcome] = []
        self._out = self._running = self._low = 0
        self._counted, self._seconds = 0, 0.0
        self._paused = self._repair = self._cleared = False
        self._looked = self._free_at = self._owed = 0
        self._checked = self._quiet_until = 0.0
        self._troubles = 0
        self._wake = asyncio.Event()
        self._flush: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Turn after turn; ends with nothing in hand."""
        async with self._notifier.waiting("work", "outlet", "stop") as self._wake, asyncio.TaskGroup() as senders:
            while True:
                self._wake.clear()
                try:
                    pause = await self._turn(senders)
                    self._troubles = 0
                except DatabaseTrouble as trouble:
                    pause = self._bear(trouble.en)
                except Exception as fault:  # noqa: BLE001 (a lane outlives any fault of a turn: others send beside it)
                    logger.error("turn_failed", error=fault, outlet=self._at.name)
                    pause = self._bear(repr(fault))
                if pause is None:
                    return
                if pause > 0:
                    await self._clock.wait(self._wake, pause)

    def _bear(self, said: str) -> float | None:
        """What is in hand stays in hand and nothing new leaves; but who is to stop does not wait for ever."""
        self._repair = True
        self._troubles += 1
        logger.error("database_trouble", outlet=self._at.name, said=said)
        if self._stopping.is_set() and self._troubles >= MOST_TROUBLES and not self._out:
            logger.error("outcomes_not_written", outlet=self._at.name, count=len(self._done))
            return None
        return TROUBLE_SECONDS

    # --- a turn: write, claim, check ---------------------------------------------------------------------------------

    async def _turn(self, senders: asyncio.TaskGroup) -> float | None:
        """One transaction and what follows from it; seconds to the next unless woken, None when all is done."""
        ending = self._ending()
        if ending:
            self._give_back()
        if self._clock.steady() - self._checked > CHECK_SECONDS:
            await self._check()  # after a rest, what was allowed before it may be so no longer
        outcomes = self._done[:]
        await self._recorder.shelve(self._at, outcomes)
        self._low, begun = UNDER_WAY, self._clock.steady()
        if self._flush is not None:
            self._flush.cancel()
            self._flush = None
        wish = self._wish(free=ending and not self._out, hold=_hold(outcomes, self._clock), ending=ending)
        with self._meter.commit.time():
            done = await self._database.run(turn(self._database, wish, self._parcels, outcomes))
        self._repair = False
        self._ahead.took(self._clock.steady() - begun)
        self._learn()
        self._note(done, outcomes)
        self._begin(senders, await self._jobs(done.jobs))
        self._meter.turned(done.tried, len(done.orphans), self._out, self._limit)
        if outcomes:
            self._notifier.ring("delivery")
            await self._recorder.note_health(self._at, outcomes)
        if wish.free:
            return None
        await self._check()
        return self._pause(wish, done)

    def _ending(self) -> bool:
        now = self._clock.now()
        return self._stopping.is_set() or self._paused or self._at.replaced or self._breaker.resting(now)

    def _wish(self, *, free: bool, hold: int, ending: bool) -> Wish:
        now, ms = self._clock.now(), self._clock.ms()
        seldom = self._pace.per_second > FAST and not self._pace.per_day and self._parcels
        look = not seldom or ending or self._repair or bool(hold) or not 0 <= ms - self._looked < LOOK_EVERY
        if look:
            self._looked = ms
        window = 0 if ending else self._limit + self._ahead.most(self._width.rate)
        room = max(0, window - len(self._ready) - self._running, 0 if ending else self._urgent_room())
        alone = not self._solo.out and not self._parcels
        if self._breaker.tripped and not ending:
            window, room = 1, 0 if self._out else 1
        if hold or (self._solo.outlet and (self._solo.outlet != self._at.name or self._solo.out)):
            room = 0
        day, tomorrow = day_of(now, self._zone) if self._pace.per_day else (0, 0)
        return Wish(
            *(self._at.name, self._owner, ms, to_ms(now + self._database.ahead + LEASE), self._pace, room, 2 * window),
            look=look,
            free_at=self._free_at,
            owed=self._owed,
            day=day,
            tomorrow=tomorrow,
            parcel_size=self._parcel_size,
            free=free,
            hold=hold,
            alone=alone,
            repair=self._repair,
        )

    def _urgent_room(self) -> int:
        """How much of what is urgent may leave at once, though all but the reserve waits for answers."""
        urgent = sum(one.left for one in self._parcels if one.rank == URGENT and one.may_go)
        return max(0, min(urgent, self._width.now + self._width.reserve - self._running))

    def _note(self, done: Turn, outcomes: list[Outcome]) -> None:
        """The transaction holds: what it took, claimed and lost."""
        del self._done[: len(outcomes)]
        for one in outcomes:
            one.job.parcel.out.discard(one.job.seq)
        for parcel, seq in done.anew:
            parcel.out.discard(seq)
        for parcel, at in done.taken:
            if parcel.first:
                parcel.turn += at - parcel.at  # as in its row: whoever has had less goes next
            parcel.at = at
        for job in done.jobs:
            job.parcel.out.add(job.seq)
        self._paused, self._free_at, self._owed = done.paused, done.free_at, done.owed
        if done.lost:
            self._drop_lost(done.lost)
        if orphans := [(one.job.to.delivery, one.tried.outcome) for one in done.orphans if one.tried]:
            counts = Counter(outcome for _, outcome in orphans)
            logger.warning("outcomes_of_lost_claims", outlet=self._at.name, first=orphans[0][0], **counts)
        self._open(done.claimed)
        self._parcels = [one for one in self._parcels if one.left or one.out] + done.claimed
        firsts = [len(one.todo) for one in done.claimed if one.first]
        if firsts:
            self._parcel_size = max(1, sum(firsts) // len(firsts))
        self._see_suspects()

    def _open(self, claimed: list[Parcel]) -> None:
        """Addresses as the channel wants them, once a claim and not once a try."""
        if self._at.channel.scheme:
            for one in claimed:
                self._seal.open_all(one.people, [seq for seq, _, _ in one.todo])

    def _see_suspects(self) -> None:
        """A suspect is to be the only one that this process has out."""
        suspect = any(one.suspect for one in self._parcels)
        self._cleared = self._solo.outlet == self._at.name and not suspect
        if suspect or self._solo.outlet == self._at.name:
            self._solo.outlet = self._at.name if suspect else ""

    def _drop_lost(self, lost: set[int]) -> None:
        """The lease ran out and somebody else has these: what has not left yet must not leave here."""
        logger.warning("claim_lost", outlet=self._at.name, parcels=len(lost))
        self._parcels = [one for one in self._parcels if not (one.first and one.id in lost)]
        kept = [place for place in self._ready if not (place[0].parcel.first and place[0].parcel.id in lost)]
        self._count_out(len(kept) - len(self._ready))
        self._ready.clear()
        self._ready.extend(kept)

    async def _jobs(self, jobs: list[Job]) -> list[Job]:
        """The jobs, each question with the partner's own id of what is asked about."""
        if not any(job.why == "ask" for job in jobs):
            return jobs
        try:
            async with self._database.read() as connection:
                return [
                    job._replace(reference=await dispatch.reference_of(connection, job.parcel.id, job.seq))
                    if job.why == "ask"
                    else job
                    for job in jobs
                ]
        except Exception:
            # These are taken out and not yet begun: whoever forgot them now would hold them for ever.
            self._count_out(len(jobs))
            for job in jobs:
                self._back(job)
            raise

    async def _check(self) -> None:
        """Bulletins for what is next, checked against their approvals; what may not go now leaves the hand."""
        steady = self._checked = self._clock.steady()
        unchecked = [one for one in self._parcels if one.left and not one.asks and not _is_fresh(one, steady)]
        if not unchecked:
            return
        rulings = await self._gate.rule(self._at, unchecked)
        for parcel, ruling in zip(unchecked, rulings, strict=True):
            if isinstance(ruling, Bulletin):
                parcel.bulletin, parcel.checked, parcel.linked = ruling, steady, ruling.asks_own
            elif parcel.out:
                parcel.bulletin = None  # once those under way have come back
            else:
                self._parcels.remove(parcel)
                self._done += await self._gate.turn_away(parcel, ruling)

    def _pause(self, wish: Wish, done: Turn) -> float | None:
        if not (self._parcels or self._out or self._done):
            if self._cleared:
                return 0  # there may be another suspect, and each goes alone
            self._width.rest()
            return None
        checked = any(one.left and one.may_go for one in self._parcels)
        room = max(wish.room - len(done.jobs), self._urgent_room())
        if not checked or room <= 0:
            return 0 if self._done and not self._out else LOOK_SECONDS
        return self._meter.paced(pause_for(self._pace, done.free_at, wish.now * 1000))

    # --- sending -----------------------------------------------------------------------------------------------------

    def _begin(self, senders: asyncio.TaskGroup, jobs: list[Job]) -> None:
        """Hand the jobs to those who send, as many as may be under way at once."""
        steady = self._clock.steady()
        urgent = 0
        while urgent < len(jobs) and jobs[urgent].parcel.rank == URGENT:
            urgent += 1  # they stand first: a turn gives out by class
        self._ready.extendleft([(job, steady) for job in reversed(jobs[:urgent])])
        self._ready.extend([(job, steady) for job in jobs[urgent:]])
        self._count_out(len(jobs))
        if steady < self._quiet_until:
            self._give_back()
        self._limit = self._width.now + min(self._width.reserve, urgent)
        self._low = self._ahead.low(len(self._ready), self._width.rate)
        if jobs and 0 < len(self._ready) == self._low:
            self._wake.set()
        for _ in range(min(len(self._ready), self._limit - self._running)):
            self._running += 1
            senders.create_task(self._serve())

    async def _serve(self) -> None:
        """Send what is ready, one after the other, until there is nothing or too many do so."""
        at, ready, done = self._at, self._ready, self._done
        send, steady, solo = self._sender.send, self._clock.steady, self._solo
        now = steady()
        try:
            while ready and self._running <= self._limit:
                job, since = ready.popleft()
                if now - since > STALE_SECONDS or (job.parcel.bulletin is None and job.why != "ask"):
                    self._back(job)  # the intent is too old, or what it is about may not go out any more
                    continue
                begun, outcome = now, await send(at, job)
                now = steady()
                self._counted += 1
                self._seconds += now - begun
                if outcome.error is not None or self._breaker.failures:
                    self._note_failure(outcome)
                done.append(outcome)
                self._out -= 1
                solo.out -= 1
                if self._flush is None:
                    self._flush = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._wake.set)
                if len(ready) == self._low:
                    self._wake.set()
        finally:
            self._running -= 1
            if not self._running:
                self._wake.set()

    def _note_failure(self, outcome: Outcome) -> None:
        now = self._clock.now()
        self._breaker.note(outcome, now)
        until = hold(outcome.error, now)
        if until is not None:
            self._quiet_until = self._clock.steady() + (until - now).total_seconds()
            self._wake.set()
        if until is not None or self._breaker.tripped:
            self._give_back()

    def _give_back(self) -> None:
        """What has not left does not leave now."""
        while self._ready:
            self._back(self._ready.popleft()[0])

    def _back(self, job: Job) -> None:
        self._done.append(untouched(job, self._clock.now()))
        self._count_out(-1)

    def _count_out(self, change: int) -> None:
        self._out += change
        self._solo.out += change

    def _learn(self) -> None:
        self._width.learn(self._counted, self._seconds, self._clock.steady())
        self._counted, self._seconds = 0, 0.0


def _is_fresh(parcel: Parcel, steady: float) -> bool:
    return parcel.bulletin is not None and steady - parcel.checked < CHECK_SECONDS


def _hold(outcomes: list[Outcome], clock: Clock) -> int:
    """Until when a partner asked for quiet, in milliseconds since 1970; 0 when none did."""
    asked = [moment for one in outcomes if one.error and (moment := hold(one.error, clock.now()))]
    return to_ms(max(asked)) if asked else 0
