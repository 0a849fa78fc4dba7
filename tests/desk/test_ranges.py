"""Which bytes a request wants: ranges, their absence, their faults, and If-Range."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.ranges import Span, wanted_span

CHANGED = datetime(2026, 11, 23, 1, 0, 0, 5000, tzinfo=UTC)
DATE = "Mon, 23 Nov 2026 01:00:00 GMT"
WHOLE = Span(0, 1000)


def span(asked: str | None, condition: str | None = None, size: int = 1000) -> Span | None:
    """What is sent of a file of 1,000 bytes."""
    headers = {"Range": asked, "If-Range": condition}
    return wanted_span({name: value for name, value in headers.items() if value is not None}, size, "tag", CHANGED)


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-499", 0, 500),
        ("bytes=500-999", 500, 1000),
        ("bytes=500-", 500, 1000),
        ("bytes=0-", 0, 1000),
        ("bytes=999-5000", 999, 1000),
        ("bytes=-1", 999, 1000),
        ("bytes=-5000", 0, 1000),
        ("Bytes = 1-2", 1, 3),
        ("bytes=0-" + "9" * 90, 0, 1000),
    ],
)
def test_a_range_is_kept_to(asked: str, begin: int, end: int) -> None:
    """From, to, or the last so many; cut at the end of the file; also when it is the whole of it."""
    assert Span(begin, end, partial=True) == span(asked)


@pytest.mark.parametrize("asked", ["bytes=1000-", "bytes=1000-1001", "bytes=-0", "bytes=" + "9" * 90 + "-"])
def test_a_range_outside_cannot_be_sent(asked: str) -> None:
    """Nothing of it lies in the file."""
    assert span(asked) is None


@pytest.mark.parametrize(
    "asked",
    [
        *(None, "", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes=0-1,5-6", "items=0-1", "bytes=--1"),
        *("bytes=0.5-1", "bytes=٠-٩", "bytes=0x1-2", "-1", "bytes=0-" + "9" * 5000),
    ],
)
def test_what_is_no_single_range_gets_the_whole(asked: str | None) -> None:
    """No range, another unit, several, backwards, nonsense, or thousands of digits."""
    assert span(asked) == WHOLE


@pytest.mark.parametrize("condition", [None, '"tag"', DATE])
def test_a_condition_that_holds_lets_the_range_through(condition: str | None) -> None:
    """The very tag or the very date."""
    assert Span(5, 1000, partial=True) == span("bytes=5-", condition)


@pytest.mark.parametrize(
    "condition",
    [
        *(
            '"other"',
            'W/"tag"',
            "tag",
            "",
            "Mon, 23 Nov 2026 01:00:01 GMT",
            "Mon, 23 Nov 2026 00:59:59 GMT",
            "yesterday",
        ),
        *("Mon, 23 Nov 2026 01:00:00 -0000", "Mon, 23 Nov 2026 01:00:00 +99999999999999999999"),
    ],
)
def test_a_condition_that_does_not_hold_gets_the_whole(condition: str) -> None:
    """So that nobody joins the halves of two files."""
    assert span("bytes=5-", condition) == WHOLE


@given(st.text(alphabet="bytes=-, 0123456789", max_size=24), st.integers(1, 2000))
def test_any_answer_lies_within_the_file(asked: str, size: int) -> None:
    """At least one byte, none that is not there."""
    found = span(asked, size=size)
    assert found is None or 0 <= found.begin < found.end <= size
