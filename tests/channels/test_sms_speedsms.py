"""The kind `sms_speedsms` and a strict SpeedSMS on a real socket: sending, codes, lost answers, receipts, questions."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from channels.channel import Callback, Confirmation, Pace, Receipt, Refused, To, Unavailable, Unsure
from channels.kinds.sms_speedsms import AGAIN_LATER, REFUSED, STOPPED, SmsSpeedSms, SpeedSmsOptions, speedsms_error
from channels.reasons import Reason
from tests.channels.partners.house import House
from tests.channels.partners.speedsms import SpeedSms

PHONE, OTHER, THIRD = "+84912345678", "+84987654321", "+84356789012"
KIND = SmsSpeedSms()
TOLD: dict[str, Any] = {"token": "token-secret-1", "sender": "XAMOCCHAU", "callback_secret": "callback-secret-2"}


@pytest.fixture
async def speedsms(clock: Any) -> AsyncIterator[SpeedSms]:
    """An account with SpeedSMS."""
    async with SpeedSms(clock) as speedsms:
        yield speedsms


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """Where SpeedSMS calls back."""
    async with House() as house:
        yield house


@pytest.fixture
def send(speedsms: SpeedSms, http: Any, make: Any) -> Any:
    """Sends one message through the account's outlet; options can be changed."""

    async def one(name: str = "d-1", phone: str = PHONE, text: str = "Mưa lớn.", **more: Any) -> Receipt:
        bulletin = make.bulletin(make.part(short=text))
        outlet = make.outlet(SpeedSmsOptions(**speedsms.options(**more)))
        return await KIND.send(bulletin, outlet, To(name, phone), http)

    return one


# --- sending ---


async def test_the_message_is_golden(world: Any, http: Any, make: Any, does: Any) -> None:
    """Path, token and body as SpeedSMS's papers have them, marks off."""
    world.will(does.reply(200, b'{"status": "success", "code": "00", "data": {"tranId": 7, "invalidPhone": []}}'))
    outlet = make.outlet(SpeedSmsOptions(**TOLD, url=f"{world.url}/index.php/"))
    receipt = await KIND.send(make.bulletin(), outlet, To("d-1", PHONE), http)
    (asked,) = world.asked
    assert receipt == Receipt("7", "00") and (asked.method, asked.target) == ("POST", "/index.php/sms/send")
    assert b64decode(asked.headers["authorization"].removeprefix("Basic ")) == b"token-secret-1:x"
    assert asked.headers["content-type"] == "application/json"
    said = {"to": ["84912345678"], "content": "Mua lon tu dem nay.", "sms_type": 3, "sender": "XAMOCCHAU"}
    assert json.loads(asked.body) == said


async def test_a_message_is_taken(speedsms: SpeedSms, send: Any) -> None:
    """Accepted with SpeedSMS's own id; a random number needs no sender."""
    assert (await send()).reference == "123456"
    assert (await send("d-2", sms_type=2, sender="", unaccented=True)).reference == "123457"
    assert [one.content for one in speedsms.taken] == ["Mưa lớn.", "Mua lon."]


async def test_no_text_does_not_leave(speedsms: SpeedSms, send: Any) -> None:
    """A bulletin without a short text is not sent as an empty SMS."""
    with pytest.raises(Refused) as caught:
        await send(text="")
    assert caught.value.reason is Reason.TEXT and not speedsms.refused


@pytest.mark.parametrize(
    ("more", "code", "error", "reason"),
    [
        ({"sender": "KHAC"}, "101", Unavailable, Reason.SENDER),
        ({"phone": "+842123456789"}, "105", Refused, Reason.NUMBER),
        ({"phone": "+8491234567"}, "105", Refused, Reason.NUMBER),
        ({"text": "a" * 3000}, "113", Refused, Reason.TEXT),
        ({"text": "Đường ngập"}, "110", Refused, Reason.TEXT),
        ({"text": "\t\t"}, "101", Refused, Reason.OTHER),
    ],
)
async def test_what_speedsms_refuses(
    speedsms: SpeedSms, send: Any, more: Any, code: str, error: Any, reason: Reason
) -> None:
    """Sender, number, length, alphabet: each has its reason, and SpeedSMS's code and words without number or token."""
    speedsms.unicode = False
    with pytest.raises(error) as caught:
        await send(**{"text": "a", "unaccented": False} | more)
    failure = caught.value
    assert not speedsms.taken and speedsms.refused == [code]
    assert failure.reason is reason and getattr(failure, "person", False) is (error is Unavailable)
    for words in (failure.vi, failure.en):
        assert f"SpeedSMS {code}: " in words
        assert more.get("phone", PHONE)[3:] not in words and speedsms.token not in words


