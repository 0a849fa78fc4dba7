"""Due moments: once, cron, interval, zones, windows, quiet hours; never from a clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.words import BadInput
from content.bulletin import BulletinClass
from scheduler.schedule import Missed, QuietHours, Rule, Schedule, ScheduledItem, ScheduleState, find_zone, next_due

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def schedule(
    rule: Rule, zone: str = "Asia/Ho_Chi_Minh", start: datetime = START, until: datetime | None = None
) -> Schedule:
    """A running schedule of one item."""
    return Schedule(
        id="s",
        title="t",
        items=(ScheduledItem("i", "r", "d"),),
        outlets=("portal",),
        audience="",
        rule=rule,
        zone=zone,
        klass=BulletinClass.NORMAL,
        start=start,
        until=until,
        missed=Missed.LATEST,
        state=ScheduleState.APPROVED,
        next_due_at=None,
        made_by="Mai",
        made_at=start,
    )


def local(moments: list[datetime], zone: ZoneInfo = HANOI) -> list[str]:
    """Moments as people in a zone write them."""
    return [moment.astimezone(zone).strftime("%a %d/%m %H:%M") for moment in moments]


def test_once_is_due_once() -> None:
    """A single moment, and nothing after it."""
    assert [START] == schedule(Rule(once=START)).preview()


def test_cron_weekdays_are_monday_to_friday() -> None:
    """`1-5` means Monday to Friday (APScheduler's own cron would say Tuesday to Saturday)."""
    days = local(schedule(Rule(cron="30 5 * * 1-5")).preview(6))
    expected = [
        "Tue 24/11 05:30",
        "Wed 25/11 05:30",
        "Thu 26/11 05:30",
        "Fri 27/11 05:30",
        "Mon 30/11 05:30",
        "Tue 01/12 05:30",
    ]
    assert expected == days


def test_cron_may_fall_on_its_very_start() -> None:
    """A schedule made at 8:00 for 8:00 runs at 8:00."""
    assert ["Mon 23/11 08:00"] == local(schedule(Rule(cron="0 8 * * *")).preview(1))


@pytest.mark.parametrize("text", ["61 5 * * *", "30 2 30 2 *", "0 5 * *", "", "mỗi ngày", "* * * * * *"])
def test_an_impossible_cron_is_refused(text: str) -> None:
    """Wrong fields and dates that never come are told at once, naming the field."""
    with pytest.raises(BadInput) as caught:
        Rule(cron=text or " ").check(HANOI)
    assert "cron" == caught.value.field


def test_exactly_one_form_must_be_given() -> None:
    """Neither nothing nor two ways of saying when."""
    for rule in (Rule(), Rule(cron="0 5 * * *", every=timedelta(hours=1))):
        with pytest.raises(BadInput):
            rule.check(HANOI)


def test_an_unknown_zone_is_refused() -> None:
    """The name is told back."""
    with pytest.raises(BadInput, match="Mars"):
        find_zone("Mars/Olympus")


def test_every_day_keeps_its_hour_over_a_clock_change() -> None:
    """Nine o'clock stays nine o'clock when summer time ends."""
    start = datetime(2026, 10, 24, 9, 0, tzinfo=BERLIN)
    runs = schedule(Rule(every=timedelta(days=1)), "Europe/Berlin", start).preview(3)
    assert ["Sat 24/10 09:00", "Sun 25/10 09:00", "Mon 26/10 09:00"] == local(runs, BERLIN)


def test_a_time_that_comes_twice_fires_once() -> None:
    """2:30 on the night the clock is put back."""
    start = datetime(2026, 10, 24, 12, 0, tzinfo=BERLIN)
    runs = schedule(Rule(cron="30 2 * * *"), "Europe/Berlin", start).preview(2)
    assert ["Sun 25/10 02:30", "Mon 26/10 02:30"] == local(runs, BERLIN)


def test_leap_day() -> None:
    """29 February is found years ahead."""
    assert [2028, 2032] == [due.year for due in schedule(Rule(cron="0 5 29 2 *")).preview(2)]


def test_nothing_is_due_after_the_end() -> None:
    """`until` is the last moment that may fall due."""
    runs = schedule(Rule(every=timedelta(hours=1)), until=START + timedelta(hours=2)).preview()
    assert [START, START + timedelta(hours=1), START + timedelta(hours=2)] == runs


@given(
    minutes=st.integers(1, 60 * 24 * 9),
    zone=st.sampled_from(["Asia/Ho_Chi_Minh", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    start=st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1)),
)
def test_due_moments_only_rise(minutes: int, zone: str, start: datetime) -> None:
    """Whatever the interval and the zone, each due moment is later than the one before."""
    place = ZoneInfo(zone)
    begin = start.replace(tzinfo=UTC)
    rule = Rule(every=timedelta(minutes=minutes))
    runs = list(islice(schedule(rule, zone, begin).dues(), 20))
    assert all(one < other for one, other in pairwise(runs))
    assert runs == sorted(set(runs))
    assert runs[1] == next_due(rule, place, begin, runs[0])


def test_the_digest_covers_where_to_whom_and_when() -> None:
    """Another outlet, audience, time, class or text is another digest."""
    from dataclasses import replace

    plain = schedule(Rule(once=START))
    others = [
        replace(plain, outlets=("portal", "sms")),
        replace(plain, audience="Bản A"),
        replace(plain, rule=Rule(once=START + timedelta(minutes=1))),
        replace(plain, klass=BulletinClass.URGENT),
        replace(plain, items=(ScheduledItem("i", "r", "other"),)),
        replace(plain, until=START),
        replace(plain, zone="UTC"),
        replace(plain, missed=Missed.ALL),
    ]
    assert len(others) + 1 == len({plain.digest, *(other.digest for other in others)})
    assert plain.digest == replace(plain, title="other words", state=ScheduleState.PAUSED).digest


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("21:59", "21:59"),
        ("22:00", "07:00"),
        ("23:30", "07:00"),
        ("06:59", "07:00"),
        ("07:00", "07:00"),
        ("12:00", "12:00"),
    ],
)
def test_quiet_hours_span_midnight(moment: str, opening: str) -> None:
    """From 22:00 to 07:00 people are left alone until 07:00."""
    quiet = QuietHours(time(22), time(7), HANOI)
    hour, minute = map(int, moment.split(":"))
    at = datetime(2026, 11, 23, hour, minute, tzinfo=HANOI)
    assert opening == quiet.opening(at).astimezone(HANOI).strftime("%H:%M")
    assert quiet.opening(at) >= at
    assert quiet.opening(at) - at < timedelta(days=1)


def test_no_quiet_hours() -> None:
    """The same beginning and end mean never quiet."""
    quiet = QuietHours(time(0), time(0), HANOI)
    assert START == quiet.opening(START)
