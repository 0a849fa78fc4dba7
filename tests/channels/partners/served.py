"""What every simulated partner is: a server on a random port of this machine that keeps books and loses answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from channels.channel import Callback
from config.clock import FakeClock

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Served:
    """`async with` it: `url` is its address without a path."""

    def __init__(self, method: str, path: str) -> None:
        self.url = ""
        self._route = (method, path)
        self._to_lose = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route(*self._route, self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

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
    """A house's address for callbacks: keeps each as the kinds see it."""

    def __init__(self) -> None:
        super().__init__("*", "/hooks/{outlet}")
        self.calls: list[Callback] = []
        self._came = asyncio.Condition()

    async def take(self, request: web.Request) -> web.StreamResponse:
        """One callback."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        body, moment = await request.read(), FakeClock().now()
        self.calls.append(Callback(request.method, dict(request.query), headers, body, moment))
        async with self._came:
            self._came.notify_all()
        return web.Response(text="ok")

    async def has_come(self, count: int) -> None:
        """Wait until so many callbacks have come in all. Raises TimeoutError after 20 seconds."""
        async with asyncio.timeout(20), self._came:
            await self._came.wait_for(lambda: len(self.calls) >= count)
