"""What an answer means: status, hints, and what is shown of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.answer import Answer, Refused, Unavailable, Unsure, retry_after
from channels.http import Http

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "error", "reason"),
    [
        (400, Refused, "refused"), (422, Refused, "refused"),
        (301, Unavailable, "wrong_address"), (404, Unavailable, "wrong_address"), (401, Unavailable, "credentials"),
        (403, Unavailable, "credentials"), (408, Unavailable, "busy"), (425, Unavailable, "busy"), (429, Unavailable, "busy"),
        (503, Unavailable, "busy"), (500, Unsure, "partner_error"), (502, Unsure, "partner_error"), (504, Unsure, "partner_error"),
    ],
)  # fmt: skip
async def test_status_to_error(world: Any, http: Http, does: Any, status: int, error: Any, reason: str) -> None:
    """What each status means for a delivery; credentials and a wrong address need a person."""
    world.will(does.reply(status, b"x"))
    with pytest.raises(error) as caught:
        await http.request("POST", world.url)
    assert caught.value.reason == reason
    assert getattr(caught.value, "person", False) is (reason in {"credentials", "wrong_address"})
    assert (await http.request("POST", world.url, accept=[status])).status == status


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0), (" 0 ", 0.0), ("Mon, 23 Nov 2026 01:01:00 GMT", 60.0), ("Mon, 23 Nov 2026 00:00:00 GMT", 0.0),
        ("Monday, 23-Nov-26 01:00:30 GMT", 30.0), ("Mon, 23 Nov 2026 01:00:10 -0000", 10.0), ("", None), ("soon", None),
        ("-5", None), ("1.5", None), ("²", None), ("9" * 400, 999999999.0),
    ],
)  # fmt: skip
def test_retry_after(value: str, seconds: float | None) -> None:
    """Both forms of RFC 9110; what is neither is no hint."""
    assert retry_after({"retry-after": value}, NOW) == seconds


@given(st.text(), st.text())
def test_retry_after_never_breaks(value: str, date: str) -> None:
    """No header brings the worker down."""
    hint = retry_after({"retry-after": value, "date": date}, NOW)
    assert hint is None or hint >= 0


def test_a_dated_hint_counts_from_the_partners_clock() -> None:
    """A partner whose clock is an hour off means its own hour."""
    told = NOW + timedelta(hours=1)
    headers = {
        "date": f"{told:%a, %d %b %Y %H:%M:%S} GMT",
        "retry-after": f"{told + timedelta(seconds=5):%a, %d %b %Y %H:%M:%S} GMT",
    }
    assert retry_after(headers, NOW) == 5


def test_what_is_shown_of_an_answer() -> None:
    """One short line without control characters, secrets and whole phone numbers."""
    body = "key-12345678 \x1b[31m\r\nsố 84912345678, 0912345678, +84987654321 " + "dài " * 200
    shown = Answer(400, {}, body.encode(), (("key-12345678",),)).shown()
    assert shown.startswith("*** ?[31m số …678, …678, …321 dài") and len(shown) == 300


@pytest.mark.parametrize("body", [b"", b"\xff", b"{", b"[" * 100_000])
def test_an_unreadable_answer_is_unsure(body: bytes) -> None:
    """Also one nested too deep."""
    with pytest.raises(Unsure):
        Answer(200, {}, body).json()
