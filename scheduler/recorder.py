"""Recorder: what outcomes leave behind outside the dispatch loop's own tables: shelves, and the outlet's health."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from channels import store as channels_store
from channels.answer import Refused, SendError, Unavailable
from channels.outlet import InService, should_pause
from channels.reasons import Reason
from channels.shelf import store as shelf_store
from config.clock import Clock
from config.logs import log
from db.database import Database
from db.journal import Journal
from db.notifier import Notifier
from scheduler.delivery import State
from scheduler.outcome import Outcome

NO_FAULT = frozenset({Reason.QUOTA, Reason.HOURS})
"""Reasons for which a delivery waits at an outlet that is in order."""
WORKED_SECONDS = 5.0
"""A working outlet's row is not written more often than this."""

logger = log("recorder")


class Recorder:
    """Before and after a turn of a lane."""

    def __init__(self, database: Database, clock: Clock, notifier: Notifier, journal: Journal) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._journal = journal
        self._worked: dict[str, float] = {}

    async def shelve(self, at: InService, outcomes: Sequence[Outcome]) -> None:
        """Stand what was sent on the outlet's shelf, once: a try that was interrupted may have done so."""
        if not at.channel.shelf:
            return
        sent = [one for one in outcomes if one.state is State.SENT]
        if not sent:
            return
        async with self._database.write() as tx:
            for one in sent:
                assert one.job.parcel.bulletin is not None
                if not await shelf_store.is_on_shelf(tx, one.job.to.delivery):
                    bulletin, now = one.job.parcel.bulletin, self._clock.now()
                    await shelf_store.put_on_shelf(tx, at.name, one.job.to.delivery, bulletin, now)

    async def note_health(self, at: InService, outcomes: Sequence[Outcome]) -> None:
        """Keep the outlet's record; after long failure, or when a person is needed, it pauses itself."""
        outcomes = [one for one in outcomes if one.error is None or one.error.reason not in NO_FAULT]
        faults = [one.error for one in outcomes if one.error is not None and not isinstance(one.error, Refused)]
        steady = self._clock.steady()
        if not faults and steady - self._worked.get(at.name, -WORKED_SECONDS) < WORKED_SECONDS:
            return
        tried = [one for one in outcomes if one.tried]
        if not tried:
            return
        async with self._database.write() as tx:
            if len(faults) < len(tried):
                await channels_store.outlet_worked(tx, at.name, self._clock.now())
            if faults and faults[-1] is tried[-1].error:
                self._worked.pop(at.name, None)
                await self._note_faults(tx, at, faults)
            else:
                self._worked[at.name] = steady

    async def _note_faults(self, tx: AsyncConnection, at: InService, faults: Sequence[SendError]) -> None:
        now, last = self._clock.now(), faults[-1]
        row = await channels_store.outlet_failed(tx, at.name, now, last.vi, len(faults))
        person = any(isinstance(fault, Unavailable) and fault.person for fault in faults)
        paused = person or should_pause(row.failures, row.failing_since, now)
        if paused and await channels_store.pause_outlet(tx, at.name, now, "Loa", last.vi):
            await self._journal.note(tx, now, "Loa", "pause_outlet", f"outlet/{at.name}", reason=last.vi)
            logger.error("outlet_paused", outlet=at.name, reason=last.en)
            self._notifier.ring("outlet")
