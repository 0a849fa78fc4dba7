"""Procedures on the public portal: searched, and one with its history; only what holds today, nothing of who changed it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.site.drawing import Place, draw, place_of
from content.procedures import store
from content.procedures.procedure import CODE, TITLES, Procedure, as_of, written
from content.procedures.store import Change
from desk.app import House
from desk.partners import Partners

ON_A_PAGE = 30
NAME = "thu-tuc"


def routes(house: House, partners: Partners) -> list[web.RouteDef]:
    """`thu-tuc` and `thu-tuc/{code}` on every portal."""
    shelves = {one.shelf for one in house.fitter.fittings.channels.values() if one.shelf and one.shelf_public}
    public = Public(house, partners)
    tail = f"{{tail:(?:[^/]+/)?{NAME}(?:/[^/]+)?}}"
    return [web.get(f"/{mount}/{tail}", public.page) for mount in sorted(shelves)]


class Public:
    """Answers readers of the portal."""

    def __init__(self, house: House, partners: Partners) -> None:
        self._house = house
        self._partners = partners

    async def page(self, request: web.Request) -> web.StreamResponse:
        """The list, or one. Raises 404."""
        self._partners.calm(request)
        mount, tail = request.path.strip("/").split("/", 1)[0], request.match_info["tail"]
        at, path = self._partners.outlet_at(mount, tail)
        place, code = place_of(at.outlet), path.removeprefix(NAME).strip("/")
        today = self._house.clock.now().astimezone(place.zone).date()
        async with self._house.database.read() as connection:
            await self._partners.let_in(connection, at, request)
            if code:
                status, body = await _one(connection, place, code, today)
            else:
                status, body = 200, await _list(connection, place, request, today)
        headers = {"Cache-Control": "no-cache"}
        return web.Response(body=body, status=status, content_type="text/html", charset="utf-8", headers=headers)


async def _list(connection: AsyncConnection, place: Place, request: web.Request, today: date) -> bytes:
    words, after = request.query.get("tim", "")[:100].replace("\0", ""), request.query.get("sau", "")
    after = after if CODE.fullmatch(after) else ""
    rows = await store.search(connection, words, after=after, limit=ON_A_PAGE + 1)
    shown = rows[:ON_A_PAGE]
    changes = await store.histories(connection, [one.code for one in shown])
    standing = [_standing(today, one, changes.get(one.code, ()))[0] for one in shown]
    found = [one for one in standing if one is not None and one.is_in_force(today)]
    next = shown[-1].code if len(rows) > ON_A_PAGE else ""
    return draw("procedures.html", place, found=found, words=words, after=after, next=next, themes=[])


async def _one(connection: AsyncConnection, place: Place, code: str, today: date) -> tuple[int, bytes]:
    """Of one that was abolished only that it was, and its history. Raises 404 for what nothing holds of."""
    known = await store.by_code(connection, [code]) if CODE.fullmatch(code) else {}
    if code not in known:
        raise web.HTTPNotFound
    changes = (await store.histories(connection, [code])).get(code, [])
    one, undone = _standing(today, known[code], changes)
    if one is None:
        raise web.HTTPNotFound
    told: dict[str, Any] = {"one": one, "history": [each for each in changes[undone:] if not each.is_new]}
    told |= {"written": written(one), "titles": TITLES, "in_force": one.is_in_force(today)}
    body = draw("procedure.html", place, words="", themes=[], **told)
    return 200 if told["in_force"] else 410, body


def _standing(today: date, one: Procedure, changes: Sequence[Change]) -> tuple[Procedure | None, int]:
    return as_of(today, one, [each.differences for each in changes])
