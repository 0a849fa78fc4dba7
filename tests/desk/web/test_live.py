"""Server-sent events: a ring reaches an open page."""

from __future__ import annotations

import re
from typing import Any

import pytest

from desk.live import TOPICS


async def test_a_ring_arrives_at_an_open_page(desk: Any) -> None:
    """The stream says hello, then which topics rang; it ends with the house."""
    browser = await desk.browser("lan")
    answer = await browser.get("/events")
    assert answer.content_type == "text/event-stream"
    assert {"retry": "3000"} == await block(answer)
    assert "hello" == (await block(answer))["event"]
    desk.house.notifier.ring("item")
    heard = await block(answer)
    assert ("change", "item") == (heard["event"], heard["data"])
    desk.house.stop()
    assert await answer.content.read() == b""


async def test_nothing_is_missed_between_a_page_and_its_stream(desk: Any) -> None:
    """The page bears the place it was drawn at; what rang before its stream begins is told first."""
    browser = await desk.browser("lan")
    [place] = re.findall(r'data-place="([^"]+)"', await browser.page("/deliveries"))
    desk.house.notifier.ring("delivery")
    answer = await browser.get("/events", params={"since": place})
    assert {"retry": "3000"} == await block(answer)
    assert "hello" == (await block(answer))["event"]
    missed = await block(answer)
    assert ("change", "delivery") == (missed["event"], missed["data"])
    answer.close()


async def test_a_stranger_hears_nothing(desk: Any) -> None:
    """The stream needs a session like any page."""
    assert (await (await desk.browser()).get("/events")).status == 303


async def test_heartbeat_keeps_the_line_open(desk: Any) -> None:
    """Every quarter of a minute without a ring a comment goes out."""
    browser = await desk.browser("lan")
    answer = await browser.get("/events")
    await answer.content.readuntil(b"data: \n\n")
    desk.clock.advance(16)
    assert await answer.content.readuntil(b"\n\n") == b": alive\n\n"


async def block(answer: Any) -> dict[str, str]:
    """The next event of the API's stream: its fields by name."""
    lines = (await answer.content.readuntil(b"\n\n")).decode().strip().split("\n")
    return dict(line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in lines)


async def stream(desk: Any, last: str = "") -> Any:
    """A program's stream, after the word how soon to come back."""
    headers = await desk.api("lan", "read") | ({"Last-Event-ID": last} if last else {})
    answer = await desk.client.get("/api/v1/events", headers=headers)
    assert (answer.status, answer.content_type) == (200, "text/event-stream")
    assert answer.headers["RateLimit"]
    assert await block(answer) == {"retry": "3000"}
    return answer


async def test_a_program_comes_back_and_hears_what_it_missed(desk: Any) -> None:
    """Each event names its place; from there on nothing is missed, and nothing is told twice."""
    answer = await stream(desk)
    hello = await block(answer)
    assert hello["event"] == "hello"
    desk.house.notifier.ring("item")
    heard = await block(answer)
    assert (heard["event"], heard["data"]) == ("change", "item")
    answer.close()
    desk.house.notifier.ring("schedule")
    desk.house.notifier.ring("delivery")
    again = await stream(desk, heard["id"])
    assert (await block(again))["event"] == "hello"
    missed = await block(again)
    assert (missed["event"], missed["data"]) == ("change", "delivery schedule")
    again.close()
    third = await stream(desk, missed["id"])
    assert (await block(third))["event"] == "hello"
    desk.house.notifier.ring("outlet")
    assert (await block(third))["data"] == "outlet"
    third.close()


@pytest.mark.parametrize("last", ["00000000-5", "nonsense", "deadbeef-", "-1"])
async def test_who_comes_from_elsewhere_reads_all_anew(desk: Any, last: str) -> None:
    """A place of another process, or of before a restart: nobody knows what was missed, and that is said."""
    answer = await stream(desk, last)
    assert (await block(answer))["event"] == "hello"
    reset = await block(answer)
    assert reset["event"] == "reset" and reset["data"].split() == list(TOPICS)
    answer.close()


async def test_a_token_is_needed(desk: Any) -> None:
    """As everywhere on the API."""
    assert (await desk.client.get("/api/v1/events")).status == 401
