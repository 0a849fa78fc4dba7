"""How far people of a unit come: which doors are open to them, and whose the thing in the address must be; deny by default.

People of the whole office pass; for all others every door says here how it follows the tree of units.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.classes import store as class_store
from channels.feedback import store as feedback_store
from config.words import NotAllowed, NotFound
from content import store as content_store
from content.contests import store as contest_store
from content.passing import store as passing_store
from desk import store as people
from desk.answer import Visit
from desk.plan import store as plan_store
from desk.units.choosing import sees_item
from scheduler import store
from scheduler.log import store as log_store
from scheduler.ride import store as ride_store
from scheduler.schedule import Schedule

Check = Callable[[Visit, AsyncConnection], Awaitable[bool]]

SHARED = frozenset(
    {
        *("events", "password", "second-step", "second-step-new", "second-step-on", "second-step-codes"),
        *("second-step-off", "sign-out", "change-password", "tokens", "token-make", "token-remove", "openapi"),
        *(
            "glossary",
            "glossary-table",
            "sound",
            "themes",
            "procedures",
            "procedure",
            "policy",
            "programme",
            "programme-sound",
        ),
        *("voices", "voices-judge", "voices-sound", "opt-out", "opt-in"),
    }
)
"""The same for everybody, or about the person alone."""

OWN = frozenset(
    {
        *("today", "items", "item-new", "item-write", "item-preview", "item-paste", "scratch-remove"),
        *("schedules", "schedule-new", "schedule-preview", "schedule-add", "calendar", "occurrences"),
        *("deliveries", "delivery-export", "outlets", "report-stations", "staff", "staff-add"),
        *(
            "delegations",
            "delegate",
            "delegation-end",
            "audiences",
            "audience-filter",
            "audience-import",
            "units",
            "passed",
            "feedback",
        ),
        *("reports", "report-hand-in", "reports-handed-in", "plan", "plan-evidence", "plan-save", "plan-copy"),
        *("plan-task-add", "boards", "rides", "ride-add", "classes", "class-open"),
        *("contests", "contest-new", "contest-add", "questions", "questions-import"),
    }
)
"""Shows and takes nothing but what this person's units have."""

HOUSE = frozenset(
    {
        *("calendar-pausing", "calendar-pause", "calendar-resume", "outlet-new", "outlet-add", "outlet-edit"),
        *("outlet-change", "outlet-remove", "programme-bed", "programme-unbed", "glossary-add", "glossary-remove"),
        *("glossary-import", "theme-save", "theme-retire", "person-export", "person-erase", "no-adverts"),
        *("subscriptions", "subscription-add", "subscription-key", "subscription-pause", "subscription-resume"),
        *("subscription-remove", "subscription-test", "subscription-replay", "unit-save", "units-import", "units-load"),
        "procedures-import",
    }
)
"""Of the whole office, and only for its own people."""


ITEM_DEEDS = frozenset(
    {
        *("item-edit", "item-revise", "item-reading", "item-record", "item-unrecord", "item-submit"),
        *("item-approve", "item-send-back", "item-tell", "item-withdraw", "item-pass", "item-cite"),
    }
)
SCHEDULE_DEEDS = frozenset(
    {
        *("schedule-approve", "schedule-send-back", "schedule-pause", "schedule-resume", "schedule-cancel"),
        *("schedule-moving", "schedule-move", "occurrence-cancel"),
    }
)


async def _item_seen(visit: Visit, connection: AsyncConnection) -> bool:
    found = await content_store.find_item(connection, visit.part("id"))
    if not visit.reaches(found.unit):
        _only_shown(visit, ITEM_DEEDS)
    return await sees_item(visit, connection, found)


def _only_shown(visit: Visit, deeds: frozenset[str]) -> None:
    """What is another unit's is shown without what could be done to it."""
    visit.doors = {name: roles for name, roles in visit.doors.items() if name not in deeds}


async def _item(visit: Visit, connection: AsyncConnection) -> bool:
    return visit.reaches((await content_store.find_item(connection, visit.part("id"))).unit)


async def _feedback(visit: Visit, connection: AsyncConnection) -> bool:
    unit = await feedback_store.unit_of(connection, visit.part("id"))
    return unit is not None and visit.reaches(unit)


async def _contest(visit: Visit, connection: AsyncConnection) -> bool:
    unit = await contest_store.unit_of(connection, visit.part("id"))
    return unit is not None and visit.reaches(unit)


async def _question(visit: Visit, connection: AsyncConnection) -> bool:
    return visit.reaches((await contest_store.find_question(connection, visit.part("id"))).question.unit)


async def _passing(visit: Visit, connection: AsyncConnection) -> bool:
    return visit.reaches((await passing_store.find(connection, visit.part("id"))).unit)


async def _ride(visit: Visit, connection: AsyncConnection) -> bool:
    return visit.reaches((await ride_store.find(connection, visit.part("id"))).unit)


async def _schedule_seen(visit: Visit, connection: AsyncConnection) -> bool:
    found = await store.find_schedule(connection, visit.part("id"))
    if not _is_own(visit, found):
        _only_shown(visit, SCHEDULE_DEEDS)
    return _any(visit, found.outlets)


