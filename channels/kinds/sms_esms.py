"""Kind `sms_esms`: customer-care text messages through eSMS (ViHAT).

Shapes and codes: developers.esms.vn, pages "Tin nhắn SMS OTP/CSKH", "Bảng mã lỗi", "Callback Url", "Hàm kiểm tra tin
nhắn theo SMSID". Errors come with status 200; a message that is taken is not yet delivered.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from pydantic import Field, SecretStr

from channels.answer import Answer, SendError
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
from channels.sms import MOST_CHARACTERS, SmsOptions, hidden, national, plain_text
from content.bulletin import Bulletin
from content.short import sms_length

TAKEN, AGAIN, BUSY = "100", "124", "160"
REFUSED: Mapping[str, tuple[Reason, str, str]] = {
    "99": (Reason.NUMBER, "số bị chặn trên hệ thống", "the number is blocked"),
    "107": (Reason.OTHER, "ít hơn 30 số trong một yêu cầu", "fewer than 30 numbers in a request"),
    "108": (Reason.NUMBER, "số điện thoại không đúng", "not a phone number"),
    "120": (Reason.OTHER, "quá nhiều số trong một yêu cầu", "too many numbers in a request"),
    "146": (Reason.TEMPLATE, "nội dung không khớp mẫu đã đăng ký", "the text fits no registered template"),
    "177": (Reason.SENDER, "brandname chưa đăng ký với nhà mạng của số này", "brandname unknown to this operator"),
    "201": (Reason.TEXT, "nội dung có từ bị cấm", "the text has a banned word"),
    "210": (Reason.OTHER, "yêu cầu không đúng quy định", "the request is not as it should be"),
    "300": (Reason.OTHER, "thiếu loại tin", "the type of message is missing"),
    **dict.fromkeys(("789", "790", "791"), (Reason.TEMPLATE, "sai mẫu tin Zalo", "wrong Zalo template")),
}
STOPPED: Mapping[str, tuple[Reason, str, str]] = {
    "101": (Reason.ACCOUNT, "sai ApiKey hoặc SecretKey", "wrong keys"),
    "102": (Reason.ACCOUNT, "tài khoản chưa có bảng giá", "the account has no price list"),
    "103": (Reason.MONEY, "tài khoản hết tiền", "the account has no money"),
    "104": (Reason.SENDER, "brandname chưa đăng ký", "the brandname is not registered"),
    "118": (Reason.ACCOUNT, "tài khoản không gửi được loại tin này", "the account may not send this type"),
    "140": (Reason.ACCOUNT, "địa chỉ IP của máy chủ chưa được phép", "the server's IP address is not allowed"),
    "143": (Reason.ACCOUNT, "tài khoản bị khóa", "the account is locked"),
    **dict.fromkeys(("204", "799"), (Reason.ACCOUNT, "sai OA của tin Zalo", "wrong Zalo account")),
}
_HEADERS = {"content-type": "application/json; charset=utf-8"}


class EsmsOptions(SmsOptions):
    """Options of an eSMS account."""

    api_key: SecretStr = Field(
        min_length=1,
        description=Word("ApiKey, ở trang quản lý API của eSMS.", "ApiKey, on the API management page of eSMS."),
    )
    secret_key: SecretStr = Field(
        min_length=1, description=Word("SecretKey, ở cùng trang đó.", "SecretKey, on the same page.")
    )
    brandname: str = Field(
        pattern=r"^[A-Za-z0-9]{1,11}$",
        description=Word(
            "Tên thương hiệu đã đăng ký: 1 đến 11 chữ cái không dấu và chữ số.",
            "Registered brandname: 1 to 11 letters without accents and digits.",
        ),
    )
    sandbox: bool = Field(
        default=False,
        description=Word(
            "Gửi thử: eSMS kiểm tra yêu cầu, không gửi tin, không trừ tiền.",
            "Test mode: eSMS checks the request, sends nothing and charges nothing.",
        ),
    )
    callback_secret: SecretStr | None = Field(
        default=None,
        min_length=12,
        description=Word(
            "Khóa tự đặt, ít nhất 12 ký tự; có khóa thì eSMS được báo địa chỉ để gọi lại kết quả phát.",
            "Key of your own choice, at least 12 characters; with it, eSMS is told the address "
            "at which to report deliveries.",
        ),
    )
    url: BaseAddress = Field(
        default="https://rest.esms.vn/MainService.svc/json",
        description=Word(
            "Địa chỉ API của eSMS, không kèm tên hàm.", "Address of the eSMS API, without the name of a function."
        ),
    )

    @cached_property
    def keys(self) -> dict[str, str]:
        """What proves who asks, in every request."""
        return {"ApiKey": self.api_key.get_secret_value(), "SecretKey": self.secret_key.get_secret_value()}

    @cached_property
    def told(self) -> dict[str, str]:
        """What is the same in every message; eSMS takes all values as text."""
        told = {**self.keys, "Brandname": self.brandname, "SmsType": "2", "Sandbox": str(int(self.sandbox))}
        return told | {"IsUnicode": str(int(not self.unaccented))}


class SmsEsms(Channel[EsmsOptions]):
    """One message to one number; RequestId, our delivery, lets eSMS drop a repeat of the same day."""

    kind = "sms_esms"
    title_vi = "Tin nhắn SMS qua eSMS"
    title_en = "SMS through eSMS"
    form = Form.SHORT
    carries = True
    options = EsmsOptions
    limit = MOST_CHARACTERS
    scheme = "phone"
    quiet_hours = True
    pace = Pace(per_second=20.0, at_once=16)

    async def send(self, bulletin: Bulletin, outlet: Outlet[EsmsOptions], to: To, http: Http) -> Receipt:
        """Send to one number (+84...). An unlisted code is Refused, an answer without a code Unsure."""
        options = outlet.options
        answer = await http.request(
            "POST",
            f"{options.url}/SendMultipleMessage_V4_post_json/",
            headers=_HEADERS,
            body=_written(bulletin, outlet, to),
            hide=(*options.secrets, *hidden(to.address)),
        )
        return _judged(answer)

    def retry_for(self, outlet: Outlet[EsmsOptions]) -> timedelta:
        """Two hours: at midnight in Vietnam eSMS forgets a RequestId, and a repeat would be a second message.

        What is due before quiet hours begin (22:00) is not tried past it.
        """
        return timedelta(hours=2)

    def confirm(self, callback: Callback, outlet: Outlet[EsmsOptions]) -> Sequence[Confirmation]:
        """What eSMS calls back with GET, unsigned: Refused without the secret. A message still under way says nothing."""
        secret = outlet.options.callback_secret
        if secret is None or callback.method != "GET":
            raise Refused("callback", "điểm phát này không nhận phản hồi", "this outlet takes no such callback")
        said = _genuine(callback.query, secret.get_secret_value())
        delivery, reference = said.get("RequestId", ""), said.get("SMSID", "")
        found = _become(said, delivery, reference) if delivery or reference else None
        return [] if found is None else [found]

    async def ask(self, to: To, reference: str, outlet: Outlet[EsmsOptions], http: Http) -> Confirmation | None:
        """What became of an SMSID, seven days back at most; GetSendStatus alone says whether eSMS is done with it."""
        if not reference:
            return None
        options = outlet.options
        query = urlencode({"RefId": reference, **options.keys})
        hide = (*options.secrets, *hidden(to.address))
        answer = await http.request("GET", f"{options.url}/GetSendStatus?{query}", hide=hide)
        said = answer.json()
        if not isinstance(said, dict) or _text(said.get("CodeResponse")) != TAKEN:
            return None
        return _become(said, to.delivery, reference)

    def polling(self, outlet: Outlet[EsmsOptions]) -> Polling:
        """Within three days, by which an operator has given up; eSMS knows a message for seven. Reports come first."""
        after = timedelta(minutes=2 if outlet.options.callback_secret is None else 15)
        return Polling(after, timedelta(days=3))


def _written(bulletin: Bulletin, outlet: Outlet[EsmsOptions], to: To) -> bytes:
    options = outlet.options
    text = _content(bulletin.short, unaccented=options.unaccented)
    said = {**options.told, "Phone": national(to.address), "Content": text, "RequestId": to.delivery}
    if options.callback_secret is not None:
        key = quote(options.callback_secret.get_secret_value(), safe="")
        said["CallbackUrl"] = f"{outlet.base_url.rstrip('/')}/hooks/{outlet.name}?key={key}"
    return json.dumps(said, ensure_ascii=False).encode()


@lru_cache(maxsize=64)
def _content(text: str, *, unaccented: bool) -> str:
    """The text as it is sent; remembered, since it is the same for every recipient. Refused when it cannot go."""
    text = plain_text(text, unaccented=unaccented)
    if not text:
        raise Refused(Reason.TEXT, "bản tin không có nội dung SMS", "the bulletin has no SMS text")
    if unaccented and sms_length(text).unicode:
        raise Refused(Reason.TEXT, "tin không dấu có ký tự lạ", "a text without accents has letters outside GSM 7-bit")
    return text


def _judged(answer: Answer) -> Receipt:
    plain = answer.json()
    said = plain if isinstance(plain, dict) else {}
    code, reference = _text(said.get("CodeResult")), _text(said.get("SMSID"))[:200]
    if code == TAKEN:
        return Receipt(reference, code)
    if code == AGAIN:
        return Receipt(reference, Word(f"đã nhận từ lần trước ({code})", f"taken before ({code})"))
    if not code:
        shown = answer.shown()
        raise Unsure("answer", f"eSMS trả lời không có mã: {shown}", f"eSMS answered without a code: {shown}")
    raise esms_error(answer.mask(code)[:20], answer.mask(_text(said.get("ErrorMessage")))[:200])


def esms_error(code: str, words: str) -> SendError:
    """What a code of eSMS's table means for a delivery; its own code and words are kept."""
    own = f"eSMS {code}: {words}" if words else f"eSMS {code}"
    if code in STOPPED:
        reason, vi, en = STOPPED[code]
        return Unavailable(reason, f"{vi} ({own})", f"{en} ({own})", person=True)
    if code == BUSY:
        return Unavailable(Reason.BUSY, f"gửi nhanh hơn mức cho phép ({own})", f"faster than allowed ({own})")
    reason, vi, en = REFUSED.get(code, (Reason.OTHER, "eSMS không nhận", "eSMS does not take it"))
    return Refused(reason, f"{vi} ({own})", f"{en} ({own})")


