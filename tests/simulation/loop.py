"""An event loop on virtual time: nothing sleeps, the clock jumps to the next timer when nobody has anything to do.

Several processes share it, each with a line of its own. Whose turn it is is drawn by chance; one that is frozen keeps its
line until it is woken, and one that was killed never gets to run again, not even to clean up.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from typing import Any

MOST_AT_ONE_MOMENT = 20_000
LENDING = {"AsyncConnection.start", "AsyncConnection.close", "_give_back"}
"""Tasks of a database that are not to be called off: the pool would lose the connection."""


class Process:
    """Whoever runs in it is named by `PROCESS` in the context of its tasks."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.line: deque[Handle] = deque()
        self.stands_still = self.killed = self.buried = False

    def __repr__(self) -> str:
        return self.name


PROCESS: ContextVar[Process] = ContextVar("process")


class Handle(asyncio.TimerHandle):
    """A call that waits for its turn."""

    __slots__ = ("at", "call", "off", "process", "within")

    def __init__(self, at: float, call: Callable[[], object], within: Context) -> None:
        self.at, self.call, self.within = at, call, within
        self.process = within[PROCESS]
        self.off = False

    def cancel(self) -> None:
        """See asyncio.Handle."""
        self.off = True

    def cancelled(self) -> bool:
        """See asyncio.Handle."""
        return self.off

    def when(self) -> float:
        """See asyncio.TimerHandle."""
        return self.at


class Loop(asyncio.AbstractEventLoop):
    """What asyncio's tasks, futures, locks and time-outs need of a loop, and no more."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._now = 0.0
        self._timers: list[tuple[float, int, Handle]] = []
        self._count = 0
        self._at_this_moment = 0
        self._tasks: dict[asyncio.Task[Any], Process] = {}
        self.processes: list[Process] = []
        self.faults: list[str] = []

    def time(self) -> float:
        """See asyncio."""
        return self._now

    def get_debug(self) -> bool:
        """See asyncio."""
        return False

    def is_running(self) -> bool:
        """See asyncio."""
        return True

    def is_closed(self) -> bool:
        """See asyncio."""
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """See asyncio."""
        self.faults.append(f"{context.get('message')}: {context.get('exception')!r}")

    def create_future(self) -> asyncio.Future[Any]:
        """See asyncio."""
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Any, *, name: str | None = None, context: Context | None = None, **more: Any
    ) -> asyncio.Task[Any]:
        """See asyncio."""
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, name=name, context=context)
        # Kept: what a killed process left is not swept up while others run.
        self._tasks[task] = context[PROCESS] if context else PROCESS.get()
        return task

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> Handle:
        """See asyncio."""
        handle = Handle(self._now, _bound(callback, args), context or copy_context())
        handle.process.line.append(handle)
        return handle

    def call_later(self, delay: float, callback: Any, *args: Any, context: Context | None = None) -> Handle:
        """See asyncio."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: Context | None = None) -> Handle:
        """See asyncio."""
        handle = Handle(when, _bound(callback, args), context or copy_context())
        self._count += 1
        heapq.heappush(self._timers, (when, self._count, handle))
        return handle

    # --- running -----------------------------------------------------------------------------------------------------

    def begin(self, process: Process, work: Callable[[], Coroutine[Any, Any, Any]]) -> asyncio.Task[Any]:
        """A task of that process."""
        if process not in self.processes:
            self.processes.append(process)
        context = copy_context()
        context.run(PROCESS.set, process)
        with self.current():
            return context.run(lambda: self.create_task(work()))

    def run(self, until: Callable[[], bool], most: float = float("inf")) -> bool:
        """Let everybody go on until it is so, or the virtual moment `most` is reached; whether it is so."""
        with self.current():
            while not until():
                if not self._step() and not self._jump(most):
                    return until()
        return True

    def _step(self) -> bool:
        able = [one for one in self.processes if one.line and not one.stands_still]
        if not able:
            return False
        handle = (able[0] if len(able) == 1 else self._chance.choice(able)).line.popleft()
        self._at_this_moment += 1
        assert self._at_this_moment < MOST_AT_ONE_MOMENT, f"somebody spins at {self._now}: {handle.call}"
        if not handle.off:
            handle.within.run(handle.call)
        return True

    def _jump(self, most: float) -> bool:
        while self._timers:
            if self._timers[0][0] > most:
                self._now = max(self._now, most)
                return False
            when, _, handle = heapq.heappop(self._timers)
            if handle.off:
                continue
            if when > self._now:
                self._now, self._at_this_moment = when, 0
            handle.process.line.append(handle)
            return True
        return False

    def bury(self) -> None:
        """The end of the world: every task is called off and ends, also those of the killed."""
        for process in self.processes:
            process.stands_still, process.buried = False, True
        with self.current():
            for task in self._tasks:
                if task.get_coro().__qualname__ not in LENDING:
                    task.cancel()
            while self._step():
                self._at_this_moment = 0
        left = [task for task in self._tasks if not task.done()]
        assert not left, left
        for task, process in self._tasks.items():
            # What a killed one meets in its grave it would not have met; what somebody was told he has borne.
            if not process.killed and task._log_traceback:  # type: ignore[attr-defined]
                self.faults.append(f"{process}: {task.exception()!r}")

    @contextmanager
    def current(self) -> Iterator[None]:
        """While this loop is the running one."""
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(self)
        try:
            yield
        finally:
            asyncio._set_running_loop(before)


def _bound(callback: Any, args: tuple[Any, ...]) -> Callable[[], object]:
    return (lambda: callback(*args)) if args else callback
