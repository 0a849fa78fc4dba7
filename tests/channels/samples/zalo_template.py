"""How `zalo_template` is tried: it has the template's registration read before its first message."""

from __future__ import annotations

import json

from channels.channel import To
from tests.channels.samples import PHONE, Sample, read_json

SAMPLE = Sample(
    options=lambda url: {
        "app_id": "4321",
        "app_secret": "app-secret-1",
        "refresh_token": "refresh-secret-2",
        "access_token": "access-secret-3",
        "oa_secret": "oa-secret-4",
        "template_id": "601036",
        "params": {"noi_dung": "{short}"},
        "business_url": url,
        "oauth_url": f"{url}/v4",
    },
    to=To("d-1", PHONE),
    success=b'{"error": 0, "message": "Success", "data": {"msg_id": "m-5", "quota": {"remainingQuota": "499"}}}',
    reference="m-5",
    refusal=(200, b'{"error": -118, "message": "Zalo account not existed"}'),
    inside=b'{"error": -1121, "message": "Parameter is too long"}',
    secrets=("app-secret-1", "refresh-secret-2", "access-secret-3", "oa-secret-4", "912345678"),
    said=lambda asked: read_json(asked)["template_data"]["noi_dung"],
    named=None,
    first=(
        json.dumps(
            {"error": 0, "data": {"status": "ENABLE", "listParams": [{"name": "noi_dung", "maxLength": 2000}]}}
        ).encode(),
    ),
    carrier=1,
)
