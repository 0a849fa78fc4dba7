"""Planner: due schedule to occurrence to deliveries; every step one transaction that only one planner can win."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.outlet import InService, Outlets
from config.clock import Clock
from config.logs import log
from content.bulletin import BulletinClass
from db.database import Database
from db.direct import Rows, Step
from db.notifier import Notifier
from db.types import to_json
from scheduler.delivery import PARCEL_SIZE, OccurrenceState
from scheduler.dispatch import early, plan, tidings
from scheduler.dispatch.plan import Due, Frozen, NewParcel, Planning, Run, Sight
from scheduler.missed import made_up
from scheduler.schedule import QuietHours, Schedule

AT_ONCE = 500
CHUNK = 5000
MOST_DUES = 1000
REST_SECONDS = 0.01
NEWS = timedelta(minutes=2)
"""By then every process knows of every outlet; one that still nobody knows is there no longer."""

logger = log("planner")


@dataclass(frozen=True, slots=True)
class Planned:
    """What a turn did: schedules moved on, occurrences gone on with; with nothing left, the next due moment."""

    dues: list[Due]
    frozen: int
    next_moment: datetime | None


class Planner:
    """Turns what is due into parcels. `catch_up` says how late a run may still be made up for, by class."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notifier: Notifier,
        outlets: Outlets,
        quiet: QuietHours,
        *,
        catch_up: timedelta,
        catch_up_urgent: timedelta,
        parcel_size: int = PARCEL_SIZE,
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._outlets = outlets
        self._quiet = quiet
        self._parcel_size = parcel_size
        self._next_moment: datetime | None = None
        self._catch_up = {
            BulletinClass.NORMAL: catch_up,
            BulletinClass.PRIORITY: catch_up,
            BulletinClass.URGENT: catch_up_urgent,
        }

    async def plan(self) -> int:
        """Everything due now; how many occurrences were opened or gone on with.

        Recipients are frozen a chunk a transaction, the most urgent occurrence first, and between two chunks what has
        become due meanwhile is looked for: a million recipients keep nothing urgent waiting.
        """
        count = 0
        while True:
            done = await self._database.run(self._turn(self._clock.now()))
            self._tell(done)
            if not done.dues and not done.frozen:
                self._next_moment = done.next_moment
                return count
            count += len(done.dues) + done.frozen
            if 0 < len(done.dues) < AT_ONCE:
                # Whoever sends has the loop, and what falls due in the meantime is planned by one commit.
                await asyncio.sleep(REST_SECONDS)

    async def next_moment(self) -> datetime | None:
        """When there will be something to plan, as far as was known when there was nothing left to plan."""
        return self._next_moment

    def _turn(self, now: datetime) -> Generator[Step, Rows, Planned]:
        """One transaction: occurrences of what is due, each schedule moved on, and a chunk of recipients frozen."""
        schedules = yield from plan.due(self._database, now, AT_ONCE)
        dues = [self._due(schedule, now) for schedule in schedules]
        if dues:
            yield from early.go_on(dues, now)
            yield from plan.occur(self._database, dues, now)
        dues += yield from self._open_early(now)
        if dues:
            yield from tidings.note_opened(self._database, dues)
        frozen = yield from self._freeze(now)
        return Planned(dues, frozen, None if dues or frozen else (yield from plan.next_due()))

    def _open_early(self, now: datetime) -> Generator[Step, Rows, list[Due]]:
        """Open what comes soon to outlets whose partner takes its time until people see it: for those outlets alone."""
        leads = {at.name: lead for at in self._outlets if (lead := at.channel.lead(at.outlet))}
        if not leads:
            return []
        schedules = yield from early.due_early(self._database, leads, now, AT_ONCE)
        moments = [(one, one.next_due_at) for one in schedules if one.next_due_at]
        dues = [Due(one, [Run(moment, OccurrenceState.PLANNING)], moment) for one, moment in moments]
        if dues:
            yield from early.occur_early(dues, leads, now)
        return dues

    def _tell(self, done: Planned) -> None:
        for due in done.dues:
            missed = sum(run.state is OccurrenceState.MISSED for run in due.runs)
            if missed:
                logger.warning("occurrences_missed", schedule=due.schedule.id, count=missed)
        if done.dues:
            self._notifier.ring("occurrence")
        if done.frozen:
            self._notifier.ring("work")

    def _due(self, schedule: Schedule, now: datetime) -> Due:
        assert schedule.next_due_at is not None
        moments, following = [schedule.next_due_at], schedule.next_due(schedule.next_due_at)
        while following is not None and following <= now and len(moments) <= MOST_DUES:
            moments.append(following)
            following = schedule.next_due(following)
        verdicts = self._verdicts(schedule, moments, now)
        runs = [Run(due, state, _reason(due, state, now)) for due, state in zip(moments, verdicts, strict=True)]
        return Due(schedule, runs, following)

    def _verdicts(self, schedule: Schedule, dues: list[datetime], now: datetime) -> list[OccurrenceState]:
        """Which of the due moments still run: those on time, and of the late ones what the schedule's policy says."""
        runs = made_up(schedule.missed, self._catch_up[schedule.klass], dues, now)
        return [OccurrenceState.PLANNING if one else OccurrenceState.MISSED for one in runs]

    def _freeze(self, now: datetime) -> Generator[Step, Rows, int]:
        """Freeze the next chunk of recipients; of how many occurrences."""
        seen, room, parcels, touched = Sight(), CHUNK, list[NewParcel](), list[Planning]()
        for one in (yield from plan.planning(self._database, AT_ONCE)):
            if self._awaits_news(one, now):
                continue
            while room > 0 and one.outlet_at < len(one.outlets):
                new = yield from self._freeze_outlet(seen, one, room, now)
                parcels += new
                room -= sum(parcel.people.size for parcel in new)
            touched.append(one)
            if room <= 0:
                break
        if parcels:
            ids = yield from plan.add(parcels, now)
            yield from tidings.watch(self._database, ids)
        if touched:
            yield from plan.went_on(touched)
        return len(touched)

    def _awaits_news(self, one: Planning, now: datetime) -> bool:
        """Whether it goes to an outlet not known here that may have been set up a moment ago, at a desk elsewhere."""
        return now - one.due_at < NEWS and any(name not in self._outlets for name in one.outlets)

    def _freeze_outlet(
        self, seen: Sight, one: Planning, room: int, now: datetime
    ) -> Generator[Step, Rows, list[NewParcel]]:
        """Parcels of one outlet, until it is through or there is no room left."""
        name = one.outlets[one.outlet_at]
        at = self._outlets.get(name)
        turn = yield from plan.next_turn(seen, one, name)
        due_at, until = self._moments(at, one, now)
        polling = at.channel.polling(at.outlet) if at is not None else None
        ask_at = due_at + polling.after if polling is not None else None
        parcels: list[NewParcel] = []
        while room > 0:
            people = yield from self._people(seen, at, one, name)
            if people is not None:
                parcels.append(NewParcel(one.id, name, one.klass.rank, turn, due_at, until, people, ask_at))
                one.size, turn, room = one.size + people.size, turn + people.size, room - people.size
            if people is None or people.size < self._parcel_size:
                one.outlet_at, one.address_at = one.outlet_at + 1, ""
                break
            one.address_at = people.last
        return parcels

    def _people(
        self, seen: Sight, at: InService | None, one: Planning, name: str
    ) -> Generator[Step, Rows, Frozen | None]:
        """The next recipients; a channel without recipients is its own."""
        if at is None or not at.channel.scheme:
            return Frozen(1, name, name, to_json([[name, ""]]))
        return (yield from plan.page(self._database, seen, one, at.channel.scheme, self._parcel_size))

    def _moments(self, at: InService | None, one: Planning, now: datetime) -> tuple[datetime, datetime]:
        """When its deliveries may go, and until when they are tried."""
        due_at, window = max(one.due_at, now), timedelta(hours=24)
        if at is not None:
            due_at, window = max(one.due_at - at.channel.lead(at.outlet), now), at.channel.retry_for(at.outlet)
            if at.channel.quiet_hours and one.klass is not BulletinClass.URGENT:
                due_at = self._quiet.opening(due_at)
        return due_at, min(due_at + window, one.until) if one.until else due_at + window


def _reason(due: datetime, state: OccurrenceState, now: datetime) -> str:
    if state is not OccurrenceState.MISSED:
        return ""
    minutes = int((now - due).total_seconds() // 60)
    return f"trễ {minutes} phút khi hệ thống chạy lại (missed by {minutes} minutes)"
