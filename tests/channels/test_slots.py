"""Slots: when they are, and what goes into each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.slots import Airtime, Candidate, Slot, Timetable, choose
from content.bulletin import BulletinClass

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
NORMAL, PRIORITY, URGENT = BulletinClass.NORMAL, BulletinClass.PRIORITY, BulletinClass.URGENT


def timetable(*slots: Slot, zone: str = "Asia/Ho_Chi_Minh") -> Timetable:
    """Slots of a station with the usual patience."""
    hour, patience = timedelta(hours=1), timedelta(minutes=30)
    return Timetable(slots, ZoneInfo(zone), hour, hour, timedelta(days=14), patience, timedelta(minutes=2))


def slot(time: str = "05:00", **more: object) -> Slot:
    """A slot of that time."""
    return Slot.model_validate({"name": f"luc-{time.replace(':', '')}", "time": time} | more)


def candidate(name: str, klass: BulletinClass = NORMAL, **more: object) -> Candidate:
    """A bulletin of a minute."""
    told: dict[str, object] = {"parts": 1, "klass": klass, "since": MONDAY, "until": None, "seconds": 60.0}
    return Candidate(delivery=name, **(told | more))  # type: ignore[arg-type]


def airtime(**more: object) -> Airtime:
    """Five o'clock of the next day."""
    starts_at = MONDAY + timedelta(hours=21)
    one = slot(**more)  # type: ignore[arg-type]
    return Airtime(one, starts_at, starts_at + one.length)


def names(chosen: list[Candidate]) -> str:
    """Their names in order."""
    return " ".join(one.delivery for one in chosen)


@pytest.mark.parametrize(
    ("days", "week"),
    [
        ("mon-sun", "1111111"),
        ("mon-sat", "1111110"),
        ("mon", "1000000"),
        ("mon,wed,fri", "1010100"),
        ("sat-mon", "1000011"),
        ("fri-sun, tue", "0100111"),
    ],
)
def test_days_of_the_week(days: str, week: str) -> None:
    """Spans, lists, and spans over Sunday."""
    assert week == "".join(str(int(slot(days=days).airs_on(day))) for day in range(7))


def test_airtimes_are_on_the_wall_clock_of_the_station() -> None:
    """Two a day, in order, each once, also over midnight and at the very edges."""
    table = timetable(slot("17:00", days="mon-sat"), slot("05:00"))
    found = table.airtimes(MONDAY, MONDAY + timedelta(days=7))
    local = [one.starts_at.astimezone(HANOI) for one in found]
    assert 13 == len(found) and local == sorted(local)
    assert "2026-11-23 17:00" == f"{local[0]:%Y-%m-%d %H:%M}" and {5, 17} == {one.hour for one in local}
    first = found[0].starts_at
    assert [first] == [one.starts_at for one in table.airtimes(first, first + timedelta(seconds=1))]
    assert [] == table.airtimes(first - timedelta(seconds=1), first)
    assert first + timedelta(hours=12) == table.next_start(first)
    assert None is timetable().next_start(first)


def test_a_change_of_the_clock_moves_no_slot() -> None:
    """Where there is summer time, six is six on both sides of it."""
    table = timetable(slot("06:00"), zone="Europe/Berlin")
    found = table.airtimes(datetime(2026, 10, 24, tzinfo=UTC), datetime(2026, 10, 27, tzinfo=UTC))
    assert [4, 5, 5] == [one.starts_at.hour for one in found]


def test_urgent_then_priority_then_normal() -> None:
    """Older before newer within a class; by age alone the urgent ones still come first."""
    later = MONDAY + timedelta(minutes=5)
    given_ = [
        candidate("n1"),
        candidate("p2", PRIORITY, since=later),
        candidate("u", URGENT, since=later),
        candidate("p1", PRIORITY),
        candidate("n2", since=later),
    ]
    orders = {"class": "u p1 p2 n1 n2", "oldest": "u n1 p1 n2 p2", "newest": "u n2 p2 n1 p1"}
    for order, expected in orders.items():
        assert expected == names(choose(airtime(order=order), given_, None)[0])


