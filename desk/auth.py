"""Sign-in, sessions, API tokens, form tokens: who comes in by which door."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

from aiohttp import web

from config.logs import log
from config.words import BadInput, Conflict, NotAllowed, Word
from content.units import store as unit_store
from content.units.unit import ROOT
from db.types import new_id
from desk import store, within
from desk.answer import Answer, Done, Shown, Trouble, Visit
from desk.app import House
from desk.delegation.store import GIVING, instead_of
from desk.keys import derive
from desk.passwords import Passwords, check_password, hashed, readable_password
from desk.second_step.halfway import Halfway
from desk.second_step.keeping import SecondSteps, standing_of
from desk.single_sign_on.provider import Provider
from desk.throttle import Throttle

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
TOUCH = timedelta(minutes=1)
MARK_DAYS = 180
ROLES = ("author", "approver", "station", "viewer", "administrator")
SCOPES = ("read", "write", "approve", "station")
LIVE = "X-Loa-Live"

logger = log(__name__)


class DoorKeeper:
    """Lets people in and out. One for the whole desk."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.passwords = Passwords()
        self._throttle = Throttle(house.clock, derive(house.key, "mark"))
        self.code_tries = Throttle(house.clock, derive(house.key, "mark"))
        self.secure = house.settings.web.base_url.startswith("https://")
        self.steps = SecondSteps(house)
        self.halfway = Halfway(house, secure=self.secure)
        self.cookie = "__Host-loa" if self.secure else "loa"
        asked, back = house.settings.sign_in, f"{house.settings.web.base_url}/sign-in/sso/back"
        self.provider = Provider(asked, house.http, house.clock, back) if asked.oidc_issuer else None

    async def recognise(self, visit: Visit) -> bool:
        """Fill in who comes with the session cookie; False for a stranger."""
        secret = visit.request.cookies.get(self.cookie, "")
        if not secret:
            return False
        house, id = self._house, hashed(secret)
        now = house.clock.now()
        async with house.database.read() as connection:
            row = await store.find_session(connection, id, idle_since=now - IDLE, made_since=now - LONGEST)
            stead = "" if row is None or GIVING & set(row.roles) else await instead_of(connection, row.id, now, GIVING)
        if row is None:
            return False
        # A page that refreshes itself is nobody at the desk: it must not keep the session alive.
        if now - row.seen_at >= TOUCH and LIVE not in visit.request.headers and visit.request.path != "/events":
            async with house.database.write() as tx:
                await store.touch_session(tx, id, now)
        await _fill(visit, row)
        if stead:
            visit.roles, visit.instead_of = visit.roles | {"approver"}, stead
        visit.session, visit.form_token = id, row.form_token
        visit.second_step = standing_of(house.settings.sign_in.second_step, visit.roles, row.second_step_since)
        return True

    async def recognise_token(self, visit: Visit) -> None:
        """Fill in who comes with a bearer token. Raises Trouble 401."""
        kind, _, secret = visit.request.headers.get("Authorization", "").partition(" ")
        row = None
        if kind.lower() == "bearer" and secret:
            async with self._house.database.read() as connection:
                row = await store.find_token(connection, hashed(secret.strip()), self._house.clock.now())
        if row is None:
            raise Trouble(
                401,
                "Thiếu hoặc sai mã truy cập",
                "The token is missing or wrong",
                {"WWW-Authenticate": 'Bearer realm="Loa"'},
            )
        await _fill(visit, row)
        visit.token, visit.scopes = hashed(secret.strip()), frozenset(row.scopes)

    def check_scope(self, visit: Visit, scope: str) -> None:
        """Refuse what the token is not for. Raises NotAllowed."""
        if scope not in visit.scopes:
            raise NotAllowed(f"Mã truy cập này không có quyền “{scope}”", f"This token lacks the scope {scope!r}")

    def check_origin(self, request: web.Request) -> None:
        """Refuse what another site makes a browser send. Raises NotAllowed."""
        site = request.headers.get("Sec-Fetch-Site")
        origin = request.headers.get("Origin")
        own = {request.host, urlsplit(self._house.settings.web.base_url).netloc}
        if not (site in {"same-origin", "none"} if site else origin is None or urlsplit(origin).netloc in own):
            logger.warning("cross_site_refused", path=request.path, origin=origin or "")
            raise NotAllowed("Yêu cầu đến từ trang khác nên bị từ chối", "A request from another site is refused")

    def check_form(self, visit: Visit) -> None:
        """Refuse a form that was not drawn for this session. Raises NotAllowed."""
        given = visit.request.headers.get("X-Form-Token") or visit.text("form_token")
        if not visit.form_token or not hmac.compare_digest(given.encode(), visit.form_token.encode()):
            logger.warning("form_token_refused", path=visit.request.path, person=visit.name)
            raise NotAllowed(
                "Biểu mẫu đã hết hạn; hãy mở lại trang rồi làm lại", "The form has expired; open the page again"
            )

    async def sign_in(self, visit: Visit) -> Answer:
        """Check login and password; open a session, or ask for the code first. The same words and work for unknown people."""
        login, password = visit.text("login").strip(), visit.text("password")
        mark = visit.request.cookies.get("loa-mark", "")
        keys = self._throttle.keys(login, visit.request.remote or "", mark)
        wait = self._throttle.wait(keys)
        if wait > 0:
            too_many(visit, wait)
        self._throttle.count(keys)
        async with self._house.database.read() as connection:
            row = await store.person_by_login(connection, login)
        if not await self.passwords.fits(None if row is None else row.password, password):
            logger.warning("sign_in_refused", login=login[:80], address=visit.request.remote or "")
            fault = BadInput("Tên đăng nhập hoặc mật khẩu không đúng", "Login or password is wrong", field="login")
            return door(visit).with_fault(fault)
        assert row is not None
        self._throttle.forget(list(keys))
        return await self.identified(visit, row, visit.text("next"))

    async def identified(self, visit: Visit, row: Any, next: str) -> web.Response:
        """Open a session for this person, or ask for the code of the phone first."""
        async with self._house.database.read() as connection:
            asked = await self.steps.is_on(connection, row.id)
        if not asked:
            return await self.let_in(visit, row, next=next)
        response = web.Response(
            status=303, headers={"Location": f"/sign-in/code?next={quote(local_path(next), safe='/')}"}
        )
        self.halfway.begin(response, row)
        return response

    async def let_in(self, visit: Visit, row: Any, said: str = "", next: str = "") -> web.Response:
        """Open a session for whoever has given all that was asked for, and tell what was done meanwhile."""
        async with self._house.database.write() as tx:
            removal = await self.steps.told_of_removal(tx, row.id)
        logger.info("signed_in", person=row.name, address=visit.request.remote or "")
        response = web.Response(status=303, headers={"Location": local_path(next or visit.text("next"))})
        await self._open_session(response, row.id)
        if removal is not None:
            said = removal_in_words(visit, removal)
        if said:
            visit.drawing.say(response, said, visit.language)
        value = self._throttle.mark(row.login)
        response.set_cookie(
            "loa-mark",
            value,
            max_age=MARK_DAYS * 86400,
            httponly=True,
            samesite="Lax",
            secure=self.secure,
            path="/sign-in",
        )
        return response

    async def _open_session(self, response: web.StreamResponse, person: str) -> None:
        secret, now = secrets.token_urlsafe(32), self._house.clock.now()
        async with self._house.database.write() as tx:
            await store.prune_sessions(tx, now - IDLE)
            await store.add_session(tx, hashed(secret), person, secrets.token_urlsafe(32), now)
        response.set_cookie(self.cookie, secret, httponly=True, samesite="Lax", secure=self.secure, path="/")

    async def sign_out(self, visit: Visit) -> Answer:
        """End the session, here and in the browser."""
        async with self._house.database.write() as tx:
            await store.end_session(tx, visit.session)
        logger.info("signed_out", person=visit.name)
        response = web.Response(status=303, headers={"Location": "/sign-in"})
        response.del_cookie(self.cookie, path="/", secure=self.secure, httponly=True, samesite="Lax")
        visit.drawing.say(response, Word("Đã đăng xuất.", "Signed out."), visit.language)
        return response

    async def change_password(self, visit: Visit) -> Answer:
        """Another password: every session of the person ends, and this browser gets a new one."""
        page = Shown("password.html", {})
        new = visit.text("password")
        async with self._house.database.read() as connection:
            row = await store.person_by_login(connection, visit.login)
        if not await self.passwords.fits(row.password if row else None, visit.text("current")):
            return page.with_fault(BadInput("Mật khẩu hiện tại không đúng", "Wrong password", field="current"))
        try:
            check_password(new, visit.login, visit.name)
            if new != visit.text("again"):
                raise BadInput("Hai lần nhập không giống nhau", "The two differ", field="again")
        except BadInput as fault:
            return page.with_fault(fault)
        stored, now = await self.passwords.hash(new), self._house.clock.now()
        async with self._house.database.write() as tx:
            await store.set_password(tx, visit.person, stored)
            await self._house.journal.note(tx, now, visit.name, "change_password", f"person/{visit.login}")
        response = web.Response(status=303, headers={"Location": "/"})
        await self._open_session(response, visit.person)
        said = Word(
            "Đã đổi mật khẩu. Các phiên đăng nhập khác đã kết thúc.",
            "Password changed. Your other sessions have ended.",
        )
        visit.drawing.say(response, said, visit.language)
        return response


