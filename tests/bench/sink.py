"""A gateway in a process of its own that takes everything and counts: `python -m tests.bench.sink [delay in ms [host]]`.

It prints its port. Each POST is named by its Idempotency-Key. A GET is answered with what was counted: `taken`, `named`
(different ones), and the moments of the first and the last in seconds of the monotonic clock; a DELETE begins anew.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any, cast

import uvloop

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{"code":"100"}'
END, LENGTH, KEY = b"\r\n\r\n", b"content-length:", b"idempotency-key:"


class Count:
    """What has come."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Count anew."""
        self.taken = 0
        self.names: set[bytes] = set()
        self.first = self.last = 0.0

    def take(self, name: bytes) -> None:
        """One request."""
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.taken += 1
        if name:
            self.names.add(name)

    def told(self) -> bytes:
        """As an answer."""
        plain = {"taken": self.taken, "named": len(self.names), "first": self.first, "last": self.last}
        body = json.dumps(plain).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


class Taker(asyncio.Protocol):
    """One connection."""

    def __init__(self, count: Count, delay: float) -> None:
        self._count, self._delay = count, delay
        self._loop = asyncio.get_running_loop()
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol; as many requests as are whole."""
        self._rest += data
        while (end := self._rest.find(END)) >= 0:
            head = self._rest[:end].lower()
            size = end + 4 + int(_value(head, LENGTH) or 0)
            if len(self._rest) < size:
                return
            self._rest = self._rest[size:]
            if head.startswith((b"get", b"delete")):
                self._transport.write(self._count.told())
                if head.startswith(b"delete"):
                    self._count.begin()
                continue
            self._count.take(_value(head, KEY))
            if self._delay:
                self._loop.call_later(self._delay, self._transport.write, ANSWER)
            else:
                self._transport.write(ANSWER)


def _value(head: bytes, name: bytes) -> bytes:
    at = head.find(name)
    return head[at + len(name) :].split(b"\r\n", 1)[0].strip() if at >= 0 else b""


async def main(delay: float, host: str) -> None:
    """Until it is killed."""
    count: Any = Count()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Taker(count, delay), host, 0, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    given = dict(enumerate(sys.argv[1:]))
    uvloop.run(main(float(given.get(0, 0)) / 1000, given.get(1, "127.0.0.1")))
