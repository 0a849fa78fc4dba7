"""`make bench`: dispatch against a bare aiohttp loop and its peers; reading; mastering. How to read it: docs/bench.md.

Each figure is a ratio of two things measured in turns in this very run, or CPU time, since machines differ and are shared.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests import postgres
from tests.bench import other
from tests.bench.dispatch import PEERS, Contestant, Measured, curl, loa, loop, rounds, sink
from tests.conftest import ROOT

MEASURE = "bare aiohttp loop"


def main() -> None:
    """Print a table and, if asked, JSON."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--short", action="store_true", help="a minute: small counts, one round")
    parser.add_argument("--peers", action="store_true", help="also libcurl, in an environment of its own")
    parser.add_argument("--scale", action="store_true", help="also a million deliveries")
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
    count, times = (3000, 1) if args.short else (30_000, 3)
    figures |= await at_once(count, times, peers=args.peers)
    figures |= await slow(count * 2, times, peers=args.peers)
    if postgres.programs():
        with postgres.server(fsync=True) as address:
            figures |= await on_postgresql(address, count, times)
    if args.scale:
        figures |= await growth()
    show("reading, words a CPU second", {"reading": other.reading()}, figures)
    show("mastering / real time (CPU)", {"mastering": await other.mastering()}, figures)
    return figures


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
    """A gateway that answers after 50 ms, 875 requests at a time."""
    contestants: dict[str, Contestant] = {MEASURE: loop("aiohttp"), "Loa, SQLite FULL": loa()}
    if peers:
        contestants["libcurl loop"] = curl
    async with sink(50) as at:
        return table(f"{count} deliveries, answered after 50 ms", await rounds(contestants, at, count, 875, times))


async def on_postgresql(address: str, count: int, times: int) -> dict[str, float]:
    """PostgreSQL with fsync, one worker process and two."""
    made = iter(range(1000))

    async def database() -> str:
        name = f"bench{next(made)}"
        engine = create_async_engine(
            address.replace("postgresql:", "postgresql+asyncpg:"), isolation_level="AUTOCOMMIT"
        )
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
        await engine.dispose()
        return address.replace("/postgres?", f"/{name}?")

    contestants: dict[str, Contestant] = {
        MEASURE: loop("aiohttp"),
        "Loa, PostgreSQL": loa(database),
        "Loa, PostgreSQL, two workers": loa(database, workers=2),
    }
    async with sink() as at:
        return table(f"{count} deliveries on PostgreSQL", await rounds(contestants, at, count, 64, times))


async def growth() -> dict[str, float]:
    """A million deliveries against ten thousand."""
    async with sink() as at:
        small = (await rounds({"10,000": loa()}, at, 10_000, 64, 3))["10,000"]
        large = (await rounds({"1,000,000": loa()}, at, 1_000_000, 64, 1))["1,000,000"]
    figures: dict[str, float] = {}
    show("CPU a delivery at 1,000,000 / at 10,000", {"growth": large.cpu / small.cpu}, figures)
    show("most resident memory at 1,000,000, MB", {"memory": large.peak}, figures)
    return figures


def table(title: str, measured: dict[str, Measured]) -> dict[str, float]:
    """Print rates as multiples of the measure's; the same as figures."""
    print(f"\n{title}\n  {'':32} {'x rate':>8} {'[low..high]':>16} {'x CPU':>8} {'us each':>8} {'/s':>9} {'MB':>6}")  # noqa: T201
    base = measured[MEASURE]
    figures = {}
    for name, one in measured.items():
        ratio, low, high = one.rate / base.rate, min(one.rates) / base.rate, max(one.rates) / base.rate
        spread = f"[{low:.2f}..{high:.2f}]"
        row = f"  {name:32} {ratio:8.2f} {spread:>16} {base.cpu / one.cpu:8.2f} {one.cpu:8.1f} {one.rate:9.0f} {one.peak:6.0f}"
        print(row)  # noqa: T201 (a table is what it is for)
        figures |= {f"{title}: {name}: x rate": ratio, f"{title}: {name}: x CPU": base.cpu / one.cpu}
        figures[f"{title}: {name}: CPU us"] = one.cpu
    return figures


def show(title: str, values: dict[str, float], figures: dict[str, float]) -> None:
    """Print single figures and keep them."""
    for name, value in values.items():
        print(f"  {title:50} {value:12.2f}")  # noqa: T201 (a table is what it is for)
        figures[name] = value


if __name__ == "__main__":
    main()
