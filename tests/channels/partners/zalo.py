"""A strict Zalo for templates by phone and for articles, on top of the demo's: same app, tokens, signature, lost answers."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp
from aiohttp import web

from config.clock import Clock
from desk.demo.zalo import ZaloSandbox

HANOI = timezone(timedelta(hours=7))
TEMPLATE, COVER = "601036", "https://xa.example/bia.jpg"
PARAMS: list[dict[str, Any]] = [
    {"name": "ho_ten", "require": True, "type": "STRING", "maxLength": 30, "minLength": 1, "acceptNull": False},
    {"name": "noi_dung", "require": True, "type": "STRING", "maxLength": 200, "minLength": 0, "acceptNull": False},
    {"name": "ngay", "require": True, "type": "DATE", "maxLength": 20, "minLength": 0, "acceptNull": False},
]
_PHONE = re.compile(r"84[35789]\d{8}")
_DATE = re.compile(r"\d{2}/\d{2}/\d{4}")
_ARTICLE = {"type", "title", "author", "cover", "description", "body", "status", "comment"}


@dataclass(frozen=True, slots=True)
class Sent:
    """One template message Zalo took."""

    msg_id: str
    phone: str
    data: dict[str, str]
    tracking_id: str
    development: bool


@dataclass(frozen=True, slots=True)
class Broadcast:
    """One broadcast to all followers."""

    article_id: str
    at: datetime


@dataclass
class Templates:
    """The account's templates: id to status and parameters; what was sent; and who cannot be reached."""

    status: dict[str, str] = field(default_factory=lambda: {TEMPLATE: "ENABLE"})
    params: list[dict[str, Any]] = field(default_factory=lambda: [dict(one) for one in PARAMS])
    quota: int = 500
    strangers: set[str] = field(default_factory=set)
    sent: list[Sent] = field(default_factory=list)
    looked_up: int = 0
    on_the_phone: dict[str, str] = field(default_factory=dict)
    """msg_id to delivery_time of those that arrived."""


