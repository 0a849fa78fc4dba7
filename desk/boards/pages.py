"""What is seen of a board without an account: the page of whoever posts, the door by a sheet's code, the screen at the counter."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from channels.board.screen import shown
from channels.board.sheet import Deed, Sheet, Way, read_code, written
from channels.channel import Page, Pull, Shelved
from channels.outlet import InService
from channels.shelf import store as shelf_store
from config.lazy import lazily
from config.words import BadInput, NotFound, Said
from content.bulletin import Audio
from desk.app import House
from desk.boards import doing, wall
from desk.drawing import Drawing, language_of
from desk.partners import Partners

if TYPE_CHECKING:
    from desk.boards import poster
else:
    poster = lazily("desk.boards.poster")  # a library of many megabytes, for what is asked for seldom

KIND = MOUNT = "board"
PDF = "application/pdf"


def routes(house: House, partners: Partners, drawing: Drawing, static: Mapping[str, bytes]) -> list[web.RouteDef]:
    """Every address of every board; `nghe`, `ma` and `screen` are for anybody, the rest asks for the board's key."""
    boards = Boards(house, partners, drawing, static)
    root = f"/{MOUNT}/{{outlet}}/"
    keyed = [
        route
        for way in (root, f"{root}t/{{token}}/")
        for route in (
            web.get(way, boards.page),
            web.post(f"{way}said", boards.take_tap),
            web.get(f"{way}in/{{delivery}}-{{paper:a3|a4}}.pdf", boards.sheet),
        )
    ]
    return [
        *keyed,
        web.get(f"{root}nghe/{{delivery}}.mp3", boards.recording),
        web.get(f"{root}ma", boards.code),
        web.post(f"{root}ma", boards.take_code),
        web.get(f"{root}screen/", boards.screen),
        web.get(f"{root}screen/now.json", boards.screen_now),
        web.get(f"{root}screen/worker.js", boards.screen_worker),
    ]


