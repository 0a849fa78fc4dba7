"""Kind `zalo_oa`: a consultation text message from a Zalo Official Account to one person who follows it.

Endpoint and shapes: Zalo for Developers (official-account API v3.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from channels.channel import Callback, Channel, Confirmation, Form, Outlet, Pace, Receipt, Refused, To, Told, Word
from channels.http import Http
from channels.reasons import Reason
from channels.zalo.account import ZaloAccount
from channels.zalo.calls import say
from channels.zalo.errors import zalo_error
from channels.zalo.events import authentic_event, followed, received_message, wrote
from content.bulletin import Bulletin

_LIMIT = 2000


class ZaloOptions(ZaloAccount):
    """Options of a Zalo Official Account outlet."""

    per_second: Annotated[float, Field(gt=0, le=66)] = Field(
        default=20.0, description=Word("Số tin nhiều nhất mỗi giây.", "Maximum messages a second.")
    )
    per_day: Annotated[int, Field(ge=0)] = Field(
        default=0,
        description=Word(
            "Số tin nhiều nhất một ngày, theo gói của OA (0: không hạn chế).",
            "Maximum messages a day, by the plan of the OA (0: no limit).",
        ),
    )


class ZaloOa(Channel[ZaloOptions]):
    """Zalo knows no message id of ours: a send whose end is unknown is never repeated by itself."""

    kind = "zalo_oa"
    title_vi = "Zalo Official Account (tin tư vấn)"
    title_en = "Zalo Official Account (consultation message)"
    form = Form.CHAT
    carries = True
    options = ZaloOptions
    limit = _LIMIT
    scheme = "zalo"
    quiet_hours = True
    pace = Pace(per_second=20.0, at_once=16)

    async def send(self, bulletin: Bulletin, outlet: Outlet[ZaloOptions], to: To, http: Http) -> Receipt:
        """One message to one user id."""
        text = bulletin.chat
        if not text or len(text) > _LIMIT:
            raise Refused(
                Reason.TEXT, f"tin Zalo phải có 1 đến {_LIMIT} ký tự", f"a Zalo text has 1 to {_LIMIT} characters"
            )
        told = {"recipient": {"user_id": to.address}, "message": {"text": text}}
        url = f"{outlet.options.api_url}/v3.0/oa/message/cs"
        said = await say("POST", url, outlet, http, told=told, hide=(to.address,))
        if said.code == 0:
            return Receipt(said.text("message_id"))
        raise zalo_error(said.code, said.message, http.now(), to.delivery)

    def repeatable(self, outlet: Outlet[ZaloOptions]) -> bool:
        """Never: nothing of ours lets Zalo drop a repeat."""
        return False

    def pace_of(self, outlet: Outlet[ZaloOptions]) -> Pace:
        """Zalo allows 4,000 calls a minute for an app."""
        return Pace(outlet.options.per_second, self.pace.at_once, outlet.options.per_day)

    def confirm(self, callback: Callback, outlet: Outlet[ZaloOptions]) -> Sequence[Told]:
        """`user_received_message` without a `delivery_time` proves delivery; who comes, goes and writes is told too.

        Refused when not authentic.
        """
        event = authentic_event(callback, outlet.options)
        message = received_message(event, template=False)
        ids = [message.get("msg_id"), *_list(message.get("msg_ids"))]
        came = [Confirmation(True, reference=str(each)) for each in ids if isinstance(each, str | int) and each]
        return [*came, *followed(event), *wrote(event)]

    def hook_shared_by(self, outlet: Outlet[ZaloOptions]) -> str:
        """An app has one webhook address for all it does."""
        return outlet.options.hook


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
