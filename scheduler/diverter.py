"""Diverter: takes what is pending at an outlet whose provider fails again and again to its fallback, and ends that again.

Only what can have reached nobody is taken: what was never tried, or surely not taken by any try. What is unsure or sent
stays with its outlet. What was handed over is not brought back: the outlet's return is for what comes new.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from channels import store as channels_store
from channels.outlet import Outlets
from config.clock import Clock
from config.logs import log
from db.database import Database
from db.journal import Journal
from db.notifier import Notifier
from scheduler.diversion import store
from scheduler.diversion.store import Diversion
from scheduler.inquiry import store as inquiry_store
from scheduler.outcome import BREAKER_AFTER

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (60, 300, 900))
"""For how long an outlet is left alone before what comes new shows whether it works again."""
PROBING = timedelta(seconds=30)
LOA = "Loa"

logger = log("diverter")


class Diverter:
    """Looks after outlets that have a fallback; where none has, it looks at nothing."""

    def __init__(
        self, database: Database, clock: Clock, notifier: Notifier, outlets: Outlets, journal: Journal
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._outlets = outlets
        self._journal = journal
        chains = {at.name: outlets.fallbacks(at.name) for at in outlets}
        self._chains = {name: chain for name, chain in chains.items() if chain}

    async def divert(self) -> int:
        """Everything once; how many deliveries and parcels were handed over, and diversions begun or ended."""
        if not self._chains:
            return 0
        async with self._database.glance() as connection:
            health = await channels_store.outlet_rows(connection)
            known = await store.diversions(connection)
        sick = [name for name in self._chains if name in health and (name in known or _fails(health[name]))]
        count = 0
        for name in sick:
            to = next((one for one in self._chains[name] if one in health and not _fails(health[one])), None)
            while done := await self._turn(name, to):
                count += done
        return count

    async def _turn(self, name: str, to: str | None) -> int:
        now = self._clock.now()
        async with self._database.write() as tx:
            was = await store.hold(self._database, tx, name)
            health = (await channels_store.outlet_rows(tx))[name]
            tested = was is not None and was.until is not None and now - was.until >= PROBING
            stuck = tested and await store.is_stuck(tx, name, now - PROBING)
            new = judged(name, health, was, now, stuck=stuck)
            changed = await self._change(tx, was, new, name, to)
            moved = await self._move(tx, name, to, now) if new is not None and new.rests(now) and to else 0
        if moved:
            logger.warning("diverted", outlet=name, to=to, count=moved)
        if moved or changed:
            for topic in ("work", "delivery", "outlet"):
                self._notifier.ring(topic)
        return moved + changed

    async def _change(
        self, tx: AsyncConnection, was: Diversion | None, new: Diversion | None, name: str, to: str | None
    ) -> bool:
        if new == was:
            return False
        now = self._clock.now()
        if new is None:
            await store.end(tx, name)
            await self._journal.note(tx, now, LOA, "divert_end", f"outlet/{name}")
        else:
            await store.keep(self._database, tx, new)
            if was is None:
                await self._journal.note(tx, now, LOA, "divert", f"outlet/{name}", to=to or "")
        return True

    async def _move(self, tx: AsyncConnection, name: str, to: str, now: datetime) -> int:
        """One portion."""
        whole = await store.move_untouched(self._database, tx, name, to, now)
        rests = await store.move_rests(self._database, tx, name, to, now)
        waits = await store.move_waits(self._database, tx, name, to, now)
        at = self._outlets[to]
        polling = at.channel.polling(at.outlet)
        for parcel in whole:
            await inquiry_store.drop(tx, parcel, name)
        if polling is not None:
            for parcel in {*whole, *rests, *waits}:
                await inquiry_store.add(self._database, tx, parcel, to, now + polling.after)
        return len(whole) + sum(rests.values()) + sum(waits.values())


def _fails(health: Any) -> bool:
    return health.paused_at is not None or health.failures >= BREAKER_AFTER


def judged(name: str, health: Any, was: Diversion | None, now: datetime, *, stuck: bool) -> Diversion | None:
    """An outlet's diversion from now on; None: it goes its own way. `health` is the outlet's row.

    A person's pause diverts nothing: whoever pauses an outlet means it. `stuck`: what was left to it to show that it
    works again has not been taken.
    """
    if health.paused_at is not None:
        known = was.since if was is not None else now
        return Diversion(name, known, None, 1, health.failures) if health.paused_by == LOA else None
    if not health.failures:
        return None
    if was is None:
        failing = health.failures >= BREAKER_AFTER
        return Diversion(name, now, now + PAUSES[0], 1, health.failures) if failing else None
    if was.rests(now) and was.until is not None:
        return was
    if was.until is None or health.failures > was.failures or stuck:
        pause = PAUSES[min(was.times, len(PAUSES) - 1)]
        return Diversion(name, was.since, now + pause, was.times + 1, health.failures)
    return was
