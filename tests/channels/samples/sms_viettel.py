"""How `sms_viettel` is tried."""

from __future__ import annotations

from typing import Any

from lxml import etree

from channels.channel import To
from channels.kinds.sms_viettel import request_id
from tests.channels.partners.viettel import BRANDNAME, CP_CODE, PASSWORD, USERNAME, answer
from tests.channels.samples import PHONE, Sample


def text(asked: Any) -> str:
    """What stands in the envelope."""
    content = etree.fromstring(asked.body).findtext(".//Content")
    assert content is not None
    return content


SAMPLE = Sample(
    options=lambda url: {
        "url": f"{url}/bulkapi",
        "username": USERNAME,
        "password": PASSWORD,
        "cp_code": CP_CODE,
        "sender": BRANDNAME,
        "unaccented": False,
    },
    to=To("d-1", PHONE),
    success=answer(1, "Insert MT_QUEUE: OK"),
    reference=request_id("d-1"),
    refusal=(200, answer(0, "Check template: CONTENT_NOT_MATCH_TEMPLATE")),
    inside=answer(0, "Check Content: MSG_ERROR_CONTAIN_BLACKLIST"),
    secrets=("viettel&secret<9", "viettel&amp;secret&lt;9", "912345678"),
    said=text,
    named=None,
)
