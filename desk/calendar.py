"""The calendar on the desk: month, week and day of what went out and what will, by outlet and theme."""

from __future__ import annotations

from calendar import Calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from config.words import BadInput, Word
from content import store as content_store
from desk.answer import Answer, Shown, Visit
from desk.forms import iso
from desk.shape import shape
from desk.shapes import calendar as shapes
from desk.standing import plain_standstill
from desk.timing import quiet_hours
from scheduler import store
from scheduler.calendar.agenda import Agenda, Entry, Narrowed, agenda
from scheduler.calendar.festive import holiday
from scheduler.calendar.lunar import lunar_date
from scheduler.delivery import DONE, OccurrenceState, State
from scheduler.schedule import ScheduleState

VIEWS = {"month": Word("Tháng", "Month"), "week": Word("Tuần", "Week"), "day": Word("Ngày", "Day")}
EACH = {"month": 5, "week": 30, "day": 60}
"""So many entries a day, or an hour of the day's view, has; the rest is told as a number."""
EACH_PLAIN = 200
FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)
MOST_DAYS = 62
HOUR = timedelta(hours=1)
AHEAD = {
    ScheduleState.APPROVED: ("wait", Word("sẽ phát", "to go out")),
    ScheduleState.IN_REVIEW: ("ask", Word("chờ duyệt", "awaiting approval")),
    ScheduleState.PAUSED: ("rest", Word("tạm dừng", "paused")),
}