async def _fill(visit: Visit, row: Any) -> None:
    visit.person, visit.name, visit.login, visit.unit = row.id, row.name, row.login, row.unit
    visit.roles = visit.own_roles = frozenset(row.roles)
    if visit.unit != ROOT:
        async with visit.house.database.read() as connection:
            visit.units = await unit_store.below(connection, visit.unit)
            visit.unit_name = (await unit_store.names(connection, [visit.unit])).get(visit.unit, visit.unit)
        visit.doors = within.in_units(visit.doors)


def too_many(visit: Visit, wait: float) -> NoReturn:
    """Tell for how many seconds no try is heard. Raises Trouble 429."""
    seconds = int(wait) + 1
    logger.warning("sign_in_throttled", address=visit.request.remote or "")
    vi = f"Thử sai quá nhiều lần; hãy đợi {seconds} giây rồi thử lại"
    raise Trouble(429, vi, f"Too many tries; wait {seconds} seconds", {"Retry-After": str(seconds)})


def removal_in_words(visit: Visit, removal: Any) -> Word:
    """What somebody is told whose second step was taken off."""
    at = visit.drawing.moment(removal.removed_at)
    return Word(
        f"{removal.removed_by} đã gỡ đăng nhập hai bước của bạn ({at}). Hãy bật lại ở mục Đăng nhập hai bước.",
        f"{removal.removed_by} removed your second step ({at.en}). Switch it on again under Two-step sign-in.",
    )


