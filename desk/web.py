"""The desk as a web application: its doors opened, what every answer bears, and errors told to people."""

from __future__ import annotations

import contextlib
import hashlib
import mimetypes
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import uuid4

from aiohttp import web
from aiohttp.typedefs import Middleware

from config.logs import about, log
from desk import auth, health, language, live, partners, stations, stopping, within
from desk.answer import (
    API,
    VISIT,
    Shown,
    Trouble,
    Visit,
    check_text,
    draw,
    problem,
    read_form,
    respond,
    trouble_of,
    wants_json,
    words_of,
)
from desk.api import Api
from desk.app import House
from desk.auth import DoorKeeper, to_door
from desk.boards import pages as boards
from desk.classes.public import AtTheDoor
from desk.contests import public as contests
from desk.doors import ALL, ALLOWED, DOORS, LARGE, MEGABYTE, Door
from desk.drawing import ROLE_TITLES, STATIC, Drawing
from desk.feedback import public as questions
from desk.keys import derive
from desk.procedures import public as procedures
from desk.second_step import door as code_door
from desk.second_step import page as second_step
from desk.second_step.keeping import Standing
from desk.shape import shape_of
from desk.single_sign_on import door as sso_door
from desk.television import pages as television

BEFORE_SECOND_STEP = frozenset({"second-step", "second-step-on", "sign-out"})
"""What opens to whoever must switch on the second step first."""

HEADERS = {
    "Server": "Loa",
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]
Expecting = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
BEGUN = web.RequestKey("begun", bool)
logger = log(__name__)


def make_web(house: House) -> web.Application:
    """The application with every address of the house."""
    static = {path.relative_to(STATIC).as_posix(): path.read_bytes() for path in STATIC.rglob("*") if path.is_file()}
    versions = {name: hashlib.sha256(body).hexdigest()[:12] for name, body in static.items()}
    keeper, office = DoorKeeper(house), house.settings.office
    said = derive(house.key, "said")
    drawing = Drawing(office.name, office.zone, house.clock, said, house.seal, versions, secure=keeper.secure)
    app = web.Application(client_max_size=LARGE, middlewares=[make_errors(house, drawing, keeper)])
    app.on_response_prepare.append(bear_headers)
    live.set_up(app)
    _open_doors(app, house, drawing, keeper)
    app.router.add_get("/static/{name:.+}", partial(send_static, static, versions))
    pulled = partners.Partners(house)
    app.on_cleanup.append(lambda _: pulled.visitors.write())
    pages = [*stations.routes(house, pulled, drawing), *boards.routes(house, pulled, drawing, static)]
    pages += [*television.routes(house, pulled), *questions.routes(house, pulled), *procedures.routes(house, pulled)]
    pages += contests.routes(house, pulled)
    app.router.add_routes([*pages, *partners.routes(house, pulled), *health.routes(house)])
    return app


def _open_doors(app: web.Application, house: House, drawing: Drawing, keeper: DoorKeeper) -> None:
    machines = Api(house, DOORS)

    def at(door: Door, *, api: bool) -> Next:
        return partial(enter, house, drawing, keeper, door, machines if api else None)

    at_the_door = AtTheDoor(house)
    special = (
        Door("sign-in", "GET", "/sign-in", auth.show_door, frozenset()),
        Door("sign-in", "POST", "/sign-in", keeper.sign_in, frozenset()),
        Door("sign-in-sso", "GET", "/sign-in/sso", sso_door.leave, frozenset()),
        Door("sign-in-back", "GET", "/sign-in/sso/back", sso_door.come_back, frozenset()),
        Door("sign-in-code", "GET", "/sign-in/code", code_door.show, frozenset()),
        Door("sign-in-code", "POST", "/sign-in/code", code_door.take, frozenset()),
        Door("language", "POST", "/language", language.choose, frozenset()),
        Door("stopping", "GET", "/thoi-nhan/{token}", stopping.show, frozenset()),
        Door("stopping", "POST", "/thoi-nhan/{token}", stopping.change, frozenset()),
        Door("class-own", "GET", "/tra-loi/{token}", at_the_door.own, frozenset()),
        Door("class-own", "POST", "/tra-loi/{token}", at_the_door.answer, frozenset()),
        Door("class-own-calendar", "GET", "/tra-loi/{token}/lich.ics", at_the_door.calendar, frozenset()),
        Door("class-own-material", "GET", "/tra-loi/{token}/tai-lieu/{material}", at_the_door.material, frozenset()),
        Door("class-door", "GET", "/diem-danh/{token}", at_the_door.door, frozenset()),
        Door("class-door", "POST", "/diem-danh/{token}", at_the_door.arrive, frozenset()),
        Door("class-check", "GET", "/chung-nhan", at_the_door.certificate, frozenset()),
        Door("class-check", "GET", "/chung-nhan/{code}", at_the_door.certificate, frozenset()),
        Door("sign-out", "POST", "/sign-out", keeper.sign_out, ALL),
        Door("change-password", "POST", "/password", keeper.change_password, ALL),
    )
    ways: dict[str, dict[str, tuple[Next, Expecting | None]]] = {}
    for door in (*special, *DOORS):
        ways.setdefault(door.path, {})[door.method] = (at(door, api=False), None)
        if door.api:
            shape_of(door.handler)
            ways.setdefault(f"{API}v1{door.path}", {})[door.method] = (at(door, api=True), expect)
    for path, handlers in ways.items():
        _add_ways(app.router.add_resource(path), handlers)


