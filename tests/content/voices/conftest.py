"""A strict local stand-in for Google's endpoint, on a real socket."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import math
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable

import av
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

PATH = "/_/TranslateWebserverUi/data/batchexecute"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def tone(seconds: float, rate: int = 24000) -> bytes:
    """An MP3 as Google sends: mono, low rate, with silence of 0.2 s at both ends of a tone."""
    out = io.BytesIO()
    wave = array("h", [int(9000 * math.sin(index / 9)) for index in range(int(rate * seconds))])
    quiet = array("h", bytes(2 * (rate // 5)))
    frame = av.AudioFrame(format="s16", layout="mono", samples=len(wave) + 2 * len(quiet))
    frame.sample_rate = rate
    frame.planes[0].update((quiet + wave + quiet).tobytes())
    with av.open(out, "w", format="mp3") as file:
        stream = file.add_stream("libmp3lame", rate=rate, layout="mono")
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return out.getvalue()


class FakeGoogle:
    """Answers what a strict Google would; `script` holds answers to be given instead, first come first served."""

    def __init__(self) -> None:
        self.script: list[Answer] = []
        self.texts: list[str] = []
        self.faults: list[str] = []
        self.asked = asyncio.Event()
        self.released = asyncio.Event()
        self.app = web.Application()
        self.app.router.add_route("*", "/{path:.*}", self.answer)
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Check the request to the letter, then answer."""
        try:
            assert (request.method, request.path) == ("POST", PATH)
            assert request.content_type == "application/x-www-form-urlencoded"
            assert "Mozilla" in request.headers["User-Agent"]
            [[[rpc, parameter, nothing, kind]]] = json.loads(str((await request.post())["f.req"]))
            assert (rpc, nothing, kind) == ("jQ1olc", None, "generic")
            text, language, speed, null = json.loads(parameter)
            assert (language, speed, null) == ("vi", None, "null")
            assert 0 < len(text) <= 100 and text == text.strip()
        except (AssertionError, KeyError, ValueError) as fault:
            self.faults.append(repr(fault))
            raise web.HTTPBadRequest from fault
        self.texts.append(text)
        self.asked.set()
        if self.script:
            return await self.script.pop(0)(request)
        return sound(tone(max(0.2, sum(map(str.isalpha, text)) / 14)))

    async def hang(self, _: web.Request) -> web.StreamResponse:
        """Never answer, until the test ends."""
        await self.released.wait()
        return web.Response()


def sound(mp3: bytes) -> web.Response:
    """The endpoint's answer around an MP3."""
    inner = json.dumps([base64.b64encode(mp3).decode()])
    return web.Response(text=")]}'\n\n" + json.dumps([["wrb.fr", "jQ1olc", inner, None]], separators=(",", ":")) + "\n")


def status(code: int, **headers: str) -> Answer:
    """An answer with this status."""

    async def give(_: web.Request) -> web.StreamResponse:
        return web.Response(
            status=code, text="no", headers={name.replace("_", "-"): text for name, text in headers.items()}
        )

    return give


def body(text: str) -> Answer:
    """A 200 with this body."""

    async def give(_: web.Request) -> web.StreamResponse:
        return web.Response(text=text)

    return give


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's proxies are not part of the tests."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
async def google() -> AsyncIterator[FakeGoogle]:
    """The stand-in, listening; a request it found fault with fails the test."""
    fake = FakeGoogle()
    server = TestServer(fake.app)
    await server.start_server()
    fake.url = str(server.make_url("")).rstrip("/")
    yield fake
    fake.released.set()
    await server.close()
    assert fake.faults == []


@pytest.fixture
def answers() -> dict[str, Callable[..., Answer]]:
    """Ways to answer wrongly: `status(code, **headers)` and `body(text)`."""
    return {"status": status, "body": body}
