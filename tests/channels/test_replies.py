"""Which answers mean that their sender wants no more; links that carry no number; where answers come in."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels.channel import Callback, Heard, Refused, Wrote
from channels.http import Http
from channels.kinds.sms_gammu import SmsGammu, SmsGammuOptions
from channels.kinds.sms_http import SmsHttp
from channels.kinds.sms_kannel import SmsKannel, SmsKannelOptions
from channels.replies import refuses
from channels.sms_gateway import SmsHttpOptions
from channels.stoplink import StopLinks
from scheduler.delivery import delivery_id
from tests.channels.partners.smsd import Smsd, make_file

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SECRET = "khoa-cua-tong-dai"
STOPPED = Heard("phone", "+84912345678", wants=False, how="trả lời tin nhắn")


@pytest.mark.parametrize(
    "text",
    [
        "TC",
        "tc XAMOCCHAU",
        "Stop",
        " STOP. ",
        "Hủy",
        "HỦY NHẬN TIN",
        "từ chối",
        "Tu choi nhan tin",
        "Dừng!",
        "thôi nhận tin",
    ],
)
def test_these_refuse(text: str) -> None:
    """With or without marks, in any case, with the sender's name where that is usual."""
    assert refuses(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "ok",
        "Dung xe o dau",
        "hủy hồ sơ giúp tôi",
        "TC là gì vậy anh",
        "Cảm ơn, đã nhận tin",
        "thôi được rồi",
        "dung roi a",
    ],
)
def test_these_do_not(text: str) -> None:
    """A question or a sentence that only begins like it."""
    assert not refuses(text)


def test_a_link_names_its_delivery_and_no_number() -> None:
    """Any other letter, key or length is nobody's; a link is short and ends in a letter or digit."""
    links = StopLinks(b"k" * 32, "https://xa.example/")
    for seq in (0, 1, 499, 65_535):
        delivery = delivery_id(2**62 + 12345, seq)
        address = links.address(delivery)
        token = address.removeprefix("https://xa.example/thoi-nhan/")
        assert len(address) == len(links.sample) and token[-1].isalnum()
        assert delivery == links.delivery_of(token)
        assert StopLinks(b"x" * 32, "https://xa.example").delivery_of(token) is None
        for place in range(21):
            other = "B" if token[place] == "A" else "A"
            assert links.delivery_of(token[:place] + other + token[place + 1 :]) is None
    for wrong in ("", "x", "é" * 22, "A" * 21, "A" * 23, "A" * 500, "../../etc"):
        assert links.delivery_of(wrong) is None


def test_kannel_hands_on_answers(make: Any) -> None:
    """By GET with the secret: refused without; an answer that says something else is for the office."""
    options = {"url": "http://127.0.0.1/sendsms", "username": "loa", "password": "p", "sender": "XA"}
    outlet = make.outlet(SmsKannelOptions(**options, callback_secret=SECRET))

    def call(**query: str) -> Any:
        return SmsKannel().confirm(Callback("GET", query, {}, b"", NOW), outlet)

    answer = {"from": "+84912345678"}
    assert [STOPPED] == call(key=SECRET, text="TC", **answer)
    assert [STOPPED] == call(key=SECRET, text="Huỷ", **{"from": "0912345678"})
    assert [Wrote("phone", "+84912345678", "cảm ơn")] == call(key=SECRET, text="cảm ơn", **answer)
    assert [] == call(key=SECRET, text=" ", **answer)
    assert [] == call(key=SECRET, text="TC", **{"from": "9029"})
    with pytest.raises(Refused):
        call(key="khong-phai-khoa", text="TC", **answer)


def test_any_gateway_hands_on_answers(make: Any) -> None:
    """Where the configuration says so, with a proof of its own beside that of reports."""
    replies = {"phone": "msisdn", "text": "mo.body", "proof": "hmac", "name": "X-Sign", "secret": SECRET}
    options = {
        "url": "https://sms.example/send",
        "body_template": '{"a": "{phone}", "b": "{text}"}',
        "replies": replies,
    }
    outlet = make.outlet(SmsHttpOptions(**options))

    def call(body: bytes, secret: str = SECRET) -> Any:
        sign = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return SmsHttp().confirm(Callback("POST", {}, {"x-sign": sign}, body, NOW), outlet)

    body = json.dumps({"msisdn": "84912345678", "mo": {"body": "Từ chối"}}).encode()
    assert [STOPPED] == call(body)
    with pytest.raises(Refused):
        call(body, "khoa-cua-ke-khac")


async def test_a_modems_inbox_is_heard_from_now_on(make: Any, http: Http, tmp_path: Path) -> None:
    """What lies there already is not dug out; each answer once; what was lost on the way is heard again."""
    url = make_file(tmp_path / "smsd.db")
    smsd, channel, outlet = Smsd(url), SmsGammu(), make.outlet(SmsGammuOptions(database=url))

    async def come(number: str, text: str) -> None:
        await smsd.rows(
            'INSERT INTO inbox ("Text", "SenderNumber", "Coding", "UDH", "TextDecoded", "RecipientID")'
            " VALUES ('', $1, 'Default_No_Compression', '', $2, '')",
            number,
            text,
        )

    await come("+84911111111", "TC")
    heard, mark = await channel.listen("", outlet, http)
    assert ([], "1") == (heard, mark)
    assert ([], "1") == await channel.listen(mark, outlet, http)
    await come("+84912345678", "Hủy")
    await come("Viettel", "TC")
    await come("+84913333333", "chào xã")
    for _ in range(2):
        assert ([STOPPED, Wrote("phone", "+84913333333", "chào xã")], "4") == await channel.listen(mark, outlet, http)
    assert ([], "4") == await channel.listen("4", outlet, http)
