"""Types of options that several kinds have."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, JsonValue, SecretStr

from channels.channel import Options
from config.words import Word

SHORTEST_KEY = 12
LONG: dict[str, JsonValue] = {"long": True}
"""As `json_schema_extra` of an option: what is written there has several lines."""


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("địa chỉ phải bắt đầu bằng https:// hoặc http:// (must be a web address)")
    return value


WebAddress = Annotated[str, AfterValidator(_web_address)]
"""`https://...` or `http://...` with a host, as it was written."""
BaseAddress = Annotated[str, AfterValidator(_web_address), AfterValidator(lambda value: value.rstrip("/"))]
"""The same without a slash at its end, for paths to follow."""


def _time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"không có múi giờ {value!r} (no such time zone)") from None
    return value


TimeZone = Annotated[str, AfterValidator(_time_zone)]
"""The name of a time zone, such as Asia/Ho_Chi_Minh."""


def _long_enough(key: SecretStr) -> SecretStr:
    if 0 < len(key.get_secret_value()) < SHORTEST_KEY:
        raise ValueError(f"phải có ít nhất {SHORTEST_KEY} ký tự (at least {SHORTEST_KEY} characters)")
    return key


ShelfKey = Annotated[SecretStr, AfterValidator(_long_enough)]
"""The key that opens an outlet's shelf; empty where only keys of the desk's do."""


class Answering(Options):
    """Options of an outlet people can answer."""

    stop_answer: str = Field(
        default="",
        max_length=160,
        description=Word(
            "Tin trả lời một lần cho người vừa trả lời là không nhận tin nữa; để trống: không trả lời.",
            "Message answered once to somebody who has just replied that they want no more; if empty: no answer.",
        ),
    )