def door(visit: Visit) -> Shown:
    """The sign-in page."""
    next = visit.text("next") or visit.asked("next")
    sso = visit.house.settings.sign_in.oidc_title if visit.keeper.provider else ""
    return Shown("sign_in.html", {"login": visit.text("login"), "next": local_path(next), "sso": sso})


async def show_door(visit: Visit) -> Answer:
    """GET /sign-in; whoever is in already goes on."""
    return Done("/") if visit.name else door(visit)


async def show_password(visit: Visit) -> Answer:
    """GET /password."""
    return Shown("password.html", {})


def local_path(written: str) -> str:
    """A path of this site, for going on after sign-in; anything else becomes the first page."""
    honest = written.startswith("/") and not written.startswith(("//", "/\\")) and written.isprintable()
    return written if honest and "\\" not in written else "/"


def to_door(request: web.Request) -> web.Response:
    """Send a stranger to the sign-in page, and back afterwards."""
    wanted = request.path_qs if request.method in {"GET", "HEAD"} else "/"
    return web.Response(
        status=303, headers={"Location": f"/sign-in?next={quote(wanted, safe='/')}", "Cache-Control": "no-store"}
    )


async def add_person(
    house: House,
    login: str,
    name: str,
    roles: Collection[str],
    password: str | None,
    *,
    unit: str = ROOT,
    by: str = "Loa",
) -> str:
    """A new account for a `unit`; the password that was given, or one made here. Raises BadInput, Conflict, NotFound."""
    login, name = login.strip().lower(), " ".join(name.split())
    if not login.isascii() or not login.replace(".", "").replace("-", "").isalnum() or len(login) > 40:
        raise BadInput("Tên đăng nhập chỉ gồm chữ không dấu, số, chấm và gạch", f"Not a login: {login}", field="login")
    if not name or len(name) > 100:
        raise BadInput("Thiếu họ tên (nhiều nhất 100 ký tự)", "The name is missing or too long", field="name")
    unknown = sorted(set(roles) - set(ROLES))
    if unknown or not roles:
        raise BadInput(f"Vai trò phải là: {', '.join(ROLES)}", f"Roles are: {', '.join(ROLES)}", field="roles")
    chosen = readable_password() if password is None else password
    check_password(chosen, login, name)
    stored, now = await Passwords().hash(chosen), house.clock.now()
    async with house.database.write() as tx:
        await unit_store.must_exist(tx, unit)
        for taken in (login, name):
            if await store.person_called(tx, taken) is not None:
                raise Conflict(f"Đã có người tên “{taken}”", f"{taken} is taken already", field="login")
        person = store.Person(new_id(now), login, name, tuple(role for role in ROLES if role in roles), unit=unit)
        await store.add_person(tx, person, stored, now)
        told = {"name": name, "roles": list(person.roles)} | ({"unit": unit} if unit else {})
        await house.journal.note(tx, now, by, "add_person", f"person/{login}", **told)
    return chosen


