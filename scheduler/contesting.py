"""The office's verbs on a contest: handed in, approved with all that goes out for it, counted, its results published.

Whatever is sent is an item with its approval and schedules: handing in writes the announcement, the reminders and the
message with a code; who approves the contest approves exactly those, and they go out by themselves at their moments.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audience import masked
from channels.audiences import store as audience_store
from channels.audiences.store import Recipient
from channels.outlet import InService, Outlets
from channels.seal import Seal
from config.clock import Clock
from config.words import BadInput, Conflict, NotAllowed
from content import store as content_store
from content.bulletin import Purpose
from content.contests import announcing, store
from content.contests.announcing import ANNOUNCE, MESSAGE, RESULT, WINNER, Text, Winner
from content.contests.contest import GRACE, Contest, State, winners_list
from content.contests.entries import store as entries
from content.contests.entries.store import Entry, Way
from content.contests.marking import Results, marked
from content.contests.question import key_of
from content.contests.store import Banked
from content.editing import Editing
from content.issue import Press
from content.item import Draft, Item, ItemState, Revision, same_person
from db.database import Database
from db.journal import Journal
from db.types import new_id
from scheduler import store as schedule_store
from scheduler.correcting import Correcting
from scheduler.policy import BrokenRule, Policy
from scheduler.schedule import Rule, ScheduleState
from scheduler.scheduling import Scheduling, Wish

PATH = "cuoc-thi"
PORTAL, BOARD = "portal", "board"
OVER = {ItemState.WITHDRAWN, ItemState.EXPIRED}


@dataclass(frozen=True, slots=True)
class Look:
    """A contest as somebody looks at it: its questions, its texts by what they are for, and what an approval holds."""

    contest: Contest
    questions: tuple[Banked, ...]
    texts: dict[str, tuple[Item, Revision]]
    digest: str


class Contesting:
    """Verbs that change contests; each runs in the transaction it is given. `by` is a person's written name."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        outlets: Outlets,
        seal: Seal,
        editing: Editing,
        scheduling: Scheduling,
        correcting: Correcting,
        policy: Policy,
        press: Press,
        zone: tzinfo,
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._outlets = outlets
        self._seal = seal
        self._editing = editing
        self._scheduling = scheduling
        self._correcting = correcting
        self._policy = policy
        self._press = press
        self._zone = zone

    # --- handed in ---------------------------------------------------------------------------------------------------------

    async def submit(self, tx: AsyncConnection, id: str, by: str) -> Contest:
        """Hand it over for approval, with its texts as they will go out. Raises BadInput, BrokenRule, Conflict."""
        one = await store.lock(self._database, tx, id)
        one.check_move(State.IN_REVIEW)
        if one.plan.closes_at <= self._clock.now():
            raise BadInput("Lúc kết thúc đã qua", "Its end lies in the past", field="closes_at")
        self._check_outlets(one)
        pool = await store.pool(tx, one.unit, one.plan.themes)
        if len(pool) < one.plan.count:
            raise BadInput(
                f"Ngân hàng chỉ có {len(pool)} câu hỏi thuộc các chủ đề này, cần {one.plan.count}",
                f"There are {len(pool)} questions on these themes, {one.plan.count} are needed",
                field="count",
            )
        texts = announcing.texts_of(one, self.address(one), self._press.office, self._zone)
        writers = tuple(dict.fromkeys((*one.writers, by)))
        items = await self._write_texts(tx, one, texts, by)
        handed = replace(one, state=State.IN_REVIEW, questions=tuple(q.id for q in pool), items=items, writers=writers)
        await store.save(tx, handed)
        await self._note(tx, by, "submit_contest", handed, digest=(await self.look(tx, id)).digest)
        return handed

    def _check_outlets(self, one: Contest) -> None:
        plan = one.plan
        outreach = frozenset({Purpose.OUTREACH})
        for name in plan.outlets:
            at = self._outlets[name]
            if at.channel.scheme and not plan.audience:
                raise BadInput(
                    f"{at.outlet.title} gửi tới từng người: hãy chọn nhóm nhận", "Choose an audience", field="audience"
                )
            self._must_be_allowed(at, outreach)
        if plan.code_outlet:
            at = self._outlets[plan.code_outlet]
            if at.channel.scheme != "phone":
                raise BadInput(
                    f"{at.outlet.title} không gửi tới số điện thoại được", "It sends to no numbers", field="code_outlet"
                )
            if not any(at.channel.has_place(at.outlet, place) for place in ("short", "ma_du_thi")):
                raise BadInput(
                    f"Mẫu tin của {at.outlet.title} không có chỗ cho mã: điền {{ma_du_thi}} vào một tham số của mẫu",
                    "Its template has no place for the code: fill {ma_du_thi} into a parameter",
                    field="code_outlet",
                )
            self._must_be_allowed(at, frozenset({Purpose.CARE}))
        if plan.board and not self.boards():
            raise BadInput("Chưa có bảng tin nào", "There is no notice board", field="board")
        self.address(one)

    def _must_be_allowed(self, at: InService, purposes: frozenset[Purpose]) -> None:
        if verdict := self._policy.refusal(at, purposes):
            raise BrokenRule([verdict], {at.name: at.outlet.title})

    def boards(self) -> list[InService]:
        """The notice boards there are."""
        return [at for at in self._outlets if at.channel.kind == BOARD]

    def address(self, one: Contest) -> str:
        """Where people take part. Raises BadInput while there is no portal to do so."""
        for at in self._outlets:
            if at.channel.kind == PORTAL and (not at.unit or not one.unit or at.unit == one.unit):
                return f"{at.outlet.base_url.rstrip('/')}/{PATH}/{one.id}"
        raise BadInput(
            "Cần một cổng thông tin để mở trang dự thi", "A portal is needed to take part at", field="outlet"
        )

    async def _write_texts(self, tx: AsyncConnection, one: Contest, texts: Iterable[Text], by: str) -> dict[str, str]:
        """Its items as they are to be, submitted; what is not said any more is withdrawn."""
        items = {text.role: await self._write(tx, one, text.role, text.draft, by) for text in texts}
        for role, gone in one.items.items():
            item = await content_store.find_item(tx, gone)
            if role not in items and item.state not in OVER:
                await self._editing.withdraw(tx, gone, by, "Cuộc thi không còn tin này")
        return items

    async def _write(self, tx: AsyncConnection, one: Contest, role: str, draft: Draft, by: str) -> str:
        known = await content_store.find_item(tx, one.items[role]) if role in one.items else None
        if known is None or known.state in OVER:
            item = await self._editing.write(tx, draft, by, via="contest", unit=one.unit)
        else:
            item = await self._editing.revise(tx, known.id, draft, by)
        await self._editing.submit(tx, item.id, by)
        return item.id

    # --- approved ----------------------------------------------------------------------------------------------------------

    async def look(self, connection: AsyncConnection, id: str) -> Look:
        """The contest with all that an approval is about. Raises NotFound."""
        one = await store.find(connection, id)
        banked = await store.questions_of(connection, one.questions)
        items = await content_store.items_by_id(connection, one.items.values())
        revisions = await content_store.revisions_by_id(connection, [item.revision for item in items.values()])
        texts = {role: (items[id], revisions[items[id].revision]) for role, id in one.items.items()}
        before = [texts[role][1].digest for role in sorted(texts) if role not in {RESULT, WINNER}]
        return Look(one, tuple(banked), texts, one.digest([each.question.digest for each in banked], before))

    async def approve(
        self, tx: AsyncConnection, id: str, by: str, *, digest: str, note: str = "", instead_of: str = ""
    ) -> Contest:
        """Allow it: its texts are approved and scheduled, and it opens by itself.

        NotAllowed for who wrote it or any of its questions, Conflict when it has changed, BadInput when it is too late.
        """
        one = await store.lock(self._database, tx, id)
        one.check_move(State.APPROVED)
        seen, now = await self.look(tx, id), self._clock.now()
        if digest != seen.digest:
            raise Conflict("Cuộc thi đã thay đổi sau khi bạn mở; hãy xem lại", "The contest has changed; look again")
        if one.plan.closes_at <= now:
            raise BadInput("Lúc kết thúc đã qua; hãy trả lại", "Its end lies in the past", field="closes_at")
        authors = {each.added_by for each in seen.questions}
        self._must_be_another({*one.writers, *authors}, by, instead_of)
        texts = announcing.texts_of(one, self.address(one), self._press.office, self._zone)
        codes = ""
        for text in texts:
            item, revision = seen.texts[text.role]
            await self._approve_text(tx, item, revision, by, note, instead_of)
            if text.at is not None and text.role != ANNOUNCE and text.at < now:
                continue
            if text.role == MESSAGE:
                rule, audience = Rule(asked=True), ""
            else:
                rule, audience = Rule(once=max(text.at or now, now)), one.plan.audience
            outlets = (one.plan.code_outlet,) if text.role == MESSAGE else one.plan.outlets
            wish = Wish((item.id,), outlets, rule, audience=audience, title=item.title, unit=one.unit)
            made = await self._scheduling.add(tx, wish, by, may_approve=True)
            codes = made.id if text.role == MESSAGE else codes
        approved = replace(one, state=State.APPROVED, codes=codes, seed=secrets.token_hex(16), approved_by=by)
        await store.save(tx, approved)
        told = {"instead_of": instead_of} if instead_of else {}
        await self._note(tx, by, "approve_contest", approved, digest=seen.digest, note=note, **told)
        return approved

    def _must_be_another(self, before: Iterable[str], by: str, instead_of: str) -> None:
        for person in filter(None, (by, instead_of)):
            if any(same_person(person, one) for one in before):
                raise NotAllowed(
                    f"{person} đã viết cuộc thi, câu hỏi hoặc tính kết quả này nên không được tự duyệt; cần người thứ hai",
                    f"{person} wrote this contest, its questions or counted it; a second person must approve it",
                )

    async def _approve_text(
        self, tx: AsyncConnection, item: Item, revision: Revision, by: str, note: str, instead_of: str
    ) -> None:
        if item.state is ItemState.APPROVED and item.approved == revision.id:
            return  # somebody was quicker, on the item's own page
        audio = await self._press.audio_of(tx, revision)
        heard = audio.sha256 if audio else None
        told = {"digest": revision.digest, "note": note, "instead_of": instead_of}
        await self._editing.approve(tx, item.id, by, recording=heard, **told)

    async def send_back(self, tx: AsyncConnection, id: str, by: str, note: str) -> Contest:
        """Return a contest to its writer, or its results to be counted again; the reason is obligatory."""
        if not note.strip():
            raise BadInput("Hãy ghi lý do trả lại", "Say why it is sent back", field="note")
        one = await store.lock(self._database, tx, id)
        if one.state not in {State.IN_REVIEW, State.COUNTED}:
            raise Conflict("Không có gì chờ duyệt để trả lại", "Nothing waits for approval here")
        counted = one.state is State.COUNTED
        back = replace(one, state=State.APPROVED if counted else State.DRAFT)
        roles = {RESULT, WINNER} if counted else set(one.items) - {RESULT, WINNER}
        for role in sorted(roles & set(one.items)):
            item = await content_store.find_item(tx, one.items[role])
            if item.state is ItemState.IN_REVIEW:
                await self._editing.send_back(tx, item.id, by, note)
        await store.save(tx, back)
        await self._note(tx, by, "send_back_contest", back, note=note.strip()[:1000])
        return back

    async def withdraw(self, tx: AsyncConnection, id: str, by: str, note: str) -> Contest:
        """Call it off: its texts are withdrawn, nothing more goes out, nobody can take part; the reason is obligatory."""
        if not note.strip():
            raise BadInput("Hãy ghi lý do hủy", "Say why it is called off", field="note")
        one = await store.lock(self._database, tx, id)
        one.check_move(State.WITHDRAWN)
        for item_id in one.items.values():
            await self._end_schedules(tx, item_id, by, note)
            if (await content_store.find_item(tx, item_id)).state not in OVER:
                gone = await self._editing.withdraw(tx, item_id, by, note)
                await self._correcting.take_back(tx, gone)
        over = replace(one, state=State.WITHDRAWN)
        await store.save(tx, over)
        await self._note(tx, by, "withdraw_contest", over, note=note.strip()[:1000])
        return over

    async def _end_schedules(self, tx: AsyncConnection, item: str, by: str, note: str) -> None:
        for id in await schedule_store.schedules_with(tx, item):
            if (await schedule_store.find_schedule(tx, id)).state not in {ScheduleState.ENDED, ScheduleState.CANCELLED}:
                await self._scheduling.cancel(tx, id, by, note)

    # --- counted and published -----------------------------------------------------------------------------------------------

    async def results(self, connection: AsyncConnection, one: Contest) -> tuple[Results, list[Entry]]:
        """What comes of the papers, worked out anew, and everybody who took part."""
        everybody = await entries.listed(connection, one.id)
        banked = await store.questions_of(connection, one.questions)
        key = key_of([each.question for each in banked])
        return marked(entries.papers(everybody), key, one.plan.prizes, one.seed), everybody

    async def count(self, tx: AsyncConnection, id: str, by: str) -> Contest:
        """Work out the results once it is over, and write the texts that tell of them. Raises Conflict, NotFound."""
        one, now = await store.lock(self._database, tx, id), self._clock.now()
        one.check_move(State.COUNTED)
        if now < one.plan.closes_at + GRACE:
            raise Conflict("Cuộc thi chưa kết thúc nên chưa tính kết quả", "It is not over yet")
        if one.erased_at is not None:
            raise Conflict("Thông tin người dự thi đã xóa theo thời hạn", "Who took part has been erased")
        results, everybody = await self.results(tx, one)
        await entries.place(tx, id, results.marks)
        people = {each.id: each for each in everybody}
        winners = [self._winner(people[mark.entry], mark.prize, mark.right, mark.asked) for mark in results.winners]
        items = dict(one.items)
        drafts = {RESULT: announcing.results_of(one, results, winners, len(everybody), self._zone)}
        if self._congratulates(one) and any(people[mark.entry].way is Way.MESSAGE for mark in results.winners):
            drafts[WINNER] = announcing.congratulation(one, self.address(one), self._press.office)
        for role, draft in drafts.items():
            items[role] = await self._write(tx, one, role, draft, by)
        if one.codes:
            await self._end_codes(tx, one, by)
        counted = replace(one, state=State.COUNTED, items=items, results=results.digest, counted_by=by)
        await store.save(tx, counted)
        told: dict[str, str | int] = {
            "digest": results.digest,
            "papers": len(results.marks),
            "all_right": results.all_right,
        }
        await self._note(tx, by, "count_contest", counted, **told)
        return counted

    def _congratulates(self, one: Contest) -> bool:
        """Whether winners can be told over the outlet of the codes: one whose messages are made for a code says nothing else."""
        at = self._outlets.get(one.plan.code_outlet)
        return (
            at is not None
            and at.channel.has_place(at.outlet, "short")
            and not at.channel.has_place(at.outlet, "ma_du_thi")
        )

    async def _end_codes(self, tx: AsyncConnection, one: Contest, by: str) -> None:
        schedule = await schedule_store.find_schedule(tx, one.codes)
        if schedule.state not in {ScheduleState.ENDED, ScheduleState.CANCELLED}:
            await self._scheduling.cancel(tx, one.codes, by, "Cuộc thi đã kết thúc")

    def _winner(self, entry: Entry, prize: str, right: int, asked: int) -> Winner:
        phone, name = self._seal.open(entry.address), self._seal.open_text(entry.name)
        return Winner(prize, name, entry.place, masked(phone), right, asked, entry.guess)

    async def publish(
        self, tx: AsyncConnection, id: str, by: str, *, digest: str, note: str = "", instead_of: str = ""
    ) -> Contest:
        """Allow the results: they are worked out a second time and go out only if they are the same; winners are told.

        NotAllowed for who counted them, Conflict when they are not what was looked at.
        """
        one, now = await store.lock(self._database, tx, id), self._clock.now()
        one.check_move(State.PUBLISHED)
        results, everybody = await self.results(tx, one)
        if not results.digest == one.results == digest:
            raise Conflict(
                "Tính lại không ra kết quả đã trình; hãy tính lại và trình lại",
                "Counted again the results are not those handed in; count and hand them in again",
            )
        seen = await self.look(tx, id)
        self._must_be_another({one.counted_by}, by, instead_of)
        people = {each.id: each for each in everybody}
        reached = [people[mark.entry] for mark in results.winners if people[mark.entry].way is Way.MESSAGE]
        for role in (RESULT, WINNER):
            if role not in seen.texts or (role == WINNER and not reached):
                continue
            item, revision = seen.texts[role]
            await self._approve_text(tx, item, revision, by, note, instead_of)
            wish = Wish((item.id,), one.plan.outlets, Rule(once=now), audience=one.plan.audience, unit=one.unit)
            if role == WINNER:
                if not (audience := await self._list(tx, one, reached)):
                    continue
                wish = replace(wish, outlets=(one.plan.code_outlet,), audience=audience)
            await self._scheduling.add(tx, wish, by, may_approve=True)
        published = replace(one, state=State.PUBLISHED, published_at=now)
        await store.save(tx, published)
        told = {"instead_of": instead_of} if instead_of else {}
        await self._note(tx, by, "publish_contest", published, digest=results.digest, note=note, **told)
        return published

    async def _list(self, tx: AsyncConnection, one: Contest, winners: Sequence[Entry]) -> str:
        """The list of those who are told that they won; empty when none of them wants messages."""
        people = [
            Recipient("phone", self._seal.open(each.address), self._seal.open_text(each.name), "đã dự thi và đạt giải")
            for each in winners
        ]
        now, name = self._clock.now(), winners_list(one)
        told = (new_id(now), name, people, now)
        await audience_store.save_audience(self._database, tx, self._seal, *told, unit=one.unit)
        reached = await audience_store.count_recipients(tx, await audience_store.audience_id(tx, name), "phone")
        return name if reached else ""

    async def _note(self, tx: AsyncConnection, by: str, verb: str, one: Contest, **detail: str | int) -> None:
        await self._journal.note(tx, self._clock.now(), by, verb, f"contest/{one.id}", **detail)
