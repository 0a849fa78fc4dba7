"""The pages of rides: all of them, one with the runs ahead that would carry it, and what is done to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import BadInput, Conflict, NotFound, Said, Word
from content import store as content_store
from content.item import Item, ItemState, same_person
from desk.answer import Answer, Done, Shown, Visit
from desk.forms import choice, digest_of, iso, limit_of, listed
from desk.shape import shape
from desk.shapes import rides as shapes
from desk.shapes.items import Why
from desk.shapes.schedules import MayNote
from desk.units.choosing import may_send
from scheduler.ride import store
from scheduler.ride.ride import MOST_WEEKS, TITLES, Ride, RideState
from scheduler.riding import Coming, Wish

HERE = "/rides"
LAST_RUNS = 20
OWN = Word(
    "Bạn đã lập lồng ghép này hoặc viết tin nên không tự duyệt được: cần người thứ hai.",
    "You made this rule or wrote the item, so a second person has to approve it.",
)

Deed = Callable[[AsyncConnection], Awaitable[Ride]]


@shape(shapes.RidesTold, shapes.RidesAsked)
async def list_all(visit: Visit) -> Answer:
    """GET /rides: newest first; `item` names an approved text that is to ride, and the page has a form for it."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    state, limit, before = choice(RideState, visit.asked("state"), "state"), limit_of(visit), visit.asked("after")
    async with visit.house.database.read() as connection:
        told: dict[str, Any] = {"states": (state,) if state else (), "units": visit.units, "before": before}
        found = await store.list_all(connection, **told, limit=limit + 1)
        page = found[:limit]
        items = await content_store.items_by_id(connection, {one.item for one in page})
        themes = await content_store.themes(connection)
        chosen = await _chosen(visit, connection)
    next = page[-1].id if len(found) > limit else None
    values: dict[str, Any] = {"rides": page, "items": items, "state": state, "next": next, "titles": TITLES}
    values |= {"chosen": chosen, "typed": visit.form, "themes": themes, "outlets": visit.house.outlets}
    values |= {"carriers": _carriers(visit), "weeks": MOST_WEEKS, "today": visit.house.reporter.today()}
    return Shown("rides/list.html", values, listed([plain(one) for one in page], next))


async def _chosen(visit: Visit, connection: AsyncConnection) -> Item | None:
    """The text that is to ride, if it may."""
    id = visit.asked("item") or visit.text("item")
    found = (await content_store.items_by_id(connection, [id])).get(id) if id and visit.may("ride-add") else None
    return found if found is not None and found.state is ItemState.APPROVED else None


def _carriers(visit: Visit) -> list[str]:
    return [name for name in visit.house.riding.carriers() if name in visit.outlets]


def plain(one: Ride) -> dict[str, Any]:
    """A ride as JSON."""
    kept = ("id", "item", "revision", "weeks", "share", "unit", "made_by", "decided_by", "note", "seen", "carried")
    told = {name: getattr(one, name) for name in kept} | {"outlets": list(one.outlets), "themes": list(one.themes)}
    days = {"begins": one.begins.isoformat(), "ends": one.ends.isoformat()}
    moments = {"made_at": iso(one.made_at), "decided_at": iso(one.decided_at)}
    return told | days | moments | {"state": one.state.value, "digest": one.digest}


@shape(shapes.RideTold, shapes.RideFields, status=201)
async def add(visit: Visit) -> Answer:
    """POST /rides: store one; it runs at once only when two people stand behind it already."""
    house = visit.house
    try:
        async with house.database.write() as tx:
            item = await content_store.find_item(tx, visit.text("item"))
            await may_send(visit, tx, item)
            for name in visit.texts("outlet"):
                visit.outlets[name]  # raises NotFound for what is beyond this person's unit
            unit = item.unit if visit.reaches(item.unit) else visit.unit
            one = await house.riding.add(
                tx, _wish(visit, item, unit), visit.name, may_approve=visit.approves_by_own_right
            )
    except Said as fault:
        if visit.json:
            raise
        return (await _page(visit)).with_fault(fault)
    _ring(visit)
    running = one.state is RideState.APPROVED
    said = (
        Word("Đã lưu; tin sẽ đi kèm từ kỳ phát tới.", "Saved; the text rides along from the next run.")
        if running
        else Word("Đã lưu, chờ người thứ hai duyệt.", "Saved; a second person has to approve it.")
    )
    return Done(f"{HERE}/{one.id}", said, plain(one), 201)


