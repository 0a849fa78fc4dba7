"""The kind `sms_gammu` on gammu's own tables, in a SQLite file and on PostgreSQL, with a strict smsd that empties them.

It speaks no HTTP: what test_contract.py asks of every kind is asked here by the same names.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import uuid
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pydantic import ValidationError

from channels.answer import SendError
from channels.channel import Confirmation, Outlet, Pace, Receipt, Refused, To, Unavailable, Unsure
from channels.guard import PrivateAddress
from channels.http import Http
from channels.kinds import sms_gammu
from channels.kinds.sms_gammu import SmsGammu, SmsGammuOptions, rows_of
from channels.reasons import Reason
from content.bulletin import BulletinClass
from content.short import sms_length
from tests.channels.partners.smsd import Smsd, make_file, shown, tables
from tests.go_between import between

PHONE, OTHER = "+84912345678", "+84987654321"
TO = To("d-1", PHONE)
ACCENTED = 'Đường "Trường Chinh" {id} \\ 100% & Nghĩa Lộ: ướt, ngập? ỗ ẵ ỵ\n'


async def make_database(server: str) -> str:
    """A new database with the tables on a PostgreSQL server; its address."""
    name = f"gammu_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    address = server.replace("/postgres?", f"/{name}?")
    connection = await asyncpg.connect(address)
    await connection.execute(tables("pgsql"))
    await connection.close()
    return address


@pytest.fixture(params=["sqlite", "postgresql"])
async def smsd(request: pytest.FixtureRequest, tmp_path: Path) -> Smsd:
    """A daemon with an empty outbox."""
    if request.param == "sqlite":
        return Smsd(make_file(tmp_path / "smsd.db"))
    return Smsd(await make_database(request.getfixturevalue("postgresql")))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A SQLite file with gammu's tables."""
    make_file(tmp_path / "held.db")
    return tmp_path / "held.db"


class Sending:
    """Sends by the kind."""

    def __init__(self, http: Http, make: Any) -> None:
        self._http, self._make = http, make

    def outlet(self, database: str, **more: Any) -> Outlet[SmsGammuOptions]:
        """An outlet on a database."""
        outlet: Outlet[SmsGammuOptions] = self._make.outlet(SmsGammuOptions(database=database, **more))
        return outlet

    async def __call__(
        self, database: str, text: str = "Mưa lớn.", to: To = TO, urgent: bool = False, **more: Any
    ) -> Receipt:
        """One send."""
        klass = BulletinClass.URGENT if urgent else BulletinClass.NORMAL
        bulletin = self._make.bulletin(self._make.part(short=text), klass=klass)
        return await SmsGammu().send(bulletin, self.outlet(database, **more), to, self._http)

    async def fails(self, error: type[SendError], database: str, **more: Any) -> Any:
        """One send that must fail so."""
        with pytest.raises(error) as caught:
            await self(database, **more)
        return caught.value

    async def ask(self, database: str, to: To = TO) -> Confirmation | None:
        """What became of a delivery."""
        return await SmsGammu().ask(to, "", self.outlet(database), self._http)


@pytest.fixture
def sending(http: Http, make: Any) -> Sending:
    """Ready to send."""
    return Sending(http, make)


async def test_success(sending: Sending, smsd: Smsd) -> None:
    """The reference is smsd's own id; any modem may take it; a report of delivery is asked for."""
    receipt = await sending(smsd.database)
    ((id, creator, number, sender),) = await smsd.outbox()
    assert receipt == Receipt(str(id), "1 phần")
    assert (creator, number, sender) == ("d-1", PHONE, None)
    assert [*(await smsd.rows('SELECT "DeliveryReport" FROM outbox'))[0]] == ["yes"]
    await smsd.send()
    assert shown(smsd.sent) == [(PHONE, "Mua lon.", 1)]


async def test_refusal_is_final(sending: Sending, smsd: Smsd) -> None:
    """Nothing but an empty text is refused: numbers are the network's to judge."""
    assert (await sending.fails(Refused, smsd.database, text="")).reason == Reason.TEXT
    assert await smsd.outbox() == []


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ((ACCENTED + "ở" * 2000)[: SmsGammu.limit], 7),
        ("ở" * 70, 1),
        ("ở" * 71, 2),
        ("ở" * 134, 2),
        ("ở" * 66 + "\N{MUSICAL SYMBOL G CLEF}" + "ở" * 66, 3),
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 152 + "€" + "x" * 153, 3),
        ("[€] " * 40, 2),
    ],
)
async def test_vietnamese_at_the_limit_arrives_whole(sending: Sending, smsd: Smsd, text: str, parts: int) -> None:
    """As many letters as the kind allows, with marks, and letters of two units at the cut: joined as it was."""
    await sending(smsd.database, text, unaccented=False)
    await smsd.send()
    assert shown(smsd.sent) == [(PHONE, text, parts)] and sms_length(text).segments == parts


