"""The two steps of coming in by an account elsewhere: away to the issuer, and back with its code."""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from typing import NoReturn

from aiohttp import web
from cryptography.fernet import Fernet, InvalidToken

from config.logs import log
from config.words import BadInput
from desk import store
from desk.answer import Answer, Shown, Trouble, Visit
from desk.auth import door, local_path
from desk.keys import derive
from desk.single_sign_on.provider import Away, Refused

LASTING = 600
"""Seconds in which one must be back."""
COOKIE, PATH, BACK = "loa-sso", "/sign-in/sso", "/sign-in/sso/back"

logger = log(__name__)


async def leave(visit: Visit) -> Answer:
    """GET /sign-in/sso: away to the issuer; what it will be held against stays in this browser, sealed."""
    provider = visit.keeper.provider
    if provider is None:
        raise Trouble(404, "Cơ quan chưa bật cách đăng nhập này", "Single sign-on is off")
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    try:
        address = await provider.address(state, nonce, verifier)
    except Away as error:
        _away(error)
    kept = json.dumps([state, nonce, verifier, local_path(visit.asked("next"))])
    sealed = _seal(visit).encrypt_at_time(kept.encode(), _second(visit)).decode()
    response = web.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})
    response.set_cookie(
        COOKIE, sealed, max_age=LASTING, httponly=True, samesite="Lax", secure=visit.keeper.secure, path=PATH
    )
    return response


async def come_back(visit: Visit) -> Answer:
    """GET /sign-in/sso/back: with a code of the issuer's, from the browser that left; then in, or to the code of the phone."""
    keeper = visit.keeper
    if keeper.provider is None:
        raise Trouble(404, "Cơ quan chưa bật cách đăng nhập này", "Single sign-on is off")
    kept = _kept(visit)
    if kept is None or not hmac.compare_digest(kept[0].encode(), visit.asked("state").encode()):
        return _ended(visit, _again("Lần đăng nhập này đã quá lâu hoặc không bắt đầu ở trình duyệt này; hãy thử lại"))
    if visit.asked("error") or not visit.asked("code"):
        return _ended(visit, _again("Bạn chưa được xác nhận ở nơi cấp tài khoản; hãy thử lại"))
    try:
        login = await keeper.provider.login(visit.asked("code"), kept[1], kept[2])
    except Away as error:
        _away(error)
    except Refused as error:
        logger.warning("single_sign_on_refused", said=str(error), address=visit.request.remote or "")
        return _ended(visit, _again("Nơi cấp tài khoản không xác nhận được bạn là ai; hãy thử lại hoặc hỏi quản trị"))
    async with visit.house.database.read() as connection:
        row = await store.person_by_login(connection, login)
    if row is None:
        logger.warning("single_sign_on_unknown", login=login[:80], address=visit.request.remote or "")
        vi = f"Tài khoản “{login[:80]}” chưa có trong Loa, hoặc đã khóa; hãy nhờ quản trị"
        return _ended(visit, BadInput(vi, "There is no such account here, or it is closed", field="login"))
    response = await keeper.identified(visit, row, kept[3])
    response.del_cookie(COOKIE, path=PATH, secure=keeper.secure, httponly=True, samesite="Lax")
    return response


def _again(vi: str) -> BadInput:
    return BadInput(vi, "Signing in by the other account did not succeed; try again", field="login")


def _ended(visit: Visit, fault: BadInput) -> Shown:
    """The sign-in page with what stood in the way; what was kept in the browser is of no more use, and runs out."""
    return door(visit).with_fault(fault)


def _away(error: Away) -> NoReturn:
    logger.error("single_sign_on_away", said=str(error))
    vi = "Chưa hỏi được nơi cấp tài khoản; hãy đăng nhập bằng mật khẩu của Loa hoặc thử lại sau"
    raise Trouble(503, vi, "The other account cannot be asked now; use your password here", {"Retry-After": "30"})


def _kept(visit: Visit) -> list[str] | None:
    try:
        plain = _seal(visit).decrypt_at_time(visit.request.cookies.get(COOKIE, ""), LASTING, _second(visit))
    except InvalidToken:
        return None
    found: list[str] = json.loads(plain)
    return found


def _seal(visit: Visit) -> Fernet:
    return Fernet(urlsafe_b64encode(derive(visit.house.key, "single-sign-on")))


def _second(visit: Visit) -> int:
    return int(visit.house.clock.now().timestamp())
