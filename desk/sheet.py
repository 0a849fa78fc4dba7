"""A station's or a board's sheet of paper: its address with a QR code, how to use it, whom to call; and the keys it comes in with."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta

from aiohttp import web

from channels.outlet import InService
from channels.shelf import store as shelf_store
from channels.station import store as station_store
from channels.station.store import Token
from channels.station.tracks import to_air, tracks_of
from config.words import BadInput, NotFound
from desk.airing import take_log
from desk.answer import Answer, Shown, Visit
from desk.drawing import qr_code
from desk.forms import iso
from desk.passwords import hashed
from desk.shape import shape
from desk.shapes import outlets as shapes

OLD_KEY = timedelta(days=14)
"""An old key works until the new one is used, and no longer than this."""


def _station(visit: Visit) -> InService:
    at = visit.house.outlets[visit.part("name")]
    if at.channel.timetable(at.outlet) is None:
        raise NotFound(f"{at.outlet.title} không phải đài tự lấy bản tin", f"{at.name} is no station")
    return at


def _keyed(visit: Visit) -> InService:
    """An outlet whose page opens with a key: a station or a notice board."""
    at = visit.house.outlets[visit.part("name")]
    if not at.channel.shelf or at.channel.shelf_public:
        raise NotFound(f"{at.outlet.title} không dùng khóa", f"{at.name} has no key")
    return at


async def show(visit: Visit) -> Answer:
    """GET /outlets/{name}/sheet: with the key of the configuration, if there is one there."""
    at = _keyed(visit)
    return await _sheet(visit, at, at.channel.token_of(at.outlet), fresh=False)


@shape(shapes.NewKeyTold, once=True)
async def new_key(visit: Visit) -> Answer:
    """POST /outlets/{name}/key: a new key, shown this once on the sheet to be printed."""
    house, at, now = visit.house, _keyed(visit), visit.house.clock.now()
    key = secrets.token_urlsafe(18)
    async with house.database.write() as tx:
        token = Token(hashed(key), at.name, now, visit.name, None, None)
        await station_store.add_token(tx, token, now + OLD_KEY)
        await house.journal.note(tx, now, visit.name, "new_key", f"outlet/{at.name}")
    house.notifier.ring("outlet")
    return await _sheet(visit, at, key, fresh=True)


async def paper(visit: Visit) -> Answer:
    """GET /outlets/{name}/paper: what the station is to air, in large type, to be printed or read out by telephone."""
    house, at, now = visit.house, _station(visit), visit.house.clock.now()
    timetable = at.channel.timetable(at.outlet)
    assert timetable is not None
    async with house.database.read() as connection:
        shelved = await shelf_store.on_shelf(connection, at.name, now)
    tracks = to_air([track for track in tracks_of(shelved) if track.end(timetable.keep) > now])
    plain = [{"title": one.part.title, "class": one.klass.value, "script": one.part.script} for one in tracks]
    return Shown("station/paper.html", {"at": at, "timetable": timetable, "tracks": tracks}, {"scripts": plain})


@shape(shapes.AiredTold, shapes.AiredLog)
async def take_aired(visit: Visit) -> Answer:
    """POST /outlets/{name}/aired: a station's as-run log (CSV, XML) as a file, kept as evidence."""
    house, at, given = visit.house, _station(visit), visit.form.get("file")
    if not isinstance(given, web.FileField):
        raise BadInput("Chọn tệp nhật ký phát sóng", "Choose the file of the as-run log", field="file")
    taken = await take_log(house, at, await asyncio.to_thread(given.file.read), visit.name)
    lines = [{"at": iso(line.at), "title": line.title, "file": line.file} for line in taken.unmatched]
    plain = {"kept": taken.kept, "known": taken.known, "unmatched": lines, "faults": list(taken.faults)}
    return Shown("station/taken.html", {"at": at, "taken": taken}, plain)


async def _sheet(visit: Visit, at: InService, key: str, *, fresh: bool) -> Shown:
    async with visit.house.database.read() as connection:
        tokens = await station_store.tokens_of(connection, at.name, visit.house.clock.now())
    address = f"{at.outlet.base_url.rstrip('/')}/t/{key}/" if key else ""
    values = {
        "at": at,
        "timetable": at.channel.timetable(at.outlet),
        "address": address,
        "qr": qr_code(address) if address else "",
        "fresh": fresh,
        "tokens": tokens,
        "old_days": OLD_KEY.days,
    }
    kept = [
        {"made_at": iso(one.made_at), "made_by": one.made_by, "used_at": iso(one.used_at), "ends_at": iso(one.ends_at)}
        for one in tokens
    ]
    plain = {"outlet": at.name, "keys": kept} | ({"key": key, "address": address} if fresh else {})
    page = "boards/guide.html" if at.channel.kind == "board" else "station/sheet.html"
    return Shown(page, values, plain)
