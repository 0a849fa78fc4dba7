"""Stations' programmes on the desk: what stands around the items, the music under them, and how that sounds."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath
from typing import Any

from aiohttp import web

from config.words import BadInput, NotFound, Word
from content.bed import store
from content.bed.store import Bed
from content.upload import SUFFIXES
from desk.answer import Answer, Done, Shown, Trouble, Visit
from desk.forms import file_of, iso
from desk.shape import shape
from desk.shapes import speech as shapes
from desk.shapes.people import Nothing
from scheduler.joining import JoinError

LONGEST_NAME = 120


@shape(shapes.ProgrammeTold)
async def show(visit: Visit) -> Answer:
    """GET /programme: announcements as they would be said now, and the music."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    async with visit.house.database.read() as connection:
        bed = await store.find_bed(connection)
    radio = visit.house.settings.radio
    joining, now = visit.house.joining, _now(visit)
    said = {"opening": joining.opening(now), "closing": joining.closing(now)}
    plain = said | {"chime": radio.chime, "pause": radio.pause, "bed": bed and plain_bed(bed)}
    return Shown("programme.html", said | {"radio": radio, "bed": bed, "suffixes": SUFFIXES}, plain)


def plain_bed(bed: Bed) -> dict[str, Any]:
    """The music as JSON."""
    return {"file": bed.file, "person": bed.person, "at": iso(bed.at)}


def _now(visit: Visit) -> datetime:
    return visit.house.clock.now().astimezone(visit.house.settings.office.zone)


@shape(shapes.BedTold, shapes.Music)
async def take_bed(visit: Visit) -> Answer:
    """POST /programme/bed: the file in `music` lies under every programme joined from now on."""
    house = visit.house
    try:
        given = file_of(visit, "music", "tệp nhạc")
        master = await house.studio.take_bed(given.file)
    except BadInput as fault:
        if visit.json:
            raise
        return (await _page(visit)).with_fault(fault)
    now = house.clock.now()
    bed = Bed(master, PurePath(given.filename).name[:LONGEST_NAME], visit.name, now)
    async with house.database.write() as tx:
        await store.choose_bed(tx, bed)
        await house.journal.note(tx, now, visit.name, "choose_bed", "programme", file=bed.file, master=master)
    return Done(
        "/programme", Word("Đã nhận nhạc nền. Hãy nghe thử.", "Background music taken. Listen to it."), plain_bed(bed)
    )


@shape(Nothing)
async def drop_bed(visit: Visit) -> Answer:
    """POST /programme/bed/remove: programmes go out without music again."""
    house, now = visit.house, visit.house.clock.now()
    async with house.database.write() as tx:
        if not await store.drop_bed(tx):
            raise NotFound("Chương trình chưa có nhạc nền", "There is no music")
        await house.journal.note(tx, now, visit.name, "drop_bed", "programme")
    return Done("/programme", Word("Đã bỏ nhạc nền.", "Background music removed."), {})


@shape(None, media=("audio/mpeg",))
async def sound(visit: Visit) -> Answer:
    """GET /programme/sound: a programme of now without items, as it would be joined."""
    house, radio = visit.house, visit.house.settings.radio
    if not (radio.opening or radio.closing):
        raise NotFound("Chương trình không có lời dẫn nào để nghe thử", "There is no announcement to be heard")
    try:
        joined = await house.joining.sample(_now(visit))
    except JoinError as error:
        raise Trouble(503, error.vi, error.en) from None
    headers = {"Content-Type": "audio/mpeg", "Cache-Control": "private, no-cache"}
    return web.FileResponse(house.recordings / joined.audio.name, headers=headers)
