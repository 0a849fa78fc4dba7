"""A strict SMS gateway on this machine: refuses what a real one refuses, loses answers on demand, keeps honest books."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import re
import secrets
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import aiohttp
from aiohttp import web

from config.clock import Clock
from desk.demo.sandbox import Sandbox

TAKEN, CREDENTIALS, BALANCE, BRAND, PHONE, LENGTH, ALPHABET, AGAIN, SHAPE = 100, 101, 103, 104, 108, 118, 119, 124, 210
WORDS = {
    TAKEN: "accepted",
    CREDENTIALS: "wrong credentials",
    BALANCE: "no balance",
    BRAND: "unknown brandname",
    PHONE: "invalid phone",
    LENGTH: "empty or too long",
    ALPHABET: "brandname not registered for Unicode",
    AGAIN: "already taken",
    SHAPE: "invalid payload",
}
# Mobile prefixes after 84 (Circular 22/2014/TT-BTTTT and later assignments), nine digits in all.
_MOBILE = re.compile(r"84(?:3[02-9]|5[25689]|7[06-9]|8[1-9]|9[0-46-9])\d{7}")
_FIELDS = ("account", "key", "brandname", "phone", "content", "request_id")
# 3GPP TS 23.038, basic table and extension.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€")
_KEPT = timedelta(hours=24)
_TRIES = (1.0, 5.0, 30.0, 60.0)


def segments(text: str) -> int:
    """How many parts the operator bills: 160 or 153 units of GSM 7-bit, else 70 or 67 of UCS-2 (3GPP TS 23.040)."""
    if all(mark in _GSM or mark in _EXTENDED for mark in text):
        units, single, part = sum(2 if mark in _EXTENDED else 1 for mark in text), 160, 153
    else:
        units, single, part = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if units <= single else -(-units // part)


@dataclass(frozen=True, slots=True)
class Taken:
    """One message the gateway took and would bill."""

    request_id: str
    sms_id: str
    phone: str
    content: str
    segments: int
    at: datetime


@dataclass
class Ledger:
    """What really happened: each message once, each repeat, each refusal (code, id), each receipt call (id, status, answer)."""

    taken: list[Taken] = field(default_factory=list)
    repeats: list[str] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    slowed: int = 0
    lost: int = 0
    receipts: list[tuple[str, str, int]] = field(default_factory=list)


class SmsGateway(Sandbox):
    """`async with SmsGateway(callback_url) as gateway: gateway.url`.

    `latency`: seconds before an answer. `receipt_after`: seconds until a receipt is called back; None holds receipts
    until `send_receipts`. `receipt_times`: 2 sends each twice. `unreachable`: phones whose receipt says failed.
    """

    patience = 10.0

    def __init__(
        self,
        callback_url: str = "",
        *,
        clock: Clock | None = None,
        brandname: str = "XAMOCCHAU",
        unicode: bool = True,
        most_segments: int = 8,
        per_second: float = 500.0,
        latency: float = 0.0,
        receipt_after: float | None = None,
        receipt_times: int = 1,
        unreachable: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(clock)
        self.callback_url, self.brandname, self.unicode, self.most_segments = (
            callback_url,
            brandname,
            unicode,
            most_segments,
        )
        self.per_second, self.latency, self.unreachable = per_second, latency, unreachable
        self.receipt_after, self.receipt_times = receipt_after, receipt_times
        self.account, self.key, self.callback_secret = "demo", secrets.token_hex(16), secrets.token_hex(16)
        self.balance = 1_000_000
        self.ledger = Ledger()
        self._to_lose = 0
        self._seen: dict[str, Taken] = {}
        self._level, self._filled_at = per_second, self._clock.steady()
        self._held: deque[Taken] = deque()
        self._came = asyncio.Condition()

    def _routes(self) -> list[web.RouteDef]:
        return [web.post("/sms/send", self._send)]

    def options(self, base_url: str = "") -> dict[str, Any]:
        """Options of the `sms_http` outlet that fits this account; `base_url` when it is reached by another address."""
        return {
            "url": f"{base_url or self.url}/sms/send",
            "body_template": json.dumps({name: f"{{{name}}}" for name in ("account", "key")})[:-1]
            + ', "brandname": "{sender}", "phone": "{phone}", "content": "{text}", "request_id": "{id}"}',
            "secrets_in_body": {"account": self.account, "key": self.key},
            "sender": self.brandname,
            "unaccented": not self.unicode,
            "success": {"status": [200], "path": "code", "equals": [str(TAKEN)]},
            "taken_again": [str(AGAIN)],
            "refused": {
                str(PHONE): "số điện thoại không hợp lệ",
                str(LENGTH): "tin trống hoặc quá dài",
                str(ALPHABET): "thương hiệu không được gửi tin có dấu",
                str(SHAPE): "yêu cầu sai mẫu",
            },
            "stopped": {
                str(CREDENTIALS): "sai tài khoản hoặc khóa",
                str(BALANCE): "tài khoản hết tiền",
                str(BRAND): "tên thương hiệu chưa đăng ký",
            },
            "id_path": "sms_id",
            "dedupes": True,
            "per_second": self.per_second,
            "at_once": 32,
            "receipts": self._receipts(),
        }

    def _receipts(self) -> dict[str, Any]:
        return {
            "method": "POST",
            "delivery": "request_id",
            "reference": "sms_id",
            "status": "status",
            "delivered": ["delivered"],
            "failed": ["failed"],
            "reason": "reason",
            "proof": "hmac",
            "name": "X-Signature",
            "secret": self.callback_secret,
        }

    async def has_taken(self, count: int) -> None:
        """Wait until so many messages were taken in all."""
        async with self._came:
            await self._came.wait_for(lambda: len(self.ledger.taken) >= count)

    def lose(self, count: int) -> None:
        """Take the next messages, and close the connection instead of answering."""
        self._to_lose += count

    async def _send(self, request: web.Request) -> web.StreamResponse:
        if self.latency:
            await self._clock.wait(self._stop, self.latency)
        if (wait := self._too_fast()) > 0:
            self.ledger.slowed += 1
            return web.json_response({"code": 160}, status=429, headers={"Retry-After": str(max(1, round(wait)))})
        code, asked = self._judge(await request.read())
        name = asked.get("request_id", "")
        if code == AGAIN:
            self.ledger.repeats.append(name)
        elif code == TAKEN:
            self._take(asked)
            async with self._came:
                self._came.notify_all()
        else:
            self.ledger.refused.append((code, name))
        if code in {TAKEN, AGAIN} and self._to_lose:
            self._to_lose -= 1
            self.ledger.lost += 1
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        known = self._seen.get(name) if code in {TAKEN, AGAIN} else None
        answer = {"code": str(code), "message": WORDS[code], "sms_id": known.sms_id if known else None}
        return web.json_response(answer)

    def _too_fast(self) -> float:
        """A bucket of one second: 0 when the message may pass, else seconds to wait."""
        now = self._clock.steady()
        self._level = min(max(1.0, self.per_second), self._level + (now - self._filled_at) * self.per_second)
        self._filled_at = now
        if self._level < 1:
            return (1 - self._level) / self.per_second
        self._level -= 1
        return 0.0

    def _judge(self, body: bytes) -> tuple[int, dict[str, str]]:
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            return SHAPE, {}
        if not isinstance(asked, dict) or not all(isinstance(value, str) for value in asked.values()):
            return SHAPE, {}
        if set(asked) != set(_FIELDS) or not 1 <= len(asked["request_id"]) <= 50:
            return SHAPE, {}
        given = f"{asked['account']}\0{asked['key']}".encode()
        if not hmac.compare_digest(given, f"{self.account}\0{self.key}".encode()):
            return CREDENTIALS, asked
        return self._content(asked), asked

    def _content(self, asked: dict[str, str]) -> int:
        text = asked["content"]
        if asked["brandname"] != self.brandname:
            return BRAND
        if not _MOBILE.fullmatch(asked["phone"]):
            return PHONE
        if not text.strip() or segments(text) > self.most_segments:
            return LENGTH
        if not self.unicode and any(mark not in _GSM and mark not in _EXTENDED for mark in text):
            return ALPHABET
        before = self._seen.get(asked["request_id"])
        if before is not None and self._clock.now() - before.at < _KEPT:
            return AGAIN
        return TAKEN if self.balance >= segments(text) else BALANCE

    def _take(self, asked: dict[str, str]) -> None:
        text = asked["content"]
        sms_id = f"sms-{len(self.ledger.taken) + 1:08d}"
        taken = Taken(asked["request_id"], sms_id, asked["phone"], text, segments(text), self._clock.now())
        self.balance -= taken.segments
        self._seen[taken.request_id] = taken
        self.ledger.taken.append(taken)
        if not self.callback_url:
            return
        if self.receipt_after is None:
            self._held.append(taken)
        else:
            self._begin(self._report_later(taken, self.receipt_after))

    async def _report_later(self, taken: Taken, seconds: float) -> None:
        await self._clock.wait(self._stop, seconds)
        for _ in range(self.receipt_times):
            await self._report(taken)

    async def send_receipts(self, order: Literal["first", "last"] = "first", times: int = 1) -> None:
        """Call back all held receipts now, oldest or newest first, each so many times; returns when all were answered."""
        held = sorted(self._held, key=lambda each: each.sms_id, reverse=order == "last")
        self._held.clear()
        for _ in range(times):
            for taken in held:
                await self._report(taken)

    async def _report(self, taken: Taken) -> None:
        """One receipt, tried again until it is answered with 2xx."""
        came = taken.phone not in self.unreachable
        said = {"sms_id": taken.sms_id, "request_id": taken.request_id, "phone": taken.phone}
        said |= {"status": "delivered"} if came else {"status": "failed", "reason": "subscriber absent"}
        body = json.dumps(said).encode()
        for wait in (*_TRIES, None):
            if await self._call(taken, said["status"], body) or wait is None or self._stop.is_set():
                return
            await self._clock.wait(self._stop, wait)

    async def _call(self, taken: Taken, status: str, body: bytes) -> bool:
        mark = hmac.new(self.callback_secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Signature": f"sha256={mark}", "Content-Type": "application/json"}
        answer = 0
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            async with self._client.post(self.callback_url, data=body, headers=headers) as response:
                answer = response.status
        self.ledger.receipts.append((taken.request_id, status, answer))
        return 200 <= answer < 300
