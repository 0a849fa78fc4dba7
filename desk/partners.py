"""Feed and callback addresses for stations, readers and gateways, mounted once for all kinds."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import replace

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.answer import Refused
from channels.channel import Callback, Confirmation, Page, Pull
from channels.outlet import InService
from channels.shelf import store as shelf_store
from channels.station import store as station_store
from channels.station.store import Token
from channels.store import Call
from config.logs import log
from config.words import BadInput
from desk.airing import Word, note_aired
from desk.app import House
from desk.drawn import Drawn
from desk.inbox import Inbox
from desk.passwords import hashed
from desk.pulls import Pulls
from desk.shelves import Shelves
from desk.storm import Storm
from desk.visitors import Visitors

CALLBACK_BYTES = 64 * 1024

logger = log("partners")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(house: House, partners: Partners | None = None) -> list[web.RouteDef]:
    """Every address a partner calls."""
    partners = partners or Partners(house)
    mounts = sorted({channel.shelf for channel in house.fitter.fittings.channels.values() if channel.shelf})
    shelves = [web.get(f"/{mount}/{{tail:.*}}", partners.pull) for mount in mounts]
    aired = [
        web.post(f"/{mount}/{{outlet}}/{key}aired", partners.aired) for mount in mounts for key in ("", "t/{token}/")
    ]
    return [*aired, *shelves, web.route("*", "/hooks/{outlet}", partners.hook)]


class Partners:
    """Answers partners' requests."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.pulls = Pulls(house)
        self._storm = Storm(house.clock)
        self._drawn = Drawn()
        self._inbox = Inbox(house.database, house.seal)
        self.shelves = Shelves(house.clock, house.press)
        self.visitors = Visitors(house.database, house.clock, house.settings.office.zone)

    # --- shelves ---

    async def pull(self, request: web.Request) -> web.StreamResponse:
        """Something of a shelf."""
        self.calm(request)
        mount, tail = request.path.strip("/").split("/", 1)[0], request.match_info["tail"]
        at, path = self.outlet_at(mount, tail)
        key, path = _split_key(at, path)
        asked = Pull(path, dict(request.query), self._house.clock.now(), key)
        page = await self._kept(at, asked) if at.channel.shelf_public else None
        if page is None:
            async with self._house.database.read() as connection:
                token = await self.let_in(connection, at, request, key)
                page = await self._page(connection, at, asked)
            await self.note_token(token)
        if at.channel.shelf_public and page.status == 200 and page.content_type.startswith("text/html"):
            await self.visitors.note(at.name, request)
        return await self.pulls.send(request, at, page)

    def calm(self, request: web.Request) -> None:
        """Refuse a player that storms, before it costs anything. Raises 429."""
        if wait := self._storm.wait(request.remote or "", request.path):
            raise web.HTTPTooManyRequests(headers={"Retry-After": str(wait)})

    async def _kept(self, at: InService, pull: Pull) -> Page | None:
        """A page of a shelf that anybody reads, as it was drawn before: for a single row's price."""
        async with self._house.database.glance() as connection:
            turn = await shelf_store.shelf_turn(connection, at.name)
        return self._drawn.find(at, turn, pull)

    async def _page(self, connection: AsyncConnection, at: InService, pull: Pull) -> Page:
        """What the kind draws. Raises 404, and 410 for what stood there once."""
        seen = await self.shelves.look(connection, at)
        current, past = seen.stock.current(pull.now, at.channel.shelf_grace), seen.stock.past(pull.now)
        asked = replace(pull, programmes=seen.programmes, past=past)
        if at.channel.shelf_public:
            asked = replace(asked, visits=await self.visitors.of(connection, at.name))
        page = at.channel.feed(asked, current, at.outlet)
        if page is None:
            raise web.HTTPGone if at.channel.feed(asked, past, at.outlet) is not None else web.HTTPNotFound
        if at.channel.shelf_public:
            self._drawn.keep(at, seen, pull, page)
        return page

    def outlet_at(self, mount: str, tail: str) -> tuple[InService, str]:
        """The outlet an address belongs to, and what follows its mount."""
        mine = [at for at in self._house.outlets if at.channel.shelf == mount]
        if len(mine) == 1 and mine[0].channel.shelf_public:
            first, _, rest = tail.partition("/")
            return (mine[0], rest) if first == mine[0].name and rest else (mine[0], tail)
        name, _, rest = tail.partition("/")
        for at in mine:
            if at.name == name:
                return at, rest
        raise web.HTTPNotFound

    async def let_in(
        self, connection: AsyncConnection, at: InService, request: web.Request, key: str = ""
    ) -> Token | None:
        """Check the outlet's token: in the path, in `?token=`, or as a Basic password. Raises 401.

        Answers the token, if it is one the desk made. All are compared in constant time or by their hash.
        """
        token = at.channel.token_of(at.outlet)
        given = key.removeprefix("t/").rstrip("/") or request.query.get("token")
        given = given or _basic_password(request.headers.get("Authorization", ""))
        if at.channel.shelf_public and not token:
            return None
        if token and hmac.compare_digest(given.encode(), token.encode()):
            return None
        if given:
            now = self._house.clock.now()
            found = await station_store.find_token(connection, at.name, hashed(given), now)
            if found is not None:
                return found
        raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="Loa"'})

    async def note_token(self, token: Token | None) -> None:
        """The first use of a new token ends the ones before it."""
        if token is not None and token.used_at is None:
            async with self._house.database.write() as tx:
                await station_store.use_token(tx, token, self._house.clock.now())

    # --- calls ---

    async def aired(self, request: web.Request) -> web.StreamResponse:
        """A station says that it has played one: `delivery` (the guid of the feed) as JSON or form, with slot and presenter."""
        mount = request.path.strip("/").split("/", 1)[0]
        at, _ = self.outlet_at(mount, request.match_info["outlet"] + "/aired")
        if at.channel.shelf_public or at.channel.timetable(at.outlet) is None:
            raise web.HTTPNotFound  # on a shelf anybody reads nobody is known who could say so; a board airs nothing
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            raise web.HTTPForbidden  # a browser that knows the password is not to be made to say it by another page
        token = request.match_info.get("token")
        async with self._house.database.read() as connection:
            known = await self.let_in(connection, at, request, f"t/{token}/" if token else "")
        await self.note_token(known)
        given = await _fields(request)
        await note_aired(self._house, at, Word.of(given))
        if given.get("page"):
            raise web.HTTPSeeOther(f"./?{request.query_string}" if request.query_string else "./")
        return web.json_response({"aired": True})

    async def hook(self, request: web.Request) -> web.StreamResponse:
        """A provider's callback: proved authentic, stored, answered; what it says is applied by the receiver."""
        name = request.match_info["outlet"]
        if name not in self._house.outlets:
            raise web.HTTPNotFound
        at = self._house.outlets[name]
        body = b""
        while piece := await request.content.read(CALLBACK_BYTES + 1 - len(body)):  # what has come so far, not all
            body += piece
            if len(body) > CALLBACK_BYTES:
                raise web.HTTPRequestEntityTooLarge(max_size=CALLBACK_BYTES, actual_size=len(body))
        headers = {key.lower(): value for key, value in request.headers.items()}
        now = self._house.clock.now()
        call = Callback(request.method, dict(request.query), headers, body, now)
        try:
            said = {name: at.channel.confirm(call, at.outlet)}
        except Refused as error:
            logger.warning("callback_refused", outlet=name, reason=error.reason)
            raise web.HTTPForbidden(text=error.en) from None
        for other in self._house.outlets.hooked_with(name)[1:]:
            said[other.name] = _of_deliveries(call, other)
        if not any(said.values()):
            return web.Response(text="ok")  # authentic, but nothing that concerns a delivery or a recipient
        for outlet, each in said.items():
            if each:
                await self._inbox.keep(Call(outlet, now, body, each))
        self._house.notifier.ring("callback")
        return web.Response(text="ok")


