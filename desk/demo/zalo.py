"""A strict Zalo on this machine: rotating tokens, errors inside status 200, followers, signed webhooks (see Zalo for Developers)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web

from config.clock import Clock
from desk.demo.sandbox import Sandbox

INVALID_TOKEN, EXPIRED_TOKEN, RATE, NOT_FOLLOWER, TOO_LONG_AGO, CONTENT, SHAPE = -216, -220, -32, -213, -230, -201, -201
BAD_REFRESH, BAD_APP, BAD_SECRET = -14014, -14002, -14004
_LIFE = timedelta(hours=25)
_REFRESH_LIFE = timedelta(days=90)
_CONTACT = timedelta(days=7)
_WEBHOOK_TRIES = (30.0, 300.0, 900.0, 1800.0, 3600.0)
_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Said:
    """One message a follower got."""

    msg_id: str
    user_id: str
    text: str
    at: datetime


@dataclass
class ZaloLedger:
    """What really happened: messages, refusals (code, user), token pairs given out, webhook calls (msg_id, try, answer)."""

    taken: list[Said] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    pairs: int = 0
    bad_refreshes: int = 0
    lost: int = 0
    webhooks: list[tuple[str, int, int]] = field(default_factory=list)


class ZaloSandbox(Sandbox):
    """`async with ZaloSandbox(callback_url) as zalo: zalo.url`. `per_minute`: calls an app may make.

    `latency`: seconds before an answer; `webhook_after`: seconds until a webhook, None holds them until `send_webhooks`.
    """

    patience = 2.0

    def __init__(
        self,
        callback_url: str = "",
        *,
        clock: Clock | None = None,
        per_minute: int = 4000,
        latency: float = 0.0,
        webhook_after: float | None = None,
        token_life: timedelta = _LIFE,
    ) -> None:
        super().__init__(clock)
        self.callback_url, self.per_minute, self.latency = callback_url, per_minute, latency
        self.webhook_after, self.token_life = webhook_after, token_life
        self.app_id, self.oa_id = "4316862547311212345", "579745863508352884"
        self.app_secret, self.oa_secret = secrets.token_hex(12), secrets.token_hex(12)
        self.ledger = ZaloLedger()
        self._followers: dict[str, datetime] = {}
        self._calls: deque[float] = deque()
        self._to_lose = 0
        self._held: list[Said] = []
        self._access: dict[str, datetime] = {}
        self._refresh: dict[str, datetime] = {}
        self.first = self._pair()

    def _routes(self) -> list[web.RouteDef]:
        return [web.post("/v4/oa/access_token", self._token), web.post("/v3.0/oa/message/cs", self._message)]

    def options(self, base_url: str = "") -> dict[str, Any]:
        """Options of the `zalo_oa` outlet that fits this account, and of every other kind what they share."""
        base = base_url or self.url
        return {
            "app_id": self.app_id,
            "app_secret": self.app_secret,
            "refresh_token": self.first[1],
            "oa_secret": self.oa_secret,
            "api_url": base,
            "business_url": base,
            "oauth_url": f"{base}/v4",
        }

    def follow(self, user_id: str, *, last_contact: datetime | None = None) -> None:
        """A person follows the account and wrote to it last at that moment (now when not given)."""
        self._followers[user_id] = last_contact or self._clock.now()

    def unfollow(self, user_id: str) -> None:
        """A person leaves."""
        self._followers.pop(user_id, None)

    def revoke(self) -> None:
        """All access tokens stop working; refresh tokens stay good."""
        self._access.clear()

    def lose(self, count: int) -> None:
        """Take the next messages, and close the connection instead of answering."""
        self._to_lose += count

    def _pair(self) -> tuple[str, str]:
        access, refresh = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
        self._access[access] = self._clock.now() + self.token_life
        self._refresh[refresh] = self._clock.now() + _REFRESH_LIFE
        return access, refresh

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        if request.headers.get("secret_key") != self.app_secret:
            return _error(BAD_SECRET, "Invalid secret key")
        if form.get("app_id") != self.app_id or form.get("grant_type") != "refresh_token":
            return _error(BAD_APP, "Invalid app")
        # Used up whatever comes of it.
        good_until = self._refresh.pop(str(form.get("refresh_token")), None)
        if good_until is None or good_until <= self._clock.now():
            self.ledger.bad_refreshes += 1
            return _error(BAD_REFRESH, "Invalid refresh token")
        access, refresh = self._pair()
        self.ledger.pairs += 1
        life = str(int(self.token_life.total_seconds()))
        return web.json_response({"access_token": access, "refresh_token": refresh, "expires_in": life})

    async def _message(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if self.latency:
            await self._clock.wait(self._stop, self.latency)
        code, words, user, text = self._judge(request.headers.get("access_token", ""), body)
        if code:
            self.ledger.refused.append((code, user))
            return _error(code, words)
        said = Said(f"{secrets.randbits(64):020d}", user, text, self._clock.now())
        self.ledger.taken.append(said)
        if self.callback_url and self.webhook_after is None:
            self._held.append(said)
        elif self.callback_url and self.webhook_after is not None:
            self._begin(self._tell_later(said, self.webhook_after))
        return self._success(request, {"message_id": said.msg_id, "user_id": user})

    def _success(self, request: web.Request, told: dict[str, Any]) -> web.Response:
        """Zalo's word that something was done, unless it is to be lost on the way."""
        if self._to_lose:
            self._to_lose -= 1
            self.ledger.lost += 1
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return web.json_response({"data": told, "error": 0, "message": "Success"})

    def _stranger(self, token: str) -> tuple[int, str]:
        """Code and words for who may not call now; code 0 for who may."""
        until = self._access.get(token)
        if until is None:
            return INVALID_TOKEN, "Access token is invalid"
        if until <= self._clock.now():
            return EXPIRED_TOKEN, "Access token has expired"
        if self._too_fast():
            return RATE, "Your application reach limit call api, request/minute"
        return 0, ""

    def _judge(self, token: str, body: bytes) -> tuple[int, str, str, str]:
        """Code (0 is good), words, user, text."""
        now = self._clock.now()
        code, words = self._stranger(token)
        if code:
            return code, words, "", ""
        try:
            asked = json.loads(body)
            user, text = asked["recipient"]["user_id"], asked["message"]["text"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return SHAPE, "Params is invalid", "", ""
        if not isinstance(user, str) or not isinstance(text, str):
            return SHAPE, "Params is invalid", "", ""
        if user not in self._followers:
            return NOT_FOLLOWER, "User has not followed OA", user, ""
        if now - self._followers[user] > _CONTACT:
            return TOO_LONG_AGO, "User has not interacted with the OA in the past 7 days", user, ""
        if not 1 <= len(text) <= _LIMIT:
            return CONTENT, "Text must be 1 to 2000 characters", user, ""
        return 0, "", user, text

    def _too_fast(self) -> bool:
        now = self._clock.steady()
        while self._calls and self._calls[0] <= now - 60:
            self._calls.popleft()
        if len(self._calls) >= self.per_minute:
            return True
        self._calls.append(now)
        return False

    async def _tell_later(self, said: Said, seconds: float) -> None:
        await self._clock.wait(self._stop, seconds)
        await self._tell(said)

    async def send_webhooks(self, times: int = 1) -> None:
        """Call back all held webhooks now, each so many times; returns when all were answered."""
        held, self._held = self._held, []
        for _ in range(times):
            for said in held:
                await self._tell(said)

    def webhook(self, said: Said) -> tuple[bytes, dict[str, str]]:
        """Body and headers of a `user_received_message` about a chat message."""
        people = {"sender": {"id": self.oa_id}, "recipient": {"id": said.user_id}}
        return self.signed({"event_name": "user_received_message", **people, "message": {"msg_id": said.msg_id}})

    def signed(self, event: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        """Body and headers of an event, signed: plain SHA-256 of app id, body, timestamp, OA secret key."""
        stamp = str(int(self._clock.now().timestamp() * 1000))
        body = json.dumps({**event, "app_id": self.app_id, "timestamp": stamp}).encode()
        mac = hashlib.sha256(self.app_id.encode() + body + stamp.encode() + self.oa_secret.encode()).hexdigest()
        return body, {"Content-Type": "application/json", "X-ZEvent-Signature": f"mac={mac}"}

    async def _tell(self, said: Said) -> None:
        """One webhook, tried again at Zalo's own intervals until it is answered with 200 within two seconds."""
        body, headers = self.webhook(said)
        for number, wait in enumerate((*_WEBHOOK_TRIES, None)):
            answer = 0
            again = {"num_retry": str(number)} if number else {}
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self._client.post(self.callback_url, data=body, headers=headers | again) as response:
                    answer = response.status
            self.ledger.webhooks.append((said.msg_id, number, answer))
            if answer == 200 or wait is None or self._stop.is_set():
                return
            await self._clock.wait(self._stop, wait)


def _error(code: int, words: str) -> web.Response:
    """Zalo's errors come with status 200."""
    return web.json_response({"error": code, "message": words})
