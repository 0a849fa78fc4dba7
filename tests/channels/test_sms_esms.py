"""The kind `sms_esms` and a strict eSMS on a real socket: sending, codes, repeats, lost answers, receipts, questions."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from channels.channel import Callback, Confirmation, Pace, Receipt, Refused, To, Unavailable, Unsure
from channels.kinds.sms_esms import BUSY, REFUSED, STOPPED, EsmsOptions, SmsEsms, esms_error
from channels.reasons import Reason
from tests.channels.partners.esms import HANOI, Esms
from tests.channels.partners.house import House

PHONE, OTHER = "+84912345678", "+84987654321"
KIND = SmsEsms()


@pytest.fixture
async def esms(clock: Any) -> AsyncIterator[Esms]:
    """An account with eSMS."""
    async with Esms(clock) as esms:
        yield esms


@pytest.fixture
async def house() -> AsyncIterator[House]:
    """Where eSMS calls back."""
    async with House() as house:
        yield house


@pytest.fixture
def send(esms: Esms, http: Any, make: Any) -> Any:
    """Sends one message through the account's outlet; options can be changed."""

    async def one(name: str = "d-1", phone: str = PHONE, text: str = "Mưa lớn.", **more: Any) -> Receipt:
        bulletin = make.bulletin(make.part(short=text))
        return await KIND.send(bulletin, make.outlet(EsmsOptions(**esms.options(**more))), To(name, phone), http)

    return one


def opened(house: House, esms: Esms, make: Any) -> Any:
    """The outlet `sms`, whose callbacks the house takes."""
    outlet = make.outlet(EsmsOptions(**esms.options()), base_url=f"{house.url}/", name="sms")
    house.open(KIND, outlet)
    return outlet


# --- sending ---


async def test_the_message_is_golden(world: Any, http: Any, make: Any, does: Any) -> None:
    """Path and body as eSMS's papers have them: all values text, marks off, the number as it is dialled at home."""
    world.will(does.reply(200, b'{"CodeResult": "100", "SMSID": "s-1"}'))
    options = EsmsOptions(
        api_key="K", secret_key="S", brandname="XAMOCCHAU", url=f"{world.url}/json/", callback_secret="a secret & more"
    )
    outlet = make.outlet(options, base_url="https://loa.example/", name="sms-1")
    receipt = await KIND.send(make.bulletin(), outlet, To("d-1", PHONE), http)
    (asked,) = world.asked
    assert receipt == Receipt("s-1", "100")
    assert (asked.method, asked.target) == ("POST", "/json/SendMultipleMessage_V4_post_json/")
    assert json.loads(asked.body) == {
        "ApiKey": "K",
        "SecretKey": "S",
        "Brandname": "XAMOCCHAU",
        "SmsType": "2",
        "IsUnicode": "0",
        "Sandbox": "0",
        "Phone": "0912345678",
        "Content": "Mua lon tu dem nay.",
        "RequestId": "d-1",
        "CallbackUrl": "https://loa.example/hooks/sms-1?key=a%20secret%20%26%20more",
    }


async def test_a_message_is_taken(esms: Esms, send: Any) -> None:
    """Accepted with eSMS's own id; with marks when the brandname is registered for them."""
    first = await send()
    again = await send("d-2", text="Đường ngập.", unaccented=False)
    assert [first.reference, again.reference] == ["d533459e-000001", "d533459e-000002"]
    assert [one.content for one in esms.taken] == ["Mua lon.", "Đường ngập."]


async def test_the_sandbox_sends_nothing(esms: Esms, send: Any) -> None:
    """The request is checked, nothing is taken or billed."""
    assert (await send(sandbox=True)).reference
    assert not esms.taken and esms.balance == 1000


async def test_what_cannot_be_sent_does_not_leave(esms: Esms, send: Any) -> None:
    """No text, or letters that have no plain one: eSMS is not asked."""
    for text in ("", "Trời mưa ☔"):
        with pytest.raises(Refused) as caught:
            await send(text=text)
        assert caught.value.reason is Reason.TEXT
    assert (await send(text="Trời mưa ☔", unaccented=False)).reference
    assert not esms.refused


