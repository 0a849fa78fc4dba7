"""A gateway that keeps its callers waiting until the test lets it answer, and answers what the test says."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any

from aiohttp import web

from config.clock import Clock
from desk.demo.sms_gateway import SmsGateway

FAST = 10_000.0
Says = Callable[[str], tuple[int, dict[str, str]] | None]


class SlowGateway(SmsGateway):
    """Answers at once unless it holds. `says` may answer a delivery with a status and headers; None takes it.

    `came` lists each request by delivery id with the clock's steady moment, `ports` the connections they came by.
    """

    def __init__(self, clock: Clock, callback_url: str = "", **more: Any) -> None:
        super().__init__(callback_url, clock=clock, per_second=more.pop("per_second", FAST), **more)
        self.came: list[tuple[str, float]] = []
        self.ports: set[int] = set()
        self.holds = False
        self._queue: deque[asyncio.Event] = deque()
        self.says: Says = lambda _: None
        self._arrived = asyncio.Condition()

    @property
    def ids(self) -> list[str]:
        """Delivery ids in the order their requests came."""
        return [name for name, _ in self.came]

    @property
    def waiting(self) -> int:
        """How many wait for their answers."""
        return len(self._queue)

    def hold(self) -> None:
        """Let who comes now wait."""
        self.holds = True

    def release(self, count: int | None = None) -> None:
        """Let those who wait have their answers, or so many of them; who comes later waits again."""
        for _ in range(len(self._queue) if count is None else count):
            self._queue.popleft().set()

    def let_go(self) -> None:
        """Answer everybody, from now on at once."""
        self.holds = False
        self.release()

    async def has_come(self, count: int) -> None:
        """Wait until so many requests came in all, answered or not."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: len(self.came) >= count)

    async def _send(self, request: web.Request) -> web.StreamResponse:
        name = json.loads(await request.read())["request_id"]
        self.came.append((name, self._clock.steady()))
        assert request.transport is not None
        self.ports.add(request.transport.get_extra_info("peername")[1])
        async with self._arrived:
            self._arrived.notify_all()
        if self.holds:
            self._queue.append(asyncio.Event())
            await self._queue[-1].wait()
        said = self.says(name)
        if said is None:
            return await super()._send(request)
        status, headers = said
        return web.json_response({"code": "0"}, status=status, headers=headers)


def busy(hint: str = "") -> tuple[int, dict[str, str]]:
    """Too many: come again after so many seconds, or at that date; without a hint when none is given."""
    return 429, {"Retry-After": hint} if hint else {}
