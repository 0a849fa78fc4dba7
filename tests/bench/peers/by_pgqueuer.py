"""The same POSTs through pgqueuer on PostgreSQL: `python by_pgqueuer.py URL COUNT OPEN DATABASE`.

Prints {seconds, cpu_seconds, recorded} of the work alone: installing and enqueueing come before. The record is the job's
row in pgqueuer's own log.
"""

from __future__ import annotations

import json
import sys
import time

import aiohttp
import asyncpg
import uvloop
from pgqueuer import AsyncpgPoolDriver, Job, Queries, QueueManager
from pgqueuer.types import QueueExecutionMode

BODY = '{"id":"01kb6q3v7m0ds-%d","to":"+84981000101","text":"Kính gửi Người %d, Bộ phận một cửa làm việc cả thứ bảy"}'
CHUNK = 1000


async def main(url: str, count: int, at_once: int, database: str) -> None:
    """Enqueue all, then drain."""
    async with asyncpg.create_pool(database, min_size=2, max_size=8) as pool:
        queue = QueueManager(Queries(AsyncpgPoolDriver(pool)))
        await queue.queries.install()
        for begin in range(0, count, CHUNK):
            numbers = range(begin, min(begin + CHUNK, count))
            await queue.queries.enqueue(
                ["post"] * len(numbers), [str(number).encode() for number in numbers], [0] * len(numbers)
            )
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=at_once)) as session:

            @queue.entrypoint("post")
            async def post(job: Job) -> None:
                number = int(job.payload or b"0")
                headers = {"content-type": "application/json", "idempotency-key": f"01kb6q3v7m0ds-{number}"}
                async with session.post(url, data=(BODY % (number, number)).encode(), headers=headers) as response:
                    await response.read()
                    response.raise_for_status()

            wall, cpu = time.perf_counter(), time.process_time()
            await queue.run(batch_size=at_once // 2, max_concurrent_tasks=at_once, mode=QueueExecutionMode.drain)
            told = {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
    connection = await asyncpg.connect(database)
    done = "SELECT count(DISTINCT job_id) FROM pgqueuer_log WHERE status = 'successful'"
    told["recorded"] = await connection.fetchval(done)
    await connection.close()
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
