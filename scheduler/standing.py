"""Everything paused at once with a reason, and let go again: what stands still then, and what becomes of its runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile

from sqlalchemy.ext.asyncio import AsyncConnection

from config.clock import Clock
from config.words import BadInput, Conflict
from content.bulletin import BulletinClass
from db.database import Database
from db.journal import Journal
from scheduler import store
from scheduler.missed import made_up
from scheduler.schedule import Schedule
from scheduler.store import Standstill

THING = "schedules"
"""What the journal calls all of them together."""
MOST_RUNS = 1000


class Standing:
    """Verbs on all schedules together; each runs in the transaction it is given. `by` is a person's written name."""

    def __init__(self, database: Database, journal: Journal, clock: Clock) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock

    async def pause_all(self, tx: AsyncConnection, by: str, reason: str, *, urgent: bool = False) -> int:
        """Pause what runs, and what is approved from now on; how many schedules. The reason is obligatory.

        Urgent bulletins go on unless `urgent` says otherwise. What has been opened already goes on: see `Handling` for that.
        """
        if not reason.strip():
            raise BadInput("Hãy ghi lý do tạm dừng", "Say why everything is paused", field="note")
        held = await store.hold_standstill(self._database, tx, shared=False)
        if held is not None:
            raise Conflict(
                f"Mọi lịch đã tạm dừng rồi ({held.person}: {held.reason})",
                f"Everything is paused already: {held.reason}",
            )
        new = Standstill(self._clock.now(), by, reason.strip(), urgent)
        count = await store.begin_standstill(tx, new)
        await self._journal.note(tx, new.at, by, "pause_all", THING, note=new.reason, urgent=urgent, number=count)
        return count

    async def resume_all(self, tx: AsyncConnection, by: str) -> int:
        """Let go on exactly what `pause_all` and the time since held; missed runs follow each schedule's policy."""
        if await store.hold_standstill(self._database, tx, shared=False) is None:
            raise Conflict("Không có gì đang tạm dừng chung", "Nothing is paused as a whole")
        count = await store.end_standstill(tx)
        await self._journal.note(tx, self._clock.now(), by, "resume_all", THING, number=count)
        return count


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a schedule's runs that fall due while it stands still; `more` when they are too many to count."""

    schedule: Schedule
    first: datetime
    made_up: int
    missed: int
    more: bool


def fates(schedules: Sequence[Schedule], until: datetime, windows: Mapping[BulletinClass, timedelta]) -> Iterator[Fate]:
    """Of each that has runs until then, when all go on at `until`: as the planner will judge them."""
    for schedule in schedules:
        first = schedule.next_due_at
        if first is None or first > until:
            continue
        later = takewhile(lambda due: due <= until, islice(schedule.dues(first), MOST_RUNS))
        dues = [first, *later]
        runs = made_up(schedule.missed, windows[schedule.klass], dues, until)
        yield Fate(schedule, first, sum(runs), len(runs) - sum(runs), len(dues) > MOST_RUNS)
