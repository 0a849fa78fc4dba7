"""`make bench`: dispatch against a bare aiohttp loop and its peers; what size costs; reading; mastering. See docs/bench.md.

Each figure is a ratio of two things measured in turns in this very run, or CPU time, since machines differ and are shared.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from statistics import median

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests import postgres
from tests.bench import other, queues
from tests.bench.dispatch import PEERS, Contestant, Measured, child, curl, loa, loop, rounds, sink
from tests.conftest import ROOT

MEASURE = "bare aiohttp loop"
SIZES = {"enqueued": 1_000_000, "urgent": 1_000_000, "started": 1_000_000, "log": 10_000_000}
"""The scenes that are played on both databases, and their whole size."""
NewDatabase = Callable[[], Awaitable[str]]


def main() -> None:
    """Print a table and, if asked, JSON."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--short", action="store_true", help="a minute: small counts, one round")
    parser.add_argument("--peers", action="store_true", help="also libcurl, pgqueuer, huey and Celery")
    parser.add_argument("--scale", action="store_true", help="also a million recipients, ten million lines of log")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    args = parser.parse_args()
    if args.peers:
        make_peers()
    figures = asyncio.run(run(args))
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


def make_peers() -> None:
    """An environment of their own for what Loa is measured against."""
    place = ROOT / "build" / "peers"
    if not PEERS.exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    wanted = ROOT / "tests/bench/peers/requirements.txt"
    pip = [str(PEERS), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "-r", str(wanted)]
    subprocess.run(pip, check=True)


async def run(args: argparse.Namespace) -> dict[str, float]:
    """Everything asked for; the figures by name."""
    figures: dict[str, float] = {}
    count, times = (3000, 1) if args.short else (60_000, 5)
    figures |= await at_once(count, times, peers=args.peers)
    figures |= await slow(count * 2, times, peers=args.peers)
    async with new_databases() as database:
        if database is not None:
            figures |= await on_postgresql(database, count, times)
        if args.peers:
            figures |= await against_queues(database, min(count, queues.MOST), times)
        figures |= await scale(database, 100 if args.short else 1 if args.scale else 10)
        if args.scale:
            figures |= await growth(database)
        figures |= await desk_pages(database, 100 if args.short else 1 if args.scale else 10)
    show("reading, words a CPU second", other.reading(), figures)
    show("mastering / real time (CPU)", await other.mastering(), figures)
    return figures


@contextlib.asynccontextmanager
async def new_databases() -> AsyncIterator[NewDatabase | None]:
    """A maker of new databases on a PostgreSQL server with fsync; None where there is no server."""
    if postgres.programs() is None:
        yield None
        return
    made = iter(range(1000))
    with postgres.server(fsync=True) as address:

        async def database() -> str:
            name = f"bench{next(made)}"
            url = address.replace("postgresql:", "postgresql+asyncpg:")
            engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
            async with engine.connect() as connection:
                await connection.execute(text(f"CREATE DATABASE {name}"))
            await engine.dispose()
            return address.replace("/postgres?", f"/{name}?")

        yield database


async def at_once(count: int, times: int, *, peers: bool) -> dict[str, float]:
    """A gateway on this machine that answers at once, 64 requests at a time."""
    contestants: dict[str, Contestant] = {
        MEASURE: loop("aiohttp"),
        "aiohttp on uvloop": loop("aiohttp-uvloop"),
        "our client alone": loop("loa"),
        "Loa, SQLite FULL": loa(),
    }
    if peers:
        contestants["libcurl loop"] = curl
    async with sink() as at:
        return table(f"{count} deliveries, answered at once", await rounds(contestants, at, count, 64, times))


async def slow(count: int, times: int, *, peers: bool) -> dict[str, float]:
    """A gateway that answers after 50 ms, 1,000 connections allowed; Loa keeps 32 of them for what is urgent."""
    contestants: dict[str, Contestant] = {MEASURE: loop("aiohttp"), "Loa, SQLite FULL": loa()}
    if peers:
        contestants["libcurl loop"] = curl
    async with sink(50) as at:
        return table(f"{count} deliveries, answered after 50 ms", await rounds(contestants, at, count, 1000, times))


async def on_postgresql(database: NewDatabase, count: int, times: int) -> dict[str, float]:
    """PostgreSQL with fsync: one worker process; and one against two where the gateway is what is waited for."""
    contestants: dict[str, Contestant] = {MEASURE: loop("aiohttp"), "Loa, PostgreSQL": loa(database)}
    async with sink() as at:
        figures = table(f"{count} deliveries on PostgreSQL", await rounds(contestants, at, count, 64, times))
    contestants = {
        MEASURE: loop("aiohttp"),
        "Loa, PostgreSQL, one worker": loa(database),
        "Loa, PostgreSQL, two workers": loa(database, workers=2),
    }
    async with sink(50) as at:
        count //= 4
        title = f"{count} deliveries on PostgreSQL, answered after 50 ms, 64 at a time a process"
        return figures | table(title, await rounds(contestants, at, count, 64, times))


async def against_queues(database: NewDatabase | None, count: int, times: int) -> dict[str, float]:
    """Queues of others that leave a durable record too."""
    contestants: dict[str, Contestant] = {
        MEASURE: loop("aiohttp"),
        "Loa, SQLite FULL": loa(),
        "huey, SQLite FULL": queues.huey,
    }
    if database is not None:
        contestants["pgqueuer"] = queues.pgqueuer(database)
    if queues.redis():
        contestants["Celery, Redis"] = queues.celery
    async with sink() as at:
        return table(f"{count} deliveries by queues", await rounds(contestants, at, count, 64, times))


