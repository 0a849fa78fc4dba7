"""Kannel's smsbox as its guide and its source have it: parameters, answers, and the filling in of dlr-url."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote_plus, urlsplit

import aiohttp
from aiohttp import web

from content.short import GSM, GSM_EXTENDED
from tests.channels.partners.served import Served

USERNAME, PASSWORD = "loa", "kannel-secret-1"
_KNOWN = {"username", "password", "from", "to", "text", "charset", "coding", "dlr-mask", "dlr-url"}


@dataclass(frozen=True)
class Taken:
    """One message Kannel took, its text as the phone shows it."""

    to: str
    sender: str
    text: str
    dlr_mask: int
    dlr_url: str


class Kannel(Served):
    """Takes messages for Vietnamese mobile numbers."""

    def __init__(self) -> None:
        super().__init__("GET", "/cgi-bin/sendsms")
        self.taken: list[Taken] = []

    async def take(self, request: web.Request) -> web.StreamResponse:
        """One sendsms."""
        status, words = self._judge(request)
        return web.Response(status=status, text=words)

    def _judge(self, request: web.Request) -> tuple[int, str]:
        given = request.query
        if (given.get("username"), given.get("password")) != (USERNAME, PASSWORD):
            return 403, "Authorization failed for sendsms"
        if len(given) != len(set(given)) or set(given) - _KNOWN:
            return 400, "Unknown or repeated field, rejected"
        if not given.get("to"):
            return 400, "Empty receiver number not allowed, rejected"
        if not given.get("from"):
            return 400, "Sender missing and no global set, rejected"
        if urlsplit(given["dlr-url"]).scheme not in {"http", "https"}:
            return 400, "DLR-URL field misformed, rejected"
        if not 0 <= int(given["dlr-mask"]) <= 63:
            return 400, "DLR-Mask field misformed, rejected"
        if given["coding"] not in {"0", "2"}:
            return 400, "Coding field misformed, rejected"
        if given["charset"] != "UTF-8":
            return 400, "Charset or body misformed, rejected"
        if not re.fullmatch(r"\+84[35789]\d{8}", given["to"]):
            return 403, "Not routable. Do not try again."
        text = _shown(given["text"], given["coding"])
        self.taken.append(Taken(given["to"], given["from"], text, int(given["dlr-mask"]), given["dlr-url"]))
        return 202, "0: Accepted for delivery"

    async def report(self, message: Taken, event: int, said: str) -> int:
        """Call dlr-url as `event` happens, if it was asked for; the status it answers, 0 when it was not called."""
        if not message.dlr_mask & event:
            return 0
        filled = {"%d": str(event), "%A": quote_plus(said), "%%": "%"}
        url = re.sub(r"%.", lambda found: filled.get(found[0], found[0]), message.dlr_url)
        async with aiohttp.ClientSession() as caller, caller.get(url) as answer:
            return answer.status


def _shown(text: str, coding: str) -> str:
    """With coding 0 whatever the GSM alphabet has not is a question mark, without an error."""
    return text if coding == "2" else "".join(mark if mark in GSM | GSM_EXTENDED else "?" for mark in text)
