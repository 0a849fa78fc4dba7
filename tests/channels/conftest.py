"""A scripted bad world on a real socket, bulletins, outlets and a memory: what every test of a channel needs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import uvloop

from channels.channel import Options, Outlet
from content.bulletin import Audio, Bulletin, BulletinClass, Part

STATUS_WORDS = {200: "OK", 302: "Found", 400: "Bad Request", 429: "Too Many Requests", 503: "Service Unavailable"}


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """What touches the wire is tested on the loop of the product and on Python's own."""
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    return loops | ({"uvloop": uvloop.new_event_loop} if item.path.stem in {"test_http", "test_wire"} else {})


@dataclass(frozen=True)
class Asked:
    """One request as it came over the wire; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


Reaction = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


def reply(status: int = 200, body: bytes = b"", **headers: str) -> Reaction:
    """An orderly answer; underscores in header names become hyphens."""

    async def react(_: Asked, writer: asyncio.StreamWriter) -> None:
        head = {"Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
        lines = [f"HTTP/1.1 {status} {STATUS_WORDS.get(status, 'Word')}", *(f"{n}: {v}" for n, v in head.items())]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await writer.drain()

    return react


@dataclass
class World:
    """A server that does what the next reaction says; the last one stays. It counts what it was asked and what is open.

    `before` are reactions to what a kind asks before its message; those requests stand in `asked_before` alone.
    """

    reactions: list[Reaction] = field(default_factory=lambda: [reply()])
    asked: list[Asked] = field(default_factory=list)
    before: list[Reaction] = field(default_factory=list)
    asked_before: list[Asked] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    url: str = ""
    readers: dict[asyncio.StreamWriter, asyncio.StreamReader] = field(default_factory=dict)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def will(self, *reactions: Reaction) -> None:
        """Set what happens next."""
        self.reactions = list(reactions)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        self.readers[writer] = reader
        self.open += 1
        try:
            while (asked := await read_request(reader)) is not None:
                if self.before:
                    self.asked_before.append(asked)
                    await self.before.pop(0)(asked, writer)
                    continue
                self.asked.append(asked)
                self.came.set()
                reaction = self.reactions.pop(0) if len(self.reactions) > 1 else self.reactions[0]
                await reaction(asked, writer)
        except ConnectionError:
            pass
        finally:
            self.open -= 1
            self.left.set()
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    # Reactions that need the world itself.
    async def hang(self, _: Asked, writer: asyncio.StreamWriter) -> None:
        """No answer until the other side goes or the test is over."""
        gone = asyncio.ensure_future(self.readers[writer].read(1))
        over = asyncio.ensure_future(self.over.wait())
        await asyncio.wait([gone, over], return_when=asyncio.FIRST_COMPLETED)
        for task in (gone, over):
            task.cancel()
        raise ConnectionResetError

    async def drip(self, _: Asked, writer: asyncio.StreamWriter) -> None:
        """An answer that never ends, a byte at a time: no read of it ever takes long."""
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n")
        while not self.over.is_set():
            writer.write(b" ")
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.over.wait(), 0.01)


async def cut(_: Asked, writer: asyncio.StreamWriter) -> None:
    """The request is read whole, the answer breaks off."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
    await writer.drain()
    raise ConnectionResetError


async def drop(_: Asked, writer: asyncio.StreamWriter) -> None:
    """The request is read whole, nothing is said."""
    raise ConnectionResetError


async def echo(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """A careless partner: all it was told stands in its answer, with status 400."""
    await echo_with(400)(asked, writer)


def echo_with(status: int) -> Reaction:
    """The same with another status."""

    async def react(asked: Asked, writer: asyncio.StreamWriter) -> None:
        told = f"{asked.target} {asked.headers} ".encode() + asked.body
        await reply(status, told)(asked, writer)

    return react


async def read_request(reader: asyncio.StreamReader) -> Asked | None:
    """One HTTP/1.1 request with a Content-Length; None at the end of the connection."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    method, target, _ = first.split(" ", 2)
    return Asked(method, target, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A scripted server on a random port of 127.0.0.1."""
    world = World()
    server = await asyncio.start_server(world.serve, "127.0.0.1", 0, limit=1 << 20)
    world.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield world
    world.over.set()
    server.close()
    await server.wait_closed()
    while world.open:
        world.left.clear()
        await world.left.wait()


class Memory:
    """A Keep in memory: `puts` counts the writes."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.puts = 0
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(self, name: str) -> str | None:
        """See Keep.get."""
        return self.values.get(name)

    async def put(self, name: str, value: str) -> None:
        """See Keep.put."""
        await asyncio.sleep(0)
        self.values[name] = value
        self.puts += 1

    @contextlib.asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """See Keep.alone."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            yield


class Making:
    """Makes parts, bulletins and outlets with sensible words in them."""

    issued = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

    def part(self, item: str = "it1", **more: Any) -> Part:
        """A part of an item; every field can be set."""
        told: dict[str, Any] = {
            "item": item,
            "revision": f"{item}-r1",
            "digest": f"digest-{item}",
            "slug": "mua-lon",
            "title": "Mưa lớn ở Mộc Châu",
            "article": "<p>Từ đêm nay có <strong>mưa lớn</strong>.</p>",
            "script": "Từ đêm nay có mưa lớn. Bà con chú ý.",
            "short": "Mưa lớn từ đêm nay.",
            "chat": "Mưa lớn từ đêm nay, bà con chú ý sạt lở.",
            "theme": "Thời tiết",
            "byline": "Ban Biên tập",
            "source": "Đài Khí tượng",
            "audio": Audio("ab12.mp3", 16000, 17.4, "ab" * 32),
        }
        return Part(**(told | more))

    def bulletin(self, *parts: Part, klass: BulletinClass = BulletinClass.NORMAL, **more: Any) -> Bulletin:
        """A bulletin of these parts, or of one made up."""
        told: dict[str, Any] = {"id": "b1", "office": "UBND xã Mộc Châu", "issued_at": self.issued, "valid_until": None}
        return Bulletin(klass=klass, parts=parts or (self.part(),), **(told | more))

    def outlet(self, options: Options, base_url: str = "https://loa.example/portal", **more: Any) -> Outlet[Any]:
        """An outlet with these options and a memory of its own."""
        told: dict[str, Any] = {"name": "diem-1", "title": "Xã Mộc Châu", "keep": Memory()}
        return Outlet(options=options, base_url=base_url, **(told | more))

    def later(self, **more: float) -> datetime:
        """A moment after the bulletin's."""
        return self.issued + timedelta(**more)


@pytest.fixture
def make() -> Making:
    """Maker of parts, bulletins, outlets."""
    return Making()


@pytest.fixture
def does() -> type:
    """The reactions, for test files that cannot import this one."""

    class Does:
        pass

    for name, reaction in {"reply": reply, "cut": cut, "drop": drop, "echo": echo, "echo_with": echo_with}.items():
        setattr(Does, name, staticmethod(reaction))
    return Does
