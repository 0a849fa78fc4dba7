"""Correcting: an approved later text takes the place of the one that is out, and those who have that one can be told.

What stands on a shelf is replaced by a bulletin of its own, so that the log shows it; what has reached a person stays there,
and a correction goes to exactly those.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from scheduler.schedule import Rule, Schedule
from scheduler.scheduling import Scheduling, Wish

CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Reach:
    """How many people, by outlet, have an earlier text of an item for good, and who of them was told already."""

    people: dict[str, int]
    told: frozenset[str]

    @property
    def untold(self) -> dict[str, int]:
        """Those to whom no correction was sent."""
        return {outlet: count for outlet, count in self.people.items() if outlet not in self.told}


NOBODY = Reach({}, frozenset())


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
        groups = _grouped(standing)
        before = Filter(item=item.id, until=await self._approved_at(tx, item))
        if posted := await self._posted(tx, before):
            groups.setdefault(((item.id,), item.klass), []).extend(posted)
        made = []
        for (items, klass), outlets in groups.items():
            wanted = [id for id in items if await self._is_approved(tx, id)]
            rule = Rule(once=await self._soonest(tx, wanted, now))
            wish = Wish(tuple(wanted), tuple(outlets), rule, klass=klass, title=_title(item))
            made.append(await self._scheduling.add(tx, wish, by, may_approve=True))
        return made

    async def take_back(self, tx: AsyncConnection, item: Item) -> None:
        """A withdrawn item leaves every shelf now, and partners that can take it back are asked to."""
        now = self._clock.now()
        await shelf_store.take_off_shelves(tx, item.id, now)
        for outlet in await self._posted(tx, Filter(item=item.id)):
            await retraction_store.ask_back(self._database, tx, outlet, item, now)

    async def reach(self, connection: AsyncConnection, item: Item) -> Reach:
        """Whom earlier texts of an approved item, or any text of a withdrawn one, have reached one by one."""
        before = None if item.state is ItemState.WITHDRAWN else await self._approved_at(connection, item)
        counts = await log_store.stats(connection, Filter(item=item.id, until=before))
        people = {
            outlet: count
            for outlet, states in counts.items()
            if self._is_personal(outlet) and (count := sum(states[state] for state in DONE))
        }
        known = {row.name for row in await audience_store.audiences(connection)} if people else set()
        return Reach(people, frozenset(outlet for outlet in people if _audience(item, outlet) in known))

    async def tell(self, item: Item, by: str, *, may_approve: bool) -> list[Schedule]:
        """Send the corrected text to those, and only those, who have an earlier one; a schedule for each outlet.

        Raises Conflict when there is nobody, or everybody was told. The lists are made a chunk a transaction.
        """
        async with self._database.read() as connection:
            reach, before = await self.reach(connection, item), await self._approved_at(connection, item)
        if not reach.untold:
            raise Conflict("Không còn ai cần gửi đính chính", "There is nobody left to be told")
        made = []
        for outlet in reach.untold:
            await self._list(item, outlet, before)
            now = self._clock.now()
            wish = Wish((item.id,), (outlet,), Rule(once=now), audience=_audience(item, outlet), title=_title(item))
            async with self._database.write() as tx:
                made.append(await self._scheduling.add(tx, wish, by, may_approve=may_approve))
                count = reach.people[outlet]
                await self._journal.note(tx, now, by, "tell_correction", f"item/{item.id}", outlet=outlet, people=count)
        return made

    async def gather(self, item: Item, by: str) -> list[str]:
        """Names of lists of those, and only those, who have what was withdrawn, so that a notice can be sent to them.

        The notice is an item of its own, which somebody writes and a second person approves. Raises Conflict when there
        is nobody, or the lists are made.
        """
        async with self._database.read() as connection:
            reach = await self.reach(connection, item) if item.state is ItemState.WITHDRAWN else NOBODY
        if not reach.untold:
            raise Conflict("Không còn ai cần báo thu hồi", "There is nobody left to be told")
        for outlet in reach.untold:
            await self._list(item, outlet, None)
            async with self._database.write() as tx:
                noted = {"outlet": outlet, "people": reach.people[outlet]}
                await self._journal.note(tx, self._clock.now(), by, "gather", f"item/{item.id}", **noted)
        return [_audience(item, outlet) for outlet in reach.untold]

    async def _list(self, item: Item, outlet: str, before: datetime | None) -> None:
        """An audience of everybody that a text, before some moment, has reached by this outlet."""
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
                    self._database, tx, self._seal, id, _audience(item, outlet), some, now
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
    return any(part.item == item.id and part.revision != item.approved for part in one.bulletin.parts)


def _grouped(
    standing: Sequence[tuple[str, Shelved]],
) -> dict[tuple[tuple[str, ...], BulletinClass], list[str]]:
    """The outlets of bulletins of the same items and class: each is issued anew once."""
    groups: dict[tuple[tuple[str, ...], BulletinClass], list[str]] = {}
    for outlet, one in standing:
        items = tuple(dict.fromkeys(part.item for part in one.bulletin.parts))
        outlets = groups.setdefault((items, one.bulletin.klass), [])
        outlets += [] if outlet in outlets else [outlet]
    return groups


def _title(item: Item) -> str:
    return f"Bản sửa: {item.title}"


def _audience(item: Item, outlet: str) -> str:
    """The name of the list of those to be told of this text, or of its end, by this outlet; once made, they are told."""
    if item.state is ItemState.WITHDRAWN:
        return f"Đã nhận tin thu hồi {item.slug[-40:]} qua {outlet}"
    return f"Đính chính {item.approved} {outlet}"
