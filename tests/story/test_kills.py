"""A server is killed again and again in the middle of a dispatch; the gateway, a process of its own, and the log are compared."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from scheduler.delivery import State
from tests.conftest import both
from tests.story.nodes import Nodes, sink
from tests.story.warm import zygote

ROUNDS = 200 if os.environ.get("LOA_SOAK") else 20
MOST = 250
RECOVERY_SECONDS, STOP_SECONDS = 10, 25
ROLES = "planner,worker,sweeper"


@both
async def test_killed_again_and_again(database_url: str, tmp_path: Path) -> None:
    """Nothing is lost; whatever came twice stands in the log as interrupted; each start sends anew within 10 seconds."""
    chance = random.Random(ROUNDS)
    count = ROUNDS * MOST + 3000
    async with sink(2) as gateway:
        nodes = Nodes(database_url, gateway, tmp_path, per_second=2500)
        await nodes.enqueue(count)
        async with zygote(tmp_path) as warm:
            for _ in range(ROUNDS):
                begun = await _begin(nodes, warm.begin({"argv": nodes.command("node", ROLES)}))
                await nodes.until(begun + chance.randrange(MOST))
                await warm.kill()
                assert -signal.SIGKILL == (await warm.ended())[0], warm.said()
        told = await _ended(nodes)
        await nodes.start("node", ROLES)
        aside = await _settled(nodes, count)
        tries, end = await nodes.tries(), await nodes.counted()
        await nodes.stop()
    assert count == end["named"], "nothing is lost"
    assert count - aside == tries["sent"], "nothing is called sent twice"
    assert end["taken"] <= tries["sent"] + tries["interrupted"], "nothing came twice without a doubt in the log"
    assert told["interrupted"] == tries["interrupted"], "what was stopped in good order left no doubt"
    assert aside <= 3


async def _begin(nodes: Nodes, start: Coroutine[Any, Any, Any]) -> int:
    """Start, and wait for the first new delivery; how many there are then."""
    before, since = (await nodes.counted())["named"], time.monotonic()
    await start
    told = await nodes.until(before + 1)
    assert time.monotonic() - since < RECOVERY_SECONDS
    return int(told["named"])


async def _ended(nodes: Nodes) -> dict[str, int]:
    """One more start, ended by SIGTERM in the middle: exit code 0 in time; what the log says then."""
    begun = await _begin(nodes, nodes.start("node", ROLES))
    await nodes.until(begun + MOST)
    node, since = nodes.running["node"], time.monotonic()
    node.send_signal(signal.SIGTERM)
    assert 0 == await asyncio.wait_for(node.wait(), STOP_SECONDS)
    assert time.monotonic() - since < STOP_SECONDS
    return await nodes.tries()


async def _settled(nodes: Nodes, count: int) -> int:
    """Wait until all have ended; how many are set aside for a person, having been in hand at three deaths."""
    async with asyncio.timeout(300):
        while True:
            states = await nodes.states()
            aside = states.get(State.UNSURE, 0)
            if states.get(State.SENT, 0) + aside == count:
                return aside
