"""Lunar dates at UTC+7: astronomy against Meeus' worked examples, Tết and the Hùng Kings' day against `holidays`' tables."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from holidays.calendars.chinese import VIETNAMESE_CALENDAR, _ChineseLunisolar
from hypothesis import given
from hypothesis import strategies as st

from scheduler.calendar.festive import holiday
from scheduler.calendar.lunar import LunarDate, lunar_date, new_moon, sun_longitude

KNOWN = {
    date(1985, 1, 21): LunarDate(1985, 1, 1),  # a month before China's
    date(2007, 2, 17): LunarDate(2007, 1, 1),  # China a day later
    date(2026, 2, 17): LunarDate(2026, 1, 1),
    date(2026, 4, 26): LunarDate(2026, 3, 10),
    date(2026, 9, 25): LunarDate(2026, 8, 15),
    date(2026, 11, 27): LunarDate(2026, 10, 19),
    date(2027, 2, 5): LunarDate(2026, 12, 29),
    date(2027, 2, 6): LunarDate(2027, 1, 1),
    date(2028, 1, 26): LunarDate(2028, 1, 1),
    date(2030, 2, 2): LunarDate(2030, 1, 1),  # China a day later
    date(2025, 7, 25): LunarDate(2025, 6, 1, leap=True),
    date(2023, 3, 22): LunarDate(2023, 2, 1, leap=True),
    date(2033, 12, 22): LunarDate(2033, 11, 1, leap=True),
}
LEAP_MONTHS = dict(
    map(int, pair.split(":"))
    for pair in [
        "2001:4",
        "2004:2",
        "2006:7",
        "2009:5",
        "2012:4",
        "2014:9",
        "2017:6",
        "2020:4",
        "2023:2",
        "2025:6",
        "2028:5",
        "2031:3",
        "2033:11",
        "2036:6",
        "2039:5",
        "2042:2",
        "2044:7",
        "2047:5",
        "2050:3",
    ]
)


def test_moments_are_those_of_the_book() -> None:
    """Astronomical Algorithms, examples 49.a (the new moon of February 1977) and 25.a (the sun on 13 October 1992)."""
    assert 2443192.65118 == pytest.approx(new_moon(-283), abs=0.00002)
    assert 199.90895 == pytest.approx(sun_longitude(2448908.5), abs=0.00005)


@pytest.mark.parametrize(("day", "expected"), KNOWN.items(), ids=str)
def test_known_days(day: date, expected: LunarDate) -> None:
    """Days that everybody in the country knows, and those on which Beijing's calendar says otherwise."""
    assert expected == lunar_date(day)


def test_leap_months() -> None:
    """Which month comes twice, in the first half of the century; no other year has one."""
    days = (date(2001, 1, 24) + timedelta(days=away) for away in range(365 * 50))
    found = {moon.year: moon.month for moon in map(lunar_date, days) if moon.leap}
    assert LEAP_MONTHS == found


def test_the_tables_of_holidays_say_the_same() -> None:
    """The first of the first month and the tenth of the third, 1968 to 2099, wherever the package has a date."""
    tables = _ChineseLunisolar(VIETNAMESE_CALENDAR)
    wrong = []
    for year in range(1968, 2100):
        for named, expected in ((tables.lunar_new_year_date, (1, 1)), (tables.hung_kings_date, (3, 10))):
            day, _ = named(year)
            moon = lunar_date(day) if day else None
            if moon and (moon.month, moon.day, moon.leap, moon.year) != (*expected, False, year):
                wrong.append((day, moon))
    assert [] == wrong


@given(st.dates(date(1968, 2, 1), date(2099, 12, 30)))
def test_a_day_follows_the_day_before(day: date) -> None:
    """Either the next of its month, or the first of the next month after 29 or 30 days."""
    here, then = lunar_date(day), lunar_date(day + timedelta(days=1))
    assert 1 <= here.day <= 30 and 1 <= here.month <= 12
    if then.day == 1:
        assert here.day in {29, 30}
        following = (here.month % 12 + 1, here.year + (here.month == 12), False)
        assert (then.month, then.year, then.leap) in {following, (here.month, here.year, True)}
    else:
        assert LunarDate(here.year, here.month, here.day + 1, here.leap) == then


def test_holidays_by_name() -> None:
    """Public holidays of both calendars in Vietnamese; other days have none."""
    assert "Tết" in holiday(date(2027, 2, 6)) and "Hùng Vương" in holiday(date(2027, 4, 16))
    assert "Quốc khánh" in holiday(date(2027, 9, 2)) and "" == holiday(date(2027, 11, 2))
