"""The kind `sms_kannel`: what it asks of Kannel, what Kannel's words mean, and receipts by dlr-url, over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from channels.answer import SendError
from channels.channel import Callback, Confirmation, Outlet, Pace, Receipt, Refused, To, Unavailable, Unsure
from channels.http import Http
from channels.kinds.sms_kannel import SmsKannel, SmsKannelOptions, sendsms
from channels.reasons import Reason
from tests.channels.partners.kannel import PASSWORD, Kannel
from tests.channels.partners.served import Hook

PHONE, KEY = "+84912345678", "khoa-goi-lai-01"
TOLD: dict[str, Any] = {
    "url": "http://kannel.example:13013/cgi-bin/sendsms",
    "username": "loa",
    "password": PASSWORD,
    "sender": "XAMOCCHAU",
    "callback_secret": KEY,
}
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def options(**more: Any) -> SmsKannelOptions:
    """Options of an account, with changes."""
    return SmsKannelOptions(**(TOLD | more))


def asked(outlet: Outlet[SmsKannelOptions], text: str, delivery: str = "d-1") -> dict[str, str]:
    """The fields of one request."""
    query = parse_qs(urlsplit(sendsms(outlet, To(delivery, PHONE), text)).query, strict_parsing=True)
    return {name: value for name, (value,) in query.items()}


@pytest.fixture
async def kannel() -> AsyncIterator[Kannel]:
    """A strict Kannel."""
    async with Kannel() as kannel:
        yield kannel


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    """The house's address for callbacks."""
    async with Hook() as hook:
        yield hook


class Sending:
    """Sends by the kind to a Kannel."""

    def __init__(self, kannel: Kannel, hook: Hook, http: Http, make: Any) -> None:
        self._kannel, self._hook, self._http, self._make = kannel, hook, http, make

    def outlet(self, **more: Any) -> Any:
        """The outlet that fits the Kannel, with changes."""
        return self._make.outlet(options(url=f"{self._kannel.url}/cgi-bin/sendsms", **more), self._hook.url)

    async def __call__(self, text: str = "Mưa lớn.", phone: str = PHONE, name: str = "d-1", **more: Any) -> Receipt:
        """One send."""
        bulletin = self._make.bulletin(self._make.part(short=text))
        return await SmsKannel().send(bulletin, self.outlet(**more), To(name, phone), self._http)

    async def fails(self, error: type[SendError], **more: Any) -> Any:
        """One send that must fail so."""
        with pytest.raises(error) as caught:
            await self(**more)
        return caught.value


@pytest.fixture
def sending(kannel: Kannel, hook: Hook, http: Http, make: Any) -> Sending:
    """Ready to send."""
    return Sending(kannel, hook, http, make)


def test_the_request_is_golden(make: Any) -> None:
    """Every field as the guide names it; the key, our id and the two marks Kannel fills in stand in dlr-url."""
    outlet = make.outlet(options(unaccented=False), "https://loa.example/")
    assert asked(outlet, "Mưa lớn ở Đắk Lắk") == {
        "username": "loa",
        "password": PASSWORD,
        "from": "XAMOCCHAU",
        "to": PHONE,
        "dlr-mask": "19",
        "dlr-url": f"https://loa.example/hooks/diem-1?key={KEY}&id=d-1&event=%d&said=%A",
        "coding": "2",
        "charset": "UTF-8",
        "text": "Mưa lớn ở Đắk Lắk",
    }


@pytest.mark.parametrize(
    ("text", "unaccented", "coding", "written"),
    [
        ("Mưa lớn", True, "0", "Mua lon"),
        ("Mưa lớn", False, "2", "Mưa lớn"),
        ("Mu\u031ba lo\u031b\u0301n", False, "2", "Mưa lớn"),
        ("Hop luc 19:00 {a} €", False, "0", "Hop luc 19:00 {a} €"),
        ("Mưa ☔", True, "2", "Mua ☔"),
    ],
)
def test_the_coding_is_the_texts(make: Any, text: str, unaccented: bool, coding: str, written: str) -> None:
    """Two bytes a letter only where the GSM alphabet has not all of them; NFC first."""
    told = asked(make.outlet(options(unaccented=unaccented)), text)
    assert (told["coding"], told["text"]) == (coding, written)


def test_the_callback_address_may_be_an_inner_one(make: Any) -> None:
    """Where Kannel does not reach the public address; a percent sign in it stays one, and an outlet's own query too."""
    outlet = make.outlet(options(callback_base="http://10.0.0.5:8100/l%C3%B4/", url="http://k.example/s?smsc=vt"))
    told = asked(outlet, "x")
    assert told["smsc"] == "vt"
    assert told["dlr-url"].startswith(f"http://10.0.0.5:8100/l%%C3%%B4/hooks/diem-1?key={KEY}&id=d-1&")