def test_a_station_may_leave_normal_bulletins_out() -> None:
    """Of the others it may not."""
    given_ = [candidate("n"), candidate("p", PRIORITY), candidate("u", URGENT)]
    assert "u p" == names(choose(airtime(normal=False), given_, None)[0])


def test_what_does_not_fit_waits() -> None:
    """A shorter one behind it takes the room; urgent ones are not measured."""
    given_ = [candidate("a", seconds=100.0), candidate("b", seconds=300.0), candidate("c", seconds=60.0)]
    chosen, waiting = choose(airtime(minutes=3), given_, None)
    assert ("a c", "b") == (names(chosen), names(waiting))
    given_.append(candidate("u", URGENT, seconds=600.0))
    assert "u" == names(choose(airtime(minutes=3), given_, None)[0])


def test_what_no_slot_can_hold_goes_alone() -> None:
    """Rather than never."""
    given_ = [candidate("lang", seconds=1000.0), candidate("b", since=MONDAY + timedelta(minutes=1))]
    assert "lang" == names(choose(airtime(minutes=3), given_, None)[0])


def test_last_chance_goes_first() -> None:
    """What is over before the next slot goes before what can wait for it, within its class."""
    at = airtime(minutes=2)
    following = at.starts_at + timedelta(hours=12)
    given_ = [
        candidate("old"),
        candidate("last", since=MONDAY + timedelta(hours=1), until=at.starts_at + timedelta(hours=3)),
        candidate("p", PRIORITY, seconds=10.0),
    ]
    chosen, waiting = choose(at, given_, following)
    assert ("p last", "old") == (names(chosen), names(waiting))


def test_nothing_over_and_nothing_too_often() -> None:
    """What is over when the slot begins stays out; each is repeated as often as the slot says, or until it is over."""
    at = airtime()
    given_ = [candidate("over", until=at.starts_at), candidate("used", used=1), candidate("twice", used=2)]
    assert "" == names(choose(at, given_, None)[0])
    assert "used" == names(choose(airtime(repeats=2), given_, None)[0])
    assert "twice used" == names(choose(airtime(repeats=0), given_, None)[0])


@given(
    st.lists(
        st.builds(
            candidate,
            st.uuids().map(str),
            st.sampled_from(list(BulletinClass)),
            seconds=st.floats(1, 400),
            used=st.integers(0, 2),
            since=st.integers(0, 9).map(lambda n: MONDAY + timedelta(minutes=n)),
            until=st.none() | st.integers(19, 40).map(lambda n: MONDAY + timedelta(hours=n)),
        ),
        max_size=12,
        unique_by=lambda one: one.delivery,
    ),
    st.sampled_from(["class", "oldest", "newest"]),
)
def test_whatever_there_is_the_rules_hold(given_: list[Candidate], order: str) -> None:
    """No one twice, none lost, length kept, urgent ones first and all there, in any order they come in."""
    at = airtime(order=order, minutes=6)
    chosen, waiting = choose(at, given_, at.starts_at + timedelta(hours=12))
    assert (chosen, waiting) == choose(at, given_[::-1], at.starts_at + timedelta(hours=12))
    assert len({one.delivery for one in [*chosen, *waiting]}) == len(chosen) + len(waiting)
    may = {one.delivery for one in given_ if one.used == 0 and (one.until is None or one.until > at.starts_at)}
    assert may == {one.delivery for one in [*chosen, *waiting]}
    urgent = [one.klass is URGENT for one in chosen]
    assert urgent == sorted(urgent, reverse=True) and all(one.klass is not URGENT for one in waiting)
    measured = [one.seconds for one in chosen if one.klass is not URGENT]
    assert len(chosen) == 1 or not measured or sum(one.seconds for one in chosen) <= 360 or any(urgent)
