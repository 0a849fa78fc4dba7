"""A yearly plan, as Plan 36/KH-UBND of 23/01/2017: its tasks, and the stretches of the year each is counted in; pure."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from config.words import BadInput, Word
from desk.reporting.period import FIRST_YEAR, LAST_YEAR, Basis, Kind, Period

LONGEST = {"number": 50, "title": 300, "objectives": 5000, "audiences": 2000, "words": 500, "owner": 200}
"""Characters of each written field."""
MOST = 9999
"""The largest target."""


class Way(StrEnum):
    """How people are told; several kinds of channels are one way to them."""

    RADIO = "radio"
    PORTAL = "portal"
    SMS = "sms"
    ZALO = "zalo"
    BOARD = "board"
    TELEVISION = "television"
    EMAIL = "email"
    CLASS = "class"
    CONTEST = "contest"

    @property
    def title_vi(self) -> str:
        """The name on screen."""
        return {
            Way.RADIO: Word("bản tin phát thanh", "radio bulletins"),
            Way.PORTAL: Word("bài trên cổng, trang tin", "articles on portals and sites"),
            Way.SMS: Word("tin nhắn SMS", "SMS"),
            Way.ZALO: Word("tin Zalo", "Zalo messages"),
            Way.BOARD: Word("tờ tin ở bảng tin", "sheets on notice boards"),
            Way.TELEVISION: Word("clip truyền hình", "television clips"),
            Way.EMAIL: Word("thư điện tử", "e-mails"),
            Way.CLASS: Word("buổi tập huấn", "training sessions"),
            Way.CONTEST: Word("cuộc thi tìm hiểu", "contests"),
        }[self]


class Rhythm(StrEnum):
    """How often a target is to be reached: anew each month, quarter or year, or once before a deadline."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    ONCE = "once"

    @property
    def title_vi(self) -> str:
        """The name on screen."""
        return {
            Rhythm.MONTH: Word("mỗi tháng", "every month"),
            Rhythm.QUARTER: Word("mỗi quý", "every quarter"),
            Rhythm.YEAR: Word("cả năm", "in the whole year"),
            Rhythm.ONCE: Word("một lần, trước hạn", "once, before a date"),
        }[self]

    @property
    def kind(self) -> Kind | None:
        """The periods it has; none before a deadline."""
        return None if self is Rhythm.ONCE else Kind(self.value)


class Stretch(NamedTuple):
    """Days in which a target is counted; `end` is the day after the last."""

    title: str
    begin: date
    end: date


@dataclass(frozen=True, slots=True)
class Task:
    """So many (`target`) in each stretch of the year, on a theme (empty: any) by a way (None: any); who sees to it."""

    id: str
    year: int
    words: str
    theme: str
    way: Way | None
    owner: str
    rhythm: Rhythm
    deadline: date | None
    target: int
    unit: str = ""

    def stretches(self) -> tuple[Stretch, ...]:
        """Those of its year, by whole months of the calendar."""
        kind = self.rhythm.kind
        if kind is None:
            assert self.deadline is not None
            begin, day = date(self.year, 1, 1), f"{self.deadline:%d/%m/%Y}"
            return (Stretch(Word(f"đến hạn {day}", f"until {day}"), begin, self.deadline + timedelta(days=1)),)
        periods = (Period(kind, self.year, number, Basis.CALENDAR) for number in range(1, kind.most + 1))
        return tuple(Stretch(one.within_year, one.begin, one.end) for one in periods)

    def on(self, day: date) -> Stretch:
        """The stretch that a day lies in: the first one before its year, the last one when all are over."""
        stretches = self.stretches()
        return next((one for one in stretches if day < one.end), stretches[-1])

    def within(self, period: Period) -> int | float:
        """Its target in a report's period of its year: by months, before a deadline by days; one decimal where it is no whole number."""
        kind = self.rhythm.kind
        if kind is not None:
            share = period.kind.months / kind.months
        else:
            [whole] = self.stretches()
            both = min(period.end, whole.end) - max(period.begin, whole.begin)
            share = max(both, timedelta()) / (whole.end - whole.begin)
        meant = round(self.target * share, 1)
        return int(meant) if meant.is_integer() else meant


@dataclass(frozen=True, slots=True)
class Plan:
    """One year's of a unit (empty: the office); without number and date while it is not signed."""

    year: int
    number: str
    signed: date | None
    title: str
    objectives: str
    audiences: str
    tasks: tuple[Task, ...] = ()
    unit: str = ""

    @property
    def name(self) -> Word:
        """As it is cited."""
        if not self.number:
            return Word(f"Kế hoạch năm {self.year} (chưa có số)", f"Plan of {self.year} (no number yet)")
        day = f"{self.signed:%d/%m/%Y}" if self.signed else ""
        named = Word(f"Kế hoạch số {self.number}", f"Plan no. {self.number}")
        return Word(f"{named} ngày {day}", f"{named.en} of {day}") if day else named


