"""Periods of reports: month, quarter, half, nine months, year, and the days each has; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import islice

from config.words import BadInput, Word
from desk.moments import MONTHS
from desk.printing.roman import ROMAN

FIRST_YEAR, LAST_YEAR = 2000, 2099
CLOSING_DAY = 14
"""Decree 09/2019/NĐ-CP, Article 12: figures of a periodic report are closed at the end of this day."""
"""In English."""


class Kind(StrEnum):
    """How long a period is."""

    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    NINE_MONTHS = "nine_months"
    YEAR = "year"

    @property
    def title_vi(self) -> str:
        """The name on screen."""
        return _KINDS[self][0]

    @property
    def months(self) -> int:
        """How many months it has."""
        return _KINDS[self][1]

    @property
    def most(self) -> int:
        """How many of them a year has."""
        return 1 if self is Kind.NINE_MONTHS else 12 // self.months


_KINDS = {
    Kind.MONTH: (Word("Tháng", "Month"), 1),
    Kind.QUARTER: (Word("Quý", "Quarter"), 3),
    Kind.HALF: (Word("6 tháng", "Half-year"), 6),
    Kind.NINE_MONTHS: (Word("9 tháng", "Nine months"), 9),
    Kind.YEAR: (Word("Năm", "Year"), 12),
}


class Basis(StrEnum):
    """Which days a month has: those of a report by Decree 09/2019 (from the 15th on), or the calendar's."""

    DECREE = "decree"
    CALENDAR = "calendar"

    @property
    def title_vi(self) -> str:
        """The name on screen."""
        return {
            "decree": Word("chốt ngày 14 (Nghị định 09/2019)", "closing on the 14th (Decree 09/2019)"),
            "calendar": Word("tròn tháng theo lịch", "by calendar month"),
        }[self.value]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A month or a week within a period; `end` is the day after its last."""

    title: str
    begin: date
    end: date


@dataclass(frozen=True, slots=True)
class Period:
    """One period: the `number`th (from 1) of its kind in a year."""

    kind: Kind
    year: int
    number: int
    basis: Basis = Basis.DECREE

    @property
    def _first_month(self) -> int:
        return (self.number - 1) * self.kind.months + 1

    @property
    def begin(self) -> date:
        """Its first day."""
        return _turn(self.year, self._first_month, self.basis)

    @property
    def end(self) -> date:
        """The day after its last."""
        return _turn(self.year, self._first_month + self.kind.months, self.basis)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.end - timedelta(days=1)

    @property
    def written(self) -> str:
        """As it stands in an address: `2026-11`, `2026-Q4`, `2026-H2`, `2026-9M`, `2026`."""
        ends = {
            Kind.MONTH: f"-{self.number:02d}",
            Kind.QUARTER: f"-Q{self.number}",
            Kind.HALF: f"-H{self.number}",
            Kind.NINE_MONTHS: "-9M",
            Kind.YEAR: "",
        }
        return f"{self.year}{ends[self.kind]}"

    @property
    def title_vi(self) -> Word:
        """The name in a sentence."""
        if self.kind is Kind.YEAR:
            return self.within_year
        of = " of" if self.kind in {Kind.HALF, Kind.NINE_MONTHS} else ""
        return Word(f"{self.within_year} năm {self.year}", f"{self.within_year.en}{of} {self.year}")

    @property
    def within_year(self) -> Word:
        """The name where the year is told already."""
        first = self.number == 1
        return {
            Kind.MONTH: Word(f"tháng {self.number}", MONTHS[self.number - 1]),
            Kind.QUARTER: Word(f"quý {ROMAN[self.number]}", f"quarter {self.number}"),
            Kind.HALF: Word(f"6 tháng {'đầu' if first else 'cuối'}", f"{'first' if first else 'second'} half"),
            Kind.NINE_MONTHS: Word("9 tháng đầu", "first nine months"),
            Kind.YEAR: Word(f"năm {self.year}", f"{self.year}"),
        }[self.kind]

    @property
    def days_vi(self) -> Word:
        """Its days in a sentence."""
        begin, last = f"{self.begin:%d/%m/%Y}", f"{self.last:%d/%m/%Y}"
        return Word(f"từ ngày {begin} đến hết ngày {last}", f"from {begin} up to and with {last}")

    @property
    def before(self) -> Period:
        """The one of its kind before it."""
        if self.number > 1:
            return Period(self.kind, self.year, self.number - 1, self.basis)
        return Period(self.kind, self.year - 1, self.kind.most, self.basis)

    @property
    def is_by_week(self) -> bool:
        """Whether it is told week by week; longer ones are told month by month."""
        return self.kind.months <= 3

    def stretches(self) -> tuple[Stretch, ...]:
        """Its weeks, from Monday, or its months; together they are the period."""
        return tuple(self._weeks() if self.is_by_week else self._months())

    def _weeks(self) -> Iterator[Stretch]:
        begin = self.begin
        while begin < self.end:
            end = min(begin + timedelta(days=7 - begin.weekday()), self.end)
            last = end - timedelta(days=1)
            title = f"{begin:%d/%m} – {last:%d/%m/%Y}" if last > begin else f"{begin:%d/%m/%Y}"
            yield Stretch(title, begin, end)
            begin = end

    def _months(self) -> Iterator[Stretch]:
        for month in range(self._first_month, self._first_month + self.kind.months):
            one = Period(Kind.MONTH, self.year, month, self.basis)
            yield Stretch(Word(f"Tháng {month}/{self.year}", f"{MONTHS[month - 1]} {self.year}"), one.begin, one.end)


def _turn(year: int, month: int, basis: Basis) -> date:
    """When a month begins; month 13 is the next year's first."""
    first = date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    if basis is Basis.CALENDAR:
        return first
    return (first - timedelta(days=1)).replace(day=CLOSING_DAY + 1)


def parse(written: str, basis: Basis) -> Period:
    """The period of an address. Raises BadInput."""
    found = re.fullmatch(r"(20[0-9]{2})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])|H([12])|(9M)))?", written)
    if not found:
        raise BadInput(
            f"Không hiểu kỳ báo cáo “{written[:20]}”: viết 2026-11 (tháng), 2026-Q4 (quý), 2026-H2 (6 tháng), 2026-9M, 2026",
            f"Not a period: {written[:20]}; write 2026-11, 2026-Q4, 2026-H2, 2026-9M or 2026",
            field="period",
        )
    year, month, quarter, half, nine = found.groups()
    for kind, number in ((Kind.MONTH, month), (Kind.QUARTER, quarter), (Kind.HALF, half)):
        if number:
            return Period(kind, int(year), int(number), basis)
    return Period(Kind.NINE_MONTHS if nine else Kind.YEAR, int(year), 1, basis)


def latest(kind: Kind, basis: Basis, today: date) -> Period:
    """The one of its kind that is under way; of nine months, that began last."""
    one = Period(kind, today.year + 1, kind.most, basis)
    while one.begin > today:
        one = one.before
    return one


def last_finished(kind: Kind, basis: Basis, today: date) -> Period:
    """The last one that is over: the one whose report is due."""
    one = latest(kind, basis, today)
    return one if one.end <= today else one.before


def recent(kind: Kind, basis: Basis, today: date) -> list[Period]:
    """The latest ones, two years of them, the newest first."""
    found = _back_from(latest(kind, basis, today))
    return list(islice(found, max(2 * kind.most + 1, 6)))


def _back_from(one: Period) -> Iterator[Period]:
    while one.year >= FIRST_YEAR:
        yield one
        one = one.before
