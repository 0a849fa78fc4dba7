"""Moving a schedule to another day or time: a small form, and what it asks for done; two people stand behind that too."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import Any

from config.words import BadInput, NotFound, Said, Word
from desk.answer import Answer, Done, Shown, Visit
from desk.forms import moment_of
from desk.schedules import plain_schedule
from desk.shape import shape
from desk.shapes.calendar import MoveFields
from desk.shapes.schedules import ScheduleTold
from desk.timing import quiet_hours
from scheduler import store
from scheduler.schedule import Schedule, ScheduleState


async def form(visit: Visit) -> Answer:
    """GET /schedules/{id}/move?day=2026-12-01: the form, with that day filled in."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    async with visit.house.database.read() as connection:
        schedule = await store.find_schedule(connection, visit.part("id"))
    local = visit.drawing.local(schedule.next_due_at or visit.house.clock.now())
    day = visit.asked("day")
    typed = {
        "date": visit.text("date") or (day if re.fullmatch(r"\d{4}-\d\d-\d\d", day) else f"{local:%Y-%m-%d}"),
        "time": visit.text("time") or f"{local:%H:%M}",
        "note": visit.text("note"),
    }
    over = schedule.state in {ScheduleState.ENDED, ScheduleState.CANCELLED} or schedule.next_due_at is None
    at = schedule.next_due_at or local
    values: dict[str, Any] = {
        "schedule": schedule,
        "typed": typed,
        "over": over,
        "fixed": schedule.moved_rule(at) is None,
        "once": schedule.rule.once is not None,
        "outlets": visit.house.outlets,
        "quiet_at": lambda moment: quiet_hours(visit).opening(moment) != moment,
    }
    return Shown("calendar/move.html", values, plain_schedule(schedule))


@shape(ScheduleTold, MoveFields, status=201)
async def move(visit: Visit) -> Answer:
    """POST /schedules/{id}/move with `date` and `time`, or `at`; a daily or weekly schedule takes the time alone."""
    house = visit.house
    try:
        async with house.database.write() as tx:
            old = await store.find_schedule(tx, visit.part("id"))
            new = await house.scheduling.move(
                tx,
                old.id,
                _moment(visit, old),
                visit.name,
                may_approve=visit.approves_by_own_right,
                note=visit.text("note").strip()[:1000],
            )
    except NotFound:
        raise
    except Said as fault:
        return (await _page(visit)).with_fault(fault)
    house.notifier.ring("schedule")
    house.notifier.ring("work")
    waits = new.state is ScheduleState.IN_REVIEW
    said = (
        Word("Đã dời; lịch mới chờ người thứ hai duyệt.", "Moved; the new schedule waits for a second person.")
        if waits
        else Word("Đã dời sang giờ mới.", "Moved to its new time.")
    )
    return Done(f"/schedules/{new.id}", said, plain_schedule(new), 201)


def _moment(visit: Visit, schedule: Schedule) -> datetime:
    """The moment of the form, in the office's zone. Raises BadInput."""
    at = moment_of(visit, "at")
    if at is not None:
        return at
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", visit.text("time").strip())
    if not found:
        raise BadInput("Chọn giờ phát, ví dụ 05:00", "Choose a time of day, for instance 05:00", field="time")
    if schedule.rule.once is None:
        day = visit.drawing.local(visit.house.clock.now()).date()
    else:
        given = moment_of(visit, "date")
        if given is None:
            raise BadInput("Chọn ngày phát", "Choose a day", field="date")
        day = visit.drawing.local(given).date()
    return datetime.combine(day, time(int(found[1]), int(found[2])), visit.drawing.zone)
