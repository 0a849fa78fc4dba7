"""A strict eSMS on this machine, as developers.esms.vn describes it; it keeps books of what really happened."""

from __future__ import annotations

import json
import re
from collections import deque
from dataclasses import dataclass, field
from datetime import date, timedelta, timezone
from typing import Any, ClassVar

from aiohttp import web
from yarl import URL

from config.clock import Clock
from desk.demo.sandbox import Sandbox
from desk.demo.sms_gateway import segments

HANOI = timezone(timedelta(hours=7))
WORDS = {
    "99": "So dien thoai bi chan",
    "101": "Authorize Failed",
    "103": "Balance not enough to send message",
    "104": "Brand name code is not exist",
    "108": "Invalid phone",
    "118": "Invalid SmsType",
    "124": "Request exist 1",
    "146": "Sai template Brandname CSKH",
    "160": "TPS limit",
    "177": "Nha mang chua duoc dang ky",
    "210": "Invalid payload",
}
_NEEDED = frozenset(
    {"ApiKey", "SecretKey", "Phone", "Content", "Brandname", "SmsType", "IsUnicode", "Sandbox", "RequestId"}
)
_MOBILE = re.compile(r"(?:84|0)(?:3[2-9]|5[25689]|7[06-9]|8[1-9]|9[0-46-9])\d{7}")


@dataclass(frozen=True, slots=True)
class Taken:
    """One message eSMS took and would bill."""

    request_id: str
    sms_id: str
    phone: str
    content: str
    callback: str
    day: date
    """The day in Vietnam: as long as its RequestId is remembered."""


