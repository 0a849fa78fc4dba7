"""Notice boards at the desk: what hangs where, what is to be posted and taken down, sheets to print, photos."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from channels.board import store
from channels.board.sheet import Deed, Said, Sheet, Way, written
from channels.outlet import InService
from config.words import NotFound, Word
from desk.answer import Answer, Done, Shown, Visit
from desk.app import House
from desk.boards import doing, wall
from desk.boards.pages import KIND, draw_sheet
from desk.forms import iso
from desk.shape import shape
from desk.shapes import boards as shapes
from desk.shapes.reports import PDF

HERE = "/boards"
JPEG = "image/jpeg"


@shape(shapes.BoardsTold)
async def list_all(visit: Visit) -> Answer:
    """GET /boards: every board with its sheets."""
    return await _page(visit)


@shape(None, shapes.SheetAsked, media=(PDF,))
async def show_sheet(visit: Visit) -> Answer:
    """GET /boards/{name}/{id}/sheet: the sheet of a delivery as PDF, on `paper` a4 or a3."""
    at = _board(visit)
    async with visit.house.database.read() as connection:
        sheet = await doing.find_sheet(connection, at.name, visit.part("id"))
    paper = visit.asked("paper")
    return await draw_sheet(visit.house, at, sheet, paper if paper in {"a4", "a3"} else at.outlet.options.paper)


@shape(None, shapes.PhotoAsked, media=(JPEG,))
async def show_photo(visit: Visit) -> Answer:
    """GET /boards/{name}/{id}/photo: the photo of a sheet as it was posted, or with `deed=down` when it was taken down."""
    at = _board(visit)
    deed = Deed.DOWN if visit.asked("deed") == Deed.DOWN.value else Deed.POSTED
    async with visit.house.database.read() as connection:
        jpeg = await store.photo_of(connection, at.name, visit.part("id"), deed)
    return web.Response(body=jpeg, content_type=JPEG)


@shape(shapes.SheetTold, shapes.SheetSaid)
async def posted(visit: Visit) -> Answer:
    """POST /boards/{name}/{id}/posted: the sheet of a delivery hangs; said again it changes nothing."""
    return await _say(visit, Deed.POSTED, Word("Đã ghi: tờ tin đang dán.", "Noted: the sheet is up."))


@shape(shapes.SheetTold, shapes.SheetSaid)
async def taken_down(visit: Visit) -> Answer:
    """POST /boards/{name}/{id}/down: it hangs no longer."""
    return await _say(visit, Deed.DOWN, Word("Đã ghi: tờ tin đã gỡ.", "Noted: the sheet is down."))


async def _say(visit: Visit, deed: Deed, said: Word) -> Answer:
    house, at, id = visit.house, _board(visit), visit.part("id")
    by = doing.name_of(visit.text("by") or visit.name)
    photo = await doing.photo_in(visit.form.get("photo"))
    await doing.do(house, at, doing.Word(id, deed, by, Way.DESK, photo))
    async with house.database.read() as connection:
        sheet = await doing.find_sheet(connection, at.name, id)
    return Done(f"{HERE}#{at.name}", said, plain_sheet(house, sheet))


async def _page(visit: Visit) -> Shown:
    house, now = visit.house, visit.house.clock.now()
    boards = [at for at in visit.outlets if at.channel.kind == KIND]
    async with house.database.read() as connection:
        walls = [(at, await wall.look(connection, at, now)) for at in boards]
    codes = {one.delivery: written(wall.code(house, one.delivery)) for _, seen in walls for one in seen.all}
    plain = [_plain(house, at, seen) for at, seen in walls]
    return Shown("boards/list.html", {"walls": walls, "codes": codes}, {"boards": plain})


def _board(visit: Visit) -> InService:
    at = visit.house.outlets[visit.part("name")]
    if at.channel.kind != KIND:
        raise NotFound(f"{at.outlet.title} không phải bảng tin", f"{at.name} is no notice board")
    return at


def _plain(house: House, at: InService, seen: wall.Wall) -> dict[str, Any]:
    options = at.outlet.options
    return {
        "outlet": at.name,
        "title": at.outlet.title,
        "place": options.place,
        "screen": f"{at.outlet.base_url}/screen/" if options.screen else None,
        "sheets": [plain_sheet(house, one) for one in seen.all],
    }


def plain_sheet(house: House, one: Sheet) -> dict[str, Any]:
    """A sheet as JSON."""
    return {
        "delivery": one.delivery,
        "title": one.shelved.bulletin.title,
        "class": one.shelved.bulletin.klass.value,
        "standing": one.standing(house.clock.now()).value,
        "code": written(wall.code(house, one.delivery)),
        "since": iso(one.shelved.since),
        "until": iso(one.shelved.until),
        "withdrawn_at": iso(one.shelved.withdrawn_at),
        "posted": _plain_said(one.posted),
        "down": _plain_said(one.down),
    }


def _plain_said(said: Said | None) -> dict[str, Any] | None:
    if said is None:
        return None
    return {"at": iso(said.at), "by": said.by, "way": said.way.value, "photo": bool(said.photo)}
