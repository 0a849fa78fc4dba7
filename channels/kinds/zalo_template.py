"""Kind `zalo_template`: a registered template message (formerly ZNS) from a Zalo Official Account to a phone number.

Endpoints and shapes: Zalo for Developers, ZBS Template Message: send, template details v2, message status, webhook
"user received message".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import Field, field_validator

from channels.answer import SendError
from channels.channel import (
    Callback,
    Channel,
    Confirmation,
    Form,
    Outlet,
    Pace,
    Polling,
    Receipt,
    To,
    Told,
    Unavailable,
    Word,
)
from channels.http import Http
from channels.sms import hidden
from channels.template import PLACEHOLDER
from channels.zalo.account import ZaloAccount
from channels.zalo.calls import Said, ask, say
from channels.zalo.errors import HANOI, quota_spent, zalo_error
from channels.zalo.events import authentic_event, followed, received_message
from channels.zalo.registration import check, registration
from content.bulletin import Bulletin

PLACES = frozenset({"name", "title", "short", "office", "date", "thoi_nhan", "ma_du_thi"})
# Of the template itself, not of what was filled in: unknown, not this account's, not approved, not for this content,
# switched off for its low quality.
_TEMPLATE = frozenset({-109, -117, -131, -145, -146})


class ZaloTemplateOptions(ZaloAccount):
    """Options of an outlet that sends one template."""

    template_id: str = Field(
        pattern=r"^\d{1,20}$",
        description=Word("Mã mẫu (Template ID) đã được Zalo duyệt.", "Template (Template ID) approved by Zalo."),
    )
    params: dict[str, str] = Field(
        min_length=1,
        description=Word(
            "Tham số của mẫu và chữ điền vào; trong chữ được dùng {name} (người nhận), {title} (tiêu đề), {short} "
            "(tin ngắn), {office} (cơ quan), {date} (ngày phát, dd/mm/yyyy), {thoi_nhan} (liên kết thôi nhận tin), "
            "{ma_du_thi} (mã xác nhận của cuộc thi).",
            "Parameters of the template and the text filled in; the text may use {name} "
            "(recipient), {title} (title), {short} (short text), {office} (office), {date} (day "
            "of the broadcast, dd/mm/yyyy), {thoi_nhan} (link for stopping messages), "
            "{ma_du_thi} (confirmation code of a contest).",
        ),
    )
    development: bool = Field(
        default=False,
        description=Word(
            "Gửi thử (mode development): chỉ tới quản trị viên của ứng dụng hoặc của OA.",
            "Test mode (mode development): only to administrators of the app or of the OA.",
        ),
    )
    per_second: Annotated[float, Field(gt=0, le=66)] = Field(
        default=20.0, description=Word("Số tin nhiều nhất mỗi giây.", "Maximum messages a second.")
    )
    per_day: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description=Word(
            "Số tin nhiều nhất một ngày (0: theo hạn mức Zalo báo trong mỗi câu trả lời).",
            "Maximum messages a day (0: by the quota that Zalo tells in every answer).",
        ),
    )

    @field_validator("params", mode="after")
    @classmethod
    def _known_places(cls, value: dict[str, str]) -> dict[str, str]:
        for text in value.values():
            for name in PLACEHOLDER.findall(text):
                if name not in PLACES:
                    known = ", ".join(f"{{{place}}}" for place in sorted(PLACES))
                    raise ValueError(f"không có {{{name}}}; có {known} (unknown placeholder)")
        return value


class ZaloTemplate(Channel[ZaloTemplateOptions]):
    """Zalo gives our delivery id back as tracking_id but does not drop a repeat: what may have left is not repeated."""

    kind = "zalo_template"
    title_vi = "Tin Zalo theo mẫu (gửi theo số điện thoại)"
    title_en = "Zalo template message (by phone)"
    form = Form.SHORT
    options = ZaloTemplateOptions
    scheme = "phone"
    quiet_hours = True
    pace = Pace(per_second=20.0, at_once=16)

    async def send(self, bulletin: Bulletin, outlet: Outlet[ZaloTemplateOptions], to: To, http: Http) -> Receipt:
        """One template to one number (+84...), once its parameters fit what is registered and while the day's quota lasts."""
        options, now = outlet.options, http.now()
        if await outlet.keep.get("spent") == _day(now):
            raise quota_spent(
                "Zalo báo đã hết hạn mức hôm nay", "Zalo said that today's quota is used up", now, to.delivery
            )
        data = _filled(bulletin, outlet, to)
        check(await registration(options.template_id, outlet, http, to.delivery), data)
        told = {"phone": to.address[1:], "template_id": options.template_id, "template_data": data}
        told |= {"tracking_id": to.delivery} | ({"mode": "development"} if options.development else {})
        url = f"{options.business_url}/message/template"
        said = await say("POST", url, outlet, http, told=told, hide=hidden(to.address))
        if said.code:
            raise _error(said, http.now(), to)
        if _left(said) == "0":
            await outlet.keep.put("spent", _day(now))
        return Receipt(said.text("msg_id"))

    def repeatable(self, outlet: Outlet[ZaloTemplateOptions]) -> bool:
        """Never: nothing found says that Zalo drops a message with a tracking_id it has seen."""
        return False

    def has_place(self, outlet: Outlet[ZaloTemplateOptions], name: str) -> bool:
        """What some parameter is filled with: a template may bear nothing but a name and a date."""
        return any(name in PLACEHOLDER.findall(text) for text in outlet.options.params.values())

    def pace_of(self, outlet: Outlet[ZaloTemplateOptions]) -> Pace:
        """Zalo allows 4,000 calls a minute for an app."""
        return Pace(outlet.options.per_second, self.pace.at_once, outlet.options.per_day)

    def confirm(self, callback: Callback, outlet: Outlet[ZaloTemplateOptions]) -> Sequence[Told]:
        """`user_received_message` with a `delivery_time` proves delivery; without one it is about a chat message.

        Who comes and goes is told too; other events (a template's state or quality) say nothing. Refused when not authentic.
        """
        event = authentic_event(callback, outlet.options)
        message = received_message(event, template=True)
        delivery, reference = _text(message.get("tracking_id")), _text(message.get("msg_id"))
        if not (delivery or reference):
            return followed(event)
        return [Confirmation(True, delivery, reference, detail=_text(message["delivery_time"]))]

    def hook_shared_by(self, outlet: Outlet[ZaloTemplateOptions]) -> str:
        """An app has one webhook address for all it does."""
        return outlet.options.hook

    async def ask(self, to: To, reference: str, outlet: Outlet[ZaloTemplateOptions], http: Http) -> Confirmation | None:
        """What became of a msg_id: status 1 is on the phone; 0 (at the server) and -1 (unknown) say nothing yet."""
        if not reference:
            return None
        url = f"{outlet.options.business_url}/message/status?message_id={quote(reference, safe='')}"
        said = await ask("GET", url, outlet, http, hide=hidden(to.address))
        if said.code or said.text("status") != "1":
            return None
        return Confirmation(True, to.delivery, reference, detail=said.text("delivery_time"))

    def polling(self, outlet: Outlet[ZaloTemplateOptions]) -> Polling:
        """For two days: a phone that was off for longer seldom comes back. Receipts come first."""
        after = timedelta(minutes=2 if outlet.options.oa_secret is None else 15)
        return Polling(after, timedelta(days=2))


