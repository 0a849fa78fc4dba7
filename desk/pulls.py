"""What a pull gets, and the account of what really went out: HEAD, ranges and conditions as RFC 9110 has them.

Content-Length always; nothing is compressed, chunked or redirected. A file that has gone out whole, over however many
requests and connections, proves its part of a delivery.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO

from aiohttp import web

from channels.channel import Confirmation, Page, Proof
from channels.outlet import InService
from channels.shelf import store
from config.logs import log
from desk.app import House
from desk.ranges import Span, wanted_span

PIECE = 64 * 1024
SETTLED_KEPT = 10_000

logger = log("pulls")


class Pulls:
    """Sends pages and recordings, and keeps account."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._settled: set[tuple[str, str, str]] = set()

    async def send(self, request: web.Request, at: InService, page: Page) -> web.StreamResponse:
        """The answer to a pull, sent."""
        if page.audio is not None:
            return await self._send_audio(request, at, page)
        return await self._send_body(request, at, page)

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
            file = f"{request.path}@{tag[:12]}"  # a page of the same address is another one tomorrow
            await self._note(at, file, page.proves, request, (0, len(page.body)), len(page.body))
        return response

    async def _send_audio(self, request: web.Request, at: InService, page: Page) -> web.StreamResponse:
        audio = page.audio
        assert audio is not None
        try:
            opened = await asyncio.to_thread(_open, self._house.recordings / audio.name, audio.bytes)
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
        tag, name = sha256[:32], page.file or request.path.rsplit("/", 1)[-1]
        headers = {**_headers(page, tag), "Accept-Ranges": "bytes"}
        if _unchanged(request, tag, page.changed_at):
            await self._note(at, name, page.proves, request, None, size)
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
            await self._note(at, name, page.proves, request, None, size)
            return response
        sent = [span.begin]
        try:
            await _write(response, file, span, sent)
        finally:
            await asyncio.shield(self._note(at, name, page.proves, request, (span.begin, sent[0]), size))
        return response

    async def _note(
        self,
        at: InService,
        file: str,
        proofs: Sequence[Proof],
        request: web.Request,
        span: tuple[int, int] | None,
        size: int,
    ) -> None:
        """Note what went out, or that it was only looked at; deliveries that are complete by it are confirmed.

        What is proved already costs no write.
        """
        house = self._house
        fresh = [proof for proof in proofs if (at.name, file, proof.delivery) not in self._settled]
        if not fresh:
            return
        now = house.clock.now()
        agent = request.headers.get("User-Agent", "")
        whole = span == (0, size)
        async with house.database.write() as tx:
            told = store.Told(at.name, file, tuple(fresh), span, size, agent, now)
            done = await store.note_pull(house.database, tx, told)
            for delivery in done:
                said = Confirmation(True, delivery=delivery, detail=f"đã tải đủ {size} byte")
                await house.receiver.confirm(tx, at.name, said, now)
        if whole or done:
            self._settle(at.name, file, fresh)
        house.notifier.ring("delivery")

    def _settle(self, outlet: str, file: str, proofs: Sequence[Proof]) -> None:
        if len(self._settled) >= SETTLED_KEPT:
            self._settled.clear()
        self._settled |= {(outlet, file, proof.delivery) for proof in proofs}


async def _write(response: web.StreamResponse, file: BinaryIO, span: Span, sent: list[int]) -> None:
    """Send a span, a piece at a time, at the pace of whoever reads; `sent` says how far it went."""
    await asyncio.to_thread(file.seek, span.begin)
    while sent[0] < span.end:
        piece = await asyncio.to_thread(file.read, min(PIECE, span.end - sent[0]))
        if not piece:
            raise ConnectionResetError("the recording has become shorter")
        await response.write(piece)
        sent[0] += len(piece)
    await response.write_eof()


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