class Zalo(ZaloSandbox):
    """`processing` is how often the verification of an article is answered with -214.

    `forced` are codes answered first, by path; `losing` are paths whose next answer is lost.
    """

    def __init__(self, clock: Clock, *, processing: int = 0) -> None:
        super().__init__(clock=clock)
        self.templates, self.processing = Templates(), processing
        self.articles: dict[str, dict[str, Any]] = {}
        self.created: dict[str, dict[str, Any]] = {}
        self.broadcasts: list[Broadcast] = []
        self.calls: list[str] = []
        self.forced: dict[str, int] = {}
        self.losing: set[str] = set()
        self.answers: list[int] = []
        self.console = ("", "")
        """The callback address and the code challenge as they are saved in the developers' console."""
        self.codes: dict[str, datetime] = {}

    def _routes(self) -> list[web.RouteDef]:
        business = [
            web.get("/template/info/v2", self._called(self._details)),
            web.post("/message/template", self._called(self._template)),
            web.get("/message/status", self._called(self._status)),
        ]
        article = [
            web.post("/v2.0/article/create", self._called(self._create)),
            web.post("/v2.0/article/verify", self._called(self._verify)),
            web.post("/v2.0/oa/message", self._called(self._broadcast)),
        ]
        return [*super()._routes(), *business, *article]

    def _called(self, work: Any) -> Any:
        async def answer(request: web.Request) -> web.StreamResponse:
            self.calls.append(request.path)
            code, words = self._stranger(request.headers.get("access_token", ""))
            code = code or self.forced.pop(request.path, 0)
            asked = _object(await request.text()) if request.method == "POST" else dict(request.query)
            told: Any = None if code else work(asked)
            if isinstance(told, dict):
                self.lose(int(request.path in self.losing))
                self.losing.discard(request.path)
                return self._success(request, told)
            code = code or told
            self.ledger.refused.append((code, request.path))
            return web.json_response({"error": code, "message": words or f"Zalo says no to {asked}"})

        return answer

    def _hour(self) -> int:
        return self._clock.now().astimezone(HANOI).hour

    # --- consent ---

    def consent(self, address: str) -> str:
        """An administrator opens the page and says yes: the address it leads to. The console knows callback and challenge."""
        asked = parse_qs(urlsplit(address).query)
        given = {name: values[0] for name, values in asked.items()}
        assert given["app_id"] == self.app_id and set(given) == {"app_id", "redirect_uri", "code_challenge", "state"}
        if (given["redirect_uri"], given["code_challenge"]) != self.console:
            return f"{given['redirect_uri']}?error=-14003&error_description=Invalid+redirect+uri"
        code = secrets.token_urlsafe(60)
        self.codes[code] = self._clock.now() + timedelta(minutes=10)
        told = urlencode({"code": code, "oa_id": self.oa_id, "state": given["state"]})
        return f"{given['redirect_uri']}?{told}"

    async def _token(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        if form.get("grant_type") != "authorization_code":
            return await super()._token(request)
        good_until = self.codes.pop(str(form.get("code")), None)
        digest = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if request.headers.get("secret_key") != self.app_secret or form.get("app_id") != self.app_id:
            return web.json_response({"error": -14004, "error_name": "Invalid secret key"})
        if good_until is None or good_until <= self._clock.now() or challenge != self.console[1]:
            return web.json_response({"error": -14008, "error_name": "Invalid code"})
        access, refresh = self._pair()
        return web.json_response({"access_token": access, "refresh_token": refresh, "expires_in": "90000"})

    # --- templates by phone ---

    def template_options(self, **more: Any) -> dict[str, Any]:
        """Options of a `zalo_template` outlet that fits this account."""
        params = {"ho_ten": "{name}", "noi_dung": "{short}", "ngay": "{date}"}
        return self.options() | {"template_id": TEMPLATE, "params": params} | more

    def _details(self, asked: dict[str, Any]) -> dict[str, Any] | int:
        self.templates.looked_up += 1
        template = asked.get("template_id", "")
        if template not in self.templates.status:
            return -109
        status, params = self.templates.status[template], self.templates.params
        return {"templateId": int(template), "templateName": "Xã", "status": status, "listParams": params}

    def _template(self, asked: dict[str, Any]) -> dict[str, Any] | int:
        if set(asked) - {"mode"} != {"phone", "template_id", "template_data", "tracking_id"}:
            return -112
        if asked.get("mode", "development") != "development" or not 1 <= len(str(asked["tracking_id"])) <= 48:
            return -112
        status = self.templates.status.get(asked["template_id"])
        if status != "ENABLE":
            return -109 if status is None else -131
        if not _PHONE.fullmatch(str(asked["phone"])):
            return -108
        if asked["phone"] in self.templates.strangers:
            return -118
        if code := self._judge_data(asked["template_data"]):
            return code
        if not 6 <= self._hour() < 22:
            return -133
        if self.templates.quota <= 0:
            return -144
        return self._take(asked)

    def _judge_data(self, data: Any) -> int:
        if not isinstance(data, dict) or not {one["name"] for one in self.templates.params} >= set(data):
            return -113
        for one in self.templates.params:
            value = data.get(one["name"])
            if one["require"] and not value:
                return -1122
            if not isinstance(value or "", str) or (one["type"] == "DATE" and not _DATE.fullmatch(value or "")):
                return -1124
            if len(value or "") > one["maxLength"]:
                return -1121
        return 0

    def _take(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.templates.quota -= 1
        one = Sent(secrets.token_hex(8), asked["phone"], asked["template_data"], asked["tracking_id"], "mode" in asked)
        self.templates.sent.append(one)
        quota = {"dailyQuota": "500", "remainingQuota": str(self.templates.quota)}
        return {"msg_id": one.msg_id, "sent_time": self._stamp(), "sending_mode": "1", "quota": quota}

    def _status(self, asked: dict[str, Any]) -> dict[str, Any] | int:
        known = any(one.msg_id == asked.get("message_id") for one in self.templates.sent)
        arrived = self.templates.on_the_phone.get(asked.get("message_id", ""))
        if arrived is not None:
            return {"delivery_time": arrived, "status": 1, "message": "The message is delivered to user's phone"}
        return {"status": 0 if known else -1, "message": "On the server" if known else "The message was not found"}

    def _stamp(self) -> str:
        return str(int(self._clock.now().timestamp() * 1000))

    def arrive(self, one: Sent) -> tuple[bytes, dict[str, str]]:
        """It is on the phone; body and headers of the receipt Zalo calls back."""
        stamp = self.templates.on_the_phone[one.msg_id] = self._stamp()
        message = {"delivery_time": stamp, "msg_id": one.msg_id, "tracking_id": one.tracking_id}
        people = {"sender": {"id": self.oa_id}, "recipient": {"id": one.phone}}
        body, headers = self.signed({"event_name": "user_received_message", **people, "message": message})
        return body, headers | {"X-ZEvent-Server": "ZNS"}

    async def call_back(self, address: str, *calls: tuple[bytes, dict[str, str]]) -> None:
        """Call a house back with events; what it answered stands in `answers`."""
        async with aiohttp.ClientSession() as client:
            for body, headers in calls:
                async with client.post(address, data=body, headers=headers) as answer:
                    self.answers.append(answer.status)

    # --- articles ---

    def article_options(self, **more: Any) -> dict[str, Any]:
        """Options of a `zalo_article` outlet that fits this account."""
        return self.options() | {"cover_url": COVER} | more

    def _create(self, asked: dict[str, Any]) -> dict[str, Any] | int:
        if set(asked) != _ARTICLE or asked["type"] != "normal" or asked["status"] not in {"show", "hide"}:
            return -201
        if not 1 <= len(asked["title"]) <= 150 or len(asked["author"]) > 50 or len(asked["description"]) > 300:
            return -201
        cover, body = asked["cover"], asked["body"]
        if cover.get("cover_type") != "photo" or not cover.get("photo_url") or cover.get("status") != "show":
            return -201
        if not body or not all(set(one) == {"type", "content"} and one["content"].strip() for one in body):
            return -201
        token = secrets.token_urlsafe(24)
        self.created[token] = asked
        return {"token": token}

    def _verify(self, asked: dict[str, Any]) -> dict[str, Any] | int:
        if asked.get("token") not in self.created:
            return -201
        if self.processing:
            self.processing -= 1
            return -214
        article_id = f"id-{asked['token']}"
        self.articles[article_id] = self.created[asked["token"]]
        return {"id": article_id}

    def _broadcast(self, asked: dict[str, Any]) -> dict[str, Any] | int:
        try:
            target, attachment = asked["recipient"]["target"], asked["message"]["attachment"]
            payload = attachment["payload"]
            (element,) = payload["elements"]
            known = element["media_type"] == "article" and element["attachment_id"] in self.articles
        except (KeyError, TypeError, ValueError):
            return -201
        if target != {} or (attachment["type"], payload["template_type"]) != ("template", "media") or not known:
            return -201
        now = self._clock.now()
        if not 6 <= self._hour() < 22:
            return -234
        if any(one.at.astimezone(HANOI).date() == now.astimezone(HANOI).date() for one in self.broadcasts):
            return -211
        self.broadcasts.append(Broadcast(element["attachment_id"], now))
        return {"message_id": f"m-{len(self.broadcasts)}"}


def _object(text: str) -> dict[str, Any]:
    plain = json.loads(text)
    assert isinstance(plain, dict)
    return plain
