"""The kind `sms_http`: what it writes, how it reads answers and reports, and which options it refuses."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import unicodedata
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from channels.channel import Callback, Confirmation, Pace, Receipt, Refused, To, Unavailable, Unsure
from channels.kinds.sms_http import SmsHttp, fill
from channels.sms_gateway import SmsHttpOptions

NASTY = 'Nói "{id}" & 100% \\ {phone}?a=b\n'
ESMS: dict[str, Any] = {
    "url": "https://rest.esms.example/send",
    "body_template": '{"ApiKey":"{api_key}","Phone":"{phone}","Content":"{text}","Brandname":"{sender}","RequestId":"{id}"}',
    "secrets_in_body": {"api_key": "key-123456"},
    "sender": "XAMOCCHAU",
    "success": {"path": "CodeResult", "equals": ["100"]},
    "taken_again": ["124"],
    "refused": {"108": "số không hợp lệ"},
    "busy": ["160"],
    "stopped": {"103": "tài khoản hết tiền"},
    "id_path": "SMSID",
    "dedupes": True,
}
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def options(**more: Any) -> SmsHttpOptions:
    """Options of an account like eSMS, with changes."""
    return SmsHttpOptions(**(ESMS | more))


def written(text: str = "Mưa", **more: Any) -> tuple[str, bytes]:
    """Address and body of one request."""
    return fill(options(**more), To("d-1", "+84912345678"), text)


def test_json_body_is_golden() -> None:
    """The values stand where the template says, unaccented by default."""
    assert written("Mưa lớn ở Đắk Lắk") == (
        "https://rest.esms.example/send",
        b'{"ApiKey":"key-123456","Phone":"84912345678","Content":"Mua lon o Dak Lak","Brandname":"XAMOCCHAU","RequestId":"d-1"}',
    )


@pytest.mark.parametrize(("number", "phone"), [("84", "84912345678"), ("+84", "+84912345678"), ("0", "0912345678")])
def test_numbers_as_the_gateway_wants_them(number: str, phone: str) -> None:
    """All three ways to write a number."""
    assert json.loads(written(number=number)[1])["Phone"] == phone


def test_nothing_breaks_out_of_its_place() -> None:
    """Quotes, braces, ampersands and line breaks stay text in JSON, form and query."""
    assert json.loads(written(NASTY, unaccented=False)[1])["Content"] == NASTY
    form = {"body": "form", "body_template": "k={api_key}&to={phone}&msg={text}&ref=x-{id}"}
    url, body = written(NASTY, unaccented=False, **form)
    expected = {"k": ["key-123456"], "to": ["84912345678"], "msg": [NASTY], "ref": ["x-d-1"]}
    assert url == ESMS["url"] and parse_qs(body.decode(), strict_parsing=True) == expected
    url, body = written(NASTY, unaccented=False, method="GET", **form | {"body": "query"})
    assert body == b"" and parse_qs(url.partition("?")[2], strict_parsing=True) == expected
    url, _ = written(NASTY, url="https://a.example/?x=1", method="GET", **form | {"body": "query"})
    assert url.startswith("https://a.example/?x=1&k=")


@given(st.text(min_size=1))
def test_any_text_arrives(text: str) -> None:
    """Whatever the text, the request holds it in NFC form (surrogates cannot be in a text from the database)."""
    if text.encode("utf-8", "ignore").decode() == text:
        assert json.loads(written(text, unaccented=False)[1])["Content"] == unicodedata.normalize("NFC", text)


async def test_empty_text_is_refused(http: Any, make: Any) -> None:
    """A bulletin without a short text is not sent as an empty SMS."""
    with pytest.raises(Refused):
        await SmsHttp().send(make.bulletin(make.part(short="")), make.outlet(options()), To("d", "+84912345678"), http)


def outcome(world: Any, http: Any, make: Any, does: Any, status: int, body: Any, **more: Any) -> Any:
    """What a send makes of an answer."""
    world.will(does.reply(status, body if isinstance(body, bytes) else json.dumps(body).encode(), Retry_After="7"))
    outlet = make.outlet(options(url=world.url, **more))
    return SmsHttp().send(make.bulletin(), outlet, To("d-1", "+84912345678"), http)


@pytest.mark.parametrize("status", [200, 202, 400, 409])
async def test_taken_again_counts_as_taken(world: Any, http: Any, make: Any, does: Any, status: int) -> None:
    """Code 124 says "I have it", under whatever status."""
    receipt = await outcome(world, http, make, does, status, {"CodeResult": "124", "SMSID": "s-1"})
    assert receipt.reference == "s-1"


@pytest.mark.parametrize(
    ("status", "body", "error", "reason"),
    [
        (200, {"CodeResult": 108}, Refused, "gateway_code"),
        (400, {"CodeResult": "108"}, Refused, "gateway_code"),
        (200, {"CodeResult": "777"}, Refused, "gateway_code"),
        (404, b"<html>", Unavailable, "wrong_address"),
        (422, b"<html>", Refused, "refused"),
        (200, {"CodeResult": "160"}, Unavailable, "busy"),
        (200, {"CodeResult": "103"}, Unavailable, "stopped"),
        (420, b"", Unavailable, "busy"),
        (599, {"CodeResult": "1"}, Unavailable, "busy"),
        (500, {"CodeResult": "1"}, Unsure, "partner_error"),
        (200, {}, Unsure, "answer"),
        (200, {"CodeResult": None}, Unsure, "answer"),
        (200, {"CodeResult": ["100"]}, Unsure, "answer"),
        (200, b"100", Unsure, "answer"),
        (200, b"\xff\xfe", Unsure, "answer"),
        (200, b"[" * 50_000, Unsure, "answer"),
    ],
)  # fmt: skip
async def test_answers(
    world: Any, http: Any, make: Any, does: Any, status: int, body: Any, error: Any, reason: str
) -> None:
    """The gateway's code first, then the status; only what cannot be read leaves us unsure."""
    with pytest.raises(error) as caught:
        await outcome(world, http, make, does, status, body, retry_statuses=(420, 599))
    assert caught.value.reason == reason
    if error is Unavailable:
        assert caught.value.person is (reason in {"stopped", "wrong_address"})
        assert caught.value.person or caught.value.retry_after == 7
    if body == {"CodeResult": "103"}:
        assert caught.value.vi == "tài khoản hết tiền (mã 103)"


