"""Server-sent events from the notifier: open pages hear that something changed and fetch it themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack

from aiohttp import web

from desk.answer import Answer, Visit
from desk.shape import shape

TOPICS = ("delivery", "item", "recording", "outlet", "occurrence", "schedule", "programme", "alert")
HEARTBEAT = 15.0
AT_MOST_EVERY = 1.0
LONGEST = 600.0
"""A stream ends after ten minutes; the browser comes back by itself, and is asked again who it is."""


class Streams:
    """Streams that are open."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[None]] = set()


STREAMS = web.AppKey("streams", Streams)


def set_up(app: web.Application) -> None:
    """Streams end with the application."""
    app[STREAMS] = Streams()
    app.on_shutdown.append(_end_streams)


async def _end_streams(app: web.Application) -> None:
    for task in list(app[STREAMS].tasks):
        task.cancel()


@shape(None, media=("text/event-stream",))
async def events(visit: Visit) -> Answer:
    """GET /events: `event: change` with the topics that rang, at most one a second, and a heartbeat.

    Each event has an `id`. Who comes back with it in Last-Event-ID hears at once what rang meanwhile, or `event: reset` with
    every topic where nobody knows that: then all is to be read anew. A page names in `since` the place it was drawn at, so
    that nothing is missed between.
    """
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",
            **visit.bears,
        }
    )
    await response.prepare(visit.request)
    if visit.looks:
        return response
    task = asyncio.ensure_future(_stream(visit, response))
    streams = visit.request.app[STREAMS].tasks
    streams.add(task)
    task.add_done_callback(streams.discard)
    try:
        await task
    except (ConnectionError, asyncio.CancelledError):
        task.cancel()
        if (current := asyncio.current_task()) and current.cancelling():
            raise
    return response


async def _stream(visit: Visit, response: web.StreamResponse) -> None:
    house = visit.house
    begun = house.clock.steady()
    async with AsyncExitStack() as stack:
        rung = {topic: await stack.enter_async_context(house.notifier.waiting(topic)) for topic in TOPICS}
        any_topic = await stack.enter_async_context(house.notifier.waiting(*TOPICS, "stop"))
        await response.write(_hello(visit))
        while not house.stopping.is_set() and house.clock.steady() - begun < LONGEST:
            await house.clock.wait(any_topic, HEARTBEAT)
            any_topic.clear()
            changed = [topic for topic, event in rung.items() if event.is_set()]
            for topic in changed:
                rung[topic].clear()
            await response.write(_event(visit, "change", changed) if changed else b": alive\n\n")
            if changed:
                await house.clock.wait(house.stopping, AT_MOST_EVERY)


def _hello(visit: Visit) -> bytes:
    """What a stream begins with; whoever names the id of an event, or the place of a page, hears what was missed since."""
    greeting = b"retry: 3000\n\n" + _event(visit, "hello", [])
    last = visit.request.headers.get("Last-Event-ID", "") or ("" if visit.api else visit.asked("since"))
    if not last:
        return greeting
    rung = visit.house.notifier.since(last)
    if rung is None:
        return greeting + _event(visit, "reset", TOPICS)
    missed = [topic for topic in TOPICS if topic in rung]
    return greeting + (_event(visit, "change", missed) if missed else b"")


def _event(visit: Visit, name: str, topics: Iterable[str]) -> bytes:
    return f"id: {visit.house.notifier.place}\nevent: {name}\ndata: {' '.join(topics)}\n\n".encode()
