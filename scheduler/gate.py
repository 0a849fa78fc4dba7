"""Gate: whether a parcel in hand may go out now, and what becomes of one that may not."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.channel import Form
from channels.outlet import InService
from config.clock import Clock
from content.bulletin import Bulletin, BulletinClass, Pinned
from content.issue import Cleared, NotApproved, Press
from db.database import Database
from db.notifier import Notifier
from db.types import from_ms
from scheduler import store
from scheduler.delivery import Parcel, State
from scheduler.dispatch import store as dispatch
from scheduler.outcome import Outcome, given_up, job, untouched
from scheduler.schedule import QuietHours

AUDIO_PAUSE = timedelta(seconds=5)
CHECK_SECONDS = 0.5
"""So long a ruling holds, here and again in a lane's hand: what is withdrawn stops within two seconds."""


@dataclass(frozen=True, slots=True)
class Later:
    """Not before this moment."""

    moment: datetime


@dataclass(frozen=True, slots=True)
class Never:
    """Not at all: the state of what has not been sent, and why."""

    state: State
    reason: str = ""


Ruling = Bulletin | Later | Never


class Gate:
    """Knows the hours of rest and the approvals."""

    def __init__(self, database: Database, clock: Clock, notifier: Notifier, press: Press, quiet: QuietHours) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._press = press
        self._quiet = quiet
        self._cleared: dict[Pinned, tuple[float, Cleared | NotApproved]] = {}
        self._asked: set[Pinned] = set()

    async def rule(self, at: InService, parcels: Sequence[Parcel]) -> list[Ruling]:
        """Of each parcel its bulletin as approved if it may go out now, else what keeps it."""
        now = self._clock.now()
        early = [self._untimely(at, parcel, now) for parcel in parcels]
        asked = [parcel for parcel, ruling in zip(parcels, early, strict=True) if ruling is None]
        cleared = await self._clear({one for parcel in asked for one in parcel.order.pinned}, now)
        return [
            ruling or _judged(at, self._press.issue(parcel.order, cleared), now)
            for parcel, ruling in zip(parcels, early, strict=True)
        ]

    def _untimely(self, at: InService, parcel: Parcel, now: datetime) -> Later | Never | None:
        if now > from_ms(parcel.until):
            return Never(State.MISSED)
        disturbing = at.channel.quiet_hours and parcel.rank != BulletinClass.URGENT.rank
        if disturbing and (opening := self._quiet.opening(now)) > now:
            return Later(opening)
        return None

    async def _clear(self, pinned: AbstractSet[Pinned], now: datetime) -> dict[Pinned, Cleared | NotApproved]:
        """Each text checked anew twice a second: many parcels of many occurrences go out meanwhile."""
        steady = self._clock.steady()
        self._asked |= pinned
        if any(one not in self._cleared or steady - self._cleared[one][0] >= CHECK_SECONDS for one in pinned):
            # With them all that was asked for lately: they would be a query each soon.
            asked, self._asked = self._asked, set(pinned)
            async with self._database.glance() as connection:
                cleared = await self._press.clear(connection, asked, now)
            fresh = {one: known for one, known in self._cleared.items() if steady - known[0] < CHECK_SECONDS}
            self._cleared = fresh | {one: (steady, said) for one, said in cleared.items()}
        return {one: self._cleared[one][1] for one in pinned}

    async def turn_away(self, parcel: Parcel, ruling: Later | Never) -> list[Outcome]:
        """Let go of a parcel of which nothing is under way; of further tries, their outcomes."""
        if not parcel.first:
            jobs = [job(parcel, *place) for place in parcel.todo[parcel.at :]]
            parcel.at, parcel.out = len(parcel.todo), {job.seq for job in jobs}
            if isinstance(ruling, Later):
                return [untouched(one, ruling.moment) for one in jobs]
            return [given_up(one, one.why, ruling.state) for one in jobs]
        free = {"owner": None, "lease_until": None}
        async with self._database.write() as tx:
            if isinstance(ruling, Later):
                moment = {"due_at": ruling.moment}
                await dispatch.settle(self._database, tx, parcel.id, {}, epoch=parcel.epoch, **free, **moment)
            else:
                if ruling.reason:
                    await store.change_occurrence(tx, parcel.order.id, reason=ruling.reason)
                rest = dict.fromkeys((seq for seq, _, _ in parcel.todo[parcel.at :]), ruling.state)
                whole = {"cursor": len(parcel.people)}
                await dispatch.settle(self._database, tx, parcel.id, rest, epoch=parcel.epoch, **free, **whole)
        self._notifier.ring("delivery")
        return []


def _judged(at: InService, issued: Bulletin | NotApproved, now: datetime) -> Ruling:
    if isinstance(issued, NotApproved):
        return Never(State.CANCELLED, issued.vi)
    if at.channel.form is Form.AUDIO and any(part.audio is None for part in issued.parts):
        return Later(now + AUDIO_PAUSE)
    if not at.channel.scheme and issued.asks_link:
        return issued.with_link("")  # a public place has no reader of its own
    return issued
