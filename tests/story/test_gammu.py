"""The real gammu-smsd between the kind `sms_gammu` and Gammu's dummy phone, on a SQLite file with gammu's own tables."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from channels.channel import Confirmation, Outlet, Receipt, To
from channels.http import Http
from channels.kinds.sms_gammu import SmsGammu, SmsGammuOptions
from config.clock import FakeClock
from content.bulletin import Bulletin, BulletinClass, Part
from content.short import sms_length
from tests.channels.partners.smsd import Sms, Smsd, make_file, shown

MISSING = "no gammu-smsd with SQLite here (apt-get install gammu-smsd libdbd-sqlite3); .ci/run installs it"
DRIVER = next(Path("/usr/lib").glob("*/dbd/libdbdsqlite3.so"), None)
pytestmark = pytest.mark.skipif(shutil.which("gammu-smsd") is None or DRIVER is None, reason=MISSING)

PHONE = "+84912345678"
SHORT = "Lũ ống trên suối Nậm Ca: bà con bản Ỉa, bản Ẳng sơ tán ngay!"
LONG = (SHORT + " Nghe loa xã lúc 5 giờ, 11 giờ, 17 giờ; gọi 0212 3866 114.\n") * 3


class Modem:
    """A gammu-smsd in its own directory, and an outlet on its database."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.tables = Smsd(make_file(place / "smsd.db"))
        self._http = Http(FakeClock())
        self._running: asyncio.subprocess.Process | None = None

    def outlet(self, **more: Any) -> Outlet[SmsGammuOptions]:
        """The outlet that fits it, with changes."""
        told = {"database": self.tables.database, "sender": "modem-1", "unaccented": False}
        return Outlet("sms", "SMS", SmsGammuOptions(**(told | more)), "", None)  # type: ignore[arg-type]

    async def send(self, text: str, name: str = "d-1", **more: Any) -> Receipt:
        """One send by the kind."""
        part = Part("i", "r", "d", "s", "t", "a", "s", text, "c")
        bulletin = Bulletin("b", BulletinClass.NORMAL, "Xã", FakeClock().now(), None, (part,))
        return await SmsGammu().send(bulletin, self.outlet(**more), To(name, PHONE), self._http)

    async def ask(self, name: str = "d-1") -> Confirmation | None:
        """What became of a delivery."""
        return await SmsGammu().ask(To(name, PHONE), "", self.outlet(), self._http)

    async def has_sent(self) -> list[Sms]:
        """What the phone was given, as soon as outbox is empty."""
        async with asyncio.timeout(30):
            while await self.tables.outbox():
                assert self._running is None or self._running.returncode is None, self._said()
                await asyncio.sleep(0.05)  # there is nothing to wait for but its tables
        rows = await self.tables.rows(
            'SELECT "DestinationNumber", "Coding", "UDH", "Text" FROM sentitems ORDER BY "ID", "SequencePosition"'
        )
        return [Sms(number, coding, udh, bytes.fromhex(text).decode("utf-16-be")) for number, coding, udh, text in rows]

    async def start(self, *more: str) -> None:
        """The daemon, with more lines in its configuration."""
        (self._place / "phone").mkdir(exist_ok=True)
        (self._place / "smsdrc").write_text(self._configuration("\n".join(more)), encoding="utf-8")
        with (self._place / "smsd.out").open("wb") as out:
            command = ("gammu-smsd", "--config", "smsdrc", "--max-failures", "0")
            self._running = await asyncio.create_subprocess_exec(*command, cwd=self._place, stdout=out, stderr=out)

    async def stop(self) -> None:
        """Both, and our client."""
        await self._http.close()
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                self._running.kill()
            await self._running.wait()

    def _said(self) -> str:
        return "".join(
            path.read_text(errors="replace") for path in (self._place / "smsd.out", self._place / "smsd.log")
        )

    def _configuration(self, more: str) -> str:
        return f"""
[gammu]
model = dummy
connection = none
device = {self._place}/phone

[smsd]
service = sql
driver = sqlite3
dbdir = {self._place}/
database = smsd.db
phoneid = modem-1
logfile = {self._place}/smsd.log
debuglevel = 1
commtimeout = 1
loopsleep = 0
checksecurity = 0
checkbattery = 0
checksignal = 0
checknetwork = 0
statusfrequency = 0
{more}
"""