def _filled(bulletin: Bulletin, outlet: Outlet[ZaloTemplateOptions], to: To) -> dict[str, str]:
    """Every parameter's text for one recipient."""
    values = {
        "name": to.name,
        "title": bulletin.title,
        "short": bulletin.short,
        "office": bulletin.office,
        "thoi_nhan": outlet.stop_link(to.delivery),
        "ma_du_thi": outlet.code(to.delivery),
        "date": f"{bulletin.issued_at.astimezone(HANOI):%d/%m/%Y}",
    }
    filled = {
        name: PLACEHOLDER.sub(lambda place: values[place[1]], text) for name, text in outlet.options.params.items()
    }
    return {name: unicodedata.normalize("NFC", text) for name, text in filled.items()}


def _error(said: Said, now: datetime, to: To) -> SendError:
    """A template Zalo does not let this account use is no fault of the delivery: a person must act."""
    error = zalo_error(said.code, said.message, now, to.delivery)
    return Unavailable(error.reason, error.vi, error.en, person=True) if said.code in _TEMPLATE else error


def _day(now: datetime) -> str:
    """The day in Vietnam, as quotas are counted."""
    return now.astimezone(HANOI).date().isoformat()


def _left(said: Said) -> str:
    """What is left of the day's quota after a message; empty when Zalo does not say."""
    quota = said.data.get("quota")
    return _text(quota.get("remainingQuota")) if isinstance(quota, dict) else ""


def _text(value: Any) -> str:
    return str(value)[:200] if isinstance(value, str | int) else ""
