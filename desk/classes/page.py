"""Training classes at the desk: opened, their sessions, who is invited, who answered and came, what is handed out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audience import masked
from channels.audiences import store as audience_store
from channels.classes import store
from channels.classes.given import store as given_store
from channels.classes.given.store import Certificate, Material
from channels.classes.inviting import told
from channels.classes.people import store as people_store
from channels.classes.training import LONGEST, PURPOSES, Answer, Person, Session, TrainingClass, door_code, door_token
from config.lazy import lazily
from config.words import NotFound, Said, Word
from content import store as content_store
from content.units import store as unit_store
from db.types import new_id
from desk.answer import Answer as Answered
from desk.answer import Done, Shown, Visit
from desk.app import House
from desk.classes.reading import class_of, session_of
from desk.forms import after_of, cursor, iso, limit_of, listed
from desk.keys import derive
from desk.shape import shape
from desk.shapes import classes as shapes
from desk.shapes.items import Why
from desk.units.choosing import must_reach_audience, unit_choices, unit_of_form

if TYPE_CHECKING:
    from desk.classes import paper
else:
    paper = lazily("desk.classes.paper")  # a library of many megabytes, for what is asked for seldom

HERE = "/classes"
OFFERED = 60


# --- all of them ---


@shape(shapes.ClassesTold, shapes.ClassesAsked)
async def list_all(visit: Visit) -> Answered:
    """GET /classes: the last made first."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    limit = limit_of(visit)
    async with visit.house.database.read() as connection:
        found = await store.listed(connection, units=visit.units, before=after_of(visit), limit=limit + 1)
        counts = await people_store.counts(connection, [one.id for one in found])
        came = {each.id: len(await people_store.there(connection, each.id)) for one in found for each in one.sessions}
        values = await _choices(visit, connection)
    shown = found[:limit]
    next = cursor(shown[-1].made_at, shown[-1].id) if len(found) > limit else None
    values |= {"found": shown, "counts": counts, "next": next, "typed": visit.form, "now": visit.house.clock.now()}
    plain = [plain_class(visit.house, one, counts[one.id], came) for one in shown]
    return Shown("classes/list.html", values, listed(plain, next))


async def _choices(visit: Visit, connection: AsyncConnection) -> dict[str, Any]:
    """What the form of a class offers."""
    tree = await unit_store.tree(connection)
    lists = await audience_store.audiences(connection, visit.units)
    outlets = [(at.name, at.outlet.title) for at in visit.outlets if at.channel.scheme]
    words = {
        "outreach": Word("Người dân", "Citizens"),
        "internal": Word("Cán bộ, công chức của cơ quan", "The office’s own staff"),
    }
    return {
        "themes": await content_store.themes(connection),
        "audiences": [(one.name, f"{one.name} ({one.size})") for one in lists],
        "offered": outlets,
        "purposes": [(one.value, words[one.value]) for one in PURPOSES],
        "unit_choices": unit_choices(visit, tree),
        "longest": LONGEST,
        "zone": visit.drawing.zone,
        "told_session": told,
    }


def plain_class(house: House, one: TrainingClass, count: Counter[str], came: Mapping[str, int]) -> dict[str, Any]:
    """A class as JSON."""
    names = ("id", "unit", "title", "theme", "about", "audience", "capacity", "needed", "made_by")
    plain: dict[str, Any] = {name: getattr(one, name) for name in names}
    plain |= {"purpose": one.purpose.value, "outlets": list(one.outlets), "invitation": one.invitation or None}
    plain |= {name: iso(getattr(one, name)) for name in ("made_at", "invited_at", "cancelled_at")}
    plain["sessions"] = [_plain_session(house, each, came.get(each.id, 0)) for each in one.sessions]
    return plain | {"yes": count[Answer.YES.value], "no": count[Answer.NO.value], "silent": count[""]}


def _plain_session(house: House, one: Session, came: int) -> dict[str, Any]:
    return {
        "id": one.id,
        "begins_at": iso(one.begins_at),
        "ends_at": iso(one.ends_at),
        "place": one.place,
        "lecturer": one.lecturer,
        "reminder": one.reminder or None,
        "code": door_code(one.id, key_of(house)),
        "door": door_address(house, one),
        "attended": came,
    }


def key_of(house: House) -> bytes:
    """What codes at doors and on certificates are made with."""
    return derive(house.key, "class")


def door_address(house: House, session: Session) -> str:
    """Where the code at a session's door leads."""
    return f"{house.settings.web.base_url}/diem-danh/{door_token(session.id, key_of(house))}"


@shape(shapes.ClassTold, shapes.NewClass, status=201)
async def open_class(visit: Visit) -> Answered:
    """POST /classes: a class with its first session."""
    house = visit.house
    try:
        async with house.database.write() as tx:
            id, unit = new_id(house.clock.now()), await unit_of_form(visit, tx)
            new = class_of(visit, id, unit)
            await _must_reach(visit, tx, new)
            await house.training.open(tx, replace(new, sessions=(session_of(visit, id),)), visit.name)
    except Said as fault:
        if visit.json:
            raise
        return (await _page(visit)).with_fault(fault)
    house.notifier.ring("item")
    return Done(
        f"{HERE}/{id}",
        Word("Đã mở lớp. Soạn lời mời khi thông tin đã đúng.", "Class opened. Draft the invitation once all is right."),
        await _plain(visit, id),
        201,
    )


async def _must_reach(visit: Visit, connection: AsyncConnection, new: TrainingClass) -> None:
    """Raises NotFound for a list or an outlet of others."""
    if new.audience:
        await must_reach_audience(visit, connection, new.audience)
    for name in new.outlets:
        visit.outlets[name]


