"""Kind `webhook`: a bulletin as signed JSON to any system that follows the Standard Webhooks specification."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from standardwebhooks import Webhook as Signer

from channels.answer import Answer
from channels.channel import Channel, Form, Options, Outlet, Pace, Receipt, Refused, To, Unavailable, Word
from channels.http import Http
from content.bulletin import Bulletin, Part

# https://github.com/standard-webhooks/standard-webhooks: any answer outside 2xx is tried again, 410 ends it.
_GONE = 410
_TRIED_AGAIN = tuple(status for status in range(400, 500) if status not in {401, 403, 407, 408, 425, 429, _GONE})


class WebhookOptions(Options):
    """Options of a webhook outlet."""

    url: str = Field(
        description=Word(
            "Địa chỉ nhận (https://...) của hệ thống đối tác.", "Address of the partner's system (https://...)."
        )
    )
    secret: SecretStr = Field(
        description=Word(
            "Khóa ký dạng whsec_... (24 đến 64 byte, base64), đối tác dùng để kiểm chữ ký.",
            "Signing key like whsec_... (24 to 64 bytes, base64), by which the partner checks signatures.",
        )
    )
    former_secret: SecretStr | None = Field(
        default=None,
        description=Word(
            "Khóa cũ, chỉ điền trong lúc đổi khóa: mỗi bản tin khi đó mang hai chữ ký.",
            "Old key, given only while keys are being changed: every bulletin then carries two signatures.",
        ),
    )
    per_second: Annotated[float, Field(gt=0, le=1000)] = Field(
        default=20.0, description=Word("Số lượt gửi nhiều nhất trong một giây.", "Maximum deliveries in one second.")
    )

    @field_validator("url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("địa chỉ phải bắt đầu bằng https:// hoặc http:// (must be a web address)")
        return value

    @field_validator("secret", "former_secret")
    @classmethod
    def _key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        prefix, _, encoded = value.get_secret_value().partition("_")
        try:
            length = len(b64decode(encoded + "=" * (-len(encoded) % 4), validate=True))
        except ValueError:
            length = 0
        if prefix != "whsec" or not 24 <= length <= 64:
            raise ValueError("khóa phải có dạng whsec_ kèm 24 đến 64 byte base64 (whsec_ and 24 to 64 bytes in base64)")
        return value


class Webhook(Channel[WebhookOptions]):
    """Signed JSON; the delivery is the message id, so a receiver can drop a repeat."""

    kind = "webhook"
    title_vi = "Webhook (hệ thống khác)"
    title_en = "Webhook (Standard Webhooks)"
    form = Form.ARTICLE
    options = WebhookOptions
    pace = Pace(per_second=20.0, at_once=16)

    async def send(self, bulletin: Bulletin, outlet: Outlet[WebhookOptions], to: To, http: Http) -> Receipt:
        """POST the payload. 410 is Refused; every other refusal is tried again, as the specification asks."""
        options = outlet.options
        body = json.dumps(payload(bulletin), ensure_ascii=False, separators=(",", ":"))
        headers = sign(options, to.delivery, body, http)
        answer = await http.request(
            "POST",
            options.url,
            headers=headers,
            body=body.encode(),
            accept=(_GONE, *_TRIED_AGAIN),
            hide=options.secrets,
        )
        return _receipt(answer)

    def pace_of(self, outlet: Outlet[WebhookOptions]) -> Pace:
        """The pace the receiver asked for."""
        return Pace(per_second=outlet.options.per_second, at_once=self.pace.at_once)

    def retry_for(self, outlet: Outlet[WebhookOptions]) -> timedelta:
        """Three days, the schedule Standard Webhooks proposes."""
        return timedelta(days=3)


def sign(options: WebhookOptions, message: str, body: str, http: Http) -> dict[str, str]:
    """Headers of Standard Webhooks: id, timestamp in seconds, one signature a secret (two while a secret changes)."""
    now = http.now()
    secrets = [options.secret, *([options.former_secret] if options.former_secret else [])]
    signatures = [Signer(secret.get_secret_value()).sign(message, now, body) for secret in secrets]
    return {
        "content-type": "application/json; charset=utf-8",
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def payload(bulletin: Bulletin) -> dict[str, Any]:
    """The JSON body: `type`, `timestamp` (ISO 8601), `data` with the bulletin and its parts; the same on every try."""
    return {
        "type": "bulletin.issued",
        "timestamp": bulletin.issued_at.isoformat(),
        "data": {
            "id": bulletin.id,
            "class": bulletin.klass.value,
            "office": bulletin.office,
            "title": bulletin.title,
            "issued_at": bulletin.issued_at.isoformat(),
            "valid_until": bulletin.valid_until.isoformat() if bulletin.valid_until else None,
            "short": bulletin.short,
            "chat": bulletin.chat,
            "parts": [_part(part) for part in bulletin.parts],
        },
    }


def _part(part: Part) -> dict[str, Any]:
    names = ("item", "revision", "digest", "slug", "title", "theme", "byline", "source", "language")
    texts = ("article", "script", "short", "chat")
    audio = part.audio
    facts = (
        {"name": audio.name, "bytes": audio.bytes, "seconds": audio.seconds, "sha256": audio.sha256} if audio else None
    )
    return {name: getattr(part, name) for name in (*names, *texts)} | {"audio": facts}


def _receipt(answer: Answer) -> Receipt:
    if answer.status == _GONE:
        raise Refused("gone", "đối tác đã ngừng nhận (410)", "the receiver is gone for good (410)")
    if answer.status in _TRIED_AGAIN:
        raise Unavailable(
            "not_taken",
            f"đối tác chưa nhận ({answer.status}): {answer.shown()}",
            f"the receiver did not take it ({answer.status}): {answer.shown()}",
        )
    return Receipt(detail=str(answer.status))
