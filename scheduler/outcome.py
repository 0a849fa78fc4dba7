"""Job and Outcome: one try in hand and how it ended; what follows from an error; the breaker; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from channels.channel import To
from channels.http import Refused, SendError, Unavailable, Unsure
from scheduler.delivery import Attempt, State, delivery_id
from scheduler.retry import next_try

BREAKER_AFTER = 5
BREAKER_SECONDS = (5, 15, 60, 300)
ASK_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Job:
    """One delivery in hand: its place, addressee, which try this is (from 1), and whether it stood on the waiting list."""

    parcel: int
    seq: int
    to: To
    n: int
    waited: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: the state to move to, its attempt unless nothing left, when and why to look again."""

    job: Job
    state: State
    attempt: Attempt | None = None
    again_at: datetime | None = None
    why: str = "retry"
    error: SendError | None = None

    @property
    def tries(self) -> int:
        """Tries made so far, this one included if anything left."""
        return self.job.n if self.attempt is not None or self.why == "ask" else self.job.n - 1


def job(parcel: int, seq: int, person: Sequence[str], n: int, *, waited: bool = False) -> Job:
    """The n-th try of the delivery at a place of a parcel; `person` is (address, name)."""
    return Job(parcel, seq, To(delivery_id(parcel, seq), person[0], person[1]), n, waited)


def untouched(of: Job, again_at: datetime) -> Outcome:
    """Nothing has left: the delivery goes back as it was, for a try at a later moment."""
    return Outcome(of, State.PENDING, None, again_at)


def verdict(
    of: Job, error: SendError | None, now: datetime, until: datetime, *, repeatable: bool, can_ask: bool
) -> tuple[State, datetime | None, str]:
    """Next state, when to look again if at all, and why (`retry` or `ask`), from how a try ended."""
    if error is None:
        return State.SENT, None, "retry"
    if isinstance(error, Refused):
        return State.FAILED, None, "retry"
    if isinstance(error, Unsure) and not repeatable:
        # Repeating could send it twice, dropping it could lose it: the partner is asked, or a person decides.
        return State.UNSURE, now + ASK_AFTER if can_ask else None, "ask"
    hint = error.retry_after if isinstance(error, Unavailable) else None
    spread = crc32(of.to.delivery.encode()) / 2**32
    again = next_try(of.n, now, until, hint=hint, spread=spread)
    if again is None:
        return (State.UNSURE if isinstance(error, Unsure) else State.FAILED), None, "retry"
    return State.PENDING, again, "retry"


def word(error: SendError | None) -> str:
    """How an attempt ended, in one word for the log."""
    if error is None:
        return "sent"
    if isinstance(error, Refused):
        return "refused"
    return "unavailable" if isinstance(error, Unavailable) else "unsure"


@dataclass(slots=True)
class Breaker:
    """Failures in a row of one outlet; after some it rests until a moment, then takes one probe at a time."""

    failures: int = 0
    openings: int = 0
    open_until: datetime | None = None

    def note(self, outcome: Outcome) -> None:
        """Learn from one try; a success or a refusal (the partner speaks) sets it back."""
        if outcome.attempt is None:
            return
        works = outcome.error is None or isinstance(outcome.error, Refused)
        self.failures = 0 if works else self.failures + 1

    def close_window(self, now: datetime) -> None:
        """A window has ended: rest if it tripped, longer each time in a row."""
        if not self.tripped:
            self.openings, self.open_until = 0, None
            return
        pause = BREAKER_SECONDS[min(self.openings, len(BREAKER_SECONDS) - 1)]
        self.openings += 1
        self.open_until = now + timedelta(seconds=pause)

    @property
    def tripped(self) -> bool:
        """Whether only a probe may go."""
        return self.failures >= BREAKER_AFTER

    def resting(self, now: datetime) -> bool:
        """Whether nothing may go."""
        return self.open_until is not None and self.open_until > now
