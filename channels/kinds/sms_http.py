"""Kind `sms_http`: any SMS gateway with an HTTP interface, described by configuration instead of code."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from channels.answer import Answer, retry_after, status_error
from channels.channel import (
    Callback,
    Channel,
    Confirmation,
    Form,
    Outlet,
    Pace,
    Receipt,
    Refused,
    To,
    Told,
    Unavailable,
    Unsure,
    Word,
)
from channels.http import Http
from channels.sms import MOST_CHARACTERS, heard, hidden, national, plain_text
from channels.sms_gateway import Callbacks, Receipts, SmsHttpOptions
from content.bulletin import Bulletin

_SEARCHED = 4096
_DECODE = json.JSONDecoder().decode


class SmsHttp(Channel[SmsHttpOptions]):
    """One message to one number; the gateway's words are understood as the options say."""

    kind = "sms_http"
    title_vi = "Tin nhắn SMS qua nhà cung cấp"
    title_en = "SMS gateway over HTTP"
    form = Form.SHORT
    carries = True
    options = SmsHttpOptions
    limit = MOST_CHARACTERS
    scheme = "phone"
    quiet_hours = True
    pace = Pace(per_second=20.0, at_once=16)

    async def send(self, bulletin: Bulletin, outlet: Outlet[SmsHttpOptions], to: To, http: Http) -> Receipt:
        """Send to one number (+84...). An unlisted answer code is Refused, an answer without the code Unsure."""
        options = outlet.options
        link = outlet.stop_link(to.delivery) if options.links else ""
        url, body = fill(options, to, bulletin.short, link)
        answer = await http.request(
            options.method,
            url,
            headers=options.sent_headers,
            body=body,
            accept=options.answers,
            hide=(*options.secrets, *hidden(to.address)),
        )
        return judge(answer, options, http)

    def repeatable(self, outlet: Outlet[SmsHttpOptions]) -> bool:
        """Only where the gateway drops a message whose id it has already taken."""
        return outlet.options.dedupes

    def confirm(self, callback: Callback, outlet: Outlet[SmsHttpOptions]) -> Sequence[Told]:
        """Delivery reports and answers. Refused when the outlet takes none, the method differs or the proof is wrong."""
        replies, receipts = outlet.options.replies, outlet.options.receipts
        if replies is not None and callback.method == replies.method and genuine(callback, replies):
            plain = _plain_of(callback)
            phone, text = _text(value_at(plain, replies.phone)), _text(value_at(plain, replies.text))
            if phone and text:
                return heard(phone, text)
        if receipts is None or callback.method != receipts.method:
            raise Refused("callback", "điểm phát này không nhận phản hồi", "this outlet takes no such callback")
        if not genuine(callback, receipts):
            raise Refused("signature", "phản hồi không chứng thực được", "the callback is not authentic")
        plain = _plain_of(callback)
        found = value_at(plain, receipts.each) if receipts.each else plain
        reports = found if isinstance(found, list) else [found]
        return [confirmation for report in reports if (confirmation := _confirmation(report, receipts))]


def fill(options: SmsHttpOptions, to: To, text: str, link: str = "") -> tuple[str, bytes]:
    """The address and body of one request, every placeholder written as its place demands (JSON, form, query)."""
    if not text:
        raise Refused("empty", "bản tin không có nội dung SMS", "the bulletin has no SMS text")
    values = {
        "phone": options.number + national(to.address)[1:],
        "text": plain_text(text, unaccented=options.unaccented),
        "id": to.delivery,
        "name": to.name,
        "thoi_nhan": link,
    }
    if options.names:
        values["name"] = plain_text(to.name, unaccented=options.unaccented)
    filled = options.template.fill(values)
    if options.body == "query":
        return f"{options.url}{'&' if urlsplit(options.url).query else '?'}{filled}", b""
    return options.url, filled.encode()


