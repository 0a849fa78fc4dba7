"""The Vietnamese lunar date of a day, from the new moons and the sun's longitude at 105 degrees east (UTC+7); pure.

The rules are those Hồ Ngọc Đức describes (Thuật toán tính âm lịch, informatik.uni-leipzig.de/~duc/amlich): a month begins
on the day of its new moon, the winter solstice lies in the eleventh month, and of the thirteen months from one eleventh to
the next the first without a major term (a multiple of 30 degrees of the sun's longitude) is a leap month. The moments are
Jean Meeus', Astronomical Algorithms, 2nd edition: new moons by chapter 49, the sun by chapter 25. At UTC+8, as in China,
some months begin a day later: Tết 2007 and 2030 do. Vietnam has reckoned at UTC+7 since 1968 (Decision 121/CP of 8/8/1967).
The new moons of May 2054, December 2072, November 2077 and October 2085 fall within a minute of midnight: how fast the earth
turns until then may put them on the other side.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from math import floor, radians, sin

DAY_ONE = 1721424.5
"""The Julian day at which the day before 0001-01-01 begins, whose ordinal is 0."""
EAST = 7 / 24
MONTH = 29.530588861
J2000 = 2451545.0
SOLSTICE = 270.0


@dataclass(frozen=True, slots=True)
class LunarDate:
    """A day of the lunar calendar; `leap` for one of a month that has the number of the month before it."""

    year: int
    month: int
    day: int
    leap: bool = False


@lru_cache(4096)
def lunar_date(day: date) -> LunarDate:
    """The lunar date of a day (1968 to 2100)."""
    ordinal = day.toordinal()
    year = day.year if ordinal >= _eleventh(day.year) else day.year - 1
    months = _months(year)
    begin, month, leap = months[bisect_right(months, ordinal, key=lambda one: one[0]) - 1]
    return LunarDate(year + (month < 11), month, ordinal - begin + 1, leap)


@lru_cache(256)
def _months(year: int) -> tuple[tuple[int, int, bool], ...]:
    """The months from the eleventh of a year to before that of the next: first day (its ordinal), number, whether leap."""
    begin, end = _eleventh(year), _eleventh(year + 1)
    number = _moon_near(begin + 14)
    begins = [_new_moon_day(number + place) for place in range(round((end - begin) / MONTH) + 1)]
    leap = _leap(begins) if len(begins) == 14 else 0
    found = []
    for place, first in enumerate(begins[:-1]):
        month = (10 + place - (1 if leap and place >= leap else 0)) % 12 + 1
        found.append((first, month, bool(leap) and place == leap))
    return tuple(found)


def _leap(begins: list[int]) -> int:
    """Which of thirteen months is the leap month: the first in which the sun enters no new twelfth of its way."""
    twelfths = [floor(sun_longitude(_midnight(first)) / 30) for first in begins]
    return next(place for place, (at, then) in enumerate(pairwise(twelfths)) if at == then)


@lru_cache(256)
def _eleventh(year: int) -> int:
    """The ordinal of the first day of the month in which a year's winter solstice lies."""
    moment = J2000 + 355.3 + (year - 2000) * 365.2422
    for _ in range(3):
        moment += ((SOLSTICE - sun_longitude(moment) + 180) % 360 - 180) * 365.2422 / 360
    solstice = _local_day(moment)
    number = _moon_near(solstice)
    return max(day for day in map(_new_moon_day, range(number - 1, number + 2)) if day <= solstice)


def _moon_near(ordinal: int) -> int:
    """The number of a new moon within half a month of a day, counted from that of 6 January 2000."""
    return round((ordinal + DAY_ONE - 2451550.09766) / MONTH - 0.5)


def _new_moon_day(number: int) -> int:
    return _local_day(new_moon(number))


def _local_day(moment: float) -> int:
    """The ordinal of the day, in Vietnam, of a Julian day in dynamical time."""
    return floor(moment - _delta(moment) + EAST - DAY_ONE)


def _midnight(ordinal: int) -> float:
    """The Julian day in dynamical time at which a day begins in Vietnam."""
    moment = ordinal + DAY_ONE - EAST
    return moment + _delta(moment)


def _delta(moment: float) -> float:
    """How far dynamical time is ahead of universal time, in days (Espenak and Meeus for 2005 to 2050; 1968 within 20 s)."""
    away = (moment - J2000) / 365.25
    return (62.92 + 0.32217 * away + 0.005589 * away * away) / 86400


