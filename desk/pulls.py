"""What a pull gets, and the account of what really went out: HEAD, ranges and conditions as RFC 9110 has them.

Content-Length always; nothing is compressed, chunked or redirected. A file that has gone out whole, over however many
requests and connections, proves its part of a delivery.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from aiohttp import web

from channels.channel import Confirmation, Page, Proof
from channels.outlet import InService
from channels.pulls import store as pull_store
from config.logs import log
from db.database import DatabaseTrouble
from desk.app import House
from desk.arrival import Arrival
from desk.ranges import Span, wanted_span

PIECE = 64 * 1024
SETTLED_KEPT = 10_000

logger = log("pulls")


@dataclass(frozen=True, slots=True)
class Pull:
    """One request for something that proves a fetch: who asks, by which name the account knows it, its size in bytes."""

    request: web.Request
    at: InService
    file: str
    proofs: Sequence[Proof]
    size: int


class Pulls:
    """Sends pages and recordings, and keeps account."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._settled: set[tuple[str, str, str]] = set()
        self._under_way: set[str] = set()

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
        # a page of the same address is another one tomorrow
        pull = Pull(request, at, f"{request.path}@{tag[:12]}", page.proves, len(page.body))
        if request.method != "GET" or not self._unproved(pull):
            return web.Response(body=page.body, status=page.status, headers=headers)
        response = web.StreamResponse(status=page.status, headers=headers)
        return await self._give(pull, response, io.BytesIO(page.body), Span(0, pull.size))

    async def _send_audio(self, request: web.Request, at: InService, page: Page) -> web.StreamResponse:
        audio = page.audio
        assert audio is not None
        try:
            opened = await asyncio.to_thread(_open, self._house.recordings / audio.name, audio.bytes)
        except OSError:
            logger.error("recording_missing", outlet=at.name, file=audio.name)
            raise web.HTTPNotFound from None
        pull = Pull(request, at, page.file or request.path.rsplit("/", 1)[-1], page.proves, audio.bytes)
        try:
            return await self._stream(pull, page, opened, audio.sha256)
        finally:
            await asyncio.to_thread(opened.close)

    async def _stream(self, pull: Pull, page: Page, file: BinaryIO, sha256: str) -> web.StreamResponse:
        request, tag = pull.request, sha256[:32]
        headers = {**_headers(page, tag), "Accept-Ranges": "bytes"}
        if _unchanged(request, tag, page.changed_at):
            await self._note_look(pull)
            return web.Response(status=304, headers=headers)
        # Ranges are defined for GET alone (RFC 9110 section 14.2).
        asked = request.headers if request.method == "GET" else {}
        span = wanted_span(asked, pull.size, tag, page.changed_at)
        if span is None:
            return web.Response(status=416, headers={**headers, "Content-Range": f"bytes */{pull.size}"})
        response = web.StreamResponse(status=206 if span.partial else 200, headers=headers)
        if span.partial:
            response.headers["Content-Range"] = f"bytes {span.begin}-{span.end - 1}/{pull.size}"
        if request.method == "HEAD":
            response.content_length = pull.size
            await response.prepare(request)
            await self._note_look(pull)
            return response
        return await self._give(pull, response, file, span)

    async def _give(self, pull: Pull, response: web.StreamResponse, file: BinaryIO, span: Span) -> web.StreamResponse:
        """Send a span, and note what of it has arrived; what may arrive is noted before, for a server can be killed."""
        response.content_length = span.end - span.begin
        await response.prepare(pull.request)
        if pull.request.transport is None:
            raise ConnectionResetError("the station has hung up")
        intent, sent = uuid4().hex[:12], [0]
        arrival = Arrival(pull.request.transport)
        self._under_way.add(intent)
        # Who asks for what follows the span does not go on from its end: that is another piece of the file.
        begun = asyncio.ensure_future(self._intend(pull, (span.begin, span.end - 1), intent))
        try:
            await _write(response, file, span, sent)
            await arrival.of(sent[0])
        finally:
            arrived = span.begin + arrival.bytes(sent[0])
            arrival.close()
            doubt = (arrived, min(span.begin + sent[0], span.end - 1))
            await asyncio.shield(self._end(begun, pull, (span.begin, arrived), doubt, intent))
        return response

    async def _note_look(self, pull: Pull) -> None:
        if await self._note(pull, None):
            self._house.notifier.ring("delivery")

    async def _intend(self, pull: Pull, doubt: tuple[int, int], intent: str) -> bool:
        """Note what is about to be sent; whether it could be: a bulletin goes out also while the database is in trouble."""
        try:
            await self._note(pull, (doubt[0], doubt[0]), doubt, intent)
        except DatabaseTrouble as trouble:
            logger.error("pull_not_noted", outlet=pull.at.name, said=trouble.en)
            return False
        return True

    async def _end(
        self, begun: asyncio.Future[bool], pull: Pull, span: tuple[int, int], doubt: tuple[int, int], intent: str
    ) -> None:
        try:
            noted = await self._note(pull, span, doubt, intent, is_end=await begun)
        finally:
            self._under_way.discard(intent)
        if noted:
            self._house.notifier.ring("delivery")

    async def _note(
        self,
        pull: Pull,
        span: tuple[int, int] | None,
        doubt: tuple[int, int] = (0, 0),
        intent: str = "",
        *,
        is_end: bool = False,
    ) -> bool:
        """Note what arrived, or that it was only looked at; deliveries that are complete by it are confirmed.

        What is proved already costs no write, and is not noted.
        """
        house, at = self._house, pull.at
        fresh = self._unproved(pull)
        if not fresh:
            return False
        now = house.clock.now()
        agent = pull.request.headers.get("User-Agent", "")
        told = pull_store.Told(
            *(at.name, pull.file, tuple(fresh), span, pull.size, agent, now),
            doubt=doubt if doubt[0] < doubt[1] else None,
            intent=intent,
            is_end=is_end,
            under_way=frozenset(self._under_way),
        )
        async with house.database.write() as tx:
            done = await pull_store.note_pull(house.database, tx, told)
            for delivery in done:
                said = Confirmation(True, delivery=delivery, detail=f"đã tải đủ {pull.size} byte")
                await house.receiver.confirm(tx, at.name, said, now)
        if span == (0, pull.size) or done:
            self._settle(at.name, pull.file, fresh)
        return True

    def _unproved(self, pull: Pull) -> list[Proof]:
        """What this file proves that is not known to be proved by it."""
        return [proof for proof in pull.proofs if (pull.at.name, pull.file, proof.delivery) not in self._settled]

    def _settle(self, outlet: str, file: str, proofs: Sequence[Proof]) -> None:
        if len(self._settled) >= SETTLED_KEPT:
            self._settled.clear()
        self._settled |= {(outlet, file, proof.delivery) for proof in proofs}


async def _write(response: web.StreamResponse, file: BinaryIO, span: Span, sent: list[int]) -> None:
    """Send a span, a piece at a time, at the pace of whoever reads; `sent` says how many bytes have been given away."""
    await asyncio.to_thread(file.seek, span.begin)
    while (left := span.end - span.begin - sent[0]) > 0:
        piece = await asyncio.to_thread(file.read, min(PIECE, left))
        if not piece:
            raise ConnectionResetError("the recording has become shorter")
        sent[0] += len(piece)
        await response.write(piece)
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
