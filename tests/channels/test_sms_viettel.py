"""The kind `sms_viettel`: its envelope, what Viettel's answers mean, and answers that are traps, over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from lxml import etree
from pydantic import ValidationError

from channels.answer import SendError
from channels.channel import Pace, Receipt, Refused, To, Unavailable, Unsure
from channels.http import Http
from channels.kinds.sms_viettel import SmsViettel, SmsViettelOptions, envelope, read, request_id
from channels.reasons import Reason
from content.short import sms_length
from tests.channels.partners.served import Served
from tests.channels.partners.viettel import BRANDNAME, CP_CODE, FIELDS, PASSWORD, USERNAME, Viettel, answer

PHONE = "+84912345678"
TOLD: dict[str, Any] = {
    "url": "http://viettel.example:8998/bulkapi?wsdl",
    "username": USERNAME,
    "password": PASSWORD,
    "cp_code": CP_CODE,
    "sender": BRANDNAME,
}


def options(**more: Any) -> SmsViettelOptions:
    """Options of an account, with changes."""
    return SmsViettelOptions(**(TOLD | more))


@pytest.fixture
async def viettel() -> AsyncIterator[Viettel]:
    """A strict Viettel."""
    async with Viettel(template=r"(?s)(Mua|Mưa|Nói|TB:).*") as viettel:
        yield viettel


class Sending:
    """Sends by the kind to Viettel."""

    def __init__(self, viettel: Viettel, http: Http, make: Any) -> None:
        self._viettel, self._http, self._make = viettel, http, make

    async def __call__(self, text: str = "Mưa lớn.", phone: str = PHONE, name: str = "d-1", **more: Any) -> Receipt:
        """One send."""
        bulletin = self._make.bulletin(self._make.part(short=text))
        outlet = self._make.outlet(options(url=f"{self._viettel.url}/bulkapi", **more))
        return await SmsViettel().send(bulletin, outlet, To(name, phone), self._http)

    async def fails(self, error: type[SendError], **more: Any) -> Any:
        """One send that must fail so."""
        with pytest.raises(error) as caught:
            await self(**more)
        said = caught.value.vi + caught.value.en + repr(caught.value)
        assert not [word for word in (PASSWORD, "sai-mat-khau-9", "912345678") if word in said]
        return caught.value


@pytest.fixture
def sending(viettel: Viettel, http: Http, make: Any) -> Sending:
    """Ready to send."""
    return Sending(viettel, http, make)


def test_the_envelope_is_golden() -> None:
    """As Viettel's paper has it; a secret with marks of XML stays what it is."""
    written = envelope(options(), To("d-1", PHONE), "Mưa & lũ")
    assert written.decode() == (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:impl="http://impl.bulkSms.ws/">'
        "<soapenv:Body><impl:wsCpMt><User>smsbrand_xa</User><Password>viettel&amp;secret&lt;9</Password>"
        f"<CPCode>XAMOCCHAU</CPCode><RequestID>{request_id('d-1')}</RequestID><UserID>84912345678</UserID>"
        "<ReceiverID>84912345678</ReceiverID><ServiceID>XAMOCCHAU</ServiceID><CommandCode>bulksms</CommandCode>"
        "<Content>Mua &amp; lu</Content><ContentType>0</ContentType></impl:wsCpMt></soapenv:Body></soapenv:Envelope>"
    )


@pytest.mark.parametrize(
    "text", ["</Content><User>x</User>", "]]>", "<!--", "&lt; &#65;", 'Nói "{id}"\t100%\nướt', "a\r\nb", "☔ 𝄞"]
)
def test_nothing_breaks_out_of_its_place(text: str) -> None:
    """Whatever stands in a text, it is one text in one field."""
    call = etree.fromstring(envelope(options(unaccented=False), To("d-1", PHONE), text))[0][0]
    assert [field.tag for field in call] == FIELDS
    kind = "1" if sms_length(text).unicode else "0"
    assert (call.findtext("Content"), call.findtext("ContentType")) == (text, kind)


@pytest.mark.parametrize("text", ["", "a\x00b", "a\x0bb", "\ufffe"])
def test_what_xml_cannot_hold_is_refused(text: str) -> None:
    """Before anything is sent; so is nothing at all."""
    with pytest.raises(Refused) as caught:
        envelope(options(unaccented=False), To("d-1", PHONE), text)
    assert caught.value.reason == Reason.TEXT


def test_the_number_of_a_delivery() -> None:
    """The same on every try and after every restart, within 63 bits, another for each delivery."""
    assert request_id("d-1") == "261439196723010902"
    numbers = {int(request_id(f"d-{number}")) for number in range(2000)}
    assert len(numbers) == 2000 and max(numbers) < 1 << 63


