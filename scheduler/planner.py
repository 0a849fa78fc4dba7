"""Planner: due schedule to occurrence to deliveries; every step one transaction that only one planner can win."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from channels import store as channels_store
from channels.outlet import InService, Outlets
from config.clock import Clock
from config.logs import log
from config.words import NotFound
from content import store as content_store
from content.bulletin import BulletinClass
from db.database import Database
from db.notifier import Notifier
from db.types import new_id
from scheduler import store
from scheduler.delivery import PARCEL_SIZE, OccurrenceState
from scheduler.dispatch import store as dispatch
from scheduler.schedule import Missed, QuietHours, Schedule

CHUNK = 5000
MOST_DUES = 1000
ON_TIME = timedelta(minutes=1)

logger = log("planner")


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
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._outlets = outlets
        self._quiet = quiet
        self._catch_up = {
            BulletinClass.NORMAL: catch_up,
            BulletinClass.PRIORITY: catch_up,
            BulletinClass.URGENT: catch_up_urgent,
        }

    async def plan(self) -> int:
        """Everything due now; how many occurrences were opened or gone on with.

        Recipients are frozen a chunk at a time, the most urgent occurrence first, and between two chunks what has become
        due meanwhile is looked for: a million recipients keep nothing urgent waiting.
        """
        count, held = await self._occur_due(), set[str]()
        while id := await self._next_planning(held):
            if await self._freeze(id):
                self._notifier.ring("work")
            else:
                held.add(id)  # done, or another planner is at it
                count += 1
            count += await self._occur_due()
        return count

    async def _occur_due(self) -> int:
        async with self._database.read() as connection:
            due = await store.coming_schedules(connection, self._clock.now())
        for schedule in due:
            await self._occur(schedule)
        return len(due)

    async def _next_planning(self, held: set[str]) -> str | None:
        async with self._database.read() as connection:
            found = await store.planning(connection, limit=1 + len(held))
        return next((id for id in found if id not in held), None)

    async def next_moment(self) -> datetime | None:
        """When there will be something to plan."""
        async with self._database.read() as connection:
            return await store.next_due_moment(connection)

    async def _occur(self, schedule: Schedule) -> None:
        """Rows for every due moment up to now, and the next due moment computed from the last of them."""
        now = self._clock.now()
        assert schedule.next_due_at is not None
        first = schedule.next_due_at
        later = takewhile(lambda due: due <= now, schedule.dues(first))
        dues = [first, *(due for due, _ in zip(later, range(MOST_DUES), strict=False))]
        verdicts = self._verdicts(schedule, dues, now)
        async with self._database.write() as tx:
            if not await store.advance_schedule(tx, schedule, schedule.next_due(dues[-1])):
                return
            until = await _validity(tx, schedule)
            for due, state in zip(dues, verdicts, strict=True):
                reason = "" if state is OccurrenceState.PLANNING else _missed_reason(due, now)
                await store.occur(
                    self._database,
                    tx,
                    schedule,
                    id=new_id(now),
                    due_at=due,
                    state=state,
                    until=until,
                    now=now,
                    reason=reason,
                )
        missed = verdicts.count(OccurrenceState.MISSED)
        if missed:
            logger.warning("occurrences_missed", schedule=schedule.id, count=missed)
        self._notifier.ring("occurrence")

    def _verdicts(self, schedule: Schedule, dues: list[datetime], now: datetime) -> list[OccurrenceState]:
        """Which of the due moments still run: those on time, and of the late ones what the schedule's policy says."""
        window = self._catch_up[schedule.klass]
        verdicts = []
        for place, due in enumerate(dues):
            late = now - due
            wanted = (
                late <= ON_TIME
                or schedule.missed is Missed.ALL
                or (schedule.missed is Missed.LATEST and place == len(dues) - 1)
            )
            runs = wanted and late <= max(window, ON_TIME)
            verdicts.append(OccurrenceState.PLANNING if runs else OccurrenceState.MISSED)
        return verdicts

    async def _freeze(self, id: str) -> bool:
        """Freeze the next chunk of an occurrence's recipients; False when it is done or somebody else is at it."""
        async with self._database.write() as tx:
            row = await store.hold_planning(self._database, tx, id)
            if row is None:
                return False
            if row.outlet_at >= len(row.outlets):
                state = OccurrenceState.OPEN if row.size else OccurrenceState.DONE
                reason = "" if row.size else "không có người nhận nào (no recipients)"
                await store.change_occurrence(tx, id, state=state.value, reason=reason)
                return False
            await self._freeze_chunk(tx, row)
            return True

    async def _freeze_chunk(self, tx: AsyncConnection, row: Row[Any]) -> None:
        name = row.outlets[row.outlet_at]
        people, more = await self._people(tx, row, name)
        now = self._clock.now()
        klass = BulletinClass(row.klass)
        due_at = max(row.due_at, now)
        window = timedelta(hours=24)
        if name in self._outlets:
            due_at, window = self._moment(self._outlets[name], klass, due_at)
        until = min(due_at + window, row.until) if row.until else due_at + window
        rows = dispatch.parcel_rows(
            people,
            PARCEL_SIZE,
            now,
            turn=await dispatch.next_turn(tx, row.id, name, klass.rank),
            occurrence=row.id,
            outlet=name,
            rank=klass.rank,
            due_at=due_at,
            until=until,
        )
        await dispatch.add_parcels(tx, rows)
        await store.change_occurrence(
            tx,
            row.id,
            size=row.size + len(people),
            outlet_at=row.outlet_at if more else row.outlet_at + 1,
            address_at=people[-1][0] if more else "",
        )

    def _moment(self, at: InService, klass: BulletinClass, due_at: datetime) -> tuple[datetime, timedelta]:
        quiet = at.channel.quiet_hours and klass is not BulletinClass.URGENT
        return (self._quiet.opening(due_at) if quiet else due_at), at.channel.retry_for(at.outlet)

    async def _people(self, tx: AsyncConnection, row: Row[Any], name: str) -> tuple[list[tuple[str, str]], bool]:
        """The next recipients of one outlet and whether there may be more; a channel without recipients is its own."""
        scheme = self._outlets[name].channel.scheme if name in self._outlets else ""
        if not scheme:
            return [(name, "")], False
        try:
            audience = await channels_store.audience_id(tx, row.audience)
        except NotFound:
            return [], False
        people = await channels_store.recipients_after(tx, audience, scheme, row.address_at, CHUNK)
        return people, len(people) == CHUNK


async def _validity(tx: AsyncConnection, schedule: Schedule) -> datetime | None:
    """The moment the first of the schedule's texts becomes stale."""
    ends = [(await content_store.find_revision(tx, pinned.revision)).valid_until for pinned in schedule.items]
    return min((end for end in ends if end is not None), default=None)


def _missed_reason(due: datetime, now: datetime) -> str:
    minutes = int((now - due).total_seconds() // 60)
    return f"trễ {minutes} phút khi hệ thống chạy lại (missed by {minutes} minutes)"
