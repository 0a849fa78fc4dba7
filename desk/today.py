"""The first page: what goes out, what waits for approval, what failed and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from content import store as content_store
from content.item import ItemState
from desk.answer import Answer, Shown, Visit
from desk.forms import iso
from desk.needs import needs
from desk.outlets.page import standings
from scheduler import store
from scheduler.delivery import DONE, State
from scheduler.log import store as log_store
from scheduler.log.store import Filter
from scheduler.lookout import Alert, alerts
from scheduler.ride import store as ride_store
from scheduler.ride.ride import RideState
from scheduler.schedule import Schedule, ScheduleState
from scheduler.subscription import store as subscription_store
from scheduler.tally import store as tally

AHEAD = timedelta(hours=24)
BEHIND = timedelta(days=7)
EACH, MOST = 3, 12


@dataclass(frozen=True, slots=True)
class Coming:
    """One due moment ahead."""

    at: datetime
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class UnderWay:
    """One occurrence that is going out, with how many deliveries are in which state."""

    row: Any
    counts: Counter[State]

    @property
    def total(self) -> int:
        """How many deliveries it has."""
        return sum(self.counts.values())

    @property
    def done(self) -> int:
        """How many the partners have."""
        return sum(self.counts[state] for state in DONE)


async def show(visit: Visit) -> Answer:
    """GET /."""
    house, named = visit.house, visit.outlet_names
    now, review = house.clock.now(), (ItemState.IN_REVIEW,)
    async with house.database.read() as connection:
        coming = [one for one in await _coming(connection, now) if _is_own(visit, one.schedule.outlets)][:MOST]
        opened = [row for row in await store.open_occurrences(connection) if _is_own(visit, row.outlets)][:MOST]
        outcomes = await tally.outcomes_of(connection, [row.id for row in opened])
        under_way = [UnderWay(row, outcomes.get(row.id, Counter())) for row in opened]
        items = await content_store.list_items(connection, states=review, units=visit.units, limit=MOST)
        waiting = await store.list_schedules(connection, states=(ScheduleState.IN_REVIEW,), outlets=named, limit=MOST)
        rides = await ride_store.list_all(connection, states=(RideState.IN_REVIEW,), units=visit.units, limit=MOST)
        ridden = await content_store.items_by_id(connection, {one.item for one in rides})
        drafts = await content_store.list_items(connection, states=(ItemState.DRAFT,), units=visit.units, limit=5)
        bad = Filter(states=(State.FAILED, State.UNSURE), outlets=named or (), since=now - BEHIND)
        troubles = await log_store.list_deliveries(connection, bad, limit=8)
        lately = Filter(outlets=named or (), since=now - BEHIND)
        week = sum((await log_store.stats(connection, lately)).values(), Counter[State]())
        past = await store.list_occurrences(connection, outlets=named, since=now - BEHIND)
        missed = [row for row in past if row.state == "missed"]
        calls = await alerts(connection, visit.outlets, now)
        wanted = await needs(house, connection, visit.outlets, visit.unit)
        disabled = [one for one in await subscription_store.troubled(connection) if one.is_disabled]
    outlets = [one for one in await standings(visit) if one.state in {"paused", "troubled"}]
    values = {"coming": coming, "under_way": under_way, "items": items, "waiting": waiting, "drafts": drafts}
    values |= {"troubles": troubles, "missed": missed[:MOST], "troubled": outlets, "week": week, "calls": calls}
    values |= {"rides": rides if visit.may("rides") else [], "ridden": ridden}
    # Whoever may not read items or the log is not told of them here either.
    values["items"] = items = items if visit.may("items") else []
    values["troubles"] = troubles if visit.may("delivery") else []
    values["needs"] = [one for one in wanted if not one.href or visit.may("schedule-add")]
    values |= {"disabled": disabled if visit.may("outlet-pause") and visit.units is None else []}
    plain = {
        "coming": [{"at": iso(one.at), "schedule": one.schedule.id, "title": one.schedule.title} for one in coming],
        "waiting": {
            "items": [item.id for item in items],
            "schedules": [one.id for one in waiting],
            "rides": [one.id for one in rides],
        },
        "alerts": [plain_alert(one) for one in calls],
        "week": {state.value: week[state] for state in State},
    }
    return Shown("today.html", values | {"outlets": visit.outlets}, plain)


def _is_own(visit: Visit, outlets: Sequence[str]) -> bool:
    """Whether something goes to an outlet that is this person's to see."""
    return visit.units is None or any(name in visit.outlets for name in outlets)


def plain_alert(one: Alert) -> dict[str, Any]:
    """An alert as JSON."""
    return {"kind": one.kind, "outlet": one.outlet, "slot": one.slot, "at": iso(one.at), "title": one.title}


async def _coming(connection: AsyncConnection, now: datetime) -> list[Coming]:
    """Due moments of the next day, soonest first; a few of each schedule, so that a busy one hides no other."""
    end = now + AHEAD
    found = []
    for schedule in await store.coming_schedules(connection, end):
        first = schedule.next_due_at
        assert first is not None
        later = takewhile(lambda moment: moment <= end, islice(schedule.dues(first), EACH - 1))
        found += [Coming(moment, schedule) for moment in (first, *later)]
    return sorted(found, key=lambda one: one.at)
