"""Simulated partners of one route that lose answers, and what they call back."""

from __future__ import annotations

import asyncio

from aiohttp import web

from channels.channel import Callback
from config.clock import FakeClock
from desk.demo.sandbox import Sandbox


class Served(Sandbox):
    """One route, whose answers may be lost."""

    def __init__(self, method: str, path: str) -> None:
        super().__init__()
        self._route = (method, path)
        self._to_lose = 0

    def _routes(self) -> list[web.RouteDef]:
        return [web.route(*self._route, self._answer)]

    def lose(self, count: int) -> None:
        """Do what the next requests ask, and close the connection instead of answering."""
        self._to_lose += count

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        response = await self.take(request)
        if self._to_lose:
            self._to_lose -= 1
            assert request.transport is not None
            request.transport.abort()
        return response

    async def take(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        raise NotImplementedError


class Hook(Served):
    """A house's address for callbacks: keeps each as the kinds see it. `answers` are statuses given first."""

    def __init__(self) -> None:
        super().__init__("*", "/hooks/{outlet}")
        self.calls: list[Callback] = []
        self.answers: list[int] = []
        self._came = asyncio.Condition()

    async def take(self, request: web.Request) -> web.StreamResponse:
        """One callback."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        body, moment = await request.read(), FakeClock().now()
        self.calls.append(Callback(request.method, dict(request.query), headers, body, moment))
        async with self._came:
            self._came.notify_all()
        return web.Response(status=self.answers.pop(0) if self.answers else 200, text="ok")

    async def has_come(self, count: int) -> None:
        """Wait until so many callbacks have come in all. Raises TimeoutError after 20 seconds."""
        async with asyncio.timeout(20), self._came:
            await self._came.wait_for(lambda: len(self.calls) >= count)
