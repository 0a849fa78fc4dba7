"""The rule of a ride: which runs are its hosts, which of them carry it, and what cannot be a rule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from config.words import BadInput
from content.bulletin import BulletinClass
from scheduler.ride.ride import Host, Ride, RideState, check

MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, tzinfo=UTC)
RIDE = Ride(
    *("r1", "i1", "v1", "d1", ("radio", "sms"), ("mot-cua",), date(2026, 11, 25), date(2026, 12, 31), 2, 25, ""),
    *(RideState.APPROVED, "Hùng", NOW),
)
HOST = Host(BulletinClass.NORMAL, frozenset({"i2"}), frozenset({"mot-cua", "khac"}), ("radio",), "", date(2026, 11, 26))


def test_a_host_is_told_by_theme_outlet_unit_class_and_day() -> None:
    """Each alone keeps it off; a ride without themes goes in any."""
    assert RIDE.fits(HOST)
    for more in (
        {"klass": BulletinClass.PRIORITY},
        {"items": frozenset({"i1", "i2"})},
        {"themes": frozenset({"khac"})},
        {"outlets": ("portal",)},
        {"unit": "xa-a"},
        {"day": date(2026, 11, 24)},
        {"day": date(2027, 1, 1)},
    ):
        assert not RIDE.fits(replace(HOST, **more)), more
    assert replace(RIDE, themes=()).fits(replace(HOST, themes=frozenset({"khac"})))


def test_every_second_week_is_reckoned_from_the_week_of_the_first_day() -> None:
    """From a Wednesday on: its own week, not the next, the one after, from Monday to Sunday."""
    days = [MONDAY + timedelta(days=number) for number in range(22)]
    assert [day.day for day in days if RIDE.is_on(day)] == [25, 26, 27, 28, 29, 7, 8, 9, 10, 11, 12, 13]


@pytest.mark.parametrize("share", [1, 25, 33, 50, 70, 99, 100])
def test_a_share_is_kept_exactly_and_evenly(share: int) -> None:
    """Of a hundred hosts so many, the first among them; never two apart by more than one from an even spread."""
    one = replace(RIDE, share=share)
    taken = [seen for seen in range(100) if one.takes(seen)]
    assert len(taken) == share and taken[0] == 0
    gaps = {second - first for first, second in pairwise(taken)}
    assert not gaps or max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"outlets": ()}, "outlet"),
        ({"outlets": ("board",)}, "outlet"),
        ({"ends": date(2026, 11, 24)}, "ends"),
        ({"ends": date(2028, 1, 1)}, "ends"),
        ({"weeks": 0}, "weeks"),
        ({"weeks": 5}, "weeks"),
        ({"share": 0}, "share"),
        ({"share": 101}, "share"),
    ],
)
def test_what_cannot_be_a_rule_is_named(wrong: dict[str, Any], field: str) -> None:
    """By its field."""
    check(RIDE, ["radio", "sms"])
    with pytest.raises(BadInput) as caught:
        check(replace(RIDE, **wrong), ["radio", "sms"])
    assert caught.value.field == field


def test_an_approval_hangs_on_the_whole_rule() -> None:
    """Whatever is decided on changes the digest; what is counted does not."""
    same = replace(RIDE, state=RideState.ENDED, seen=9, carried=3, note="x", outlets=("sms", "radio"))
    assert same.digest == RIDE.digest
    for more in (
        {"text": "d2"},
        {"share": 50},
        {"weeks": 1},
        {"themes": ()},
        {"ends": date(2027, 1, 2)},
        {"unit": "a"},
    ):
        assert replace(RIDE, **more).digest != RIDE.digest, more
