"""A go-between on the way to PostgreSQL: it sees every COMMIT pass and can cut the connection just before or just after it.

What it cuts is really cut: the server finds its client gone, the client its connection, and neither hears the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy.engine import make_url

COMMIT = b"Q\x00\x00\x00\x0cCOMMIT;\x00"
DONE = b"C\x00\x00\x00\x0bCOMMIT\x00"
PIECE = 65_536

Deed = Callable[[], Awaitable[None]]


@dataclass(eq=False)
class Line:
    """One connection: towards the client, towards the server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    far_reader: asyncio.StreamReader
    far_writer: asyncio.StreamWriter
    cutting: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)


class GoBetween:
    """At the `at`-th COMMIT from now (0 is never) the `deed` is done and the connection cut.

    `before`: the server never hears of that COMMIT; else it is done and nobody is told. `silent`: a client is not told when
    the server ends a connection, only what it said last, and then `ended` is set.
    """

    def __init__(self, url: str, deed: Deed | None = None) -> None:
        self.url = url
        self.commits = self.at = 0
        self.before = True
        self.cuts = 0
        self.silent = False
        self.ended = asyncio.Event()
        self._deed = deed

    async def carry(self, line: Line) -> None:
        """Both ways, until either side ends it."""
        ways = [asyncio.ensure_future(self._there(line)), asyncio.ensure_future(self._back(line))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            line.writer.transport.abort()
            line.far_writer.transport.abort()

    async def _there(self, line: Line) -> None:
        while piece := await line.reader.read(PIECE):
            self.commits += piece.endswith(COMMIT)
            if piece.endswith(COMMIT) and self.commits == self.at:
                await self._cut(line, piece)
                return
            line.far_writer.write(piece)
            await line.far_writer.drain()

    async def _cut(self, line: Line, piece: bytes) -> None:
        if not self.before:
            line.cutting = True
            line.far_writer.write(piece)
            await line.done.wait()
        self.cuts += 1
        if self._deed is not None:
            await self._deed()

    async def _back(self, line: Line) -> None:
        while piece := await line.far_reader.read(PIECE):
            if line.cutting and DONE in piece:
                line.done.set()
                await asyncio.Event().wait()  # nobody is told
            line.writer.write(piece)
            await line.writer.drain()
        if self.silent:
            self.ended.set()
            await asyncio.Event().wait()


@asynccontextmanager
async def between(url: str, deed: Deed | None = None) -> AsyncIterator[GoBetween]:
    """A go-between before the server whose socket is in a PostgreSQL address."""
    host = str(make_url(url).query["host"])
    lines: set[asyncio.Task[None]] = set()
    with tempfile.TemporaryDirectory(prefix="loa-between-") as place:
        go = GoBetween(url.replace(host, place), deed)

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            lines.add(task)
            with contextlib.suppress(OSError):
                far = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.5432")
                await go.carry(Line(reader, writer, *far))
            lines.discard(task)

        server = await asyncio.start_unix_server(serve, f"{place}/.s.PGSQL.5432")
        yield go
        server.close()
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)
        await server.wait_closed()
