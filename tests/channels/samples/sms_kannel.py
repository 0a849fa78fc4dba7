"""How `sms_kannel` is tried."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.channel import To
from tests.channels.samples import PHONE, Sample


def text(asked: Any) -> str:
    """What stands in the query."""
    return parse_qs(urlsplit(asked.target).query, strict_parsing=True)["text"][0]


SAMPLE = Sample(
    options=lambda url: {
        "url": f"{url}/cgi-bin/sendsms",
        "username": "loa",
        "password": "kannel-secret-1",
        "sender": "XAMOCCHAU",
        "unaccented": False,
        "max_messages": 7,
        "callback_secret": "callback-secret-2",
    },
    to=To("d-1", PHONE),
    success=b"0: Accepted for delivery",
    reference="",
    refusal=(400, b"Coding field misformed, rejected"),
    inside=b"Charset or body misformed, rejected",
    secrets=("kannel-secret-1", "callback-secret-2", "912345678"),
    said=text,
    named=None,
)
