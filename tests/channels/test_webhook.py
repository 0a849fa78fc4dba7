"""The kind `webhook`: a golden payload, signatures a receiver can check, options that are checked."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from channels.channel import Refused, To, Unavailable
from channels.kinds.webhook import Webhook, WebhookOptions

KEY = b"0123456789abcdef01234567"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
GOLDEN = (
    '{"type":"bulletin.issued","timestamp":"2026-11-23T01:00:00+00:00","data":{"id":"b1","class":"normal",'
    '"office":"UBND xã Mộc Châu","title":"Mưa lớn ở Mộc Châu","issued_at":"2026-11-23T01:00:00+00:00",'
    '"valid_until":"2026-11-24T01:00:00+00:00","short":"Mưa lớn từ đêm nay.",'
    '"chat":"Mưa lớn từ đêm nay, bà con chú ý sạt lở.","parts":[{"item":"it1","revision":"it1-r1",'
    '"digest":"digest-it1","slug":"mua-lon","title":"Mưa lớn ở Mộc Châu","theme":"Thời tiết",'
    '"byline":"Ban Biên tập","source":"Đài Khí tượng","language":"vi",'
    '"article":"<p>Từ đêm nay có <strong>mưa lớn</strong>.</p>",'
    '"script":"Từ đêm nay có mưa lớn. Bà con chú ý.","short":"Mưa lớn từ đêm nay.",'
    '"chat":"Mưa lớn từ đêm nay, bà con chú ý sạt lở.",'
    f'"audio":{{"name":"ab12.mp3","bytes":16000,"seconds":17.4,"sha256":"{"ab" * 32}"}}}}]}}}}'
)


async def send(world: Any, http: Any, make: Any, **more: Any) -> Any:
    """One send to the world."""
    outlet = make.outlet(WebhookOptions(url=world.url, secret=SECRET, **more))
    return await Webhook().send(make.bulletin(valid_until=make.later(days=1)), outlet, To("d-1", ""), http)


async def test_the_payload_is_golden(world: Any, http: Any, make: Any, clock: Any) -> None:
    """Receivers rely on these bytes; a retry an hour later has the same body and id and a fresh timestamp."""
    await send(world, http, make)
    clock.advance(3600)
    await send(world, http, make)
    first, second = world.asked
    assert first.body.decode() == GOLDEN == second.body.decode()
    assert first.headers["content-type"] == "application/json; charset=utf-8"
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "d-1"
    stamps = [int(asked.headers["webhook-timestamp"]) for asked in world.asked]
    assert stamps == [1795395600, 1795399200]


@pytest.mark.parametrize("former", [None, "whsec_" + base64.b64encode(KEY[::-1]).decode()])
async def test_the_signature(world: Any, http: Any, make: Any, former: str | None) -> None:
    """HMAC-SHA256 over id.timestamp.body, computed here by hand; two signatures while the secret changes."""
    await send(world, http, make, former_secret=former)
    asked = world.asked[0]
    signed = f"d-1.{asked.headers['webhook-timestamp']}.".encode() + asked.body
    keys = [KEY, KEY[::-1]] if former else [KEY]
    expected = [f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}" for key in keys]
    assert asked.headers["webhook-signature"].split(" ") == expected


@pytest.mark.parametrize(
    ("status", "error"),
    [(410, Refused), (302, Unavailable), (400, Unavailable), (404, Unavailable), (422, Unavailable)],
)
async def test_only_gone_is_final(world: Any, http: Any, make: Any, does: Any, status: int, error: Any) -> None:
    """As the specification asks: 410 ends it, other answers are tried again for three days."""
    world.will(does.reply(status, b"words"))
    with pytest.raises(error):
        await send(world, http, make)
    outlet = make.outlet(WebhookOptions(url=world.url, secret=SECRET))
    assert Webhook().retry_for(outlet) == timedelta(days=3) and Webhook().repeatable(outlet)


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "short"}, {"secret": "whsec_" + base64.b64encode(b"short").decode()}, {"secret": "whsec_***"},
        {"secret": "whsec_" + base64.b64encode(bytes(65)).decode()}, {"url": "partner.example"}, {"url": "file:///etc"},
        {"per_second": 0}, {"surprise": 1},
    ],
)  # fmt: skip
def test_wrong_options(wrong: dict[str, Any]) -> None:
    """Each is an error, and none repeats a secret."""
    with pytest.raises(ValidationError) as caught:
        WebhookOptions(**({"url": "https://partner.example", "secret": SECRET} | wrong))
    assert wrong.get("secret", SECRET) not in str(caught.value)
