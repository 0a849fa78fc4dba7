"""How `zalo_oa` is tried."""

from __future__ import annotations

from channels.channel import To
from tests.channels.samples import ZALO_ID, Sample, read_json

SAMPLE = Sample(
    options=lambda url: {
        "app_id": "4321",
        "app_secret": "app-secret-1",
        "refresh_token": "refresh-secret-2",
        "access_token": "access-secret-3",
        "oa_secret": "oa-secret-4",
        "api_url": url,
        "oauth_url": f"{url}/v4",
    },
    to=To("d-1", ZALO_ID),
    success=b'{"error": 0, "message": "Success", "data": {"message_id": "m-5"}}',
    reference="m-5",
    refusal=(200, b'{"error": -213, "message": "User has not followed OA"}'),
    inside=b'{"error": -248, "message": "Content violates"}',
    secrets=("app-secret-1", "refresh-secret-2", "access-secret-3", "oa-secret-4", ZALO_ID),
    said=lambda asked: read_json(asked)["message"]["text"],
    named=None,
)