@pytest.mark.parametrize(
    ("more", "code", "error", "reason"),
    [
        ({"api_key": "WRONG-KEY-0000"}, "101", Unavailable, Reason.ACCOUNT),
        ({"secret_key": "WRONG-KEY-0000"}, "101", Unavailable, Reason.ACCOUNT),
        ({"brandname": "KHAC"}, "104", Unavailable, Reason.SENDER),
        ({"phone": "+842123456789"}, "108", Refused, Reason.NUMBER),
        ({"phone": "+8491234567"}, "108", Refused, Reason.NUMBER),
        ({"phone": "+84911111111"}, "99", Refused, Reason.NUMBER),
        ({"phone": "+84922222222"}, "177", Refused, Reason.SENDER),
        ({"text": "a" * 3000}, "210", Refused, Reason.OTHER),
        ({"name": "d" * 51}, "210", Refused, Reason.OTHER),
    ],
)
async def test_what_esms_refuses(esms: Esms, send: Any, more: Any, code: str, error: Any, reason: Reason) -> None:
    """Keys, brandname, number, operator, shape: each has its reason, and eSMS's code and words without number or key."""
    esms.blocked, esms.foreign = frozenset({"0911111111"}), frozenset({"0922222222"})
    with pytest.raises(error) as caught:
        await send(**more)
    failure = caught.value
    assert not esms.taken and esms.refused == [code]
    assert failure.reason is reason and getattr(failure, "person", False) is (error is Unavailable)
    for words in (failure.vi, failure.en):
        assert f"eSMS {code}: " in words
        assert more.get("phone", PHONE)[3:] not in words and esms.api_key not in words and "WRONG" not in words


async def test_an_empty_account_stops_the_outlet(esms: Esms, send: Any) -> None:
    """No money: a person must act, then the same message goes."""
    esms.balance = 0
    with pytest.raises(Unavailable) as caught:
        await send()
    assert caught.value.person and caught.value.reason is Reason.MONEY
    esms.balance = 10
    assert (await send()).detail == "100" and len(esms.taken) == 1


@pytest.mark.parametrize("code", [*REFUSED, *STOPPED, BUSY, "777"])
async def test_every_code(esms: Esms, send: Any, code: str) -> None:
    """Every code of the table ends a send as the table says; one that is not in it is refused, for a person to look at."""
    esms.forced.append(code)
    with pytest.raises((Refused, Unavailable)) as caught:
        await send()
    failure = caught.value
    assert isinstance(failure, Unavailable) is (code in STOPPED or code == BUSY)
    assert getattr(failure, "person", False) is (code in STOPPED)
    assert code in failure.vi and code in failure.en and isinstance(failure.reason, Reason)
    assert "12345678" not in failure.vi and esms.api_key not in failure.vi
    if code in {BUSY, "777"}:
        assert failure.reason is {BUSY: Reason.BUSY, "777": Reason.OTHER}[code]


@pytest.mark.parametrize(
    ("more", "code"), [({"IsUnicode": "0"}, "146"), ({"IsUnicode": 1}, "210"), ({"SmsType": "1"}, "118"), (None, "210")]
)
async def test_the_partner_is_strict(esms: Esms, http: Any, more: Any, code: str) -> None:
    """Marks without IsUnicode, values that are no text, another type, no JSON: refused as eSMS does."""
    told = {"ApiKey": esms.api_key, "SecretKey": esms.secret_key, "Brandname": esms.brandname, "SmsType": "2"}
    told |= {"IsUnicode": "1", "Sandbox": "0", "Phone": "0912345678", "Content": "Mưa", "RequestId": "d-1"}
    body = b"<RQST>" if more is None else json.dumps(told | more).encode()
    answer = await http.request("POST", f"{esms.url}/SendMultipleMessage_V4_post_json/", body=body)
    assert answer.json()["CodeResult"] == code and not esms.taken


def test_a_code_without_words() -> None:
    """The code stands alone."""
    assert esms_error("103", "").vi == "tài khoản hết tiền (eSMS 103)"


@pytest.mark.parametrize("body", [b'{"error": "Invalid request"}', b"[]", b'"100"', b'{"CodeResult": null}', b"\xff"])
async def test_an_answer_without_a_code(world: Any, http: Any, make: Any, does: Any, body: bytes) -> None:
    """What became of the message is not known."""
    world.will(does.reply(200, body))
    options = EsmsOptions(api_key="K", secret_key="S", brandname="XA", url=world.url)
    with pytest.raises(Unsure):
        await KIND.send(make.bulletin(), make.outlet(options), To("d-1", PHONE), http)
    assert "CallbackUrl" not in json.loads(world.asked[0].body)


