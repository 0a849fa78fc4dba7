"""Charts as geometry: where each bar stands, in the units of its drawing; templates give them colours. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from math import pi
from typing import NamedTuple

from config.words import Word
from desk.reporting.content import PARTS, Chart
from desk.reporting.sentences import number_vi

WIDTH, HEIGHT = 400, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 396, 14, 190
"""Edges of the field that columns stand in."""
MOST_LABELS = 12
WIDEST = 46.0
RADIUS = 40.0
AROUND = 2 * pi * RADIUS
LEAST = 0.6
"""Of a bar's hundred: what is not nothing can be seen."""


class Box(NamedTuple):
    """One part of a bar: its mark, left and upper edge, width and height."""

    mark: str
    x: float
    y: float
    width: float
    height: float


class Mark(NamedTuple):
    """A word at a place: of an axis, or under a column."""

    word: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns over time: boxes, words of the axis with their lines, words under the columns."""

    boxes: tuple[Box, ...]
    axis: tuple[Mark, ...]
    names: tuple[Mark, ...]


class Arc(NamedTuple):
    """One part of a ring: its mark, its length, and how far round it begins, along the ring."""

    mark: str
    length: float
    begin: float


def columns(chart: Chart) -> Columns:
    """Stacked columns, the axis up to a round number."""
    top = round_up(max((point.total for point in chart.points), default=0))
    step = (RIGHT - LEFT) / max(1, len(chart.points))
    width = min(step * 0.7, WIDEST)
    boxes, names = list[Box](), list[Mark]()
    every = -(-len(chart.points) // MOST_LABELS)
    for place, point in enumerate(chart.points):
        x, y = LEFT + step * (place + 0.5), float(BOTTOM)
        for (mark, _), value in zip(PARTS, point.values, strict=True):
            height = (BOTTOM - TOP) * value / top
            y -= height
            if value:
                boxes.append(Box(mark, round(x - width / 2, 2), round(y, 2), round(width, 2), round(height, 2)))
        if place % every == 0:
            names.append(Mark(point.short, round(x, 2), BOTTOM + 18))
    levels = (0, top // 2, top) if top > 1 else (0, top)
    axis = (Mark(brief(level), LEFT - 6, round(BOTTOM - (BOTTOM - TOP) * level / top, 2)) for level in levels)
    return Columns(tuple(boxes), tuple(axis), tuple(names))


def bars(chart: Chart) -> list[tuple[Box, ...]]:
    """Each point's parts along a bar of a hundred; the longest bar is whole."""
    longest = max((point.total for point in chart.points), default=0) or 1
    found = []
    for point in chart.points:
        wanted = [max(100 * value / longest, LEAST) if value else 0.0 for value in point.values]
        scale = min(1.0, 100 / (sum(wanted) or 1))
        lengths = [length * scale for length in wanted]
        begins = accumulate(lengths, initial=0.0)
        each = zip(PARTS, begins, lengths, strict=False)
        found.append(tuple(Box(mark, round(x, 2), 0, round(long, 2), 10) for (mark, _), x, long in each if long))
    return found


def ring(chart: Chart) -> list[Arc]:
    """The first point's parts round a ring, from the top on; nothing of nothing."""
    values = chart.points[0].values
    total = sum(values)
    begins = accumulate(values, initial=0)
    each = zip(PARTS, begins, values, strict=False)
    return [Arc(mark, _round(value, total), _round(begin, total)) for (mark, _), begin, value in each if value]


def parts(chart: Chart) -> list[tuple[str, str, int]]:
    """The parts a chart has anything of: mark, name, and how much over all points."""
    totals = (
        (mark, name, sum(point.values[place] for point in chart.points)) for place, (mark, name) in enumerate(PARTS)
    )
    return [one for one in totals if one[2]]


def _round(value: int, total: int) -> float:
    return round(AROUND * value / total, 3)


def round_up(most: int) -> int:
    """The least round number that is not less, and has a half: 1, 1,5, 2, 3, 4, 6, 8 times a power of ten; 1 for nothing."""
    if most < 1:
        return 1
    unit = int(10 ** (len(str(most)) - 1))
    tops = (unit * halves // 2 for halves in (2, 3, 4, 6, 8, 12, 16, 20))
    return next(top for top in tops if top >= most and (top == 1 or top % 2 == 0))


def brief(number: int) -> Word:
    """A round number of an axis: 500.000, and from a million on 1,5 tr."""
    if number < 1_000_000:
        return number_vi(number)
    millions = number_vi(number // 1_000_000 if number % 1_000_000 == 0 else number / 1_000_000)
    return Word(f"{millions} tr", f"{millions.en}m")
