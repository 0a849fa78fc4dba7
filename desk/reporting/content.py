"""A report as plain values, which the page, Word, Excel and PDF only draw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from config.words import Word

Cell = str | int | float | None
PARTS = (
    ("good", Word("Gửi được", "Sent")),
    ("bad", Word("Không gửi được", "Not sent")),
    ("ask", Word("Chưa xong, chưa rõ", "Not finished, unsure")),
    ("rest", Word("Đã hủy", "Cancelled")),
)
"""What a chart tells apart, by the mark each has on every page."""


class Headline(NamedTuple):
    """One figure in large type: what it is, how much in words, and what that means."""

    title: str
    said: str
    note: str = ""


class Point(NamedTuple):
    """One bar: its name, a short one, and how much of each of PARTS it has."""

    title: str
    short: str
    values: tuple[int, ...]

    @property
    def total(self) -> int:
        """All parts together."""
        return sum(self.values)


@dataclass(frozen=True, slots=True)
class Chart:
    """Points to be drawn as `columns` (time), `bars` (kinds of things) or a `ring` (one point, its parts)."""

    shape: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Text in the first column, numbers in the others; None where there is no number. `foot` is the sum, or empty."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    foot: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered part of the body: sentences, then the chart, if it has one, then its figures as a table."""

    number: str
    heading: str
    said: tuple[str, ...]
    chart: Chart | None
    table: Table


@dataclass(frozen=True, slots=True)
class Content:
    """A whole report. `standing` says who handed it in, or that nobody has; `year` is that of its date."""

    office: str
    about: str
    opening: str
    headlines: tuple[Headline, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    standing: str
    digest: str
    year: int


@dataclass(frozen=True, slots=True)
class Handed:
    """Of a report that was handed in: under which digest, by whom, when (in the office's zone), as which version, why again."""

    digest: str
    person: str
    at: datetime
    version: int
    reason: str
