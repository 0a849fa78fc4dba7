"""Items passed down, at the desk: the page of a unit with what waits for it, its decisions, and an item handed on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound, Said, Word
from content import store as content_store
from content.bulletin import BulletinClass
from content.passing import store
from content.passing.passing import TITLES, Passing, PassingState
from content.units import store as unit_store
from desk.answer import Answer, Done, Shown, Visit
from desk.forms import after_of, choice, cursor, iso, limit_of, listed
from desk.item_page import sheet_of
from desk.items import ring
from desk.shape import shape
from desk.shapes import units as shapes
from desk.shapes.items import Why
from scheduler.schedule import Rule, Schedule, ScheduleState
from scheduler.scheduling import Wish

HERE = "/passed"


@shape(shapes.PassingsTold, shapes.PassingsAsked)
async def list_all(visit: Visit) -> Answer:
    """GET /passed: what was passed down to this person's units, or to any; what waits first when no state is named."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    state, limit = choice(PassingState, visit.asked("state"), "state"), limit_of(visit)
    states = (state,) if state else ()
    async with visit.house.database.read() as connection:
        found = await store.listed(connection, visit.units, states, before=after_of(visit), limit=limit + 1)
        tree = await unit_store.tree(connection)
    page = found[:limit]
    next = cursor(page[-1].passed_at, page[-1].id) if len(found) > limit else None
    values: dict[str, Any] = {"found": page, "state": state, "titles": TITLES, "tree": tree, "next": next}
    return Shown("units/passed.html", values, listed([plain_passing(one) for one in page], next))


def plain_passing(one: Passing) -> dict[str, Any]:
    """As JSON."""
    kept = ("id", "item", "title", "unit", "passed_by", "note", "decided_by", "reason")
    told: dict[str, Any] = {name: getattr(one, name) for name in kept}
    told |= {"state": one.state.value, "class": one.klass.value, "passed_at": iso(one.passed_at)}
    return told | {
        "decided_at": iso(one.decided_at),
        "local": one.local or None,
        "choices": sorted(to.value for to in one.choices()),
    }


@shape(shapes.PassedTold, shapes.PassFields)
async def pass_down(visit: Visit) -> Answer:
    """POST /items/{id}/pass: an approved item to units under its own; an urgent one goes out there at once."""
    house, id = visit.house, visit.part("id")
    made: list[Schedule] = []
    try:
        async with house.database.write() as tx:
            chosen = await _chosen(visit, tx)
            given = await house.handing.pass_down(tx, id, chosen, visit.name, note=visit.text("note"))
            item = await content_store.find_item(tx, id)
            if item.klass is BulletinClass.URGENT and (outlets := _heard_by_all(visit, given)):
                rule = Rule(once=house.clock.now())
                wish = Wish((item.id,), outlets, rule, klass=item.klass, unit=item.unit)
                made.append(await house.scheduling.add(tx, wish, visit.name, may_approve=visit.approves_by_own_right))
    except NotFound as fault:
        if visit.json or fault.field is None:
            raise
        return (await sheet_of(visit)).with_fault(fault)
    except Said as fault:
        return (await sheet_of(visit)).with_fault(fault)
    ring(visit)
    visit.house.notifier.ring("schedule")
    said = Word(
        f"Đã chuyển xuống {len(given)} đơn vị.{_told(made)}", f"Passed down. Units: {len(given)}.{_told(made).en}"
    )
    return Done(f"/items/{item.id}", said, {"units": given, "schedules": [one.id for one in made]})


async def _chosen(visit: Visit, connection: AsyncConnection) -> list[str]:
    """The units that were ticked, or all under the item's that are in force."""
    item, tree = await content_store.find_item(connection, visit.part("id")), await unit_store.tree(connection)
    today = visit.drawing.local(visit.house.clock.now()).date()
    if visit.text("all"):
        below = tree.below(item.unit) - {item.unit}
        return [one.id for _, one in tree.walk(below) if one.is_in_force(today) and one.parent == item.unit]
    return list(visit.texts("unit"))


def _heard_by_all(visit: Visit, units: Sequence[str]) -> tuple[str, ...]:
    """Outlets of these units that reach everybody without a list: stations, portals."""
    return tuple(at.name for at in visit.house.outlets.within(units) if not at.channel.scheme)


def _told(made: Sequence[Schedule]) -> Word:
    if not made:
        return Word("", "")
    waits = made[0].state is ScheduleState.IN_REVIEW
    return (
        Word(" Lịch phát khẩn cấp chờ người thứ hai duyệt.", " The urgent schedule waits for a second person.")
        if waits
        else Word(
            " Tin khẩn cấp đang phát qua các điểm phát của họ.", " The urgent item is going out by their outlets."
        )
    )


@shape(shapes.PassingTold)
async def accept(visit: Visit) -> Answer:
    """POST /passed/{id}/accept: the unit sends it as it is, and says when by a schedule of its own."""
    kept: list[Passing] = []

    async def deed(tx: AsyncConnection) -> str:
        kept.append(await visit.house.handing.accept(tx, visit.part("id"), visit.name))
        return f"/schedules/new?item={kept[0].item}" if visit.may("schedule-new") else HERE

    return await _done(visit, Word("Đã nhận; hãy lập lịch phát.", "Accepted; now schedule it."), deed)


@shape(shapes.PassingTold)
async def localise(visit: Visit) -> Answer:
    """POST /passed/{id}/localise: a draft of the unit's own with the same text."""

    async def deed(tx: AsyncConnection) -> str:
        return f"/items/{(await visit.house.handing.localise(tx, visit.part('id'), visit.name)).id}/edit"

    return await _done(
        visit,
        Word(
            "Đã chép thành tin của đơn vị; hãy sửa rồi trình duyệt.",
            "Copied as an item of the unit; adapt it, then submit it.",
        ),
        deed,
    )


@shape(shapes.PassingTold, Why)
async def decline(visit: Visit) -> Answer:
    """POST /passed/{id}/decline, with a reason."""

    async def deed(tx: AsyncConnection) -> str:
        await visit.house.handing.decline(tx, visit.part("id"), visit.name, visit.text("note"))
        return HERE

    return await _done(visit, Word("Đã ghi là không dùng.", "Noted as not used."), deed)


async def _done(visit: Visit, said: Word, deed: Callable[[AsyncConnection], Awaitable[str]]) -> Answer:
    try:
        async with visit.house.database.write() as tx:
            to = await deed(tx)
            one = await store.find(tx, visit.part("id"))
    except NotFound:
        raise
    except Said as fault:
        if visit.json:
            raise
        return (await _page(visit)).with_fault(fault)
    ring(visit)
    return Done(to, said, plain_passing(one))
