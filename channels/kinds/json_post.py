"""Kind `json_post`: one JSON document a recipient to any system of the office's own, under an Idempotency-Key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any

from pydantic import Field, SecretStr, field_validator

from channels.channel import Channel, Form, Outlet, PacedOptions, Receipt, To, Word
from channels.http import Http
from channels.options import LONG, WebAddress
from channels.template import PLACEHOLDER, Template, texts
from content.bulletin import Bulletin

_NAMES = ("id", "phone", "name", "text")
_TAKEN = Receipt()


class JsonPostOptions(PacedOptions):
    """Options of a JSON outlet."""

    url: WebAddress = Field(
        description=Word("Địa chỉ nhận (https://...) của hệ thống.", "Address of the receiving system (https://...).")
    )
    headers: Mapping[str, SecretStr] = Field(
        default_factory=dict,
        description=Word("Header kèm theo, ví dụ Authorization.", "Headers sent along, for example Authorization."),
    )
    template: str = Field(
        default='{"id": "{id}", "to": "{phone}", "name": "{name}", "text": "{text}"}',
        description=Word(
            "Mẫu JSON; dùng {id} {phone} {name} {text}.", "JSON template; use {id} {phone} {name} {text}."
        ),
        json_schema_extra=LONG,
    )
    reference: str = Field(
        default="",
        description=Word(
            "Tên trường trong JSON trả về mang mã của hệ thống nhận, nếu có.",
            "Name of the field in the JSON answer that holds the receiving system's id, if there is one.",
        ),
    )

    @field_validator("template")
    @classmethod
    def _known(cls, value: str) -> str:
        named = set(PLACEHOLDER.findall("\n".join(texts(value, "json"))))
        if unknown := named - set(_NAMES):
            listed = ", ".join(sorted(unknown))
            raise ValueError(f"mẫu có chỗ trống lạ: {listed} (unknown placeholder)")
        if missing := {"id", "phone"} - named:
            listed = ", ".join(f"{{{name}}}" for name in sorted(missing))
            raise ValueError(f"mẫu thiếu {listed} (the template lacks {listed})")
        return value

    @cached_property
    def sent_headers(self) -> dict[str, str]:
        """The headers of every request."""
        headers = {name: value.get_secret_value() for name, value in self.headers.items()}
        return {"content-type": "application/json; charset=utf-8", **headers}


class JsonPost(Channel[JsonPostOptions]):
    """One POST a recipient; the delivery is named in the body and in Idempotency-Key, so that a repeat does no harm."""

    kind = "json_post"
    title_vi = "Hệ thống nhận JSON"
    title_en = "JSON over HTTP"
    form = Form.SHORT
    options = JsonPostOptions
    scheme = "phone"
    quiet_hours = True

    async def send(self, bulletin: Bulletin, outlet: Outlet[JsonPostOptions], to: To, http: Http) -> Receipt:
        """Any 2xx is accepted."""
        options = outlet.options
        body = _body(options.template, bulletin.short)
        answer = await http.request(
            "POST",
            options.url,
            headers=options.sent_headers,
            body=body.fill({"id": to.delivery, "phone": to.address, "name": to.name}).encode(),
            key=to.delivery,
            hide=(*options.secrets, to.address),
        )
        if not options.reference:
            return _TAKEN
        plain: Any = answer.json()
        return Receipt(str(plain.get(options.reference) or "") if isinstance(plain, dict) else "")


@lru_cache(64)
def _body(template: str, text: str) -> Template:
    """The template taken apart, what is the same for every recipient filled in."""
    return Template(template, "json", {"text": text}, plain=("id", "phone"))