class Boards:
    """Answers those who stand before a board."""

    def __init__(self, house: House, partners: Partners, drawing: Drawing, static: Mapping[str, bytes]) -> None:
        self._house = house
        self._partners = partners
        self._drawing = drawing
        self._worker = static["screen-worker.js"]

    # --- with the board's key ---

    async def page(self, request: web.Request) -> web.StreamResponse:
        """What is to be posted, what is to come down, what hangs."""
        at, now = self._board(request), self._house.clock.now()
        await self._let_in(at, request)
        async with self._house.database.read() as connection:
            seen = await wall.look(connection, at, now)
        ask = f"?token={request.query['token']}" if request.query.get("token") else ""
        codes = {one.delivery: written(wall.code(self._house, one.delivery)) for one in seen.all}
        return self._drawn("boards/board.html", request, at, {"wall": seen, "ask": ask, "codes": codes, "now": now})

    async def take_tap(self, request: web.Request) -> web.StreamResponse:
        """One tap: `delivery`, `deed` (posted, down), `by`, and a `photo` if wanted."""
        at = self._board(request)
        _refuse_other_sites(request)
        await self._let_in(at, request)
        given = await _form(request)
        word = doing.Word(
            str(given.get("delivery", "")),
            _deed(given.get("deed")),
            doing.name_of(given.get("by")),
            Way.TAP,
            await doing.photo_in(given.get("photo")),
        )
        await doing.do(self._house, at, word)
        raise web.HTTPSeeOther(f"./?{request.query_string}" if request.query_string else "./")

    async def sheet(self, request: web.Request) -> web.StreamResponse:
        """The sheet to be printed."""
        at, name = self._board(request), request.match_info["delivery"]
        await self._let_in(at, request)
        async with self._house.database.read() as connection:
            sheet = await doing.find_sheet(connection, at.name, name)
        return await draw_sheet(self._house, at, sheet, request.match_info["paper"])

    # --- for anybody ---

    async def recording(self, request: web.Request) -> web.StreamResponse:
        """What a sheet says, read aloud: while it is in force."""
        at, now = self._board(request), self._house.clock.now()
        async with self._house.database.read() as connection:
            found = await shelf_store.find_shelved(connection, at.name, request.match_info["delivery"])
        audio = _audio(found)
        if found is None or audio is None:
            raise web.HTTPNotFound
        if Sheet(found).ended_at(now) is not None:
            raise web.HTTPGone
        return await self._partners.pulls.send(request, at, Page("audio/mpeg", audio=audio, changed_at=found.since))

    async def code(self, request: web.Request) -> web.StreamResponse:
        """A field for the code on a sheet; what it was typed or scanned for, and the button."""
        at, given = self._board(request), request.query.get("ma", "")
        if not given:
            return self._code_page(request, at)
        try:
            sheet = await self._by_code(at, given)
        except NotFound as fault:
            return self._code_page(request, at, fault=fault, given=given)
        return self._code_page(request, at, sheet, given=given)

    async def take_code(self, request: web.Request) -> web.StreamResponse:
        """Posted or taken down by the code on the sheet: `ma`, `deed`, `by`, and a `photo` if wanted."""
        at = self._board(request)
        _refuse_other_sites(request)
        given, sheet = await _form(request), None
        try:
            sheet = await self._by_code(at, str(given.get("ma", "")))
            word = doing.Word(
                sheet.delivery,
                _deed(given.get("deed")),
                doing.name_of(given.get("by")),
                Way.CODE,
                await doing.photo_in(given.get("photo")),
            )
            await doing.do(self._house, at, word)
        except Said as fault:
            code, by = str(given.get("ma", "")), str(given.get("by", ""))
            return self._code_page(request, at, sheet, fault=fault, given=code, by=by)
        raise web.HTTPSeeOther(f"ma?ma={wall.code(self._house, sheet.delivery)}")

    async def screen(self, request: web.Request) -> web.StreamResponse:
        """The page that fills a screen; without a script it is a list."""
        at = self._screened(request)
        async with self._house.database.read() as connection:
            sheets = shown(await self._standing(connection, at), self._house.clock.now())
        return self._drawn(
            "boards/screen.html",
            request,
            at,
            {"sheets": sheets, "zone": self._house.settings.office.timezone},
            kept="no-cache",
        )

    async def screen_now(self, request: web.Request) -> web.StreamResponse:
        """What the screen shows, asked for every few seconds: a row of the database, and 304 while nothing has changed."""
        at = self._screened(request)
        async with self._house.database.read() as connection:
            shelf = await self._standing(connection, at)
        page = at.channel.feed(Pull("screen.json", {}, self._house.clock.now()), shelf, at.outlet)
        assert page is not None
        return await self._partners.pulls.send(request, at, page)

    async def screen_worker(self, request: web.Request) -> web.StreamResponse:
        """The script that keeps the screen going when the line is down; by its address it has power over this screen alone."""
        self._screened(request)
        headers = {"Cache-Control": "no-cache"}
        return web.Response(body=self._worker, content_type="text/javascript", charset="utf-8", headers=headers)

    # --- what they have in common ---

    def _board(self, request: web.Request) -> InService:
        self._partners.calm(request)
        at, _ = self._partners.outlet_at(MOUNT, f"{request.match_info['outlet']}/")
        if at.channel.kind != KIND:
            raise web.HTTPNotFound
        return at

    def _screened(self, request: web.Request) -> InService:
        at = self._board(request)
        if not at.outlet.options.screen:
            raise NotFound(
                f"{at.outlet.title} không có màn hình; người quản trị bật ở cách đặt điểm phát",
                f"{at.name} has no screen; an administrator switches it on in the outlet's setting",
            )
        return at

    async def _let_in(self, at: InService, request: web.Request) -> None:
        token = request.match_info.get("token")
        async with self._house.database.read() as connection:
            key = await self._partners.let_in(connection, at, request, f"t/{token}/" if token else "")
        await self._partners.note_token(key)

    async def _standing(self, connection: Any, at: InService) -> Sequence[Shelved]:
        seen = await self._partners.shelves.look(connection, at)
        return seen.stock.current(self._house.clock.now(), timedelta())

    async def _by_code(self, at: InService, given: str) -> Sheet:
        typed = read_code(given)
        async with self._house.database.read() as connection:
            for sheet in await wall.sheets(connection, at):
                if wall.code(self._house, sheet.delivery) == typed:
                    return sheet
        raise NotFound("Không có tờ tin nào mang mã này; xem lại tám chữ ở chân tờ", "No sheet has this code")

    def _code_page(
        self,
        request: web.Request,
        at: InService,
        sheet: Sheet | None = None,
        *,
        fault: Said | None = None,
        given: str = "",
        by: str = "",
    ) -> web.Response:
        now = self._house.clock.now()
        deed = sheet.next_deed(now) if sheet else None
        values: dict[str, Any] = {
            "sheet": sheet,
            "deed": deed,
            "fault": fault,
            "given": given,
            "now": now,
            "by": by,
        }
        status = 404 if isinstance(fault, NotFound) else 400 if fault else 200
        return self._drawn("boards/code.html", request, at, values, status=status)

    def _drawn(
        self,
        template: str,
        request: web.Request,
        at: InService,
        values: Mapping[str, Any],
        *,
        status: int = 200,
        kept: str = "no-store",
    ) -> web.Response:
        language = language_of(request, self._house.settings.office.locale)
        html = self._drawing.page(template, request, {"at": at, **values}, language)
        return web.Response(text=html, status=status, content_type="text/html", headers={"Cache-Control": kept})


async def draw_sheet(house: House, at: InService, sheet: Sheet, paper: str) -> web.Response:
    """A sheet as PDF, drawn beside the loop."""
    async with house.database.read() as connection:
        links = await wall.links(house, connection, at, sheet)
    drawn = await asyncio.to_thread(poster.draw, sheet, links, house.settings.office.zone, paper)
    name = f"{sheet.parts[0].slug}-{paper}.pdf"
    headers = {"Content-Type": PDF, "Content-Disposition": f'inline; filename="{name}"', "Cache-Control": "no-store"}
    return web.Response(body=drawn, headers=headers)


def _audio(found: Shelved | None) -> Audio | None:
    return found.bulletin.parts[0].audio if found else None


def _deed(given: object) -> Deed:
    try:
        return Deed(str(given))
    except ValueError:
        raise BadInput("Chọn đã dán hay đã gỡ", "`deed` is posted or down", field="deed") from None


def _refuse_other_sites(request: web.Request) -> None:
    """A browser that knows the key is not to be made to say it by another page."""
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise web.HTTPForbidden


async def _form(request: web.Request) -> Mapping[str, Any]:
    try:
        return await request.post()
    except (ValueError, LookupError):
        raise BadInput("Nội dung gửi lên không đọc được", "The form cannot be read") from None
