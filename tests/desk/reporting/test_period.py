"""Periods of reports: by Decree 09/2019 from the 15th on, or whole months; every day belongs to exactly one of each kind."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.words import BadInput
from desk.reporting.period import Basis, Kind, Period, last_finished, latest, parse, recent

TODAY = date(2026, 11, 23)
DAYS = st.dates(date(2001, 1, 1), date(2098, 12, 31))
PERIODS = st.builds(
    lambda kind, year, number, basis: Period(kind, year, number % kind.most + 1, basis),
    st.sampled_from(Kind),
    st.integers(2000, 2099),
    st.integers(0, 11),
    st.sampled_from(Basis),
)


@pytest.mark.parametrize(
    ("written", "basis", "begin", "last"),
    [
        ("2026-11", Basis.DECREE, (2026, 10, 15), (2026, 11, 14)),
        ("2026-01", Basis.DECREE, (2025, 12, 15), (2026, 1, 14)),
        ("2028-03", Basis.DECREE, (2028, 2, 15), (2028, 3, 14)),
        ("2026-Q1", Basis.DECREE, (2025, 12, 15), (2026, 3, 14)),
        ("2026-Q4", Basis.DECREE, (2026, 9, 15), (2026, 12, 14)),
        ("2026-H1", Basis.DECREE, (2025, 12, 15), (2026, 6, 14)),
        ("2026-H2", Basis.DECREE, (2026, 6, 15), (2026, 12, 14)),
        ("2026-9M", Basis.DECREE, (2025, 12, 15), (2026, 9, 14)),
        ("2026", Basis.DECREE, (2025, 12, 15), (2026, 12, 14)),
        ("2028-02", Basis.CALENDAR, (2028, 2, 1), (2028, 2, 29)),
        ("2027-02", Basis.CALENDAR, (2027, 2, 1), (2027, 2, 28)),
        ("2026-Q2", Basis.CALENDAR, (2026, 4, 1), (2026, 6, 30)),
        ("2026-12", Basis.CALENDAR, (2026, 12, 1), (2026, 12, 31)),
        ("2026-9M", Basis.CALENDAR, (2026, 1, 1), (2026, 9, 30)),
        ("2026", Basis.CALENDAR, (2026, 1, 1), (2026, 12, 31)),
    ],
)
def test_which_days_a_period_has(
    written: str, basis: Basis, begin: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    """Also in a leap year, and over the year's end."""
    one = parse(written, basis)
    assert (date(*begin), date(*last)) == (one.begin, one.last)


@given(PERIODS)
def test_a_period_is_read_as_it_is_written(one: Period) -> None:
    """And follows the one before it without a gap; its stretches are the whole of it."""
    assert one == parse(one.written, one.basis)
    if one.kind is not Kind.NINE_MONTHS:
        assert one.begin == one.before.end
    stretches = one.stretches()
    assert (one.begin, one.end) == (stretches[0].begin, stretches[-1].end)
    for before, after in pairwise(stretches):
        assert before.begin < before.end == after.begin
    assert all(each.begin.weekday() == 0 for each in stretches[1:] if one.is_by_week)


@given(DAYS, st.sampled_from(Kind), st.sampled_from(Basis))
def test_what_is_under_way_and_what_is_over(today: date, kind: Kind, basis: Basis) -> None:
    """The last one that is over ended at most one period ago; a day is in the latest one, but for the end of the nine months."""
    running, over = latest(kind, basis, today), last_finished(kind, basis, today)
    assert running.begin <= today and over.end <= today
    assert kind is Kind.NINE_MONTHS or running.end > today
    assert today - over.end < timedelta(days=366)
    listed = recent(kind, basis, today)
    assert running == listed[0] and over in listed[:2]


@pytest.mark.parametrize(
    ("kind", "basis", "written"),
    [
        (Kind.MONTH, Basis.DECREE, "2026-11"),
        (Kind.MONTH, Basis.CALENDAR, "2026-10"),
        (Kind.QUARTER, Basis.DECREE, "2026-Q3"),
        (Kind.HALF, Basis.DECREE, "2026-H1"),
        (Kind.NINE_MONTHS, Basis.CALENDAR, "2026-9M"),
        (Kind.YEAR, Basis.DECREE, "2025"),
    ],
)
def test_the_last_one_that_is_over(kind: Kind, basis: Basis, written: str) -> None:
    """On 23/11/2026, the month that was closed on the 14th."""
    assert written == last_finished(kind, basis, TODAY).written


@pytest.mark.parametrize(
    "written", ["", "2026-13", "2026-00", "2026-Q5", "2026-H3", "1999", "2026-9m", "26-11", "２０２６"]
)
def test_what_is_no_period_is_told_at_its_field(written: str) -> None:
    """With what one is written like."""
    with pytest.raises(BadInput, match="2026-Q4") as caught:
        parse(written, Basis.DECREE)
    assert "period" == caught.value.field


def test_names_are_those_of_offices() -> None:
    """As they stand in a sentence."""
    names = {one: parse(one, Basis.DECREE).title_vi for one in ("2026-11", "2026-Q4", "2026-H2", "2026-9M", "2026")}
    assert {
        "2026-11": "tháng 11 năm 2026",
        "2026-Q4": "quý IV năm 2026",
        "2026-H2": "6 tháng cuối năm 2026",
        "2026-9M": "9 tháng đầu năm 2026",
        "2026": "năm 2026",
    } == names