def _add_ways(resource: web.Resource, handlers: dict[str, tuple[Next, Expecting | None]]) -> None:
    """Open one address: HEAD wherever GET, and every other method is told what there is.

    Else a method that `/items/paste` has not would be looked for at `/items/{id}`.
    """
    if "GET" in handlers:
        handlers = {**handlers, "HEAD": handlers["GET"]}
    for method, (handler, expecting) in handlers.items():
        resource.add_route(method, handler, expect_handler=expecting)
    resource.add_route("*", partial(_refuse_method, sorted(handlers)))


async def _refuse_method(allowed: list[str], request: web.Request) -> web.StreamResponse:
    raise web.HTTPMethodNotAllowed(request.method, allowed)


async def enter(
    house: House, drawing: Drawing, keeper: DoorKeeper, door: Door, api: Api | None, request: web.Request
) -> web.StreamResponse:
    """Who comes, may they, what do they bring; then the handler."""
    own = request.clone(client_max_size=door.most)
    visit = Visit(house, drawing, keeper, own, ALLOWED, json=bool(api) or wants_json(request), api=bool(api))
    visit.place = house.notifier.place
    request[VISIT] = visit
    for text in (request.path, *request.query, *request.query.values()):
        check_text(text)
    if api:
        await keeper.recognise_token(visit)
        api.admit(visit)
        keeper.check_scope(visit, door.scope)
    elif not await keeper.recognise(visit) and door.roles:
        if visit.json:
            raise Trouble(401, "Cần đăng nhập", "Sign in first")
        return to_door(request)
    if door.roles and visit.second_step is Standing.REQUIRED and door.name not in BEFORE_SECOND_STEP:
        return _to_second_step(visit)
    if door.roles and not visit.roles & door.roles:
        logger.warning("refused", door=door.name, person=visit.name)
        raise _refused(visit, door)
    await within.check(visit, door.name)
    try:
        if door.method == "POST":
            await _take_in(visit, keeper, door)
        with about(person=visit.name):
            response = await api.answer(visit, door) if api else respond(visit, await door.handler(visit))
    finally:
        visit.close()
    if not response.prepared:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _refused(visit: Visit, door: Door) -> Trouble:
    """What somebody is told whose roles are not named at the door, and whom to ask."""
    roles = ", ".join(ROLE_TITLES.get(role, role) for role in sorted(visit.roles)) or "chưa có"
    what = "mở được trang này" if door.method == "GET" else "làm được việc này"
    vi = f"Vai trò của bạn ({roles}) không {what}. Nếu công việc cần đến, hãy nhờ người quản trị của cơ quan thêm vai trò"
    return Trouble(403, vi, "Your role does not open this door; ask your administrator if your work needs it")


def _to_second_step(visit: Visit) -> web.Response:
    if visit.json:
        raise Trouble(403, "Hãy bật đăng nhập hai bước trước", "Switch on the second step of signing in first")
    return web.Response(status=303, headers={"Location": second_step.HERE, "Cache-Control": "no-store"})


async def expect(request: web.Request) -> web.StreamResponse | None:
    """Answer `Expect` at an address of the API: what is no `100-continue` is refused as any other fault is told."""
    if request.headers["Expect"].strip().lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0  # nothing of the answer has gone yet
        return None
    vi, en = words_of(417)
    return problem(request, 417, Trouble(417, vi, en))


