"""What a test that never ended was waiting for: the line at which each task of its loop stands."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from types import AsyncGeneratorType
from typing import Any


def waiting() -> str:
    """Every task that is not done, from its outermost coroutine to the innermost."""
    tasks = [one for one in gc.get_objects() if isinstance(one, asyncio.Task) and not one.done()]
    return "\n\n".join("\n".join([task.get_name(), *_lines(task.get_coro())]) for task in tasks)


def _lines(coroutine: Any) -> Iterator[str]:
    while coroutine is not None:
        frame = _first(coroutine, "cr_frame", "gi_frame", "ag_frame")
        yield f"  {frame.f_code.co_filename}:{frame.f_lineno} {frame.f_code.co_name}" if frame else f"  {coroutine!r}"
        # what waits for an asynchronous generator does not name it
        generators = (one for one in gc.get_referents(coroutine) if isinstance(one, AsyncGeneratorType))
        inner = _first(coroutine, "cr_await", "gi_yieldfrom", "ag_await")
        coroutine = inner if frame else next(generators, None)


def _first(thing: Any, *names: str) -> Any:
    return next(filter(None, (getattr(thing, name, None) for name in names)), None)