async def test_a_success_with_an_invalid_number(speedsms: SpeedSms, send: Any) -> None:
    """A success that lists our number in invalidPhone is none."""
    speedsms.invalid = frozenset({"84912345678"})
    with pytest.raises(Refused) as caught:
        await send()
    assert caught.value.reason is Reason.NUMBER and not speedsms.taken


async def test_a_wrong_token_stops_the_outlet(speedsms: SpeedSms, send: Any) -> None:
    """401 and 404 are how clients met it: a person must act."""
    with pytest.raises(Unavailable) as caught:
        await send(token="wrong-token-1")
    assert caught.value.person and "wrong-token-1" not in caught.value.vi


async def test_an_empty_account_stops_the_outlet(speedsms: SpeedSms, send: Any) -> None:
    """No money: a person must act."""
    speedsms.balance = 0
    with pytest.raises(Unavailable) as caught:
        await send()
    assert caught.value.person and caught.value.reason is Reason.MONEY


@pytest.mark.parametrize("code", [*REFUSED, *STOPPED, AGAIN_LATER, "777"])
async def test_every_code(speedsms: SpeedSms, send: Any, code: str) -> None:
    """Every code of the table ends a send as the table says; one that is not in it is refused, for a person to look at."""
    speedsms.forced.append(code)
    with pytest.raises((Refused, Unavailable)) as caught:
        await send()
    failure = caught.value
    assert isinstance(failure, Unavailable) is (code in STOPPED or code == AGAIN_LATER)
    assert getattr(failure, "person", False) is (code in STOPPED)
    assert code in failure.vi and code in failure.en and isinstance(failure.reason, Reason)
    assert "12345678" not in failure.vi and speedsms.token not in failure.vi
    if code in {AGAIN_LATER, "777"}:
        assert failure.reason is {AGAIN_LATER: Reason.BUSY, "777": Reason.OTHER}[code]


@pytest.mark.parametrize("body", [b"to=84912345678", b"[]", b'{"to": "84912345678"}', b'{"to": [], "content": "a"}'])
async def test_the_partner_is_strict(speedsms: SpeedSms, http: Any, body: bytes) -> None:
    """Forms, lists and missing fields are refused as wrong parameters."""
    options = SpeedSmsOptions(**speedsms.options())
    answer = await http.request("POST", f"{speedsms.url}/sms/send", headers=options.headers, body=body)
    assert answer.json()["code"] == "101" and not speedsms.taken


def test_a_code_without_words() -> None:
    """The code stands alone."""
    assert speedsms_error("300", "").vi == "tài khoản hết tiền (SpeedSMS 300)"


async def test_a_code_as_a_number(world: Any, http: Any, make: Any, does: Any) -> None:
    """7 counts as "007"."""
    world.will(does.reply(200, b'{"status": "error", "code": 7}'))
    with pytest.raises(Unavailable) as caught:
        await KIND.send(make.bulletin(), make.outlet(SpeedSmsOptions(**TOLD, url=world.url)), To("d", PHONE), http)
    assert caught.value.person and "SpeedSMS 007" in caught.value.vi


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"status": "error"}', b'{"code": true}', b"null", b"\xff"])
async def test_an_answer_without_a_code(world: Any, http: Any, make: Any, does: Any, body: bytes) -> None:
    """What became of the message is not known."""
    world.will(does.reply(200, body))
    with pytest.raises(Unsure):
        await KIND.send(make.bulletin(), make.outlet(SpeedSmsOptions(**TOLD, url=world.url)), To("d", PHONE), http)


async def test_too_fast(speedsms: SpeedSms, send: Any, clock: Any) -> None:
    """60 requests in 60 seconds; then SpeedSMS says after how many seconds it goes on."""
    speedsms.per_minute = 1
    await send()
    clock.advance(18)
    with pytest.raises(Unavailable) as caught:
        await send("d-2")
    assert caught.value.retry_after == 42 and caught.value.reason is Reason.BUSY and not caught.value.person
    clock.advance(42)
    assert (await send("d-2")).reference == "123457"


# --- lost answers ---


async def test_a_lost_answer_is_never_repeated(speedsms: SpeedSms, send: Any, make: Any, http: Any) -> None:
    """The message was taken, its id lost with the answer: nothing can be asked, a repeat would be a second message."""
    speedsms.lose(1)
    with pytest.raises(Unsure):
        await send()
    outlet = make.outlet(SpeedSmsOptions(**speedsms.options()))
    assert not KIND.repeatable(outlet)
    assert await KIND.ask(To("d-1", PHONE), "", outlet, http) is None
    await send()
    assert len(speedsms.taken) == 2, "this is what must never be done by itself"


# --- receipts ---