async def scale(database: NewDatabase | None, part: int) -> dict[str, float]:
    """The scenes of `scale.py`, a `part` of their whole size."""
    figures: dict[str, float] = {}
    async with sink() as at:
        with tempfile.TemporaryDirectory(prefix="loa-bench-") as place:
            idle = await scene("idle", place, at.url, 0)
            await scene("filled", place, at.url, 1_000_000 // part)
            full = await scene("idle", place, at.url, 0)
            show("idle schedules: wake-up ms", full["wake-up ms"], figures)
            show("idle schedules: memory MB", full["memory MB"] - idle["memory MB"], figures)
            for what, value in (await scene("punctual", place, at.url, 1000)).items():
                show(f"1,000 due in one second, {what}", value, figures)
        for engine in ("SQLite", "PostgreSQL") if database is not None else ("SQLite",):
            for name, size in SIZES.items():
                with tempfile.TemporaryDirectory(prefix="loa-bench-") as place:
                    address = [await database()] if database is not None and engine == "PostgreSQL" else []
                    told = await scene(name, place, at.url, size // part, *address)
                for what, value in told.items():
                    show(f"{name}, {size // part} on {engine}: {what}", value, figures)
    return figures


async def scene(name: str, place: str, gateway: str, count: int, *database: str) -> dict[str, float]:
    """One scene, in a process of its own."""
    return await child(
        sys.executable, "-m", "tests.bench.scale", name, place, gateway, str(count), *filter(None, database)
    )


async def desk_pages(database: NewDatabase | None, part: int) -> dict[str, float]:
    """Every page of the desk in an office with a million deliveries, or a `part` of them; the slowest first."""
    figures: dict[str, float] = {}
    count = 1_000_000 // part
    for engine in ("SQLite", "PostgreSQL") if database is not None else ("SQLite",):
        with tempfile.TemporaryDirectory(prefix="loa-bench-") as place:
            address = [await database()] if database is not None and engine == "PostgreSQL" else []
            told = await child(sys.executable, "-m", "tests.bench.pages", place, str(count), *address)
        title = f"pages of the desk, {count} deliveries on {engine}, ms"
        print(f"\n{title}\n  {'':64} {'p50':>8} {'p95':>8} {'CPU p95':>8}")  # noqa: T201
        for page, (middle, most, cpu) in sorted(told.items(), key=lambda one: -one[1][1]):
            print(f"  {page:64} {middle:8.1f} {most:8.1f} {cpu:8.1f}", flush=True)  # noqa: T201
            figures |= {f"{title}: {page}: p50": middle, f"{title}: {page}: p95": most}
    return figures


async def growth(database: NewDatabase | None) -> dict[str, float]:
    """A million deliveries against ten thousand, round by round; what a delivery with its recipient and attempt takes."""
    figures: dict[str, float] = {}
    contestants = {"SQLite": loa()} | ({"PostgreSQL": loa(database)} if database is not None else {})
    async with sink() as at:
        for name, contestant in contestants.items():
            runs: dict[int, list[Measured]] = {10_000: [], 1_000_000: []}
            for _ in range(3):
                for size, done in runs.items():
                    done.append((await rounds({name: contestant}, at, size, 64, 1))[name])
            small, large = (median(one.cpu for one in done) for done in runs.values())
            last = runs[1_000_000][-1]
            show(f"{name}: CPU a delivery at 1,000,000 / at 10,000", large / small, figures)
            show(f"{name}: most resident memory at 1,000,000, MB", last.peak, figures)
            show(f"{name}: bytes a delivery with its recipient and attempt", last.size / 1_000_000, figures)
    return figures


def table(title: str, measured: dict[str, Measured]) -> dict[str, float]:
    """Print rates as multiples of the measure's, round by round; the same as figures."""
    print(f"\n{title}\n  {'':32} {'x rate':>8} {'[low..high]':>16} {'x CPU':>8} {'us each':>8} {'/s':>9} {'MB':>6}")  # noqa: T201
    base = measured[MEASURE]
    figures = {}
    for name, one in measured.items():
        # of one round, since a shared machine is not as quick in the next
        ratios = [mine / bare for mine, bare in zip(one.rates, base.rates, strict=True)]
        cpu = median(bare / mine for mine, bare in zip(one.cpus, base.cpus, strict=True))
        ratio, spread = median(ratios), f"[{min(ratios):.2f}..{max(ratios):.2f}]"
        row = f"  {name:32} {ratio:8.2f} {spread:>16} {cpu:8.2f} {one.cpu:8.1f} {one.rate:9.0f} {one.peak:6.0f}"
        print(row, flush=True)  # noqa: T201 (a table is what it is for)
        figures |= {f"{title}: {name}: x rate": ratio, f"{title}: {name}: x CPU": cpu}
        figures[f"{title}: {name}: CPU us"] = one.cpu
    return figures


def show(title: str, value: float, figures: dict[str, float]) -> None:
    """Print a single figure and keep it."""
    print(f"  {title:64} {value:12.2f}", flush=True)  # noqa: T201 (a table is what it is for)
    figures[title] = value


if __name__ == "__main__":
    main()
