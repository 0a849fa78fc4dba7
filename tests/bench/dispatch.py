"""Dispatch measured from outside: interleaved rounds of Loa and of its measures, each a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import aiohttp
import asyncpg

from tests.conftest import ROOT

PEERS = ROOT / "build" / "peers" / "bin" / "python"


@dataclass
class Measured:
    """One contestant's rounds: answers a second by the sink's clock, CPU microseconds each, megabytes at most."""

    rates: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    peak: float = 0.0
    size: float = 0.0
    """Bytes of the tables that grow with deliveries, and of their indexes."""

    @property
    def rate(self) -> float:
        """The middle round."""
        return median(self.rates)

    @property
    def cpu(self) -> float:
        """The middle round."""
        return median(self.cpus)


class Sink:
    """The gateway's process, asked over HTTP."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def told(self, *, anew: bool = False) -> dict[str, Any]:
        """What it has counted."""
        async with self._session.request("DELETE" if anew else "GET", self.url) as response:
            counted: dict[str, Any] = await response.json(content_type=None)
            return counted


@contextlib.asynccontextmanager
async def sink(delay: float = 0.0) -> AsyncIterator[Sink]:
    """A gateway that answers after so many milliseconds."""
    command = [sys.executable, "-m", "tests.bench.sink", str(delay)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    port = (await process.stdout.readline()).decode().strip()
    try:
        async with aiohttp.ClientSession() as session:
            yield Sink(f"http://127.0.0.1:{port}/", session)
    finally:
        process.kill()
        await process.communicate()


async def child(*command: str) -> dict[str, Any]:
    """Run it; the JSON it printed."""
    pipe = asyncio.subprocess.PIPE
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=pipe, stderr=pipe)
    out, err = await process.communicate()
    if not out:
        raise SystemExit(f"{' '.join(command)}\n{err.decode()}")
    told: dict[str, Any] = json.loads(out)
    return told


Contestant = Callable[[Sink, int, int], Awaitable[dict[str, Any]]]


def loop(kind: str) -> Contestant:
    """One of `loops.py`."""

    async def run(at: Sink, count: int, at_once: int) -> dict[str, Any]:
        return await child(sys.executable, "-m", "tests.bench.loops", kind, at.url, str(count), str(at_once))

    return run


async def curl(at: Sink, count: int, at_once: int) -> dict[str, Any]:
    """Libcurl."""
    return await child(str(PEERS), "tests/bench/peers/curl.py", at.url, str(count), str(at_once))


def loa(database: Callable[[], Awaitable[str]] | None = None, workers: int = 1) -> Contestant:
    """`loa bench send` in a new directory, on SQLite unless a new database is made for it."""

    async def run(at: Sink, count: int, at_once: int) -> dict[str, Any]:
        with tempfile.TemporaryDirectory(prefix="loa-bench-") as place:
            words = ["--count", str(count), "--concurrency", str(at_once), "--gateway", at.url, "--dir", place]
            address = await database() if database is not None else ""
            words += ["--database", address] if address else []
            command = [sys.executable, "-m", "desk", "bench", "send", *words]
            first = asyncio.ensure_future(child(*command))
            others = []
            if workers > 1:
                while not (await at.told())["taken"] and not first.done():
                    await asyncio.to_thread(lambda: None)
                others = [asyncio.ensure_future(child(*command, "--resume")) for _ in range(workers - 1)]
            told = await first
            for other in others:
                told["cpu_seconds"] += (await other)["cpu_seconds"]
            return told | {"bytes": await _on_postgresql(address) if address else _on_sqlite(Path(place) / "loa.db")}

    return run


GROWING = ("parcel", "parcel_recipients", "attempt")


async def _on_postgresql(address: str) -> float:
    connection = await asyncpg.connect(address)
    try:
        sizes = "SELECT sum(pg_total_relation_size(name::regclass)) FROM unnest($1::text[]) AS name"
        return float(await connection.fetchval(sizes, GROWING))
    finally:
        await connection.close()


def _on_sqlite(file: Path) -> float:
    """Needs SQLite's `dbstat`, as Debian and python.org build it."""
    parts = "SELECT name FROM sqlite_schema WHERE tbl_name IN (?, ?, ?)"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        sizes = f"SELECT sum(pgsize) FROM dbstat WHERE name IN ({parts})"
        return float(connection.execute(sizes, GROWING).fetchone()[0])


async def rounds(
    contestants: dict[str, Contestant], at: Sink, count: int, at_once: int, times: int
) -> dict[str, Measured]:
    """Each in turn, so many times; nothing may be lost or doubled."""
    measured = {name: Measured() for name in contestants}
    for _ in range(times):
        for name, contestant in contestants.items():
            await at.told(anew=True)
            told = await contestant(at, count, at_once)
            counted = await at.told()
            if (counted["taken"], counted["named"]) != (count, count):
                raise SystemExit(f"{name}: {count} sent, {counted['taken']} came, {counted['named']} different")
            one = measured[name]
            one.rates.append(count / (counted["last"] - counted["first"]))
            one.cpus.append(told["cpu_seconds"] / count * 1e6)
            one.peak = max(one.peak, told.get("peak_mb", 0.0))
            one.size = told.get("bytes", 0.0)
    return measured
