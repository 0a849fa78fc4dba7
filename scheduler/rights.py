"""Rights: what is kept of one person, told or erased (Personal Data Protection Law 91/2025/QH15), and who may see a number."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from channels import tags
from channels.audience import masked
from channels.classes import store as class_store
from channels.classes.people import store as class_people_store
from channels.classes.training import Person, TrainingClass
from channels.feedback import store as feedback_store
from channels.people import store as people_store
from channels.seal import NOBODY, Seal, SealBroken
from config.clock import Clock
from config.words import BadInput, Conflict, NotFound
from content.contests.entries import store as entries
from content.contests.entries.store import Entry
from db.database import Database
from db.journal import Journal
from scheduler.delivery import LETTER, Delivery, State
from scheduler.dispatch import people
from scheduler.dispatch import store as dispatch
from scheduler.handling import Handling
from scheduler.log import store as log_store
from scheduler.log.store import Filter


@dataclass(frozen=True, slots=True)
class Erased:
    """From how many lists somebody was taken, how many deliveries no longer name them, how many were still to go."""

    lists: int
    deliveries: int
    cancelled: int


class Rights:
    """Acts of an administrator, each noted in the journal with the number masked."""

    def __init__(self, database: Database, journal: Journal, clock: Clock, handling: Handling, seal: Seal) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._handling = handling
        self._seal = seal

    async def tell(self, scheme: str, address: str, by: str) -> dict[str, Any]:
        """Everything kept of a person, JSON-ready but for moments. NotFound when there is nothing."""
        async with self._database.read() as connection:
            rows = await people_store.standings(connection, self._seal, scheme, address)
            stopped = await people_store.opted_out(connection, self._seal, scheme, address)
            wanted = Filter(addresses=self._seal.forms(address))
            written = await feedback_store.of_person(connection, self._seal, scheme, address)
            places = await class_people_store.places_of(connection, self._seal, scheme, address)
            classes = [_place(await class_store.find(connection, one.klass), one) for one in places]
            papers = await entries.of_person(connection, self._seal.forms(address))
            deliveries = [_told(one) async for one in log_store.walk(connection, wanted)]
        if not (rows or stopped or deliveries or written or classes or papers):
            raise NotFound("Không lưu gì về người này", "Nothing is kept of this person", field="address")
        async with self._database.write() as tx:
            now = self._clock.now()
            await self._journal.note(tx, now, by, "export_person", _person(address), deliveries=len(deliveries))
        return {
            "address": address,
            "told_at": now,
            "lists": [_standing(row) for row in rows],
            "opted_out": None if stopped is None else {"at": stopped.at, "how": stopped.how},
            "deliveries": deliveries,
            "written": [{"at": one.received_at, "name": one.name, "text": one.text} for one in written],
            "classes": classes,
            "contests": [self._paper(one) for one in papers],
        }

    def _paper(self, one: Entry) -> dict[str, Any]:
        about = {"contest": one.contest, "at": one.begun_at, "name": self._seal.open_text(one.name)}
        return about | {"place": one.place, "guess": one.guess, "prize": one.prize}

    async def show_number(self, tx: AsyncConnection, id: str, by: str, reason: str) -> str:
        """Whom a delivery is for, whole; who looked, and why, stays in the journal. NotFound when it names nobody (any more)."""
        if not reason.strip():
            raise BadInput("Hãy ghi vì sao cần xem cả số", "Say why the whole number is needed", field="number")
        one = (await log_store.story(tx, id)).delivery
        missing = NotFound("Lượt này không còn ghi gửi cho ai", "This delivery names nobody (any more)")
        if one.address == one.outlet or one.address.startswith(NOBODY):
            raise missing
        try:
            address = self._seal.open(one.address)
        except SealBroken:
            raise missing from None
        await self._journal.note(tx, self._clock.now(), by, "show_number", f"delivery/{id}", note=reason.strip()[:300])
        return address

    async def erase(self, scheme: str, address: str, by: str, reason: str) -> Erased:
        """Nothing more is sent, and nothing names the person but a seal that keeps the next import from bringing them back.

        Counts and states of the log stay. Conflict while something is on its way: then only the sending has stopped.
        """
        if not reason.strip():
            raise BadInput("Hãy ghi lý do xóa", "Say why", field="reason")
        async with self._database.write() as tx:
            cancelled = await self._handling.opt_out(tx, scheme, address, by, "")
        async with self._database.write() as tx:
            places = await self._places(tx, address)
            for parcel, seqs in places.items():
                await self._erase(tx, parcel, seqs, address)
            lists = await people_store.forget_person(tx, self._seal, scheme, address)
            await feedback_store.forget_person(tx, self._seal, scheme, address)
            await class_people_store.forget_person(tx, self._seal, scheme, address)
            await entries.forget_person(tx, self._seal.forms(address))
            done = Erased(lists, sum(map(len, places.values())), cancelled)
            about = {"reason": reason.strip()[:300], "lists": done.lists, "deliveries": done.deliveries}
            await self._journal.note(tx, self._clock.now(), by, "erase_person", _person(address), **about)
        return done

    async def _places(self, tx: AsyncConnection, address: str) -> dict[int, set[int]]:
        """Where the person stands in parcels."""
        places: defaultdict[int, set[int]] = defaultdict(set)
        async for one in log_store.walk(tx, Filter(addresses=self._seal.forms(address))):
            places[one.parcel].add(one.seq)
        return places

    async def _erase(self, tx: AsyncConnection, parcel: int, seqs: set[int], address: str) -> None:
        row = await dispatch.parcel_row(self._database, tx, parcel)
        if any(row.letters[seq] == LETTER[State.SENDING] for seq in seqs):
            raise Conflict(
                "Đã ngừng gửi tới người này, nhưng còn một lượt đang trên đường; hãy xóa lại sau một phút",
                "Nothing more is sent, but a delivery is on its way; erase again in a minute",
            )
        # a partner would be asked about a number that nobody knows any more
        await dispatch.wait_no_more(tx, [(parcel, seq) for seq in seqs])
        await people.erase_recipients(tx, row, seqs, people_store.digits_of(address))


def _person(address: str) -> str:
    return f"recipient/{masked(address)}"


def _place(course: TrainingClass, one: Person) -> dict[str, Any]:
    """Somebody's place in a class: what they answered, and when they came."""
    came = [each.begins_at for each in course.sessions if each.id in one.attended]
    return {
        "title": course.title,
        "name": one.name,
        "answer": one.answer,
        "answered_at": one.answered_at,
        "attended": came,
    }


def _standing(row: Any) -> dict[str, Any]:
    kept = {"list": row.list, "name": row.name, "added_at": row.added_at, "stopped_at": row.stopped_at}
    source = {
        "file": row.file,
        "sha256": row.sha256,
        "line": row.line,
        "taken_in_by": row.taken_by,
        "taken_in_at": row.taken_at,
    }
    consent = {"text": row.consent, "at": row.consent_at, "source": source if row.file else None}
    return kept | {"tags": dict(tags.read(row.tags)), "consent": consent}


def _told(one: Delivery) -> dict[str, Any]:
    tries = [{"at": each.at, "outcome": each.outcome, "detail": each.detail} for each in one.attempts]
    about = {"id": one.id, "title": one.title, "outlet": one.outlet, "state": one.state.value, "due_at": one.due_at}
    last: datetime | None = one.attempts[-1].at if one.attempts else None
    return about | {"name": one.name, "last_try_at": last, "attempts": tries}
