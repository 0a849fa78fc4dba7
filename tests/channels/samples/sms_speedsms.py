"""How `sms_speedsms` is tried."""

from __future__ import annotations

from base64 import b64encode

from channels.channel import To
from tests.channels.samples import PHONE, Sample, read_json

SAMPLE = Sample(
    options=lambda url: {
        "url": url,
        "token": "token-secret-1",
        "sender": "XAMOCCHAU",
        "unaccented": False,
        "callback_secret": "callback-secret-2",
    },
    to=To("d-1", PHONE),
    success=b'{"status": "success", "code": "00", "data": {"tranId": 123456, "totalSMS": 1, "invalidPhone": []}}',
    reference="123456",
    refusal=(200, b'{"status": "error", "code": "105", "message": "Phone number invalid"}'),
    inside=b'{"status": "success", "code": "00", "data": {"tranId": 123456, "invalidPhone": ["84912345678"]}}',
    secrets=("token-secret-1", b64encode(b"token-secret-1:x").decode(), "callback-secret-2", "912345678"),
    said=lambda asked: read_json(asked)["content"],
    named=None,
)
