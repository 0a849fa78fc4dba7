"""Sweeper: dead workers' claims, missed windows, finished occurrences, expired items.

Rescue is by lease: a process of this machine that is gone loses its claims at once, any other when its lease runs out.
A worker that was only frozen finds its epoch gone and writes nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from channels import store as channels_store
from channels.classes.people import store as class_people_store
from channels.feedback import store as feedback_store
from channels.outlet import Outlets
from channels.past import store as past_store
from config.clock import Clock
from config.logs import log
from content import store as content_store
from content.editing import Editing
from db.database import Database
from db.journal import Journal
from db.notifier import Notifier
from scheduler.delivery import LETTER, Attempt, State, delivery_id
from scheduler.dispatch import holds
from scheduler.dispatch import store as dispatch
from scheduler.dispatch.store import Waiting
from scheduler.forgetting import Forgetting
from scheduler.outcome import ASK_AFTER
from scheduler.owner import is_dead
from scheduler.rules import LONGEST
from scheduler.sealing import Sealing
from scheduler.sender import can_ask

KEEP_CALLBACKS = timedelta(days=30)
KEEP_PAST = timedelta(days=90)
KEEP_CONTACTS = LONGEST + timedelta(days=1)
SET_ASIDE_AFTER = 3
SENDING = LETTER[State.SENDING]
OPEN = LETTER[State.PENDING] + LETTER[State.UNSURE]

logger = log("sweeper")
T = TypeVar("T", Attempt, Waiting)


class Sweeper:
    """Sets right what no other actor will."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notifier: Notifier,
        outlets: Outlets,
        editing: Editing,
        journal: Journal,
        sealing: Sealing,
        forgetting: Forgetting,
        owner: str,
        dead: Callable[[str], bool] = is_dead,
        keep_written: timedelta = timedelta(days=365),
        keep_trained: timedelta = timedelta(days=1825),
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._outlets = outlets
        self._editing = editing
        self._journal = journal
        self._sealing = sealing
        self._forgetting = forgetting
        self._owner = owner
        self._dead = dead
        self._keep_written = keep_written
        self._keep_trained = keep_trained
        self._pruned_at: datetime | None = None

    async def sweep(self) -> int:
        """Everything once; how many things were set right."""
        righted = await self.rescue() + await self._miss() + await self._close() + await self._expire()
        await self._prune()
        await self._sealing.seal()
        await self._sealing.seal_log()
        if righted:
            self._notifier.ring("work")
            self._notifier.ring("delivery")
        return righted

    async def rescue(self) -> int:
        """Take claims back from holders that are gone; what they may have sent is in doubt and follows its channel's rule.

        What this very process holds is its lanes' own business, however long the database kept them from renewing it:
        they know what became of it.
        """
        if ended := await self._database.end_frozen():
            logger.warning("frozen_session_ended", sessions=ended)
        await self._database.look_at_clock()
        now = self._clock.now() + self._database.ahead
        async with self._database.read() as connection:
            dead = [owner for owner in await dispatch.holders(connection) if self._dead(owner)]
            parcels = await dispatch.lost_parcels(connection, now, dead, self._owner)
            waits = await dispatch.lost_waiting(connection, now, dead, self._owner)
        for parcel in {*parcels, *(one.parcel for one in waits)}:
            async with self._database.write() as tx:
                await self._rescue(tx, parcel, {one.seq: one for one in waits if one.parcel == parcel}, dead)
        return len(parcels) + len(waits)

    async def _rescue(self, tx: AsyncConnection, parcel: int, lost: Mapping[int, Waiting], dead: list[str]) -> None:
        row = await dispatch.parcel_row(self._database, tx, parcel)
        gone = self._is_gone(row, dead)
        held = await dispatch.waiting_of(tx, parcel)
        lost = {seq: one for seq, one in lost.items() if seq in held and self._is_gone(held[seq], dead)}
        doubtful = [
            seq
            for seq, letter in enumerate(row.letters)
            if letter == SENDING and (seq in lost or (gone and seq not in held))
        ]
        # Claimed for another look, and its holder died before it began.
        again = [one for seq, one in lost.items() if row.letters[seq] in OPEN]
        for outlet, some in _by_outlet(row, held, again).items():
            rows = [(one, self._clock.now()) for one in some]
            await dispatch.wait_again(self._database, tx, outlet, row.rank, rows)
        await dispatch.wait_no_more(tx, [(parcel, seq) for seq in lost if row.letters[seq] not in OPEN + SENDING])
        await self._doubt(tx, row, doubtful, held)
        if gone:
            await dispatch.change_parcel(tx, parcel, owner=None, lease_until=None, epoch=row.epoch + 1)
            logger.warning("claim_taken_back", parcel=parcel, outlet=row.outlet, in_doubt=len(doubtful))

    def _is_gone(self, row: Row[Any], dead: list[str]) -> bool:
        """Whether whoever held it is dead or let the lease run out; who saw that before us may have freed it since."""
        now = self._clock.now() + self._database.ahead
        return row.owner not in {None, self._owner} and (row.lease_until < now or row.owner in dead)

    async def _doubt(
        self, tx: AsyncConnection, row: Row[Any], doubtful: list[int], held: Mapping[int, Row[Any]]
    ) -> None:
        """Log each interrupted try by name; repeat it where the partner knows our id, else hold it as unsure."""
        if not doubtful:
            return
        now = self._clock.now()
        tries = await dispatch.tries_of(tx, row.id, doubtful)
        detail = "tiến trình gửi dừng giữa chừng; không rõ đã đi hay chưa"
        attempts = [
            Attempt(
                row.id, seq, tries.get(seq, 0) + 1, row.window_at or now, 0, "interrupted", "interrupted", "", detail
            )
            for seq in doubtful
        ]
        await dispatch.add_attempts(tx, attempts)
        crashes = {seq: 1 + (held[seq].crashes if seq in held else 0) for seq in doubtful}
        aside = [seq for seq in doubtful if crashes[seq] >= SET_ASIDE_AFTER]
        await self._set_aside(tx, row, aside)
        rest = [one for one in attempts if one.seq not in aside]
        for outlet, some in _by_outlet(row, held, rest).items():
            await self._look_again(tx, row, outlet, some, crashes)

    async def _set_aside(self, tx: AsyncConnection, row: Row[Any], seqs: list[int]) -> None:
        """What was in hand, alone, when the process died again is left to a person."""
        if not seqs:
            return
        await dispatch.settle(self._database, tx, row.id, dict.fromkeys(seqs, State.UNSURE))
        await dispatch.wait_no_more(tx, [(row.id, seq) for seq in seqs])
        for seq in seqs:
            id = delivery_id(row.id, seq)
            await self._journal.note(
                tx, self._clock.now(), "Loa", "set_aside", f"delivery/{id}", crashes=SET_ASIDE_AFTER
            )
            logger.error("delivery_set_aside", delivery=id, outlet=row.outlet, crashes=SET_ASIDE_AFTER)

    async def _look_again(
        self, tx: AsyncConnection, row: Row[Any], outlet: str, tried: list[Attempt], crashes: Mapping[int, int]
    ) -> None:
        now, at = self._clock.now(), self._outlets.get(outlet)
        repeat = at is not None and at.channel.repeatable(at.outlet) and row.until > now
        to = State.PENDING if repeat else State.UNSURE
        await dispatch.settle(self._database, tx, row.id, dict.fromkeys((one.seq for one in tried), to))
        if not repeat and not (at is not None and can_ask(at)):
            await dispatch.wait_no_more(tx, [(row.id, one.seq) for one in tried])
            return
        why, moment = ("doubt", now) if repeat else ("ask", now + ASK_AFTER)
        again = [(Waiting(row.id, one.seq, one.n if repeat else 0, why, crashes[one.seq]), moment) for one in tried]
        await dispatch.wait_again(self._database, tx, outlet, row.rank, again)

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
            closed = await dispatch.close_occurrences(tx)
        if closed:
            logger.info("occurrences_done", count=len(closed), first=closed[0])
        return len(closed)

    async def _prune(self) -> None:
        """Once a day, forget what was kept for a time: calls, outlets' turns, whom messages were for, what people wrote, who took part."""
        now = self._clock.now()
        if self._pruned_at is None or now - self._pruned_at >= timedelta(days=1):
            self._pruned_at = now
            async with self._database.write() as tx:
                await channels_store.prune_callbacks(tx, now - KEEP_CALLBACKS)
                await past_store.prune(tx, now - KEEP_PAST)
                await holds.prune_contacts(tx, now - KEEP_CONTACTS)
                await feedback_store.forget_old(tx, now - self._keep_written)
                await class_people_store.forget_old(tx, now - self._keep_trained)
            await self._forgetting.forget()

    async def _expire(self) -> int:
        async with self._database.read() as connection:
            items = await content_store.expired_items(connection, self._clock.now())
        for item in items:
            async with self._database.write() as tx:
                await self._editing.expire(tx, item.id)
        return len(items)


def _by_outlet(row: Row[Any], held: Mapping[int, Row[Any]], some: Sequence[T]) -> dict[str, list[T]]:
    """Each with who carries it: what was handed over waits for the other outlet, and has not left the list meanwhile."""
    found: dict[str, list[T]] = {}
    for one in some:
        found.setdefault(held[one.seq].outlet if one.seq in held else row.outlet, []).append(one)
    return found