async def _take_in(visit: Visit, keeper: DoorKeeper, door: Door) -> None:
    if not visit.api:
        keeper.check_origin(visit.request)
    if (visit.request.content_length or 0) > door.most:
        raise Trouble(
            413, f"Nội dung gửi lên quá lớn (tối đa {door.most // MEGABYTE} MB)", "What was sent is too large"
        )
    await read_form(visit)
    if not visit.api and door.roles:
        keeper.check_form(visit)


def make_errors(house: House, drawing: Drawing, keeper: DoorKeeper) -> Middleware:
    """The middleware that tells errors: what can be said is said, everything else goes to the log alone."""

    @web.middleware
    async def errors(request: web.Request, handler: Next) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            own_words = not (error.text or "").startswith(f"{error.status}: ")
            if error.status < 400 or (own_words and not request.path.startswith(API)):
                raise
            return tell(await _who(house, drawing, keeper, request), trouble_of(error) or _failed(error, request))
        except Exception as error:
            if isinstance(error, ConnectionError) and _is_gone(request):
                return web.Response(status=499)  # nobody reads it; raised, it would stand in the log as a fault of ours
            if _begun(request):
                raise  # half an answer cannot be made into another one
            return tell(await _who(house, drawing, keeper, request), trouble_of(error) or _failed(error, request))

    return errors


def _failed(error: Exception, request: web.Request) -> Trouble:
    """A fault of ours: everything to the log, nothing of it to the outside but by which name the log has it."""
    instance = f"urn:uuid:{uuid4()}"
    logger.error("page_failed", error=error, path=request.path, method=request.method, instance=instance)
    vi, en = "Có lỗi trong Loa; lỗi đã được ghi lại", "Something went wrong; it was logged"
    return Trouble(500, vi, en, instance=instance)


async def _who(house: House, drawing: Drawing, keeper: DoorKeeper, request: web.Request) -> Visit:
    """Whose request failed: an address that does not exist is told inside the frame to whoever is signed in."""
    known: Visit | None = request.get(VISIT)
    if known is not None:
        return known
    visit = Visit(house, drawing, keeper, request, ALLOWED, json=wants_json(request))
    if not visit.json:
        with contextlib.suppress(Exception):  # what failed first is what is told
            await keeper.recognise(visit)
    return visit


def tell(visit: Visit, trouble: Trouble) -> web.StreamResponse:
    """A refusal or failure as a page, or as problem+json."""
    if visit.json:
        response: web.Response = problem(visit.request, trouble.status, trouble)
    else:
        response = draw(visit, Shown("trouble.html", {"trouble": trouble}, status=trouble.status))
    response.headers.update(trouble.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _begun(request: web.Request) -> bool:
    """Whether an answer is on its way already."""
    visit: Visit | None = request.get(VISIT)
    return request.get(BEGUN, False) or (visit is not None and visit.request.get(BEGUN, False))


def _is_gone(request: web.Request) -> bool:
    """Whether who asked has closed the connection meanwhile."""
    return request.transport is None or request.transport.is_closing()


async def bear_headers(request: web.Request, response: web.StreamResponse) -> None:
    """What every answer bears, errors and partners' pages too."""
    request[BEGUN] = True
    visit: Visit | None = request.get(VISIT)
    response.headers.update(visit.bears if visit else {})
    for name, value in HEADERS.items():
        if name == "Server" or name not in response.headers:
            response.headers[name] = value


async def send_static(files: dict[str, bytes], versions: dict[str, str], request: web.Request) -> web.Response:
    """A file of the desk, from memory: no path of a request ever reaches the disk."""
    name = request.match_info["name"]
    if name not in files:
        raise web.HTTPNotFound
    tag = f'"{versions[name]}"'
    kept = "public, max-age=31536000, immutable" if request.query.get("v") == versions[name] else "public, max-age=3600"
    headers = {"ETag": tag, "Cache-Control": kept}
    if tag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    kind = "font/woff2" if name.endswith(".woff2") else mimetypes.guess_type(name)[0] or "text/plain"
    charset = "utf-8" if kind.startswith("text/") or kind.endswith("javascript") else None
    return web.Response(body=files[name], content_type=kind, charset=charset, headers=headers)
