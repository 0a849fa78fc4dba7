"""How `webhook` is tried."""

from __future__ import annotations

from channels.channel import To
from tests.channels.samples import Sample, read_json

SAMPLE = Sample(
    options=lambda url: {"url": f"{url}/hook?key=query-secret-9", "secret": "whsec_" + "QUJDREVGR0g" * 4},
    to=To("d-1", ""),
    success=b"ok",
    reference="",
    refusal=(410, b""),
    inside=None,
    secrets=("query-secret-9", "QUJDREVGR0g" * 4),
    said=lambda asked: read_json(asked)["data"]["short"],
    named=lambda asked: asked.headers["webhook-id"],
)
