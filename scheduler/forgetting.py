"""Forgetting: who took part in a contest, erased once its time is over; answers, places and the log's states stay."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences import store as audience_store
from channels.people.store import digits_of
from channels.seal import NOBODY, Seal, SealBroken
from config.clock import Clock
from config.logs import log
from content.contests import store
from content.contests.announcing import MESSAGE, WINNER
from content.contests.contest import Contest, winners_list
from content.contests.entries import store as entries
from db.database import Database
from db.journal import Journal
from scheduler.delivery import LETTER, State
from scheduler.dispatch import people
from scheduler.dispatch import store as dispatch
from scheduler.log import store as log_store
from scheduler.log.store import Filter

logger = log("forgetting")


class Forgetting:
    """Once a day, for every contest whose time has come."""

    def __init__(self, database: Database, journal: Journal, clock: Clock, seal: Seal) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._seal = seal

    async def forget(self) -> int:
        """Erase; how many contests. Noted in the journal, and done again where something was on its way."""
        now = self._clock.now()
        async with self._database.read() as connection:
            due = await store.to_erase(connection, now)
        done = 0
        for one in due:
            done += await self._forget(one)
        return done

    async def _forget(self, one: Contest) -> bool:
        for item in (one.items[role] for role in (MESSAGE, WINNER) if role in one.items):
            if not await self._forget_deliveries(item):
                logger.warning("contest_not_erased_yet", contest=one.id)
                return False
        async with self._database.write() as tx:
            for delivery in await entries.codes_of(tx, one.id):
                await entries.forget_code(tx, delivery)
            count = await entries.forget_contest(tx, one.id)
            await audience_store.empty_list(tx, winners_list(one))
            await store.note_erased(tx, one.id, self._clock.now())
            await self._journal.note(tx, self._clock.now(), "Loa", "erase_contest", f"contest/{one.id}", number=count)
        return True

    async def _forget_deliveries(self, item: str) -> bool:
        """Take whom an item reached out of the log, a parcel a transaction; False while any of it is on its way."""
        places: defaultdict[int, dict[int, str]] = defaultdict(dict)
        async with self._database.read() as connection:
            async for each in log_store.walk(connection, Filter(item=item)):
                if not each.address.startswith(NOBODY):
                    places[each.parcel][each.seq] = each.address
        free = True
        for parcel, those in places.items():
            async with self._database.write() as tx:
                free &= await self._forget_parcel(tx, parcel, those)
        return free

    async def _forget_parcel(self, tx: AsyncConnection, parcel: int, those: dict[int, str]) -> bool:
        row = await dispatch.parcel_row(self._database, tx, parcel)
        if any(row.letters[seq] == LETTER[State.SENDING] for seq in those):
            return False
        await dispatch.wait_no_more(tx, [(parcel, seq) for seq in those])
        for address in those.values():
            try:
                digits = digits_of(self._seal.open(address))
            except SealBroken:
                continue
            await people.erase_recipients(tx, row, those.keys(), digits)
        return True
