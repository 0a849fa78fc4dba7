"""Feed and callback addresses for stations, readers and gateways, mounted once for all kinds.

Shelves: HEAD, Range, If-Range, ETag, If-None-Match and If-Modified-Since as RFC 9110 has them, Content-Length always. A
pull counts by the bytes really sent: a file that has gone out whole, over however many requests, confirms its delivery.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from channels import store as channels_store
from channels.channel import Callback, Confirmation, Page, Pull
from channels.http import Refused
from channels.outlet import InService
from config.logs import log
from config.words import BadInput, NotFound
from db.types import new_id
from desk.app import House
from desk.ranges import Span, wanted_span

CALLBACK_BYTES = 64 * 1024
PIECE = 64 * 1024
PROVED_KEPT = 10_000

logger = log("partners")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(house: House) -> list[web.RouteDef]:
    """Every address a partner calls."""
    partners = Partners(house)
    mounts = sorted({at.channel.shelf for at in house.outlets if at.channel.shelf})
    shelves = [web.get(f"/{mount}/{{tail:.*}}", partners.pull) for mount in mounts]
    aired = [web.post(f"/{mount}/{{outlet}}/aired", partners.aired) for mount in mounts]
    return [*aired, *shelves, web.route("*", "/hooks/{outlet}", partners.hook)]


class Partners:
    """Answers partners' requests."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._proved: set[str] = set()

    # --- shelves ---

    async def pull(self, request: web.Request) -> web.StreamResponse:
        """Something of a shelf."""
        mount, tail = request.path.strip("/").split("/", 1)[0], request.match_info["tail"]
        at, path = self._outlet(mount, tail)
        self._check_token(at, request)
        now = self._house.clock.now()
        async with self._house.database.read() as connection:
            asked = Pull(path, dict(request.query), now)
            page = at.channel.feed(asked, await channels_store.on_shelf(connection, at.name, now), at.outlet)
            if page is None:
                past = await channels_store.off_shelf(connection, at.name, now)
                gone = at.channel.feed(asked, past, at.outlet) is not None
                raise web.HTTPGone if gone else web.HTTPNotFound
        if page.audio is not None:
            return await self._send_audio(request, at, page)
        return await self._send_body(request, at, page)

    def _outlet(self, mount: str, tail: str) -> tuple[InService, str]:
        """The outlet an address belongs to, and what follows its mount."""
        mine = [at for at in self._house.outlets if at.channel.shelf == mount]
        if len(mine) == 1 and mine[0].channel.shelf_public:
            first, _, rest = tail.partition("/")
            return (mine[0], rest) if first == mine[0].name and rest else (mine[0], tail)
        name, _, rest = tail.partition("/")
        for at in mine:
            if at.name == name:
                return at, rest
        raise web.HTTPNotFound

    def _check_token(self, at: InService, request: web.Request) -> None:
        """The outlet's token in `?token=` or as a Basic password; compared in constant time."""
        token = at.channel.token_of(at.outlet)
        given = request.query.get("token") or _basic_password(request.headers.get("Authorization", ""))
        if not token and at.channel.shelf_public:
            return
        if not token or not hmac.compare_digest(given.encode(), token.encode()):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="Loa"'})

    async def _send_body(self, request: web.Request, at: InService, page: Page) -> web.StreamResponse:
        tag = hashlib.sha256(page.body).hexdigest()[:32]
        headers = _headers(page, tag)
        if page.status == 200 and _unchanged(request, tag, page.changed_at):
            return web.Response(status=304, headers=headers)
        response = web.Response(body=page.body, status=page.status, headers=headers)
        if request.method == "GET" and page.proves:
            # The proof is what has been sent, so the answer is written out before anything is noted.
            await response.prepare(request)
            await response.write_eof()
            await self._prove(at, page, request, Span(0, len(page.body)), len(page.body))
        return response

    async def _send_audio(self, request: web.Request, at: InService, page: Page) -> web.StreamResponse:
        audio = page.audio
        assert audio is not None
        file = self._house.recordings / audio.name
        try:
            opened = await asyncio.to_thread(_open, file, audio.bytes)
        except OSError:
            logger.error("recording_missing", outlet=at.name, file=audio.name)
            raise web.HTTPNotFound from None
        try:
            return await self._stream(request, at, page, opened, audio.bytes, audio.sha256)
        finally:
            await asyncio.to_thread(opened.close)

    async def _stream(
        self, request: web.Request, at: InService, page: Page, file: BinaryIO, size: int, sha256: str
    ) -> web.StreamResponse:
        tag = sha256[:32]
        headers = {**_headers(page, tag), "Accept-Ranges": "bytes"}
        if _unchanged(request, tag, page.changed_at):
            return web.Response(status=304, headers=headers)
        # Ranges are defined for GET alone (RFC 9110 section 14.2).
        asked = request.headers if request.method == "GET" else {}
        span = wanted_span(asked, size, tag, page.changed_at)
        if span is None:
            return web.Response(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
        response = web.StreamResponse(status=206 if span.partial else 200, headers=headers)
        response.content_length = span.end - span.begin
        if span.partial:
            response.headers["Content-Range"] = f"bytes {span.begin}-{span.end - 1}/{size}"
        await response.prepare(request)
        if request.method == "HEAD":
            return response
        sent = span.begin
        try:
            await asyncio.to_thread(file.seek, span.begin)
            while sent < span.end:
                piece = await asyncio.to_thread(file.read, min(PIECE, span.end - sent))
                if not piece:
                    raise ConnectionResetError("the recording has become shorter")
                await response.write(piece)
                sent += len(piece)
            await response.write_eof()
        finally:
            await asyncio.shield(self._prove(at, page, request, Span(span.begin, sent), size))
        return response

    async def _prove(self, at: InService, page: Page, request: web.Request, sent: Span, size: int) -> None:
        """Note what went out; the first time it is everything, the deliveries are confirmed."""
        house = self._house
        fresh = [delivery for delivery in page.proves if delivery not in self._proved]
        if not fresh or sent.end <= sent.begin:
            return
        now = house.clock.now()
        async with house.database.write() as tx:
            for delivery in fresh:
                complete = await channels_store.note_pull(
                    house.database,
                    tx,
                    outlet_name=at.name,
                    delivery=delivery,
                    span=(sent.begin, sent.end),
                    size=size,
                    agent=request.headers.get("User-Agent", ""),
                    at=now,
                )
                if complete:
                    said = Confirmation(True, delivery=delivery, detail=f"đã tải đủ {size} byte")
                    await house.receiver.confirm(tx, at.name, said, now)
                    self._remember(delivery)
        house.notifier.ring("delivery")

    def _remember(self, delivery: str) -> None:
        """Later readers of a proven page cost no write."""
        if len(self._proved) >= PROVED_KEPT:
            self._proved.clear()
        self._proved.add(delivery)

    # --- calls ---

    async def aired(self, request: web.Request) -> web.StreamResponse:
        """A station says that it has played one: `delivery` (the guid of the feed) as JSON or form, with a note."""
        at, _ = self._outlet(request.path.strip("/").split("/", 1)[0], request.match_info["outlet"] + "/aired")
        if not at.channel.token_of(at.outlet):
            raise web.HTTPNotFound  # on a shelf without a token nobody is known who could say so
        self._check_token(at, request)
        given = await _fields(request)
        note = "".join(letter for letter in str(given.get("note", "")) if letter.isprintable())[:300]
        said = Confirmation(True, delivery=str(given.get("delivery", "")), detail=note or "đã phát sóng", aired=True)
        async with self._house.database.write() as tx:
            if not await self._house.receiver.confirm(tx, at.name, said, self._house.clock.now()):
                raise NotFound("Không có bản tin này trên kệ của đài", "No such bulletin on this station's shelf")
        self._house.notifier.ring("delivery")
        return web.json_response({"aired": True})

    async def hook(self, request: web.Request) -> web.StreamResponse:
        """A provider's callback: proved authentic, stored, answered; what it says is applied by the receiver."""
        name = request.match_info["outlet"]
        if name not in self._house.outlets:
            raise web.HTTPNotFound
        at = self._house.outlets[name]
        body = b""
        while piece := await request.content.read(CALLBACK_BYTES + 1 - len(body)):  # what has come so far, not all
            body += piece
            if len(body) > CALLBACK_BYTES:
                raise web.HTTPRequestEntityTooLarge(max_size=CALLBACK_BYTES, actual_size=len(body))
        headers = {key.lower(): value for key, value in request.headers.items()}
        now = self._house.clock.now()
        call = Callback(request.method, dict(request.query), headers, body, now)
        try:
            said = at.channel.confirm(call, at.outlet)
        except Refused as error:
            logger.warning("callback_refused", outlet=name, reason=error.reason)
            raise web.HTTPForbidden(text=error.en) from None
        if not said:
            return web.Response(text="ok")  # authentic, but nothing that concerns a delivery
        async with self._house.database.write() as tx:
            await channels_store.store_callback(tx, new_id(now), name, now, body, said)
        self._house.notifier.ring("callback")
        return web.Response(text="ok")


def _open(file: Path, size: int) -> BinaryIO:
    """The file, if it is all there. Raises OSError."""
    opened = file.open("rb")
    if os.fstat(opened.fileno()).st_size != size:
        opened.close()
        raise OSError("not the size that was recorded")
    return opened


def _headers(page: Page, tag: str) -> dict[str, str]:
    headers = {
        "Content-Type": page.content_type,
        "ETag": f'"{tag}"',
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        **page.headers,
    }
    if page.changed_at is not None:
        headers["Last-Modified"] = format_datetime(page.changed_at.replace(microsecond=0), usegmt=True)
    return headers


def _unchanged(request: web.Request, tag: str, changed_at: datetime | None) -> bool:
    """Whether the asker's copy is still right (RFC 9110 section 13.2.2: the tag decides before the date)."""
    tags = request.headers.get("If-None-Match")
    if tags is not None:
        known = {one.strip().removeprefix("W/").strip('"') for one in tags.split(",")}
        return tag in known or "*" in known
    since = request.headers.get("If-Modified-Since")
    if since is None or changed_at is None:
        return False
    try:
        return changed_at.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (TypeError, ValueError, OverflowError):
        return False


def _basic_password(header: str) -> str:
    kind, _, coded = header.partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(coded, validate=True).decode().partition(":")[2]
    except ValueError:  # not base64, not ASCII, not UTF-8
        return ""


async def _fields(request: web.Request) -> dict[str, object]:
    if request.content_type == "application/json":
        try:
            given = await request.json()
        except (ValueError, RecursionError, LookupError):
            given = None
        if not isinstance(given, dict):
            raise BadInput("Nội dung gửi lên không phải JSON hợp lệ", "The body is not a JSON object")
        return given
    try:
        return dict(await request.post())
    except (ValueError, LookupError):
        raise BadInput("Nội dung gửi lên không đọc được", "The body cannot be read") from None
