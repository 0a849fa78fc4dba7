"""How `sms_esms` is tried."""

from __future__ import annotations

from channels.channel import To
from tests.channels.samples import PHONE, Sample, read_json

SAMPLE = Sample(
    options=lambda url: {
        "url": url,
        "api_key": "api-secret-1",
        "secret_key": "key-secret-2",
        "brandname": "XAMOCCHAU",
        "unaccented": False,
        "callback_secret": "callback-secret-3",
    },
    to=To("d-1", PHONE),
    success=b'{"CodeResult": "100", "CountRegenerate": 0, "SMSID": "d533459e"}',
    reference="d533459e",
    refusal=(200, b'{"CodeResult": "108", "CountRegenerate": 0, "ErrorMessage": "Invalid phone"}'),
    inside=b'{"CodeResult": "146", "SMSID": "3f5ec8c7"}',
    secrets=("api-secret-1", "key-secret-2", "callback-secret-3", "912345678"),
    said=lambda asked: read_json(asked)["Content"],
    named=lambda asked: read_json(asked)["RequestId"],
)
