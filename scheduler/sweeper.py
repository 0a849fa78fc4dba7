"""Sweeper: dead workers' claims, missed windows, finished occurrences, expired items.

Rescue is by lease: a process of this machine that is gone loses its claims at once, any other when its lease runs out.
A worker that was only frozen finds its epoch gone and writes nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from channels import store as channels_store
from channels.outlet import Outlets
from config.clock import Clock
from config.logs import log
from content import store as content_store
from content.editing import Editing
from db.database import Database
from db.notifier import Notifier
from scheduler.delivery import LETTER, Attempt, State
from scheduler.dispatch import store as dispatch
from scheduler.dispatch.store import Waiting
from scheduler.outcome import ASK_AFTER
from scheduler.owner import is_dead
from scheduler.sender import can_ask

KEEP_CALLBACKS = timedelta(days=30)

logger = log("sweeper")


class Sweeper:
    """Sets right what no other actor will."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notifier: Notifier,
        outlets: Outlets,
        editing: Editing,
        dead: Callable[[str], bool] = is_dead,
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._outlets = outlets
        self._editing = editing
        self._dead = dead
        self._pruned_at: datetime | None = None

    async def sweep(self) -> int:
        """Everything once; how many things were set right."""
        righted = await self.rescue() + await self._miss() + await self._close() + await self._expire()
        await self._prune()
        if righted:
            self._notifier.ring("work")
            self._notifier.ring("delivery")
        return righted

    async def rescue(self) -> int:
        """Take claims back from holders that are gone; what they may have sent is in doubt and follows its channel's rule."""
        now = self._clock.now()
        async with self._database.read() as connection:
            dead = [owner for owner in await dispatch.holders(connection) if self._dead(owner)]
            parcels = await dispatch.lost_parcels(connection, now, dead)
            waits = await dispatch.lost_waiting(connection, now, dead)
        for parcel in {*parcels, *(one.parcel for one in waits)}:
            async with self._database.write() as tx:
                await self._rescue(tx, parcel, {one.seq: one for one in waits if one.parcel == parcel}, dead)
        return len(parcels) + len(waits)

    async def _rescue(self, tx: AsyncConnection, parcel: int, lost: Mapping[int, Waiting], dead: list[str]) -> None:
        row = await dispatch.parcel_row(self._database, tx, parcel)
        gone = row.owner is not None and (row.lease_until < self._clock.now() or row.owner in dead)
        held = await dispatch.waiting_of(tx, parcel)
        doubtful = [
            seq
            for seq, letter in enumerate(row.letters)
            if letter == LETTER[State.SENDING] and (seq in lost or (gone and seq not in held))
        ]
        again = [one for one in lost.values() if one.why == "ask"]
        await dispatch.wait_again(self._database, tx, row.outlet, row.rank, [(one, self._clock.now()) for one in again])
        await self._doubt(tx, row, doubtful)
        if gone:
            await dispatch.change_parcel(tx, parcel, owner=None, lease_until=None, epoch=row.epoch + 1)
            logger.warning("claim_taken_back", parcel=parcel, outlet=row.outlet, in_doubt=len(doubtful))

    async def _doubt(self, tx: AsyncConnection, row: Row[Any], doubtful: list[int]) -> None:
        """Log each interrupted try by name; repeat it where the partner knows our id, else hold it as unsure."""
        if not doubtful:
            return
        now = self._clock.now()
        tries = await dispatch.tries_of(tx, row.id, doubtful)
        at = self._outlets.get(row.outlet)
        repeat = at is not None and at.channel.repeatable(at.outlet)
        detail = "tiến trình gửi dừng giữa chừng; không rõ đã đi hay chưa"
        attempts = [
            Attempt(
                row.id, seq, tries.get(seq, 0) + 1, row.window_at or now, 0, "interrupted", "interrupted", "", detail
            )
            for seq in doubtful
        ]
        await dispatch.add_attempts(tx, attempts)
        to = State.PENDING if repeat else State.UNSURE
        await dispatch.settle(self._database, tx, row.id, dict.fromkeys(doubtful, to))
        waits = {one.seq: Waiting(row.id, one.seq, one.n, "retry" if repeat else "ask") for one in attempts}
        if repeat:
            await dispatch.wait_again(self._database, tx, row.outlet, row.rank, [(one, now) for one in waits.values()])
        else:
            await dispatch.wait_no_more(tx, [(row.id, seq) for seq in doubtful])
            if at is not None and can_ask(at):
                later = [(one, now + ASK_AFTER) for one in waits.values()]
                await dispatch.wait_again(self._database, tx, row.outlet, row.rank, later)

    async def _miss(self) -> int:
        """Parcels whose window closed before anybody could send them, for instance while their outlet was paused."""
        async with self._database.read() as connection:
            overdue = await dispatch.overdue_parcels(connection, self._clock.now())
        for parcel in overdue:
            async with self._database.write() as tx:
                row = await dispatch.parcel_row(self._database, tx, parcel)
                if row.owner is None and row.state == "open":
                    rest = dict.fromkeys(range(row.cursor, row.size), State.MISSED)
                    await dispatch.settle(self._database, tx, parcel, rest, cursor=row.size)
        return len(overdue)

    async def _close(self) -> int:
        async with self._database.write() as tx:
            return len(await dispatch.close_occurrences(tx))

    async def _prune(self) -> None:
        """Once a day, forget partners' raw calls that were applied long ago."""
        now = self._clock.now()
        if self._pruned_at is None or now - self._pruned_at >= timedelta(days=1):
            self._pruned_at = now
            async with self._database.write() as tx:
                await channels_store.prune_callbacks(tx, now - KEEP_CALLBACKS)

    async def _expire(self) -> int:
        async with self._database.read() as connection:
            items = await content_store.expired_items(connection, self._clock.now())
        for item in items:
            async with self._database.write() as tx:
                await self._editing.expire(tx, item.id)
        return len(items)
