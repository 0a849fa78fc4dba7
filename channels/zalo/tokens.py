"""An account's tokens: the pair to use now, renewed by one at a time over all processes (Zalo for Developers, OAuth v4)."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from channels.channel import Keep, Outlet, Unavailable, Unsure
from channels.http import Http
from channels.zalo.account import A, ZaloAccount
from channels.zalo.errors import WAIT

# A pair lives 25 hours; it is renewed when five are left.
_LIFE = timedelta(hours=25)
_MARGIN = timedelta(hours=5)
_RENEWALS: set[asyncio.Task[Tokens]] = set()


@dataclass(frozen=True, slots=True)
class Tokens:
    """A pair as kept: `origin` is the digest of the refresh token in the options the line of pairs began with."""

    access: str
    refresh: str
    expires_at: str
    origin: str


async def tokens(outlet: Outlet[A], http: Http, *, stale: str = "") -> Tokens:
    """A pair to use now, renewed when it is old or when `stale` (an access token Zalo refused) is still the kept one.

    Raises Unavailable; with `person` when Zalo takes the refresh token no longer.
    """
    kept = await _kept(outlet, http)
    if kept is not None and _good(kept, http, stale):
        return kept
    # The old refresh token dies with the request: once asked for, the new pair must be stored whatever becomes of us.
    task = asyncio.ensure_future(_renewed(outlet, http, stale))
    _RENEWALS.add(task)
    task.add_done_callback(_settled)
    return await asyncio.shield(task)


def _settled(task: asyncio.Task[Tokens]) -> None:
    _RENEWALS.discard(task)
    if not task.cancelled():
        # Who waited has had it; who was cancelled does not want it.
        task.exception()


async def _renewed(outlet: Outlet[A], http: Http, stale: str) -> Tokens:
    async with outlet.keep.alone("tokens"):
        kept = await _kept(outlet, http)
        if kept is not None and _good(kept, http, stale):
            return kept
        refresh = kept.refresh if kept is not None else _given(outlet.options)
        pair = await _asked(outlet, http, {"refresh_token": refresh, "grant_type": "refresh_token"})
        await outlet.keep.put("tokens", json.dumps(asdict(pair)))
        return pair


async def _kept(outlet: Outlet[A], http: Http) -> Tokens | None:
    """The kept pair, or the options' own when none is kept or a person has put a new refresh token in the options."""
    origin = _origin(outlet.options)
    text = await _read(outlet.keep)
    if text is not None and text.origin == origin:
        return text
    first = outlet.options.access_token
    if first is None:
        return None
    expires = http.now() + _LIFE
    return Tokens(first.get_secret_value(), _given(outlet.options), expires.isoformat(), origin)


async def _read(keep: Keep) -> Tokens | None:
    try:
        return Tokens(**json.loads(await keep.get("tokens") or "null"))
    except (TypeError, ValueError):
        return None


def _given(options: ZaloAccount) -> str:
    if options.refresh_token is None:
        raise Unavailable(
            "token",
            "chưa được phép nói thay Official Account: chạy loa outlet authorize TÊN",
            "not authorized to speak for the Official Account: run loa outlet authorize NAME",
            person=True,
        )
    return options.refresh_token.get_secret_value()


def _origin(options: ZaloAccount) -> str:
    first = options.refresh_token
    return hashlib.sha256(first.get_secret_value().encode() if first is not None else b"authorized").hexdigest()


def _good(pair: Tokens, http: Http, stale: str) -> bool:
    return pair.access != stale and datetime.fromisoformat(pair.expires_at) - http.now() > _MARGIN


async def begin_with(outlet: Outlet[A], http: Http, code: str, verifier: str) -> None:
    """The first pair for a person's consent (`code`, good for ten minutes and once); stored before anybody uses it.

    Raises Unavailable when Zalo does not take it.
    """
    async with outlet.keep.alone("tokens"):
        form = {"code": code, "grant_type": "authorization_code", "code_verifier": verifier}
        pair = await _asked(outlet, http, form)
        await outlet.keep.put("tokens", json.dumps(asdict(pair)))


async def _asked(outlet: Outlet[A], http: Http, told: Mapping[str, str]) -> Tokens:
    """A new pair for a refresh token or a code, which is used up by the request."""
    options = outlet.options
    form = {**told, "app_id": options.app_id}
    secret = options.app_secret.get_secret_value()
    try:
        answer = await http.request(
            "POST",
            f"{options.oauth_url}/oa/access_token",
            headers={"secret_key": secret, "content-type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
            hide=(*options.secrets, *told.values()),
        )
        plain = answer.json()
    except Unsure as error:
        # No message has left: only the renewal is in doubt, and asking again shows what became of it.
        raise Unavailable("token", f"chưa đổi được token: {error.vi}", f"token not renewed: {error.en}") from None
    return _pair(plain, http, _origin(options))


def _pair(plain: Any, http: Http, origin: str) -> Tokens:
    try:
        life = timedelta(seconds=int(plain.get("expires_in", "90000")))
        access, refresh = plain["access_token"], plain["refresh_token"]
        if isinstance(access, str) and isinstance(refresh, str) and access and refresh:
            return Tokens(access, refresh, (http.now() + life).isoformat(), origin)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        pass
    code = str(plain.get("error", "?"))[:20] if isinstance(plain, Mapping) else "?"
    if code in map(str, WAIT):
        raise Unavailable("token", f"Zalo chưa đổi token (lỗi {code})", f"token not renewed yet (error {code})")
    raise Unavailable(
        "token",
        f"Zalo không đổi token (lỗi {code}); cần cấp lại refresh token",
        f"Zalo did not renew the token (error {code}); a new refresh token is needed",
        person=True,
    )
