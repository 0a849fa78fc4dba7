"""Schedules on the desk: choose what goes where and when, see the next ten occurrences, approve, pause, cancel."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences import store as audience_store
from config.words import Conflict, NotFound, Said, Word
from content import store as content_store
from content.item import Item, Revision, same_person
from desk.answer import Answer, Done, Shown, Visit
from desk.costs import costs_of
from desk.deliveries import rule_titles
from desk.forms import after_of, choice, cursor, digest_of, iso, limit_of, listed
from desk.shape import shape
from desk.shapes import schedules as shapes
from desk.shapes.items import Why
from desk.timing import MISSED_TITLES, choices, dues, fingerprint, typed_wish, wish_of
from desk.units.choosing import own_wish
from scheduler import store
from scheduler.diversion import store as diversion_store
from scheduler.schedule import TITLES, Schedule, ScheduleState
from scheduler.tally import store as tally

Deed = Callable[[AsyncConnection], Awaitable[Schedule]]

OWN = Word(
    "Bạn đã lập lịch này hoặc viết tin trong lịch nên không tự duyệt được: cần người thứ hai.",
    "You made this schedule or wrote an item in it, so a second person has to approve it.",
)


@shape(shapes.SchedulesTold, shapes.SchedulesAsked)
async def list_all(visit: Visit) -> Answer:
    """GET /schedules: newest first."""
    state, limit, before = choice(ScheduleState, visit.asked("state"), "state"), limit_of(visit), visit.asked("after")
    async with visit.house.database.read() as connection:
        states, outlets = (state,) if state else (), visit.outlet_names
        found = await store.list_schedules(connection, states=states, outlets=outlets, limit=limit + 1, before=before)
    page = found[:limit]
    next = page[-1].id if len(found) > limit else None
    values = {"schedules": page, "state": state, "next": next, "titles": TITLES, "outlets": visit.house.outlets}
    return Shown("schedules/list.html", values, listed([plain_schedule(one) for one in page], next))


def plain_schedule(schedule: Schedule) -> dict[str, Any]:
    """A schedule as JSON."""
    return {
        "id": schedule.id,
        "title": schedule.title,
        "state": schedule.state.value,
        "digest": schedule.digest,
        "items": [{"item": one.item, "revision": one.revision, "digest": one.digest} for one in schedule.items],
        "outlets": list(schedule.outlets),
        "audience": schedule.audience,
        "rule": schedule.rule.record(),
        "zone": schedule.zone,
        "class": schedule.klass.value,
        "start": iso(schedule.start),
        "until": iso(schedule.until),
        "missed": schedule.missed.value,
        "next_due_at": iso(schedule.next_due_at),
        "made_by": schedule.made_by,
        "made_at": iso(schedule.made_at),
        "unit": schedule.unit,
    }


async def blank(visit: Visit) -> Answer:
    """GET /schedules/new?item=...: the empty form."""
    for name, value in visit.request.query.items():
        visit.form.add(name, value)
    return await _form(visit)


async def _form(visit: Visit, drawn: Schedule | None = None, *, changed: bool = False) -> Shown:
    typed = typed_wish(visit)
    async with visit.house.database.read() as connection:
        offered = await choices(visit, connection, typed["items"] if drawn or visit.reads else ())
        needs = await _needs_second(visit, connection, drawn) if drawn else False
        rules = await visit.house.scheduling.check(connection, drawn) if drawn else []
        costs = await costs_of(visit, connection, drawn) if drawn else []
    coming = dues(visit, drawn, None) if drawn else []
    plain = None
    if drawn:
        policy = [one.plain() for one in rules]
        plain = {"schedule": plain_schedule(drawn), "next": [iso(due.at) for due in coming], "policy": policy}
        plain["sms"] = [one.plain() for one in costs]
    values: dict[str, Any] = {
        "typed": typed,
        "offered": offered,
        "drawn": drawn,
        "coming": coming,
        "needs_second": needs,
        "rules": rules,
        "costs": costs,
        "outlets": visit.house.outlets,
    }
    values |= {"seen": fingerprint(visit), "changed": changed}
    return Shown("schedules/form.html", values, plain)


async def _needs_second(visit: Visit, connection: AsyncConnection, schedule: Schedule) -> bool:
    """Whether somebody else will have to approve it."""
    return not visit.may("schedule-approve") or await _wrote(connection, schedule, visit.name)


async def _wrote(connection: AsyncConnection, schedule: Schedule, name: str) -> bool:
    for pinned in schedule.items:
        if any(same_person(name, writer) for writer in await content_store.writers_of(connection, pinned.item)):
            return True
    return False


@shape(shapes.Preview, shapes.Wished)
async def preview(visit: Visit) -> Answer:
    """POST /schedules/preview: what would be stored, and its next ten occurrences; nothing is stored."""
    try:
        async with visit.house.database.read() as connection:
            wish = await own_wish(visit, connection, wish_of(visit))
            drawn = await visit.house.scheduling.draw_up(connection, wish, visit.name)
    except Said as fault:
        return (await _form(visit)).with_fault(fault)
    return await _form(visit, drawn)


@shape(shapes.ScheduleTold, shapes.Wished, status=201)
async def add(visit: Visit) -> Answer:
    """POST /schedules: store it; it runs at once only when two people stand behind it already."""
    house = visit.house
    try:
        wish = wish_of(visit)
        if not visit.json and visit.text("seen") != fingerprint(visit):
            # what is stored is what was previewed, also in a browser without scripts
            async with house.database.read() as connection:
                wish = await own_wish(visit, connection, wish)
                drawn = await house.scheduling.draw_up(connection, wish, visit.name)
            return await _form(visit, drawn, changed=bool(visit.text("seen")))
        async with house.database.write() as tx:
            wish = await own_wish(visit, tx, wish)
            schedule = await house.scheduling.add(tx, wish, visit.name, may_approve=visit.approves_by_own_right)
    except Said as fault:
        return (await _form(visit)).with_fault(fault)
    _ring(visit)
    said = {
        ScheduleState.APPROVED: Word("Đã lưu lịch, lịch bắt đầu chạy.", "Schedule saved; it runs from now on."),
        ScheduleState.PAUSED: Word(
            "Đã lưu lịch; lịch chạy khi hết tạm dừng chung.", "Schedule saved; it runs once everything is let go."
        ),
    }.get(
        schedule.state,
        Word("Đã lưu lịch, chờ người thứ hai duyệt.", "Schedule saved; a second person has to approve it."),
    )
    return Done(f"/schedules/{schedule.id}", said, plain_schedule(schedule), 201)


def _ring(visit: Visit) -> None:
    visit.house.notifier.ring("schedule")
    visit.house.notifier.ring("work")


@shape(shapes.ScheduleSheet)
async def show(visit: Visit) -> Answer:
    """GET /schedules/{id}."""
    return await _sheet(visit)


async def _sheet(visit: Visit) -> Shown:
    house = visit.house
    async with house.database.read() as connection:
        schedule = await store.find_schedule(connection, visit.part("id"))
        pinned: list[tuple[Item, Revision]] = []
        for one in schedule.items:
            item = await content_store.find_item(connection, one.item)
            pinned.append((item, await content_store.find_revision(connection, one.revision)))
        past = await store.list_occurrences(connection, schedule_id=schedule.id, limit=20)
        runs = [row.id for row in past]
        counts, held = await tally.outcomes_of(connection, runs), await tally.held_back_of(connection, runs)
        deeds = await house.journal.of(connection, f"schedule/{schedule.id}")
        wrote = await _wrote(connection, schedule, visit.name)
        people = await audience_store.find_audience(connection, schedule.audience) if schedule.audience else None
        rules = await house.scheduling.check(connection, schedule)
        costs = await costs_of(visit, connection, schedule)
        fallbacks = await _fallbacks(visit, connection, schedule)
    over = schedule.state in {ScheduleState.ENDED, ScheduleState.CANCELLED} or schedule.next_due_at is None
    last = next((row.due_at for row in past if not row.early), None)
    sent = [row.due_at for row in past if row.early]
    coming = [] if over else dues(visit, schedule, last, sent)
    own = wrote or same_person(visit.name, schedule.made_by)
    values = {"schedule": schedule, "pinned": pinned, "past": past, "counts": counts, "deeds": deeds}
    values |= {
        "held": held,
        "costs": costs,
        "rule_titles": rule_titles(visit),
        "people": people,
        "rules": rules,
        "coming": coming,
        "why_not": visit.why_not("schedule-approve", own, OWN),
        "missed": MISSED_TITLES,
        "titles": TITLES,
    }
    plain = plain_schedule(schedule) | {"next": [iso(due.at) for due in coming]}
    values |= {"outlets": house.outlets, "fallbacks": fallbacks}
    plain |= {"policy": [one.plain() for one in rules], "fallbacks": fallbacks}
    return Shown("schedules/show.html", values, plain)


async def _fallbacks(visit: Visit, connection: AsyncConnection, schedule: Schedule) -> list[str]:
    """The outlets that may take over: as approved, or as an approval would list them."""
    if schedule.state is ScheduleState.IN_REVIEW:
        return visit.house.outlets.fallbacks_of(schedule.outlets)
    return await diversion_store.allowed(connection, schedule.id)


@shape(shapes.ScheduleTold, shapes.ApproveSchedule)
async def approve(visit: Visit) -> Answer:
    """POST /schedules/{id}/approve: exactly the digest that was on the page; with `part`, over the outlets named alone."""

    async def deed(tx: AsyncConnection) -> Schedule:
        some = visit.texts("outlet") if visit.text("part") or visit.texts("outlet") else None
        told: dict[str, Any] = {"digest": digest_of(visit), "note": visit.text("note"), "outlets": some}
        told |= {"instead_of": visit.instead_of}
        return await visit.house.scheduling.approve(tx, visit.part("id"), visit.name, **told)

    held = Word("Đã duyệt; lịch chạy khi hết tạm dừng chung.", "Approved; it runs once everything is let go.")
    return await _done(visit, Word("Đã duyệt, lịch bắt đầu chạy.", "Approved; it runs from now on."), deed, held)


@shape(shapes.ScheduleTold, Why)
async def send_back(visit: Visit) -> Answer:
    """POST /schedules/{id}/send-back, with a reason."""
    return await _done(
        visit,
        Word("Đã trả lại lịch.", "Schedule sent back."),
        lambda tx: visit.house.scheduling.send_back(tx, visit.part("id"), visit.name, visit.text("note")),
    )


@shape(shapes.ScheduleTold, shapes.MayNote)
async def pause(visit: Visit) -> Answer:
    """POST /schedules/{id}/pause."""
    return await _done(
        visit,
        Word("Đã tạm dừng lịch.", "Schedule paused."),
        lambda tx: visit.house.scheduling.pause(tx, visit.part("id"), visit.name, visit.text("note")),
    )


@shape(shapes.ScheduleTold)
async def resume(visit: Visit) -> Answer:
    """POST /schedules/{id}/resume."""
    return await _done(
        visit,
        Word("Lịch chạy tiếp.", "The schedule runs again."),
        lambda tx: visit.house.scheduling.resume(tx, visit.part("id"), visit.name),
    )


@shape(shapes.ScheduleTold, shapes.MayNote)
async def cancel(visit: Visit) -> Answer:
    """POST /schedules/{id}/cancel."""
    return await _done(
        visit,
        Word("Đã hủy lịch.", "Schedule cancelled."),
        lambda tx: visit.house.scheduling.cancel(tx, visit.part("id"), visit.name, visit.text("note")),
    )


async def _done(visit: Visit, said: Word, deed: Deed, held: Word | None = None) -> Answer:
    """What was done, in words; `held`: those for a schedule that is paused with all others."""
    try:
        async with visit.house.database.write() as tx:
            schedule = await deed(tx)
    except NotFound:
        raise
    except Said as fault:
        return (await _sheet(visit)).with_fault(fault)
    _ring(visit)
    words = held if held and schedule.state is ScheduleState.PAUSED else said
    return Done(f"/schedules/{schedule.id}", words, plain_schedule(schedule))


@shape(shapes.OccurrencesTold, shapes.OccurrencesAsked)
async def list_occurrences(visit: Visit) -> Answer:
    """GET /occurrences: last due first."""
    limit = limit_of(visit)
    async with visit.house.database.read() as connection:
        found = await store.list_occurrences(
            connection,
            schedule_id=visit.asked("schedule"),
            outlets=visit.outlet_names,
            before=after_of(visit),
            limit=limit + 1,
        )
    page = found[:limit]
    next = cursor(page[-1].due_at, page[-1].id) if len(found) > limit else None
    plain = listed([plain_occurrence(row) for row in page], next)
    return Shown("schedules/occurrences.html", {"occurrences": page, "next": next}, plain)


def plain_occurrence(row: Any) -> dict[str, Any]:
    """An occurrence as JSON."""
    kept = ("id", "schedule", "state", "title", "outlets", "audience", "size", "reason")
    plain = {name: getattr(row, name) for name in kept}
    return plain | {
        "class": row.klass,
        "early": bool(row.early),
        "due_at": iso(row.due_at),
        "until": iso(row.until),
        "planned_at": iso(row.planned_at),
    }


@shape(shapes.CancelledTold, shapes.MayNote)
async def cancel_occurrence(visit: Visit) -> Answer:
    """POST /occurrences/{id}/cancel: all of it that has not gone."""
    async with visit.house.database.write() as tx:
        row = await store.find_occurrence(tx, visit.part("id"))
        if row.state not in {"planning", "open"}:
            raise Conflict("Kỳ phát này đã xong", "This occurrence is over")
        counted = await visit.house.handling.cancel_occurrence(tx, row.id, visit.name, visit.text("note"))
    _ring(visit)
    visit.house.notifier.ring("delivery")
    plain = {"id": row.id, "counts": {state.value: number for state, number in counted.items()}}
    return Done(
        f"/schedules/{row.schedule}",
        Word("Đã hủy những lượt chưa gửi của kỳ phát này.", "What was not sent yet of this run is cancelled."),
        plain,
    )
