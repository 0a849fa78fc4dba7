"""`loa bench send`: the yardstick counts right, also when it is killed half-way."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from scheduler.ahead import MOST_AHEAD
from tests.conftest import ROOT


@pytest.fixture
async def sink() -> AsyncIterator[str]:
    """A gateway in a process of its own; its address."""
    command = [sys.executable, "-m", "tests.bench.sink", "2"]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    yield f"http://127.0.0.1:{(await process.stdout.readline()).decode().strip()}/"
    process.kill()
    await process.communicate()


async def _counted(url: str) -> dict[str, Any]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        counted: dict[str, Any] = await response.json(content_type=None)
        return counted


async def _start(url: str, place: Path, *more: str) -> asyncio.subprocess.Process:
    words = ["bench", "send", "--count", "4000", "--concurrency", "16", "--gateway", url, "--dir", str(place), *more]
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "desk", *words, cwd=ROOT, stdout=pipe, stderr=pipe
    )


async def test_every_delivery_once(sink: str, tmp_path: Path) -> None:
    """One JSON line; the gateway has seen as many, each under a name of its own."""
    out, _ = await (await _start(sink, tmp_path)).communicate()
    told = json.loads(out)
    assert 4000 == told["recorded"] and told["seconds"] > 0 and told["cpu_seconds"] > 0 and told["peak_mb"] < 120
    counted = await _counted(sink)
    assert (4000, 4000) == (counted["taken"], counted["named"])


async def test_killed_and_resumed(sink: str, tmp_path: Path) -> None:
    """After kill -9 in the middle the rest goes out; what is doubled has the same name and was in flight."""
    process = await _start(sink, tmp_path)
    while (await _counted(sink))["taken"] < 1000:
        pass
    process.kill()
    await process.communicate()
    refused = await _start(sink, tmp_path)
    assert b"--resume" in (await refused.communicate())[1]
    resumed = await _start(sink, tmp_path, "--resume")
    out, _ = await resumed.communicate()
    assert 4000 == json.loads(out)["recorded"]
    counted = await _counted(sink)
    assert 4000 == counted["named"]
    assert counted["taken"] - counted["named"] <= MOST_AHEAD + 16, "no more than were in flight"