def sun_longitude(moment: float) -> float:
    """The sun's apparent longitude in degrees, 0 to 360, within 0.01 (Meeus, chapter 25), at a Julian day."""
    t = (moment - J2000) / 36525
    mean = 280.46646 + 36000.76983 * t + 0.0003032 * t * t
    m = radians(357.52911 + 35999.05029 * t - 0.0001537 * t * t)
    centre = (1.914602 - 0.004817 * t - 0.000014 * t * t) * sin(m)
    centre += (0.019993 - 0.000101 * t) * sin(2 * m) + 0.000289 * sin(3 * m)
    return (mean + centre - 0.00569 - 0.00478 * sin(radians(125.04 - 1934.136 * t))) % 360


# Of each periodic term of a new moon: its size in days, the power of E it is multiplied by, and how often the sun's
# anomaly M, the moon's anomaly M' and the argument of latitude F go into its angle (Meeus, table 49.A).
TERMS = (
    (-0.40720, 0, 0, 1, 0),
    (0.17241, 1, 1, 0, 0),
    (0.01608, 0, 0, 2, 0),
    (0.01039, 0, 0, 0, 2),
    (0.00739, 1, -1, 1, 0),
    (-0.00514, 1, 1, 1, 0),
    (0.00208, 2, 2, 0, 0),
    (-0.00111, 0, 0, 1, -2),
    (-0.00057, 0, 0, 1, 2),
    (0.00056, 1, 1, 2, 0),
    (-0.00042, 0, 0, 3, 0),
    (0.00042, 1, 1, 0, 2),
    (0.00038, 1, 1, 0, -2),
    (-0.00024, 1, -1, 2, 0),
    (-0.00007, 0, 2, 1, 0),
    (0.00004, 0, 0, 2, -2),
    (0.00004, 0, 3, 0, 0),
    (0.00003, 0, 1, 1, -2),
    (0.00003, 0, 0, 2, 2),
    (-0.00003, 0, 1, 1, 2),
    (0.00003, 0, -1, 1, 2),
    (-0.00002, 0, -1, 1, -2),
    (-0.00002, 0, 1, 3, 0),
    (0.00002, 0, 0, 4, 0),
)
# What the planets do to it: size in days, angle at new moon 0, and its growth from one to the next (Meeus, page 351).
PLANETS = (
    (0.000325, 299.77, 0.107408),
    (0.000165, 251.88, 0.016321),
    (0.000164, 251.83, 26.651886),
    (0.000126, 349.42, 36.412478),
    (0.000110, 84.66, 18.206239),
    (0.000062, 141.74, 53.303771),
    (0.000060, 207.14, 2.453732),
    (0.000056, 154.84, 7.306860),
    (0.000047, 34.52, 27.261239),
    (0.000042, 207.19, 0.121824),
    (0.000040, 291.34, 1.844379),
    (0.000037, 161.72, 24.198154),
    (0.000035, 239.56, 25.513099),
    (0.000023, 331.55, 3.592518),
)


def new_moon(number: int) -> float:
    """The Julian day in dynamical time of a new moon, number 0 that of 6 January 2000, within some seconds (Meeus, 49)."""
    k, t = number, number / 1236.85
    t2, t3, t4 = t**2, t**3, t**4
    e = 1 - 0.002516 * t - 0.0000074 * t2
    sun = radians(2.5534 + 29.10535670 * k - 0.0000014 * t2 - 0.00000011 * t3)
    moon = radians(201.5643 + 385.81693528 * k + 0.0107582 * t2 + 0.00001238 * t3 - 0.000000058 * t4)
    latitude = radians(160.7108 + 390.67050284 * k - 0.0016118 * t2 - 0.00000227 * t3 + 0.000000011 * t4)
    node = radians(124.7746 - 1.56375588 * k + 0.0020672 * t2 + 0.00000215 * t3)
    moment = 2451550.09766 + MONTH * k + 0.00015437 * t2 - 0.00000015 * t3 + 0.00000000073 * t4
    moment += sum(size * e**power * sin(m * sun + m1 * moon + f * latitude) for size, power, m, m1, f in TERMS)
    moment += sum(size * sin(radians(angle + growth * k)) for size, angle, growth in PLANETS)
    return moment - 0.00017 * sin(node)
