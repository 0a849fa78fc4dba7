"""The sandbox station against the `radio` kind's own shelf, on a server that cuts transfers."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.channel import Outlet, Pull, Shelved
from channels.kinds.radio import Radio, RadioOptions
from config.clock import FakeClock
from content.bulletin import Audio, Bulletin, BulletinClass, Part
from desk.demo.station import Station

SOUND = bytes(range(256)) * 1000


class Shelf:
    """Serves a radio outlet's shelf; `cut_after` bytes the next audio transfers break off, `lie` is sent instead."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.standing = clock, list[Shelved]()
        self.cuts: list[int] = []
        self.lie: bytes | None = None
        self.url = ""
        self.asked: list[tuple[str, str]] = []

    def put(self, delivery: str, until: Any = None) -> None:
        """A bulletin with a recording, published now."""
        audio = Audio(f"{delivery}.mp3", len(SOUND), 17.0, hashlib.sha256(SOUND).hexdigest())
        part = Part(delivery, "r", "d", f"tin-{delivery}", f"Tin {delivery}", "a", "s", "s", "c", audio=audio)
        now = self.clock.now()
        bulletin = Bulletin(delivery, BulletinClass.NORMAL, "Xã", now, None, (part,))
        self.standing.append(Shelved(delivery, delivery, bulletin, now, until))

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """One pull."""
        self.asked.append((request.match_info["path"], request.headers.get("Range", "")))
        outlet = Outlet("dai", "Đài", RadioOptions(token="station-token-1"), self.url, None)  # type: ignore[arg-type]
        pull = Pull(request.match_info["path"], dict(request.query), self.clock.now())
        page = Radio().feed(pull, self.standing, outlet)
        if page is None or request.query.get("token") != "station-token-1":
            return web.Response(status=404)
        body = SOUND if page.audio else page.body
        etag = f'"{hashlib.sha256(body).hexdigest()}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        start = int(request.headers.get("Range", "bytes=0-")[6:-1])
        body = self.lie if page.audio and self.lie is not None else body[start:]
        if page.audio and self.cuts:
            return await self.cut(request, body, start, etag)
        headers = {"ETag": etag, "Content-Type": page.content_type}
        return web.Response(status=206 if start else page.status, body=body, headers=headers)

    async def cut(self, request: web.Request, body: bytes, start: int, etag: str) -> web.StreamResponse:
        """A transfer that breaks off."""
        response = web.StreamResponse(status=206 if start else 200, headers={"ETag": etag})
        response.content_length = len(body)
        await response.prepare(request)
        await response.write(body[: self.cuts.pop(0)])
        assert request.transport is not None
        request.transport.close()
        return response


@pytest.fixture
async def shelf(clock: FakeClock) -> AsyncIterator[Shelf]:
    """A shelf on a random port."""
    shelf = Shelf(clock)
    app = web.Application()
    app.router.add_get("/radio/dai/{path:.*}", shelf.answer)
    async with TestServer(app) as server:
        shelf.url = str(server.make_url("/radio/dai"))
        yield shelf


@pytest.fixture
async def station(shelf: Shelf, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Station]:
    """A station with its token in the feed's address."""
    async with Station(f"{shelf.url}/feed.xml?token=station-token-1", tmp_path / "kept", clock=clock) as station:
        yield station


async def test_a_station_gets_everything_once(shelf: Shelf, station: Station) -> None:
    """New recordings whole, and a 304 while nothing changes."""
    shelf.put("a")
    shelf.put("b")
    assert [kept.guid for kept in await station.poll()] == ["a", "b"]
    assert await station.poll() == []
    assert (station.ledger.fresh, station.ledger.unchanged, station.ledger.wrong) == (1, 1, [])
    assert all(kept.file.read_bytes() == SOUND and kept.file.suffix == ".mp3" for kept in station.ledger.kept)
    assert station.ledger.kept[0].sha256 == hashlib.sha256(SOUND).hexdigest()


async def test_a_cut_transfer_is_resumed(shelf: Shelf, station: Station) -> None:
    """By Range from where it broke off, twice."""
    shelf.put("a")
    shelf.cuts = [100_000, 50_000]
    (kept,) = await station.poll()
    assert kept.bytes == len(SOUND) and station.ledger.resumed == 2
    assert [asked for _, asked in shelf.asked[1:]] == ["", "bytes=100000-", "bytes=150000-"]


async def test_a_wrong_length_is_not_kept(shelf: Shelf, station: Station) -> None:
    """The length must be the enclosure's; after three polls the item no longer holds up the next one."""
    shelf.put("a")
    shelf.lie = b"error page"
    for _ in range(3):
        assert await station.poll() == []
    assert station.ledger.wrong == [("a", f"10 bytes instead of {len(SOUND)}")] * 3
    shelf.lie = None
    shelf.clock.advance(60)
    shelf.put("b")
    assert [kept.guid for kept in await station.poll()] == ["b"]


async def test_what_comes_later_is_newer(shelf: Shelf, station: Station) -> None:
    """Bulletins published within one second, before and after a poll, are all taken: their dates rise."""
    for delivery in ("a", "b", "c"):
        shelf.put(delivery)
        shelf.clock.advance(0.2)
        await station.poll()
    assert [kept.guid for kept in station.ledger.kept] == ["a", "b", "c"] and station.ledger.wrong == []


async def test_an_expired_bulletin_is_never_fetched(shelf: Shelf, station: Station) -> None:
    """A station that was off does not air last week's warning."""
    shelf.put("a", until=shelf.clock.now() + timedelta(hours=1))
    shelf.put("b")
    shelf.clock.advance(3600)
    assert [kept.guid for kept in await station.poll()] == ["b"]


async def test_without_its_token_a_station_gets_nothing(shelf: Shelf, tmp_path: Path) -> None:
    """The feed is not public."""
    shelf.put("a")
    async with Station(f"{shelf.url}/feed.xml", tmp_path) as station:
        assert await station.poll() == [] and station.ledger.failed == 1
