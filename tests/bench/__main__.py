"""`make bench`: dispatch against a bare aiohttp loop, reading in words a second, mastering against real time.

Each figure is a ratio of two things measured in this very run, or CPU time, since machines differ and are shared.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from channels import store as channels_store
from channels.store import Recipient
from config.settings import Settings
from content.item import Draft
from content.mastering import Mastering, master
from content.reading import read
from content.voice import find_voices, speak
from db.types import new_id
from desk.app import opened
from scheduler.schedule import Rule
from scheduler.scheduling import Wish
from tests.conftest import ROOT

OPEN_CONNECTIONS = 64


async def _sink() -> tuple[web.AppRunner, str]:
    """A gateway that takes everything at once."""

    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"code": "100", "sms_id": "1"})

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}/"


async def _timed(work: Callable[[], Awaitable[Any]]) -> tuple[float, float]:
    """Wall and CPU seconds of this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    await work()
    return time.perf_counter() - wall, time.process_time() - cpu


async def bare_loop(url: str, count: int) -> None:
    """The measure: the same POSTs by an aiohttp client that records nothing."""
    gate = asyncio.Semaphore(OPEN_CONNECTIONS)
    body = json.dumps({"phone": "84981000101", "content": "tin thử", "id": "x"}).encode()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=OPEN_CONNECTIONS)) as session:

        async def one() -> None:
            async with gate, session.post(url, data=body) as response:
                await response.read()

        for begin in range(0, count, 500):
            await asyncio.gather(*(one() for _ in range(min(500, count - begin))))


async def dispatch(url: str, count: int) -> dict[str, float]:
    """The whole way of Loa: planned, claimed, sent, logged with synchronous=FULL."""
    with tempfile.TemporaryDirectory(prefix="loa-bench-") as place:
        outlet = {
            "kind": "sms_http",
            "url": url,
            "body_template": '{"phone": "{phone}", "content": "{text}", "id": "{id}"}',
            "success": {"status": [200], "path": "code", "equals": ["100"]},
            "id_path": "sms_id",
            "dedupes": True,
            "per_second": 10_000,
            "at_once": OPEN_CONNECTIONS,
        }
        settings = {
            "database": {"url": f"sqlite:///{place}/loa.db"},
            "files": {"dir": place},
            "voice": {"engines": ["espeak"]},
            "http": {"allow": ["127.0.0.0/8"]},
            "schedule": {"quiet_from": "00:00", "quiet_to": "00:00"},
            "outlets": {"sms": outlet},
        }
        async with opened(Settings.model_validate(settings)) as house:
            people = [Recipient("phone", f"+8498{number:07d}") for number in range(count)]
            now = house.clock.now()
            async with house.database.write() as tx:
                await channels_store.save_audience(house.database, tx, new_id(now), "all", people, now)
                item = await house.editing.write(tx, Draft("Tin thử", "Nội dung."), "Mai")
                await house.editing.submit(tx, item.id, "Mai")
                await house.editing.approve(tx, item.id, "Hùng")
                wish = Wish((item.id,), ("sms",), Rule(once=now), "all")
                await house.scheduling.add(tx, wish, "Hùng", may_approve=True)
            wall, cpu = await _timed(house.runner.drain)
        size = sum(file.stat().st_size for file in Path(place).glob("loa.db*"))
    return {"wall": wall, "cpu": cpu, "bytes": size / count}


async def bench_dispatch(count: int) -> dict[str, float]:
    """Deliveries a second against bare POSTs a second, and CPU a delivery."""
    runner, url = await _sink()
    try:
        bare_wall, bare_cpu = await _timed(lambda: bare_loop(url, count))
        ours = await dispatch(url, count)
    finally:
        await runner.cleanup()
    return {
        "dispatch / bare aiohttp loop (rate)": bare_wall / ours["wall"],
        "dispatch / bare aiohttp loop (CPU)": ours["cpu"] / bare_cpu,
        "CPU microseconds a delivery": ours["cpu"] / count * 1e6,
        "database bytes a delivery": ours["bytes"],
    }


def bench_reading() -> dict[str, float]:
    """Words a second on the lines of the reading corpus."""
    corpus = (ROOT / "tests/content/reading/corpus.tsv").read_text(encoding="utf-8").splitlines()[1:]
    lines = [line.split("\t")[1] for line in corpus]
    begun = time.process_time()
    words = sum(len(read(line).text.split()) for line in lines)
    return {"reading, words a CPU second": words / (time.process_time() - begun)}


async def bench_mastering() -> dict[str, float]:
    """Seconds of speech mastered in a CPU second."""
    voice = find_voices()["espeak"]()
    script = "\n".join(["bộ phận một cửa nhận và trả kết quả ngay trong ngày, bà con mang theo căn cước."] * 20)
    spoken = await speak(script, [voice])
    await voice.aclose()
    begun = time.process_time()
    made = master(spoken.speech, Mastering())
    return {"mastering / real time (CPU)": made.seconds / (time.process_time() - begun)}


async def _all(count: int) -> dict[str, float]:
    return {**await bench_dispatch(count), **bench_reading(), **await bench_mastering()}


def main() -> None:
    """Print a table and, if asked, JSON."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--count", type=int, default=5000, help="deliveries")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    args = parser.parse_args()
    figures = asyncio.run(_all(args.count))
    figures["peak memory, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for name, value in figures.items():
        print(f"{name:40} {value:12.2f}")  # noqa: T201 (a table is what it is for)
    if args.json:
        args.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