async def test_a_text_answer(world: Any, http: Any, make: Any, does: Any) -> None:
    """Gateways like Kannel answer one line of text."""
    kannel = dict.fromkeys(("taken_again", "busy"), ()) | {name: {} for name in ("refused", "stopped")}
    kannel |= {"success": {"text": "^0: Accepted"}, "id_path": ""}
    assert await outcome(world, http, make, does, 202, b"0: Accepted for delivery", **kannel) == Receipt("", "202")
    with pytest.raises(Refused):
        await outcome(world, http, make, does, 202, b"3: Denied", **kannel)


async def test_headers_and_content_type(world: Any, http: Any, make: Any, does: Any) -> None:
    """Secret headers go out as they are; the content type is the template's unless said otherwise."""
    more = {"headers": {"X-STRINGEE-AUTH": "jwt-123456"}, "content_type": "application/vnd.sms+json"}
    await outcome(world, http, make, does, 200, {"CodeResult": "100"}, **more)
    await outcome(world, http, make, does, 200, {"CodeResult": "100"})
    assert [asked.headers.get("x-stringee-auth") for asked in world.asked] == ["jwt-123456", None]
    kinds = [asked.headers["content-type"] for asked in world.asked]
    assert kinds == ["application/vnd.sms+json", "application/json; charset=utf-8"]


CALLED = {"proof": "query", "name": "key", "secret": "callback-secret"}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"body_template": '{"a":"{phone}{text}{id}{colour}"}'}, "colour"),
        ({"body_template": '{"a":"{phone}{text}{id}"'}, "JSON"),
        ({"body_template": '{"a":"{phone}{id}"}'}, "{text}"),
        ({"body_template": '{"a":"{phone}{text}"}'}, "{id}"),
        ({"body_template": "x", "body": "form"}, "form"),
        ({"url": "gateway.example"}, "web address"),
        ({"success": {"path": "a..b", "equals": ["1"]}}, "a..b"),
        ({"success": {"path": "CodeResult", "text": "(["}}, "regular expression"),
        ({"success": {"equals": ["1"]}}, "equals needs path"),
        ({"success": {"text": "ok"}}, "success.path"),
        ({"refused": {"1": " "}}, "reason in words"),
        ({"number": "84 "}, "number"),
        ({"method": "DELETE"}, "method"),
        ({"method": "GET"}, "query"),
        ({"per_second": "fast"}, "per_second"),
        ({"at_once": 0}, "at_once"),
        ({"id_path": "a b"}, "a b"),
        ({"colour": "red"}, "colour"),
        ({"receipts": CALLED | {"status": "s", "delivered": ["5"]}}, "delivery or reference"),
        ({"receipts": CALLED | {"delivery": "d", "status": "s", "delivered": ["5"], "secret": "short"}}, "secret"),
        ({"replies": CALLED | {"phone": "p", "text": "t", "proof": "hmac", "method": "GET"}}, "hmac signs a body"),
    ],
)
def test_wrong_options_are_named(wrong: dict[str, Any], words: str) -> None:
    """Each mistake is one clear error at the place where it was made."""
    with pytest.raises(ValidationError) as caught:
        options(**wrong)
    assert words in str(caught.value) and "key-123456" not in str(caught.value)