def copied(plan: Plan, year: int) -> Plan:
    """The same for another year: not signed yet, its deadlines on the same days of that year."""
    title = plan.title.replace(str(plan.year), str(year))
    tasks = (replace(one, year=year, deadline=_moved(one.deadline, year)) for one in plan.tasks)
    return replace(plan, year=year, number="", signed=None, title=title, tasks=tuple(tasks))


def _moved(day: date | None, year: int) -> date | None:
    if day is None:
        return None
    return day.replace(year=year, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=year)


# --- what was written --------------------------------------------------------------------------------------------------


def plan_from(written: Mapping[str, str], unit: str = "") -> Plan:
    """The head of a unit's plan as it was filled in. Raises BadInput with its field."""
    return Plan(
        unit=unit,
        year=year_from(written["year"]),
        number=_line(written, "number"),
        signed=_day(written, "signed"),
        title=_needed(_line(written, "title"), "title", "Ghi tên kế hoạch", "Give the plan a title"),
        objectives=_held(written["objectives"].strip(), "objectives"),
        audiences=_held(written["audiences"].strip(), "audiences"),
    )


def task_from(written: Mapping[str, str], id: str, year: int, themes: Container[str], unit: str = "") -> Task:
    """A task of a unit as it was filled in, on one of these themes or any. Raises BadInput with its field."""
    theme, way = written["theme"].strip(), written["way"].strip()
    if theme and theme not in themes:
        raise BadInput("Chọn chủ đề trong danh sách", "There is no such theme", field="theme")
    if way and way not in set(Way):
        raise BadInput("Chọn hình thức trong danh sách", f"way: one of {', '.join(Way)}", field="way")
    words = _needed(_line(written, "words"), "words", "Ghi nội dung nhiệm vụ", "Say what is to be done")
    rhythm = _rhythm(written["rhythm"].strip())
    deadline, target = _deadline(written, rhythm, year), _target(written["target"].strip())
    owner = _line(written, "owner")
    return Task(id, year, words, theme, Way(way) if way else None, owner, rhythm, deadline, target, unit)


def year_from(written: str) -> int:
    """A year. Raises BadInput."""
    written = written.strip()
    if not (written.isascii() and written.isdigit() and len(written) == 4 and FIRST_YEAR <= int(written) <= LAST_YEAR):
        raise BadInput(f"Năm từ {FIRST_YEAR} đến {LAST_YEAR}", f"A year from {FIRST_YEAR} to {LAST_YEAR}", field="year")
    return int(written)


def _rhythm(written: str) -> Rhythm:
    if written not in set(Rhythm):
        raise BadInput("Chọn kỳ tính chỉ tiêu", f"rhythm: one of {', '.join(Rhythm)}", field="rhythm")
    return Rhythm(written)


def _deadline(written: Mapping[str, str], rhythm: Rhythm, year: int) -> date | None:
    day = _day(written, "deadline")
    if rhythm is Rhythm.ONCE and (day is None or day.year != year):
        raise BadInput(f"Chọn hạn trong năm {year}", f"A deadline within {year} is needed", field="deadline")
    if rhythm is not Rhythm.ONCE and day is not None:
        raise BadInput(
            f"Nhiệm vụ tính “{rhythm.title_vi}” không có hạn: để trống ô này, hoặc chọn “{Rhythm.ONCE.title_vi}”",
            "Only what is counted once has a deadline",
            field="deadline",
        )
    return day


def _target(written: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) <= 4 and int(written)):
        raise BadInput(f"Chỉ tiêu là số từ 1 đến {MOST}", f"A target is a number from 1 to {MOST}", field="target")
    return int(written)


def _day(written: Mapping[str, str], field: str) -> date | None:
    if not (text := written[field].strip()):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"Không hiểu ngày “{text[:20]}”", f"Not a day: {text[:20]}", field=field) from None


def _line(written: Mapping[str, str], field: str) -> str:
    return _held(" ".join(written[field].split()), field)


def _held(text: str, field: str) -> str:
    if len(text) > LONGEST[field]:
        most = LONGEST[field]
        raise BadInput(f"Nhiều nhất {most} ký tự", f"{field}: {most} characters at most", field=field)
    return text


def _needed(text: str, field: str, vi: str, en: str) -> str:
    if not text:
        raise BadInput(vi, en, field=field)
    return text
