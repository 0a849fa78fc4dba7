"""Director: each station's programmes, composed some time before their slots, frozen, joined, and made anew when a part goes.

Any number of nodes may direct: what is frozen is one insert that only one of them makes, what is joined is claimed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from channels.channel import Programme, Shelved, Timetable
from channels.outlet import InService, Outlets
from channels.shelf import store as shelf_store
from channels.slots import Airtime, Candidate, choose
from channels.station import store as station_store
from channels.store import outlet as outlet_table
from config.clock import Clock
from config.logs import log
from db.database import Database
from db.notifier import Notifier
from scheduler.joining import JoinError, Joining

LEASE = timedelta(minutes=10)
LONGEST_SLOT = timedelta(hours=4)
MOMENT = timedelta(milliseconds=1)
RETRY = (15, 60, 300)
"""Seconds before the next try to join after each failure; the last one repeats."""

logger = log("director")


class Director:
    """Composes programmes and has them joined."""

    def __init__(
        self, database: Database, clock: Clock, notifier: Notifier, outlets: Outlets, joining: Joining, owner: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._outlets = outlets
        self._joining = joining
        self._owner = owner

    async def direct(self) -> int:
        """Every slot whose time to be frozen has come and that is not over; how many programmes were frozen or made."""
        done, now = 0, self._clock.now()
        for at in self._outlets:
            timetable = at.channel.timetable(at.outlet)
            if timetable is None or not timetable.slots:
                continue
            for airtime in timetable.airtimes(now - LONGEST_SLOT, now + timetable.freeze + MOMENT):
                if airtime.ends_at > now:
                    done += await self._slot(at, timetable, airtime)
        return done

    async def _slot(self, at: InService, timetable: Timetable, airtime: Airtime) -> int:
        """One slot of one day, as far as it can be brought now."""
        now = self._clock.now()
        async with self._database.read() as connection:
            known = await station_store.find_programme(connection, at.name, airtime.slot.name, airtime.starts_at)
            if known is not None and known.state == "made":
                held = [delivery for delivery, _ in known.holds]
                if await shelf_store.standing(connection, held, now) == len(held):
                    return 0  # nearly always: nothing of it is read
            elif known is None and airtime.starts_at <= now:
                return 0
            stock = await shelf_store.read_stock(connection, at.name)
        standing = {one.delivery: one for one in stock.current(now, timedelta())}
        done = 0
        if known is None:
            known = await self._compose(at, timetable, airtime, standing)
            done += known is not None
        elif known.state == "broken" or any(delivery not in standing for delivery, _ in known.holds):
            known = await self._mend(at, known, standing)
            done += known is not None
        if known is not None and known.state == "frozen":
            done += await self._make(at, airtime, known, [standing[delivery] for delivery, _ in known.holds])
        return done

    async def _compose(
        self, at: InService, timetable: Timetable, airtime: Airtime, standing: dict[str, Shelved]
    ) -> Programme | None:
        """Freeze what airs in a slot that has not begun; None when there is nothing, or another node was first.

        What comes after it has begun waits for the next one: whoever fetched at its start has not got it.
        """
        now = self._clock.now()
        async with self._database.read() as connection:
            used = await station_store.times_used(connection, at.name, now - timetable.keep - LONGEST_SLOT)
        candidates = [
            _candidate(one, timetable, len(used.get(one.delivery, ())))
            for one in standing.values()
            if one.since + timetable.keep > airtime.starts_at or one.until is not None
        ]
        chosen, waiting = choose(airtime, candidates, timetable.next_start(airtime.starts_at))
        if not chosen:
            return None
        holds = tuple((one.delivery, one.parts) for one in chosen)
        moments = (airtime.starts_at, airtime.ends_at)
        new = Programme(at.name, airtime.slot.name, *moments, 1, "frozen", holds)
        logger.info("programme_frozen", outlet=at.name, slot=new.slot, holds=len(holds), waiting=len(waiting))
        return await self._freeze(new, standing)

    async def _mend(self, at: InService, known: Programme, standing: dict[str, Shelved]) -> Programme | None:
        """The same programme without what is gone; None when nothing is left or another node was first."""
        if known.state != "broken":
            async with self._database.write() as tx:
                await shelf_store.turn_shelf(tx, outlet_table.c.name == at.name)
                await station_store.break_programme(tx, known)
        left = (standing[delivery] for delivery, _ in known.holds if delivery in standing)
        holds = tuple((one.delivery, len(one.bulletin.parts)) for one in left)
        if not holds:
            return None
        logger.info("programme_mended", outlet=at.name, slot=known.slot, holds=len(holds))
        return await self._freeze(replace(known, version=known.version + 1, state="frozen", holds=holds), standing)

    async def _freeze(self, new: Programme, standing: dict[str, Shelved]) -> Programme | None:
        items = sorted({part.item for delivery, _ in new.holds for part in standing[delivery].bulletin.parts})
        async with self._database.write() as tx:
            mine = await station_store.freeze_programme(self._database, tx, new, items, self._clock.now())
        self._notifier.ring("programme")
        return replace(new, audio=None, made_at=None) if mine else None

    async def _make(self, at: InService, airtime: Airtime, known: Programme, bulletins: Sequence[Shelved]) -> bool:
        """Have it joined, from claim to row; a failure is told and tried again later."""
        now = self._clock.now()
        async with self._database.write() as tx:
            tries = await station_store.claim_programme(tx, known, owner=self._owner, now=now, lease_until=now + LEASE)
        if not tries:
            return False
        try:
            joined = await self._joining.join(at, airtime, bulletins)
        except JoinError as error:
            await self._failed(known, tries, error)
            return False
        note = f"dài hơn giờ phát {math.ceil(joined.over)} giây" if joined.over else ""
        if note:
            logger.warning("programme_too_long", outlet=at.name, slot=known.slot, over=math.ceil(joined.over))
        async with self._database.write() as tx:
            await shelf_store.turn_shelf(tx, outlet_table.c.name == at.name)
            made_at = self._clock.now()
            made = await station_store.save_programme(
                tx, known, self._owner, state="made", audio=joined.audio, made_at=made_at, note=note
            )
        self._notifier.ring("programme")
        return made

    async def _failed(self, known: Programme, tries: int, error: JoinError) -> None:
        pause = timedelta(seconds=RETRY[min(tries, len(RETRY)) - 1])
        async with self._database.write() as tx:
            again = self._clock.now() + pause
            await station_store.save_programme(tx, known, self._owner, next_try_at=again, note=error.vi[:300])
        logger.warning("programme_failed", outlet=known.outlet, slot=known.slot, reason=str(error))


def _candidate(one: Shelved, timetable: Timetable, used: int) -> Candidate:
    parts = one.bulletin.parts
    ends: list[datetime] = [moment for moment in (one.until, one.bulletin.valid_until) if moment is not None]
    until = min(ends, default=one.since + timetable.keep)
    seconds = sum(part.audio.seconds for part in parts if part.audio is not None)
    return Candidate(one.delivery, len(parts), one.bulletin.klass, one.since, until, seconds, used)
