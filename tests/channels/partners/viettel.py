"""Viettel's bulk SMS: its SOAP operation `wsCpMt` with the checks its answers tell of, in their order."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import web
from lxml import etree

from content.short import GSM
from tests.channels.partners.served import Served

USERNAME, PASSWORD, CP_CODE, BRANDNAME = "smsbrand_xa", "viettel&secret<9", "XAMOCCHAU", "XAMOCCHAU"
FIELDS = [
    *("User", "Password", "CPCode", "RequestID", "UserID", "ReceiverID"),
    *("ServiceID", "CommandCode", "Content", "ContentType"),
]
_SOAP, _IMPL = "http://schemas.xmlsoap.org/soap/envelope/", "http://impl.bulkSms.ws/"


def answer(result: int, message: str) -> bytes:
    """The answer as it comes from Viettel."""
    return (
        f'<?xml version="1.0" ?><S:Envelope xmlns:S="{_SOAP}"><S:Body><ns2:wsCpMtResponse xmlns:ns2="{_IMPL}"><return>'
        f"<message>{message}</message><result>{result}</result></return></ns2:wsCpMtResponse></S:Body></S:Envelope>"
    ).encode()


class Viettel(Served):
    """Takes messages for Vietnamese mobile numbers, the same text to the same number once."""

    def __init__(self, template: str = r"(?s).*") -> None:
        super().__init__("POST", "/bulkapi")
        self.taken: list[dict[str, str]] = []
        self._template = template

    async def take(self, request: web.Request) -> web.StreamResponse:
        """One call; a fault when it has not the shape it should have."""
        try:
            assert request.content_type == "text/xml" and request.charset == "utf-8" and "SOAPAction" in request.headers
            asked = _fields(await request.read())
        except (AssertionError, ValueError, etree.XMLSyntaxError):
            fault = f'<S:Envelope xmlns:S="{_SOAP}"><S:Body><S:Fault><faultcode>S:Client</faultcode></S:Fault></S:Body></S:Envelope>'
            return web.Response(status=500, text=fault, content_type="text/xml")
        refusal = self._refusal(asked)
        if not refusal:
            self.taken.append(asked)
        body = answer(0, refusal) if refusal else answer(1, "Insert MT_QUEUE: OK")
        return web.Response(body=body, content_type="text/xml")

    def _refusal(self, asked: Mapping[str, str]) -> str:
        if asked["CPCode"] != CP_CODE:
            return "CP_CODE_NOT_FOUND"
        if (asked["User"], asked["Password"]) != (USERNAME, PASSWORD):
            return "WRONG_INFORMATION_AUTHENTICATE"
        if not re.fullmatch(r"\d{1,19}", asked["RequestID"]) or int(asked["RequestID"]) >= 1 << 63:
            return "Check RequestID: REQUEST_ID_NOT_NUMBER"
        if asked["UserID"] != asked["ReceiverID"]:
            return "UserID_NOT_EQUAL_ReceiverID"
        if not re.fullmatch(r"84[35789]\d{8}", asked["ReceiverID"]):
            return "Check ReceiverID: FORMAT_ERROR"
        if any((asked["UserID"], asked["Content"]) == (one["UserID"], one["Content"]) for one in self.taken):
            return "Check ServiceID: DUPLICATE MESSAGE"
        if asked["ServiceID"] != BRANDNAME:
            return "Check ServiceID: ALIAS_INVALID:TELCO=VT"
        if asked["CommandCode"] != "bulksms":
            return "Check CommandCode: COMMAND_CODE_ERROR"
        return self._content(asked["Content"], asked["ContentType"])

    def _content(self, text: str, kind: str) -> str:
        if not text.strip():
            return "Check Content: NULL_OR_BLANK"
        if len(text) > 480:
            return f"Check Content: MAXLENGTH_LIMIT_480_BYTE (YOUR_CONTENT: {len(text)} BYTE)"
        if kind not in {"0", "1"} or (kind == "0" and set(text) - GSM) or "lừa đảo" in text:
            return "Check Content: MSG_ERROR_CONTAIN_BLACKLIST"
        return "" if re.fullmatch(self._template, text) else "Check template: CONTENT_NOT_MATCH_TEMPLATE"


def _fields(body: bytes) -> dict[str, str]:
    """The fields of a call, each once and in their order. Raises one of several errors for anything else."""
    root = etree.fromstring(body)
    assert root.tag == f"{{{_SOAP}}}Envelope" and not root.getroottree().docinfo.doctype
    (call,) = root.findall(f"{{{_SOAP}}}Body/{{{_IMPL}}}wsCpMt")
    assert [field.tag for field in call] == FIELDS
    return {field.tag: field.text or "" for field in call}
