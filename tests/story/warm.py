"""A warm process whose children begin at once (`zygote.py`), as a test speaks with it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import ROOT


@dataclass
class Zygote:
    """A warm process and what its children wrote to their log."""

    process: asyncio.subprocess.Process
    log: Path

    pid: int = 0

    async def run(self, settings: dict[str, Any], kill: tuple[int, str] | None = None) -> tuple[int, list[list[str]]]:
        """A child from its start to its end: its exit code and what each of its commits wrote."""
        await self.begin({"settings": settings, "kill": kill})
        return await self.ended()

    async def begin(self, order: dict[str, Any]) -> None:
        """A child, from its start."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        self.pid = json.loads(await self.process.stdout.readline())["pid"]

    async def ended(self) -> tuple[int, list[list[str]]]:
        """The child, to its end."""
        assert self.process.stdout
        told = json.loads(await self.process.stdout.readline())
        return told["code"], told["commits"]

    async def kill(self) -> None:
        """End the child that runs."""
        os.kill(self.pid, signal.SIGKILL)

    def said(self) -> str:
        """The log."""
        return self.log.read_text(encoding="utf-8")


@asynccontextmanager
async def zygote(place: Path) -> AsyncIterator[Zygote]:
    """Ready for orders."""
    log = place / f"{uuid.uuid4().hex}.log"
    command, pipe = [sys.executable, "-m", "tests.story.zygote"], asyncio.subprocess.PIPE
    with log.open("ab") as written:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=written, start_new_session=True
        )
    try:
        yield Zygote(process, log)
        assert process.stdin
        process.stdin.close()
        await process.wait()
    finally:
        with contextlib.suppress(ProcessLookupError):  # a test that failed leaves nobody behind
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
