"""The office's verbs on schedules: add, approve, send back, move, pause, resume, cancel.

Two people stand behind everything that goes out. A schedule counts as approved at once only when whoever adds it may
approve and wrote none of its texts; else it waits for somebody who did not make it and wrote none of them either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences import store as audience_store
from channels.channel import Form
from channels.no_adverts.store import left_out
from channels.outlet import InService, Outlets
from config.clock import Clock
from config.words import BadInput, Conflict, NotAllowed, Word
from content import store as content_store
from content.bulletin import BulletinClass, Purpose
from content.item import Approval, Item, ItemState, Revision, same_person
from content.voice import letters
from db.database import Database
from db.journal import Journal
from db.types import new_id
from scheduler import store
from scheduler.diversion import store as diversion_store
from scheduler.policy import BrokenRule, People, Policy, Standing, Verdict, gravest
from scheduler.schedule import TITLES, Missed, Rule, Schedule, ScheduledItem, ScheduleState, find_zone

LATE = timedelta(minutes=1)
"""How far in the past `at` may lie and still mean "now": the time it takes to fill in a form."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: items by id, outlets by name, the audience for those with recipients, when.

    `unit` is which one sends it: when that is not said, the one that all its items are of, else the office itself.
    """

    items: tuple[str, ...]
    outlets: tuple[str, ...]
    rule: Rule
    audience: str = ""
    zone: str = ""
    klass: BulletinClass | None = None
    until: datetime | None = None
    missed: Missed = Missed.LATEST
    title: str = ""
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What was made to reach some people: its schedules, and of outlets that may not send it the reason."""

    schedules: tuple[Schedule, ...] = ()
    refused: tuple[Word, ...] = ()


