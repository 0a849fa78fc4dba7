"""Options of an SMS gateway with an HTTP interface: its request as a template, and how its answers, reports and replies are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from channels.channel import Options, Word
from channels.options import LONG, Answering, WebAddress
from channels.sms import SOMEBODY, SmsOptions, plain_text
from channels.template import PLACEHOLDER, Template, texts

_OWN = ("phone", "text", "id", "name", "sender", "thoi_nhan")
_READ_BY_HTTP = frozenset({401, 403, 407, 408, 425, 429})
_PATH = re.compile(r"(?:\$\.)?[^.\s$]+(?:\.[^.\s$]+)*")
_TYPES = {"json": "application/json; charset=utf-8", "form": "application/x-www-form-urlencoded; charset=utf-8"}


def _json_path(value: str) -> str:
    if value and not _PATH.fullmatch(value):
        raise ValueError(f"đường dẫn JSON không hợp lệ: {value!r}; viết như data.0.id (not a JSON path)")
    return value.removeprefix("$.")


def _regex(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"biểu thức chính quy sai: {error} (bad regular expression)") from None
    return value


JsonPath = Annotated[str, AfterValidator(_json_path)]
Regex = Annotated[str, AfterValidator(_regex)]


class Success(Options):
    """How an accepted message is recognised: the status, and if given a JSON value or a text."""

    status: tuple[int, ...] = Field(
        default=(200, 201, 202),
        description=Word("Các mã HTTP có thể là thành công.", "HTTP statuses that can be a success."),
    )
    path: JsonPath = Field(
        default="",
        description=Word(
            "Đường dẫn tới mã kết quả trong JSON trả về, ví dụ CodeResult hay data.0.status.",
            "Path to the result code in the JSON answer, for example CodeResult or data.0.status.",
        ),
    )
    equals: tuple[str, ...] = Field(
        default=(),
        description=Word(
            "Các giá trị tại đường dẫn đó nghĩa là đã nhận.", "Values at that path that mean it was taken."
        ),
    )
    text: Regex = Field(
        default="",
        description=Word(
            "Biểu thức chính quy mà nội dung trả về phải khớp; ví dụ ^0: Accepted.",
            "Regular expression that the answer must match; for example ^0: Accepted.",
        ),
    )

    @model_validator(mode="after")
    def _whole(self) -> Success:
        if self.equals and not self.path:
            raise ValueError("success.equals cần success.path (equals needs path)")
        return self


class Callbacks(Options):
    """By which method the gateway calls back, and how what it says proves to be genuine."""

    method: Literal["POST", "GET"] = Field(
        default="POST", description=Word("Phương thức nhà mạng gọi lại.", "Method by which the provider calls back.")
    )
    proof: Literal["query", "header", "hmac"] = Field(
        description=Word(
            "Cách chứng thực: khóa trong query, khóa trong header, hoặc HMAC-SHA256 của nguyên văn trong header.",
            "Kind of proof: a key in the query, a key in a header, or HMAC-SHA256 of the raw body in a header.",
        )
    )
    name: str = Field(
        min_length=1,
        description=Word(
            "Tên tham số hoặc tên header mang khóa hay chữ ký.",
            "Name of the parameter or header that holds the key or signature.",
        ),
    )
    secret: SecretStr = Field(
        min_length=12,
        description=Word(
            "Khóa bí mật chung với nhà cung cấp, ít nhất 12 ký tự.",
            "Secret shared with the provider, at least 12 characters.",
        ),
    )

    @model_validator(mode="after")
    def _provable(self) -> Self:
        if self.proof == "hmac" and self.method == "GET":
            raise ValueError("hmac ký phần thân, GET không có phần thân (hmac signs a body, GET has none)")
        return self


class Receipts(Callbacks):
    """How the gateway's delivery reports look."""

    each: JsonPath = Field(
        default="",
        description=Word(
            "Đường dẫn tới danh sách khi một lần gọi mang nhiều báo cáo.",
            "Path to the list when one call carries several reports.",
        ),
    )
    delivery: JsonPath = Field(
        default="",
        description=Word(
            "Chỗ có mã lượt gửi của Loa, ví dụ RequestId.", "Where Loa's delivery id stands, for example RequestId."
        ),
    )
    reference: JsonPath = Field(
        default="",
        description=Word(
            "Chỗ có mã tin của nhà cung cấp, ví dụ SMSID.", "Where the provider's message id stands, for example SMSID."
        ),
    )
    status: JsonPath = Field(description=Word("Chỗ có trạng thái.", "Where the status stands."))
    delivered: tuple[str, ...] = Field(
        min_length=1,
        description=Word(
            "Các trạng thái nghĩa là máy người nhận đã nhận.", "Statuses that mean the recipient's phone received it."
        ),
    )
    failed: tuple[str, ...] = Field(
        default=(),
        description=Word("Các trạng thái nghĩa là không tới được.", "Statuses that mean it could not be delivered."),
    )
    reason: JsonPath = Field(
        default="",
        description=Word("Chỗ có lý do không tới được.", "Where the reason stands why it could not be delivered."),
    )

    @model_validator(mode="after")
    def _whole(self) -> Receipts:
        if not self.delivery and not self.reference:
            raise ValueError(
                "cần delivery hoặc reference để biết báo cáo về lượt nào (delivery or reference is needed)"
            )
        return self


