"""Partners on the other end of a wire that chance cuts, fills and slows; what they took is the truth of the simulation.

Everything of the house up to the bytes of a request is real; the socket is not: a thousand worlds would need a million.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any

from yarl import URL

from channels.http import Http
from channels.pool import NotSent
from channels.wire import Lost, Reply
from tests.simulation.loop import PROCESS

FAULTS = ("busy", "busy_date", "overloaded", "broken", "taken_broken", "cut", "taken_cut", "silent", "taken_slow", "no")


@dataclass(slots=True)
class Request:
    """One request that left: when (virtual seconds, and by the node's own clock), from whom, and what came of it."""

    delivery: str
    address: str
    at: float
    wall: int
    node: str
    asked: bool = False
    fault: str = ""
    answered: float = 0.0
    rest: float = 0.0
    """Seconds that the partner asked to be left alone."""


@dataclass
class Partner:
    """One gateway. `dedupes`: it knows our id and takes nothing twice."""

    name: str
    dedupes: bool
    chance: random.Random
    within: Context
    now: Callable[[], datetime]
    """The partner's own clock; nobody sets it."""
    faults: dict[str, float] = field(default_factory=dict)
    away: bool = False
    requests: list[Request] = field(default_factory=list)
    questions: list[Request] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.name}.test/send"

    def arrives(self, request: Request, answer: asyncio.Future[Reply]) -> None:
        """It is read whole; what follows is drawn."""
        request.fault = fault = self._fault()
        taken = not request.asked and fault in {"", "taken_broken", "taken_cut", "taken_slow"}
        if taken and not (self.dedupes and self.taken[request.delivery]):
            self.taken[request.delivery] += 1
        if fault == "silent":
            return
        seconds = self.chance.uniform(1, 20) if fault == "taken_slow" else self.chance.random() ** 2 * 0.3
        loop = asyncio.get_running_loop()
        loop.call_later(seconds, self._answer, request, answer, context=self.within)

    def _fault(self) -> str:
        drawn = self.chance.random()
        for fault, share in self.faults.items():
            drawn -= share
            if drawn < 0:
                return fault
        return ""

    def _answer(self, request: Request, answer: asyncio.Future[Reply]) -> None:
        if answer.done():
            return
        request.answered = asyncio.get_running_loop().time()
        fault = request.fault
        if fault in {"cut", "taken_cut"}:
            answer.set_exception(Lost("cut off", None))
            return
        status, headers = 200, {}
        if fault in {"busy", "busy_date"}:
            status, request.rest = 429, float(self.chance.randint(1, 40))
            headers = self._rest(request.rest, dated=fault == "busy_date")
        elif fault:
            status = {"overloaded": 503, "broken": 500, "taken_broken": 502, "no": 400}.get(fault, 200)
        body = {"reference": f"{self.name}/{request.delivery}", "taken": self.taken[request.delivery] > 0}
        answer.set_result(Reply(status, headers, json.dumps(body).encode()))

    def _rest(self, seconds: float, *, dated: bool) -> dict[str, str]:
        if not dated:
            return {"retry-after": str(int(seconds))}
        now = self.now().replace(microsecond=0)
        until = now + timedelta(seconds=seconds)
        return {"date": format_datetime(now, usegmt=True), "retry-after": format_datetime(until, usegmt=True)}


class Wire:
    """Stands for the pool of connections to one partner, in one node."""

    def __init__(self, partner: Partner, clock: Any) -> None:
        self._partner = partner
        self._clock = clock

    def now(self) -> float:
        """See channels.pool.Pool."""
        return asyncio.get_running_loop().time()

    async def ask(self, request: bytes, deadline: float, *, headless: bool = False) -> Reply:
        """See channels.pool.Pool."""
        process, partner = PROCESS.get(), self._partner
        if process.buried:
            raise asyncio.CancelledError
        loop = asyncio.get_running_loop()
        if partner.away:
            raise NotSent(ConnectionRefusedError())
        head, _, body = request.partition(b"\r\n\r\n")
        told = json.loads(body)
        asked = head.startswith(b"POST /asked ")
        left = Request(told["id"], told["to"], loop.time(), self._clock.ms(), process.name, asked)
        (partner.questions if asked else partner.requests).append(left)
        answer: asyncio.Future[Reply] = loop.create_future()
        # What has left arrives, also when its sender is killed the next moment.
        loop.call_later(partner.chance.random() * 0.02, partner.arrives, left, answer, context=partner.within)
        try:
            async with asyncio.timeout_at(deadline):
                return await answer
        except TimeoutError:
            raise Lost("time is over", None, late=True) from None

    async def close(self) -> None:
        """Nothing is open."""


class Line(Http):
    """The product's client; beneath it, wires instead of sockets."""

    def __init__(self, clock: Any, partners: dict[str, Partner]) -> None:
        super().__init__(clock)
        self._partners = partners

    def _pool(self, address: URL) -> Any:
        return Wire(self._partners[(address.host or "").removesuffix(".test")], self._clock)
