"""Kind `sms_kannel`: text messages through an office's own Kannel, over SMPP to an operator.

Parameters, answers and dlr-url: Kannel User's Guide 1.4.5, chapter 6, and gw/smsbox.c where the guide is silent.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated
from urllib.parse import quote, urlencode, urlsplit

from pydantic import Field, SecretStr, field_validator

from channels.answer import Answer, status_error
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
from channels.options import Answering, BaseAddress, WebAddress
from channels.reasons import Reason
from channels.sms import MOST_CHARACTERS, SmsOptions, heard, hidden, plain_text
from content.bulletin import Bulletin
from content.short import sms_length

_TAKEN = ("0: Accepted for delivery", "3: Queued for later delivery", "Sent.")
# By Kannel's first words; what else it refuses with 400 is a field that no later try makes right.
_FIELDS = {
    "Missing receiver": Reason.NUMBER,
    "Empty receiver": Reason.NUMBER,
    "Charset or body": Reason.TEXT,
    "Sender missing": Reason.SENDER,
}
_READ = (400, 403)
# What dlr-url is called with for %d: delivered, failed, refused by the operator; all of them are asked for.
_DELIVERED, _FAILED, _REJECTED = 1, 2, 16
_FINAL = _DELIVERED | _FAILED | _REJECTED
# The states of a receipt and the codes of a refusal: SMPP 3.4, appendix B and section 5.1.3.
_RECEIPT = re.compile(r"\bstat:(\w{1,8})(?:.*?\berr:(\w{1,8}))?", re.DOTALL)
_STATES = {"UNDELIV": Reason.UNREACHABLE, "EXPIRED": Reason.UNREACHABLE}
_REFUSAL = re.compile(r"\b0x([0-9a-fA-F]{8})/([A-Za-z ()]{0,80})")
_CODES = {0x01: Reason.TEXT, 0x0A: Reason.SENDER, 0x0B: Reason.NUMBER}
_SECRET = re.compile(r"[A-Za-z0-9_-]{12,200}")


class SmsKannelOptions(SmsOptions, Answering):
    """Options of a Kannel outlet."""

    url: WebAddress = Field(
        description=Word(
            "Địa chỉ sendsms của smsbox, ví dụ http://kannel:13013/cgi-bin/sendsms.",
            "Address of smsbox's sendsms, for example http://kannel:13013/cgi-bin/sendsms.",
        )
    )
    username: str = Field(
        min_length=1,
        description=Word("Tên trong nhóm sendsms-user của Kannel.", "Name in Kannel's sendsms-user group."),
    )
    password: SecretStr = Field(
        min_length=1, description=Word("Mật khẩu trong nhóm sendsms-user.", "Password in the sendsms-user group.")
    )
    sender: str = Field(
        min_length=1,
        description=Word("Tên thương hiệu (brandname) hay số gửi.", "Sender name (brandname) or number to send from."),
    )
    max_messages: Annotated[int, Field(ge=1, le=255)] = Field(
        default=1,
        description=Word(
            "Số phần nhiều nhất của một tin, như max-messages trong nhóm sendsms-user (không khai là 1); "
            "từ 2 trở lên thì nhóm ấy cần thêm concatenation = true.",
            "Maximum parts of one message, as max-messages in the sendsms-user group (1 if not "
            "set); from 2 on, that group also needs concatenation = true.",
        ),
    )
    callback_secret: SecretStr = Field(
        description=Word(
            "Khóa Kannel mang theo khi gọi lại báo kết quả: từ 12 chữ cái không dấu, chữ số, gạch ngang, gạch dưới.",
            "Key that Kannel brings along when it reports back: 12 or more letters without "
            "accents, digits, hyphens or underscores.",
        )
    )
    callback_base: BaseAddress | None = Field(
        default=None,
        description=Word(
            "Địa chỉ gốc của Loa mà Kannel gọi tới; để trống thì là địa chỉ công khai.",
            "Base address of Loa that Kannel calls; if empty, the public address.",
        ),
    )

    @field_validator("callback_secret")
    @classmethod
    def _plain(cls, value: SecretStr) -> SecretStr:
        if not _SECRET.fullmatch(value.get_secret_value()):
            raise ValueError("khóa gồm 12 đến 200 chữ cái, chữ số, - và _ (12 to 200 letters, digits, - and _)")
        return value


class SmsKannel(Channel[SmsKannelOptions]):
    """One message to one number; Kannel splits it, and what it calls back with is the fate of the first part."""

    kind = "sms_kannel"
    title_vi = "Tin nhắn SMS qua Kannel"
    title_en = "SMS through Kannel"
    form = Form.SHORT
    carries = True
    options = SmsKannelOptions
    limit = MOST_CHARACTERS
    scheme = "phone"
    quiet_hours = True
    pace = Pace(per_second=20.0, at_once=16)

    async def send(self, bulletin: Bulletin, outlet: Outlet[SmsKannelOptions], to: To, http: Http) -> Receipt:
        """GET sendsms for one number (+84...)."""
        options = outlet.options
        answer = await http.request(
            "GET",
            sendsms(outlet, to, bulletin.short),
            accept=_READ,
            hide=(*options.secrets, *hidden(to.address)),
        )
        return judge(answer, http.now())

    def repeatable(self, outlet: Outlet[SmsKannelOptions]) -> bool:
        """Never: Kannel takes what it is given as often as it is given."""
        return False

    def confirm(self, callback: Callback, outlet: Outlet[SmsKannelOptions]) -> Sequence[Told]:
        """The GET of dlr-url. Refused without the secret; 4 (waiting) and 8 (at the operator) are not final.

        With `from` and `text` it is what somebody answered, by the `get-url` of a group sms-service:
        `https://.../hooks/TÊN?key=KHÓA&from=%p&text=%a` (with `max-messages = 0`, so that nothing is answered in turn).
        """
        if callback.method != "GET":
            raise Refused("callback", "Kannel gọi lại bằng GET", "Kannel calls back by GET")
        query = callback.query
        secret = outlet.options.callback_secret.get_secret_value().encode()
        if not hmac.compare_digest(query.get("key", "").encode("utf-8", "replace"), secret):
            raise Refused("signature", "phản hồi không chứng thực được", "the callback is not authentic")
        if query.get("from"):
            return heard(query["from"], query.get("text", ""))
        delivery, event, said = query.get("id", ""), query.get("event", ""), query.get("said", "")
        if not delivery or event not in {str(_DELIVERED), str(_FAILED), str(_REJECTED)}:
            return []
        came, (reason, words) = event == str(_DELIVERED), _fate(said)
        return [Confirmation(came, delivery, reason="" if came else reason, detail=words or event)]


def sendsms(outlet: Outlet[SmsKannelOptions], to: To, text: str) -> str:
    """The address of one request, whose query carries the message and the credentials.

    Refused when there is no text, or more of it than Kannel sends: it would cut off the rest and accept the message.
    """
    if not text:
        raise Refused(Reason.TEXT, "bản tin không có nội dung SMS", "the bulletin has no SMS text")
    options = outlet.options
    message, parts = _message(text, unaccented=options.unaccented)
    if parts > options.max_messages:
        raise Refused(
            Reason.TEXT,
            f"tin dài {parts} phần, Kannel chỉ gửi {options.max_messages}: tăng max-messages ở Kannel và max_messages ở đây",
            f"the message has {parts} parts, Kannel sends {options.max_messages}: raise max-messages there and here",
        )
    fields = {
        "username": options.username,
        "password": options.password.get_secret_value(),
        "from": options.sender,
        "to": to.address,
        "dlr-mask": str(_FINAL),
        "dlr-url": _callback(outlet, to),
    }
    start = f"{options.url}{'&' if urlsplit(options.url).query else '?'}"
    return f"{start}{urlencode(fields, quote_via=quote)}&{message}"


def _callback(outlet: Outlet[SmsKannelOptions], to: To) -> str:
    """What Kannel calls: it fills in %d and %A, and takes %% for a percent sign."""
    base = outlet.options.callback_base or outlet.base_url.rstrip("/")
    told = urlencode({"key": outlet.options.callback_secret.get_secret_value(), "id": to.delivery})
    return f"{base}/hooks/{outlet.name}?{told}".replace("%", "%%") + "&event=%d&said=%A"


@lru_cache(maxsize=64)
def _message(text: str, *, unaccented: bool) -> tuple[str, int]:
    """The piece of the query that is the same for every recipient, and in how many parts it leaves; remembered.

    Without `coding=2` Kannel sends a question mark for each letter outside the GSM alphabet.
    """
    written = plain_text(text, unaccented=unaccented)
    length = sms_length(written)
    fields = {"coding": "2" if length.unicode else "0", "charset": "UTF-8", "text": written}
    return urlencode(fields, quote_via=quote), length.segments


def judge(answer: Answer, now: datetime) -> Receipt:
    """What Kannel's words mean, before the status; a status of somebody else's (a proxy's) means what it always does."""
    words = answer.text().strip()
    taken = next((start for start in _TAKEN if words.startswith(start)), "")
    if taken and answer.good:
        return Receipt(detail=taken)
    vi, en = f"Kannel trả lời {answer.status}: {answer.shown()}", f"Kannel answered {answer.status}: {answer.shown()}"
    if words.startswith("Authorization failed"):
        raise Unavailable(Reason.ACCOUNT, vi, en, person=True)
    if words.startswith("Not routable"):
        raise Refused(Reason.UNREACHABLE, vi, en)
    if answer.status == 400 or words.endswith("rejected"):
        raise Refused(next((why for start, why in _FIELDS.items() if words.startswith(start)), Reason.OTHER), vi, en)
    if answer.good:
        raise Unsure("answer", vi, en)
    raise status_error(answer, now)


def _fate(said: str) -> tuple[Reason, str]:
    """Why it did not arrive, and the operator's own words on it: only states and codes, since numbers and text stand beside."""
    if receipt := _RECEIPT.search(said):
        state, code = receipt[1].upper(), receipt[2]
        return _STATES.get(state, Reason.OTHER), f"{state} err:{code}" if code else state
    if refusal := _REFUSAL.search(said):
        return _CODES.get(int(refusal[1], 16), Reason.OTHER), refusal[0].strip()
    return Reason.OTHER, ""
