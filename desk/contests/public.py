"""Contests on the portal: what there is, taking part, the questions. Plain forms; no script and no cookie is needed.

What somebody has typed goes with them from form to form in a sealed field; the address of their paper is signed, so that a
page that is loaded again is the same page.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audience import masked, normal_address
from channels.outlet import InService
from channels.seal import SealBroken
from channels.site.drawing import draw, place_of
from config.words import BadInput, NotFound, Said
from content import store as content_store
from content.contests import store
from content.contests.contest import CODE_DIGITS, Contest, Standing
from content.contests.entries import store as entries
from content.contests.entries.store import Entry
from content.contests.question import shown
from desk.app import House
from desk.feedback.public import form_of, text_of
from desk.keys import derive
from desk.partners import Partners
from desk.throttle import Throttle
from scheduler.contesting import PATH
from scheduler.entering import Somebody, TooMany, check, choices_of

PAPER = "bai"
PAST = timedelta(days=180)
WRONG_CODES = 5
"""So many wrong codes of boards are heard from one address before each further one has to wait longer."""
HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Typed:
    """What the form held."""

    name: str = ""
    phone: str = ""
    place: str = ""
    way: str = ""


def routes(house: House, partners: Partners) -> list[web.RouteDef]:
    """`cuoc-thi` on every portal, before the shelves that it stands on."""
    mounts = {channel.shelf for channel in house.fitter.fittings.channels.values() if channel.shelf_public}
    public, found = Public(house, partners), list[web.RouteDef]()
    for mount in sorted(mounts):
        for root in (f"/{mount}/{PATH}", f"/{mount}/{{outlet}}/{PATH}"):
            found += [
                web.get(root, public.list),
                web.get(f"{root}/{{id}}", public.show),
                web.post(f"{root}/{{id}}", public.take_part),
                web.get(f"{root}/{{id}}/{PAPER}/{{paper}}", public.paper),
                web.post(f"{root}/{{id}}/{PAPER}/{{paper}}", public.hand_in),
            ]
    return found


class Public:
    """Answers those who take part."""

    def __init__(self, house: House, partners: Partners) -> None:
        self._house = house
        self._partners = partners
        self._key = derive(house.key, "contest")
        self._throttle = Throttle(house.clock, self._key)

    async def list(self, request: web.Request) -> web.StreamResponse:
        """GET .../cuoc-thi: what is open, what comes, and what is over."""
        self._partners.calm(request)
        at, now = self._portal(request), self._house.clock.now()
        async with self._house.database.read() as connection:
            found = await store.shown(connection, at.unit, now - PAST)
        told = {"found": [(one, one.standing(now).value) for one in found]}
        return await _page("contests.html", at, told)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """GET .../cuoc-thi/{id}: rules, dates, and the form while it is open."""
        self._partners.calm(request)
        return await self._shown(request, Typed())

    async def take_part(self, request: web.Request) -> web.StreamResponse:
        """POST .../cuoc-thi/{id}: who one is, then the code that proves the number."""
        self._partners.calm(request)
        form = await form_of(request)
        given = {
            name: text_of(form, name)[:4000]
            for name in ("so-dien-thoai", "ten", "noi", "cach", "dong-y", "ma", "phieu")
        }
        if text_of(form, "website"):  # nobody sees this field; what fills it in is no person
            raise web.HTTPNotFound
        if given["phieu"]:
            return await self._prove(request, given["phieu"], given["ma"])
        typed = Typed(given["ten"], given["so-dien-thoai"], given["noi"], given["cach"])
        try:
            if given["dong-y"] != "1":
                raise BadInput("Hãy đánh dấu đồng ý để dự thi", "Agree in order to take part", field="dong-y")
            phone = normal_address("phone", typed.phone) if typed.phone else ""
            if not phone:
                raise BadInput("Hãy ghi số di động", "Write a mobile number", field="so-dien-thoai")
            return await self._ask(request, typed, phone)
        except Said as fault:
            fault.field = {"phone": "so-dien-thoai"}.get(fault.field or "", fault.field)
            return await self._shown(request, typed, fault)

    async def _ask(self, request: web.Request, typed: Typed, phone: str) -> web.StreamResponse:
        """Have the code sent, or ask for the board's, and show the field for it. Raises Said."""
        who = Somebody(phone, typed.name, typed.place, request.remote or "")
        one = await self._contest(request)
        delivery = ""
        if typed.way != "bang-tin" or not one.plan.board:
            async with self._house.database.write() as tx:
                delivery = await self._house.entering.ask(tx, one.id, who)
            self._house.notifier.ring("work")
        else:
            check(one, who)
        ticket = {"thi": one.id, "gui": delivery, **asdict(who)}
        ticket.pop("remote")
        sealed = self._house.seal.close_text(json.dumps(ticket))
        return await self._asked(request, one, sealed, phone, by_message=bool(delivery))

    async def _asked(
        self,
        request: web.Request,
        one: Contest,
        sealed: str,
        phone: str,
        *,
        by_message: bool,
        fault: Said | None = None,
    ) -> web.Response:
        about = {"one": one, "ticket": sealed, "by_message": by_message, "phone": masked(phone), "digits": CODE_DIGITS}
        return await _page("contest_code.html", self._portal(request), about, fault)

    async def _prove(self, request: web.Request, sealed: str, typed: str) -> web.StreamResponse:
        one = await self._contest(request)
        ticket = self._ticket(sealed, one)
        who = Somebody(ticket["phone"], ticket["name"], ticket["place"], request.remote or "")
        keys = {f"board:{who.remote}": WRONG_CODES}
        fault: Said | None = None
        try:
            if ticket["gui"]:
                async with self._house.database.write() as tx:
                    found = await self._house.entering.enter(tx, one.id, who, ticket["gui"], typed)
            else:
                if wait := self._throttle.wait(keys):
                    raise TooMany("Nhập sai nhiều lần; hãy đợi một lát", "Too many wrong codes; wait", int(wait) + 1)
                self._throttle.count(keys)
                async with self._house.database.write() as tx:
                    found = await self._house.entering.enter_at_board(tx, one.id, who, typed)
                self._throttle.forget(list(keys))
            if isinstance(found, Entry):
                return _see(f"{request.path}/{PAPER}/{self._sign(found.id)}")
            fault = found
        except NotFound:
            fault = BadInput("Mã đã hết hạn; hãy xin mã khác", "Ask for another code", field="code")
        except Said as said:
            fault = said
        return await self._asked(request, one, sealed, who.phone, by_message=bool(ticket["gui"]), fault=fault)

    def _ticket(self, sealed: str, one: Contest) -> dict[str, str]:
        """What was typed on the page before. Raises 400 for what is not ours."""
        try:
            ticket = json.loads(self._house.seal.open_text(sealed))
        except (SealBroken, ValueError):
            ticket = None
        if not isinstance(ticket, dict) or ticket.get("thi") != one.id:
            raise web.HTTPBadRequest
        return ticket

    async def paper(self, request: web.Request) -> web.StreamResponse:
        """GET .../bai/{paper}: the questions, until it is handed in or time is over."""
        self._partners.calm(request)
        return await self._drawn(request)

    async def hand_in(self, request: web.Request) -> web.StreamResponse:
        """POST .../bai/{paper}: the answers, for good."""
        self._partners.calm(request)
        form = await form_of(request)
        entry = await self._entry(request)
        given = {name: text_of(form, name) for name in form}
        guess = given.get("du-doan", "").replace(".", "").replace(" ", "")
        number = int(guess) if guess.isascii() and guess.isdigit() and len(guess) <= 8 else None
        chosen = choices_of(entry.questions, given)
        try:
            async with self._house.database.write() as tx:
                await self._house.entering.finish(tx, entry.id, chosen, number)
        except Said as fault:
            return await self._drawn(request, chosen, given.get("du-doan", "")[:10], fault)
        return _see(request.path)

    # --- pages -----------------------------------------------------------------------------------------------------------

    async def _shown(self, request: web.Request, typed: Typed, fault: Said | None = None) -> web.Response:
        one, now = await self._contest(request), self._house.clock.now()
        async with self._house.database.read() as connection:
            result = await _result(connection, one)
        standing = one.standing(now)
        told = {"one": one, "standing": standing.value, "typed": typed, "result": result}
        return await _page("contest.html", self._portal(request), told, fault, paragraphs=one.plan.rules.splitlines())

    async def _drawn(
        self, request: web.Request, chosen: dict[str, int] | None = None, guess: str = "", fault: Said | None = None
    ) -> web.Response:
        one, entry = await self._contest(request), await self._entry(request)
        now = self._house.clock.now()
        may = entry.finished_at is None and now <= entry.deadline
        asked = []
        if may:
            async with self._house.database.read() as connection:
                banked = await store.questions_of(connection, entry.questions)
            asked = [(each.question, shown(each.question, one.seed, entry.id)) for each in banked]
        left = max(0, int((entry.deadline - now).total_seconds()))
        told = {"one": one, "entry": entry, "asked": asked, "chosen": chosen or {}, "guess": guess, "may": may}
        told |= {"minutes": left // 60, "seconds": left % 60, "answered": sum(one >= 0 for one in entry.answers)}
        return await _page("contest_paper.html", self._portal(request), told, fault)

    # --- who and what ----------------------------------------------------------------------------------------------------

    def _portal(self, request: web.Request) -> InService:
        mount, _, tail = request.path.strip("/").partition("/")
        at, path = self._partners.outlet_at(mount, tail)
        if not at.channel.shelf_public or path.split("/")[0] != PATH:
            raise web.HTTPNotFound
        return at

    async def _contest(self, request: web.Request) -> Contest:
        """The one of the address, if this portal shows it. Raises 404."""
        at = self._portal(request)
        try:
            async with self._house.database.read() as connection:
                one = await store.find(connection, request.match_info["id"])
        except NotFound:
            raise web.HTTPNotFound from None
        hidden = one.standing(self._house.clock.now()) in {Standing.DRAFT, Standing.IN_REVIEW, Standing.WITHDRAWN}
        if hidden or (at.unit and one.unit not in {"", at.unit}):
            raise web.HTTPNotFound
        return one

    async def _entry(self, request: web.Request) -> Entry:
        """The paper of the address, whose signature is right. Raises 404."""
        id, _, _ = request.match_info["paper"].partition("-")
        if not hmac.compare_digest(self._sign(id).encode(), request.match_info["paper"].encode()):
            raise web.HTTPNotFound
        async with self._house.database.read() as connection:
            entry = await entries.find(connection, id)
        if entry.contest != request.match_info["id"]:
            raise web.HTTPNotFound
        return entry

    def _sign(self, id: str) -> str:
        return f"{id}-{hmac.new(self._key, f'paper {id}'.encode(), hashlib.sha256).hexdigest()[:24]}"


async def _result(connection: AsyncConnection, one: Contest) -> tuple[str, str] | None:
    """Title and article of the published results, while that item is in force."""
    if one.standing(one.plan.closes_at) is not Standing.PUBLISHED or "result" not in one.items:
        return None
    item = await content_store.find_item(connection, one.items["result"])
    if item.approved is None or item.state != "approved":
        return None
    return item.title, (await content_store.find_revision(connection, item.approved)).article


async def _page(
    template: str, at: InService, told: dict[str, Any], fault: Said | None = None, **more: Any
) -> web.Response:
    status = 200 if fault is None else 429 if isinstance(fault, TooMany) else 422
    told = told | {"fault": fault, "themes": [], "path": PATH} | more
    body = await asyncio.to_thread(lambda: draw(template, place_of(at.outlet), **told))
    headers = {"Cache-Control": "no-store"}
    if isinstance(fault, TooMany):
        headers["Retry-After"] = str(fault.wait)
    return web.Response(body=body, status=status, content_type=HTML, charset="utf-8", headers=headers)


def _see(path: str) -> web.Response:
    """Elsewhere, so that loading the page again sends nothing again."""
    return web.Response(status=303, headers={"Location": path, "Cache-Control": "no-store"})
