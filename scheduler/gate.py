"""Gate: whether a parcel in hand may go out now, and what becomes of one that may not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.channel import Form
from channels.outlet import InService
from config.clock import Clock
from content.bulletin import Bulletin, BulletinClass
from content.issue import NotApproved, Press
from db.database import Database
from db.notifier import Notifier
from db.types import from_ms
from scheduler import store
from scheduler.delivery import Parcel, State
from scheduler.dispatch import store as dispatch
from scheduler.outcome import Outcome, job, untouched
from scheduler.schedule import QuietHours

AUDIO_PAUSE = timedelta(seconds=5)
CHECK_SECONDS = 1.0
MOST_KNOWN = 64


@dataclass(frozen=True, slots=True)
class Later:
    """Not before this moment."""

    moment: datetime


@dataclass(frozen=True, slots=True)
class Never:
    """Not at all: the state of what has not been sent, and why."""

    state: State
    reason: str = ""


class Gate:
    """Knows the hours of rest and the approvals."""

    def __init__(self, database: Database, clock: Clock, notifier: Notifier, press: Press, quiet: QuietHours) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._press = press
        self._quiet = quiet
        self._known: dict[str, tuple[float, Bulletin]] = {}

    async def rule(self, at: InService, parcel: Parcel) -> Bulletin | Later | Never:
        """The parcel's bulletin as approved, if it may go out now."""
        now = self._clock.now()
        if now > from_ms(parcel.until):
            return Never(State.MISSED)
        disturbing = at.channel.quiet_hours and parcel.rank != BulletinClass.URGENT.rank
        if disturbing and (opening := self._quiet.opening(now)) > now:
            return Later(opening)
        try:
            bulletin = await self._bulletin(parcel.occurrence, now)
        except NotApproved as error:
            return Never(State.CANCELLED, error.vi)
        if at.channel.form is Form.AUDIO and any(part.audio is None for part in bulletin.parts):
            return Later(now + AUDIO_PAUSE)
        return bulletin

    async def _bulletin(self, occurrence: str, now: datetime) -> Bulletin:
        """Checked anew every second: many parcels of an occurrence go out in one."""
        steady = self._clock.steady()
        checked, bulletin = self._known.get(occurrence, (0.0, None))
        if bulletin is not None and steady - checked < CHECK_SECONDS:
            return bulletin
        async with self._database.read() as connection:
            row = await store.find_occurrence(connection, occurrence)
            bulletin = await self._press.issue(
                connection,
                [(pinned["item"], pinned["revision"], pinned["digest"]) for pinned in row.pinned],
                id=row.id,
                klass=BulletinClass(row.klass),
                issued_at=row.due_at,
                now=now,
            )
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[occurrence] = steady, bulletin
        return bulletin

    async def turn_away(self, parcel: Parcel, ruling: Later | Never) -> list[Outcome]:
        """Let go of a parcel of which nothing is under way; of further tries, their outcomes."""
        if not parcel.first:
            jobs = [job(parcel, *place) for place in parcel.todo[parcel.at :]]
            parcel.at, parcel.out = len(parcel.todo), len(jobs)
            if isinstance(ruling, Later):
                return [untouched(one, ruling.moment) for one in jobs]
            return [Outcome(one, ruling.state) for one in jobs]
        free = {"owner": None, "lease_until": None}
        async with self._database.write() as tx:
            if isinstance(ruling, Later):
                moment = {"due_at": ruling.moment}
                await dispatch.settle(self._database, tx, parcel.id, {}, epoch=parcel.epoch, **free, **moment)
            else:
                rest = dict.fromkeys(range(len(parcel.people)), ruling.state)
                whole = {"cursor": len(parcel.people)}
                await dispatch.settle(self._database, tx, parcel.id, rest, epoch=parcel.epoch, **free, **whole)
                if ruling.reason:
                    await store.change_occurrence(tx, parcel.occurrence, reason=ruling.reason)
        self._notifier.ring("delivery")
        return []