# --- one of them ---


@shape(shapes.ClassTold)
async def show(visit: Visit) -> Answered:
    """GET /classes/{id}: one with everybody of it and what is handed out."""
    return await _class_page(visit)


async def _class_page(visit: Visit) -> Shown:
    house, id = visit.house, visit.part("id")
    async with house.database.read() as connection:
        course = await store.find(connection, id)
        values, plain = await _everything(visit, connection, course)
        values |= await _choices(visit, connection)
        approved = await content_store.list_items(connection, units=visit.units, limit=OFFERED)
        drafted = filter(None, (course.invitation, *(one.reminder for one in course.sessions)))
        values["items"] = await content_store.items_by_id(
            connection, {*drafted, *(one.item for one in values["materials"])} - {""}
        )
        values["deeds"] = await house.journal.of(connection, f"class/{id}")
    values["approved"] = [(item.id, item.title) for item in approved if item.state.value == "approved"]
    kept: dict[str, Any] = {
        "title": course.title,
        "theme": course.theme,
        "about": course.about,
        "purpose": course.purpose.value,
    }
    kept |= {"audience": course.audience, "capacity": course.capacity or "", "needed": course.needed or ""}
    values |= {"course": course, "now": house.clock.now(), "typed": {**kept, **visit.form}}
    return Shown("classes/show.html", values, plain)


async def _everything(
    visit: Visit, connection: AsyncConnection, course: TrainingClass
) -> tuple[dict[str, Any], dict[str, Any]]:
    house = visit.house
    people = await people_store.people_of(connection, house.seal, course.id)
    given = await given_store.certificates(connection, course.id)
    materials = await given_store.materials(connection, course.id)
    came = {one.id: sum(one.id in each.attended for each in people) for one in course.sessions}
    count = Counter(one.answer.value if one.answer else "" for one in people)
    values = {"people": people, "given": given, "materials": materials, "came": came, "count": count, "masked": masked}
    values |= {"codes": {one.id: door_code(one.id, key_of(house)) for one in course.sessions}}
    plain = plain_class(house, course, count, came)
    plain["people"] = [_plain_person(one, given.get(one.id)) for one in people]
    plain["materials"] = [_plain_material(one) for one in materials]
    return values, plain


def _plain_person(one: Person, given: Certificate | None) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "address": masked(one.address) if one.address else None,
        "answer": one.answer.value if one.answer else None,
        "how": one.how.value if one.how else None,
        "answered_at": iso(one.answered_at),
        "attended": sorted(one.attended),
        "certificate": given.code if given else None,
    }


def _plain_material(one: Material) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "link": one.link or None,
        "item": one.item or None,
        "media": one.media or None,
    }


async def _plain(visit: Visit, id: str) -> dict[str, Any]:
    async with visit.house.database.read() as connection:
        _, plain = await _everything(visit, connection, await store.find(connection, id))
    return plain


async def done(
    visit: Visit, deed: Callable[[AsyncConnection, str], Awaitable[Word]], anchor: str = "", status: int = 200
) -> Answered:
    """A deed in one transaction, and the word after it; or the page with what stood in its way."""
    id = visit.part("id")
    try:
        async with visit.house.database.write() as tx:
            said = await deed(tx, id)
    except Said as fault:
        if visit.json or (isinstance(fault, NotFound) and not fault.field):
            raise
        return (await _class_page(visit)).with_fault(fault)
    for topic in ("item", "schedule", "work"):
        visit.house.notifier.ring(topic)
    return Done(f"{HERE}/{id}{anchor}", said, await _plain(visit, id), status)


@shape(shapes.ClassTold, shapes.ClassText)
async def change(visit: Visit) -> Answered:
    """POST /classes/{id}: what is said of it."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        new = class_of(visit, id, (await store.find(tx, id)).unit)
        await _must_reach(visit, tx, new)
        await visit.house.training.change(tx, new, visit.name)
        return Word("Đã lưu.", "Saved.")

    return await done(visit, deed)


@shape(shapes.ClassTold, Why)
async def cancel(visit: Visit) -> Answered:
    """POST /classes/{id}/cancel: it will not be, with a reason; what invites to it is withdrawn."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        for item in await visit.house.training.cancel(tx, id, visit.name, visit.text("note")):
            await visit.house.correcting.take_back(tx, item)
        return Word(
            "Đã hủy lớp, thu hồi lời mời và tin nhắc. Báo cho người đã được mời ở trang của lời mời.",
            "Class cancelled, invitation and reminders withdrawn. Tell those who were invited from the invitation’s page.",
        )

    return await done(visit, deed)


@shape(shapes.DraftsTold)
async def invite(visit: Visit) -> Answered:
    """POST /classes/{id}/invite: drafts of the invitation and of a reminder for each session, for a person to hand in."""
    house, id = visit.house, visit.part("id")
    try:
        async with house.database.write() as tx:
            items = await house.inviting.invite(tx, id, visit.name)
    except Said as fault:
        if visit.json or (isinstance(fault, NotFound) and not fault.field):
            raise
        return (await _class_page(visit)).with_fault(fault)
    house.notifier.ring("item")
    said = Word(
        "Đã soạn lời mời và tin nhắc. Đọc lại, gửi duyệt; duyệt xong lời mời đi ngay, tin nhắc đi trước buổi học một ngày.",
        "Invitation and reminder drafted. Read them and submit; once approved, one goes at once, the other a day before.",
    )
    return Done(f"{HERE}/{id}", said, {"items": items})