def test_all_secrets_are_known_for_masking() -> None:
    """Also those in tables and inside: what the partner echoes is masked by them."""
    made = options(headers={"Authorization": "Bearer abc"}, receipts=receipts())
    assert set(made.secrets) == {"Bearer abc", "key-123456", "callback-secret"}
    assert "key-123456" not in repr(made) and "key-123456" not in made.model_dump_json()


def test_pace_and_repeat_are_the_accounts(make: Any) -> None:
    """What the options say, not what the kind is born with."""
    outlet = make.outlet(options(per_second=3.5, at_once=2))
    assert SmsHttp().pace_of(outlet) == Pace(3.5, 2) and SmsHttp().repeatable(outlet)
    assert not SmsHttp().repeatable(make.outlet(options(dedupes=False)))


def receipts(**more: Any) -> dict[str, Any]:
    """A callback description like eSMS's, with changes."""
    told = {"method": "GET", "delivery": "RequestId", "reference": "SMSID", "status": "SendStatus", "delivered": ["5"]}
    told |= {"failed": ["4"], "reason": "error_info", "proof": "query", "name": "key", "secret": "callback-secret"}
    return told | more


def read(
    make: Any, query: dict[str, str] | None = None, body: bytes = b"", head: dict[str, str] | None = None, **more: Any
) -> Any:
    """What the kind makes of a callback."""
    described = receipts(**more)
    outlet = make.outlet(options(receipts=described))
    return SmsHttp().confirm(Callback(described["method"], query or {}, head or {}, body, NOW), outlet)


def test_a_report_by_get(make: Any) -> None:
    """Query values, a secret in the query; a state that is not final says nothing."""
    told = {"key": "callback-secret", "RequestId": "d-1", "SMSID": "s-1", "SendStatus": "5"}
    assert read(make, told) == [Confirmation(True, "d-1", "s-1", "", "5")]
    assert read(make, told | {"SendStatus": "4", "error_info": "absent"}) == [
        Confirmation(False, "d-1", "s-1", "not_delivered", "absent")
    ]
    assert read(make, told | {"SendStatus": "2"}) == []
    assert read(make, {"key": "callback-secret", "SendStatus": "5"}) == []


@pytest.mark.parametrize("key", ["", "wrong", "callback-secret ", "é"])
def test_a_report_without_the_secret(make: Any, key: str) -> None:
    """Not authentic."""
    with pytest.raises(Refused):
        read(make, {"key": key, "RequestId": "d-1", "SendStatus": "5"})


def test_a_list_of_reports(make: Any) -> None:
    """Several reports in one signed JSON body, hex or base64; form bodies are read too."""
    body = b'{"items": [{"ref": "d-1", "ok": true}, {"ref": "d-2", "ok": false}, {"ref": "d-3"}, 7]}'
    mark = hmac.new(b"callback-secret", body, hashlib.sha256).digest()
    more = {"method": "POST", "proof": "hmac", "name": "X-Sign", "each": "items", "delivery": "ref", "reference": ""}
    more |= {"status": "ok", "delivered": ["true"], "failed": ["false"], "reason": ""}
    for signature in (mark.hex(), f"sha256={mark.hex()}", base64.b64encode(mark).decode()):
        found = read(make, body=body, head={"x-sign": signature}, **more)
        assert [(each.delivery, each.delivered) for each in found] == [("d-1", True), ("d-2", False)]
    form = read(
        make,
        body=b"ref=d-1&ok=true",
        head={"x": "callback-secret"},
        **more | {"proof": "header", "name": "X", "each": ""},
    )
    assert form == [Confirmation(True, "d-1", "", "", "true")]


def test_callbacks_nobody_described(make: Any) -> None:
    """Without a description, or by another method, nothing is believed."""
    with pytest.raises(Refused):
        SmsHttp().confirm(Callback("POST", {}, {}, b"{}", NOW), make.outlet(options()))
    with pytest.raises(Refused):
        SmsHttp().confirm(
            Callback("POST", {"key": "callback-secret"}, {}, b"{}", NOW), make.outlet(options(receipts=receipts()))
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"delivery": "", "reference": ""},
        {"secret": "short"},
        {"proof": "hmac"},
        {"delivered": []},
        {"name": ""},
        {"status": "a b"},
    ],
)
def test_wrong_callback_descriptions(wrong: dict[str, Any]) -> None:
    """A description that could not work, or could be forged, is refused; a signature over no body is one of them."""
    with pytest.raises(ValidationError) as caught:
        options(receipts=receipts(**wrong))
    assert "callback-secret" not in str(caught.value)