def test_parts_are_golden() -> None:
    """Coding, header, text for smsd and for people; decomposed marks would cost more and are not sent."""
    assert rows_of("Mưa", 0x1E) == [("Unicode_No_Compression", "", "004D01B00061", "Mưa")]
    assert rows_of("Mua", 0x1E) == [("Default_No_Compression", "", "004D00750061", "Mua")]
    headers = [udh for _, udh, _, _ in rows_of("ở" * 200, 0x1E)]
    assert headers == ["0500031E0301", "0500031E0302", "0500031E0303"]


async def test_same_id_on_a_retry(sending: Sending, smsd: Smsd) -> None:
    """In whatever moment it comes: while it waits, between any two of smsd's steps, and long after it was sent."""
    text = ACCENTED * 3
    receipt = await sending(smsd.database, text, unaccented=False)
    assert SmsGammu().repeatable(sending.outlet(smsd.database))

    async def again() -> None:
        assert await sending(smsd.database, text, unaccented=False) == Receipt(receipt.reference, "đã ghi từ lần trước")

    await again()
    moments = []
    async for moment in smsd.steps(int(receipt.reference)):
        moments.append(moment)
        await again()
    assert moments == ["sent 1", "sent 2", "sent 3", "out of outbox"]
    await again()
    await smsd.send()
    assert shown(smsd.sent) == [(PHONE, text, 3)]


async def test_two_tries_at_once_are_one_message(sending: Sending, smsd: Smsd) -> None:
    """A node that was thought dead and the one that took over."""
    receipts = await asyncio.gather(*(sending(smsd.database, ACCENTED * 3) for _ in range(8)))
    assert len({receipt.reference for receipt in receipts}) == 1
    assert len(await smsd.outbox()) == 1
    await smsd.send()
    assert len(shown(smsd.sent)) == 1


async def test_every_recipient_gets_a_message(sending: Sending, smsd: Smsd) -> None:
    """Another delivery to the same number, or the same id to another number, is another message."""
    for to in (To("d-1", PHONE), To("d-2", PHONE), To("d-1", OTHER)):
        await sending(smsd.database, to=to)
    await smsd.send()
    assert [sms.number for sms in smsd.sent] == [PHONE, PHONE, OTHER]


async def test_urgent_ones_overtake_and_a_modem_can_be_chosen(sending: Sending, smsd: Smsd) -> None:
    """What is urgent goes before what already waits; what is for another modem stays."""
    smsd.name = "modem-1"
    await sending(smsd.database, "thường", To("d-1", PHONE), sender="modem-1")
    await sending(smsd.database, "khẩn", To("d-2", PHONE), urgent=True)
    await sending(smsd.database, "khác", To("d-3", PHONE), sender="modem-2")
    await smsd.send()
    assert [sms.text for sms in smsd.sent] == ["khan", "thuong"]
    assert [row[1] for row in await smsd.outbox()] == ["d-3"]


@pytest.mark.parametrize(
    ("status", "error", "told"),
    [
        ("DeliveryOK", 0, Confirmation(True, "d-1", detail="DeliveryOK")),
        (
            "DeliveryFailed",
            70,
            Confirmation(
                False, "d-1", reason=Reason.UNREACHABLE, detail="DeliveryFailed, StatusCode -1, StatusError 70"
            ),
        ),
        ("DeliveryPending", 48, None),
        ("DeliveryUnknown", 3, None),
    ],
)
async def test_what_the_network_reports(
    sending: Sending, smsd: Smsd, status: str, error: int, told: Confirmation | None
) -> None:
    """Nothing before it was sent, nothing before the report; delivered only when every part is."""
    assert await sending.ask(smsd.database) is None
    await sending(smsd.database, "x" * 200)
    assert await sending.ask(smsd.database) is None
    await smsd.send()
    assert await sending.ask(smsd.database) is None
    await smsd.report("DeliveryOK", only=1)
    assert await sending.ask(smsd.database) is None
    await smsd.report(status, error, only=2)
    assert await sending.ask(smsd.database) == told


