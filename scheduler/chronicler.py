"""Chronicler: makes events of what is already durable, the journal and parcels, and assigns each to who subscribes to it.

How far it has come is written in the transaction that writes the events, so none is lost and none made up, whoever dies.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from config.clock import Clock
from content import store as content_store
from db.database import Database
from db.journal import Deed, Journal
from db.notifier import Notifier
from db.types import spell, to_ms
from scheduler.delivery import LETTER, State
from scheduler.dispatch.carriers import carriers
from scheduler.events import store
from scheduler.events.event import KEPT, OF_JOURNAL, UNTOLD, Event, Kind, news_of, told_with
from scheduler.events.store import Watched
from scheduler.subscription import store as subscription_store

AT_ONCE = 100
SETTLING = timedelta(seconds=20)
"""So long answers that are still out are waited for, before a parcel is told without them."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
"""Reports come in one by one: what has changed since is told again, the seldomer the older a parcel is."""
PRUNE_EVERY = timedelta(days=1)
OVER = frozenset(LETTER[state] for state in (State.CONFIRMED, State.CANCELLED))
"""Of these nothing else can come."""
LOA = "Loa"


class Chronicler:
    """Several processes share the work: each line of the journal and each parcel is one's alone while it is told."""

    def __init__(self, database: Database, clock: Clock, notifier: Notifier, journal: Journal) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._journal = journal
        self._pruned_at: datetime | None = None

    async def collect(self) -> int:
        """Everything that happened since the last time; how many events were made or assigned. Nothing, if nobody wants any."""
        await self._prune()
        async with self._database.read() as connection:
            wanted = await store.wanted(connection)
        if not wanted:
            return 0
        count = await self._of_journal() if wanted & OF_JOURNAL else 0
        count += await self._of_parcels() if Kind.DELIVERY_FINAL in wanted else 0
        assigned = await self._assign()
        if assigned:
            self._notifier.ring("herald")
        return count + assigned

    # --- the journal ---------------------------------------------------------------------------------------------------

    async def _of_journal(self) -> int:
        count = 0
        while True:
            async with self._database.read() as connection:
                if await self._journal.newest(connection) <= await store.journal_at(connection):
                    return count
            async with self._database.write() as tx:
                seq = await store.hold_journal_at(self._database, tx)
                deeds = await self._journal.after(tx, seq)
                if not deeds:
                    return count
                wanted = await store.wanted(tx)
                events = [one for deed in deeds if (one := await _event_of(tx, deed)) and one.kind in wanted]
                count += await store.add(self._database, tx, events)
                await store.set_journal_at(tx, deeds[-1].seq)

    # --- parcels -------------------------------------------------------------------------------------------------------

    async def _of_parcels(self) -> int:
        count = 0
        while True:
            now = self._clock.now()
            async with self._database.read() as connection:
                ids = await store.parcels_to_tell(connection, now, AT_ONCE)
            if not ids:
                return count
            async with self._database.write() as tx:
                held = await store.hold_parcels(self._database, tx, ids, now)
                events = [one for watched in held if (one := await self._look(tx, watched, now))]
                count += await store.add(self._database, tx, events)
            if not held:
                return count  # another process has them

    async def _look(self, tx: AsyncConnection, one: Watched, now: datetime) -> Event | None:
        """What of a parcel has become final since it was last told; and when it is looked at again, if ever."""
        row = one.row
        if one.is_fresh and row.state != "done":
            await store.set_told(tx, one, one.letters, one.round, now + SETTLING)
            return None
        news = news_of(row.letters, one.letters)
        is_news = bool(set(news) - {UNTOLD})
        letters, round = told_with(one.letters, news), one.round + is_news
        sent_at = row.window_at or row.due_at
        if set(row.letters) <= OVER or now - sent_at > KEPT:
            await store.drop_parcel(tx, one)
        else:
            pause = max(FIRST_PAUSE, min((now - sent_at) / 2, LONGEST_PAUSE))
            await store.set_told(tx, one, letters, round, now + pause)
        return await _final(tx, one, news, round, now) if is_news else None

    # --- who is told ---------------------------------------------------------------------------------------------------

    async def _assign(self) -> int:
        count = 0
        while True:
            async with self._database.read() as connection:
                if not await store.any_new(connection):
                    return count
            async with self._database.write() as tx:
                events = await store.new_events(self._database, tx, AT_ONCE)
                if not events:
                    return count  # another process has them
                await subscription_store.assign(self._database, tx, events, self._clock.now())
                await store.set_spread(tx, events)
                count += len(events)

    async def _prune(self) -> None:
        """Once a day, forget what is older than a month."""
        now = self._clock.now()
        if self._pruned_at is not None and now - self._pruned_at < PRUNE_EVERY:
            return
        self._pruned_at = now
        async with self._database.read() as connection:
            if not await store.any_older(connection, now - KEPT):
                return
        async with self._database.write() as tx:
            await subscription_store.prune(tx, now - KEPT)
            await store.prune(tx, now - KEPT)


async def _event_of(tx: AsyncConnection, deed: Deed) -> Event | None:
    """What a line of the journal is to others, if it is anything. Persons and their notes on approvals stay here."""
    place, _, name = deed.thing.partition("/")
    if (place, deed.verb) == ("item", "approve"):
        about = await _approved(tx, name, deed)
        return Event(_id("approved", deed), Kind.ITEM_APPROVED, deed.at, deed.thing, about)
    if place == "outlet" and deed.verb in {"pause", "pause_outlet"}:
        reason = deed.detail.get("reason") or deed.detail.get("note") or ""
        about = {"outlet": name, "by_loa": deed.person == LOA, "reason": reason}
        return Event(_id("paused", deed), Kind.OUTLET_PAUSED, deed.at, deed.thing, about)
    return None


def _id(lead: str, deed: Deed) -> str:
    """With its moment too: after a restore of a backup other deeds may have the same numbers."""
    return f"{lead}-{deed.seq}-{to_ms(deed.at)}"


async def _approved(tx: AsyncConnection, item_id: str, deed: Deed) -> dict[str, object]:
    item, digest = await content_store.find_item(tx, item_id), deed.detail["digest"]
    newest_first = await content_store.revisions_of(tx, item_id)
    one = next(each for each in newest_first if each.made_at <= deed.at and each.digest == digest)
    return {
        "item": item.id,
        "revision": one.id,
        "digest": digest,
        "slug": item.slug,
        "title": one.title,
        "class": one.klass.value,
        "theme": one.theme,
        "language": one.language,
        "valid_until": one.valid_until.isoformat() if one.valid_until else None,
    }


async def _final(tx: AsyncConnection, one: Watched, news: str, round: int, now: datetime) -> Event:
    row = one.row
    word, mark = spell(row.id), hashlib.sha256(f"{one.letters} {news}".encode()).hexdigest()[:8]
    about = {
        "occurrence": row.occurrence,
        "schedule": one.schedule,
        "outlet": row.outlet,
        "parcel": row.id,
        "letters": news,
        "others": {str(seq): outlet for seq, outlet in (await carriers(tx, row)).items()},
    }
    return Event(f"final-{word}-{round}-{mark}", Kind.DELIVERY_FINAL, now, f"parcel/{word}", about)
