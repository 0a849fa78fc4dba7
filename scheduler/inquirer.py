"""Inquirer: asks partners what became of what they took, where they do not report it or a report may be lost.

What waits to be sent goes first; a question is paced as a send is, and the pauses between two rounds about a parcel grow
with its age. Where no outlet's kind asks, nothing is looked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from channels.answer import SendError
from channels.channel import Asked, Confirmation, Pace, Polling
from channels.http import Http
from channels.outlet import InService, Outlets
from channels.seal import Seal
from config.clock import Clock
from config.logs import log
from db.database import Database
from db.notifier import Notifier
from scheduler.dispatch.pace import interval
from scheduler.inquiry import store
from scheduler.inquiry.store import Inquiry, Standing
from scheduler.receiver import Receiver

LEASE = timedelta(minutes=2)
"""Longer than one batch of questions can take."""
LONGEST_PAUSE = timedelta(hours=6)
TURN_SECONDS = 5.0
BUSY = timedelta(seconds=0.5)
BATCH_SECONDS = 0.25
"""So much of the outlet's pace is taken at a time: what is urgent need not wait longer for it."""

logger = log("inquirer")


class Inquirer:
    """Asks about parcels whose question is due; several processes share them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notifier: Notifier,
        outlets: Outlets,
        http: Http,
        receiver: Receiver,
        stopping: asyncio.Event,
        seal: Seal,
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._http = http
        self._receiver = receiver
        self._stopping = stopping
        self._seal = seal
        pollings = {at.name: (at, at.channel.polling(at.outlet)) for at in outlets}
        self._polled = {name: (at, polling) for name, (at, polling) in pollings.items() if polling is not None}

    async def inquire(self) -> int:
        """Ask each outlet's partner about what is due, for some seconds; how many deliveries were asked about."""
        if not self._polled:
            return 0
        async with self._database.glance() as connection:
            due = await store.due(connection, list(self._polled), self._clock.now())
        try:
            async with asyncio.TaskGroup() as asking:
                asked = [asking.create_task(self._outlet(*self._polled[name])) for name in due]
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        return sum(one.result() for one in asked)

    async def _outlet(self, at: InService, polling: Polling) -> int:
        begun, count, more = self._clock.steady(), 0, True
        while more and not self._is_late(begun):
            now = self._clock.now()
            async with self._database.write() as tx:
                held = await store.claim(self._database, tx, at.name, now, now + LEASE)
            if held is None:
                break
            asked, more = await self._round(at, polling, held, begun)
            count += asked
        return count

    def _is_late(self, begun: float) -> bool:
        return self._stopping.is_set() or self._clock.steady() - begun >= TURN_SECONDS

    async def _round(self, at: InService, polling: Polling, held: Inquiry, begun: float) -> tuple[int, bool]:
        """Go on with the round about a parcel; how many deliveries were asked about, and whether there is time for more."""
        async with self._database.read() as connection:
            standing = await store.standing(connection, self._seal, held)
        todo, count = sorted(standing.asked.items()), 0
        while todo:
            booked = await self._booked(at, polling)
            batch, todo = todo[: booked * polling.at_once], todo[booked * polling.at_once :]
            said, failed = await self._ask(at, polling, [asked for _, asked in batch])
            count += len(batch)
            over = failed or not batch or self._is_late(begun)
            pause = self._pause(polling, standing) if failed else BUSY if over else LEASE
            place = batch[-1][0] + 1 if batch else held.place
            kept = await self._note(held, said, place, pause)
            if kept is None or over:
                return count, kept is None
            held = kept
        await self._end(held, polling, standing)
        return count, True

    async def _booked(self, at: InService, polling: Polling) -> int:
        """How many questions may be asked at once now; a short while is waited for."""
        if not polling.paced:
            return 1
        pace = at.channel.pace_of(at.outlet)
        most = max(1, min(pace.at_once, int(pace.per_second * BATCH_SECONDS)))
        pause = interval(pace) * most / 1_000_000
        booked = await self._book(at.name, pace, most)
        if not booked and pause < 2 * BATCH_SECONDS:
            await self._clock.wait(asyncio.Event(), pause)
            booked = await self._book(at.name, pace, most)
        return booked

    async def _book(self, name: str, pace: Pace, most: int) -> int:
        async with self._database.write() as tx:
            return await store.book(self._database, tx, name, pace, most, self._clock.now())

    async def _ask(self, at: InService, polling: Polling, asked: Sequence[Asked]) -> tuple[list[Confirmation], bool]:
        """What is said about a batch, each question at its moment; and whether any was not answered."""
        step = interval(at.channel.pace_of(at.outlet)) / 1_000_000
        questions = [asked[place : place + polling.at_once] for place in range(0, len(asked), polling.at_once)]

        async def put(number: int, question: Sequence[Asked]) -> Sequence[Confirmation] | Exception:
            if number:
                await self._clock.wait(asyncio.Event(), number * step)
            try:
                return await at.channel.ask_all(question, at.outlet, self._http)
            except Exception as fault:  # noqa: BLE001 (what a plug-in raises is not ours to know)
                return fault

        answers = await asyncio.gather(*(put(*each) for each in enumerate(questions)))
        faults = [answer for answer in answers if isinstance(answer, Exception)]
        if faults:
            said = faults[0].en if isinstance(faults[0], SendError) else repr(faults[0])
            logger.warning("not_answered", outlet=at.name, questions=len(faults), said=said)
        return [one for answer in answers if not isinstance(answer, Exception) for one in answer], bool(faults)

    async def _note(self, held: Inquiry, said: Sequence[Confirmation], place: int, pause: timedelta) -> Inquiry | None:
        """Apply what was said and note how far it has come; None when somebody else has the parcel by now."""
        now = self._clock.now()
        async with self._database.write() as tx:
            if said:
                await self._receiver.confirm_all(tx, held.outlet, said, now)
            kept = await store.go_on(tx, held, place, now + pause)
        if said:
            self._notifier.ring("delivery")
        return kept

    async def _end(self, held: Inquiry, polling: Polling, standing: Standing) -> None:
        """A round is over: another follows while anything of the parcel may still come."""
        now = self._clock.now()
        async with self._database.write() as tx:
            if standing.under_way and now - standing.sent_at <= polling.within:
                await store.go_on(tx, held, 0, now + self._pause(polling, standing))
            else:
                await store.end(tx, held)

    def _pause(self, polling: Polling, standing: Standing) -> timedelta:
        """Until the next round: half of what has passed since the last of the parcel was sent."""
        return max(polling.after, min((self._clock.now() - standing.sent_at) / 2, LONGEST_PAUSE))
