"""Job and Outcome: one try in hand and how it ended; what follows from an error; the breaker; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from zlib import crc32

from channels.answer import Refused, SendError, Unavailable, Unsure
from channels.channel import Confirmation, To
from scheduler.delivery import Parcel, State
from scheduler.retry import LONG_STEPS, STEPS, next_try

BREAKER_AFTER = 5
BREAKER_SECONDS = (5, 15, 60, 300)
ASK_AFTER = timedelta(seconds=30)
LONGEST_HOLD = timedelta(hours=24)
"""As long as a delivery is tried; a person who resumes the outlet ends it sooner."""


class Job(NamedTuple):
    """One delivery in hand: where it lies, its addressee, which try this is (from 1), and why.

    Why is `first`, `retry`, `doubt` (a retry of what may have gone: the answer to some try before was lost) or `ask`.
    `reference` is the partner's own id, for a question.
    """

    parcel: Parcel
    seq: int
    to: To
    n: int
    why: str
    reference: str = ""


class Try(NamedTuple):
    """A row of the attempt table: `at` in milliseconds since 1970, `ms` how long it took, `outcome` in one word."""

    parcel: int
    seq: int
    n: int
    at: int
    ms: int
    outcome: str
    reason: str = ""
    reference: str = ""
    detail: str = ""


class Outcome(NamedTuple):
    """How a job ended: the state to move to, its row unless nothing left, when and why to look again.

    `said` is what the partner answered to a question.
    """

    job: Job
    state: State
    tried: Try | None = None
    again_at: datetime | None = None
    why: str = "retry"
    error: SendError | None = None
    said: Confirmation | None = None

    @property
    def tries(self) -> int:
        """Tries (or questions) made so far, this one included if anything left."""
        return self.job.n if self.tried is not None or self.why == "ask" else self.job.n - 1


# A named tuple's own constructor takes twice as long, and each delivery needs four.
_new = tuple.__new__


def job(parcel: Parcel, seq: int, tries: int, why: str) -> Job:
    """The next try of the delivery at a place of a parcel."""
    address, name = parcel.people[seq]
    to = _new(To, (f"{parcel.word}-{seq}", address, name))
    return _new(Job, (parcel, seq, to, tries + 1, why, ""))


def accepted(of: Job, at: int, ms: int, reference: str, detail: str) -> Outcome:
    """The partner has taken it."""
    tried = _new(Try, (of.parcel.id, of.seq, of.n, at, ms, "sent", "", reference, detail))
    return _new(Outcome, (of, State.SENT, tried, None, "retry", None, None))


def untouched(of: Job, again_at: datetime) -> Outcome:
    """Nothing has left: the delivery goes back as it was, for a try at a later moment."""
    if of.why == "ask":
        return Outcome(of._replace(n=of.n - 1), State.UNSURE, None, again_at, "ask")
    return Outcome(of, State.PENDING, None, again_at, "doubt" if of.why == "doubt" else "retry")


def given_up(of: Job, why: str, state: State) -> Outcome:
    """Nothing more will leave: the delivery ends in this state, or as unsure when some try may have got there."""
    return Outcome(of, State.UNSURE if why == "doubt" else state)


def verdict(
    of: Job, error: SendError, now: datetime, until: datetime, *, repeatable: bool, can_ask: bool, patient: bool = False
) -> tuple[State, datetime | None, str]:
    """Next state, when to look again if at all, and why (`retry`, `doubt` or `ask`), from how a try failed."""
    if isinstance(error, Refused):
        return State.FAILED, None, "retry"
    if isinstance(error, Unsure) and not repeatable:
        # Repeating could send it twice, dropping it could lose it: the partner is asked, or a person decides.
        return State.UNSURE, now + ASK_AFTER if can_ask else None, "ask"
    hint = error.retry_after if isinstance(error, Unavailable) else None
    spread = crc32(of.to.delivery.encode()) / 2**32
    steps = LONG_STEPS if patient else STEPS
    again = next_try(of.n, now, until, hint=hint, spread=spread, steps=steps)
    doubtful = of.why == "doubt" or isinstance(error, Unsure)
    if again is None:
        return (State.UNSURE if doubtful else State.FAILED), None, "retry"
    return State.PENDING, again, "doubt" if doubtful else "retry"


def word(error: SendError) -> str:
    """How an attempt failed, in one word for the log."""
    if isinstance(error, Refused):
        return "refused"
    return "unavailable" if isinstance(error, Unavailable) else "unsure"


def hold(error: SendError | None, now: datetime) -> datetime | None:
    """Until when the partner asked to be left alone altogether, if it did."""
    if not isinstance(error, Unavailable) or error.retry_after is None:
        return None
    return now + min(timedelta(seconds=error.retry_after), LONGEST_HOLD)


@dataclass(slots=True)
class Breaker:
    """Failures in a row of one outlet; after some it rests until a moment, then takes one probe at a time."""

    failures: int = 0
    openings: int = 0
    opened_at: datetime | None = None
    open_until: datetime | None = None

    def note(self, outcome: Outcome, now: datetime) -> None:
        """Learn from one try; a success or a refusal (the partner speaks) sets it back. It rests longer each time in a row."""
        if outcome.tried is None:
            return
        if outcome.error is None or isinstance(outcome.error, Refused):
            self.failures = self.openings = 0
            self.opened_at = self.open_until = None
            return
        self.failures += 1
        if self.tripped and not self.resting(now):
            pause = BREAKER_SECONDS[min(self.openings, len(BREAKER_SECONDS) - 1)]
            self.openings += 1
            self.opened_at, self.open_until = now, now + timedelta(seconds=pause)

    @property
    def tripped(self) -> bool:
        """Whether only a probe may go."""
        return self.failures >= BREAKER_AFTER

    def resting(self, now: datetime) -> bool:
        """Whether nothing may go; before it opened only if the clock was set back, and that is no reason to wait."""
        return self.opened_at is not None and self.open_until is not None and self.opened_at <= now < self.open_until
