"""Questions and remarks on the portal: the form, which works without a script, and what was answered; floods are kept out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from multidict import MultiDictProxy
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audience import normal_address
from channels.feedback import store
from channels.feedback.feedback import LONGEST, LONGEST_NAME
from channels.outlet import InService
from channels.site.drawing import draw, place_of
from channels.site.news import News, site_of, themes_of
from config.words import BadInput
from content import store as content_store
from content.item import Item
from content.procedures import store as procedure_store
from desk.app import House
from desk.keys import derive
from desk.partners import Partners
from desk.throttle import Throttle

PATH = "hoi-dap"
FIELDS = ("noi-dung", "ten", "so-dien-thoai", "tin", "thu-tuc")
HTML = "text/html"
MOST_BYTES = 16 * 1024
FREE, FREE_ALL = 5, 300
"""So many a day are taken from one address, and from all, before each further one has to wait longer."""
SHOWN = 30


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form held."""

    text: str = ""
    name: str = ""
    phone: str = ""
    about: str = ""
    procedure: str = ""


def routes(house: House, partners: Partners) -> list[web.RouteDef]:
    """The form of every portal; they go before the shelves that it stands on."""
    questions = Questions(house, partners)
    mounts = {channel.shelf for channel in house.fitter.fittings.channels.values() if channel.shelf_public}
    found: list[web.RouteDef] = []
    for mount in sorted(mounts):
        for path in (f"/{mount}/{PATH}", f"/{mount}/{{outlet}}/{PATH}"):
            found += [web.get(path, questions.show), web.post(path, questions.take)]
    return found


class Questions:
    """Answers requests for the form and what is sent by it."""

    def __init__(self, house: House, partners: Partners) -> None:
        self._house = house
        self._partners = partners
        self._throttle = Throttle(house.clock, derive(house.key, "mark"))

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET .../hoi-dap: the form, and items that answered somebody; `tin` names the item it is about, `thu-tuc` the procedure."""
        self._partners.calm(request)
        about, procedure = (request.query.get(name, "")[:120] for name in ("tin", "thu-tuc"))
        typed, thanked = Typed(about=about, procedure=procedure), request.query.get("da-gui") == "1"
        return await self._page(self._portal(request), typed, thanked=thanked)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """POST .../hoi-dap."""
        self._partners.calm(request)
        at = self._portal(request)
        form = await form_of(request)
        typed = Typed(*(text_of(form, name) for name in FIELDS))
        if text_of(form, "website"):  # nobody sees this field; what fills it in is no person
            return _thanked(request)
        keys = {f"question:{request.remote}": FREE, "questions": FREE_ALL}
        if wait := self._throttle.wait(keys):
            fault = BadInput(f"Gửi nhiều quá; hãy đợi {int(wait) + 1} giây rồi gửi lại", "Too many; wait a little")
            return await self._page(at, typed, fault, status=429, retry=int(wait) + 1)
        try:
            phone = normal_address("phone", typed.phone) if typed.phone else ""
            about = await self._about(at, typed.about)
            async with self._house.database.write() as tx:
                known = await procedure_store.by_code(tx, [typed.procedure])
                told = (typed.text, typed.name, phone, about, typed.procedure if known else "")
                await self._house.postbox.ask(tx, at, *told)
        except BadInput as fault:
            fault.field = {"phone": "so-dien-thoai"}.get(fault.field or "", fault.field)
            return await self._page(at, typed, fault, status=422)
        self._throttle.count(keys)
        self._house.notifier.ring("item")
        return _thanked(request)

    def _portal(self, request: web.Request) -> InService:
        mount, _, tail = request.path.strip("/").partition("/")
        at, path = self._partners.outlet_at(mount, tail)
        if not at.channel.shelf_public or path != PATH:
            raise web.HTTPNotFound
        return at

    async def _about(self, at: InService, slug: str) -> Item | None:
        """The item on the portal that it was written at, if it is there."""
        async with self._house.database.read() as connection:
            current = await self._current(connection, at) if slug else []
            found = next((each.part.item for each in current if each.slug == slug), None)
            return await content_store.find_item(connection, found) if found else None

    async def _current(self, connection: AsyncConnection, at: InService) -> list[News]:
        now = self._house.clock.now()
        seen = await self._partners.shelves.look(connection, at)
        return site_of(seen.stock.current(now, at.channel.shelf_grace)).current(now)

    async def _page(
        self,
        at: InService,
        typed: Typed,
        fault: BadInput | None = None,
        *,
        status: int = 200,
        retry: int = 0,
        thanked: bool = False,
    ) -> web.Response:
        async with self._house.database.read() as connection:
            current, answers = await self._current(connection, at), await store.answers(connection)
            procedures = await procedure_store.by_code(connection, [typed.procedure])
        told: dict[str, Any] = {
            "typed": typed,
            "fault": fault,
            "thanked": thanked,
            "answered": [each for each in current if each.part.item in answers][:SHOWN],
            "about": next((each for each in current if each.slug == typed.about), None),
            "procedure": procedures.get(typed.procedure),
            "themes": themes_of(current),
        }
        limits = {"longest": LONGEST, "longest_name": LONGEST_NAME, "path": PATH}
        body = await asyncio.to_thread(lambda: draw("questions.html", place_of(at.outlet), **told, **limits))
        headers = {"Cache-Control": "no-store"} | ({"Retry-After": str(retry)} if retry else {})
        return web.Response(body=body, status=status, content_type=HTML, charset="utf-8", headers=headers)


async def form_of(request: web.Request) -> MultiDictProxy[Any]:
    """What was filled in. Raises 413, 415."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    if (request.content_length or 0) > MOST_BYTES:
        raise web.HTTPRequestEntityTooLarge(MOST_BYTES, request.content_length or 0)
    return await request.clone(client_max_size=MOST_BYTES).post()


def text_of(form: MultiDictProxy[Any], name: str) -> str:
    """One written field; empty where there is none, or a file."""
    value = form.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _thanked(request: web.Request) -> web.Response:
    """Back to the page, which says thank you: sending the form again by reloading sends nothing."""
    return web.Response(status=303, headers={"Location": f"{request.path}?da-gui=1", "Cache-Control": "no-store"})
