"""The kind `zalo_oa`: what each of Zalo's codes means, and what it writes; tokens and webhooks are tested on the sandbox."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from channels.channel import Callback, Refused, To, Unavailable, Wrote
from channels.kinds.zalo_oa import ZaloOa, ZaloOptions
from channels.reasons import Reason
from channels.zalo.errors import EXPIRED, zalo_error
from channels.zalo.events import wrote

TOLD: dict[str, Any] = {
    "app_id": "4321",
    "app_secret": "app-secret-1",
    "refresh_token": "refresh-secret-2",
    "access_token": "access-secret-3",
    "oa_secret": "oa-secret-4",
}
MORNING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("codes", "error", "reason", "person"),
    [
        (sorted(EXPIRED), Unavailable, Reason.ACCOUNT, True),
        (
            [-101, -105, -135, -136, -320, -212, -221, -224, -1351, -14002, -240, -242, -1241],
            Unavailable,
            Reason.ACCOUNT,
            True,
        ),
        ([-137, -321], Unavailable, Reason.MONEY, True),
        ([-32, -100, -200, -210], Unavailable, Reason.BUSY, False),
        ([-133, -234], Unavailable, Reason.HOURS, False),
        ([-144, -147, -211, -218, -1441, -1471], Unavailable, Reason.QUOTA, False),
        ([-108, -118], Refused, Reason.NUMBER, False),
        ([-119, -139, -140, -141, -213, -217], Refused, Reason.UNWILLING, False),
        ([-110, -114, -227, -230, -244], Refused, Reason.UNREACHABLE, False),
        ([-109, -111, -131, -145, -146, -1121, -1122, -1124], Refused, Reason.TEMPLATE, False),
        ([-201, -233, -248, -249], Refused, Reason.TEXT, False),
        ([-999, 7], Refused, Reason.OTHER, False),
    ],
)
def test_codes(codes: list[int], error: Any, reason: Reason, person: bool) -> None:
    """Each class of codes has one meaning for a delivery."""
    for code in codes:
        made = zalo_error(code, "words", MORNING, "d-1")
        assert type(made) is error and made.reason is reason and getattr(made, "person", False) is person
        assert str(code) in made.vi and "words" in made.vi


def test_night_and_quota_wait_for_their_hour() -> None:
    """Night waits for 06:00 in Vietnam, a quota for midnight, each delivery a little later than that, differently."""
    evening = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)
    after = {zalo_error(-234, "", evening, f"d-{number}").retry_after for number in range(50)}  # type: ignore[attr-defined]
    assert min(after) >= 7.5 * 3600 and max(after) < 7.5 * 3600 + 600 and len(after) > 40
    quota = zalo_error(-144, "", evening, "d-1").retry_after  # type: ignore[attr-defined]
    assert 1.5 * 3600 <= quota < 2 * 3600


async def test_the_message_is_golden(world: Any, http: Any, make: Any, does: Any) -> None:
    """Path, headers and body as Zalo's papers have them; the token never in Authorization."""
    world.will(does.reply(200, b'{"error": "0", "data": {"message_id": "m-1"}}'))
    outlet = make.outlet(ZaloOptions(**TOLD, api_url=f"{world.url}/", appsecret_proof=True))
    receipt = await ZaloOa().send(make.bulletin(), outlet, To("d-1", "573"), http)
    (asked,) = world.asked
    assert receipt.reference == "m-1" and (asked.method, asked.target) == ("POST", "/v3.0/oa/message/cs")
    assert asked.headers["access_token"] == "access-secret-3" and "authorization" not in asked.headers
    proof = hmac.new(b"app-secret-1", b"access-secret-3", hashlib.sha256).hexdigest()
    assert asked.headers["appsecret_proof"] == proof
    text = "Mưa lớn từ đêm nay, bà con chú ý sạt lở."
    assert json.loads(asked.body) == {"recipient": {"user_id": "573"}, "message": {"text": text}}


async def test_a_renewal_that_fails_sends_nothing(world: Any, http: Any, make: Any, does: Any) -> None:
    """A broken token address is Unavailable, not Unsure: no message has left."""
    for reaction, person in (
        (does.reply(500, b"x"), False),
        (does.drop, False),
        (does.reply(200, b'{"error": -32}'), False),
        (does.reply(200, b'{"error": -14014, "message": "Invalid refresh token"}'), True),
        (does.reply(200, b'{"access_token": "", "refresh_token": "x"}'), True),
    ):
        world.will(reaction)
        outlet = make.outlet(ZaloOptions(**(TOLD | {"access_token": None}), api_url=world.url, oauth_url=world.url))
        with pytest.raises(Unavailable) as caught:
            await ZaloOa().send(make.bulletin(), outlet, To("d-1", "573"), http)
        assert caught.value.person is person and outlet.keep.puts == 0
        assert "secret" not in caught.value.en
    assert all(asked.target == "/oa/access_token" for asked in world.asked)


def event(name: str, first: str = "4321", **message: Any) -> Callback:
    """A signed webhook."""
    stamp = str(int(MORNING.timestamp() * 1000))
    body = json.dumps({"event_name": name, "message": message, "timestamp": stamp}).encode()
    mac = hashlib.sha256(first.encode() + body + stamp.encode() + b"oa-secret-4").hexdigest()
    return Callback("POST", {}, {"x-zevent-signature": f"mac={mac}"}, body, MORNING)


def test_events(make: Any) -> None:
    """Only the receipt proves something; an account that signs with the OA's id can say so."""
    outlet = make.outlet(ZaloOptions(**TOLD))
    found = ZaloOa().confirm(event("user_received_message", msg_id="m-1"), outlet)
    assert [(each.delivered, each.reference) for each in found] == [(True, "m-1")]
    for name in ("user_seen_message", "follow", "oa_send_text"):
        assert ZaloOa().confirm(event(name, msg_id="m-1"), outlet) == []
    by_oa = event("user_received_message", "99", msg_id="m-1")
    with pytest.raises(Refused):
        ZaloOa().confirm(by_oa, outlet)
    assert ZaloOa().confirm(by_oa, make.outlet(ZaloOptions(**TOLD, oa_id="99", signed_with="oa_id")))
    with pytest.raises(Refused):
        ZaloOa().confirm(
            event("user_received_message", msg_id="m-1"), make.outlet(ZaloOptions(**(TOLD | {"oa_secret": None})))
        )


@pytest.mark.parametrize(
    "wrong", [{"app_id": ""}, {"refresh_token": ""}, {"api_url": "zalo"}, {"signed_with": "x"}, {"per_second": 100}]
)
def test_wrong_options(wrong: dict[str, Any]) -> None:
    """Each is an error that repeats no secret."""
    with pytest.raises(ValidationError) as caught:
        ZaloOptions(**(TOLD | wrong))
    assert "-secret-" not in str(caught.value)


def test_what_somebody_writes_in_the_chat_is_for_the_office() -> None:
    """`user_send_text`; pictures, empty texts and what the account itself sent say nothing."""
    event = {
        "event_name": "user_send_text",
        "sender": {"id": "2468013579"},
        "message": {"text": "Mấy giờ mở cửa?", "msg_id": "m1"},
    }
    assert wrote(event) == [Wrote("zalo", "2468013579", "Mấy giờ mở cửa?", "m1")]
    for wrong in (
        {"event_name": "oa_send_text"},
        {"event_name": "user_send_image"},
        {"message": {"text": " ", "msg_id": "m1"}},
        {"message": {"msg_id": "m1"}},
        {"message": "x"},
        {"sender": {"id": "x"}},
        {"sender": None},
    ):
        assert wrote(event | wrong) == []
