"""The office's verbs on what people write to it: answered by an approved item, which who asked is sent; closed, opened again.

Decree 49/2024/NĐ-CP, Article 29: what people report is answered, and the answer is made public.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences import store as audience_store
from channels.audiences.store import Recipient
from channels.feedback import store
from channels.feedback.feedback import Feedback, Source, Standing
from channels.outlet import Outlets
from channels.seal import Seal
from config.clock import Clock
from config.words import BadInput, Conflict, Word, joined
from content import store as content_store
from content.item import Item, ItemState
from content.procedures import store as procedure_store
from db.database import Database
from db.journal import Journal
from db.types import new_id
from scheduler.policy import Policy
from scheduler.schedule import Rule, Schedule
from scheduler.scheduling import Scheduling, Sent, Wish


class Answering:
    """Verbs that change feedback. `by` is a person's written name."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        outlets: Outlets,
        scheduling: Scheduling,
        policy: Policy,
        seal: Seal,
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._outlets = outlets
        self._scheduling = scheduling
        self._policy = policy
        self._seal = seal

    async def put_under(self, tx: AsyncConnection, id: str, theme: str, procedure: str, by: str) -> None:
        """Say which theme and which procedure it is about; empty for none. Raises BadInput, NotFound."""
        one = await store.find(tx, self._seal, id)
        if theme and theme not in dict(await content_store.themes(tx)):
            raise BadInput("Chọn chủ đề trong danh sách", f"There is no theme {theme}", field="theme")
        if procedure:
            await procedure_store.find(tx, procedure)
        await store.change(tx, one.id, theme=theme, procedure=procedure)
        await self._note(tx, by, "put_under", one, theme=theme, procedure=procedure)

    async def answer(self, tx: AsyncConnection, id: str, item_id: str, by: str) -> Item:
        """Have an item answer it: one that is being written, or is out already. Raises Conflict, NotFound."""
        one, item = await store.find(tx, self._seal, id), await content_store.find_item(tx, item_id)
        if one.standing in {Standing.ANSWERED, Standing.ANSWERING}:
            raise Conflict("Đã có tin trả lời câu này", "There is an item that answers it already", field="item")
        if item.state is ItemState.WITHDRAWN:
            raise Conflict(f"Tin “{item.title}” đã thu hồi", f"Item {item.id} is withdrawn", field="item")
        await store.change(tx, one.id, answer=item.id, closed_at=None, closed_by="", reason="", told_at=None)
        if one.procedure:
            last = await procedure_store.last_changes(tx, [one.procedure])
            await procedure_store.cite(self._database, tx, item.id, [one.procedure], last.get(one.procedure, ""))
        await self._note(tx, by, "answer", one, item=item.id)
        return item

    async def close(self, tx: AsyncConnection, id: str, by: str, reason: str) -> None:
        """Nothing is to be answered; the reason is obligatory. Raises BadInput, Conflict."""
        one = await store.find(tx, self._seal, id)
        if not reason.strip():
            raise BadInput("Hãy ghi lý do không trả lời", "Say why it needs no answer", field="note")
        if one.standing is Standing.CLOSED:
            raise Conflict("Câu này đã đóng", "It is closed already")
        told = {"closed_at": self._clock.now(), "closed_by": by, "reason": reason.strip()[:1000]}
        await store.change(tx, one.id, **told)
        await self._note(tx, by, "close", one, note=reason.strip()[:1000])

    async def reopen(self, tx: AsyncConnection, id: str, by: str) -> None:
        """It is to be answered after all. Raises Conflict."""
        one = await store.find(tx, self._seal, id)
        if one.standing is not Standing.CLOSED:
            raise Conflict("Câu này đang mở", "It is open")
        await store.change(tx, one.id, closed_at=None, closed_by="", reason="")
        await self._note(tx, by, "reopen", one)

    async def tell(self, tx: AsyncConnection, item: Item, by: str) -> Sent:
        """Send an item, just approved, to everybody whom it answers and who can be reached; each is told once.

        Who wrote to an outlet is answered by it, who left a number on a portal by an outlet of the same unit that sends to
        numbers. What the rules forbid is not sent, and said.
        """
        groups: defaultdict[str, list[Feedback]] = defaultdict(list)
        for one in await store.answered_by(tx, self._seal, item.id):
            outlet = self._outlet_for(one)
            wants = one.told_at is None and one.standing is Standing.ANSWERED
            if outlet and wants and not await audience_store.is_opted_out(tx, self._seal, one.scheme, one.address):
                groups[outlet].append(one)
        made, refused, now = list[Schedule](), list[Word](), self._clock.now()
        for outlet, asked in groups.items():
            broken = await self._forbidden(tx, item, outlet)
            if broken:
                refused.append(joined((self._outlets[outlet].outlet.title, broken), ": "))
            else:
                made.append(await self._send(tx, item, outlet, asked, by, now))
        return Sent(tuple(made), tuple(refused))

    async def _forbidden(self, tx: AsyncConnection, item: Item, outlet: str) -> str:
        """Why the rules keep an answer from going out there, in words; empty when they do not."""
        if item.approved is None:
            return Word("tin chưa được duyệt", "the item is not approved")
        revision = await content_store.find_revision(tx, item.approved)
        return self._policy.forbids(self._outlets[outlet], {revision.purpose}, self._clock.now())

    def _outlet_for(self, one: Feedback) -> str:
        if not one.address:
            return ""
        if one.source is not Source.PORTAL:
            return one.outlet if one.outlet in self._outlets else ""
        mine = (at.name for at in self._outlets if at.unit == one.unit and at.channel.scheme == one.scheme)
        return next(mine, "")

    async def _send(
        self, tx: AsyncConnection, item: Item, outlet: str, asked: list[Feedback], by: str, now: datetime
    ) -> Schedule:
        scheme = self._outlets[outlet].channel.scheme
        people = {
            one.address: Recipient(scheme, one.address, one.name, f"đã hỏi ngày {one.received_at:%d/%m/%Y}")
            for one in asked
        }
        id = new_id(now)
        name = f"{audience_store.ASKED}{item.title[:60]} ({id[-6:]})"
        told = (id, name, list(people.values()), now)
        await audience_store.save_audience(self._database, tx, self._seal, *told, unit=asked[0].unit)
        title = f"Trả lời người hỏi: {item.title}"[:300]
        wish = Wish((item.id,), (outlet,), Rule(once=now), audience=name, title=title, unit=asked[0].unit)
        for one in asked:
            await store.change(tx, one.id, told_at=now)
        return await self._scheduling.add(tx, wish, by, may_approve=True)

    async def _note(self, tx: AsyncConnection, by: str, verb: str, one: Feedback, **detail: str) -> None:
        await self._journal.note(tx, self._clock.now(), by, verb, f"feedback/{one.id}", **detail)
