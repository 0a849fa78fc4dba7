"""A calendar's runs: the same as one after the other, but counted where they are many, and only within the window."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.calendar.runs import FEW, Runs, expand, falls_due_at, first_from
from scheduler.missed import made_up
from scheduler.schedule import Missed, Rule, Schedule
from tests.scheduler.test_schedule import schedule

DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 22, 17, tzinfo=UTC)
"""Midnight in Hanoi."""


def standing(rule: Rule, zone: str = "Asia/Ho_Chi_Minh", until: datetime | None = None) -> Schedule:
    """A schedule that stands before its first run."""
    made = schedule(rule, zone, until=until)
    return replace(made, next_due_at=made.next_due(None))


def days(first: datetime, count: int) -> list[datetime]:
    """The edges of so many days."""
    return [first + away * DAY for away in range(count + 1)]


def one_by_one(of: Schedule, edges: list[datetime]) -> list[tuple[int, Runs]]:
    """The same as `expand`, the slow way."""
    found: dict[int, list[datetime]] = {}
    due = of.next_due_at
    while due is not None and due < edges[-1]:
        if due >= edges[0]:
            found.setdefault(max(place for place, edge in enumerate(edges) if edge <= due), []).append(due)
        due = of.next_due(due)
    return [(place, Runs(len(dues), tuple(dues[:FEW]), dues[-1])) for place, dues in found.items()]


CRONS = st.sampled_from(
    [
        "* * * * *",
        "*/7 * * * *",
        "0 5 * * 1-6",
        "15,45 6-20 * * *",
        "30 2 * * *",
        "0 0 1 * *",
        "5 0-23/2 * * 1",
        "0 9 L * *",
    ]
)
RULES = st.one_of(
    st.builds(lambda cron: Rule(cron=cron), CRONS),
    st.builds(lambda minutes: Rule(every=timedelta(minutes=minutes)), st.integers(1, 5000)),
    st.builds(lambda minutes: Rule(once=MONDAY + timedelta(minutes=minutes)), st.integers(0, 60 * 24 * 9)),
)
ZONES = st.sampled_from(["Asia/Ho_Chi_Minh", "Asia/Kolkata", "UTC"])


@settings(deadline=None)  # the slow way is slow
@given(RULES, ZONES, st.integers(0, 4), st.integers(1, 4), st.one_of(st.none(), st.integers(60, 60 * 24 * 8)))
def test_counted_as_one_by_one(rule: Rule, zone: str, begin: int, count: int, until: int | None) -> None:
    """Whatever the rule, the zone and the window."""
    of = standing(rule, zone, MONDAY + timedelta(minutes=until) if until else None)
    edges = days(MONDAY + begin * DAY, count)
    assert one_by_one(of, edges) == list(expand(of, edges, edges[0]))


@pytest.mark.parametrize("cron", ["*/5 * * * *", "30 2 * * *", "0 * * * *"])
def test_a_day_on_which_the_clock_is_moved(cron: str) -> None:
    """Berlin's of March and October have 23 and 25 hours."""
    for change in (datetime(2027, 3, 27, 23, tzinfo=UTC), datetime(2027, 10, 30, 22, tzinfo=UTC)):
        made = schedule(Rule(cron=cron), "Europe/Berlin", change - DAY)
        of = replace(made, next_due_at=made.next_due(None))
        edges = days(change - DAY, 4)
        assert one_by_one(of, edges) == list(expand(of, edges, edges[0]))


def test_every_minute_for_a_month_is_quick() -> None:
    """43200 runs, a year from now, in a moment: they are counted a day at a time."""
    of, edges = standing(Rule(cron="* * * * *")), days(MONDAY + 365 * DAY, 30)
    begun = perf_counter()
    found = list(expand(of, edges, edges[0]))
    assert [1440] * 30 == [runs.count for _, runs in found]
    assert perf_counter() - begun < 1


def test_from_now_on_alone() -> None:
    """What lies before `since` is left out; a moment between two runs belongs to the later."""
    of = standing(Rule(cron="0 5 * * *"))
    since = MONDAY + timedelta(days=2, hours=6)
    assert [3, 4] == [place for place, _ in expand(of, days(MONDAY, 5), since)]
    assert MONDAY + timedelta(days=3, hours=5) == first_from(of, since)
    assert falls_due_at(of, MONDAY + timedelta(days=3, hours=5)) and not falls_due_at(of, since)


def test_made_up_by_policy_within_the_window() -> None:
    """The newest, all or none of the late ones; never one that is later than the window; one on time in any case."""
    now, window = MONDAY, timedelta(hours=2)
    dues = [now - timedelta(hours=3), now - timedelta(hours=1), now - timedelta(minutes=30)]
    assert [False, False, True] == made_up(Missed.LATEST, window, dues, now)
    assert [False, True, True] == made_up(Missed.ALL, window, dues, now)
    assert [False, False, False] == made_up(Missed.NONE, window, dues, now)
    assert [True] == made_up(Missed.NONE, timedelta(), [now - timedelta(seconds=50)], now)
