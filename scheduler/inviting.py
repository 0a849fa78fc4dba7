"""Training classes are invited to and reminded of by approved items, and people answer whether they come."""

from __future__ import annotations

from datetime import datetime, tzinfo

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences import store as audience_store
from channels.audiences.store import Recipient
from channels.channel import Wrote
from channels.classes import store
from channels.classes.inviting import invitation, reminder
from channels.classes.people import store as people_store
from channels.classes.training import AHEAD, MOST_PEOPLE, Answer, How, Person, TrainingClass, answer_in
from channels.outlet import Outlets
from channels.seal import Seal
from config.clock import Clock
from config.words import BadInput, Conflict, Word, joined
from content import store as content_store
from content.editing import Editing
from content.item import Draft, Item
from db.database import Database
from db.journal import Journal
from db.types import new_id
from scheduler.policy import Policy
from scheduler.schedule import Rule, Schedule
from scheduler.scheduling import Scheduling, Sent, Wish
from scheduler.training import person_of, running


class Inviting:
    """Verbs that run in the transaction they are given. `by` is a person's written name."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        outlets: Outlets,
        editing: Editing,
        scheduling: Scheduling,
        policy: Policy,
        seal: Seal,
        zone: tzinfo,
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._outlets = outlets
        self._editing = editing
        self._scheduling = scheduling
        self._policy = policy
        self._seal = seal
        self._zone = zone

    async def invite(self, tx: AsyncConnection, id: str, by: str) -> list[str]:
        """Draft what invites, and a reminder for each session, or draft them anew; the items, for somebody to hand in.

        People of the audience come onto the class's own list. Raises BadInput, Conflict, NotFound.
        """
        course = await running(self._database, tx, id)
        coming = course.to_come(self._clock.now())
        if not coming:
            raise Conflict("Không còn buổi nào ở phía trước", "No session is to come")
        if not course.outlets:
            raise BadInput(
                "Chọn cách gửi lời mời: SMS, Zalo hoặc thư điện tử", "Choose outlets to invite by", field="outlet"
            )
        if not course.audience:
            raise BadInput("Chọn nhóm được mời", "Choose whom to invite", field="audience")
        await self._enrol(tx, course)
        drafted = [await self._draft(tx, course, course.invitation, invitation(course, coming, self._zone), by)]
        await store.change(tx, id, invitation=drafted[0])
        for one in coming:
            if one.begins_at - AHEAD > self._clock.now() or one.reminder:
                item = await self._draft(tx, course, one.reminder, reminder(course, one, self._zone), by)
                await store.change_session(tx, one.id, reminder=item)
                drafted.append(item)
        await self._note(tx, by, "invite", id, items=", ".join(drafted))
        return drafted

    async def _draft(self, tx: AsyncConnection, course: TrainingClass, known: str, draft: Draft, by: str) -> str:
        """A new item, or the next text of the one there is; one that says the same already stays as it is."""
        if not known:
            return (await self._editing.write(tx, draft, by, via="class", unit=course.unit)).id
        item = await content_store.find_item(tx, known)
        before = await content_store.find_revision(tx, item.revision)
        if (before.title, before.body, before.meetings) != (draft.title, draft.body.strip(), draft.meetings):
            await self._editing.revise(tx, known, draft, by)
        return known

    async def _enrol(self, tx: AsyncConnection, course: TrainingClass) -> None:
        """Everybody of the audience whom the outlets reach, onto the roster and onto a list of the class's own."""
        schemes = {self._outlets[name].channel.scheme for name in course.outlets}
        audience = await audience_store.audience_id(tx, course.audience)
        people = await audience_store.people(tx, self._seal, audience, schemes, MOST_PEOPLE + 1)
        if len(people) > MOST_PEOPLE:
            vi = f"Nhóm “{course.audience}” có hơn {MOST_PEOPLE} người; hãy lọc nhóm cho lớp"
            raise BadInput(vi, f"More than {MOST_PEOPLE} people; narrow the list", field="audience")
        if not people:
            vi = f"Nhóm “{course.audience}” không có ai nhận qua các cách gửi đã chọn"
            raise BadInput(vi, "Nobody of the list can be reached by these outlets", field="audience")
        now = self._clock.now()
        on_roster = [Person(new_id(now), course.id, one.scheme, one.address, one.name) for one in people]
        await people_store.add_people(self._database, tx, self._seal, on_roster, now)
        name = course.list or f"Lớp: {course.title[:60]} ({course.id[-6:]})"
        declined = {
            (one.scheme, one.address)
            for one in await people_store.people_of(tx, self._seal, course.id)
            if one.answer is Answer.NO
        }
        still = [one for one in people if (one.scheme, one.address) not in declined]
        told = (new_id(now), name, still, now)
        await audience_store.save_audience(self._database, tx, self._seal, *told, unit=course.unit)
        await store.change(tx, course.id, list=name)

    async def follow(self, tx: AsyncConnection, item: Item, by: str) -> Sent:
        """What an item, just approved, invites to or reminds of goes out: at once, or a day before its session; each once.

        What rules forbid is not sent, and said. A later text is sent again only by a correction.
        """
        now = self._clock.now()
        course = await store.by_invitation(tx, item.id)
        if course is not None:
            if course.invited_at is not None or course.is_over(now):
                return Sent()
            sent = await self._send(tx, course, item, course.audience, now, f"Mời dự: {course.title}", by)
            await store.change(tx, course.id, invited_at=now if sent.schedules else None)
            return sent
        found = await store.by_reminder(tx, item.id)
        if found is None:
            return Sent()
        course, session = found
        if course.is_over(now) or session.begins_at <= now or not await store.remind(tx, session.id, now):
            return Sent()
        moment = max(session.begins_at - AHEAD, now)
        return await self._send(tx, course, item, course.list, moment, f"Nhắc lịch: {course.title}", by)

    async def _send(
        self, tx: AsyncConnection, course: TrainingClass, item: Item, audience: str, at: datetime, title: str, by: str
    ) -> Sent:
        made, refused = list[Schedule](), list[Word]()
        id = await audience_store.audience_id(tx, audience)
        for name in course.outlets:
            if (outlet := self._outlets.get(name)) is None:
                continue
            if not await audience_store.count_recipients(tx, id, outlet.channel.scheme):
                continue
            if broken := self._policy.forbids(outlet, {course.purpose}, at):
                refused.append(joined((outlet.outlet.title, broken), ": "))
                continue
            wish = Wish((item.id,), (name,), Rule(once=at), audience=audience, title=title[:300], unit=course.unit)
            made.append(await self._scheduling.add(tx, wish, by, may_approve=True))
        return Sent(tuple(made), tuple(refused))

    async def answer(
        self, tx: AsyncConnection, klass: str, person: str, answer: Answer, how: How, by: str = ""
    ) -> None:
        """Whether somebody comes; said again it is changed. Conflict when the class is full, over or cancelled."""
        course = await store.hold(self._database, tx, klass)
        one, now = await person_of(tx, self._seal, klass, person), self._clock.now()
        if course.is_over(now):
            raise Conflict("Lớp này đã kết thúc hoặc bị hủy", "The class is over or cancelled")
        if one.answer is answer:
            return
        if answer is Answer.YES and course.capacity and await people_store.count_coming(tx, klass) >= course.capacity:
            raise Conflict(f"Lớp đã đủ {course.capacity} chỗ", f"All {course.capacity} places are taken")
        await people_store.answered(tx, person, answer, how, now)
        await self._keep_reminded(tx, course, one, answer, now)
        if by:
            await self._note(tx, by, "note_answer", klass, who=person, answer=answer.value)

    async def _keep_reminded(
        self, tx: AsyncConnection, course: TrainingClass, one: Person, answer: Answer, now: datetime
    ) -> None:
        """Who declines is reminded no more; who comes after all is again."""
        if not course.list or not one.address:
            return
        if answer is Answer.NO:
            await audience_store.take_off(tx, self._seal, course.list, one.scheme, one.address)
            return
        back = Recipient(one.scheme, one.address, one.name, "trả lời dự lớp")
        told = (new_id(now), course.list, [back], now)
        await audience_store.save_audience(self._database, tx, self._seal, *told, unit=course.unit)

    async def hear(self, tx: AsyncConnection, said: Wrote) -> bool:
        """CO or KHONG of somebody who is invited to a class that is still to come: of the last one; False for anything else."""
        answer = answer_in(said.text)
        if answer is None:
            return False
        now = self._clock.now()
        for one in await people_store.places_of(tx, self._seal, said.scheme, said.address):
            course = await store.find(tx, one.klass)
            if course.invited_at is None or not course.to_come(now) or course.cancelled_at is not None:
                continue
            how = How.ZALO if said.scheme == "zalo" else How.SMS
            try:
                await self.answer(tx, course.id, one.id, answer, how)
            except Conflict:
                return False  # it comes into the inbox, so that a person tells them
            return True
        return False

    async def _note(self, tx: AsyncConnection, by: str, verb: str, klass: str, **detail: str) -> None:
        await self._journal.note(tx, self._clock.now(), by, verb, f"class/{klass}", **detail)