async def test_a_code_as_a_number(world: Any, http: Any, make: Any, does: Any) -> None:
    """100 counts as "100"."""
    world.will(does.reply(200, b'{"CodeResult": 100, "SMSID": 7}'))
    options = EsmsOptions(api_key="K", secret_key="S", brandname="XA", url=world.url)
    assert (await KIND.send(make.bulletin(), make.outlet(options), To("d-1", PHONE), http)) == Receipt("7", "100")


# --- repeats ---


async def test_a_lost_answer_is_repeated_and_billed_once(esms: Esms, send: Any) -> None:
    """The message was taken, its answer lost; the repeat is told so and counts as accepted, without an id."""
    esms.lose(1)
    with pytest.raises(Unsure):
        await send()
    assert await send() == Receipt("", "đã nhận từ lần trước (124)")
    assert len(esms.taken) == 1 and esms.repeats == ["d-1"]


async def test_no_repeat_after_midnight(esms: Esms, send: Any, make: Any, clock: Any) -> None:
    """A RequestId is forgotten at midnight in Vietnam: what is due before 22:00 is tried no longer than that."""
    outlet = make.outlet(EsmsOptions(**esms.options()))
    assert KIND.repeatable(outlet)
    last = datetime.combine(clock.now().astimezone(HANOI).date(), time(22), HANOI)
    midnight = last + timedelta(hours=2)
    assert last + KIND.retry_for(outlet) <= midnight
    await send()
    clock.advance((midnight - clock.now()).total_seconds() - 1)
    assert (await send()).detail.endswith("(124)")
    clock.advance(1)
    assert (await send()).detail == "100", "this is what must never be done by itself"


# --- receipts ---


async def test_receipts_doubled_and_out_of_order(esms: Esms, house: House, http: Any, make: Any) -> None:
    """Finished is delivered or not as the counts say; eSMS's own words are kept, the number is not."""
    outlet = opened(house, esms, make)
    esms.unreachable = frozenset({"0987654321"})
    for name, phone in (("d-1", PHONE), ("d-2", OTHER)):
        await KIND.send(make.bulletin(), outlet, To(name, phone), http)
    await esms.call_back(times=2)
    good, bad = (f"SendStatus 5, SendSuccess {count}, SendFailed {1 - count}" for count in (1, 0))
    failed = Confirmation(False, "d-2", "d533459e-000002", Reason.UNREACHABLE, f"không phát được ({bad})")
    delivered = Confirmation(True, "d-1", "d533459e-000001", "", good)
    assert house.said == [failed, delivered] * 2
    assert esms.answers == [200] * 4 and all(call.method == "GET" for call in house.calls)


@pytest.mark.parametrize(("status", "said"), [(1, []), (2, []), (7, []), (4, [(False, Reason.OTHER)])])
async def test_what_is_not_finished(
    esms: Esms, house: House, http: Any, make: Any, status: int, said: list[Any]
) -> None:
    """Waiting for approval, in line, waiting for the report: nothing is known yet. Refused is final."""
    await KIND.send(make.bulletin(), opened(house, esms, make), To("d-1", PHONE), http)
    await esms.call_back(status)
    assert esms.answers == [200] and [(one.delivered, one.reason) for one in house.said] == said


async def test_a_receipt_without_our_id(esms: Esms, house: House, http: Any, make: Any) -> None:
    """RequestId is empty in eSMS's own examples: SMSID names the delivery."""
    await KIND.send(make.bulletin(), opened(house, esms, make), To("d-1", PHONE), http)
    await esms.call_back(named=False)
    assert [(one.delivery, one.reference, one.delivered) for one in house.said] == [("", "d533459e-000001", True)]


async def test_a_second_question_mark(esms: Esms, house: House, http: Any, make: Any) -> None:
    """Should eSMS not look whether an address has a query already, the receipt is read all the same."""
    esms.glue = "?"
    await KIND.send(make.bulletin(), opened(house, esms, make), To("d-1", PHONE), http)
    await esms.call_back(named=False)
    assert [(one.reference, one.delivered) for one in house.said] == [("d533459e-000001", True)]