async def test_a_message_is_taken_once(sending: Sending, viettel: Viettel) -> None:
    """With its accents or without, and said so by ContentType; the same text to the same number again is had already."""
    text = 'Nói "{id}" & 100% <Nghĩa Lộ>\n' + "ướt ở " * 70
    assert await sending(text[:459], unaccented=False) == Receipt(request_id("d-1"), "Insert MT_QUEUE: OK")
    assert (await sending("Mưa lớn ở Đắk Lắk", name="d-2")).reference == request_id("d-2")
    again = await sending("Mưa lớn ở Đắk Lắk", name="d-3")
    assert again == Receipt(request_id("d-3"), "Check ServiceID: DUPLICATE MESSAGE")
    assert [(one["Content"], one["ContentType"]) for one in viettel.taken] == [
        (text[:459], "1"),
        ("Mua lon o Dak Lak", "0"),
    ]


@pytest.mark.parametrize(
    ("more", "error", "reason"),
    [
        ({"password": "sai-mat-khau-9"}, Unavailable, Reason.ACCOUNT),
        ({"cp_code": "KHAC"}, Unavailable, Reason.ACCOUNT),
        ({"sender": "KHAC"}, Unavailable, Reason.SENDER),
        ({"phone": "+84212345678"}, Refused, Reason.NUMBER),
        ({"text": "Khong theo mau"}, Refused, Reason.TEMPLATE),
        ({"text": "Mưa lừa đảo", "unaccented": False}, Refused, Reason.TEXT),
        ({"text": "TB: " + "x" * 480}, Refused, Reason.TEXT),
    ],
)
async def test_a_strict_viettel(
    sending: Sending, viettel: Viettel, more: dict[str, Any], error: Any, reason: str
) -> None:
    """What it refuses, and who is called: without a password or a number in any error."""
    found = await sending.fails(error, **more)
    assert found.reason == reason and getattr(found, "person", False) is (error is Unavailable)
    assert not viettel.taken


async def test_a_lost_answer_is_never_repeated(sending: Sending, viettel: Viettel, make: Any, http: Http) -> None:
    """It was taken. Sent again by a person, Viettel says that it has it: that is no failure."""
    viettel.lose(1)
    assert (await sending.fails(Unsure)).reason == "cut_off"
    outlet = make.outlet(options())
    assert not SmsViettel().repeatable(outlet)
    assert await SmsViettel().ask(To("d-1", PHONE), "", outlet, http) is None
    assert await sending() == Receipt(request_id("d-1"), "Check ServiceID: DUPLICATE MESSAGE")
    assert len(viettel.taken) == 1


def outcome(world: Any, http: Any, make: Any, reaction: Any) -> Any:
    """What a send makes of an answer."""
    world.will(reaction)
    return SmsViettel().send(make.bulletin(), make.outlet(options(url=world.url)), To("d-1", PHONE), http)


@pytest.mark.parametrize(
    ("message", "error", "reason", "person"),
    [
        ("Authenticate: IP_INVALID", Unavailable, Reason.ACCOUNT, True),
        ("Authenticate: WRONG_INFORMATION_AUTHENTICATE", Unavailable, Reason.ACCOUNT, True),
        ("WRONG_INFORMATION_AUTHENTICATE", Unavailable, Reason.ACCOUNT, True),
        ("CP_CODE_NOT_FOUND", Unavailable, Reason.ACCOUNT, True),
        ("Authenticate: UserName: NULL_OR_BLANK", Unavailable, Reason.ACCOUNT, True),
        ("Check CommandCode: COMMAND_CODE_ERROR", Unavailable, Reason.ACCOUNT, True),
        ("Check ServiceID: ALIAS_INVALID:TELCO=VT", Unavailable, Reason.SENDER, True),
        ("Check ServiceID: ALIAS_INVALID", Unavailable, Reason.SENDER, True),
        ("Check ServiceID: ALIAS_INVALID:TELCO=VN", Refused, Reason.SENDER, False),
        ("Check ServiceID: ALIAS_INVALID:TELCO=MB", Refused, Reason.SENDER, False),
        ("Check ServiceID: ALIAS_INVALID:TELCO=VM", Refused, Reason.SENDER, False),
        ("Check information error", Unavailable, Reason.BUSY, False),
        ("Check template: CONTENT_NOT_MATCH_TEMPLATE", Refused, Reason.TEMPLATE, False),
        ("Check Content: MSG_ERROR_CONTAIN_BLACKLIST", Refused, Reason.TEXT, False),
        ("Check Content: MAXLENGTH_LIMIT_480_BYTE (YOUR_CONTENT: 500 BYTE)", Refused, Reason.TEXT, False),
        ("Check Content: NULL_OR_BLANK", Refused, Reason.TEXT, False),
        ("Check ReceiverID: FORMAT_ERROR", Refused, Reason.NUMBER, False),
        ("Length of ReceiverID is invalid.", Refused, Reason.NUMBER, False),
        ("UserID_NOT_EQUAL_ReceiverID", Refused, Reason.NUMBER, False),
        ("Unable to check telco from input receiver", Refused, Reason.NUMBER, False),
        ("Check RequestID: REQUEST_ID_NOT_NUMBER", Refused, Reason.OTHER, False),
        ("Something new for 84912345678", Refused, Reason.OTHER, False),
        ("", Refused, Reason.OTHER, False),
    ],
)  # fmt: skip
async def test_refusals(
    world: Any, http: Any, make: Any, does: Any, message: str, error: Any, reason: str, person: bool
) -> None:
    """Each class of texts has one meaning, and Viettel's own words stand beside it."""
    with pytest.raises(error) as caught:
        await outcome(world, http, make, does.reply(200, answer(0, message)))
    found = caught.value
    assert found.reason == reason and getattr(found, "person", False) is person
    assert message.replace("84912345678", "***") in found.vi and "912345678" not in found.vi + found.en


