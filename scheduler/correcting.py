"""Correcting: an approved later text takes the place of the one that is out, and those who have that one can be told.

What stands on a shelf is replaced by a bulletin of its own, so that the log shows it; what has reached a person stays there,
and a correction, or the notice of a withdrawal, goes to exactly those.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences import store as audience_store
from channels.audiences.store import Recipient
from channels.channel import Shelved
from channels.outlet import Outlets
from channels.seal import ERASED, Seal
from channels.shelf import store as shelf_store
from config.clock import Clock
from config.words import BadInput, Conflict
from content import store as content_store
from content.bulletin import BulletinClass
from content.item import Item, ItemState
from db.database import Database
from db.journal import Journal
from db.types import new_id
from scheduler.delivery import DONE
from scheduler.log import store as log_store
from scheduler.log.store import Filter
from scheduler.retraction import store as retraction_store
from scheduler.ride import store as ride_store
from scheduler.schedule import Rule, Schedule
from scheduler.scheduling import Scheduling, Wish

CHUNK = 5_000
TOLD = "tell_correction"
"""How the journal calls it that those who have a text were told of another one, or of its end."""
MOST_DEEDS = 10_000


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people, by outlet, have an earlier text of an item for good, and by which outlets they were told."""

    people: dict[str, int]
    told: frozenset[str]

    @property
    def untold(self) -> dict[str, int]:
        """Those to whom neither a correction nor a notice was sent."""
        return {outlet: count for outlet, count in self.people.items() if outlet not in self.told}


NOBODY = Reach({}, frozenset())


def nobody_left() -> Conflict:
    """Everybody who has an earlier text was told, or nobody has one."""
    return Conflict("Không còn ai cần gửi đính chính", "There is nobody left to be told")


