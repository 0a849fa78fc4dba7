"""The same POSTs by libcurl's multi interface: `python curl.py URL COUNT OPEN`. Prints {seconds, cpu_seconds}."""

from __future__ import annotations

import io
import json
import sys
import time

import pycurl

BODY = '{"id":"01kb6q3v7m0ds-%d","to":"+84981000101","text":"Kính gửi Người %d, Bộ phận một cửa làm việc cả thứ bảy"}'


def main() -> None:
    """One handle a connection, each asked again as soon as it has its answer."""
    url, count, at_once = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    multi, done, begun = pycurl.CurlMulti(), 0, 0
    multi.setopt(pycurl.M_MAXCONNECTS, at_once)

    def ask(handle: pycurl.Curl, number: int) -> None:
        handle.setopt(pycurl.URL, url)
        handle.setopt(pycurl.POSTFIELDS, (BODY % (number, number)).encode())
        handle.setopt(
            pycurl.HTTPHEADER, ["Content-Type: application/json", f"Idempotency-Key: 01kb6q3v7m0ds-{number}", "Expect:"]
        )
        handle.setopt(pycurl.WRITEDATA, io.BytesIO())
        multi.add_handle(handle)

    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(min(at_once, count)):
        ask(pycurl.Curl(), begun)
        begun += 1
    while done < count:
        multi.perform()
        while True:
            left, good, bad = multi.info_read()
            if bad:
                raise SystemExit(f"failed: {bad[0][1:]}")
            for handle in good:
                multi.remove_handle(handle)
                done += 1
                if begun < count:
                    ask(handle, begun)
                    begun += 1
            if not left:
                break
        if done < count:
            multi.select(1.0)
    told = {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