class Replies(Callbacks):
    """How the gateway hands on what people answer."""

    phone: JsonPath = Field(
        min_length=1,
        description=Word("Chỗ có số của người trả lời.", "Where the number of the person who replies stands."),
    )
    text: JsonPath = Field(
        min_length=1, description=Word("Chỗ có nội dung trả lời.", "Where the text of the reply stands.")
    )


class SmsHttpOptions(SmsOptions, Answering):
    """Options of an SMS gateway outlet."""

    url: WebAddress = Field(
        description=Word("Địa chỉ gửi tin của nhà cung cấp.", "Address of the provider that messages are sent to.")
    )
    method: Literal["POST", "GET", "PUT"] = Field(default="POST", description=Word("Phương thức HTTP.", "HTTP method."))
    headers: Mapping[str, SecretStr] = Field(
        default_factory=dict,
        description=Word("Header kèm theo, ví dụ Authorization.", "Headers sent along, for example Authorization."),
    )
    body: Literal["json", "form", "query"] = Field(
        default="json",
        description=Word("Kiểu nội dung: json, form hay query.", "Type of content: json, form or query."),
    )
    body_template: str = Field(
        description=Word(
            "Mẫu nội dung; dùng {phone} {text} {id} {name} {sender} {thoi_nhan} (liên kết thôi nhận tin) và các khóa trong "
            "secrets_in_body, mỗi chỗ tự được mã hóa đúng kiểu.",
            "Template of the content; use {phone} {text} {id} {name} {sender} {thoi_nhan} (the "
            "link for stopping messages) and the keys in secrets_in_body, each encoded as its "
            "place needs.",
        ),
        json_schema_extra=LONG,
    )
    secrets_in_body: Mapping[str, SecretStr] = Field(
        default_factory=dict,
        description=Word(
            "Các giá trị bí mật đặt trong mẫu, theo tên: api_key dùng như {api_key}.",
            "Secret values put into the template, by name: api_key is used as {api_key}.",
        ),
    )
    content_type: str = Field(
        default="",
        description=Word(
            "Content-Type; để trống thì theo kiểu nội dung.", "Content-Type; if empty, it follows the type of content."
        ),
    )
    sender: str = Field(
        default="",
        description=Word(
            "Tên thương hiệu (brandname), điền vào {sender}.", "Sender name (brandname), put in at {sender}."
        ),
    )
    number: Literal["84", "+84", "0"] = Field(
        default="84",
        description=Word(
            "Cách nhà cung cấp viết số: 84..., +84... hay 0...",
            "How the provider writes numbers: 84..., +84... or 0...",
        ),
    )
    success: Success = Field(default=Success(), description=Word("Thế nào là đã nhận.", "What counts as taken."))
    taken_again: tuple[str, ...] = Field(
        default=(),
        description=Word(
            "Mã nghĩa là đã nhận tin này từ lần trước (eSMS: 124); coi là đã nhận.",
            "Codes that mean this message was taken before (eSMS: 124); counted as taken.",
        ),
    )
    refused: Mapping[str, str] = Field(
        default_factory=dict,
        description=Word(
            "Mã từ chối hẳn và lý do viết bằng lời.", "Codes that refuse for good, and the reason in words."
        ),
    )
    busy: tuple[str, ...] = Field(
        default=(),
        description=Word(
            "Mã nghĩa là chưa nhận, thử lại sau (quá tải, quá tốc độ).",
            "Codes that mean not taken, try again later (overloaded, too fast).",
        ),
    )
    stopped: Mapping[str, str] = Field(
        default_factory=dict,
        description=Word(
            "Mã cần người xử lý (sai khóa, hết tiền) và lý do: điểm phát tạm dừng.",
            "Codes that need a person (wrong key, no credit) and the reason: the outlet is paused.",
        ),
    )
    id_path: JsonPath = Field(
        default="",
        description=Word(
            "Chỗ có mã tin của nhà cung cấp trong JSON trả về.",
            "Where the provider's message id stands in the JSON answer.",
        ),
    )
    retry_statuses: tuple[int, ...] = Field(
        default=(),
        description=Word(
            "Mã HTTP chắc chắn nghĩa là chưa nhận, thử lại sau (ngoài 408, 425, 429, 503).",
            "HTTP statuses that surely mean not taken, try again later (besides 408, 425, 429, 503).",
        ),
    )
    dedupes: bool = Field(
        default=False,
        description=Word(
            "Nhà cung cấp bỏ tin trùng {id}: được phép gửi lại khi không rõ kết quả.",
            "The provider drops messages with the same {id}: sending again is allowed when the outcome is unsure.",
        ),
    )
    receipts: Receipts | None = Field(
        default=None,
        description=Word(
            "Báo cáo phát tin nhà cung cấp gọi lại.", "Delivery reports that the provider calls back with."
        ),
    )
    replies: Replies | None = Field(
        default=None,
        description=Word(
            "Tin người nhận trả lời, nhà cung cấp gọi lại.",
            "Replies from recipients that the provider calls back with.",
        ),
    )

    @field_validator("refused", "stopped", mode="after")
    @classmethod
    def _words(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        if any(not words.strip() for words in value.values()):
            raise ValueError("mỗi mã phải kèm lý do (every code needs its reason in words)")
        return value

    @model_validator(mode="after")
    def _template(self) -> SmsHttpOptions:
        if self.method == "GET" and self.body != "query":
            raise ValueError("phương thức GET cần body = query (GET needs body = query)")
        if (self.taken_again or self.refused or self.busy or self.stopped) and not self.success.path:
            raise ValueError("taken_again, refused, busy, stopped cần success.path (these need success.path)")
        known = {*_OWN, *self.secrets_in_body}
        text = "\n".join(texts(self.body_template, self._kind))
        for name in PLACEHOLDER.findall(text):
            if name not in known:
                raise ValueError(f"mẫu có chỗ trống lạ {{{name}}} (unknown placeholder {{{name}}})")
        missing = {"phone", "text", *(["id"] if self.dedupes else [])} - set(PLACEHOLDER.findall(text))
        if missing:
            names = ", ".join(f"{{{name}}}" for name in sorted(missing))
            raise ValueError(f"mẫu thiếu {names} (the template lacks {names})")
        return self

    def shown(self, text: str, link: str, *, unaccented: bool) -> str:
        """See SmsOptions.shown: with what the template puts around the text, and somebody's name where it asks for one."""
        around = next(one for one in texts(self.body_template, self._kind) if "{text}" in one)
        values = {
            "text": plain_text(text, unaccented=unaccented),
            "name": plain_text(SOMEBODY, unaccented=unaccented),
            "sender": self.sender,
            "thoi_nhan": link,
        }
        return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), around)

    @property
    def _kind(self) -> Literal["json", "form"]:
        return "json" if self.body == "json" else "form"

    @cached_property
    def template(self) -> Template:
        """The body taken apart, what is the same for all filled in."""
        secrets = {name: value.get_secret_value() for name, value in self.secrets_in_body.items()}
        plain = ("id", "phone") if self.number != "+84" or self.body == "json" else ("id",)
        return Template(self.body_template, self._kind, {**secrets, "sender": self.sender}, plain)

    @cached_property
    def names(self) -> bool:
        """Whether the template asks for the recipient's name."""
        return "{name}" in self.body_template

    @cached_property
    def links(self) -> bool:
        """Whether the template asks for the link by which the recipient refuses further messages."""
        return "{thoi_nhan}" in self.body_template

    @cached_property
    def sent_headers(self) -> dict[str, str]:
        """The headers of every request."""
        headers = {name: value.get_secret_value() for name, value in self.headers.items()}
        kind = {} if self.body == "query" else {"content-type": self.content_type or _TYPES[self.body]}
        return headers | kind

    @cached_property
    def answers(self) -> frozenset[int]:
        """The statuses whose body says more than they do."""
        read = (status for status in range(400, 500) if status not in _READ_BY_HTTP)
        return frozenset((*self.success.status, *self.retry_statuses, *read))
