"""Queues of others as contestants: pgqueuer, huey and Celery, each leaving a durable record of every delivery.

They are started in an environment of their own (`peers/requirements.txt`), with what they would like best: bulk enqueueing
where there is any, a client that keeps its connections, and nothing but the work in their figures.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from tests.bench.dispatch import PEERS, Contestant, Sink, child
from tests.conftest import ROOT

MOST = 3_000
"""Their cost a delivery does not depend on how many there are, and some take long."""


def pgqueuer(database: Callable[[], Awaitable[str]]) -> Contestant:
    """On a new PostgreSQL database each time."""

    async def run(at: Sink, count: int, at_once: int) -> dict[str, Any]:
        return await _peer("by_pgqueuer", at, count, at_once, await database())

    return run


async def huey(at: Sink, count: int, at_once: int) -> dict[str, Any]:
    """On SQLite, every commit on disk."""
    with tempfile.TemporaryDirectory(prefix="loa-huey-") as place:
        return await _peer("by_huey", at, count, at_once, place)


def redis() -> str | None:
    """The program Celery's broker is, if it is installed."""
    return shutil.which("redis-server")


async def celery(at: Sink, count: int, at_once: int) -> dict[str, Any]:
    """On a Redis of its own that appends to a file and syncs it each second, as its makers advise."""
    async with _redis() as address:
        return await _peer("by_celery", at, count, at_once, address)


@contextlib.asynccontextmanager
async def _redis() -> AsyncIterator[str]:
    program = redis()
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="loa-redis-") as place:
        socket = f"{place}/s"
        options = ["--port", "0", "--unixsocket", socket, "--dir", place, "--appendonly", "yes", "--save", ""]
        process = await asyncio.create_subprocess_exec(program, *options, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        while b"accept connections at" not in await process.stdout.readline():
            pass
        drained = asyncio.ensure_future(process.stdout.read())
        try:
            yield f"redis+socket://{socket}"
        finally:
            process.terminate()
            await process.wait()
            await drained


async def _peer(script: str, at: Sink, count: int, at_once: int, store: str) -> dict[str, Any]:
    told = await child(
        str(PEERS), str(ROOT / "tests/bench/peers" / f"{script}.py"), at.url, str(count), str(at_once), store
    )
    if told["recorded"] != count:
        raise SystemExit(f"{script}: {told['recorded']} of {count} recorded")
    return told