@pytest.mark.parametrize("status", ["SendingError", "Error"])
async def test_what_the_modem_could_not_send(sending: Sending, smsd: Smsd, status: str) -> None:
    """With the modem's own code, as soon as smsd gives up."""
    await sending(smsd.database)
    await smsd.send(status, error=38)
    told = Confirmation(False, "d-1", reason=Reason.OTHER, detail=f"{status}, StatusCode 38, StatusError -1")
    assert await sending.ask(smsd.database) == told


async def test_half_a_message_is_not_delivered(sending: Sending, smsd: Smsd) -> None:
    """Its first part arrived, the rest still waits in outbox; nor when the rest was lost on the way."""
    await sending(smsd.database, "x" * 200)
    await smsd.send("DeliveryOK", later=1)
    assert await sending.ask(smsd.database) is None
    await smsd.rows("DELETE FROM outbox")
    assert await sending.ask(smsd.database) is None


async def test_sent_without_a_report_says_nothing_more(sending: Sending, smsd: Smsd) -> None:
    """Where smsd was told to ask for none, the network took it and that is all there is to know."""
    await sending(smsd.database)
    await smsd.send("SendingOKNoReport")
    assert await sending.ask(smsd.database) is None


async def test_an_unavailable_partner_is_tried_again(
    sending: Sending, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that is locked, missing, or not gammu's; the message is not in it afterwards."""
    monkeypatch.setattr(sms_gammu, "BUSY_SECONDS", 0.01)
    with contextlib.closing(sqlite3.connect(file)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        locked = await sending.fails(Unavailable, f"sqlite:///{file}")
    assert (locked.reason, locked.person) == (Reason.BUSY, False) and "bị khóa" in locked.vi
    missing = await sending.fails(Unavailable, f"sqlite:///{tmp_path}/none.db")
    assert (missing.reason, missing.person) == ("database", False) and not (tmp_path / "none.db").exists()
    for name, content in (("empty.db", b""), ("text.db", b"khong phai co so du lieu " * 99)):
        (tmp_path / name).write_bytes(content)
        other = await sending.fails(Unavailable, f"sqlite:///{tmp_path}/{name}")
        assert (other.reason, other.person) == ("database_tables", True)
    assert await Smsd(f"sqlite:///{file}").outbox() == []


async def test_older_tables_call_a_person(sending: Sending, smsd: Smsd) -> None:
    """A column that is missing: nothing was written, not even half."""
    await smsd.rows('ALTER TABLE outbox_multipart RENAME COLUMN "TextDecoded" TO "Decoded"')
    error = await sending.fails(Unavailable, smsd.database, text="x" * 200)
    assert (error.reason, error.person) == ("database_tables", True)
    assert await smsd.outbox() == []


async def test_a_server_that_is_not_there(sending: Sending, postgresql: str, tmp_path: Path) -> None:
    """No socket: later; no such database: a person."""
    error = await sending.fails(Unavailable, f"postgresql://loa@/postgres?host={tmp_path}")
    assert (error.reason, error.person) == ("database", False)
    error = await sending.fails(Unavailable, postgresql.replace("/postgres?", "/none?"))
    assert (error.reason, error.person) == ("database_rights", True)


async def test_no_right_to_write_calls_a_person(sending: Sending, postgresql: str) -> None:
    """An account that may only look."""
    smsd = Smsd(await make_database(postgresql))
    name = f"reader_{uuid.uuid4().hex[:8]}"
    await smsd.rows(f"CREATE ROLE {name} LOGIN")
    error = await sending.fails(Unavailable, smsd.database.replace("loa@", f"{name}@"))
    assert (error.reason, error.person) == ("database_rights", True)


@pytest.mark.parametrize("before", [True, False])
async def test_a_lost_commit_is_unsure_and_found_again(sending: Sending, postgresql: str, before: bool) -> None:
    """Cut just before or just after it: nobody knows, and the next try makes it one message."""
    smsd = Smsd(await make_database(postgresql))
    async with between(smsd.database) as line:
        line.before, line.at = before, 1
        assert (await sending.fails(Unsure, line.url)).reason == "cut_off"
        assert line.cuts == 1 and len(await smsd.outbox()) == (0 if before else 1)
        await sending(line.url)
    await smsd.send()
    assert shown(smsd.sent) == [(PHONE, "Mua lon.", 1)]


async def test_private_address_is_refused_by_default(clock: Any, make: Any) -> None:
    """A server inside needs leave from the configuration, whatever its address says besides."""
    http = Http(clock)
    for query in ("", "?host=/tmp"):
        await Sending(http, make).fails(PrivateAddress, f"postgresql://loa:mat-khau-9@127.0.0.1:9/smsd{query}")
    await http.close()


async def test_no_secret_in_any_error(
    sending: Sending, file: Path, smsd: Smsd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither number nor text nor password, whatever the database says of them."""
    monkeypatch.setattr(sms_gammu, "BUSY_SECONDS", 0.01)
    errors = [await sending.fails(Unavailable, "postgresql://loa:mat-khau-9@127.0.0.1:9/smsd")]
    with contextlib.closing(sqlite3.connect(file)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        errors.append(await sending.fails(Unavailable, f"sqlite:///{file}"))
    await smsd.rows('CREATE UNIQUE INDEX one ON outbox ("DestinationNumber")')
    await sending(smsd.database, to=To("d-0", PHONE))
    errors.append(await sending.fails(Unavailable, smsd.database))
    said = "".join(f"{error.vi}{error.en}{error!r}{error.__cause__!r}" for error in errors)
    assert len(errors) == 3
    assert not [word for word in ("912345678", "mat-khau-9", "Mua lon", str(file)) if word in said]


async def test_cancel_leaves_nothing_open(sending: Sending, file: Path) -> None:
    """While another program holds the file: the thread ends when the file is free; with the next try it is one message."""
    smsd = Smsd(f"sqlite:///{file}")
    with contextlib.closing(sqlite3.connect(file)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        send = asyncio.create_task(sending(smsd.database))
        await asyncio.sleep(0)
        send.cancel()
        with pytest.raises(asyncio.CancelledError):
            await send
    await sending(smsd.database)
    await asyncio.get_running_loop().shutdown_default_executor()
    assert len(await smsd.outbox()) == 1 and asyncio.all_tasks() == {asyncio.current_task()}


async def test_cancel_on_a_server_leaves_nothing_open(sending: Sending, postgresql: str) -> None:
    """While another transaction holds the delivery: the connection is gone, nothing was written."""
    smsd = Smsd(await make_database(postgresql))
    holder = await asyncpg.connect(smsd.database)
    async with holder.transaction():
        await holder.execute("LOCK TABLE outbox")
        send = asyncio.create_task(sending(smsd.database))
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'outbox'::regclass"
        while not await holder.fetchval(waiting):
            await asyncio.sleep(0)
        send.cancel()
        with pytest.raises(asyncio.CancelledError):
            await send
    await holder.close()
    await sending(smsd.database)
    assert len(await smsd.outbox()) == 1


async def test_the_loop_never_waits_for_the_file(sending: Sending, file: Path) -> None:
    """While a send waits for the lock everything else goes on."""
    with contextlib.closing(sqlite3.connect(file)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        send = asyncio.create_task(sending(f"sqlite:///{file}"))
        loop = asyncio.get_running_loop()
        turns = [loop.time()]
        for _ in range(50):
            await asyncio.sleep(0.001)
            turns.append(loop.time())
        assert not send.done()
    await send
    assert max(later - sooner for sooner, later in pairwise(turns)) < sms_gammu.BUSY_SECONDS / 2


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"database": "sqlite:///smsd.db"}, "one of these addresses"),
        ({"database": "mysql://loa@host/smsd"}, "one of these addresses"),
        ({"database": "postgresql:///smsd"}, "one of these addresses"),
        ({"database": "postgresql:///smsd?host=10.0.0.9"}, "one of these addresses"),
        ({"database": "/var/lib/gammu/smsd.db"}, "one of these addresses"),
        ({"sender": "m" * 256}, "sender"),
        ({"per_second": 0}, "per_second"),
        ({"at_once": 0}, "at_once"),
        ({"per_day": -1}, "per_day"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_options_are_named(wrong: dict[str, Any], words: str) -> None:
    """Each mistake is one clear error; a password is never repeated."""
    with pytest.raises(ValidationError) as caught:
        SmsGammuOptions(**({"database": "postgresql://loa:mat-khau-9@db/smsd"} | wrong))
    assert words in str(caught.value) and "mat-khau-9" not in str(caught.value)


def test_the_pace_is_the_modems(sending: Sending) -> None:
    """A message every five seconds, one at a time, unless the office knows better."""
    assert SmsGammu().pace_of(sending.outlet("sqlite:////s.db")) == Pace(0.2, 1, 0)
    assert SmsGammu().pace_of(sending.outlet("sqlite:////s.db", per_second=2, at_once=3, per_day=900)) == Pace(
        2, 3, 900
    )
