"""A strict SpeedSMS on this machine, as speedsms.vn/sms-api and public clients describe it; it keeps honest books."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections import deque
from dataclasses import dataclass, field
from typing import Any, ClassVar

from aiohttp import web

from config.clock import Clock
from desk.demo.sandbox import Sandbox
from desk.demo.sms_gateway import segments

WORDS = {
    "007": "IP locked",
    "008": "Account blocked",
    "009": "Account not allow to call the API",
    "101": "Invalid or missing parameters",
    "105": "Phone number invalid",
    "110": "Not support sms content encoding",
    "113": "Sms content too long",
    "300": "Your account balance not enough to send sms",
    "500": "Internal error, please try again",
}
_MOBILE = re.compile(r"84(?:3[2-9]|5[25689]|7[06-9]|8[1-9]|9[0-46-9])\d{7}")
_WINDOW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Taken:
    """One message SpeedSMS took and would bill."""

    tran_id: int
    phone: str
    content: str


@dataclass
class SpeedSms(Sandbox):
    """`async with SpeedSms(clock) as speedsms: speedsms.options()`.

    `invalid` are numbers 84... it takes the request for and lists in invalidPhone; `statuses` what becomes of a number (0
    unless given); `forced` are codes answered first; `per_minute` the requests it allows in 60 seconds.
    """

    base: ClassVar[str] = "/index.php"

    clock: Clock
    sender: str = "XAMOCCHAU"
    unicode: bool = True
    balance: int = 1000
    most_segments: int = 8
    per_minute: int = 60
    invalid: frozenset[str] = frozenset()
    statuses: dict[str, int] = field(default_factory=dict)
    forced: deque[str] = field(default_factory=deque)
    taken: list[Taken] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    """Statuses its callbacks were answered with."""
    token: str = "L5CSaUvyf9gW38qz7HPn"
    secret: str = "callback secret?&=#1"
    _to_lose: int = 0
    _asked_at: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.clock)

    def _routes(self) -> list[web.RouteDef]:
        sending, asking = f"{self.base}/sms/send", f"{self.base}/sms/status/{{tran}}"
        return [web.post(sending, self._send), web.get(asking, self._status)]

    def options(self, **more: Any) -> dict[str, Any]:
        """Options of the outlet that fits this account, with changes."""
        told = {"token": self.token, "sender": self.sender, "url": self.url, "callback_secret": self.secret}
        return told | {"unaccented": not self.unicode} | more

    def lose(self, count: int) -> None:
        """Take the next messages, and close the connection instead of answering."""
        self._to_lose += count

    # --- sending ---

    async def _send(self, request: web.Request) -> web.StreamResponse:
        if (stranger := self._stranger(request)) is not None:
            return stranger
        asked = _object(await request.text())
        code, words = self._judge(asked)
        if code != "00":
            self.refused.append(code)
            said = {"status": "error", "code": code, "message": f"{words} {asked.get('to')} {self.token}"}
            return web.json_response(said | {"invalidPhone": asked.get("to") if code == "105" else []})
        answer = self._take(asked)
        if self._to_lose and request.transport is not None:
            self._to_lose -= 1
            request.transport.abort()
        return web.json_response({"status": "success", "code": "00", "data": answer})

    def _stranger(self, request: web.Request) -> web.Response | None:
        """The answer to who asks without the token, or too fast."""
        expected = f"Basic {b64encode(f'{self.token}:x'.encode()).decode()}"
        if request.headers.get("Authorization") != expected:
            told = {"name": "Unauthorized", "message": "Your request was made with invalid credentials.", "status": 401}
            return web.json_response(told, status=401)
        now = self.clock.steady()
        self._asked_at = [moment for moment in self._asked_at if now - moment < _WINDOW_SECONDS]
        if len(self._asked_at) < self.per_minute:
            self._asked_at.append(now)
            return None
        told = {"name": "Too Many Requests", "message": "Rate limit exceeded.", "code": 0, "status": 429}
        reset = str(round(_WINDOW_SECONDS - (now - self._asked_at[0])))
        return web.json_response(told, status=429, headers={"X-Rate-Limit-Reset": reset})

    def _judge(self, asked: dict[str, Any]) -> tuple[str, str]:
        if self.forced:
            code = self.forced.popleft()
        elif asked.get("sms_type") == 3 and asked.get("sender") != self.sender:
            return "101", "sender not found"
        else:
            code = self._judge_shape(asked)
        return code, WORDS.get(code, "Unknown error")

    def _judge_shape(self, asked: dict[str, Any]) -> str:
        to, text = asked.get("to"), asked.get("content")
        if set(asked) != {"to", "content", "sms_type", "sender"} or asked["sms_type"] not in range(2, 9):
            return "101"
        if not isinstance(to, list) or not 1 <= len(to) <= 100 or not isinstance(text, str) or not text.strip():
            return "101"
        if not all(isinstance(phone, str) and _MOBILE.fullmatch(phone) for phone in to):
            return "105"
        if not self.unicode and not text.isascii():
            return "110"
        if segments(text) > self.most_segments:
            return "113"
        return "00" if self.balance >= segments(text) * len(to) else "300"

    def _take(self, asked: dict[str, Any]) -> dict[str, Any]:
        tran, text = 123456 + len(self.taken), asked["content"]
        good = [phone for phone in asked["to"] if phone not in self.invalid]
        self.taken += [Taken(tran, phone, text) for phone in good]
        cost = segments(text) * len(good)
        self.balance -= cost
        bad = [phone for phone in asked["to"] if phone in self.invalid]
        return {"tranId": tran, "totalSMS": cost, "totalPrice": 250 * cost, "invalidPhone": bad}

    # --- what became of it ---

    async def _status(self, request: web.Request) -> web.Response:
        if (stranger := self._stranger(request)) is not None:
            return stranger
        found = [one for one in self.taken if str(one.tran_id) == request.match_info["tran"]]
        if not found:
            return web.json_response({"status": "error", "code": "101", "message": WORDS["101"]})
        said = [{"phone": one.phone, "status": self.statuses.get(one.phone, 0)} for one in found]
        return web.json_response({"status": "success", "code": "00", "data": said})

    async def call_back(self, address: str, *, times: int = 1, key: str = "") -> None:
        """Report every message by POST, each so many times, last first; `key` forges another secret."""
        for one in reversed(self.taken * times):
            status = self.statuses.get(one.phone, 0)
            said = {"type": "report", "tranId": one.tran_id, "phone": one.phone, "status": status}
            params = {"key": key or self.secret}
            async with self._client.post(address, params=params, json=said) as answer:
                self.answers.append(answer.status)


def _object(text: str) -> dict[str, Any]:
    try:
        plain = json.loads(text)
    except ValueError:
        return {}
    return plain if isinstance(plain, dict) else {}