@dataclass
class Esms(Sandbox):
    """`async with Esms(clock) as esms: esms.options()`.

    `blocked`, `foreign` (their operator knows no such brandname) and `unreachable` are numbers 0...; `forced` are codes
    answered first, whatever is asked; `glue` is what it puts between a callback address and its own fields.
    """

    base: ClassVar[str] = "/MainService.svc/json"

    clock: Clock
    brandname: str = "XAMOCCHAU"
    balance: int = 1000
    most_segments: int = 8
    blocked: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()
    unreachable: frozenset[str] = frozenset()
    forced: deque[str] = field(default_factory=deque)
    glue: str = "&"
    taken: list[Taken] = field(default_factory=list)
    repeats: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """Statuses its callbacks were answered with."""
    api_key: str = "API-KEY-0f3a9c"
    secret_key: str = "SECRET-KEY-77be21"
    _to_lose: int = 0
    _done: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__(self.clock)

    def _routes(self) -> list[web.RouteDef]:
        sending, asking = f"{self.base}/SendMultipleMessage_V4_post_json/", f"{self.base}/GetSendStatus"
        return [web.post(sending, self._send), web.get(asking, self._status)]

    def options(self, **more: Any) -> dict[str, Any]:
        """Options of the outlet that fits this account, with changes."""
        told = {"api_key": self.api_key, "secret_key": self.secret_key, "brandname": self.brandname, "url": self.url}
        return told | {"callback_secret": "callback secret?&=#1"} | more

    def lose(self, count: int) -> None:
        """Take the next messages, and close the connection instead of answering."""
        self._to_lose += count

    # --- sending ---

    async def _send(self, request: web.Request) -> web.StreamResponse:
        asked = _strings(await request.text())
        code = self.forced.popleft() if self.forced else self._judge(asked)
        said: dict[str, Any] = {"CodeResult": code, "CountRegenerate": 0}
        if code == "100":
            said["SMSID"] = self._take(asked)
        elif code == "124":
            self.repeats.append(asked["RequestId"])
            said |= {"ErrorMessage": WORDS[code], "SendStatus": "5"}
        else:
            self.refused.append(code)
            said["ErrorMessage"] = f"{WORDS.get(code, 'Loi')} {asked.get('Phone', '')} {asked.get('ApiKey', '')}"
        if self._to_lose and code in {"100", "124"} and request.transport is not None:
            self._to_lose -= 1
            request.transport.abort()
        return web.json_response(said)

    def _judge(self, asked: dict[str, str]) -> str:
        if not _NEEDED <= set(asked) <= {*_NEEDED, "CallbackUrl"} or not 1 <= len(asked["RequestId"]) <= 50:
            return "210"
        if (asked["ApiKey"], asked["SecretKey"]) != (self.api_key, self.secret_key):
            return "101"
        if asked["SmsType"] != "2":
            return "118"
        if asked["Brandname"] != self.brandname:
            return "104"
        phone = asked["Phone"]
        if not _MOBILE.fullmatch(phone):
            return "108"
        return "99" if phone in self.blocked else "177" if phone in self.foreign else self._judge_text(asked)

    def _judge_text(self, asked: dict[str, str]) -> str:
        text, unicode = asked["Content"], asked["IsUnicode"]
        if unicode not in {"0", "1"} or not text.strip() or segments(text) > self.most_segments:
            return "210"
        if unicode == "0" and not text.isascii():
            return "146"  # with marks the text is not the one that was registered without
        if any(one.request_id == asked["RequestId"] and one.day == self._today() for one in self.taken):
            return "124"
        return "100" if self.balance >= segments(text) else "103"

    def _today(self) -> date:
        return self.clock.now().astimezone(HANOI).date()

    def _take(self, asked: dict[str, str]) -> str:
        sms_id = f"d533459e-{len(self.taken) + 1:06d}"
        if asked["Sandbox"] == "1":
            return sms_id
        callback = asked.get("CallbackUrl", "")
        self.taken.append(Taken(asked["RequestId"], sms_id, asked["Phone"], asked["Content"], callback, self._today()))
        self.balance -= segments(asked["Content"])
        return sms_id

    # --- what became of it ---

    async def _status(self, request: web.Request) -> web.Response:
        asked = request.query
        if (asked.get("ApiKey"), asked.get("SecretKey")) != (self.api_key, self.secret_key):
            return web.json_response({"CodeResponse": "101", "SMSID": asked.get("RefId")})
        known = [one for one in self.taken if one.sms_id == asked.get("RefId")]
        week = timedelta(days=7)
        if not known or self._today() - known[0].day > week:
            return web.json_response({"CodeResponse": "105", "SMSID": asked.get("RefId")})
        return web.json_response({"CodeResponse": "100", **self._become(known[0])})

    def _become(self, one: Taken, status: int = 0) -> dict[str, Any]:
        status = status or (5 if one.sms_id in self._done else 7)
        came = one.phone not in self.unreachable
        good, bad = (int(came), int(not came)) if status == 5 else (0, 0)
        counts = {"SendFailed": bad, "SendStatus": status, "SendSuccess": good, "TotalPrice": "850.0000"}
        return {"SMSID": one.sms_id, **counts, "TotalReceiver": 1, "TotalSent": 1}

    def finish(self) -> None:
        """All that was taken has reached its phone or never will."""
        self._done |= {one.sms_id for one in self.taken}

    async def call_back(self, status: int = 5, *, times: int = 1, named: bool = True, key: str = "") -> None:
        """Report every message by GET, each so many times, last first.

        Without `named` RequestId stays empty, as in eSMS's papers; `key` forges another secret.
        """
        for one in reversed(self.taken * times):
            fields = self._become(one, status) | {"RequestId": one.request_id if named else "", "TypeId": 2}
            query = "&".join(f"{name}={value}" for name, value in fields.items())
            address = one.callback if not key else f"{one.callback.partition('?')[0]}?key={key}"
            url = f"{address}{self.glue}{query}&telcoid=3&phonenumber={one.phone}&switchsmsid="
            async with self._client.get(URL(url, encoded=True)) as answer:
                self.answers.append(answer.status)


def _strings(text: str) -> dict[str, str]:
    """A JSON object of texts; empty when it is anything else."""
    try:
        plain = json.loads(text)
    except ValueError:
        return {}
    good = isinstance(plain, dict) and all(isinstance(value, str) for value in plain.values())
    return plain if good else {}