def _wish(visit: Visit, item: Item, unit: str) -> Wish:
    ways = tuple(visit.texts("outlet")), tuple(visit.texts("theme"))
    begins, ends = _day(visit, "begins"), _day(visit, "ends")
    often = {"weeks": _whole(visit, "weeks", 1), "share": _whole(visit, "share", 100)}
    return Wish(item.id, ways[0], begins, ends, themes=ways[1], unit=unit, **often)


def _day(visit: Visit, name: str) -> date:
    written = visit.text(name).strip()
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise BadInput(
            f"Chọn ngày (ví dụ 2026-12-01), không hiểu “{written[:20]}”", f"Not a day: {written[:20]}", field=name
        ) from None


def _whole(visit: Visit, name: str, usual: int) -> int:
    written = visit.text(name).strip() or str(usual)
    if not written.isascii() or not written.isdigit() or len(written) > 3:
        raise BadInput(f"“{written[:20]}” không phải số", f"Not a number: {written[:20]}", field=name)
    return int(written)


@shape(shapes.RideSheet)
async def show(visit: Visit) -> Answer:
    """GET /rides/{id}: its text, the runs ahead that are hosts, and the last that carried it."""
    return await _sheet(visit)


async def _sheet(visit: Visit) -> Shown:
    house = visit.house
    async with house.database.read() as connection:
        one = await store.find(connection, visit.part("id"))
        item = await content_store.find_item(connection, one.item)
        revision = await content_store.find_revision(connection, one.revision)
        coming = await house.riding.coming(connection, one) if _is_open(one) else []
        since = datetime.combine(one.begins, time(), visit.drawing.zone)
        past = await store.carried_by(connection, one, since, LAST_RUNS)
        deeds = await house.journal.of(connection, f"ride/{one.id}")
        themes = dict(await content_store.themes(connection))
        writers = await content_store.writers_of(connection, one.item)
    values: dict[str, Any] = {"ride": one, "item": item, "revision": revision, "coming": coming, "past": past}
    values |= {"deeds": deeds, "themes": themes, "titles": TITLES, "outlets": house.outlets}
    own = any(same_person(visit.name, name) for name in (one.made_by, *writers))
    values |= {
        "why_not": visit.why_not("ride-approve", own, OWN),
        "stale": item.approved != one.revision,
        "open": _is_open(one),
    }
    told = plain(one) | {"coming": [_plain_run(run) for run in coming], "runs": [row.id for row in past]}
    return Shown("rides/show.html", values, told)


def _is_open(one: Ride) -> bool:
    return one.state in {RideState.IN_REVIEW, RideState.APPROVED}


def _plain_run(run: Coming) -> dict[str, Any]:
    return {"at": iso(run.at), "schedule": run.schedule, "title": run.title, "carries": run.carries}


@shape(shapes.RideTold, shapes.ApproveRide)
async def approve(visit: Visit) -> Answer:
    """POST /rides/{id}/approve: exactly the digest that was on the page."""

    async def deed(tx: AsyncConnection) -> Ride:
        told = {"digest": digest_of(visit), "note": visit.text("note"), "instead_of": visit.instead_of}
        return await visit.house.riding.approve(tx, visit.part("id"), visit.name, **told)

    return await _done(
        visit, Word("Đã duyệt; tin đi kèm từ kỳ phát tới.", "Approved; the text rides along from the next run."), deed
    )


@shape(shapes.RideTold, Why)
async def send_back(visit: Visit) -> Answer:
    """POST /rides/{id}/send-back, with a reason."""
    return await _done(
        visit,
        Word("Đã trả lại.", "Sent back."),
        lambda tx: visit.house.riding.send_back(tx, visit.part("id"), visit.name, visit.text("note")),
    )


@shape(shapes.RideTold, MayNote)
async def end(visit: Visit) -> Answer:
    """POST /rides/{id}/end: from the next run on it rides no more."""
    return await _done(
        visit,
        Word("Đã dừng lồng ghép từ kỳ phát tới.", "It rides along no more from the next run."),
        lambda tx: visit.house.riding.end(tx, visit.part("id"), visit.name, visit.text("note")),
    )


async def _done(visit: Visit, said: Word, deed: Deed) -> Answer:
    try:
        async with visit.house.database.write() as tx:
            one = await deed(tx)
    except (NotFound, Conflict):
        raise
    except Said as fault:
        if visit.json:
            raise
        return (await _sheet(visit)).with_fault(fault)
    _ring(visit)
    return Done(f"{HERE}/{one.id}", said, plain(one))


def _ring(visit: Visit) -> None:
    visit.house.notifier.ring("schedule")
