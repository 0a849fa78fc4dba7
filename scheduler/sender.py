"""Sender: one job through its channel, or one question to its partner; every job gets an outcome."""

from __future__ import annotations

from datetime import timedelta

from channels.answer import Refused, SendError, Unavailable, Unsure
from channels.channel import Channel
from channels.http import Http
from channels.outlet import InService
from channels.seal import NOBODY
from config.clock import Clock
from config.logs import log
from db.types import from_ms
from scheduler.delivery import State
from scheduler.outcome import Job, Outcome, Try, accepted, verdict, word
from scheduler.retry import next_try

PATIENCE = timedelta(days=1)
"""Partners that are tried for longer than this are tried more often, and with longer pauses."""

TELL_SECONDS = 60.0
"""A fault of a channel's code is told with its trace no more often than this, an outlet: the log of tries names them all."""

logger = log("sender")


class Sender:
    """Sends and asks; it writes nothing."""

    def __init__(self, clock: Clock, http: Http) -> None:
        self._clock = clock
        self._http = http
        self._told: dict[str, float] = {}

    async def send(self, at: InService, job: Job) -> Outcome:
        """Send it once; never raises but when it is cancelled."""
        if job.why == "ask":
            return await self._ask(at, job)
        bulletin = job.parcel.bulletin
        assert bulletin is not None
        if job.parcel.linked:
            own, to = job.to.delivery, at.outlet
            bulletin = bulletin.with_own(to.stop_link(own), to.reply_link(own), to.code(own))
        moment, begun = self._clock.ms(), self._clock.steady()
        if job.to.address[:1] == NOBODY:
            gone = Refused("no_address", "người nhận đã được xóa, hoặc không mở được số", "erased, or sealed otherwise")
            return self._failed(at, job, gone, moment, begun)
        try:
            receipt = await at.channel.send(bulletin, at.outlet, job.to, self._http)
        except SendError as failure:
            return self._failed(at, job, failure, moment, begun)
        except Exception as fault:  # noqa: BLE001 (what a plug-in raises is not ours to know)
            # A fault of the channel's own code: what it had sent by then is not known.
            self._tell(at, job, fault)
            detail = "lỗi trong mã của kênh, xem nhật ký máy chủ"
            error = Unsure("fault", detail, "a fault in the channel's code, see the server's log")
            return self._failed(at, job, error, moment, begun)
        ms = round((self._clock.steady() - begun) * 1000)
        return accepted(job, moment, ms, receipt.reference, receipt.detail)

    def _tell(self, at: InService, job: Job, fault: Exception) -> None:
        steady = self._clock.steady()
        if steady - self._told.get(at.name, -TELL_SECONDS) >= TELL_SECONDS:
            self._told[at.name] = steady
            logger.error("channel_fault", error=fault, outlet=at.name, delivery=job.to.delivery)

    def _failed(self, at: InService, job: Job, error: SendError, moment: int, begun: float) -> Outcome:
        ms = round((self._clock.steady() - begun) * 1000)
        tried = Try(job.parcel.id, job.seq, job.n, moment, ms, word(error), error.reason, "", error.vi)
        state, again_at, why = verdict(
            job,
            error,
            self._clock.now(),
            from_ms(job.parcel.until),
            repeatable=at.channel.repeatable(at.outlet),
            can_ask=can_ask(at),
            patient=at.channel.retry_for(at.outlet) > PATIENCE,
        )
        return Outcome(job, state, tried, again_at, why, error)

    async def _ask(self, at: InService, job: Job) -> Outcome:
        """Ask the partner what became of an unsure delivery; after the last question it stays for a person."""
        answer, hint = None, None
        try:
            answer = await at.channel.ask(job.to, job.reference, at.outlet, self._http)
        except SendError as error:
            hint = error.retry_after if isinstance(error, Unavailable) else None
        except Exception as fault:  # noqa: BLE001 (as in `send`)
            self._tell(at, job, fault)
        if answer is not None:
            return Outcome(job, State.CONFIRMED if answer.delivered else State.FAILED, why="ask", said=answer)
        now = self._clock.now()
        again = next_try(job.n, now, now + timedelta(days=1), hint=hint)
        return Outcome(job, State.UNSURE, None, again, "ask")


def can_ask(at: InService) -> bool:
    """Whether the channel can say what became of a delivery."""
    return type(at.channel).ask is not Channel.ask
