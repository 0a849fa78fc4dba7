"""How `wordpress` is tried: it looks for its post before it makes one."""

from __future__ import annotations

import html

from channels.channel import To
from tests.channels.samples import Sample, read_json

MARKER = "mua-lon-9f72a527"
"""Made of outlet and item: what the partner knows our post by, in the place of a delivery's id."""

SAMPLE = Sample(
    options=lambda url: {
        "url": url,
        "login": "bien-tap",
        "application_password": "app1 pass2 word3",
        "categories": False,
        "attach_audio": False,
    },
    to=To("d-1", ""),
    before=(b"[]",),
    success=f'{{"id": 7, "slug": "{MARKER}", "status": "publish", "link": "https://xa.vn/{MARKER}/"}}'.encode(),
    reference=f"https://xa.vn/{MARKER}/",
    refusal=(400, b'{"code": "rest_invalid_param", "message": "Invalid parameter(s)", "data": {"status": 400}}'),
    inside=b'{"code": "rest_invalid_param", "message": "Invalid parameter(s)", "data": {"status": 400}}',
    secrets=("app1 pass2 word3", "Ymllbi10YXA6YXBwMSBwYXNzMiB3b3JkMw=="),
    said=lambda asked: html.unescape(read_json(asked)["content"][3:-4].replace("<br>", "\n")),
    named=lambda asked: "d-1" if read_json(asked)["slug"] == MARKER else "",
)