GOOD = answer(1, "Insert MT_QUEUE: OK")
BOMB = b'<!DOCTYPE l [<!ENTITY a "1">' + b"".join(
    b'<!ENTITY %c "%b">' % (98 + level, b"&%c;" % (97 + level) * 10) for level in range(9)
) + b"]>"  # fmt: skip


def with_doctype(doctype: bytes, result: bytes) -> bytes:
    """A good answer with a document type before it and something else as its result."""
    return GOOD.replace(b"?>", b"?>" + doctype, 1).replace(b"<result>1<", b"<result>" + result + b"<")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b"<html>Loi</html>",
        b"\xff\xfe\x00",
        GOOD[:-20],
        GOOD.replace(b"<result>1</result>", b""),
        GOOD.replace(b"<result>1</result>", b"<result> </result>"),
        GOOD.replace(b"wsCpMtResponse", b"wsCpMt"),
        b"<a>" * 15_000,
        b'<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><S:Fault/></S:Body></S:Envelope>',
        with_doctype(b"<!DOCTYPE a>", b"1"),
        with_doctype(b'<!DOCTYPE a [<!ENTITY x "1">]>', b"&x;"),
        with_doctype(b'<!DOCTYPE a [<!ENTITY x "1">]>', b"&x;").decode().encode("utf-16"),
        with_doctype(b'<!DOCTYPE a [<!ENTITY x "1">]>', b"&x;").decode().encode("utf-16-le"),
        with_doctype(b'<!DOCTYPE a [<!ENTITY x "1">]>', b"&x;").decode().encode("utf-7"),
        with_doctype(BOMB, b"&j;"),
    ],
)
async def test_no_proper_answer_leaves_us_unsure(world: Any, http: Any, make: Any, does: Any, body: bytes) -> None:
    """A partner that took the message answers properly; a document type, and all that comes with one, is not proper."""
    with pytest.raises(Unsure) as caught:
        await outcome(world, http, make, does.reply(200, body))
    assert caught.value.reason == "answer"


class Trap(Served):
    """Counts who comes for an outer entity."""

    def __init__(self) -> None:
        super().__init__("GET", "/{any}")
        self.came = 0

    async def take(self, request: web.Request) -> web.StreamResponse:
        """One visitor."""
        self.came += 1
        return web.Response(text="1")


async def test_nothing_is_fetched(world: Any, http: Any, make: Any, does: Any, tmp_path: Any) -> None:
    """Neither a file nor an address, by an entity, by an outer document type, or by parameter entities."""
    secret = tmp_path / "secret"
    secret.write_text("1", encoding="utf-8")
    async with Trap() as trap:
        for doctype in (
            f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]>',
            f'<!DOCTYPE a [<!ENTITY x SYSTEM "{trap.url}/x">]>',
            f'<!DOCTYPE a SYSTEM "{trap.url}/a.dtd">',
            f'<!DOCTYPE a [<!ENTITY % p SYSTEM "{trap.url}/p.dtd"> %p;]>',
        ):
            with pytest.raises(Unsure):
                await outcome(world, http, make, does.reply(200, with_doctype(doctype.encode(), b"&x;")))
        assert trap.came == 0


def test_answers_are_read_as_they_come() -> None:
    """With a byte order mark, with other prefixes, with white space around the values, and a declared Latin-1 of ASCII."""
    for body in (
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"ns2", b"impl").replace(b"S:", b"soap:").replace(b":S=", b":soap="),
        GOOD.replace(b"<result>1<", b"<result>\n 1 <"),
        GOOD.replace(b"?>", b'encoding="ISO-8859-1"?>'),
    ):
        assert read(body) == ("1", "Insert MT_QUEUE: OK")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"url": "viettel"}, "web address"),
        ({"username": ""}, "username"),
        ({"password": ""}, "password"),
        ({"cp_code": ""}, "cp_code"),
        ({"sender": ""}, "sender"),
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
    assert words in str(caught.value) and PASSWORD not in str(caught.value)


def test_the_pace_is_the_accounts(make: Any) -> None:
    """What the options say."""
    assert SmsViettel().pace_of(make.outlet(options(per_second=3.5, at_once=2, per_day=900))) == Pace(3.5, 2, 900)
