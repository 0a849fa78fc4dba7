"""The kind `email` against a real mail server (aiosmtpd) on a real socket, with STARTTLS and a certificate of its own.

It speaks no HTTP: what test_contract.py asks of every kind is asked here by the same names.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import icalendar
import pytest
from pydantic import ValidationError

from channels.answer import SendError
from channels.audience import masked, normal_address, read_audience, read_person
from channels.channel import Receipt, Refused, To, Unavailable, Unsure
from channels.guard import PrivateAddress
from channels.http import Http
from channels.kinds.email import Email, EmailOptions
from channels.reasons import Reason
from channels.seal import Seal, scheme_of
from config.words import BadInput
from content.bulletin import Purpose
from content.meeting import Meeting
from tests.channels.partners.mail import PASSWORD, USER, MailServer

TO = To("d1xyz-7", "lo.van.muon@gmail.com", "Lò Văn Muôn")
STOP, ANSWER = "https://loa.example/thoi-nhan/", "https://loa.example/tra-loi/"
MEETING = Meeting(
    "b1",
    "2026-12-05T08:00:00+07:00",
    "2026-12-05T11:30:00+07:00",
    "Buổi 1: Một cửa",
    "Nhà văn hóa; bản Nà Khi, xã Sốp Cộp",
)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[MailServer]:
    """One with STARTTLS that wants it before anything else."""
    async with MailServer(tmp_path).serving() as server:
        yield server


class Sending:
    """Sends by the kind."""

    def __init__(self, http: Http, make: Any) -> None:
        self.http, self._make = http, make

    def outlet(self, server: MailServer, **more: Any) -> Any:
        """An outlet on a server."""
        told = {"host": "127.0.0.1", "port": server.port, "ca": server.certificate, "sender": "ubnd@sopcop.gov.vn"}
        options = EmailOptions(**(told | {"username": USER, "password": PASSWORD} | more))
        links = {"stop_link": STOP.__add__, "reply_link": ANSWER.__add__}
        return self._make.outlet(options, **links)

    async def __call__(self, server: MailServer, part: Any = None, to: To = TO, **more: Any) -> Receipt:
        """One send."""
        bulletin = self._make.bulletin(*([part] if part else []))
        return await Email().send(bulletin, self.outlet(server, **more), to, self.http)

    async def fails(self, error: type[SendError], server: MailServer, **more: Any) -> Any:
        """One send that must fail so."""
        with pytest.raises(error) as caught:
            await self(server, **more)
        return caught.value


@pytest.fixture
def sending(http: Http, make: Any) -> Sending:
    """Ready to send."""
    return Sending(http, make)


async def test_success(sending: Sending, server: MailServer) -> None:
    """The letter is taken after STARTTLS and sign-in; it says who, to whom, and how to get no more of them."""
    receipt = await sending(server)
    [message] = server.taken
    assert receipt == Receipt("<d1xyz-7@sopcop.gov.vn>", "OK: queued as 4F2A")
    assert server.signed_in
    assert message["Subject"] == "Mưa lớn ở Mộc Châu"
    assert str(message["From"]) == "UBND xã Mộc Châu <ubnd@sopcop.gov.vn>"
    assert str(message["To"]) == "Lò Văn Muôn <lo.van.muon@gmail.com>"
    assert message["Message-ID"] == "<d1xyz-7@sopcop.gov.vn>"
    assert message["List-Unsubscribe"] == f"<{STOP}d1xyz-7>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None and html is not None
    assert "Từ đêm nay có mưa lớn." in plain.get_content() and f"{STOP}d1xyz-7" in plain.get_content()
    assert "<strong>mưa lớn</strong>" in html.get_content()
    assert [*message.iter_attachments()] == []


async def test_what_it_invites_to_comes_as_a_calendar(sending: Sending, server: MailServer, make: Any) -> None:
    """A calendar reads the very time, place and title; the link to answer is in the letter and in the calendar."""
    await sending(server, make.part(meetings=(MEETING,)))
    [message] = server.taken
    [attached] = message.iter_attachments()
    assert attached.get_filename() == "lich.ics" and attached.get_content_type() == "text/calendar"
    assert attached.get_param("method") == "PUBLISH"
    [event] = icalendar.Calendar.from_ical(attached.get_content()).walk("VEVENT")
    assert event.decoded("dtstart") == MEETING.begins_at and event.decoded("dtend") == MEETING.ends_at
    assert str(event["summary"]) == MEETING.title and str(event["location"]) == MEETING.place
    assert event["url"] == f"{ANSWER}d1xyz-7"
    body = message.get_body(("plain",))
    assert body is not None and f"Trả lời dự hay không: {ANSWER}d1xyz-7" in body.get_content()


async def test_an_internal_notice_needs_no_way_out(sending: Sending, server: MailServer, make: Any) -> None:
    """The office's own people do not unsubscribe from their work."""
    await sending(server, make.part(purpose=Purpose.INTERNAL.value))
    assert server.taken[0]["List-Unsubscribe"] is None


