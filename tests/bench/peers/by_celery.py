"""The same POSTs through Celery on Redis: `python by_celery.py URL COUNT OPEN REDIS`.

Prints {seconds, cpu_seconds, recorded} of the work alone: start-up and enqueueing come before. One worker process with so
many threads, late acknowledgement; the record is the task's result in Redis.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import threading
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

from celery import Celery
from celery.signals import task_postrun, worker_ready

BODY = '{"id":"01kb6q3v7m0ds-%d","to":"+84981000101","text":"Kính gửi Người %d, Bộ phận một cửa làm việc cả thứ bảy"}'


def main(url: str, count: int, at_once: int, redis: str) -> None:
    """Enqueue all, then work by as many threads."""
    app, at, own = Celery("bench", broker=redis, backend=redis), urlsplit(url), threading.local()
    app.conf.update(task_acks_late=True, worker_hijack_root_logger=False, broker_connection_retry_on_startup=True)
    app.conf.update(worker_send_task_events=False, worker_redirect_stdouts=False, redis_max_connections=2 * at_once)

    @app.task(name="post")
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

    with app.pool.acquire(block=True) as connection, app.amqp.Producer(connection) as producer:
        for number in range(count):
            post.apply_async((number,), producer=producer)
    begun: list[float] = []
    done, left = threading.Event(), itertools.count(count - 1, -1)

    @worker_ready.connect(weak=False)
    def ready(**_: object) -> None:
        begun[:] = [time.perf_counter(), time.process_time()]

    @task_postrun.connect(weak=False)
    def complete(**_: object) -> None:
        if next(left) == 0:
            done.set()

    def tell() -> None:
        done.wait()
        told = {"seconds": time.perf_counter() - begun[0], "cpu_seconds": time.process_time() - begun[1]}
        keys = app.backend.client.scan_iter("celery-task-meta-*", count=1000)
        told["recorded"] = sum(1 for _ in keys)
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        os._exit(0)  # a worker that has been told to stop asks its broker for a second more

    threading.Thread(target=tell, daemon=True).start()
    app.Worker(
        pool="threads", concurrency=at_once, loglevel="ERROR", quiet=True, without_gossip=True, without_mingle=True
    ).start()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
