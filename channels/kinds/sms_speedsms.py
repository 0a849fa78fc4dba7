"""Kind `sms_speedsms`: text messages through SpeedSMS.

Shapes and codes: speedsms.vn/sms-api (send, error codes, rate limit) and public clients of it (status query, report).
Nothing of ours lets SpeedSMS drop a repeat.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr, model_validator

from channels.answer import Answer, SendError, retry_after
from channels.channel import (
    Callback,
    Channel,
    Confirmation,
    Form,
    Outlet,
    Pace,
    Polling,
    Receipt,
    Refused,
    To,
    Unavailable,
    Unsure,
    Word,
)
from channels.http import Http
from channels.options import BaseAddress
from channels.reasons import Reason
from channels.sms import MOST_CHARACTERS, SmsOptions, hidden, plain_text
from content.bulletin import Bulletin

REFUSED: Mapping[str, tuple[Reason, str, str]] = {
    "101": (Reason.OTHER, "yêu cầu thiếu hoặc sai tham số", "invalid or missing parameters"),
    "105": (Reason.NUMBER, "số điện thoại không đúng", "not a phone number"),
    "110": (Reason.TEXT, "không gửi được kiểu chữ này", "the alphabet of the text is not supported"),
    "113": (Reason.TEXT, "nội dung quá dài", "the text is too long"),
}
STOPPED: Mapping[str, tuple[Reason, str, str]] = {
    "007": (Reason.ACCOUNT, "địa chỉ IP của máy chủ bị khóa", "the server's IP address is locked"),
    "008": (Reason.ACCOUNT, "tài khoản bị khóa", "the account is blocked"),
    "009": (Reason.ACCOUNT, "tài khoản không được dùng API", "the account may not use the API"),
    "300": (Reason.MONEY, "tài khoản hết tiền", "the account has no money"),
}
AGAIN_LATER = "500"
_TOO_FAST = 429
_FAILED_FROM = 64
"""Statuses of a report below it, but 0, are temporary."""


class SpeedSmsOptions(SmsOptions):
    """Options of a SpeedSMS account."""

    token: SecretStr = Field(
        min_length=1,
        description=Word(
            "API access token, ở trang tài khoản connect.speedsms.vn.",
            "API access token, on the account page at connect.speedsms.vn.",
        ),
    )
    sms_type: Literal[2, 3, 4] = Field(
        default=3,
        description=Word(
            "Loại tin: 3 brandname riêng, 4 brandname chung (Notify, Verify), 2 đầu số ngẫu nhiên.",
            "Type of message: 3 own brandname, 4 shared brandname (Notify, Verify), 2 random number.",
        ),
    )
    sender: str = Field(
        default="",
        max_length=11,
        description=Word(
            "Brandname đã đăng ký với SpeedSMS; loại 2 thì để trống.",
            "Brandname registered with SpeedSMS; leave empty for type 2.",
        ),
    )
    callback_secret: SecretStr | None = Field(
        default=None,
        min_length=12,
        description=Word(
            "Khóa tự đặt, ít nhất 12 ký tự; địa chỉ nhận phản hồi khai ở SpeedSMS thêm ?key=KHÓA vào cuối.",
            "Key of your own choice, at least 12 characters; the callback address given to SpeedSMS ends in ?key=KEY.",
        ),
    )
    url: BaseAddress = Field(
        default="https://api.speedsms.vn/index.php",
        description=Word("Địa chỉ API của SpeedSMS.", "Address of the SpeedSMS API."),
    )
    per_second: Annotated[float, Field(gt=0, le=1_000_000)] = Field(
        default=1.0,
        description=Word(
            "Số tin nhiều nhất mỗi giây; SpeedSMS cho 60 yêu cầu trong 60 giây.",
            "Maximum messages a second; SpeedSMS allows 60 requests in 60 seconds.",
        ),
    )
    at_once: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=4, description=Word("Số tin nhiều nhất gửi cùng lúc.", "Maximum messages sent at once.")
    )

    @model_validator(mode="after")
    def _sent_by_somebody(self) -> SpeedSmsOptions:
        if self.sms_type == 3 and not self.sender:
            raise ValueError("loại tin 3 cần sender, tên brandname (sms_type 3 needs a sender)")
        return self

    @cached_property
    def headers(self) -> dict[str, str]:
        """The token is the user of HTTP Basic, `x` the password."""
        pair = b64encode(f"{self.token.get_secret_value()}:x".encode()).decode()
        return {"authorization": f"Basic {pair}", "content-type": "application/json"}


class SmsSpeedSms(Channel[SpeedSmsOptions]):
    """One message to one number; a send whose end is unknown is never repeated by itself."""

    kind = "sms_speedsms"
    title_vi = "Tin nhắn SMS qua SpeedSMS"
    title_en = "SMS through SpeedSMS"
    form = Form.SHORT
    carries = True
    options = SpeedSmsOptions
    limit = MOST_CHARACTERS
    scheme = "phone"
    quiet_hours = True
    pace = Pace(per_second=1.0, at_once=4)

    async def send(self, bulletin: Bulletin, outlet: Outlet[SpeedSmsOptions], to: To, http: Http) -> Receipt:
        """Send to one number (+84...). An unlisted code is Refused, an answer without a code Unsure."""
        options = outlet.options
        text = plain_text(bulletin.short, unaccented=options.unaccented)
        if not text:
            raise Refused(Reason.TEXT, "bản tin không có nội dung SMS", "the bulletin has no SMS text")
        said = {"to": [to.address[1:]], "content": text, "sms_type": options.sms_type, "sender": options.sender}
        answer = await http.request(
            "POST",
            f"{options.url}/sms/send",
            headers=options.headers,
            body=json.dumps(said, ensure_ascii=False).encode(),
            accept=(_TOO_FAST,),
            hide=(*options.secrets, *hidden(to.address)),
        )
        if answer.status == _TOO_FAST:
            raise _too_fast(answer, http)
        return _judged(answer)

    def repeatable(self, outlet: Outlet[SpeedSmsOptions]) -> bool:
        """Never: nothing of ours lets SpeedSMS drop a repeat."""
        return False

    def confirm(self, callback: Callback, outlet: Outlet[SpeedSmsOptions]) -> Sequence[Confirmation]:
        """A report by POST, unsigned: Refused without the secret. Other events and temporary states say nothing."""
        secret = outlet.options.callback_secret
        if secret is None or callback.method != "POST":
            raise Refused("callback", "điểm phát này không nhận phản hồi", "this outlet takes no such callback")
        given = callback.query.get("key", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, secret.get_secret_value().encode()):
            raise Refused("signature", "phản hồi không chứng thực được", "the callback is not authentic")
        said = _object(callback.body)
        reference = _text(said.get("tranId"))
        found = _become(said.get("status"), "", reference) if reference else None
        return [] if found is None else [found]

    async def ask(self, to: To, reference: str, outlet: Outlet[SpeedSmsOptions], http: Http) -> Confirmation | None:
        """What became of a tranId; where its answer was lost there is none, and nothing can be asked."""
        if not reference:
            return None
        options = outlet.options
        url = f"{options.url}/sms/status/{quote(reference, safe='')}"
        hide = (*options.secrets, *hidden(to.address))
        said = _object((await http.request("GET", url, headers=options.headers, hide=hide)).body)
        found = said.get("data")
        for one in found if isinstance(found, list) else ():
            if isinstance(one, dict) and _text(one.get("phone"))[-9:] == to.address[-9:]:
                return _become(one.get("status"), to.delivery, reference)
        return None

    def polling(self, outlet: Outlet[SpeedSmsOptions]) -> Polling:
        """Within three days, by which an operator has given up. Reports come first."""
        after = timedelta(minutes=2 if outlet.options.callback_secret is None else 15)
        return Polling(after, timedelta(days=3))


def _judged(answer: Answer) -> Receipt:
    plain = answer.json()
    said = plain if isinstance(plain, dict) else {}
    found = said.get("data")
    inner = found if isinstance(found, dict) else {}
    code, words = _text(said.get("code")), answer.mask(_text(said.get("message")))[:200]
    if said.get("status") == "success":
        if inner.get("invalidPhone"):
            raise Refused(
                Reason.NUMBER, "SpeedSMS không nhận số này", "invalidPhone: SpeedSMS does not take this number"
            )
        return Receipt(_text(inner.get("tranId"))[:200], code)
    if not code:
        shown = answer.shown()
        raise Unsure("answer", f"SpeedSMS trả lời không có mã: {shown}", f"SpeedSMS answered without a code: {shown}")
    raise speedsms_error(answer.mask(code.zfill(3))[:20], words)


def speedsms_error(code: str, words: str) -> SendError:
    """What a code of SpeedSMS's table means for a delivery; its own code and words are kept."""
    own = f"SpeedSMS {code}: {words}" if words else f"SpeedSMS {code}"
    if "sender not found" in words.lower():
        # Public clients meet it under the code for wrong parameters.
        vi, en = "brandname chưa đăng ký", "the brandname is not registered"
        return Unavailable(Reason.SENDER, f"{vi} ({own})", f"{en} ({own})", person=True)
    if code in STOPPED:
        reason, vi, en = STOPPED[code]
        return Unavailable(reason, f"{vi} ({own})", f"{en} ({own})", person=True)
    if code == AGAIN_LATER:
        return Unavailable(Reason.BUSY, f"SpeedSMS đang lỗi, mời gửi lại ({own})", f"told to try again ({own})")
    reason, vi, en = REFUSED.get(code, (Reason.OTHER, "SpeedSMS không nhận", "SpeedSMS does not take it"))
    return Refused(reason, f"{vi} ({own})", f"{en} ({own})")


def _too_fast(answer: Answer, http: Http) -> Unavailable:
    """Told when to come back by X-Rate-Limit-Reset, in seconds, where others say Retry-After."""
    reset = answer.headers.get("x-rate-limit-reset", "").strip()
    hint = float(reset[:9]) if reset.isascii() and reset.isdigit() else retry_after(answer.headers, http.now())
    shown = answer.shown()
    vi, en = f"gửi nhanh hơn mức cho phép (SpeedSMS 429: {shown})", f"faster than allowed (SpeedSMS 429: {shown})"
    return Unavailable(Reason.BUSY, vi, en, retry_after=hint)


def _become(status: Any, delivery: str, reference: str) -> Confirmation | None:
    """0 is delivered, 64 and more failed; None for what is temporary or no status."""
    number = _text(status)
    if number == "0":
        return Confirmation(True, delivery, reference, "", "status 0")
    if number.isascii() and number.isdigit() and int(number[:9]) >= _FAILED_FROM:
        return Confirmation(False, delivery, reference, Reason.UNREACHABLE, f"không phát được (status {number[:9]})")
    return None


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        plain = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return plain if isinstance(plain, dict) else {}


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