@pytest.fixture
async def modem(tmp_path: Path) -> AsyncIterator[Modem]:
    """Tables, and no daemon yet."""
    modem = Modem(tmp_path)
    try:
        yield modem
    finally:
        await modem.stop()


async def test_vietnamese_arrives_whole(modem: Modem) -> None:
    """With every accent, in one part or in several that the phone joins; sent is not delivered."""
    await modem.start()
    longest = (LONG * 2)[: SmsGammu.limit]
    for name, text, more in (
        ("d-1", SHORT, {}),
        ("d-2", LONG, {}),
        ("d-3", longest, {}),
        ("d-4", longest, {"unaccented": True}),
        ("d-5", "Họp xã 😀 nhà văn hoá", {}),
        ("d-6", "Gia {100} [kg] ~ 5 € | \\ ^ @ $ _ à è é", {}),
    ):
        await modem.send(text, name, **more)
    messages = shown(await modem.has_sent())
    assert [(text, parts) for _, text, parts in messages[:3]] == [(SHORT, 1), (LONG, 6), (longest, 7)]
    plain, parts = messages[3][1:]
    assert plain.startswith("Lu ong tren suoi Nam Ca: ba con ban Ia, ban Ang") and (len(plain), parts) == (459, 3)
    assert [text for _, text, _ in messages[4:]] == [
        "Họp xã 😀 nhà văn hoá",
        "Gia {100} [kg] ~ 5 € | \\ ^ @ $ _ à è é",
    ]
    assert [await modem.ask(f"d-{number}") for number in range(1, 7)] == [None] * 6


async def test_parts_are_as_the_network_takes_them(modem: Modem) -> None:
    """Each within its limit beside the header, in the coding it needs; what we count is what the operator bills."""
    await modem.start()
    texts = ("ở" * 70, "ở" * 71, "x" * 160, "x" * 161, "x" * 152 + "€" + "x" * 153)
    for number, text in enumerate(texts):
        await modem.send(text, f"d-{number}")
    parts = await modem.has_sent()
    assert [(text, count) for _, text, count in shown(parts)] == [(text, sms_length(text).segments) for text in texts]
    most = {"Unicode_No_Compression": (70, 67), "Default_No_Compression": (160, 153)}
    assert all(part.units <= most[part.coding][bool(part.udh)] for part in parts)
    assert {part.coding for part in parts if "ở" in part.text} == {"Unicode_No_Compression"}


async def test_the_same_delivery_is_one_message(modem: Modem) -> None:
    """Twice before the daemon runs, and over and over while it works."""
    receipt = await modem.send(LONG)
    again = Receipt(receipt.reference, "đã ghi từ lần trước")
    assert await modem.send(LONG) == again
    await modem.start()
    tries = 0
    while tries < 2000 and await modem.tables.outbox():
        assert await modem.send(LONG) == again
        tries += 1
    assert shown(await modem.has_sent()) == [(PHONE, LONG, 6)]
    assert await modem.send(LONG) == again
    assert shown(await modem.has_sent()) == [(PHONE, LONG, 6)]


async def test_the_networks_report_is_read_back(modem: Modem) -> None:
    """Each part was sent with a request for a report (`SendingOK`); when all say delivered, so do we."""
    await modem.start()
    await modem.send(LONG)
    await modem.has_sent()
    assert {status for (status,) in await modem.tables.rows('SELECT "Status" FROM sentitems')} == {"SendingOK"}
    await modem.tables.report("DeliveryOK")  # the dummy phone gets no reports: this is smsd's own statement
    assert await modem.ask() == Confirmation(True, "d-1", detail="DeliveryOK")
    await modem.tables.report("DeliveryFailed", 70, only=2)
    told = await modem.ask()
    assert told is not None and told.stage == "failed" and "StatusError 70" in told.detail
