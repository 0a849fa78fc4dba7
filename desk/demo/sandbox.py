"""What every sandbox partner is: a server on a random port of this machine, what it still has to do, and whom it calls back."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Sequence
from types import TracebackType
from typing import Any, ClassVar, Self

import aiohttp
from aiohttp import web

from config.clock import Clock, SystemClock


class Sandbox(ABC):
    """`async with` it: `url` is its address, `base` the path it ends with. Its calls are given up after `patience` seconds."""

    base: ClassVar[str] = ""
    patience: ClassVar[float] = 5.0

    def __init__(self, clock: Clock | None = None) -> None:
        self.url = ""
        self._clock = clock or SystemClock()
        self._stop = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @abstractmethod
    def _routes(self) -> Sequence[web.RouteDef]:
        """What it answers."""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.add_routes(self._routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}{self.base}"
        self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self.patience))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.close()
        await self._runner.cleanup()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something done later; it ends with the partner at the latest."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
