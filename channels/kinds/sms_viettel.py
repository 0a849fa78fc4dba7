"""Kind `sms_viettel`: brandname messages through Viettel's bulk SMS, SOAP operation `wsCpMt`.

Fields and answers: Viettel's integration paper for smsbrand (viettelsolution.com.vn) and what public clients make of it.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import NamedTuple
from xml.sax.saxutils import escape

from pydantic import Field, SecretStr

from channels.answer import Answer, SendError
from channels.channel import Channel, Form, Outlet, Pace, Receipt, Refused, To, Unavailable, Unsure, Word
from channels.http import Http
from channels.options import WebAddress
from channels.reasons import Reason
from channels.sms import MOST_CHARACTERS, SmsOptions, hidden, plain_text
from channels.soap import call_envelope, opened
from content.bulletin import Bulletin
from content.short import sms_length

_IMPL = "http://impl.bulkSms.ws/"
_HEADERS = {"content-type": "text/xml; charset=utf-8", "soapaction": '""'}
# Parts of the answer's text; the first that stands in it counts.
_ACCOUNT = (
    "IP_INVALID",
    "WRONG_INFORMATION_AUTHENTICATE",
    "CP_CODE_NOT_FOUND",
    "Authenticate:",
    "Check CommandCode",
)
_REFUSED = {
    "CONTENT_NOT_MATCH_TEMPLATE": Reason.TEMPLATE,
    "BLACKLIST": Reason.TEXT,
    "MAXLENGTH": Reason.TEXT,
    "Check Content": Reason.TEXT,
    "ReceiverID": Reason.NUMBER,
    "UserID": Reason.NUMBER,
    "Unable to check telco": Reason.NUMBER,
}
_ALIAS = re.compile(r"ALIAS_INVALID(?::TELCO=(\w+))?")
# A fault of Viettel's own, before anything was taken.
_FAULT = "Check information error"
_AGAIN = "DUPLICATE MESSAGE"


class SmsViettelOptions(SmsOptions):
    """Options of a Viettel bulk SMS account."""

    url: WebAddress = Field(
        description=Word("Địa chỉ dịch vụ bulkapi Viettel cấp.", "Address of the bulkapi service, given by Viettel.")
    )
    username: str = Field(min_length=1, description=Word("Tên tài khoản (User).", "Account name (User)."))
    password: SecretStr = Field(min_length=1, description=Word("Mật khẩu (Password).", "Password (Password)."))
    cp_code: str = Field(min_length=1, description=Word("Mã khách hàng (CPCode).", "Customer code (CPCode)."))
    sender: str = Field(
        min_length=1,
        description=Word(
            "Tên thương hiệu (brandname) đã đăng ký, ServiceID.", "Sender name (brandname) as registered, ServiceID."
        ),
    )


class SmsViettel(Channel[SmsViettelOptions]):
    """One message to one number. Viettel reports no delivery and can be asked for none."""

    kind = "sms_viettel"
    title_vi = "Tin nhắn SMS Viettel (SOAP)"
    title_en = "Viettel bulk SMS (SOAP)"
    form = Form.SHORT
    carries = True
    options = SmsViettelOptions
    limit = MOST_CHARACTERS
    scheme = "phone"
    quiet_hours = True
    pace = Pace(per_second=20.0, at_once=16)

    async def send(self, bulletin: Bulletin, outlet: Outlet[SmsViettelOptions], to: To, http: Http) -> Receipt:
        """POST `wsCpMt` for one number (+84...). The receipt's reference is the RequestID Viettel knows the message by."""
        options = outlet.options
        # In XML a secret may stand in other letters than its own.
        secrets = (*options.secrets, *map(escape, options.secrets))
        answer = await http.request(
            "POST",
            options.url,
            headers=_HEADERS,
            body=envelope(options, to, bulletin.short),
            hide=(*secrets, *hidden(to.address)),
        )
        return judge(answer, request_id(to.delivery))

    def repeatable(self, outlet: Outlet[SmsViettelOptions]) -> bool:
        """Never: no paper says that a repeated RequestID is dropped, and most clients send the same one always."""
        return False


def request_id(delivery: str) -> str:
    """A number of at most 63 bits for a delivery, the same on every try: Viettel takes nothing else."""
    return str(int.from_bytes(hashlib.sha256(delivery.encode()).digest()[:8], "big") >> 1)


def envelope(options: SmsViettelOptions, to: To, text: str) -> bytes:
    """The SOAP 1.1 request. Refused when there is no text, or a character in it that XML cannot hold."""
    if not text:
        raise Refused(Reason.TEXT, "bản tin không có nội dung SMS", "the bulletin has no SMS text")
    content, content_type = _message(text, unaccented=options.unaccented)
    phone = to.address.removeprefix("+")
    fields = {
        "User": options.username,
        "Password": options.password.get_secret_value(),
        "CPCode": options.cp_code,
        "RequestID": request_id(to.delivery),
        "UserID": phone,
        "ReceiverID": phone,
        "ServiceID": options.sender,
        "CommandCode": "bulksms",
        "Content": content,
        "ContentType": content_type,
    }
    try:
        return call_envelope(_IMPL, "wsCpMt", fields)
    except ValueError:
        raise Refused(
            Reason.TEXT, "nội dung có ký tự điều khiển", "the text holds a control character XML cannot"
        ) from None


@lru_cache(maxsize=64)
def _message(text: str, *, unaccented: bool) -> tuple[str, str]:
    """The text and its ContentType, 0 unaccented and 1 accented; remembered, since they are the same for all."""
    written = plain_text(text, unaccented=unaccented)
    return written, "1" if sms_length(written).unicode else "0"


class Result(NamedTuple):
    """`result` and `message` of an answer, as they stand there."""

    code: str
    message: str


def read(body: bytes) -> Result | None:
    """What a SOAP answer says; None when it is no answer of `wsCpMt`."""
    root = opened(body)
    if root is None:
        return None
    found = root.find(".//{*}wsCpMtResponse/{*}return")
    code = found.findtext("{*}result") if found is not None else None
    return Result(code.strip(), (found.findtext("{*}message") or "").strip()) if code and code.strip() else None


def judge(answer: Answer, number: str) -> Receipt:
    """What the answer means. Unsure when it cannot be read; an unlisted refusal is Refused, for a person to look at."""
    said = read(answer.body)
    if said is None:
        shown = answer.shown()
        raise Unsure("answer", f"Viettel trả lời không đọc được: {shown}", f"unreadable answer of Viettel: {shown}")
    message = answer.mask(said.message)[:200]
    # The check is on text and number, not on the RequestID: Viettel has this very message for this very phone.
    if said.code == "1" or _AGAIN in said.message:
        return Receipt(number, message)
    raise _refusal(said.message, f"Viettel từ chối: {message}", f"Viettel refused: {message}")


def _refusal(message: str, vi: str, en: str) -> SendError:
    """The error a refusal is. A brandname only another network does not know stops nobody on Viettel's own."""
    if alias := _ALIAS.search(message):
        if alias[1] in {None, "VT"}:
            return Unavailable(Reason.SENDER, vi, en, person=True)
        return Refused(Reason.SENDER, vi, en)
    if any(part in message for part in _ACCOUNT):
        return Unavailable(Reason.ACCOUNT, vi, en, person=True)
    if _FAULT in message:
        return Unavailable(Reason.BUSY, vi, en)
    return Refused(next((reason for part, reason in _REFUSED.items() if part in message), Reason.OTHER), vi, en)