def _is_own(visit: Visit, found: Schedule) -> bool:
    return visit.reaches(found.unit) and _all(visit, found.outlets)


async def _schedule(visit: Visit, connection: AsyncConnection) -> bool:
    return _is_own(visit, await store.find_schedule(connection, visit.part("id")))


async def _occurrence(visit: Visit, connection: AsyncConnection) -> bool:
    row = await store.find_occurrence(connection, visit.part("id"))
    return _is_own(visit, await store.find_schedule(connection, row.schedule))


async def _delivery(visit: Visit, connection: AsyncConnection) -> bool:
    return _all(visit, [await log_store.outlet_of(connection, visit.part("id"))])


async def _outlet(visit: Visit, _: AsyncConnection) -> bool:
    return _all(visit, [visit.part("name")])


async def _person(visit: Visit, connection: AsyncConnection) -> bool:
    found = await people.account(connection, visit.part("id"))
    return found is not None and visit.reaches(found.unit)


async def _task(visit: Visit, connection: AsyncConnection) -> bool:
    return visit.reaches((await plan_store.find_task(connection, visit.part("id"))).unit)


async def _class(visit: Visit, connection: AsyncConnection) -> bool:
    unit = await class_store.unit_of(connection, visit.part("id"))
    return unit is not None and visit.reaches(unit)


def _any(visit: Visit, outlets: tuple[str, ...]) -> bool:
    return any(name in visit.outlets for name in outlets)


def _all(visit: Visit, outlets: tuple[str, ...] | list[str]) -> bool:
    return all(name in visit.outlets for name in outlets)


BY_THING: dict[str, tuple[Check, str]] = {
    **dict.fromkeys(
        ("item", "item-versions", "item-audio", "item-slip", "item-evidence"),
        (_item_seen, "tin bài"),
    ),
    **dict.fromkeys(ITEM_DEEDS, (_item, "tin bài")),
    **dict.fromkeys(("feedback-theme", "feedback-answer", "feedback-close", "feedback-open"), (_feedback, "câu hỏi")),
    **dict.fromkeys(
        (
            *("contest", "contest-edit", "contest-revise", "contest-submit", "contest-approve", "contest-send-back"),
            *("contest-withdraw", "contest-count", "contest-publish", "contest-report"),
        ),
        (_contest, "cuộc thi"),
    ),
    "question-retire": (_question, "câu hỏi"),
    **dict.fromkeys(("passing-accept", "passing-localise", "passing-decline"), (_passing, "tin chuyển xuống")),
    **dict.fromkeys(("ride", "ride-approve", "ride-send-back", "ride-end"), (_ride, "lồng ghép")),
    "schedule": (_schedule_seen, "lịch phát"),
    **dict.fromkeys(SCHEDULE_DEEDS - {"occurrence-cancel"}, (_schedule, "lịch phát")),
    "occurrence-cancel": (_occurrence, "kỳ phát"),
    **dict.fromkeys(
        ("delivery", "delivery-retry", "delivery-resolve", "delivery-cancel", "delivery-number"),
        (_delivery, "lượt gửi"),
    ),
    **dict.fromkeys(
        (
            *("outlet", "outlet-test", "outlet-pause", "outlet-resume", "outlet-quota", "outlet-sheet"),
            *("outlet-paper", "outlet-aired", "outlet-key"),
            *("board-sheet", "board-posted", "board-down", "board-photo"),
        ),
        (_outlet, "điểm phát"),
    ),
    **dict.fromkeys(
        ("staff-roles", "staff-close", "staff-open", "staff-password", "staff-step", "staff-unit"),
        (_person, "tài khoản"),
    ),
    **dict.fromkeys(
        (
            *("class", "class-change", "class-cancel", "class-session", "class-session-move", "class-session-drop"),
            *("class-sheet", "class-invite", "class-person", "class-answer", "class-tick", "class-list"),
            *("class-certify", "class-certificates", "class-material", "class-file", "class-material-drop"),
            "class-file-show",
        ),
        (_class, "lớp tập huấn"),
    ),
    **dict.fromkeys(("plan-task", "plan-task-change", "plan-task-remove"), (_task, "nhiệm vụ")),
}
"""Doors with a thing in their address, how it is told whose that is, and what it is called."""


def in_units(doors: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """Of all doors those that are open to people of units at all."""
    return {name: roles for name, roles in doors.items() if name in SHARED or name in OWN or name in BY_THING}


async def check(visit: Visit, door: str) -> None:
    """Let a person of a unit through, or raise NotAllowed, NotFound: what is beyond the unit is as if it were not there."""
    if visit.units is None or door in SHARED or door in OWN:
        return
    if door not in BY_THING:
        raise NotAllowed(
            "Việc này là của cả cơ quan; hãy nhờ người của cơ quan làm", "This is for people of the whole office"
        )
    seen, title = BY_THING[door]
    async with visit.house.database.read() as connection:
        if not await seen(visit, connection):
            raise NotFound(f"Không có {title} này trong đơn vị của bạn", "There is no such thing in your unit")