@pytest.mark.parametrize("key", ["wrong", "callback", "callback%20secret%3F%26%3D%231x", "%C3%A9"])
async def test_a_forged_receipt_is_refused(esms: Esms, house: House, http: Any, make: Any, key: str) -> None:
    """Without the secret nothing is believed."""
    await KIND.send(make.bulletin(), opened(house, esms, make), To("d-1", PHONE), http)
    await esms.call_back(key=key)
    assert esms.answers == [403] and not house.said


def test_receipts_that_say_nothing(esms: Esms, make: Any, clock: Any) -> None:
    """No name, counts that are none, a message in parts of which one failed, another method, an outlet without a secret."""
    outlet = make.outlet(EsmsOptions(**esms.options() | {"url": "https://rest.esms.example"}))
    key = {"key": "callback secret?&=#1", "SendStatus": "5"}

    def read(method: str = "GET", on: Any = outlet, **more: str) -> Any:
        return KIND.confirm(Callback(method, key | more, {}, b"", clock.now()), on)

    assert read(SendSuccess="1") == []
    assert read(RequestId="d-1") == [] and read(RequestId="d-1", SendSuccess="²", SendFailed="x") == []
    (part,) = read(RequestId="d-1", SendSuccess="1", SendFailed="1")
    assert not part.delivered
    for method, on in (
        ("POST", outlet),
        ("GET", make.outlet(EsmsOptions(**esms.options(callback_secret=None, url="https://a.example")))),
    ):
        with pytest.raises(Refused):
            read(method, on, RequestId="d-1", SendSuccess="1")


# --- questions ---


async def test_asking(esms: Esms, http: Any, make: Any, clock: Any) -> None:
    """What is under way or older than a week has no answer; without an SMSID there is nothing to ask about."""
    outlet = make.outlet(EsmsOptions(**esms.options()))
    esms.unreachable = frozenset({"0987654321"})
    to = [To("d-1", PHONE), To("d-2", OTHER)]
    names = [(await KIND.send(make.bulletin(), outlet, one, http)).reference for one in to]
    assert await KIND.ask(to[0], "", outlet, http) is None
    assert await KIND.ask(to[0], names[0], outlet, http) is None, "waiting for the report"
    esms.finish()
    found = [await KIND.ask(one, name, outlet, http) for one, name in zip(to, names, strict=True)]
    assert [(one.delivery, one.delivered) for one in found if one] == [("d-1", True), ("d-2", False)]
    assert await KIND.ask(to[0], "unknown", outlet, http) is None
    stranger = make.outlet(EsmsOptions(**esms.options(api_key="WRONG-KEY-0000")))
    assert await KIND.ask(to[0], names[0], stranger, http) is None
    clock.advance(8 * 24 * 3600)
    assert await KIND.ask(to[0], names[0], outlet, http) is None


async def test_a_question_is_golden(world: Any, http: Any, make: Any, does: Any) -> None:
    """Path and query as eSMS's papers have them; an answer that is no object has none."""
    world.will(does.reply(200, b"[]"))
    options = EsmsOptions(api_key="K&1", secret_key="S", brandname="XA", url=world.url)
    assert await KIND.ask(To("d-1", PHONE), "s-1", make.outlet(options), http) is None
    parts = urlsplit(world.asked[0].target)
    assert parts.path == "/GetSendStatus"
    assert parse_qs(parts.query) == {"RefId": ["s-1"], "ApiKey": ["K&1"], "SecretKey": ["S"]}


# --- options ---


@pytest.mark.parametrize(
    "wrong",
    [
        {"brandname": "XA MOC CHAU"},
        {"brandname": "XAMOCCHAU123"},
        {"brandname": "Mộc"},
        {"brandname": ""},
        {"api_key": ""},
        {"callback_secret": "short"},
        {"url": "esms"},
        {"at_once": 0},
        {"colour": "red"},
    ],
)
def test_wrong_options(esms: Esms, wrong: dict[str, Any]) -> None:
    """Each is an error that repeats no secret."""
    with pytest.raises(ValidationError) as caught:
        EsmsOptions(**esms.options(url="https://rest.esms.example") | wrong)
    assert esms.api_key not in str(caught.value) and esms.secret_key not in str(caught.value)


def test_pace_is_the_accounts(esms: Esms, make: Any) -> None:
    """What the options say."""
    options = EsmsOptions(**esms.options(per_second=3.5, at_once=2, per_day=500))
    assert KIND.pace_of(make.outlet(options)) == Pace(3.5, 2, 500)