class Correcting:
    """Verbs that follow the approval of a corrected text. `by` is a person's written name."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        outlets: Outlets,
        scheduling: Scheduling,
        seal: Seal,
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._outlets = outlets
        self._scheduling = scheduling
        self._seal = seal

    async def replace(self, tx: AsyncConnection, item: Item, by: str) -> list[Schedule]:
        """The text just approved goes out at once wherever an earlier one stands; from stations' shelves that one is taken now.

        A portal shows the earlier one until the later is there. The schedules made for it; none when nothing stood.
        """
        now = self._clock.now()
        standing = [
            (outlet, one)
            for outlet, one in await shelf_store.holding(tx, item.id, now)
            if outlet in self._outlets and _is_earlier(one, item)
        ]
        away = [one.delivery for outlet, one in standing if not self._outlets[outlet].channel.shelf_public]
        await shelf_store.take_off(tx, away, item.id, now)
        await self._leave_behind(tx, item.id, now)
        groups = _grouped(standing)
        before = Filter(item=item.id, until=await self._approved_at(tx, item))
        if posted := await self._posted(tx, before):
            groups.setdefault(((item.id,), item.klass), []).extend(posted)
        made = []
        for (items, klass), outlets in groups.items():
            wanted = [id for id in items if await self._is_approved(tx, id)]
            rule = Rule(once=await self._soonest(tx, wanted, now))
            wish = Wish(tuple(wanted), tuple(outlets), rule, klass=klass, title=_title(item), unit=item.unit)
            made.append(await self._scheduling.add(tx, wish, by, may_approve=True))
        return made

    async def take_back(self, tx: AsyncConnection, item: Item) -> None:
        """A withdrawn item leaves every shelf now, and partners that can take it back are asked to."""
        now = self._clock.now()
        await shelf_store.take_off_shelves(tx, item.id, now)
        await self._leave_behind(tx, item.id, now)
        for outlet in await self._posted(tx, Filter(item=item.id)):
            await retraction_store.ask_back(self._database, tx, outlet, item, now)

    async def _leave_behind(self, tx: AsyncConnection, item: str, now: datetime) -> None:
        """What only carries it along stands and goes on without it."""
        await shelf_store.leave_behind(tx, item, now)
        await ride_store.leave_open_runs(self._database, tx, item)

    async def reach(self, connection: AsyncConnection, item: Item) -> Reach:
        """Whom earlier texts of an approved item, or any text of a withdrawn one, have reached one by one."""
        before = None if item.state is ItemState.WITHDRAWN else await self._approved_at(connection, item)
        counts = await log_store.stats(connection, Filter(item=item.id, until=before))
        people = {
            outlet: count
            for outlet, states in counts.items()
            if self._is_personal(outlet) and (count := sum(states[state] for state in DONE))
        }
        return Reach(people, await self._told(connection, item, before) if people else frozenset())

    async def tell(self, item: Item, by: str, *, may_approve: bool) -> list[Schedule]:
        """Send the corrected text to those, and only those, who have an earlier one; a schedule for each outlet.

        Raises Conflict when there is nobody, or everybody was told. The lists are made a chunk a transaction.
        """
        async with self._database.read() as connection:
            reach, before = await self.reach(connection, item), await self._approved_at(connection, item)
        if not reach.untold:
            raise nobody_left()
        await self._list(item, reach.untold, before)
        async with self._database.write() as tx:
            await content_store.lock_item(self._database, tx, item.id)
            told = await self._told(tx, item, before) != reach.told
            if told or not (made := await self._send(tx, item, item, reach.untold, by, may_approve=may_approve)):
                raise nobody_left()
            return made

    async def list_reached(self, notice: Item) -> None:
        """Lists of those, and only those, who have what a notice is about; to be made before the notice is approved."""
        if notice.notice_of:
            async with self._database.read() as connection:
                gone = await content_store.find_item(connection, notice.notice_of)
                reach = await self.reach(connection, gone)
            await self._list(gone, reach.untold, None)

    async def announce(self, tx: AsyncConnection, notice: Item, by: str) -> list[Schedule]:
        """The notice just approved goes at once to whoever has what it is about, once; a schedule for each outlet."""
        if not notice.notice_of:
            return []
        gone = await content_store.find_item(tx, notice.notice_of)
        reach = await self.reach(tx, gone)
        return await self._send(tx, notice, gone, reach.untold, by, may_approve=True)

    async def _send(
        self, tx: AsyncConnection, item: Item, about: Item, people: Mapping[str, int], by: str, *, may_approve: bool
    ) -> list[Schedule]:
        """An item to those who have something of `about` (which may be itself), by each outlet; noted there, so that it is once."""
        now, made = self._clock.now(), []
        lists = {one.name: one.id for one in await audience_store.audience_names(tx)} if people else {}
        for outlet, count in people.items():
            audience, scheme = _audience(about, outlet), self._outlets[outlet].channel.scheme
            if audience not in lists or not await audience_store.count_recipients(tx, lists[audience], scheme):
                continue  # they were erased, or want nothing any more
            title = item.title if item.notice_of else _title(item)
            wish = Wish((item.id,), (outlet,), Rule(once=now), audience=audience, title=title)
            made.append(await self._scheduling.add(tx, wish, by, may_approve=may_approve))
            await self._journal.note(tx, now, by, TOLD, f"item/{about.id}", outlet=outlet, people=count)
        return made

    async def _told(self, connection: AsyncConnection, item: Item, since: datetime | None) -> frozenset[str]:
        """Outlets by which those who have an earlier text, or what was withdrawn, were told."""
        deeds = await self._journal.of(connection, f"item/{item.id}", limit=MOST_DEEDS)
        told = [deed for deed in deeds if deed.verb == TOLD and (since is None or deed.at >= since)]
        return frozenset(deed.detail["outlet"] for deed in told)

    async def _list(self, item: Item, outlets: Iterable[str], before: datetime | None) -> None:
        """Audiences of everybody that a text, before some moment, has reached by each of these outlets."""
        for outlet in outlets:
            await self._list_of(item, outlet, before)

    async def _list_of(self, item: Item, outlet: str, before: datetime | None) -> None:
        scheme, id = self._outlets[outlet].channel.scheme, new_id(self._clock.now())
        wanted = Filter(item=item.id, outlets=(outlet,), states=tuple(DONE), until=before)
        people: dict[str, Recipient] = {}
        async with self._database.read() as connection:
            async for one in log_store.walk(connection, wanted):
                if one.address != ERASED:
                    address = self._seal.close(scheme, one.address)
                    people[address] = Recipient(scheme, address, one.name, f"đã nhận tin {item.slug}")
        everybody = list(people.values())
        for begin in range(0, len(everybody), CHUNK):
            async with self._database.write() as tx:
                now, some = self._clock.now(), everybody[begin : begin + CHUNK]
                await audience_store.save_audience(
                    self._database, tx, self._seal, id, _audience(item, outlet), some, now, unit=item.unit
                )

    async def _posted(self, connection: AsyncConnection, wanted: Filter) -> list[str]:
        """Outlets whose partner has something of it and lets it be replaced or taken back."""
        sent = await log_store.stats(connection, wanted)
        return [
            outlet
            for outlet, states in sent.items()
            if outlet in self._outlets
            and self._outlets[outlet].channel.replaces
            and any(states[state] for state in DONE)
        ]

    def _is_personal(self, outlet: str) -> bool:
        return outlet in self._outlets and bool(self._outlets[outlet].channel.scheme)

    async def _approved_at(self, connection: AsyncConnection, item: Item) -> datetime:
        if item.state is not ItemState.APPROVED or item.approved is None:
            raise BadInput("Bản sửa chưa được duyệt", "The corrected text is not approved", field="item")
        verdicts = await content_store.approvals_of(connection, item.approved)
        return max(one.at for one in verdicts if one.verdict == "approved")

    async def _is_approved(self, connection: AsyncConnection, id: str) -> bool:
        item = await content_store.find_item(connection, id)
        return item.state is ItemState.APPROVED

    async def _soonest(self, connection: AsyncConnection, ids: Sequence[str], now: datetime) -> datetime:
        """Now, or when the last of the texts becomes valid."""
        begins = [now]
        for id in ids:
            item = await content_store.find_item(connection, id)
            revision = await content_store.find_revision(connection, item.approved or item.revision)
            begins += [revision.valid_from] if revision.valid_from else []
        return max(begins)


def _is_earlier(one: Shelved, item: Item) -> bool:
    return any(part.item == item.id and part.revision != item.approved for part in one.bulletin.own)


def _grouped(
    standing: Sequence[tuple[str, Shelved]],
) -> dict[tuple[tuple[str, ...], BulletinClass], list[str]]:
    """The outlets of bulletins of the same items and class: each is issued anew once."""
    groups: dict[tuple[tuple[str, ...], BulletinClass], list[str]] = {}
    for outlet, one in standing:
        items = tuple(dict.fromkeys(part.item for part in one.bulletin.own))
        outlets = groups.setdefault((items, one.bulletin.klass), [])
        outlets += [] if outlet in outlets else [outlet]
    return groups


def _title(item: Item) -> str:
    return f"Bản sửa: {item.title}"


def _audience(item: Item, outlet: str) -> str:
    """The name of the list of those to be told of this text, or of its end, by this outlet."""
    if item.state is ItemState.WITHDRAWN:
        return f"{audience_store.RETOLD}tin thu hồi {item.slug[-40:]} qua {outlet}"
    return f"{audience_store.RETOLD}bản trước của “{item.title[:80]}” qua {outlet} ({item.approved})"
