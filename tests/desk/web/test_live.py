"""Server-sent events: a ring reaches an open page."""

from __future__ import annotations

from typing import Any


async def test_a_ring_arrives_at_an_open_page(desk: Any) -> None:
    """The stream says hello, then which topics rang; it ends with the house."""
    browser = await desk.browser("lan")
    answer = await browser.get("/events")
    assert answer.content_type == "text/event-stream"
    hello = await answer.content.readuntil(b"data: \n\n")
    assert b"event: hello" in hello
    desk.house.notifier.ring("item")
    assert await answer.content.readuntil(b"\n\n") == b"event: change\ndata: item\n\n"
    desk.house.stop()
    assert await answer.content.read() == b""


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
