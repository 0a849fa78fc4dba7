"""What people of a class open without an account: their own link, the code at the door, a certificate's code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audience import masked, read_person
from channels.classes import store
from channels.classes.given import store as given_store
from channels.classes.given.store import Material
from channels.classes.inviting import told
from channels.classes.people import store as people_store
from channels.classes.training import (
    Answer,
    How,
    Person,
    Session,
    TrainingClass,
    door_code,
    line,
    session_of,
    typed_code,
)
from channels.stoplink import REPLY_PATH
from config.words import BadInput, NotFound, Said, Word
from content import store as content_store
from content.item import ItemState
from content.meeting import ics
from db.types import new_id
from desk.answer import Answer as Answered
from desk.answer import Done, Shown, Trouble, Visit
from desk.app import House
from desk.classes.materials import send_file
from desk.classes.page import key_of
from desk.keys import derive
from desk.linked import no_link, reached_by
from desk.throttle import Throttle
from scheduler import store as scheduler_store

FREE, FREE_ALL = 40, 3000
"""So many tries a day are heard from one address, and from all, before each further one waits longer: a whole class may share one."""
CALENDAR = "text/calendar"


@dataclass(frozen=True, slots=True)
class Invited:
    """Whom a link reached: their class, who they are in it, and how they are reached; `id` is empty while they are not on its list."""

    course: TrainingClass
    person: Person


class AtTheDoor:
    """Answers those who have a link or a code."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._throttle = Throttle(house.clock, derive(house.key, "mark"))

    # --- a person's own link ---

    async def own(self, visit: Visit) -> Answered:
        """GET /tra-loi/{token}: the class and two buttons. Looking changes nothing: some phones look by themselves."""
        return await self._own(visit)

    async def _own(self, visit: Visit) -> Shown:
        async with self._house.database.read() as connection:
            invited = await self._invited(visit, connection)
            materials = await given_store.materials(connection, invited.course.id)
            titles = await self._open_items(connection, materials)
        now, course = self._house.clock.now(), invited.course
        values: dict[str, Any] = {
            "course": course,
            "person": invited.person,
            "over": course.is_over(now),
            "open_session": next((one for one in course.sessions if one.is_open(now)), None),
            "materials": [one for one in materials if not one.item or one.item in titles],
            "shown": masked(invited.person.address),
            "here": visit.request.path,
            "zone": visit.drawing.zone,
            "told_session": told,
        }
        answer = invited.person.answer
        return Shown("classes/own.html", values, {"class": course.title, "answer": answer.value if answer else None})

    async def answer(self, visit: Visit) -> Answered:
        """POST /tra-loi/{token}: `answer` is yes or no; or `code`, which stands at the door, says that they are there."""
        self._slow_down(visit)
        now = self._house.clock.now()
        try:
            async with self._house.database.write() as tx:
                invited = await self._invited(visit, tx)
                person = await self._enrolled(tx, invited)
                if visit.text("code").strip():
                    session = self._open_session(invited.course, visit.text("code"))
                    await self._house.training.attend(tx, session, person.id, How.QR, "liên kết riêng")
                    said = Word(
                        "Đã điểm danh. Chúc ông/bà một buổi học bổ ích.",
                        "You are marked as present. We wish you a useful session.",
                    )
                else:
                    answer = _answer(visit.text("answer"))
                    await self._house.inviting.answer(tx, invited.course.id, person.id, answer, How.LINK)
                    said = (
                        Word("Đã ghi: ông/bà dự lớp.", "Noted: you will come.")
                        if answer is Answer.YES
                        else Word("Đã ghi: ông/bà không dự.", "Noted: you will not come.")
                    )
        except (BadInput, NotFound) as fault:
            if fault.field is None:
                raise
            return (await self._own(visit)).with_fault(fault)
        except Said as fault:
            if visit.json:
                raise
            return (await self._own(visit)).with_fault(fault)
        self._house.notifier.ring("item")
        return Done(visit.request.path, said, {"class": invited.course.title, "at": now.isoformat()})

    def _open_session(self, course: TrainingClass, given: str) -> Session:
        now, key = self._house.clock.now(), key_of(self._house)
        code = typed_code(given)
        for one in course.sessions:
            if one.is_open(now) and door_code(one.id, key) == code:
                return one
        raise BadInput("Mã không đúng, hoặc không phải giờ của buổi học", "No such code at this time", field="code")

    async def calendar(self, visit: Visit) -> Answered:
        """GET /tra-loi/{token}/lich.ics: the sessions to come for a phone's own calendar."""
        async with self._house.database.read() as connection:
            course = (await self._invited(visit, connection)).course
        now, link = self._house.clock.now(), str(visit.request.url).removesuffix("/lich.ics")
        sessions = [] if course.cancelled_at else course.to_come(now)
        drawn = ics(course.meetings(sessions), self._house.settings.office.name, course.made_at, link)
        headers = {"Content-Disposition": 'attachment; filename="lich.ics"'}
        return web.Response(text=drawn, content_type=CALENDAR, charset="utf-8", headers=headers)

    async def material(self, visit: Visit) -> Answered:
        """GET /tra-loi/{token}/tai-lieu/{material}: a file to be saved, or an item to be read while it is in force."""
        async with self._house.database.read() as connection:
            course = (await self._invited(visit, connection)).course
            materials = {one.id: one for one in await given_store.materials(connection, course.id)}
            one = materials.get(visit.part("material"))
            if one is None or one.link:
                raise NotFound("Không có tài liệu này", "There is no such material")
            if not one.item:
                return await send_file(connection, course.id, one.id)
            if one.item not in await self._open_items(connection, [one]):
                raise NotFound("Tài liệu này không còn hiệu lực", "This is no longer in force")
            item = await content_store.find_item(connection, one.item)
            assert item.approved is not None
            revision = await content_store.find_revision(connection, item.approved)
        values = {"revision": revision, "course": course, "back": f"{REPLY_PATH}/{visit.part('token')}"}
        return Shown("classes/material.html", values, {"title": revision.title})

    async def _open_items(self, connection: AsyncConnection, materials: list[Material]) -> set[str]:
        found = await content_store.items_by_id(connection, {one.item for one in materials} - {""})
        return {id for id, item in found.items() if item.state is ItemState.APPROVED}

    async def _invited(self, visit: Visit, connection: AsyncConnection) -> Invited:
        """Raises NotFound for a link that leads to nobody, or to nobody that was invited."""
        house = self._house
        one = await reached_by(connection, house, house.reply_links, visit.part("token"))
        course = await self._class_of(connection, one.schedule)
        if course is None:
            raise no_link()
        person = await people_store.at_address(connection, house.seal, course.id, one.scheme, one.address)
        return Invited(course, person or Person("", course.id, one.scheme, one.address, one.name))

    async def _class_of(self, connection: AsyncConnection, schedule: str) -> TrainingClass | None:
        for pinned in (await scheduler_store.find_schedule(connection, schedule)).items:
            course = await store.by_invitation(connection, pinned.item)
            if course is not None:
                return course
            reminded = await store.by_reminder(connection, pinned.item)
            if reminded is not None:
                return reminded[0]
        return None

    async def _enrolled(self, tx: AsyncConnection, invited: Invited) -> Person:
        """Whoever was invited and is not on the list yet, as the audience has grown since, comes onto it."""
        if invited.person.id:
            return invited.person
        now, one = self._house.clock.now(), invited.person
        new = Person(new_id(now), one.klass, one.scheme, one.address, one.name)
        await people_store.add_people(self._house.database, tx, self._house.seal, [new], now)
        return new

    # --- the code at the door ---

    async def door(self, visit: Visit) -> Answered:
        """GET /diem-danh/{token}: who is there? A number or an address that was invited, or a name."""
        return await self._door(visit)

    async def _door(self, visit: Visit) -> Shown:
        async with self._house.database.read() as connection:
            course, session = await self._at(visit, connection)
        is_open = session.is_open(self._house.clock.now()) and course.cancelled_at is None
        values = {"course": course, "session": session, "is_open": is_open, "typed": visit.form}
        values |= {"here": visit.request.path, "zone": visit.drawing.zone, "told_session": told}
        return Shown("classes/door.html", values, {"class": course.title, "open": is_open})

    async def arrive(self, visit: Visit) -> Answered:
        """POST /diem-danh/{token}: `who` as they were invited; `name` alone for who was not."""
        self._slow_down(visit)
        try:
            async with self._house.database.write() as tx:
                course, session = await self._at(visit, tx)
                if not session.is_open(self._house.clock.now()) or course.cancelled_at is not None:
                    raise BadInput("Không phải giờ điểm danh của buổi này", "This is not the time", field="who")
                person = await self._who(visit, tx, course)
                new = await self._house.training.attend(tx, session, person.id, How.QR, "mã ở cửa")
        except BadInput as fault:
            if visit.json:
                raise
            return (await self._door(visit)).with_fault(fault)
        self._house.notifier.ring("item")
        said = (
            Word("Đã điểm danh.", "Marked as present.")
            if new
            else Word("Đã điểm danh từ trước.", "Marked as present before.")
        )
        return Done(visit.request.path, said, {"class": course.title, "new": new})

    async def _who(self, visit: Visit, tx: AsyncConnection, course: TrainingClass) -> Person:
        who, name = visit.text("who").strip(), visit.text("name").strip()
        if not who and not name:
            raise BadInput("Ghi số điện thoại, thư điện tử, hoặc họ tên", "Say who you are", field="who")
        if who:
            scheme, address = _read(who)
            found = await people_store.at_address(tx, self._house.seal, course.id, scheme, address)
            if found is not None:
                return found
            if not name:
                vi = "Số hoặc thư này không có trong danh sách mời; ghi cả họ tên để điểm danh"
                raise BadInput(vi, "Not on the list; give your name too", field="name")
        return await self._house.training.add_person(tx, course.id, line(name, "name", "Ghi họ tên"), "")

    async def _at(self, visit: Visit, connection: AsyncConnection) -> tuple[TrainingClass, Session]:
        session = session_of(visit.part("token"), key_of(self._house))
        if session is None:
            raise NotFound("Mã ở cửa này không đúng", "There is no such code")
        return await store.by_session(connection, session)

    # --- certificates ---

    async def certificate(self, visit: Visit) -> Answered:
        """GET /chung-nhan?ma=...: whether a certificate with this code was given, to whom and for what."""
        given = visit.part("code") if "code" in visit.request.match_info else visit.asked("ma")
        if not given:
            return Shown("classes/check.html", {"given": "", "found": None, "person": None, "course": None}, {})
        self._slow_down(visit)
        async with self._house.database.read() as connection:
            found = await given_store.by_code(connection, typed_code(given))
            person = await people_store.person(connection, self._house.seal, found.person) if found else None
            course = await store.find(connection, found.klass) if found else None
        values = {"given": given[:40], "found": found, "person": person, "course": course, "zone": visit.drawing.zone}
        plain = {"good": found is not None}
        return Shown("classes/check.html", values, plain, status=200 if found else 404)

    def _slow_down(self, visit: Visit) -> None:
        keys = {f"class:{visit.request.remote}": FREE, "classes": FREE_ALL}
        if wait := self._throttle.wait(keys):
            seconds = int(wait) + 1
            vi = f"Thử nhiều lần quá; hãy đợi {seconds} giây rồi thử lại"
            raise Trouble(429, vi, "Too many tries; wait a little", {"Retry-After": str(seconds)})
        self._throttle.count(keys)


def _answer(written: str) -> Answer:
    if written not in set(Answer):
        raise BadInput("Chọn dự hay không dự", "answer: yes or no", field="answer")
    return Answer(written)


def _read(written: str) -> tuple[str, str]:
    try:
        return read_person(written)
    except BadInput as fault:
        raise BadInput(fault.vi, fault.en, field="who") from None