def _of_deliveries(call: Callback, at: InService) -> list[Confirmation]:
    """What an authentic call to another outlet says of this one's deliveries."""
    try:
        return [one for one in at.channel.confirm(call, at.outlet) if isinstance(one, Confirmation)]
    except Refused:
        return []


def _split_key(at: InService, path: str) -> tuple[str, str]:
    """The key in an address (`t/{token}/`) and what follows it, where one is asked for."""
    if at.channel.shelf_public or not path.startswith("t/"):
        return "", path
    token, slash, rest = path.removeprefix("t/").partition("/")
    return f"t/{token}{slash}", rest


def _basic_password(header: str) -> str:
    kind, _, coded = header.partition(" ")
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(coded, validate=True).decode().partition(":")[2]
    except ValueError:  # not base64, not ASCII, not UTF-8
        return ""


async def _fields(request: web.Request) -> dict[str, object]:
    if request.content_type == "application/json":
        try:
            given = await request.json()
        except (ValueError, RecursionError, LookupError):
            given = None
        if not isinstance(given, dict):
            raise BadInput("Nội dung gửi lên không phải JSON hợp lệ", "The body is not a JSON object")
        return given
    try:
        return dict(await request.post())
    except (ValueError, LookupError):
        raise BadInput("Nội dung gửi lên không đọc được", "The body cannot be read") from None
