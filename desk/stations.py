"""A station's own page on a phone: what is on now, today's slots, the script to read aloud, one tap when it was aired."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from channels.channel import Channel, Programme, Timetable
from channels.outlet import InService
from channels.pulls import store as pull_store
from channels.shelf.fetched import Pulled
from channels.slots import Airtime
from channels.station import store as station_store
from channels.station.clips import File, files_of
from channels.station.store import Airing
from channels.station.tracks import MAIN, Track, dated_stem, tracks_of
from content.bulletin import BulletinClass
from desk.app import House
from desk.drawing import Drawing, language_of
from desk.partners import Partners

LISTS = {"radio": ["feed.xml", "playlist.m3u", "khan-cap.m3u"], "tv": ["danh-sach.json"]}
"""What a station's software reads, by where its shelf is mounted."""


@dataclass(frozen=True, slots=True)
class Told:
    """One track as the page shows it: what the station said and did with it."""

    track: Track
    airings: tuple[Airing, ...]
    pulls: tuple[Pulled, ...]
    replaces: bool

    @property
    def files(self) -> list[File]:
        """What a television desk takes of it; none while its clip is being made."""
        return files_of(self.track)

    @property
    def script(self) -> list[str]:
        """What to read aloud, in paragraphs."""
        return [line for line in self.track.part.script.splitlines() if line.strip()]


@dataclass(frozen=True, slots=True)
class Place:
    """One slot of today: its programme, if there is one, and what is in it."""

    airtime: Airtime
    programme: Programme | None
    file: str
    told: tuple[Told, ...]
    state: str

    @property
    def key(self) -> str:
        """How a tap names the programme."""
        return f"{self.airtime.slot.name}@{self.airtime.starts_at:%Y-%m-%dT%H:%M}"

    @property
    def aired(self) -> Airing | None:
        """The last word that all of it was aired."""
        last = [one.airings[-1] for one in self.told if one.airings]
        return max(last, key=lambda one: one.at) if last and len(last) == len(self.told) else None


def routes(house: House, partners: Partners, drawing: Drawing) -> list[web.RouteDef]:
    """The page at the root of each station's shelf, by a token in the path or any other way."""
    stations = Stations(house, partners, drawing)
    kinds = house.fitter.fittings.channels.values()
    mounts = sorted({kind.shelf for kind in kinds if kind.shelf and type(kind).timetable is not Channel.timetable})
    ways = ("/{outlet}/", "/{outlet}/t/{token}/")
    return [web.get(f"/{mount}{way}", stations.page) for mount in mounts for way in ways]


class Stations:
    """Draws stations' pages."""

    def __init__(self, house: House, partners: Partners, drawing: Drawing) -> None:
        self._house = house
        self._partners = partners
        self._drawing = drawing

    async def page(self, request: web.Request) -> web.StreamResponse:
        """What a station's officer sees. No script is needed, and nothing is kept in the browser."""
        self._partners.calm(request)
        mount, name = request.path.strip("/").split("/", 1)[0], request.match_info["outlet"]
        at, _ = self._partners.outlet_at(mount, f"{name}/")
        timetable = at.channel.timetable(at.outlet)
        if timetable is None:
            raise web.HTTPNotFound
        token, now = request.match_info.get("token"), self._house.clock.now()
        async with self._house.database.read() as connection:
            key = await self._partners.let_in(connection, at, request, f"t/{token}/" if token else "")
            seen = await self._partners.shelves.look(connection, at)
            current = seen.stock.current(now, timedelta())
            ids = [one.delivery for one in current]
            airings = await station_store.airings_of(connection, ids)
            pulls = await pull_store.pulls_of(connection, ids)
        await self._partners.note_token(key)
        tracks = [one for one in tracks_of(current) if one.end(timetable.keep) > now]
        gone = {part.item for one in seen.stock.withdrawn for part in one.bulletin.parts}
        told = [_told(track, airings, pulls, replaces=track.part.item in gone) for track in tracks]
        values = self._values(at, timetable, told, seen.programmes, now)
        ask = f"?token={request.query['token']}" if request.query.get("token") else ""
        values |= {"ask": ask, "tap": secrets.token_hex(8)}
        language = language_of(request, self._house.settings.office.locale)
        html = self._drawing.page("station/page.html", request, values, language)
        return web.Response(text=html, content_type="text/html", headers={"Cache-Control": "no-store"})

    def _values(
        self,
        at: InService,
        timetable: Timetable,
        told: Sequence[Told],
        programmes: Sequence[Programme],
        now: datetime,
    ) -> dict[str, Any]:
        urgent = [one for one in told if one.track.klass is BulletinClass.URGENT]
        others = [one for one in told if one.track.klass is not BulletinClass.URGENT]
        places = _places(timetable, told, programmes, now)
        return {
            "at": at,
            "urgent": urgent,
            "others": sorted(others, key=lambda one: (one.track.klass.rank, one.track.at)),
            "places": places,
            "timetable": timetable,
            "lists": LISTS[at.channel.shelf],
            "filmed": at.channel.kind == "television",
        }


def _told(
    track: Track, airings: Mapping[str, list[Airing]], pulls: Mapping[str, list[Pulled]], *, replaces: bool
) -> Told:
    delivery, number = track.shelved.delivery, track.number
    mine = tuple(one for one in airings.get(delivery, []) if one.part in {-1, number})
    return Told(track, mine, tuple(one for one in pulls.get(delivery, []) if one.proof.part == number), replaces)


def _places(timetable: Timetable, told: Sequence[Told], programmes: Sequence[Programme], now: datetime) -> list[Place]:
    """Today's slots on the station's wall clock, and tomorrow's first when today's are over."""
    local = now.astimezone(timetable.zone)
    morning = local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(now.tzinfo)
    today = timetable.airtimes(morning, morning + timedelta(days=1))
    if not any(one.ends_at > now for one in today):
        today += timetable.airtimes(morning + timedelta(days=1), morning + timedelta(days=2))[:1]
    known = {(one.slot, one.starts_at): one for one in programmes}
    return [_place(timetable, one, known.get((one.slot.name, one.starts_at)), told, now) for one in today]


def _place(
    timetable: Timetable, airtime: Airtime, programme: Programme | None, told: Sequence[Told], now: datetime
) -> Place:
    held = dict(programme.holds) if programme is not None else {}
    order = list(held)
    inside = sorted(
        (one for one in told if one.track.shelved.delivery in held),
        key=lambda one: (order.index(one.track.shelved.delivery), one.track.number),
    )
    is_open = programme is not None and programme.is_open(now, timetable.ready)
    file = dated_stem(programme, timetable.zone) + MAIN.ending if programme is not None and is_open else ""
    state = "over" if airtime.ends_at <= now else "on" if airtime.starts_at <= now else "ready" if file else "coming"
    return Place(airtime, programme, file, tuple(inside), state)