def _genuine(query: Mapping[str, str], secret: str) -> Mapping[str, str]:
    """The fields of a callback that carries the secret; Refused otherwise.

    eSMS's papers show addresses without a query only: should it append its own with a second `?`, the first field stands
    behind the secret.
    """
    given = query.get("key", "")
    own, rest = given[: len(secret)], given[len(secret) :]
    same = hmac.compare_digest(own.encode("utf-8", "replace"), secret.encode())
    if not same or rest[:1] not in {"", "?"}:
        raise Refused("signature", "phản hồi không chứng thực được", "the callback is not authentic")
    return {**query, **dict(parse_qsl(rest[1:]))}


def _become(said: Mapping[str, Any], delivery: str, reference: str) -> Confirmation | None:
    """From SendStatus 4 (refused) or 5 (finished, good or bad as the counts say); None for what is not final.

    The counts may be of parts: a message that lacks one has not arrived.
    """
    status, good, bad = (_text(said.get(name)) for name in ("SendStatus", "SendSuccess", "SendFailed"))
    own = f"SendStatus {status}, SendSuccess {good or '-'}, SendFailed {bad or '-'}"[:200]
    if status == "4":
        return Confirmation(False, delivery, reference, Reason.OTHER, f"eSMS từ chối ({own})")
    if status != "5":
        return None
    if _count(bad):
        return Confirmation(False, delivery, reference, Reason.UNREACHABLE, f"không phát được ({own})")
    return Confirmation(True, delivery, reference, "", own) if _count(good) else None


def _text(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) else ""


def _count(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
