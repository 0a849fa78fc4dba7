"""Everything paused with one button and a reason, after a look at what becomes of the runs missed meanwhile; and let go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from config.words import BadInput, Said, Word
from content.bulletin import BulletinClass
from desk.answer import Answer, Done, Shown, Visit
from desk.forms import iso, moment_of
from desk.shape import shape
from desk.shapes import calendar as shapes
from desk.timing import MISSED_TITLES
from scheduler import store
from scheduler.schedule import Schedule, ScheduleState
from scheduler.standing import Fate, fates
from scheduler.store import Standstill

MOST = 200
USUAL, LONGEST = timedelta(hours=24), timedelta(days=31)


@shape(shapes.PausingTold, shapes.PausingAsked)
async def show(visit: Visit) -> Answer:
    """GET /calendar/pause?until=2026-11-28T07:00: what would be missed if everything stood still until then."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    house, now = visit.house, visit.house.clock.now()
    if "until" in visit.request.query:
        visit.form.setdefault("until", visit.asked("until"))
    async with house.database.read() as connection:
        standstill = await store.find_standstill(connection)
        # while everything stands still, what is asked is what happens if it goes on now
        until = now if standstill else _until(visit, now)
        found = await _found(connection, standstill, until)
        under_way = len(await store.open_occurrences(connection))
    windows = _windows(visit)
    told = list(fates(found[:MOST], until, windows))
    settings = house.settings.schedule
    values: dict[str, Any] = {
        "standstill": standstill,
        "until": until,
        "fates": told,
        "cut": len(found) > MOST,
        "windows": windows,
        "under_way": under_way,
        "missed": MISSED_TITLES,
        "typed": {"note": visit.text("note"), "urgent": visit.text("urgent")},
        "catch_up": settings.catch_up.total_seconds(),
        "catch_up_urgent": settings.catch_up_urgent.total_seconds(),
    }
    plain = {"standstill": plain_standstill(standstill), "until": iso(until), "runs": [_plain(one) for one in told]}
    return Shown("calendar/pause.html", values, plain | {"under_way": under_way, "cut": len(found) > MOST})


async def _found(connection: Any, standstill: Standstill | None, until: datetime) -> list[Schedule]:
    """Schedules that stand still, or would, with a run until then."""
    if standstill is not None:
        return await store.stilled_schedules(connection, MOST + 1)
    return await store.coming_schedules(connection, until, MOST + 1)


def _until(visit: Visit, now: datetime) -> datetime:
    until = moment_of(visit, "until") or now + USUAL
    if not now <= until <= now + LONGEST:
        raise BadInput(
            f"Xem trước được từ bây giờ đến {LONGEST.days} ngày tới",
            f"From now to {LONGEST.days} days ahead can be looked at",
            field="until",
        )
    return until


def _windows(visit: Visit) -> dict[BulletinClass, timedelta]:
    settings = visit.house.settings.schedule
    usual = dict.fromkeys(BulletinClass, settings.catch_up)
    return usual | {BulletinClass.URGENT: settings.catch_up_urgent}


def plain_standstill(one: Standstill | None) -> dict[str, Any] | None:
    """A standstill as JSON."""
    if one is None:
        return None
    return {"at": iso(one.at), "person": one.person, "reason": one.reason, "urgent": one.urgent}


def _plain(one: Fate) -> dict[str, Any]:
    about = {"schedule": one.schedule.id, "title": one.schedule.title, "class": one.schedule.klass.value}
    policy = {"policy": one.schedule.missed.value, "first": iso(one.first)}
    return about | policy | {"made_up": one.made_up, "missed": one.missed, "more": one.more}


@shape(shapes.StoodTold, shapes.PauseFields)
async def pause(visit: Visit) -> Answer:
    """POST /calendar/pause, with a reason in `note`; `urgent` pauses urgent bulletins too."""
    try:
        async with visit.house.database.write() as tx:
            count = await visit.house.standing.pause_all(
                tx, visit.name, visit.text("note"), urgent=visit.text("urgent") in {"1", "true"}
            )
    except Said as fault:
        return (await _page(visit)).with_fault(fault)
    _ring(visit)
    plain = {"state": ScheduleState.PAUSED.value, "schedules": count}
    return Done(
        "/calendar", Word(f"Đã tạm dừng tất cả: {count} lịch.", f"Everything paused. Schedules: {count}."), plain
    )


@shape(shapes.StoodTold)
async def resume(visit: Visit) -> Answer:
    """POST /calendar/resume: exactly what was paused goes on."""
    async with visit.house.database.write() as tx:
        count = await visit.house.standing.resume_all(tx, visit.name)
    _ring(visit)
    plain = {"state": ScheduleState.APPROVED.value, "schedules": count}
    return Done("/calendar", Word(f"Đã cho chạy tiếp: {count} lịch.", f"Let go again. Schedules: {count}."), plain)


def _ring(visit: Visit) -> None:
    visit.house.notifier.ring("schedule")
    visit.house.notifier.ring("work")
