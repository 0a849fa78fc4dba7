"""The measures: the same POSTs by a client that records nothing. `python -m tests.bench.loops KIND URL COUNT OPEN`.

KIND is `aiohttp` (Python's own loop), `aiohttp-uvloop`, or `loa` (our outbound client alone). Prints {seconds,
cpu_seconds}.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable

import aiohttp
import uvloop

from channels.http import Http
from config.clock import SystemClock

BODY = '{"id":"%s","to":"+84981000101","text":"Kính gửi Người %d, Bộ phận một cửa làm việc cả thứ bảy"}'
HEADERS = {"content-type": "application/json; charset=utf-8"}


def body(number: int) -> bytes:
    """About what a delivery of `loa bench send` is."""
    return (BODY % (f"01kb6q3v7m0ds-{number}", number)).encode()


async def by_aiohttp(url: str, count: int, at_once: int) -> None:
    """A bare client loop."""
    numbers = iter(range(count))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as session:

        async def send() -> None:
            for number in numbers:
                headers = {**HEADERS, "idempotency-key": f"01kb6q3v7m0ds-{number}"}
                async with session.post(url, data=body(number), headers=headers) as response:
                    await response.read()

        await asyncio.gather(*(send() for _ in range(at_once)))


async def by_loa(url: str, count: int, at_once: int) -> None:
    """Loa's outbound client."""
    numbers = iter(range(count))
    http = Http(SystemClock(), ["127.0.0.0/8"], connections=at_once)

    async def send() -> None:
        for number in numbers:
            await http.request("POST", url, headers=HEADERS, body=body(number), key=f"01kb6q3v7m0ds-{number}")

    await asyncio.gather(*(send() for _ in range(at_once)))
    await http.close()


LOOPS: dict[str, tuple[Callable[[str, int, int], Awaitable[None]], bool]] = {
    "aiohttp": (by_aiohttp, False),
    "aiohttp-uvloop": (by_aiohttp, True),
    "loa": (by_loa, True),
}


async def _measured(kind: str, url: str, count: int, at_once: int) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    await LOOPS[kind][0](url, count, at_once)
    seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    sys.stdout.write(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds}) + "\n")


def main() -> None:
    """One loop, measured."""
    kind, url, count, at_once = sys.argv[1:]
    work = _measured(kind, url, int(count), int(at_once))
    (uvloop.run if LOOPS[kind][1] else asyncio.run)(work)


if __name__ == "__main__":
    main()