async def test_receipts_doubled_and_out_of_order(speedsms: SpeedSms, house: House, send: Any, make: Any) -> None:
    """0 is delivered, 64 and more failed, between them it is still tried."""
    house.open(KIND, make.outlet(SpeedSmsOptions(**speedsms.options()), name="sms"))
    speedsms.statuses = {"84987654321": 64, "84356789012": 63}
    for name, phone in (("d-1", PHONE), ("d-2", OTHER), ("d-3", THIRD)):
        await send(name, phone)
    await speedsms.call_back(f"{house.url}/hooks/sms", times=2)
    failed = Confirmation(False, "", "123457", Reason.UNREACHABLE, "không phát được (status 64)")
    assert house.said == [failed, Confirmation(True, "", "123456", "", "status 0")] * 2
    assert speedsms.answers == [200] * 6


@pytest.mark.parametrize("key", ["wrong", "callback secret?&=#1 ", "é"])
async def test_a_forged_receipt_is_refused(speedsms: SpeedSms, house: House, send: Any, make: Any, key: str) -> None:
    """Without the secret nothing is believed."""
    house.open(KIND, make.outlet(SpeedSmsOptions(**speedsms.options()), name="sms"))
    await send()
    await speedsms.call_back(f"{house.url}/hooks/sms", key=key)
    assert speedsms.answers == [403] and not house.said


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"[" * 50_000,
        b'{"type": "incoming", "phone": "84912345678", "message": "HUY"}',
        b'{"type": "report", "status": 0}',
        b'{"type": "report", "tranId": 7}',
        b'{"type": "report", "tranId": 7, "status": -1}',
        b'{"type": "report", "tranId": 7, "status": false}',
        '{"type": "report", "tranId": 7, "status": "²"}'.encode(),
    ],
)
def test_receipts_that_say_nothing(make: Any, clock: Any, body: bytes) -> None:
    """An answer of a citizen, no name, no status."""
    outlet = make.outlet(SpeedSmsOptions(**TOLD))
    call = Callback("POST", {"key": "callback-secret-2"}, {}, body, clock.now())
    assert KIND.confirm(call, outlet) == []


def test_receipts_nobody_asked_for(make: Any, clock: Any) -> None:
    """By another method, or at an outlet without a secret."""
    body = b'{"type": "report", "tranId": 7, "status": 0}'
    for method, secret in (("GET", "callback-secret-2"), ("POST", None)):
        outlet = make.outlet(SpeedSmsOptions(**TOLD | {"callback_secret": secret}))
        with pytest.raises(Refused):
            KIND.confirm(Callback(method, {"key": "callback-secret-2"}, {}, body, clock.now()), outlet)


# --- questions ---


async def test_asking(speedsms: SpeedSms, send: Any, make: Any, http: Any) -> None:
    """The status of our number under a tranId; what is temporary, unknown or another's has no answer."""
    outlet = make.outlet(SpeedSmsOptions(**speedsms.options()))
    speedsms.statuses = {"84987654321": 70, "84356789012": 1}
    to = [To("d-1", PHONE), To("d-2", OTHER), To("d-3", THIRD)]
    names = [(await send(one.delivery, one.address)).reference for one in to]
    found = [await KIND.ask(one, name, outlet, http) for one, name in zip(to, names, strict=True)]
    assert [one and (one.delivery, one.delivered) for one in found] == [("d-1", True), ("d-2", False), None]
    assert await KIND.ask(to[0], names[1], outlet, http) is None
    assert await KIND.ask(to[0], "9/../7", outlet, http) is None


@pytest.mark.parametrize("body", [b"", b"[]", b'{"data": {}}', b'{"data": [7, {"phone": null, "status": 0}]}'])
async def test_questions_without_an_answer(world: Any, http: Any, make: Any, does: Any, body: bytes) -> None:
    """What cannot be read says nothing."""
    world.will(does.reply(200, body))
    outlet = make.outlet(SpeedSmsOptions(**TOLD, url=world.url))
    assert await KIND.ask(To("d-1", PHONE), "7", outlet, http) is None
    assert world.asked[0].target == "/sms/status/7"


# --- options ---


@pytest.mark.parametrize(
    "wrong",
    [
        {"sender": ""},
        {"sender": "XAMOCCHAU123"},
        {"sms_type": 1},
        {"token": ""},
        {"callback_secret": "short"},
        {"url": "speedsms"},
        {"per_second": 0},
    ],
)
def test_wrong_options(wrong: dict[str, Any]) -> None:
    """Each is an error that repeats no secret."""
    with pytest.raises(ValidationError) as caught:
        SpeedSmsOptions(**(TOLD | wrong))
    assert "-secret-" not in str(caught.value)


def test_pace_is_the_accounts(make: Any) -> None:
    """As SpeedSMS allows unless the options say otherwise."""
    assert KIND.pace_of(make.outlet(SpeedSmsOptions(**TOLD))) == Pace(1.0, 4, 0)
    options = SpeedSmsOptions(**TOLD, per_second=3.5, at_once=2, per_day=500)
    assert KIND.pace_of(make.outlet(options)) == Pace(3.5, 2, 500)
