"""The same POSTs through huey on SQLite: `python by_huey.py URL COUNT OPEN DIRECTORY`.

Prints {seconds, cpu_seconds, recorded} of the work alone: enqueueing comes before. The record is the task's result in
huey's own store, with every commit on disk (fsync), as Loa's are.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from huey import SqliteHuey
from huey.consumer import Consumer
from huey.signals import SIGNAL_COMPLETE

BODY = '{"id":"01kb6q3v7m0ds-%d","to":"+84981000101","text":"Kính gửi Người %d, Bộ phận một cửa làm việc cả thứ bảy"}'


def main(url: str, count: int, at_once: int, directory: Path) -> None:
    """Enqueue all, then consume by as many threads."""
    file, at, own = str(directory / "huey.db"), urlsplit(url), threading.local()
    queue = SqliteHuey(filename=file, fsync=False, timeout=60)

    @queue.task()
    def post(number: int) -> int:
        if not hasattr(own, "connection"):
            own.connection = HTTPConnection(at.hostname or "", at.port)
        headers = {"content-type": "application/json", "idempotency-key": f"01kb6q3v7m0ds-{number}"}
        own.connection.request("POST", at.path or "/", (BODY % (number, number)).encode(), headers)
        response = own.connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(response.status)
        return number

    for number in range(count):
        post(number)
    queue.storage.close()
    queue.storage._fsync = True
    done, left = threading.Event(), itertools.count(count - 1, -1)

    @queue.signal(SIGNAL_COMPLETE)
    def complete(*_: object) -> None:
        if next(left) == 0:
            done.set()

    consumer = Consumer(queue, workers=at_once, periodic=False)
    wall, cpu = time.perf_counter(), time.process_time()
    consumer.start()
    done.wait()
    told = {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
    consumer.stop(graceful=True)
    told["recorded"] = queue.result_count()
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
