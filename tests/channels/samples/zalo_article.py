"""How `zalo_article` is tried: the article is created and verified before the broadcast, the one call that cannot be undone."""

from __future__ import annotations

from channels.channel import To
from tests.channels.samples import Sample, read_json

SAMPLE = Sample(
    options=lambda url: {
        "app_id": "4321",
        "app_secret": "app-secret-1",
        "refresh_token": "refresh-secret-2",
        "access_token": "access-secret-3",
        "oa_secret": "oa-secret-4",
        "cover_url": "https://xa.example/bia.jpg",
        "api_url": url,
        "oauth_url": f"{url}/v4",
    },
    to=To("d-1", "zalo-bai-viet"),
    success=b'{"error": 0, "message": "Success", "data": {"message_id": "m-5"}}',
    reference="m-5",
    refusal=(200, b'{"error": -201, "message": "Params is invalid"}'),
    inside=b'{"error": -248, "message": "Content violates"}',
    secrets=("app-secret-1", "refresh-secret-2", "access-secret-3", "oa-secret-4"),
    said=lambda asked: "\n".join(block["content"] for block in read_json(asked)["body"]),
    named=None,
    first=(b'{"error": 0, "data": {"token": "t-1"}}', b'{"error": 0, "data": {"id": "a-1"}}'),
)
