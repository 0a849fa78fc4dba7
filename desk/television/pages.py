"""The script of a clip, at its address on a station's shelf; the rest of the shelf its kind draws."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aiohttp import web

from channels.channel import Page
from channels.outlet import InService
from channels.station.clips import files_of
from channels.station.tracks import Track, tracks_of
from config.lazy import lazily
from content.film import SRT
from content.film.cues import read_srt
from desk.app import House
from desk.partners import Partners

if TYPE_CHECKING:
    from desk.television import script
else:
    script = lazily("desk.television.script")  # a library of many megabytes, for what is asked for seldom

MOUNT = "tv"
FOLDER = "kich-ban"


def routes(house: House, partners: Partners) -> list[web.RouteDef]:
    """Scripts, by a token in the path or any other way; they go before the shelves they stand on."""
    scripts = Scripts(house, partners)
    return [web.get(f"/{MOUNT}/{{outlet}}/{way}{FOLDER}/{{name}}", scripts.send) for way in ("", "t/{token}/")]


class Scripts:
    """Draws them."""

    def __init__(self, house: House, partners: Partners) -> None:
        self._house = house
        self._partners = partners

    async def send(self, request: web.Request) -> web.StreamResponse:
        """GET .../kich-ban/{stem}.pdf."""
        self._partners.calm(request)
        at, _ = self._partners.outlet_at(MOUNT, f"{request.match_info['outlet']}/{FOLDER}")
        token, now = request.match_info.get("token"), self._house.clock.now()
        async with self._house.database.read() as connection:
            key = await self._partners.let_in(connection, at, request, f"t/{token}/" if token else "")
            seen = await self._partners.shelves.look(connection, at)
        await self._partners.note_token(key)
        tracks = tracks_of(seen.stock.current(now, at.channel.shelf_grace))
        wanted = f"{FOLDER}/{request.match_info['name']}"
        track = next((one for one in tracks if any(file.path == wanted for file in files_of(one))), None)
        if track is None:
            raise web.HTTPNotFound
        drawn = await asyncio.to_thread(self._draw, track, at)
        return await self._partners.pulls.send(request, at, Page("application/pdf", drawn, changed_at=track.at))

    def _draw(self, track: Track, at: InService) -> bytes:
        subtitles = track.audio.sounding(SRT)
        assert subtitles is not None
        written = (self._house.recordings / subtitles.name).read_text(encoding="utf-8")
        return script.draw(track, read_srt(written), ZoneInfo(at.outlet.options.timezone))