@dataclass(frozen=True, slots=True)
class Window:
    """What is looked at: these days, of which the calendar is about `day`; stretches between `edges` are days or hours."""

    view: str
    day: date
    days: tuple[date, ...]
    edges: tuple[datetime, ...]

    @property
    def before(self) -> date | None:
        """A day of the window before this one; None where calendars begin."""
        first = self.day.replace(day=1) if self.view == "month" else self.days[0]
        return first - timedelta(days=1) if first > FIRST else None

    @property
    def after(self) -> date | None:
        """A day of the window after this one; None where calendars end."""
        month = (self.day.replace(day=28) + timedelta(days=4)).replace(day=1)
        next = month if self.view == "month" else self.days[-1] + timedelta(days=1)
        return next if next <= LAST else None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A day, or an hour of one, with its entries; `more` runs are not among them."""

    begin: datetime
    day: date
    entries: tuple[Entry, ...]
    number: int
    more: int


@shape(shapes.CalendarTold, shapes.CalendarAsked)
async def show(visit: Visit) -> Answer:
    """GET /calendar?view=month&day=2026-11-27, or from and to; `kind`, `outlet` and `theme` narrow it."""
    now = visit.house.clock.now()
    window = _window(visit, visit.drawing.local(now).date())
    async with visit.house.database.read() as connection:
        themes = await content_store.themes(connection)
        narrowed = _narrowed(visit, themes)
        found = await agenda(connection, window.edges, now, visit.house.outlets, quiet_hours(visit), narrowed)
        standstill = await store.find_standstill(connection)
    if visit.json:
        plain = {"from": window.days[0].isoformat(), "to": window.days[-1].isoformat(), "cut": found.cut}
        plain["standstill"] = plain_standstill(standstill)
        plain["days"] = _plain_days(window, found)
        return Shown("", {}, plain)
    return Shown("calendar/page.html", _values(visit, window, found, themes) | {"standstill": standstill})


def _values(visit: Visit, window: Window, found: Agenda, themes: list[tuple[str, str]]) -> dict[str, Any]:
    given = {name: visit.asked(name) for name in ("kind", "outlet", "theme") if visit.asked(name)}
    kinds = {one.channel.kind: one.channel.title for one in visit.outlets}
    stretches = _stretches(window, found, EACH[window.view])
    settings = visit.house.settings.schedule
    return {
        "window": window,
        "weeks": [stretches[place : place + 7] for place in range(0, len(stretches), 7)],
        "stretches": stretches,
        "views": VIEWS,
        "given": given,
        "more": "".join(f"&{urlencode({name: value})}" for name, value in given.items()),
        "kinds": kinds,
        "themes": themes,
        "outlets": visit.outlets,
        "today": visit.drawing.local(visit.house.clock.now()).date(),
        "lunar": lunar_date,
        "holiday": holiday,
        "sign": sign,
        "tally": tally,
        "movable": lambda entry: _movable(visit, entry),
        "quiet": (settings.quiet_from, settings.quiet_to),
        "quiet_at": lambda moment: quiet_hours(visit).opening(moment) != moment,
        "cut": found.cut,
    }


def _window(visit: Visit, today: date) -> Window:
    """The days that are asked for. Raises BadInput."""
    view = visit.asked("view") or "month"
    if view not in VIEWS:
        raise BadInput(f"view: chọn một trong {', '.join(VIEWS)}", f"view: one of {', '.join(VIEWS)}", field="view")
    day = _day(visit, "day") or today
    begin, end = _day(visit, "from"), _day(visit, "to")
    if begin or end:
        begin, view = begin or end or today, "week"
        end = end or begin
        if not 0 <= (end - begin).days < MOST_DAYS:
            raise BadInput(
                f"Nhiều nhất {MOST_DAYS} ngày, ngày cuối không trước ngày đầu", f"At most {MOST_DAYS} days", field="to"
            )
        days = [begin + timedelta(days=away) for away in range((end - begin).days + 1)]
        day = begin
    elif view == "month":
        days = list(Calendar().itermonthdates(day.year, day.month))
    else:
        first = day - timedelta(days=day.weekday()) if view == "week" else day
        days = [first + timedelta(days=away) for away in range(7 if view == "week" else 1)]
    midnights = [_midnight(visit, one) for one in [*days, days[-1] + timedelta(days=1)]]
    return Window(view, day, tuple(days), tuple(_hours(*midnights) if view == "day" else midnights))


def _day(visit: Visit, name: str) -> date | None:
    written = visit.asked(name)
    try:
        day = date.fromisoformat(written) if written else None
    except ValueError:
        day = date.max
    if day is not None and not FIRST <= day <= LAST:
        raise BadInput(
            f"Không hiểu ngày “{written[:20]}” (ví dụ 2027-02-06, từ năm {FIRST.year} đến {LAST.year})",
            f"Not a day from {FIRST.year} to {LAST.year}: {written[:20]}",
            field=name,
        )
    return day


def _midnight(visit: Visit, day: date) -> datetime:
    return datetime.combine(day, time(), visit.drawing.zone).astimezone(UTC)


def _hours(begin: datetime, end: datetime) -> list[datetime]:
    """The edges of a day's hours; a day on which the clock is moved has 23 or 25 of them."""
    return [begin + hour * HOUR for hour in range((end - begin) // HOUR + 1)]


def _narrowed(visit: Visit, themes: list[tuple[str, str]]) -> Narrowed:
    kind, outlet, theme = (visit.asked(name) for name in ("kind", "outlet", "theme"))
    of_kind = {one.name for one in visit.outlets if not kind or one.channel.kind == kind}
    if kind and not of_kind:
        raise BadInput(f"Không có điểm phát loại {kind[:40]}", f"There is no outlet of kind {kind[:40]}", field="kind")
    if theme and theme not in dict(themes):
        raise BadInput(f"Không có chủ đề {theme[:40]}", f"There is no theme {theme[:40]}", field="theme")
    if outlet and visit.outlets[outlet].name not in of_kind:
        raise BadInput("Điểm phát không thuộc loại kênh đã chọn", "The outlet is of another kind", field="outlet")
    if outlet:
        return Narrowed(frozenset({outlet}), theme)
    return Narrowed(frozenset(of_kind if kind else visit.outlet_names or ()), theme)


def _stretches(window: Window, found: Agenda, most: int) -> list[Stretch]:
    days = window.days if len(window.days) == len(found.stretches) else window.days * len(found.stretches)
    told = []
    for day, begin, entries in zip(days, window.edges, found.stretches, strict=False):
        number = sum(one.runs.count for one in entries)
        kept = entries[:most]
        told.append(Stretch(begin, day, kept, number, number - sum(one.runs.count for one in kept)))
    return told


def sign(entry: Entry) -> tuple[str, str]:
    """The mark and the word for how an entry stands: what went wrong before what went well."""
    if entry.ahead is not None:
        return AHEAD[entry.ahead.state]
    opened, deliveries = entry.opened, entry.deliveries
    if OccurrenceState.MISSED in opened:
        return "bad", Word("lỡ giờ", "missed")
    if State.FAILED in deliveries or State.MISSED in deliveries:
        return "bad", Word("có lượt không gửi được", "some deliveries failed")
    if State.UNSURE in deliveries:
        return "ask", Word("có lượt chưa rõ", "some deliveries unsure")
    if OccurrenceState.OPEN in opened or OccurrenceState.PLANNING in opened:
        return "run", Word("đang phát", "going out")
    return (
        ("good", Word("đã phát", "gone out"))
        if OccurrenceState.DONE in opened
        else ("rest", Word("đã hủy", "cancelled"))
    )


def tally(entry: Entry) -> list[tuple[str, int, str]]:
    """What came of an entry's deliveries in counts: mark, number, words."""
    sent = sum(number for state, number in entry.deliveries.items() if state in DONE)
    kinds = [("good", sent, Word("đã gửi", "sent"))]
    kinds += [
        (mark, entry.deliveries.get(state, 0), words)
        for state, mark, words in (
            (State.FAILED, "bad", Word("không gửi được", "failed")),
            (State.MISSED, "bad", Word("lỡ giờ", "missed")),
            (State.UNSURE, "ask", Word("chưa rõ", "unsure")),
            (State.SENDING, "run", Word("đang gửi", "being sent")),
            (State.PENDING, "wait", Word("chờ gửi", "waiting")),
            (State.CANCELLED, "rest", Word("đã hủy", "cancelled")),
        )
    ]
    return [one for one in kinds if one[1]]


def _movable(visit: Visit, entry: Entry) -> bool:
    """Whether this person may move what stands here: a run that is the schedule's only one, and has not been opened."""
    ahead = entry.ahead
    if ahead is None or ahead.rule.once is None or not visit.may("schedule-move"):
        return False
    return ahead.state is not ScheduleState.APPROVED or entry.first > visit.house.clock.now()


def _plain_days(window: Window, found: Agenda) -> list[dict[str, Any]]:
    days: dict[date, dict[str, Any]] = {}
    for one in _stretches(window, found, EACH_PLAIN):
        moon = lunar_date(one.day)
        empty: dict[str, Any] = {
            "date": one.day.isoformat(),
            "lunar": {"year": moon.year, "month": moon.month, "day": moon.day, "leap": moon.leap},
            "holiday": holiday(one.day) or None,
            "runs": 0,
            "more": 0,
            "entries": [],
        }
        day = days.setdefault(one.day, empty)
        day["runs"] += one.number
        day["more"] += one.more
        day["entries"] += [_plain(entry) for entry in one.entries]
    return list(days.values())


def _plain(entry: Entry) -> dict[str, Any]:
    return {
        "schedule": entry.schedule,
        "title": entry.title,
        "class": entry.klass.value,
        "outlets": list(entry.outlets),
        "themes": list(entry.themes),
        "state": entry.ahead.state.value if entry.ahead else None,
        "runs": entry.runs.count,
        "first": iso(entry.first),
        "last": iso(entry.runs.last),
        "occurrences": {state.value: number for state, number in entry.opened.items()},
        "deliveries": {state.value: number for state, number in entry.deliveries.items()},
        "waits_until": iso(entry.waits_until),
        "clashes": [{"outlet": outlet, "title": title} for outlet, title in entry.clashes],
    }
