"""The office's verbs on training classes: opened, changed, cancelled; who came to their sessions; what is given to them."""

from __future__ import annotations

from datetime import tzinfo

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences import store as audience_store
from channels.classes import store
from channels.classes.given import store as given_store
from channels.classes.given.store import Certificate, Material
from channels.classes.people import store as people_store
from channels.classes.training import (
    AHEAD,
    MOST_MATERIALS,
    MOST_PEOPLE,
    MOST_SESSIONS,
    How,
    Person,
    Session,
    TrainingClass,
    certificate_code,
    earned,
)
from channels.outlet import Outlets
from channels.seal import Seal
from config.clock import Clock
from config.words import BadInput, Conflict, NotFound
from content import store as content_store
from content.editing import Editing
from content.item import Item, ItemState
from content.units import store as unit_store
from db.database import Database
from db.journal import Journal
from db.types import new_id


class Training:
    """Verbs that change classes; each runs in the transaction it is given. `by` is a person's written name."""

    def __init__(
        self,
        database: Database,
        journal: Journal,
        clock: Clock,
        outlets: Outlets,
        editing: Editing,
        seal: Seal,
        zone: tzinfo,
        key: bytes,
    ) -> None:
        self._database = database
        self._journal = journal
        self._clock = clock
        self._outlets = outlets
        self._editing = editing
        self._seal = seal
        self._zone = zone
        self._key = key

    # --- the class itself ---

    async def open(self, tx: AsyncConnection, new: TrainingClass, by: str) -> None:
        """Keep a new class with its first sessions. Raises BadInput, NotFound."""
        await unit_store.must_exist(tx, new.unit)
        await self._check(tx, new)
        for one in new.sessions:
            self._must_come(one)
        await store.add(tx, new)
        await self._note(tx, by, "open_class", new.id, title=new.title)

    async def change(self, tx: AsyncConnection, new: TrainingClass, by: str) -> None:
        """What is said of a class, as it is now. Raises BadInput, Conflict, NotFound."""
        old = await running(self._database, tx, new.id)
        if old.invitation and old.audience != new.audience:
            raise Conflict(
                "Đã soạn lời mời cho nhóm này; không đổi nhóm được nữa",
                "The list was invited already",
                field="audience",
            )
        await self._check(tx, new)
        names = ("title", "theme", "about", "audience", "capacity", "needed")
        values = {name: getattr(new, name) for name in names}
        await store.change(tx, new.id, **values, purpose=new.purpose.value, outlets=list(new.outlets))
        await self._note(tx, by, "change_class", new.id, title=new.title)

    async def _check(self, tx: AsyncConnection, new: TrainingClass) -> None:
        if new.theme and new.theme not in dict(await content_store.themes(tx)):
            raise BadInput("Chọn chủ đề trong danh sách", f"There is no theme {new.theme}", field="theme")
        if new.audience:
            await audience_store.audience_id(tx, new.audience)
        for name in new.outlets:
            if not self._outlets[name].channel.scheme:
                vi = f"{self._outlets[name].outlet.title} không gửi tới từng người; chọn SMS, Zalo hoặc thư điện tử"
                raise BadInput(vi, f"{name} does not reach people one by one", field="outlet")

    def _must_come(self, session: Session) -> None:
        if session.begins_at <= self._clock.now():
            raise BadInput("Buổi học phải ở phía trước", "The session lies in the past", field="date")

    async def cancel(self, tx: AsyncConnection, id: str, by: str, note: str) -> list[Item]:
        """It will not be: what invites to it and reminds of it is withdrawn; those items. The reason is obligatory."""
        if not note.strip():
            raise BadInput("Hãy ghi lý do hủy lớp", "Say why it is cancelled", field="note")
        course = await running(self._database, tx, id)
        await store.change(tx, id, cancelled_at=self._clock.now())
        gone = []
        for item in filter(None, (course.invitation, *(one.reminder for one in course.sessions))):
            found = await content_store.find_item(tx, item)
            if found.state not in {ItemState.WITHDRAWN, ItemState.EXPIRED}:
                gone.append(await self._editing.withdraw(tx, item, by, f"Hủy lớp: {note.strip()}"[:1000]))
        await self._note(tx, by, "cancel_class", id, note=note.strip()[:1000])
        return gone

    async def add_session(self, tx: AsyncConnection, new: Session, by: str) -> None:
        """One more session. Raises BadInput, Conflict, NotFound."""
        course = await running(self._database, tx, new.klass)
        if len(course.sessions) >= MOST_SESSIONS:
            raise Conflict(f"Một lớp có nhiều nhất {MOST_SESSIONS} buổi", f"{MOST_SESSIONS} sessions at most")
        self._must_come(new)
        await store.add_session(tx, new)
        await self._note(tx, by, "add_session", new.klass, begins=new.begins_at.isoformat())

    async def move_session(self, tx: AsyncConnection, new: Session, by: str) -> None:
        """Another time, place or lecturer of a session that has not begun. Raises BadInput, Conflict, NotFound."""
        await running(self._database, tx, new.klass)
        self._must_come(await self._session(tx, new.klass, new.id))
        self._must_come(new)
        told = {"begins_at": new.begins_at, "ends_at": new.ends_at, "place": new.place, "lecturer": new.lecturer}
        await store.change_session(tx, new.id, **told)
        await self._note(tx, by, "move_session", new.klass, begins=new.begins_at.isoformat())

    async def drop_session(self, tx: AsyncConnection, klass: str, id: str, by: str) -> Item | None:
        """A session that will not be; its reminder is withdrawn. Conflict for the only one, and when people came to it."""
        course = await running(self._database, tx, klass)
        session = await self._session(tx, klass, id)
        if len(course.sessions) == 1:
            raise Conflict(
                "Lớp phải có ít nhất một buổi; muốn thôi hẳn thì hủy lớp", "A class has one session at least"
            )
        if await people_store.there(tx, id):
            raise Conflict("Buổi này đã có người dự", "People have attended it")
        await store.drop_session(tx, id)
        await self._note(tx, by, "drop_session", klass, begins=session.begins_at.isoformat())
        if not session.reminder:
            return None
        found = await content_store.find_item(tx, session.reminder)
        done = found.state in {ItemState.WITHDRAWN, ItemState.EXPIRED}
        return None if done else await self._editing.withdraw(tx, found.id, by, "Bỏ buổi học")

    # --- who came ---

    async def add_person(self, tx: AsyncConnection, klass: str, name: str, by: str) -> Person:
        """Somebody who was not invited. Raises BadInput, Conflict, NotFound."""
        course = await store.find(tx, klass)
        if len(await people_store.people_of(tx, self._seal, klass)) >= MOST_PEOPLE:
            raise Conflict(f"Lớp có nhiều nhất {MOST_PEOPLE} người", f"{MOST_PEOPLE} people at most")
        now = self._clock.now()
        one = Person(new_id(now), course.id, "", "", name)
        await people_store.add_people(self._database, tx, self._seal, [one], now)
        if by:
            await self._note(tx, by, "add_person", klass, who=one.id)
        return one

    async def attend(self, tx: AsyncConnection, session: Session, person: str, how: How, by: str) -> bool:
        """Somebody is there by the code at the door; False when that was known."""
        await person_of(tx, self._seal, session.klass, person)
        return await people_store.attend(self._database, tx, session.id, person, self._clock.now(), how, by)

    async def tick(self, tx: AsyncConnection, klass: str, session: str, came: frozenset[str], by: str) -> None:
        """Exactly these came to a session, as its list was ticked. Raises Conflict before it, NotFound."""
        one = await self._session(tx, klass, session)
        if self._clock.now() < one.begins_at - AHEAD:
            raise Conflict("Buổi này chưa diễn ra", "The session has not taken place", field="session")
        known = {each.id for each in await people_store.people_of(tx, self._seal, klass)}
        if came - known:
            raise NotFound("Có người không ở trong lớp này", "Somebody is not of this class", field="person")
        was, now = await people_store.there(tx, session), self._clock.now()
        for person in sorted(came - was):
            await people_store.attend(self._database, tx, session, person, now, How.DESK, by)
        for person in sorted(was - came):
            await people_store.stayed_away(tx, session, person)
        await self._note(tx, by, "tick", klass, session=session, came=str(len(came)))

    async def certify(self, tx: AsyncConnection, klass: str, by: str) -> int:
        """A numbered certificate for everybody who came often enough and has none yet; how many."""
        course = await store.hold(self._database, tx, klass)
        known = await given_store.certificates(tx, klass)
        people = [
            one for one in await people_store.people_of(tx, self._seal, klass) if one.id not in known and one.name
        ]
        due, now = [one for one in people if earned(course, one)], self._clock.now()
        year = now.astimezone(self._zone).year
        number = await given_store.last_number(tx, year)
        for one in due:
            number, id = number + 1, new_id(now)
            code = certificate_code(id, self._key)
            await given_store.add_certificate(tx, Certificate(id, klass, one.id, year, number, code, now), by)
        if not due and not known:
            raise Conflict("Chưa có ai dự đủ số buổi để cấp chứng nhận", "Nobody has attended often enough yet")
        await self._note(tx, by, "certify", klass, count=str(len(due)))
        return len(due)

    # --- materials ---

    async def add_material(self, tx: AsyncConnection, new: Material, body: str, by: str) -> None:
        """Something that is handed out. Raises BadInput, Conflict, NotFound."""
        await store.find(tx, new.klass)
        if len(await given_store.materials(tx, new.klass)) >= MOST_MATERIALS:
            raise Conflict(f"Nhiều nhất {MOST_MATERIALS} tài liệu", f"{MOST_MATERIALS} materials at most")
        if new.item:
            item = await content_store.find_item(tx, new.item)
            if item.state is not ItemState.APPROVED:
                raise BadInput("Tin này chưa được duyệt", "The item is not approved", field="item")
            new = new._replace(item=item.id, title=new.title or item.title)
        await given_store.add_material(tx, new, body, by, self._clock.now())
        await self._note(tx, by, "add_material", new.klass, title=new.title)

    async def drop_material(self, tx: AsyncConnection, klass: str, id: str, by: str) -> None:
        """It is handed out no more. Raises NotFound."""
        if not await given_store.drop_material(tx, klass, id):
            raise NotFound("Không có tài liệu này", "There is no such material")
        await self._note(tx, by, "drop_material", klass, material=id)

    # --- what they have in common ---

    async def _session(self, tx: AsyncConnection, klass: str, id: str) -> Session:
        course, session = await store.by_session(tx, id)
        if course.id != klass:
            raise NotFound("Không có buổi học này trong lớp", "There is no such session in the class", field="session")
        return session

    async def _note(self, tx: AsyncConnection, by: str, verb: str, klass: str, **detail: str) -> None:
        await self._journal.note(tx, self._clock.now(), by, verb, f"class/{klass}", **detail)


async def running(database: Database, tx: AsyncConnection, id: str) -> TrainingClass:
    """A class, held, that can still be changed. Raises Conflict, NotFound."""
    course = await store.hold(database, tx, id)
    if course.cancelled_at is not None:
        raise Conflict("Lớp này đã hủy", "The class is cancelled")
    return course


async def person_of(tx: AsyncConnection, seal: Seal, klass: str, id: str) -> Person:
    """Somebody of a class. Raises NotFound."""
    one = await people_store.person(tx, seal, id)
    if one.klass != klass:
        raise NotFound("Không có người này trong lớp", "There is no such person in the class", field="person")
    return one
