"""The schedule form: when, which, where and to whom, made into a Wish."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from pydantic_core import PydanticCustomError
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audiences import store as audience_store
from config.settings import duration
from config.words import BadInput, Word
from content import store as content_store
from content.bulletin import BulletinClass, digest_of
from content.item import ItemState
from content.passing import store as passing_store
from content.passing.passing import PassingState
from desk.answer import Visit
from desk.forms import choice, moment_of
from desk.units.choosing import must_see_item
from scheduler.schedule import Missed, QuietHours, Rule, Schedule
from scheduler.scheduling import Wish

WAYS = (
    ("now", Word("Phát ngay", "Now")),
    ("once", Word("Một lần", "Once")),
    ("daily", Word("Hằng ngày", "Every day")),
    ("weekdays", Word("Ngày làm việc (thứ Hai – thứ Sáu)", "Working days (Monday to Friday)")),
    ("weekly", Word("Các ngày trong tuần", "Days of the week")),
    ("every", Word("Cách đều", "At even intervals")),
    ("cron", Word("Biểu thức cron (nâng cao)", "Cron expression (advanced)")),
)
UNITS = {
    "m": (Word("phút", "minutes"), timedelta(minutes=1)),
    "h": (Word("giờ", "hours"), timedelta(hours=1)),
    "d": (Word("ngày", "days"), timedelta(days=1)),
}
MISSED_TITLES = {
    Missed.LATEST: Word("phát bù kỳ gần nhất", "make up for the latest run"),
    Missed.ALL: Word("phát bù tất cả các kỳ", "make up for every run"),
    Missed.NONE: Word("bỏ qua, không phát bù", "leave them out"),
}
FIELDS = ("when", "at", "time", "amount", "unit", "cron", "until", "klass", "audience", "missed", "title", "zone")


def rule_of(visit: Visit) -> Rule:
    """The rule that was chosen: a preset of the form, or `at`, `cron`, `every` as the command line has them."""
    when = visit.text("when")
    if not when:
        return _bare_rule(visit)
    if when == "now":
        return Rule(once=visit.house.clock.now())
    if when == "once":
        return Rule(once=_needed(moment_of(visit, "at"), "at", "Chọn ngày giờ phát"))
    if when == "cron":
        return Rule(cron=_needed(" ".join(visit.text("cron").split()), "cron", "Viết biểu thức cron"))
    if when == "every":
        return Rule(every=_interval(visit))
    if when in {"daily", "weekdays", "weekly"}:
        return Rule(cron=f"{_clock_time(visit)} * * {_days(visit, when)}")
    raise BadInput("Chọn cách lặp", "Choose when", field="when")


def _bare_rule(visit: Visit) -> Rule:
    every = visit.text("every")
    once = visit.house.clock.now() if visit.text("at") == "now" else moment_of(visit, "at")
    try:
        return Rule(once=once, cron=visit.text("cron"), every=duration(every) if every else None)
    except (PydanticCustomError, OverflowError):
        raise BadInput(
            f"Không hiểu khoảng lặp “{every[:20]}”", f"Not a length of time: {every[:20]}", field="every"
        ) from None


def _needed(value: Any, field: str, vi: str) -> Any:
    if not value:
        raise BadInput(vi, f"{field} is missing", field=field)
    return value


def _clock_time(visit: Visit) -> str:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", visit.text("time").strip())
    if not found:
        raise BadInput("Chọn giờ phát, ví dụ 05:00", "Choose a time of day, for instance 05:00", field="time")
    return f"{int(found[2])} {int(found[1])}"


def _days(visit: Visit, when: str) -> str:
    if when != "weekly":
        return "*" if when == "daily" else "1-5"
    days = sorted({day for day in visit.texts("day") if day in {"1", "2", "3", "4", "5", "6", "7"}})
    return ",".join(_needed(days, "day", "Chọn ít nhất một ngày trong tuần"))


def _interval(visit: Visit) -> timedelta:
    amount, unit = visit.text("amount").strip(), visit.text("unit", "h")
    if not re.fullmatch(r"[1-9]\d{0,4}", amount) or unit not in UNITS:
        raise BadInput("Khoảng cách phải là số nguyên từ 1", "The interval is a whole number from 1", field="amount")
    return int(amount) * UNITS[unit][1]


def wish_of(visit: Visit) -> Wish:
    """All that was chosen. Raises BadInput."""
    return Wish(
        items=visit.texts("item"),
        outlets=visit.texts("outlet"),
        rule=rule_of(visit),
        audience=visit.text("audience").strip(),
        zone=visit.text("zone").strip(),
        klass=choice(BulletinClass, visit.text("klass") or visit.text("class"), "klass"),
        until=moment_of(visit, "until"),
        missed=choice(Missed, visit.text("missed"), "missed") or Missed.LATEST,
        title=visit.text("title")[:300],
    )


def typed_wish(visit: Visit) -> dict[str, Any]:
    """What the form holds, to show it again."""
    typed: dict[str, Any] = {name: visit.text(name) for name in FIELDS}
    typed["when"] = typed["when"] or "once"
    typed["unit"] = typed["unit"] or "h"
    chosen = {"items": visit.texts("item"), "outlets": visit.texts("outlet"), "days": visit.texts("day")}
    return typed | chosen


def fingerprint(visit: Visit) -> str:
    """What the form says, in short: to tell whether it is what was previewed."""
    typed = typed_wish(visit)
    return digest_of([[name, typed[name]] for name in sorted(typed)])


async def choices(visit: Visit, connection: AsyncConnection, chosen: tuple[str, ...]) -> Mapping[str, Any]:
    """What there is to choose from: approved items, outlets, audiences."""
    items = await content_store.list_items(connection, states=(ItemState.APPROVED,), units=visit.units, limit=100)
    taken = await passing_store.listed(connection, visit.units, [PassingState.ACCEPTED]) if visit.units else []
    items += (await content_store.items_by_id(connection, [one.item for one in taken])).values()
    listed = {item.id for item in items}
    for id in chosen:
        if id not in listed:
            await must_see_item(visit, connection, id)
            items.append(await content_store.find_item(connection, id))
            listed.add(id)
    return {
        "items": items,
        "outlets": list(visit.outlets),
        "audiences": await audience_store.audiences(connection, visit.units),
        "klass_choices": [
            ("", Word("Theo tin bài", "As the items are")),
            *((one.value, one.title_vi) for one in BulletinClass),
        ],
        "ways": WAYS,
        "units": {unit: title for unit, (title, _) in UNITS.items()},
        "missed": MISSED_TITLES,
    }


@dataclass(frozen=True, slots=True)
class Due:
    """One due moment of a preview; `waits_until` when quiet hours hold some outlets back.

    Of an outlet whose partner takes its time: `sent_at` when it is sent earlier for that, `seen_at` when people see it later;
    `led` names such outlets.
    """

    at: datetime
    waits_until: datetime | None
    sent_at: datetime | None = None
    seen_at: datetime | None = None
    led: str = ""


def dues(visit: Visit, schedule: Schedule, previous: datetime | None, sent_for: Collection[datetime] = ()) -> list[Due]:
    """The next ten due moments with what quiet hours and partners make of them; for some, partners have theirs already."""
    quiet, outlets = quiet_hours(visit), visit.house.outlets
    disturbs = any(name in outlets and outlets[name].channel.quiet_hours for name in schedule.outlets)
    holds = disturbs and schedule.klass is not BulletinClass.URGENT
    named = [outlets[name] for name in schedule.outlets if name in outlets]
    led = {at: lead for at in named if (lead := at.channel.lead(at.outlet))}
    lead, now = max(led.values(), default=timedelta()), visit.house.clock.now()
    titles = ", ".join(at.outlet.title for at in led) if len(led) < len(named) else ""
    found = []
    for moment in schedule.preview(previous=previous):
        opening = quiet.opening(moment) if holds else moment
        due = Due(moment, opening if opening > moment else None)
        if led and moment not in sent_for:
            sent = max(moment - lead, min(moment, now))
            if holds and any(at.channel.quiet_hours for at in led):
                sent = quiet.opening(sent)
            seen = sent + lead
            due = Due(moment, due.waits_until, sent if sent < moment else None, seen if seen > moment else None, titles)
        found.append(due)
    return found


def quiet_hours(visit: Visit) -> QuietHours:
    """The office's."""
    settings = visit.house.settings
    begin, end = (time.fromisoformat(text) for text in (settings.schedule.quiet_from, settings.schedule.quiet_to))
    return QuietHours(begin, end, settings.office.zone)
