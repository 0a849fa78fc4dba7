"""How `json_post` is tried."""

from __future__ import annotations

from channels.channel import To
from tests.channels.samples import PHONE, Sample, read_json

SAMPLE = Sample(
    options=lambda url: {
        "url": f"{url}/in",
        "headers": {"authorization": "Bearer header-secret-7"},
        "reference": "ref",
    },
    to=To("d-1", PHONE, "Lò Văn Á"),
    success=b'{"ref": "j-77"}',
    reference="j-77",
    refusal=(422, b'{"error": "no such number"}'),
    inside=None,
    secrets=("header-secret-7", "912345678"),
    said=lambda asked: read_json(asked)["text"],
    named=lambda asked: asked.headers["idempotency-key"] if read_json(asked)["id"] == "d-1" else "",
)
