"""The desk as a web application: the table of doors, what every answer bears, and errors told to people."""

from __future__ import annotations

import contextlib
import hashlib
import mimetypes
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

from aiohttp import web
from aiohttp.typedefs import Middleware

from config.logs import about, log
from content.upload import MOST_BYTES
from desk import (
    audiences,
    auth,
    calendar,
    correction,
    deliveries,
    glossary,
    health,
    item_page,
    items,
    live,
    log_export,
    moving,
    outlets,
    partners,
    policy,
    programme,
    quota,
    recordings,
    report,
    rights,
    schedules,
    sheet,
    standing,
    stations,
    stopping,
    subscriptions,
    themes,
    today,
    versions,
)
from desk.answer import (
    API,
    VISIT,
    Answer,
    Handler,
    Shown,
    Trouble,
    Visit,
    check_text,
    draw,
    plain_json,
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
from desk.composing import page as composing
from desk.delegation import page as delegations
from desk.drawing import STATIC, Drawing
from desk.evidence import page as evidence
from desk.keys import derive
from desk.listening import page as listening
from desk.openapi import document
from desk.reporting import page as reports
from desk.second_step import door as code_door
from desk.second_step import page as second_step
from desk.second_step.keeping import Standing
from desk.shape import shape, shape_of
from desk.single_sign_on import door as sso_door
from desk.staff import page as staff
from desk.staff import tokens

MEGABYTE = 2**20
SMALL, LARGE, HUGE = MEGABYTE, 14 * MEGABYTE, MOST_BYTES + MEGABYTE

ALL = frozenset({"author", "approver", "station", "viewer", "administrator"})
READ = ALL - {"station"}
WRITE = frozenset({"author", "administrator"})
APPROVE = frozenset({"approver", "administrator"})
RUN = WRITE | APPROVE
ADMIN = frozenset({"administrator"})


@dataclass(frozen=True, slots=True)
class Door:
    """One way in: who may use it. `api` opens it under /api/v1 as well, for tokens with `scope`; `most` bounds the body."""

    name: str
    method: str
    path: str
    handler: Handler
    roles: frozenset[str]
    api: bool = False
    scope: str = "read"
    most: int = SMALL


@shape(dict[str, Any])
async def describe(_: Visit) -> Answer:
    """GET /openapi.json: this description of the API."""
    return plain_json(document(DOORS))


DOORS: tuple[Door, ...] = (
    Door("today", "GET", "/", today.show, ALL),
    Door("events", "GET", "/events", live.events, ALL, api=True),
    Door("password", "GET", "/password", auth.show_password, ALL),
    Door("second-step", "GET", "/second-step", second_step.show, ALL),
    Door("second-step-new", "GET", "/second-step/new", second_step.show_new, ALL),
    Door("second-step-on", "POST", "/second-step", second_step.turn_on, ALL),
    Door("second-step-codes", "POST", "/second-step/codes", second_step.renew_codes, ALL),
    Door("second-step-off", "POST", "/second-step/off", second_step.turn_off, ALL),
    Door("items", "GET", "/items", items.list_all, READ, api=True),
    Door("item-new", "GET", "/items/new", items.blank, WRITE),
    Door("item-write", "POST", "/items", items.write, WRITE, api=True, scope="write", most=LARGE),
    Door("item-preview", "POST", "/items/preview", composing.preview, WRITE, api=True, most=LARGE),
    Door("item-paste", "POST", "/items/paste", composing.paste, WRITE, api=True, most=LARGE),
    Door("scratch-remove", "POST", "/items/scratch/remove", composing.give_up, WRITE),
    Door("item", "GET", "/items/{id}", item_page.show, READ, api=True),
    Door("item-versions", "GET", "/items/{id}/versions", versions.show, READ, api=True),
    Door("item-audio", "GET", "/items/{id}/audio", item_page.audio, READ, api=True),
    Door("item-slip", "GET", "/items/{id}/slip", evidence.show_slip, READ, api=True),
    Door("item-evidence", "GET", "/items/{id}/evidence.zip", evidence.show_bundle, APPROVE, api=True),
    Door("item-edit", "GET", "/items/{id}/edit", items.edit, WRITE),
    Door("item-revise", "POST", "/items/{id}", items.revise, WRITE, api=True, scope="write", most=LARGE),
    Door("item-reading", "POST", "/items/{id}/reading", glossary.read_otherwise, WRITE, api=True, scope="write"),
    Door("item-record", "POST", "/items/{id}/recording", recordings.upload, WRITE, True, "write", most=HUGE),
    Door("item-unrecord", "POST", "/items/{id}/recording/remove", recordings.remove, WRITE, True, "write"),
    Door("item-submit", "POST", "/items/{id}/submit", items.submit, WRITE, api=True, scope="write"),
    Door("item-approve", "POST", "/items/{id}/approve", items.approve, APPROVE, api=True, scope="approve"),
    Door("item-send-back", "POST", "/items/{id}/send-back", items.send_back, APPROVE, api=True, scope="approve"),
    Door("item-tell", "POST", "/items/{id}/tell", correction.tell, RUN, api=True, scope="write"),
    Door("item-withdraw", "POST", "/items/{id}/withdraw", items.withdraw, RUN, api=True, scope="approve"),
    Door("schedules", "GET", "/schedules", schedules.list_all, ALL, api=True),
    Door("schedule-new", "GET", "/schedules/new", schedules.blank, RUN),
    Door("schedule-preview", "POST", "/schedules/preview", schedules.preview, RUN, api=True),
    Door("schedule-add", "POST", "/schedules", schedules.add, RUN, api=True, scope="write"),
    Door("schedule", "GET", "/schedules/{id}", schedules.show, ALL, api=True),
    Door("schedule-approve", "POST", "/schedules/{id}/approve", schedules.approve, APPROVE, api=True, scope="approve"),
    Door("schedule-send-back", "POST", "/schedules/{id}/send-back", schedules.send_back, APPROVE, True, "approve"),
    Door("schedule-pause", "POST", "/schedules/{id}/pause", schedules.pause, RUN, api=True, scope="write"),
    Door("schedule-resume", "POST", "/schedules/{id}/resume", schedules.resume, RUN, api=True, scope="write"),
    Door("schedule-cancel", "POST", "/schedules/{id}/cancel", schedules.cancel, RUN, api=True, scope="write"),
    Door("schedule-moving", "GET", "/schedules/{id}/move", moving.form, RUN),
    Door("schedule-move", "POST", "/schedules/{id}/move", moving.move, RUN, api=True, scope="write"),
    Door("calendar", "GET", "/calendar", calendar.show, ALL, api=True),
    Door("calendar-pausing", "GET", "/calendar/pause", standing.show, RUN, api=True),
    Door("calendar-pause", "POST", "/calendar/pause", standing.pause, RUN, api=True, scope="write"),
    Door("calendar-resume", "POST", "/calendar/resume", standing.resume, RUN, api=True, scope="write"),
    Door("occurrences", "GET", "/occurrences", schedules.list_occurrences, ALL, api=True),
    Door("occurrence-cancel", "POST", "/occurrences/{id}/cancel", schedules.cancel_occurrence, RUN, True, "write"),
    Door("deliveries", "GET", "/deliveries", deliveries.list_all, READ, api=True),
    Door("delivery-export", "GET", "/deliveries/export", log_export.export, READ, api=True),
    Door("delivery", "GET", "/deliveries/{id}", deliveries.show, READ, api=True),
    Door("delivery-retry", "POST", "/deliveries/{id}/retry", deliveries.retry, RUN, api=True, scope="write"),
    Door("delivery-resolve", "POST", "/deliveries/{id}/resolve", deliveries.resolve, RUN, api=True, scope="write"),
    Door("delivery-cancel", "POST", "/deliveries/{id}/cancel", deliveries.cancel, RUN, api=True, scope="write"),
    Door("delivery-number", "POST", "/deliveries/{id}/number", deliveries.show_number, ADMIN, api=True, scope="write"),
    Door("outlets", "GET", "/outlets", outlets.list_all, ALL, api=True),
    Door("outlet-pause", "POST", "/outlets/{name}/pause", outlets.pause, RUN, api=True, scope="write"),
    Door("outlet-resume", "POST", "/outlets/{name}/resume", outlets.resume, RUN, api=True, scope="write"),
    Door("outlet-quota", "GET", "/outlets/{name}/quota", quota.show, READ, api=True),
    Door("programme", "GET", "/programme", programme.show, READ, api=True),
    Door("programme-sound", "GET", "/programme/sound", programme.sound, READ, api=True),
    Door("programme-bed", "POST", "/programme/bed", programme.take_bed, APPROVE, True, "approve", most=HUGE),
    Door("programme-unbed", "POST", "/programme/bed/remove", programme.drop_bed, APPROVE, True, "approve"),
    Door("glossary", "GET", "/glossary", glossary.list_all, READ, api=True),
    Door("glossary-add", "POST", "/glossary", glossary.add, RUN, api=True, scope="write"),
    Door("glossary-remove", "POST", "/glossary/remove", glossary.remove, RUN, api=True, scope="write"),
    Door("glossary-import", "POST", "/glossary/import", glossary.take_in, RUN),
    Door("glossary-table", "GET", "/glossary.tsv", glossary.table, READ, api=True),
    Door("sound", "GET", "/glossary/sound", glossary.sound, READ, api=True),
    Door("outlet-sheet", "GET", "/outlets/{name}/sheet", sheet.show, RUN),
    Door("outlet-paper", "GET", "/outlets/{name}/paper", sheet.paper, READ),
    Door("outlet-aired", "POST", "/outlets/{name}/aired", sheet.take_aired, RUN, api=True, scope="write", most=LARGE),
    Door("report-stations", "GET", "/reports/stations", report.show, READ, api=True),
    Door("reports", "GET", "/reports", reports.show, READ, api=True),
    Door("report-hand-in", "POST", "/reports", reports.hand_in, APPROVE, api=True, scope="approve"),
    Door("reports-handed-in", "GET", "/reports/handed-in", reports.list_handed_in, READ, api=True),
    Door("outlet-key", "POST", "/outlets/{name}/key", sheet.new_key, RUN, api=True, scope="approve"),
    Door("voices", "GET", "/voices", listening.show, ALL, api=True),
    Door("voices-judge", "POST", "/voices/{id}", listening.judge, ALL),
    Door("voices-sound", "GET", "/voices/{id}/{side}", listening.sound, ALL),
    Door("themes", "GET", "/themes", themes.list_all, READ, api=True),
    Door("theme-save", "POST", "/themes", themes.save, APPROVE, api=True, scope="write"),
    Door("theme-retire", "POST", "/themes/{id}/retire", themes.retire, APPROVE, api=True, scope="write"),
    Door("staff", "GET", "/staff", staff.list_all, ADMIN, api=True),
    Door("staff-add", "POST", "/staff", staff.add, ADMIN),
    Door("staff-roles", "POST", "/staff/{id}/roles", staff.change_roles, ADMIN),
    Door("staff-close", "POST", "/staff/{id}/close", staff.close, ADMIN, api=True, scope="approve"),
    Door("staff-open", "POST", "/staff/{id}/open", staff.open_again, ADMIN),
    Door("staff-password", "POST", "/staff/{id}/password", staff.reset, ADMIN),
    Door("staff-step", "POST", "/staff/{id}/second-step/off", staff.drop_second_step, ADMIN),
    Door("tokens", "GET", "/tokens", tokens.show, ALL),
    Door("token-make", "POST", "/tokens", tokens.make, ALL),
    Door("token-remove", "POST", "/tokens/{id}/remove", tokens.drop, ALL),
    Door("delegations", "GET", "/delegations", delegations.list_all, READ, api=True),
    Door("delegate", "POST", "/delegations", delegations.add, APPROVE, api=True, scope="approve"),
    Door("delegation-end", "POST", "/delegations/{id}/end", delegations.end, APPROVE, api=True, scope="approve"),
    Door("audiences", "GET", "/audiences", audiences.list_all, READ, api=True),
    Door("audience-filter", "POST", "/audiences/filter", audiences.add_filter, RUN, api=True, scope="write"),
    Door("opt-out", "POST", "/audiences/opt-out", audiences.opt_out, RUN, api=True, scope="write"),
    Door("opt-in", "POST", "/audiences/opt-in", audiences.opt_in, RUN, api=True, scope="write"),
    Door("person-export", "POST", "/audiences/export", rights.export, ADMIN, api=True, scope="write"),
    Door("person-erase", "POST", "/audiences/erase", rights.erase, ADMIN, api=True, scope="write"),
    Door("policy", "GET", "/policy", policy.show, READ, api=True),
    Door("no-adverts", "POST", "/policy/no-adverts", policy.take_in, RUN, True, "write", most=HUGE),
    Door("audience-import", "POST", "/audiences", audiences.take_in, RUN, True, "write", most=HUGE),
    Door("subscriptions", "GET", "/subscriptions", subscriptions.list_all, ADMIN, api=True),
    Door("subscription-add", "POST", "/subscriptions", subscriptions.add, ADMIN, api=True, scope="approve"),
    Door("subscription-key", "POST", "/subscriptions/{id}/key", subscriptions.renew, ADMIN, api=True, scope="approve"),
    Door("subscription-pause", "POST", "/subscriptions/{id}/pause", subscriptions.pause, ADMIN, True, "write"),
    Door("subscription-resume", "POST", "/subscriptions/{id}/resume", subscriptions.resume, ADMIN, True, "write"),
    Door("subscription-remove", "POST", "/subscriptions/{id}/remove", subscriptions.remove, ADMIN, True, "write"),
    Door("subscription-test", "POST", "/subscriptions/{id}/test", subscriptions.try_out, ADMIN, True, "write"),
    Door("subscription-replay", "POST", "/subscriptions/{id}/replay", subscriptions.replay, ADMIN, True, "write"),
    Door("openapi", "GET", "/openapi.json", describe, ALL, api=True),
)
"""Every page and deed, and who may: what is not here does not exist, and who is not named is refused."""

ALLOWED = {door.name: door.roles for door in DOORS}
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
    app.router.add_routes(
        [*stations.routes(house, pulled, drawing), *partners.routes(house, pulled), *health.routes(house)]
    )
    return app


def _open_doors(app: web.Application, house: House, drawing: Drawing, keeper: DoorKeeper) -> None:
    machines = Api(house, DOORS)

    def at(door: Door, *, api: bool) -> Next:
        return partial(enter, house, drawing, keeper, door, machines if api else None)

    special = (
        Door("sign-in", "GET", "/sign-in", auth.show_door, frozenset()),
        Door("sign-in", "POST", "/sign-in", keeper.sign_in, frozenset()),
        Door("sign-in-sso", "GET", "/sign-in/sso", sso_door.leave, frozenset()),
        Door("sign-in-back", "GET", "/sign-in/sso/back", sso_door.come_back, frozenset()),
        Door("sign-in-code", "GET", "/sign-in/code", code_door.show, frozenset()),
        Door("sign-in-code", "POST", "/sign-in/code", code_door.take, frozenset()),
        Door("stopping", "GET", "/thoi-nhan/{token}", stopping.show, frozenset()),
        Door("stopping", "POST", "/thoi-nhan/{token}", stopping.change, frozenset()),
        Door("sign-out", "POST", "/sign-out", keeper.sign_out, ALL),
        Door("change-password", "POST", "/password", keeper.change_password, ALL),
    )
    for door in (*special, *DOORS):
        app.router.add_route(door.method, door.path, at(door, api=False))
        if door.api:
            shape_of(door.handler)
            app.router.add_route(door.method, f"{API}v1{door.path}", at(door, api=True), expect_handler=expect)


async def enter(
    house: House, drawing: Drawing, keeper: DoorKeeper, door: Door, api: Api | None, request: web.Request
) -> web.StreamResponse:
    """Who comes, may they, what do they bring; then the handler."""
    own = request.clone(client_max_size=door.most)
    visit = Visit(house, drawing, keeper, own, ALLOWED, json=bool(api) or wants_json(request), api=bool(api))
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
        raise Trouble(403, "Vai trò của bạn không mở được trang này", "Your role does not open this door")
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
        except ConnectionError:
            raise  # nobody is there any more to be told
        except Exception as error:
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