class Scheduling:
    """Verbs that change schedules; each runs in the transaction it is given. `by` is a person's written name."""

    def __init__(
        self, database: Database, journal: Journal, clock: Clock, outlets: Outlets, zone: str, policy: Policy
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._outlets = outlets
        self._zone = zone
        self._policy = policy

    async def draw_up(self, connection: AsyncConnection, wish: Wish, by: str) -> Schedule:
        """The schedule a wish would become, checked and not stored: what a preview shows. Raises BadInput, NotFound."""
        now = self._clock.now()
        zone = find_zone(wish.zone or self._zone)
        wish.rule.check(zone)
        pairs = [await self._approved(connection, id) for id in dict.fromkeys(wish.items)]
        if not pairs:
            raise BadInput("Chọn ít nhất một tin bài", "Choose at least one item", field="item")
        await self._check_outlets(connection, wish)
        self._check_advert_alone(wish, [revision for _, revision in pairs])
        self._check_said(wish, [revision for _, revision in pairs])
        start = await self._start(wish, now)
        schedule = Schedule(
            id=new_id(now),
            title=wish.title.strip() or _title(pairs),
            items=tuple(ScheduledItem(item.id, revision.id, revision.digest) for item, revision in pairs),
            outlets=tuple(dict.fromkeys(wish.outlets)),
            audience=wish.audience,
            rule=wish.rule,
            zone=zone.key,
            klass=wish.klass or min((revision.klass for _, revision in pairs), key=lambda klass: klass.rank),
            start=start,
            until=_until(wish, [revision for _, revision in pairs]),
            missed=wish.missed,
            state=ScheduleState.IN_REVIEW,
            next_due_at=None,
            made_by=by,
            made_at=now,
            unit=_unit(pairs) if wish.unit is None else wish.unit,
        )
        _check_window(schedule, [revision for _, revision in pairs])
        return replace(schedule, next_due_at=schedule.next_due(None))

    async def add(self, tx: AsyncConnection, wish: Wish, by: str, *, may_approve: bool) -> Schedule:
        """Store a schedule; it is approved at once when `by` may approve and wrote none of its texts. Raises BrokenRule."""
        schedule = await self.draw_up(tx, wish, by)
        await self._must_keep_rules(tx, schedule)
        now = self._clock.now()
        approved = may_approve and not await self._wrote(tx, schedule, by)
        if approved:
            schedule = replace(schedule, state=await self._begin(tx, schedule))
        await store.add_schedule(tx, schedule, stilled=schedule.state is ScheduleState.PAUSED)
        await self._journal.note(tx, now, by, "schedule", f"schedule/{schedule.id}", digest=schedule.digest)
        if approved:
            await self._judge(tx, schedule, "approved", by, "")
        return schedule

    async def approve(
        self,
        tx: AsyncConnection,
        id: str,
        by: str,
        *,
        digest: str = "",
        note: str = "",
        outlets: Sequence[str] | None = None,
        instead_of: str = "",
    ) -> Schedule:
        """Allow a schedule as it stands, or only over some of its `outlets`: the others are taken off it for good.

        NotAllowed for who made it or wrote its texts, and when it is done `instead_of` one who did; Conflict when it has
        changed; BadInput, BrokenRule.
        """
        schedule = await store.find_schedule(tx, id)
        if digest and digest != schedule.digest:
            raise Conflict("Lịch đã thay đổi sau khi bạn mở; hãy xem lại", "The schedule has changed; look at it again")
        for person in filter(None, (by, instead_of)):
            if same_person(person, schedule.made_by) or await self._wrote(tx, schedule, person):
                raise NotAllowed(
                    f"{person} đã lập lịch hoặc viết tin này nên không được tự duyệt; cần người thứ hai",
                    f"{person} made this schedule or wrote its texts and may not approve it; a second person must",
                )
        asked, schedule = schedule, _narrowed(schedule, outlets)
        left_out = [name for name in asked.outlets if name not in schedule.outlets]
        await self._must_keep_rules(tx, schedule)
        due = schedule.next_due_at
        if schedule.rule.once is None:
            # runs that fell due while nobody had approved are not made up for
            due = next((moment for moment in schedule.dues() if moment >= self._clock.now() - LATE), None)
        to = await self._begin(tx, schedule)
        values: dict[str, Any] = {"next_due_at": due, "stilled": int(to is ScheduleState.PAUSED)}
        told = {"instead_of": instead_of} if instead_of else {}
        if left_out:
            values |= {"outlets": list(schedule.outlets), "digest": schedule.digest}
            told |= {"left_out": ", ".join(self._titles(left_out)), "asked": asked.digest}
        await self._move(tx, schedule, ScheduleState.IN_REVIEW, to, by, "approve", note, told, **values)
        await self._judge(tx, schedule, "approved", by, note)
        return replace(schedule, state=to, next_due_at=due)

    def _titles(self, names: Sequence[str]) -> list[str]:
        return [self._outlets[name].outlet.title if name in self._outlets else name for name in names]

    async def _begin(self, tx: AsyncConnection, schedule: Schedule) -> ScheduleState:
        """What an approved schedule becomes: it runs, or waits with the rest while everything is paused."""
        standstill = await store.hold_standstill(self._database, tx)
        held = standstill is not None and standstill.holds(schedule.klass)
        return ScheduleState.PAUSED if held else ScheduleState.APPROVED

    async def send_back(self, tx: AsyncConnection, id: str, by: str, note: str) -> Schedule:
        """Refuse a schedule that waits for approval; the reason is obligatory."""
        if not note.strip():
            raise BadInput("Hãy ghi lý do trả lại", "Say why it is sent back", field="note")
        schedule = await store.find_schedule(tx, id)
        cancelled = ScheduleState.CANCELLED
        await self._move(tx, schedule, ScheduleState.IN_REVIEW, cancelled, by, "send_back", note=note, next_due_at=None)
        await self._judge(tx, schedule, "sent_back", by, note)
        return replace(schedule, state=cancelled)

    async def pause(self, tx: AsyncConnection, id: str, by: str, note: str = "") -> Schedule:
        """Let nothing of a schedule fall due until it is resumed."""
        schedule = await store.find_schedule(tx, id)
        await self._move(tx, schedule, ScheduleState.APPROVED, ScheduleState.PAUSED, by, "pause", note=note)
        return replace(schedule, state=ScheduleState.PAUSED)

    async def resume(self, tx: AsyncConnection, id: str, by: str) -> Schedule:
        """Go on with a paused schedule; what fell due meanwhile follows its policy for missed runs."""
        schedule = await store.find_schedule(tx, id)
        await self._move(tx, schedule, ScheduleState.PAUSED, ScheduleState.APPROVED, by, "resume", stilled=0)
        return replace(schedule, state=ScheduleState.APPROVED)

    async def cancel(self, tx: AsyncConnection, id: str, by: str, note: str = "") -> Schedule:
        """End a schedule for good; deliveries already planned are another verb's business."""
        schedule = await store.find_schedule(tx, id)
        cancelled = ScheduleState.CANCELLED
        await self._move(tx, schedule, schedule.state, cancelled, by, "cancel", note=note, next_due_at=None)
        await store.leave_early(tx, id, "hủy lịch trước giờ phát (cancelled before its moment)")
        return replace(schedule, state=cancelled)

    async def move(
        self, tx: AsyncConnection, id: str, to: datetime, by: str, *, may_approve: bool, note: str = ""
    ) -> Schedule:
        """Put a schedule that falls due at `to`, or daily at its time of day, in the place of one; approved as a new one is.

        The old one ends in the same transaction. Raises Conflict when it has been opened or is due, BadInput, BrokenRule.
        """
        old = await store.find_schedule(tx, id)
        rule = old.moved_rule(to)
        if rule is None or rule == old.rule:
            vi = "Lịch này có nhiều giờ phát: hãy hủy và lập lịch mới" if rule is None else "Giờ mới trùng với giờ cũ"
            raise BadInput(vi, "This schedule cannot be moved there", field="at")
        due = old.next_due_at
        if old.state is ScheduleState.APPROVED and due is not None and due <= self._clock.now():
            raise Conflict("Kỳ này đã đến giờ nên không dời được nữa", "It is due already and cannot be moved")
        if id in await store.opened_early(tx):
            raise Conflict(
                "Bài của kỳ này đã gửi để đối tác duyệt nên không dời được nữa",
                "Its article has been sent for review and it cannot be moved",
            )
        wish = Wish(
            tuple(pinned.item for pinned in old.items),
            old.outlets,
            rule,
            audience=old.audience,
            zone=old.zone,
            klass=old.klass,
            until=old.until,
            missed=old.missed,
            title=old.title,
            unit=old.unit,
        )
        new = await self.add(tx, wish, by, may_approve=may_approve)
        cancelled, told = ScheduleState.CANCELLED, {"to": new.id}
        await self._move(tx, old, old.state, cancelled, by, "move", note=note, told=told, next_due_at=None)
        await self._journal.note(tx, self._clock.now(), by, "replace", f"schedule/{new.id}", was=id, note=note)
        return new

    async def check(self, connection: AsyncConnection, schedule: Schedule) -> list[Verdict]:
        """What every rule that is about it says of each of its outlets, the gravest first."""
        revisions = await content_store.revisions_by_id(connection, {one.revision for one in schedule.items})
        purposes = frozenset(revision.purpose for revision in revisions.values())
        moments = schedule.preview()
        found = []
        for at in filter(None, map(self._outlets.get, schedule.outlets)):
            people = await self._people(connection, schedule, at, purposes)
            found += self._policy.check(at, purposes, moments, people)
        return gravest(found)

    async def _people(
        self, connection: AsyncConnection, schedule: Schedule, at: InService, purposes: frozenset[Purpose]
    ) -> People:
        if not schedule.audience or not self._policy.asks_of_people(at, purposes):
            return People()
        audience = await audience_store.audience_id(connection, schedule.audience)
        return People(*await left_out(connection, audience, at.channel.scheme))

    async def _must_keep_rules(self, connection: AsyncConnection, schedule: Schedule) -> None:
        broken = [one for one in await self.check(connection, schedule) if one.standing is Standing.BROKEN]
        if broken:
            raise BrokenRule(broken, {name: self._outlets[name].outlet.title for name in schedule.outlets})

    async def _approved(self, connection: AsyncConnection, id: str) -> tuple[Item, Revision]:
        item = await content_store.find_item(connection, id)
        if item.state is not ItemState.APPROVED or item.approved is None:
            raise BadInput(
                f"Tin “{item.title}” chưa được duyệt nên chưa lập lịch được",
                f"Item {item.id} is not approved and cannot be scheduled yet",
                field="item",
            )
        return item, await content_store.find_revision(connection, item.approved)

    async def _check_outlets(self, connection: AsyncConnection, wish: Wish) -> None:
        if not wish.outlets:
            raise BadInput("Chọn ít nhất một điểm phát", "Choose at least one outlet", field="outlet")
        schemes = {self._outlets[name].channel.scheme for name in wish.outlets} - {""}
        if wish.rule.asked:
            return  # who asks for it is whom it goes to
        if schemes and not wish.audience:
            raise BadInput(
                "Điểm phát gửi tới từng người: hãy chọn nhóm nhận",
                "This outlet reaches people one by one: choose an audience",
                field="audience",
            )
        if not wish.audience:
            return
        audience = await audience_store.audience_id(connection, wish.audience)
        for scheme in schemes:
            if not await audience_store.count_recipients(connection, audience, scheme):
                raise BadInput(
                    f"Nhóm “{wish.audience}” không có ai nhận qua {scheme}",
                    f"Nobody in {wish.audience!r} can be reached by {scheme}",
                    field="audience",
                )

    def _check_said(self, wish: Wish, revisions: Sequence[Revision]) -> None:
        """There is nothing to be heard of a text without a word, and no clip of it."""
        by_ear = any(self._outlets[name].channel.form is Form.AUDIO for name in wish.outlets)
        empty = next((one for one in revisions if not one.recorded and not letters(one.spoken)), None)
        if by_ear and empty is not None:
            raise BadInput(
                f"Tin “{empty.title}” không có lời nào để đọc nên không phát qua đài, không dựng clip được; hãy viết lời đọc",
                f"Item {empty.item} has no words to be read: there is no recording and no clip of it; write its script",
                field="item",
            )

    def _check_advert_alone(self, wish: Wish, revisions: Sequence[Revision]) -> None:
        """Its label is to be the first thing of the message (Decree 91/2020, Article 15), and nothing hides behind it."""
        by_sms = any(self._outlets[name].channel.form is Form.SHORT for name in wish.outlets)
        if by_sms and len(revisions) > 1 and any(one.purpose is Purpose.ADVERTISING for one in revisions):
            raise BadInput(
                "Tin quảng cáo gửi riêng, không ghép với tin khác trong một tin SMS",
                "Advertising goes by itself, not with other items in one SMS",
                field="item",
            )

    async def _start(self, wish: Wish, now: datetime) -> datetime:
        if wish.rule.once is None:
            return now.replace(second=0, microsecond=0) if wish.rule.cron else now
        if wish.rule.once < now - LATE:
            raise BadInput("Thời điểm phát đã qua", "The moment lies in the past", field="at")
        return wish.rule.once

    async def _wrote(self, connection: AsyncConnection, schedule: Schedule, by: str) -> bool:
        for pinned in schedule.items:
            writers = await content_store.writers_of(connection, pinned.item)
            if any(same_person(by, writer) for writer in writers):
                return True
        return False

    async def _judge(self, tx: AsyncConnection, schedule: Schedule, verdict: str, by: str, note: str) -> None:
        now = self._clock.now()
        new = Approval(new_id(now), schedule.id, schedule.digest, verdict, by, now, note.strip())
        await content_store.add_approval(tx, new)
        if verdict == "approved":
            await diversion_store.allow(self._database, tx, schedule.id, self._outlets.fallbacks_of(schedule.outlets))

    async def _move(
        self,
        tx: AsyncConnection,
        schedule: Schedule,
        was: ScheduleState,
        to: ScheduleState,
        by: str,
        verb: str,
        note: str = "",
        told: Mapping[str, str] = MappingProxyType({}),
        **values: Any,
    ) -> None:
        over = {ScheduleState.ENDED, ScheduleState.CANCELLED}
        if schedule.state in over or not await store.move_schedule(tx, schedule.id, was, to, **values):
            raise Conflict(
                f"Lịch “{schedule.title}” đang ở trạng thái {TITLES[schedule.state]}, không làm việc này được",
                f"Schedule {schedule.id} is {schedule.state}; this cannot be done",
            )
        now = self._clock.now()
        await self._journal.note(
            tx, now, by, verb, f"schedule/{schedule.id}", digest=schedule.digest, note=note, **told
        )


def _narrowed(schedule: Schedule, outlets: Sequence[str] | None) -> Schedule:
    """The schedule over these of its outlets alone. Raises BadInput."""
    if outlets is None:
        return schedule
    if strange := [name for name in outlets if name not in schedule.outlets]:
        raise BadInput(f"Lịch này không phát qua {strange[0]}", f"{strange[0]} is not in this schedule", field="outlet")
    if not outlets:
        raise BadInput("Chọn ít nhất một điểm phát", "Choose at least one outlet", field="outlet")
    return replace(schedule, outlets=tuple(name for name in schedule.outlets if name in outlets))


def _title(pairs: Sequence[tuple[Item, Revision]]) -> str:
    rest = len(pairs) - 1
    return pairs[0][1].title + (f" (+{rest})" if rest else "")


def _unit(pairs: Sequence[tuple[Item, Revision]]) -> str:
    units = {item.unit for item, _ in pairs}
    return units.pop() if len(units) == 1 else ""


def _until(wish: Wish, revisions: Sequence[Revision]) -> datetime | None:
    """The last moment a recurring schedule may fall due: as wished, and never past the validity of a text."""
    over = min((revision.valid_until for revision in revisions if revision.valid_until), default=None)
    if over is None or wish.rule.once is not None:
        return wish.until
    if wish.until is not None and wish.until > over:
        raise BadInput(
            "Lịch kéo dài quá thời hạn hiệu lực của tin",
            "The schedule goes on after its item is no longer valid",
            field="until",
        )
    return wish.until or over - timedelta(milliseconds=1)


def _check_window(schedule: Schedule, revisions: Sequence[Revision]) -> None:
    """Raise BadInput when the schedule never falls due, or falls due outside a text's validity."""
    if schedule.rule.asked:
        return
    first = schedule.next_due(None)
    if first is None:
        raise BadInput("Lịch này không có kỳ phát nào", "This schedule never falls due", field="until")
    for revision in revisions:
        if revision.valid_until and first >= revision.valid_until:
            raise BadInput(
                f"Kỳ phát đầu tiên sau khi tin “{revision.title}” hết hiệu lực",
                f"The first run comes after item {revision.item} is no longer valid",
                field="at",
            )
        if revision.valid_from and first < revision.valid_from:
            raise BadInput(
                f"Kỳ phát đầu tiên trước khi tin “{revision.title}” có hiệu lực",
                f"The first run comes before item {revision.item} is valid",
                field="at",
            )
