"""A radio station on this machine: polls its feed, fetches new recordings whole, keeps what it got."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from xml.etree import ElementTree

import aiohttp

from config.clock import Clock, SystemClock

_TRIES = 6
_PIECE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """One recording as the station has it on its disk."""

    guid: str
    title: str
    file: Path
    bytes: int
    sha256: str
    published: datetime
    at: datetime


@dataclass
class StationLedger:
    """Polls by answer, recordings got, resumed transfers, and what was wrong (guid, why)."""

    fresh: int = 0
    unchanged: int = 0
    failed: int = 0
    resumed: int = 0
    kept: list[Kept] = field(default_factory=list)
    wrong: list[tuple[str, str]] = field(default_factory=list)


class Station:
    """`async with Station(feed_url, folder) as station: await station.poll()`; `run(every)` polls until it is cancelled.

    Like LibreTime it knows an episode by its guid and takes none that is older than the newest it has.
    """

    def __init__(self, feed_url: str, folder: Path, *, clock: Clock | None = None) -> None:
        self.feed_url, self.folder = feed_url, folder
        self.ledger = StationLedger()
        self._clock = clock or SystemClock()
        self._etag = ""
        self._known: set[str] = set()
        self._failures: dict[str, int] = {}
        self._newest: datetime | None = None

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.folder.mkdir, parents=True, exist_ok=True)
        self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60), auto_decompress=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def run(self, every: float) -> None:
        """Poll, wait so many seconds, poll again."""
        never = asyncio.Event()
        while True:
            await self.poll()
            await self._clock.wait(never, every)

    async def poll(self) -> list[Kept]:
        """One look at the feed; the recordings that are new and were fetched whole."""
        headers = {"If-None-Match": self._etag} if self._etag else {}
        try:
            async with self._client.get(self.feed_url, headers=headers, allow_redirects=False) as response:
                if response.status == 304:
                    self.ledger.unchanged += 1
                    return []
                body = await response.read() if response.status == 200 else b""
                etag = response.headers.get("ETag", "")
        except (aiohttp.ClientError, TimeoutError):
            body, etag = b"", ""
        if not body:
            self.ledger.failed += 1
            return []
        self.ledger.fresh += 1
        got, complete = await self._take(body)
        # A feed of which something is still missing must be looked at again.
        self._etag = etag if complete else ""
        return got

    async def _take(self, body: bytes) -> tuple[list[Kept], bool]:
        got: list[Kept] = []
        try:
            items = list(ElementTree.fromstring(body).iter("item"))
        except ElementTree.ParseError:
            self.ledger.wrong.append(("", "feed is not XML"))
            return [], False
        for item in sorted(items, key=_published):
            guid = item.findtext("guid") or ""
            if guid in self._known:
                continue
            published = _published(item)
            if self._newest is not None and published <= self._newest:
                self._known.add(guid)
                self.ledger.wrong.append((guid, "older than the newest"))
                continue
            kept = await self._fetch(guid, item, published)
            if kept is None:
                if guid in self._known:
                    continue
                # What comes later waits too, or this one would be too old for ever.
                return got, False
            self._known.add(guid)
            self._newest = published
            self.ledger.kept.append(kept)
            got.append(kept)
        return got, True

    async def _fetch(self, guid: str, item: ElementTree.Element, published: datetime) -> Kept | None:
        """The enclosure, resumed by Range after a cut, and compared with the length the feed names."""
        enclosure = item.find("enclosure")
        url = enclosure.get("url", "") if enclosure is not None else ""
        length = int(enclosure.get("length", "0")) if enclosure is not None else 0
        name = PurePosixPath(urlsplit(url).path).name
        if enclosure is None or enclosure.get("type") != "audio/mpeg" or not name.endswith(".mp3"):
            self._give_up(guid, "no usable enclosure", polls=1)
            return None
        audio, etag = bytearray(), ""
        for attempt in range(_TRIES):
            if attempt and audio:
                self.ledger.resumed += 1
            try:
                etag, whole = await self._pull(url, audio, etag)
            except LookupError:
                self._give_up(guid, "gone", polls=1)
                return None
            if whole or (length and len(audio) >= length):
                break
        if not audio or len(audio) != length:
            self._give_up(guid, f"{len(audio)} bytes instead of {length}", polls=3)
            return None
        file = self.folder / name
        await asyncio.to_thread(file.write_bytes, bytes(audio))
        title = item.findtext("title") or ""
        digest = hashlib.sha256(audio).hexdigest()
        return Kept(guid, title, file, len(audio), digest, published, self._clock.now())

    def _give_up(self, guid: str, why: str, polls: int) -> None:
        """Note what is wrong; after so many polls it is not asked for again and holds up nothing else."""
        self.ledger.wrong.append((guid, why))
        self._failures[guid] = self._failures.get(guid, 0) + 1
        if self._failures[guid] >= polls:
            self._known.add(guid)

    async def _pull(self, url: str, audio: bytearray, etag: str) -> tuple[str, bool]:
        """Add what comes to `audio`; the file's ETag and whether the transfer ended in order. LookupError when it is gone."""
        headers = {"Range": f"bytes={len(audio)}-"} if audio else {}
        if audio and etag:
            headers["If-Range"] = etag
        try:
            async with self._client.get(url, headers=headers, allow_redirects=False) as response:
                if response.status == 200:
                    # The whole file from its beginning: it is another one now, or no ranges are served.
                    audio.clear()
                elif response.status in {404, 410}:
                    raise LookupError
                elif response.status != 206:
                    return etag, False
                etag = response.headers.get("ETag", "")
                async for piece in response.content.iter_chunked(_PIECE):
                    audio += piece
            return etag, True
        except (aiohttp.ClientError, TimeoutError):
            return etag, False


def _published(item: ElementTree.Element) -> datetime:
    return parsedate_to_datetime(item.findtext("pubDate") or "Thu, 01 Jan 1970 00:00:00 GMT")
