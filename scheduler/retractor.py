"""Retractor: partners asked to take back what was withdrawn, again and again until they have, or say that they will not."""

from __future__ import annotations

from datetime import timedelta

from channels.answer import Refused, SendError
from channels.channel import Receipt
from channels.http import Http
from channels.outlet import Outlets
from config.clock import Clock
from config.logs import log
from content.bulletin import Part
from db.database import Database
from db.journal import Journal
from db.notifier import Notifier
from scheduler.retraction import store
from scheduler.retraction.store import Retraction
from scheduler.retry import next_try

LEASE = timedelta(minutes=5)
LONGEST = timedelta(days=30)
EVERY = timedelta(hours=6)
"""What is not taken back by then is asked for so often."""

logger = log("retractor")


class Retractor:
    """Asking twice does no harm, so no claim has to be kept."""

    def __init__(
        self, database: Database, clock: Clock, notifier: Notifier, outlets: Outlets, http: Http, journal: Journal
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._outlets = outlets
        self._http = http
        self._journal = journal

    async def retract(self) -> int:
        """Everything due once; how much there was."""
        now = self._clock.now()
        async with self._database.write() as tx:
            due = await store.claim(tx, now, now + LEASE)
        for one in due:
            await self._try(one)
        if due:
            self._notifier.ring("item")
        return len(due)

    async def _try(self, one: Retraction) -> None:
        try:
            receipt = await self._ask(one)
        except SendError as error:
            await self._put_off(one, error)
            return
        now = self._clock.now()
        async with self._database.write() as tx:
            await store.settle(tx, one, receipt.detail or receipt.reference, done_at=now, next_try_at=None)
            await self._journal.note(tx, now, "Loa", "retracted", f"item/{one.item}", outlet=one.outlet)

    async def _ask(self, one: Retraction) -> Receipt:
        at = self._outlets.get(one.outlet)
        if at is None:
            raise Refused("outlet", f"không còn điểm phát {one.outlet}", f"there is no outlet {one.outlet}")
        part = Part(one.item, "", "", one.slug, one.title, "", "", "", "")
        return await at.channel.withdraw(part, at.outlet, self._http)

    async def _put_off(self, one: Retraction, error: SendError) -> None:
        now = self._clock.now()
        again = None
        if not isinstance(error, Refused) and now < one.asked_at + LONGEST:
            hint = getattr(error, "retry_after", None)
            again = next_try(one.tries, now, now + LONGEST, hint=hint) or now + EVERY
        logger.warning("not_retracted", outlet=one.outlet, item=one.item, reason=error.reason, again=bool(again))
        async with self._database.write() as tx:
            await store.settle(tx, one, error.vi, done_at=None, next_try_at=again)
            if again is None:
                note = {"outlet": one.outlet, "note": error.vi}
                await self._journal.note(tx, now, "Loa", "not_retracted", f"item/{one.item}", **note)
