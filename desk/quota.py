"""The calendar of an outlet's quota: what of it is used, planned and free, day by day, and which runs are planned."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import chain, islice, takewhile
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences import store as audience_store
from channels.channel import Quota
from channels.outlet import InService
from config.words import BadInput, NotFound
from content.bulletin import BulletinClass
from desk.answer import Answer, Shown, Visit
from desk.forms import iso
from desk.shape import shape
from desk.shapes import outlets as shapes
from desk.timing import quiet_hours
from scheduler import store
from scheduler.quota import store as quota_store
from scheduler.quota.calendar import Day, days_from, reckon
from scheduler.schedule import Schedule

MONTHS_AHEAD, MONTHS_BACK = 3, 24
MOST_RUNS, MOST_SCHEDULES = 1000, 1000


@dataclass(frozen=True, slots=True)
class Run:
    """A due moment ahead and how many deliveries it will be."""

    at: datetime
    schedule: Schedule
    size: int


@shape(shapes.QuotaTold, shapes.MonthAsked)
async def show(visit: Visit) -> Answer:
    """GET /outlets/{name}/quota?month=2026-11: this month when none is named."""
    at = visit.house.outlets[visit.part("name")]
    quota = at.channel.quota_of(at.outlet)
    if not quota:
        raise NotFound(f"{at.outlet.title} không có hạn mức nào", f"{at.name} has no quota")
    today = _day(visit, visit.house.clock.now())
    first = _month(visit, today)
    after = _next(first)
    async with visit.house.database.read() as connection:
        runs = await _runs(visit, connection, at, after) if after > today else []
        days = await _days(visit, connection, at, quota, runs, first, after)
    shown = [day for day in days if day.date >= first]
    coming = [run for run in runs if first <= _day(visit, run.at) < after]
    before = first - timedelta(days=1)
    values: dict[str, Any] = {
        "at_outlet": at,
        "quota": quota,
        "weeks": _weeks(shown),
        "first": first,
        "today": today,
        "runs": coming[:MOST_RUNS],
        "month": quota.month_of(today),
        "longest": at.channel.retry_for(at.outlet).total_seconds(),
        "before": before.replace(day=1) if _away(today, before) >= -MONTHS_BACK else None,
        "after": after if _away(today, after) <= MONTHS_AHEAD else None,
    }
    return Shown("quota.html", values, _plain(at, quota, first, shown, coming))


def _plain(at: InService, quota: Quota, first: date, days: list[Day], runs: list[Run]) -> dict[str, Any]:
    return {
        "outlet": at.name,
        "month": f"{first:%Y-%m}",
        "per_day": quota.per_day or None,
        "per_month": quota.per_month or None,
        "month_begins": quota.month_begins,
        "days": [
            {"date": day.date.isoformat(), "used": day.used, "planned": day.planned, "late": day.late, "free": day.free}
            for day in days
        ],
        "runs": [{"at": iso(run.at), "schedule": run.schedule.id, "size": run.size} for run in runs],
    }


def _month(visit: Visit, today: date) -> date:
    """The first of the month that is asked for. Raises BadInput."""
    written = visit.asked("month")
    try:
        first = date.fromisoformat(f"{written}-01") if written else today.replace(day=1)
    except ValueError:
        first = date.max
    if not -MONTHS_BACK <= _away(today, first) <= MONTHS_AHEAD:
        raise BadInput(
            f"Tháng viết như {today:%Y-%m}, từ {MONTHS_BACK} tháng trước đến {MONTHS_AHEAD} tháng tới",
            f"A month is written like {today:%Y-%m}, from {MONTHS_BACK} months ago to {MONTHS_AHEAD} ahead",
            field="month",
        )
    return first


def _away(today: date, day: date) -> int:
    """How many months a day's month lies ahead of today's."""
    return (day.year - today.year) * 12 + day.month - today.month


def _next(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _day(visit: Visit, moment: datetime) -> date:
    return moment.astimezone(visit.drawing.zone).date()


def _weeks(days: list[Day]) -> list[list[Day | None]]:
    """Seven days each, from Monday; None where another month's days are."""
    cells: list[Day | None] = [*[None] * days[0].date.weekday(), *days]
    cells += [None] * (-len(cells) % 7)
    return [cells[place : place + 7] for place in range(0, len(cells), 7)]


async def _runs(visit: Visit, connection: AsyncConnection, at: InService, end: date) -> list[Run]:
    """What running schedules will give the outlet to send until a day, soonest first, each at the moment it may go."""
    until = datetime.combine(end, time(), visit.drawing.zone)
    quiet, found, sizes = quiet_hours(visit), list[Run](), dict[str, int]()
    early = await store.opened_early(connection)
    for schedule in await store.coming_schedules(connection, until, MOST_SCHEDULES):
        if at.name not in schedule.outlets or schedule.next_due_at is None:
            continue
        if schedule.audience not in sizes:
            sizes[schedule.audience] = await _size(connection, at, schedule.audience)
        waits = at.channel.quiet_hours and schedule.klass is not BulletinClass.URGENT
        first = [] if at.name in early.get(schedule.id, ()) else [schedule.next_due_at]
        dues = chain(first, islice(schedule.dues(schedule.next_due_at), MOST_RUNS))
        moments = [quiet.opening(due) if waits else due for due in takewhile(lambda due: due < until, dues)]
        found += [Run(moment, schedule, sizes[schedule.audience]) for moment in moments]
    return sorted(found, key=lambda run: run.at)


async def _size(connection: AsyncConnection, at: InService, audience: str) -> int:
    """How many deliveries a run is: one, where a channel has no recipients of its own."""
    if not at.channel.scheme:
        return 1
    id = await audience_store.audience_id(connection, audience)
    return await audience_store.count_recipients(connection, id, at.channel.scheme)


async def _days(
    visit: Visit,
    connection: AsyncConnection,
    at: InService,
    quota: Quota,
    runs: list[Run],
    first: date,
    end: date,
) -> list[Day]:
    """From the beginning of the quota's month that `first` lies in, or today does, to the end of the calendar's."""
    now = visit.house.clock.now()
    today = _day(visit, now)
    begin, _ = quota.month_of(min(first, today))
    days = days_from(begin, end)
    edges = [datetime.combine(day, time(), visit.drawing.zone) for day in [*days, end]]
    used = dict(zip(days, await quota_store.used(connection, at.name, edges), strict=True))
    due: Counter[date] = Counter()
    for moment, number in (await quota_store.pending(connection, at.name)).items():
        due[_day(visit, max(moment, now))] += number
    for run in runs:
        due[_day(visit, max(run.at, now))] += run.size
    return reckon(quota, days, used, due, today)
