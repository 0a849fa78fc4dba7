"""Recorder: what a window's outcomes leave behind, in one transaction: attempts, next states, shelves, outlet health."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from channels import store as channels_store
from channels.channel import To
from channels.http import Refused, Unavailable
from channels.outlet import InService, should_pause
from config.clock import Clock
from config.logs import log
from content.bulletin import Bulletin
from db.database import Database
from db.journal import Journal
from db.notifier import Notifier
from scheduler.delivery import State
from scheduler.dispatch import store as dispatch
from scheduler.dispatch.store import Waiting
from scheduler.outcome import Outcome

logger = log("recorder")


class Recorder:
    """Writes outcomes into the transaction it is given."""

    def __init__(self, database: Database, clock: Clock, notifier: Notifier, journal: Journal) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._journal = journal

    async def record(
        self, tx: AsyncConnection, at: InService, bulletin: Bulletin | None, rank: int, outcomes: Sequence[Outcome]
    ) -> None:
        """All of a window's outcomes; `bulletin` goes on the shelf of channels that have one."""
        if not outcomes:
            return
        await dispatch.add_attempts(tx, [outcome.attempt for outcome in outcomes if outcome.attempt])
        for parcel in {outcome.job.parcel for outcome in outcomes}:
            await self._settle(tx, parcel, [outcome for outcome in outcomes if outcome.job.parcel == parcel])
        done = [(one.job.parcel, one.job.seq) for one in outcomes if one.job.waited and one.again_at is None]
        await dispatch.wait_no_more(tx, done)
        again = [
            (Waiting(one.job.parcel, one.job.seq, one.tries, one.why), one.again_at)
            for one in outcomes
            if one.again_at is not None
        ]
        await dispatch.wait_again(self._database, tx, at.name, rank, again)
        if bulletin is not None and at.channel.shelf:
            for outcome in outcomes:
                if outcome.state is State.SENT:
                    await self._shelve(tx, at, bulletin, outcome.job.to)
        await self._note_health(tx, at, [outcome for outcome in outcomes if outcome.attempt])

    async def _settle(self, tx: AsyncConnection, parcel: int, outcomes: Sequence[Outcome]) -> None:
        changes = {outcome.job.seq: outcome.state for outcome in outcomes}
        recalled = {one.job.seq: State.PENDING for one in outcomes if one.state is State.CANCELLED}
        await dispatch.settle(self._database, tx, parcel, recalled)
        await dispatch.settle(self._database, tx, parcel, changes)
        # A receipt may have come before the answer it belongs to.
        early = await dispatch.receipts_of(tx, parcel, list(changes))
        if early:
            told = {seq: State.CONFIRMED if delivered else State.FAILED for seq, delivered in early.items()}
            await dispatch.settle(self._database, tx, parcel, told)

    async def _shelve(self, tx: AsyncConnection, at: InService, bulletin: Bulletin, to: To) -> None:
        """Stand it on the shelf, once: a try that was interrupted may have done so."""
        if await channels_store.is_on_shelf(tx, to.delivery):
            return
        await channels_store.put_on_shelf(tx, at.name, to.delivery, bulletin, self._clock.now())

    async def _note_health(self, tx: AsyncConnection, at: InService, tried: Sequence[Outcome]) -> None:
        """Keep the outlet's record; after long failure, or when a person is needed, it pauses itself."""
        faults = [one.error for one in tried if one.error is not None and not isinstance(one.error, Refused)]
        now = self._clock.now()
        if len(faults) < len(tried):
            await channels_store.outlet_worked(tx, at.name, now)
        if not faults or faults[-1] is not tried[-1].error:
            return
        row = await channels_store.outlet_failed(tx, at.name, now, faults[-1].vi, len(faults))
        person = any(isinstance(fault, Unavailable) and fault.person for fault in faults)
        paused = person or should_pause(row.failures, row.failing_since, now)
        if paused and await channels_store.pause_outlet(tx, at.name, now, "Loa", faults[-1].vi):
            await self._journal.note(tx, now, "Loa", "pause_outlet", f"outlet/{at.name}", reason=faults[-1].vi)
            logger.error("outlet_paused", outlet=at.name, reason=faults[-1].en)
            self._notifier.ring("outlet")