async def test_a_message_arrives_whole(sending: Sending, kannel: Kannel) -> None:
    """With its accents, or without them where the brandname wants it so; Kannel gives no reference."""
    text = 'Nói "{id}" & 100% + Nghĩa Lộ?\nướt ' + "ở" * 400
    assert await sending(text, unaccented=False, max_messages=7) == Receipt("", "0: Accepted for delivery")
    await sending("Mưa lớn ở Đắk Lắk", name="d-2")
    assert [(one.to, one.sender, one.text) for one in kannel.taken] == [
        (PHONE, "XAMOCCHAU", text),
        (PHONE, "XAMOCCHAU", "Mua lon o Dak Lak"),
    ]


async def test_a_wrong_password_calls_a_person(sending: Sending, kannel: Kannel) -> None:
    """And stands in no error."""
    error = await sending.fails(Unavailable, password="sai-mat-khau-9")
    assert (error.reason, error.person) == (Reason.ACCOUNT, True)
    assert "sai-mat-khau-9" not in error.vi + error.en and not kannel.taken


async def test_a_number_without_a_route(sending: Sending) -> None:
    """A 403 of its own: nobody's password is wrong, and no later try helps."""
    error = await sending.fails(Refused, phone="+12025550123")
    assert error.reason == Reason.UNREACHABLE and "12025550123" not in error.vi + error.en


async def test_empty_text_is_refused(sending: Sending, kannel: Kannel) -> None:
    """It is not sent as an empty message."""
    assert (await sending.fails(Refused, text="")).reason == Reason.TEXT
    assert not kannel.taken


async def test_what_kannel_would_cut_is_refused(sending: Sending, kannel: Kannel) -> None:
    """It accepts a text of more parts than `max-messages`, and sends no more than that: nobody would know."""
    for text, more in (("ở" * 71, {}), ("x" * 161, {}), ("ở" * 135, {"max_messages": 2})):
        error = await sending.fails(Refused, text=text, unaccented=False, **more)
        assert error.reason == Reason.TEXT and "max-messages" in error.vi
    for name, text in (("d-1", "ở" * 70), ("d-2", "x" * 160)):
        await sending(text, name=name, unaccented=False)
    assert [len(one.text) for one in kannel.taken] == [70, 160]


async def test_a_lost_answer_is_never_repeated(sending: Sending, kannel: Kannel, http: Http) -> None:
    """Kannel took the message, and would take it again: nobody can be asked."""
    kannel.lose(1)
    assert (await sending.fails(Unsure)).reason == "cut_off"
    assert len(kannel.taken) == 1
    assert not SmsKannel().repeatable(sending.outlet())
    assert await SmsKannel().ask(To("d-1", PHONE), "", sending.outlet(), http) is None


def outcome(world: Any, http: Any, make: Any, reaction: Any, **more: Any) -> Any:
    """What a send makes of an answer."""
    world.will(reaction)
    outlet = make.outlet(options(url=f"{world.url}/cgi-bin/sendsms", **more))
    return SmsKannel().send(make.bulletin(), outlet, To("d-1", PHONE), http)


@pytest.mark.parametrize(
    ("words", "detail"),
    [
        (b"0: Accepted for delivery", "0: Accepted for delivery"),
        (b"3: Queued for later delivery", "3: Queued for later delivery"),
        (b"Sent. Message splits: 3\n", "Sent."),
    ],
)
async def test_accepted(world: Any, http: Any, make: Any, does: Any, words: bytes, detail: str) -> None:
    """At once, when the operator is there again, or as with `immediate-sendsms-reply`."""
    assert await outcome(world, http, make, does.reply(202, words)) == Receipt("", detail)


@pytest.mark.parametrize(
    ("status", "words", "error", "reason"),
    [
        (403, b"Authorization failed for sendsms", Unavailable, Reason.ACCOUNT),
        (403, b"Not routable. Do not try again.", Refused, Reason.UNREACHABLE),
        (403, b"<html>proxy</html>", Unavailable, "credentials"),
        (400, b"Empty receiver number not allowed, rejected", Refused, Reason.NUMBER),
        (400, b"Missing receiver number, rejected", Refused, Reason.NUMBER),
        (400, b"Charset or body misformed, rejected", Refused, Reason.TEXT),
        (400, b"Sender missing and no global set, rejected", Refused, Reason.SENDER),
        (400, b"Number(s) has/have been denied by white- and/or black-lists.", Refused, Reason.OTHER),
        (202, b"Coding field misformed, rejected", Refused, Reason.OTHER),
        (404, b"Unknown request.", Unavailable, "wrong_address"),
        (503, b"Temporal failure, try again later.", Unavailable, Reason.BUSY),
        (500, b"Sending failed.", Unsure, "partner_error"),
        (500, b"0: Accepted for delivery", Unsure, "partner_error"),
        (202, b"", Unsure, "answer"),
        (202, b"\xff\xfe", Unsure, "answer"),
        (202, b"30: Accepted", Unsure, "answer"),
    ],
)  # fmt: skip
async def test_answers(
    world: Any, http: Any, make: Any, does: Any, status: int, words: bytes, error: Any, reason: str
) -> None:
    """Kannel's words first, then the status; only what cannot be read leaves us unsure."""
    with pytest.raises(error) as caught:
        await outcome(world, http, make, does.reply(status, words, Retry_After="7"))
    assert caught.value.reason == reason
    if error is Unavailable:
        assert caught.value.person is (reason in {Reason.ACCOUNT, "credentials", "wrong_address"})


