"""Outlets of a configuration: every fault at once and no secret in it; addresses of shelves; when one pauses itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.channel import Channel, find_channels
from channels.outlet import PAUSE_AFTER, PAUSE_AFTER_FAILURES, Fittings, Outlets, set_up_outlets, should_pause
from channels.store import apply_outlet, outlet_failed, outlet_rows, outlet_worked, pause_outlet, resume_outlet
from config.clock import FakeClock
from config.loading import BadSettings
from config.words import NotFound, in_english
from db.database import Database
from tests.conftest import both

SECRET = "rat-la-bi-mat-0123456789"
SMS: dict[str, Any] = {
    "kind": "sms_http",
    "url": "https://sms.vn/send",
    "body_template": '{"p": "{phone}", "t": "{text}"}',
}
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def channels() -> dict[str, Channel[Any]]:
    """All kinds of the house."""
    return find_channels()


def set_up(channels: dict[str, Channel[Any]], configured: dict[str, Any], source: str = "") -> Outlets:
    """The outlets of a configuration."""
    nothing: Any = None
    return set_up_outlets(configured, Fittings(channels, "https://loa.vn", lambda name: nothing), source=source)


def test_everything_wrong_is_told_at_once(channels: dict[str, Channel[Any]]) -> None:
    """Unknown kinds with the known ones, missing, unknown and mistyped options: file, outlet, key, reason."""
    configured = {
        "fax": {"kind": "fax"},
        "tram": {"kind": "radio", "token": "ngan", "keep_days": "hai", "colour": "red"},
        "xa": {"kind": "radio", "token": ["x"]},
        "sms": {**SMS, "url": "sms.vn", "pace": "fast"},
        "portal": {"kind": "portal"},
    }
    with pytest.raises(BadSettings) as caught:
        set_up(channels, configured, "loa.toml")
    expected = ["[outlets.fax] kind", "[outlets.tram] token", "[outlets.tram] keep_days", "[outlets.tram] colour"]
    expected += ["[outlets.xa] token", "[outlets.sms] url", "[outlets.sms] pace"]
    assert expected == [
        one.removeprefix("loa.toml: ").split(":")[0] for one in sorted(caught.value.problems, key=_place(expected))
    ]
    assert [] == [one for one in caught.value.problems if not one.startswith("loa.toml: ")]
    assert "radio" in next(one for one in caught.value.problems if "fax" in one)


def _place(expected: list[str]) -> Any:
    return lambda one: next((number for number, start in enumerate(expected) if start in one), 99)


def test_no_secret_is_shown(channels: dict[str, Channel[Any]]) -> None:
    """Neither in what is wrong nor in how an outlet prints itself."""
    configured = {
        "a": {**SMS, "headers": {"Authorization": [SECRET]}},
        "b": {**SMS, "headers": {"Authorization": SECRET}, "secrets": {"key": SECRET}, SECRET[:4]: 1},
        "c": {"kind": "radio", "token": {"x": SECRET}},
    }
    with pytest.raises(BadSettings) as caught:
        set_up(channels, configured)
    assert SECRET not in str(caught.value) + caught.value.vi
    made = set_up(channels, {"c": {"kind": "radio", "token": SECRET}, "b": {**SMS, "headers": {"X-Key": SECRET}}})
    assert SECRET not in repr([at.outlet for at in made])
    assert (SECRET,) == made["c"].outlet.options.secrets


def test_addresses_of_shelves(channels: dict[str, Channel[Any]]) -> None:
    """One portal needs no name in its address, two do; a station always has its own; who pushes has none."""
    radio = {"kind": "radio", "token": SECRET}
    one = set_up(channels, {"portal": {"kind": "portal"}, "tram": radio, "sms": SMS})
    assert ["https://loa.vn/portal", "https://loa.vn/radio/tram", "https://loa.vn"] == [
        at.outlet.base_url for at in one
    ]
    two = set_up(channels, {"portal": {"kind": "portal"}, "xa": {"kind": "portal"}})
    assert ["https://loa.vn/portal/portal", "https://loa.vn/portal/xa"] == [at.outlet.base_url for at in two]


def test_titles_are_the_channels_or_the_outlets_own(channels: dict[str, Channel[Any]]) -> None:
    """A given one, the channel's for a single outlet, the names when there are several."""
    radio = {"kind": "radio", "token": SECRET}
    alone = set_up(channels, {"tram": radio})["tram"].outlet.title
    assert (alone, in_english(alone)) == (channels["radio"].title_vi, channels["radio"].title_en)
    several = set_up(channels, {"tram": radio, "xa": {**radio, "title": "Đài xã"}})
    assert ["tram", "Đài xã"] == [at.outlet.title for at in several]


def test_an_unknown_outlet_is_told_with_the_known_ones(channels: dict[str, Channel[Any]]) -> None:
    """Whoever mistypes a name sees the right ones."""
    outlets = set_up(channels, {"portal": {"kind": "portal"}})
    assert "portal" in outlets
    assert "tram" not in outlets
    with pytest.raises(NotFound, match="portal"):
        outlets["tram"]


@pytest.mark.parametrize(
    ("failures", "since", "pauses"),
    [
        (0, None, False),
        (PAUSE_AFTER_FAILURES, None, False),
        (PAUSE_AFTER_FAILURES, NOW - PAUSE_AFTER, True),
        (PAUSE_AFTER_FAILURES - 1, NOW - PAUSE_AFTER, False),
        (PAUSE_AFTER_FAILURES, NOW - PAUSE_AFTER + timedelta(milliseconds=1), False),
        (10_000, NOW - timedelta(minutes=5), False),
        (10_000, NOW + timedelta(hours=5), False),
    ],
)
def test_an_outlet_pauses_after_many_failures_over_a_long_time(
    failures: int, since: datetime | None, pauses: bool
) -> None:
    """A burst in a minute, or a single failure of long ago, is not enough."""
    assert pauses == should_pause(failures, since, NOW)


@both
async def test_health_is_kept_and_a_success_clears_it(database: Database, clock: FakeClock) -> None:
    """Failures add up from the first one's moment; pausing and resuming say whether they did anything."""
    start = clock.now()
    async with database.write() as tx:
        await apply_outlet(database, tx, "sms", "sms_http", "SMS", start)
        await outlet_failed(tx, "sms", start, "hỏng", 2)
        row = await outlet_failed(tx, "sms", start + timedelta(minutes=1), "vẫn hỏng", 1)
        assert (3, start, "vẫn hỏng") == (row.failures, row.failing_since, row.trouble)
        assert [True, False] == [await pause_outlet(tx, "sms", start, by, "hỏng") for by in ("Loa", "Mai")]
        assert "Loa" == (await outlet_rows(tx))["sms"].paused_by
        assert [True, False] == [
            await resume_outlet(tx, "sms", start, "Mai"),
            await resume_outlet(tx, "sms", start, "Mai"),
        ]
        row = (await outlet_rows(tx))["sms"]
        assert (0, None, "", None) == (row.failures, row.failing_since, row.trouble, row.paused_at)
        await outlet_failed(tx, "sms", start, "hỏng", 2)
        await outlet_worked(tx, "sms", start)
        assert (0, None, start) == ((r := (await outlet_rows(tx))["sms"]).failures, r.failing_since, r.worked_at)