@pytest.mark.parametrize(
    ("verb", "answer", "error", "reason"),
    [
        ("RCPT", "550 5.1.1 no such user lo.van.muon@gmail.com", Refused, Reason.NUMBER),
        ("DATA", "554 5.7.1 looks like spam", Refused, Reason.TEXT),
        ("MAIL", "552 too large", Refused, Reason.TEXT),
        ("MAIL", "550 you may not send as ubnd@sopcop.gov.vn", Unavailable, Reason.SENDER),
        ("MAIL", "530 sign in first", Unavailable, Reason.ACCOUNT),
        ("MAIL", "421 shutting down", Unavailable, Reason.BUSY),
        ("RCPT", "451 4.7.1 greylisted, come again", Unavailable, Reason.BUSY),
        ("RCPT", "452 mailbox full", Unavailable, Reason.BUSY),
        ("DATA", "452 disk full", Unavailable, Reason.BUSY),
        ("MAIL", None, Unavailable, "connection"),
        ("RCPT", None, Unavailable, "connection"),
        ("DATA", None, Unsure, "cut_off"),
    ],
)
async def test_what_answers_mean(
    sending: Sending, server: MailServer, verb: str, answer: str | None, error: type[SendError], reason: str
) -> None:
    """4yz is later, 5yz never; a line that is lost behind the text's dot leaves us unsure; no address stands in the log."""
    server.says[verb] = answer
    failed = await sending.fails(error, server)
    assert failed.reason == reason
    assert "lo.van.muon" not in failed.vi + failed.en and PASSWORD not in failed.vi + failed.en


async def test_refusal_is_final(sending: Sending, server: MailServer) -> None:
    """A mailbox that is not there is not written to again."""
    server.says["RCPT"] = "550 no such user"
    assert "550" in (await sending.fails(Refused, server)).vi


async def test_an_unavailable_partner_is_tried_again(sending: Sending, server: MailServer) -> None:
    """One that is away, and one that asks to come again."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        assert (await sending.fails(Unavailable, server, port=nobody.getsockname()[1])).reason == "connection"
    server.says["RCPT"] = "451 greylisted"
    assert not (await sending.fails(Unavailable, server)).person


async def test_a_wrong_password_calls_a_person(sending: Sending, server: MailServer) -> None:
    """The outlet is paused until somebody sets it right."""
    failed = await sending.fails(Unavailable, server, password="nham")
    assert failed.person and failed.reason == Reason.ACCOUNT and "nham" not in failed.vi.split()


async def test_tls_is_required_and_verified(sending: Sending, server: MailServer, tmp_path: Path) -> None:
    """No letter leaves to a server without STARTTLS, nor to one nobody vouches for; both call a person."""
    failed = await sending.fails(Unavailable, server, ca="")
    assert (failed.reason, failed.person) == ("certificate", True)
    (tmp_path / "bare").mkdir()
    async with MailServer(tmp_path / "bare", tls=False).serving() as bare:
        failed = await sending.fails(Unavailable, bare)
        assert (failed.reason, failed.person) == ("security", True)
        await sending(bare, security="none", username="", password="")
        assert len(bare.taken) == 1
    assert server.taken == []


async def test_tls_from_the_first_byte(sending: Sending, tmp_path: Path) -> None:
    """Port 465."""
    async with MailServer(tmp_path, wrapped=True).serving() as wrapped:
        await sending(wrapped, security="tls")
        assert len(wrapped.taken) == 1
        assert (await sending.fails(Unavailable, wrapped, security="tls", ca="")).reason == "certificate"


async def test_private_address_is_refused_by_default(make: Any, clock: Any, server: MailServer) -> None:
    """A relay on the office's own network is a matter of configuration."""
    http = Http(clock)
    await Sending(http, make).fails(PrivateAddress, server)
    await Sending(http, make).fails(PrivateAddress, server, host="localhost")
    await http.close()
    assert server.open == 0 and server.taken == []


async def test_vietnamese_at_the_limit_arrives_whole(sending: Sending, server: MailServer, make: Any) -> None:
    """A long text with every mark, lines of a single dot, and a title longer than a header's line."""
    text = 'Đường "Trường Chinh" {id} \\ 100% Nghĩa Lộ: ướt, ngập? ỗ ẵ ỵ ' * 40
    title = "Hội nghị tập huấn " * 15
    article = f"<p>{text}</p><p>.</p><p>.. hai chấm</p>"
    await sending(server, make.part(title=title.strip(), article=article))
    [message] = server.taken
    html = message.get_body(("html",))
    assert html is not None and article in html.get_content() and message["Subject"] == title.strip()