async def reset_password(house: House, login: str, password: str | None, *, by: str) -> str:
    """Another password for somebody, whose sessions all end; the one that was given, or one made here. Raises BadInput."""
    chosen = readable_password() if password is None else password
    check_password(chosen, login)
    stored = await Passwords().hash(chosen)
    async with house.database.write() as tx:
        row = await store.person_by_login(tx, login.strip().lower())
        if row is None:
            raise BadInput(f"Không có người dùng {login}", f"There is no person {login}", field="login")
        await store.set_password(tx, row.id, stored)
        await house.journal.note(tx, house.clock.now(), by, "reset_password", f"person/{row.login}")
    return chosen


async def first_administrator(house: House) -> str | None:
    """At first start: make the administrator, and say how to sign in. None when there are people already."""
    async with house.database.read() as connection:
        if await store.count_people(connection):
            return None
    password = await add_person(house, "quantri", "Quản trị", ("administrator",), None)
    return (
        f"Đăng nhập lần đầu tại {house.settings.web.base_url}/sign-in: tên quantri, mật khẩu {password} "
        "(chỉ hiện một lần; hãy đổi ngay ở mục Mật khẩu)"
    )


async def make_token(
    house: House, person_login: str, name: str, scopes: Collection[str], days: int | None, *, by: str = "Loa"
) -> str:
    """A token for a program of this person's, shown once. Raises BadInput."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise BadInput(f"Quyền phải là: {', '.join(SCOPES)}", f"Scopes are: {', '.join(SCOPES)}", field="scopes")
    if days is not None and days < 1:
        raise BadInput("Số ngày phải từ 1 trở lên", "At least one day", field="days")
    token, now = f"loa_{secrets.token_urlsafe(32)}", house.clock.now()
    until = None if days is None else now + timedelta(days=days)
    async with house.database.write() as tx:
        row = await store.person_by_login(tx, person_login.strip().lower())
        if row is None:
            raise BadInput(f"Không có người dùng {person_login}", f"There is no person {person_login}", field="login")
        kept = [scope for scope in SCOPES if scope in scopes]
        await store.add_token(tx, hashed(token), name, row.id, kept, now, until)
        await house.journal.note(tx, now, by, "make_token", f"person/{row.login}", name=name, scopes=kept)
    return token