def judge(answer: Answer, options: SmsHttpOptions, http: Http) -> Receipt:
    """What the gateway's answer means, its own code before the status."""
    success = options.success
    plain = _loaded(answer) if success.path or options.id_path else None
    code = _text(value_at(plain, success.path)) if success.path else ""
    reference = _text(value_at(plain, options.id_path))[:200] if options.id_path else ""
    if code:
        _raise_known(code, options, answer, http)
        if code in options.taken_again:
            return Receipt(reference, Word(f"đã nhận từ lần trước ({code})", f"taken before ({code})"))
    if answer.status in options.retry_statuses:
        vi, en = _said(answer)
        raise Unavailable("busy", vi, en, retry_after=retry_after(answer.headers, http.now()))
    if answer.status not in success.status:
        raise status_error(answer, http.now())
    if success.path and not code:
        vi, en = _said(answer)
        raise Unsure("answer", vi, en)
    wrong = (success.equals and code not in success.equals) or (
        success.text and not re.search(success.text, answer.text()[:_SEARCHED])
    )
    if wrong:
        vi, en = _said(answer)
        raise Refused("gateway_code", vi, en)
    return Receipt(reference, code or str(answer.status))


def _raise_known(code: str, options: SmsHttpOptions, answer: Answer, http: Http) -> None:
    if code in options.stopped:
        why, after = options.stopped[code], retry_after(answer.headers, http.now())
        raise Unavailable("stopped", f"{why} (mã {code})", f"{why} (code {code})", person=True, retry_after=after)
    if code in options.busy:
        vi, en = _said(answer)
        raise Unavailable("busy", vi, en, retry_after=retry_after(answer.headers, http.now()))
    if code in options.refused:
        why = options.refused[code]
        raise Refused("gateway_code", f"{why} (mã {code})", f"{why} (code {code})")


def _said(answer: Answer) -> tuple[str, str]:
    shown = answer.shown()
    return (
        f"nhà cung cấp trả lời {answer.status}: {shown}",
        f"the gateway answered {answer.status}: {shown}",
    )


def _loaded(answer: Answer) -> Any:
    try:
        return _DECODE(answer.text())
    except (ValueError, RecursionError):
        return None


def value_at(plain: Any, path: str) -> Any:
    """What stands at a dotted path (`data.0.id`) in JSON values; None when nothing does. An empty path is the whole."""
    if isinstance(plain, dict) and path in plain and "." not in path:
        return plain[path]
    for step in path.split(".") if path else ():
        if isinstance(plain, dict):
            plain = plain.get(step)
        elif isinstance(plain, list) and step.isascii() and step.isdigit() and int(step[:9]) < len(plain):
            plain = plain[int(step[:9])]
        else:
            return None
    return plain


def _text(value: Any) -> str:
    """A scalar as gateways write it in their papers: true and false in lower case, no null."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else ""


def genuine(callback: Callback, by: Callbacks) -> bool:
    """Whether the callback carries the shared secret, or a signature (hex or base64) of its raw body, in constant time."""
    secret = by.secret.get_secret_value().encode()
    if by.proof == "query":
        return hmac.compare_digest(callback.query.get(by.name, "").encode("utf-8", "replace"), secret)
    given = callback.headers.get(by.name.lower(), "")
    if by.proof == "header":
        return hmac.compare_digest(given.encode("utf-8", "replace"), secret)
    expected = hmac.new(secret, callback.body, hashlib.sha256).digest()
    given = given.strip().removeprefix("sha256=")
    return any(hmac.compare_digest(expected, read) for read in (_hex(given), _base64(given)))


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _plain_of(callback: Callback) -> Any:
    if callback.method == "GET":
        return dict(callback.query)
    try:
        return json.loads(callback.body)
    except (ValueError, RecursionError):
        return dict(parse_qsl(callback.body.decode("utf-8", "replace"), keep_blank_values=True))


def _confirmation(report: Any, receipts: Receipts) -> Confirmation | None:
    """One report; None when it is not final or names no delivery."""
    status = _text(value_at(report, receipts.status))
    if status not in receipts.delivered and status not in receipts.failed:
        return None
    delivery = _text(value_at(report, receipts.delivery)) if receipts.delivery else ""
    reference = _text(value_at(report, receipts.reference)) if receipts.reference else ""
    if not delivery and not reference:
        return None
    words = _text(value_at(report, receipts.reason)) if receipts.reason else ""
    came = status in receipts.delivered
    return Confirmation(came, delivery, reference, "" if came else "not_delivered", words[:200] or status)
