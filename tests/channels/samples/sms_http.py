"""How `sms_http` is tried."""

from __future__ import annotations

from channels.channel import To
from tests.channels.samples import PHONE, Sample, read_json

SAMPLE = Sample(
    options=lambda url: {
        "url": f"{url}/sms",
        "headers": {"authorization": "Bearer header-secret-7"},
        "body_template": '{"key": "{api_key}", "to": "{phone}", "text": "{text}", "ref": "{id}", "from": "{sender}"}',
        "secrets_in_body": {"api_key": "body-secret-8"},
        "sender": "XAMOCCHAU",
        "unaccented": False,
        "dedupes": True,
        "success": {"path": "code", "equals": ["100"]},
        "refused": {"108": "số không hợp lệ"},
        "id_path": "id",
    },
    to=To("d-1", PHONE),
    success=b'{"code": 100, "id": "sms-77"}',
    reference="sms-77",
    refusal=(200, b'{"code": "108"}'),
    inside=b'{"code": "999", "id": null}',
    secrets=("header-secret-7", "body-secret-8", "912345678"),
    said=lambda asked: read_json(asked)["text"],
    named=lambda asked: read_json(asked)["ref"],
)