async def test_nothing_begins_another_header(sending: Sending, server: MailServer, make: Any) -> None:
    """Line ends in a title, a name, an office are spaces; an address with one is refused before anything is said."""
    evil = "Họp\r\nBcc: ai@do.vn\r\n\r\nthân"
    await sending(server, make.part(title=evil), To("d-1", TO.address, "Muôn\nBcc: x@y.vn"), sender_name=evil)
    [message] = server.taken
    assert message["Bcc"] is None and message["Subject"] == "Họp Bcc: ai@do.vn thân"
    assert b"\nBcc:" not in server.raw[0]
    for address in ("a@b.vn\r\nRCPT TO:<x@y.vn>", "a b@c.vn", "a@b.vn>", "<a@b.vn", "a@b", "", "ạ@b.vn"):
        with pytest.raises(Refused):
            await sending(server, to=To("d-2", address))
    assert len(server.taken) == 1


async def test_no_secret_in_any_error(sending: Sending, server: MailServer) -> None:
    """A server that repeats all it was told brings neither password nor address into the log."""
    for verb in ("MAIL", "RCPT", "DATA"):
        for code in (451, 550):
            server.says = {verb: f"{code} {USER} {PASSWORD} <{TO.address}>"}
            failed = await sending.fails(SendError, server)
            told = f"{failed!r} {failed.vi} {failed.en} {failed.__context__!r}"
            assert PASSWORD not in failed.vi + failed.en and TO.address not in failed.vi + failed.en
            assert PASSWORD not in told.split("SMTP", maxsplit=1)[0]
    outlet = sending.outlet(server)
    assert PASSWORD not in f"{outlet!r} {outlet.options!r}"


async def test_cancel_leaves_nothing_open(sending: Sending, server: MailServer) -> None:
    """A send that is called off in the middle closes its line."""
    server.says["DATA"] = ...
    send = asyncio.create_task(sending(server))
    await server.came.wait()
    send.cancel()
    with pytest.raises(asyncio.CancelledError):
        await send
    while server.open:
        server.left.clear()
        await server.left.wait()
    assert server.taken == []


async def test_same_id_on_a_retry(sending: Sending, server: MailServer) -> None:
    """Every try has the same Message-ID; no server is relied on to look at it, so nothing unsure is repeated by itself."""
    server.says["DATA"] = "451 later"
    await sending.fails(Unavailable, server)
    server.says = {}
    await sending(server)
    await sending(server)
    assert [one["Message-ID"] for one in server.taken] == ["<d1xyz-7@sopcop.gov.vn>"] * 2
    assert not Email().repeatable(sending.outlet(server))


@pytest.mark.parametrize(
    "wrong",
    [
        {"security": "none"},
        {"sender": ""},
        {"sender": "ubnd@sopcop.gov.vn\nBcc: x@y.vn"},
        {"reply_to": "khong phai thu"},
        {"host": "a b"},
        {"ca": "không phải chứng thư"},
        {"port": 0},
    ],
)
def test_wrong_options_are_told(wrong: dict[str, Any]) -> None:
    """No password goes over a line that everybody can read; addresses are addresses."""
    told = {"host": "smtp.example.vn", "sender": "ubnd@sopcop.gov.vn", "username": USER, "password": PASSWORD}
    with pytest.raises(ValidationError):
        EmailOptions(**(told | wrong))


@pytest.mark.parametrize(
    ("written", "kept"),
    [(" Lo.Van.Muon@Gmail.com ", "lo.van.muon@gmail.com"), ("mailto:a+b@xn--ty-kia.vn", "a+b@xn--ty-kia.vn")],
)
def test_addresses_have_one_form(written: str, kept: str) -> None:
    """Without capitals; sealed, opened and masked as every person's address is."""
    seal = Seal(b"k")
    sealed = seal.close("email", kept)
    assert kept == normal_address("email", written) and ("email", kept) == read_person(written)
    assert sealed.startswith("E") and kept == seal.open(sealed) and kept.split("@", maxsplit=1)[0] not in sealed
    assert scheme_of(kept) == "email" and seal.forms(kept) == (sealed, kept)
    assert masked(kept) == f"{kept[0]}…@{kept.partition('@')[2]}"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "a",
        "a@b",
        "a@@b.vn",
        "a@b..vn",
        "a b@c.vn",
        "ạ@c.vn",
        "a@c.vn,d@e.vn",
        ".a@b.vn",
        "a.@b.vn",
        f"{'a' * 65}@b.vn",
    ],
)
def test_what_is_no_address(wrong: str) -> None:
    """Told with what was written, masked."""
    with pytest.raises(BadInput) as caught:
        normal_address("email", wrong)
    assert caught.value.field == "email"


def test_lists_have_a_column_for_it() -> None:
    """Beside the telephone number or alone; a fault names its line."""
    found = read_audience("ho ten,email\nLò Văn Muôn,Muon@gmail.com\nQuàng Thị Dó,khong-co\n".encode())
    assert [("email", "muon@gmail.com")] == [(one.scheme, one.address) for one in found.people]
    assert [(3, "email")] == [(one.line, one.column) for one in found.faults]
