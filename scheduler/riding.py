"""The office's verbs on rides: add, approve, send back, end; and what a ride will come to.

The same two people stand behind a ride as behind a schedule: whoever made it or wrote its text does not approve it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences.store import ONES_OWN
from channels.outlet import Outlets
from config.clock import Clock
from config.words import BadInput, Conflict, NotAllowed
from content import store as content_store
from content.bulletin import OWN, Purpose
from content.item import Item, ItemState, Revision, same_person
from db.database import Database
from db.journal import Journal
from db.types import new_id
from scheduler import store as scheduler_store
from scheduler.ride import store
from scheduler.ride.ride import Host, Ride, RideState, check
from scheduler.schedule import Schedule, find_zone

AHEAD = timedelta(days=28)
MOST_RUNS = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for, as in Ride; `themes` by id, none of them for any. `unit`: whose bulletins carry it."""

    item: str
    outlets: tuple[str, ...]
    begins: date
    ends: date
    themes: tuple[str, ...] = ()
    weeks: int = 1
    share: int = 100
    unit: str = ""


class Coming(NamedTuple):
    """A run ahead that is a host, and whether it carries the text as things stand."""

    at: datetime
    schedule: str
    title: str
    carries: bool


class Riding:
    """Verbs that change rides; each runs in the transaction it is given. `by` is a person's written name."""

    def __init__(self, database: Database, journal: Journal, clock: Clock, outlets: Outlets, zone: tzinfo) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._outlets = outlets
        self._zone = zone

    def carriers(self) -> list[str]:
        """Outlets that can carry something along, by name."""
        return [at.name for at in self._outlets if at.channel.carries]

    async def add(self, tx: AsyncConnection, wish: Wish, by: str, *, may_approve: bool) -> Ride:
        """Store a ride; approved at once when `by` may approve and did not write its text. Raises BadInput, NotFound."""
        now = self._clock.now()
        item, revision = await self._approved(tx, wish.item)
        one = Ride(
            id=new_id(now),
            item=item.id,
            revision=revision.id,
            text=revision.digest,
            outlets=tuple(dict.fromkeys(wish.outlets)),
            themes=tuple(dict.fromkeys(wish.themes)),
            begins=wish.begins,
            ends=wish.ends,
            weeks=wish.weeks,
            share=wish.share,
            unit=wish.unit,
            state=RideState.IN_REVIEW,
            made_by=by,
            made_at=now,
        )
        check(one, self.carriers())
        await self._check_themes(tx, one)
        if one.ends < now.astimezone(self._zone).date():
            raise BadInput("Ngày cuối đã qua", "The last day is over", field="ends")
        if may_approve and not await self._wrote(tx, one, by):
            one = replace(one, state=RideState.APPROVED, decided_by=by, decided_at=now)
        await store.add(tx, one)
        told = {"item": item.id, "digest": one.digest}
        await self._journal.note(tx, now, by, "add_ride", f"ride/{one.id}", state=one.state.value, **told)
        return one

    async def approve(
        self, tx: AsyncConnection, id: str, by: str, *, digest: str = "", note: str = "", instead_of: str = ""
    ) -> Ride:
        """Allow one as it stands. NotAllowed for who made it or wrote its text; Conflict when it or its text has changed."""
        one = await store.find(tx, id)
        if digest and digest != one.digest:
            raise Conflict("Lồng ghép đã thay đổi sau khi bạn mở", "The ride has changed; look at it again")
        for person in filter(None, (by, instead_of)):
            if same_person(person, one.made_by) or await self._wrote(tx, one, person):
                raise NotAllowed(
                    f"{person} đã lập lồng ghép hoặc viết tin này nên không được tự duyệt; cần người thứ hai",
                    f"{person} made this ride or wrote its text and may not approve it; a second person must",
                )
        item, revision = await self._approved(tx, one.item)
        if revision.id != one.revision:
            raise Conflict(
                f"Tin “{item.title}” đã có bản mới; hãy lập lồng ghép khác", "Its text has changed; make another ride"
            )
        told = {"digest": one.digest} | ({"instead_of": instead_of} if instead_of else {})
        return await self._move(tx, one, RideState.APPROVED, by, "approve", note, told)

    async def send_back(self, tx: AsyncConnection, id: str, by: str, note: str) -> Ride:
        """Refuse one that waits for approval; the reason is obligatory."""
        if not note.strip():
            raise BadInput("Hãy ghi lý do trả lại", "Say why it is sent back", field="note")
        return await self._move(tx, await store.find(tx, id), RideState.SENT_BACK, by, "send_back", note, {})

    async def end(self, tx: AsyncConnection, id: str, by: str, note: str = "") -> Ride:
        """Let it ride no more, from the next run on; what carries it already goes as it was planned."""
        return await self._move(tx, await store.find(tx, id), RideState.ENDED, by, "end", note, {})

    async def _move(
        self, tx: AsyncConnection, one: Ride, to: RideState, by: str, verb: str, note: str, told: dict[str, str]
    ) -> Ride:
        from_states = {RideState.IN_REVIEW, RideState.APPROVED} if to is RideState.ENDED else {RideState.IN_REVIEW}
        now = self._clock.now()
        if one.state not in from_states or not await store.move(tx, one, to, by, now, note.strip()):
            raise Conflict("Lồng ghép này đã được xử lý", "This ride has been decided on already")
        await self._journal.note(tx, now, by, verb, f"ride/{one.id}", note=note.strip(), **told)
        return replace(one, state=to, decided_by=by, decided_at=now, note=note.strip())

    async def coming(self, connection: AsyncConnection, one: Ride) -> list[Coming]:
        """Its hosts of the next four weeks, soonest first, of the schedules that run now; other rides are not reckoned with."""
        now, found = self._clock.now(), list[Coming]()
        schedules = await scheduler_store.coming_schedules(connection, now + AHEAD)
        texts = {text.revision for schedule in schedules for text in schedule.items}
        revisions = await content_store.revisions_by_id(connection, texts)
        runs = [(due, one) for one in schedules if _may_host(one, revisions) for due in _dues(one, now)]
        seen = one.seen
        for due, schedule in sorted(runs, key=lambda run: run[0])[:MOST_RUNS]:
            themes = frozenset(revisions[text.revision].theme for text in schedule.items)
            items, day = (
                frozenset(text.item for text in schedule.items),
                due.astimezone(find_zone(schedule.zone)).date(),
            )
            if one.fits(Host(schedule.klass, items, themes, schedule.outlets, schedule.unit, day)):
                found.append(Coming(due, schedule.id, schedule.title, one.takes(seen)))
                seen += 1
        return found

    async def _check_themes(self, connection: AsyncConnection, one: Ride) -> None:
        known = {id for id, _ in await content_store.themes(connection)}
        if strange := [theme for theme in one.themes if theme not in known]:
            vi = f"Không có chủ đề {strange[0][:40]}"
            raise BadInput(vi, f"There is no theme {strange[0][:40]}", field="theme")

    async def _wrote(self, connection: AsyncConnection, one: Ride, name: str) -> bool:
        writers = await content_store.writers_of(connection, one.item)
        return any(same_person(name, writer) for writer in writers)

    async def _approved(self, connection: AsyncConnection, id: str) -> tuple[Item, Revision]:
        """The text, if it may ride. Raises BadInput, NotFound."""
        item = await content_store.find_item(connection, id)
        if item.state is not ItemState.APPROVED or item.approved is None:
            raise BadInput(
                f"Tin “{item.title}” chưa được duyệt nên chưa lồng ghép được",
                f"Item {item.id} is not approved and cannot ride yet",
                field="item",
            )
        revision = await content_store.find_revision(connection, item.approved)
        if revision.purpose is not Purpose.OUTREACH or any(mark in revision.short + revision.chat for mark in OWN):
            raise BadInput(
                "Chỉ lồng ghép được tin thông tin, tuyên truyền",
                "Only information and outreach rides along with others",
                field="item",
            )
        return item, revision


def _may_host(one: Schedule, revisions: dict[str, Revision]) -> bool:
    texts = [revisions.get(text.revision) for text in one.items]
    own = one.audience.startswith(ONES_OWN)
    return not own and all(text is not None and text.purpose is Purpose.OUTREACH for text in texts)


def _dues(one: Schedule, now: datetime) -> Sequence[datetime]:
    """Its runs of the next four weeks."""
    found, due = list[datetime](), one.next_due_at
    while due is not None and due < now + AHEAD and len(found) < MOST_RUNS:
        found.append(due)
        due = one.next_due(due)
    return found