@pytest.mark.parametrize("password", ["mat khau/1:@&%+", "mật-khẩu-của-xã", "abcd"])
async def test_the_address_stands_in_no_error(world: Any, http: Any, make: Any, does: Any, password: str) -> None:
    """A GET carries all in its address: a proxy's page that repeats it, as it was written, brings nothing into the log."""
    with pytest.raises(Refused) as caught:
        await outcome(world, http, make, does.echo, password=password)
    (request,) = world.asked
    raw = request.target.partition("password=")[2].partition("&")[0]
    said = caught.value.vi + caught.value.en + repr(caught.value)
    assert raw in request.target and not [word for word in (password, raw, KEY, "912345678") if word in said]


DELIVRD = "id:7 sub:001 dlvrd:001 submit date:2611230800 done date:2611230801 stat:DELIVRD err:000 text:Mua lon"


@pytest.mark.parametrize(
    ("event", "said", "reason", "detail"),
    [
        (1, DELIVRD, "", "DELIVRD err:000"),
        (1, "", "", "1"),
        (2, DELIVRD.replace("DELIVRD err:000", "UNDELIV err:001"), Reason.UNREACHABLE, "UNDELIV err:001"),
        (2, "id:7 stat:EXPIRED", Reason.UNREACHABLE, "EXPIRED"),
        (2, "stat:REJECTD err:069 text:84912345678", Reason.OTHER, "REJECTD err:069"),
        (2, "84912345678", Reason.OTHER, "2"),
        (16, "NACK/0x0000000b/Invalid Destination Address", Reason.NUMBER, "0x0000000b/Invalid Destination Address"),
        (16, "0x0000000a/Invalid Source Address", Reason.SENDER, "0x0000000a/Invalid Source Address"),
        (16, "NACK/0x00000045/", Reason.OTHER, "0x00000045/"),
    ],
)
async def test_receipts(
    sending: Sending, kannel: Kannel, hook: Hook, event: int, said: str, reason: str, detail: str
) -> None:
    """By a real call of dlr-url: what became of it, in the operator's own words, without number or text. Twice is once."""
    await sending()
    for _ in range(2):
        assert await kannel.report(kannel.taken[0], event, said) == 200
    told = Confirmation(event == 1, "d-1", reason=reason, detail=detail)
    assert [SmsKannel().confirm(call, sending.outlet()) for call in hook.calls] == [[told], [told]]


def called(**more: str) -> Callback:
    """A call of dlr-url with changes."""
    return Callback("GET", {"key": KEY, "id": "d-1", "event": "1", "said": ""} | more, {}, b"", NOW)


@pytest.mark.parametrize("more", [{"event": "4"}, {"event": "8"}, {"event": ""}, {"event": "x"}, {"id": ""}])
def test_what_is_not_final_says_nothing(make: Any, more: dict[str, str]) -> None:
    """Waiting, or at the operator; or about no delivery."""
    assert SmsKannel().confirm(called(**more), make.outlet(options())) == []


async def test_only_what_is_final_is_asked_for(sending: Sending, kannel: Kannel) -> None:
    """Kannel does not call for 4 and 8."""
    await sending()
    assert [await kannel.report(kannel.taken[0], event, "") for event in (4, 8)] == [0, 0]


@pytest.mark.parametrize("key", ["", "wrong", f"{KEY} ", KEY[:-1], "é", "\udcff"])
def test_a_forged_receipt(make: Any, key: str) -> None:
    """Without the key, or by another method, nothing is believed."""
    with pytest.raises(Refused) as caught:
        SmsKannel().confirm(called(key=key), make.outlet(options()))
    assert caught.value.reason == "signature" and KEY not in caught.value.vi + caught.value.en
    with pytest.raises(Refused):
        SmsKannel().confirm(replace(called(), method="POST"), make.outlet(options()))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": "kannel:13013"}, "web address"),
        ({"username": ""}, "username"),
        ({"password": ""}, "password"),
        ({"sender": ""}, "sender"),
        ({"callback_secret": "ngan"}, "12 to 200"),
        ({"callback_secret": "khoa co dau cach"}, "12 to 200"),
        ({"callback_base": "loa.example"}, "web address"),
        ({"max_messages": 0}, "max_messages"),
        ({"per_second": 0}, "per_second"),
        ({"at_once": 0}, "at_once"),
        ({"per_day": -1}, "per_day"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_options_are_named(wrong: dict[str, Any], words: str) -> None:
    """Each mistake is one clear error that repeats no secret."""
    with pytest.raises(ValidationError) as caught:
        options(**wrong)
    assert words in str(caught.value) and PASSWORD not in str(caught.value) and KEY not in str(caught.value)


def test_the_pace_is_the_accounts(make: Any) -> None:
    """What the options say."""
    outlet = make.outlet(options(per_second=3.5, at_once=2, per_day=900))
    assert SmsKannel().pace_of(outlet) == Pace(3.5, 2, 900)
