"""Calls to Zalo with an account's tokens, and what it says: errors come with status 200 (Zalo for Developers, API v2 to v3)."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channels.answer import Answer
from channels.channel import Outlet, Unavailable, Unsure
from channels.http import Http
from channels.zalo.account import A, ZaloAccount
from channels.zalo.errors import EXPIRED
from channels.zalo.tokens import Tokens, tokens


@dataclass(frozen=True, slots=True)
class Said:
    """Zalo's answer: code 0 is success, `message` fit for the log, `data` as it came."""

    code: int
    message: str
    data: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A value of `data` as text, empty when there is none."""
        value = self.data.get(name, "")
        return str(value)[:200] if isinstance(value, str | int) else ""


async def say(
    method: str, url: str, outlet: Outlet[A], http: Http, *, told: object = None, hide: tuple[str, ...] = ()
) -> Said:
    """One call, `told` as JSON. Of an expired token it learns from the answer, renews it and calls once more.

    What `hide` lists is masked in whatever Zalo says. Raises as `Http.request` does; Unsure for an answer without a code.
    """
    pair = await tokens(outlet, http)
    said = await _say(method, url, outlet.options, http, pair, told, hide)
    if said.code in EXPIRED:
        pair = await tokens(outlet, http, stale=pair.access)
        said = await _say(method, url, outlet.options, http, pair, told, hide)
    return said


async def ask(
    method: str, url: str, outlet: Outlet[A], http: Http, *, told: object = None, hide: tuple[str, ...] = ()
) -> Said:
    """A call by which nobody gets anything: when its answer is lost it can be made again, so that is Unavailable."""
    try:
        return await say(method, url, outlet, http, told=told, hide=hide)
    except Unsure as error:
        raise Unavailable(error.reason, error.vi, error.en) from None


async def _say(
    method: str, url: str, options: ZaloAccount, http: Http, pair: Tokens, told: object, hide: tuple[str, ...]
) -> Said:
    headers = {"access_token": pair.access}
    if options.appsecret_proof:
        key = options.app_secret.get_secret_value().encode()
        headers["appsecret_proof"] = hmac.new(key, pair.access.encode(), hashlib.sha256).hexdigest()
    body = b""
    if told is not None:
        headers["content-type"] = "application/json; charset=utf-8"
        body = json.dumps(told, ensure_ascii=False).encode()
    hide = (*options.secrets, pair.access, pair.refresh, *hide)
    return _said(await http.request(method, url, headers=headers, body=body, hide=hide))


def _said(answer: Answer) -> Said:
    """The code counts. Unsure when there is none."""
    plain = answer.json()
    try:
        code = int(plain["error"])
        message = answer.mask(str(plain.get("message", "")))[:200]
    except (AttributeError, TypeError, KeyError, ValueError, OverflowError):
        shown = answer.shown()
        raise Unsure("answer", f"Zalo trả lời không đọc được: {shown}", f"unreadable answer of Zalo: {shown}") from None
    data = plain.get("data")
    return Said(code, message, data if isinstance(data, dict) else {})
