"""Sender: a window of jobs through their channel, at the outlet's pace; every job gets an outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from channels.channel import Channel
from channels.http import Http, SendError, Unsure
from channels.outlet import InService
from config.clock import Clock
from config.logs import log
from content.bulletin import Bulletin
from scheduler.delivery import Attempt, State
from scheduler.outcome import Breaker, Job, Outcome, untouched, verdict, word
from scheduler.retry import next_try

SHORTEST_PAUSE = 0.002

logger = log("sender")


class Sender:
    """Sends and asks; it writes nothing. `stopping` makes it leave alone what has not left yet."""

    def __init__(self, clock: Clock, http: Http, stopping: asyncio.Event) -> None:
        self._clock = clock
        self._http = http
        self._stopping = stopping

    async def send_all(
        self, at: InService, bulletin: Bulletin, jobs: Sequence[Job], begin: datetime, until: datetime, breaker: Breaker
    ) -> list[Outcome]:
        """Send each job at its turn from `begin` on; outcomes in the order of the jobs."""
        pace = at.channel.pace_of(at.outlet)
        gate = asyncio.Semaphore(pace.at_once)
        probing = breaker.tripped

        async def one(place: int, job: Job) -> Outcome:
            start = begin + timedelta(seconds=place / pace.per_second)
            pause = (start - self._clock.now()).total_seconds()
            if pause > SHORTEST_PAUSE:
                await self._clock.wait(self._stopping, pause)
            async with gate:
                if self._stopping.is_set() or (breaker.tripped and not probing):
                    return untouched(job, self._clock.now())
                outcome = await self._send(at, bulletin, job, until)
                breaker.note(outcome)
                return outcome

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(place, job)) for place, job in enumerate(jobs)]
        breaker.close_window(self._clock.now())
        return [task.result() for task in tasks]

    async def _send(self, at: InService, bulletin: Bulletin, job: Job, until: datetime) -> Outcome:
        moment, begun = self._clock.now(), self._clock.steady()
        error: SendError | None = None
        reference = detail = ""
        try:
            receipt = await at.channel.send(bulletin, at.outlet, job.to, self._http)
            reference, detail = receipt.reference, receipt.detail
        except SendError as failure:
            error, detail = failure, failure.vi
        except Exception as fault:  # noqa: BLE001 (what a plug-in raises is not ours to know)
            # A fault of the channel's own code: what it had sent by then is not known.
            logger.error("channel_fault", error=fault, outlet=at.name, delivery=job.to.delivery)
            detail = "lỗi trong mã của kênh, xem nhật ký máy chủ"
            error = Unsure("fault", detail, "a fault in the channel's code, see the server's log")
        ms = round((self._clock.steady() - begun) * 1000)
        state, again_at, why = verdict(
            job,
            error,
            self._clock.now(),
            until,
            repeatable=at.channel.repeatable(at.outlet),
            can_ask=can_ask(at),
        )
        attempt = Attempt(
            *(job.parcel, job.seq, job.n, moment, ms, word(error)),
            reason=error.reason if error else "",
            reference=reference,
            detail=detail,
        )
        return Outcome(job, state, attempt, again_at, why, error)

    async def ask(self, at: InService, job: Job, reference: str) -> Outcome:
        """Ask the partner what became of an unsure delivery; after the last question it stays for a person."""
        try:
            answer = await at.channel.ask(job.to, reference, at.outlet, self._http)
        except SendError:
            answer = None
        if answer is not None:
            return Outcome(job, State.CONFIRMED if answer.delivered else State.FAILED, why="ask")
        now = self._clock.now()
        again = next_try(job.n + 1, now, now + timedelta(days=1))
        return Outcome(replace(job, n=job.n + 1), State.UNSURE, None, again, "ask")


def can_ask(at: InService) -> bool:
    """Whether the channel can say what became of a delivery."""
    return type(at.channel).ask is not Channel.ask
