"""The real Kannel (bearerbox and smsbox) between the kind `sms_kannel` and an operator's centre that speaks SMPP 3.4."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from channels.channel import Confirmation, Outlet, Receipt, To, Unavailable
from channels.http import Http
from channels.kinds.sms_kannel import SmsKannel, SmsKannelOptions
from channels.reasons import Reason
from config.clock import FakeClock
from content.bulletin import Bulletin, BulletinClass, Part
from content.short import sms_length
from desk.demo.stage import free_port
from tests.channels.partners.served import Hook
from tests.story.smpp import BAD_ADDRESS, PASSWORD, SYSTEM_ID, Centre

MISSING = "no bearerbox here (apt-get install kannel); .ci/run installs it"
pytestmark = pytest.mark.skipif(shutil.which("bearerbox") is None, reason=MISSING)

PHONE, OTHER = "+84912345678", "+84987654321"
SHORT = "Lũ ống trên suối Nậm Ca: bà con bản Ỉa, bản Ẳng sơ tán ngay!"
LONG = (SHORT + " Nghe loa xã lúc 5 giờ, 11 giờ, 17 giờ; gọi 0212 3866 114.\n") * 3


class Gateway:
    """A Kannel in its own directory, the house's listener, and an outlet on it."""

    def __init__(self, place: Path, hook: Hook, centre_port: int) -> None:
        self.hook, self._place, self._centre_port = hook, place, centre_port
        self._admin, self._boxes, self._sendsms = free_port(), free_port(), free_port()
        self._http = Http(FakeClock(), ["127.0.0.0/8"])
        self._running: list[asyncio.subprocess.Process] = []

    def outlet(self, **more: Any) -> Outlet[SmsKannelOptions]:
        """The outlet that fits it, with changes."""
        told = {
            "url": f"http://127.0.0.1:{self._sendsms}/cgi-bin/sendsms",
            "username": "loa",
            "password": "kannel-01",
            "sender": "XAMOCCHAU",
            "unaccented": False,
            "max_messages": 7,
            "callback_secret": "khoa-goi-lai-01",
        }
        return Outlet("sms", "SMS", SmsKannelOptions(**(told | more)), self.hook.url, None)  # type: ignore[arg-type]

    async def send(self, text: str, name: str = "d-1", phone: str = PHONE, **more: Any) -> Receipt:
        """One send by the kind."""
        part = Part("i", "r", "d", "s", "t", "a", "s", text, "c")
        bulletin = Bulletin("b", BulletinClass.NORMAL, "Xã", FakeClock().now(), None, (part,))
        return await SmsKannel().send(bulletin, self.outlet(**more), To(name, phone), self._http)

    async def confirmed(self, count: int) -> list[Confirmation]:
        """What the kind reads from the calls of dlr-url, as soon as so many have come."""
        await self.hook.has_come(count)
        return [one for call in self.hook.calls for one in SmsKannel().confirm(call, self.outlet())]

    async def start(self) -> None:
        """Bearerbox, then smsbox; until smsbox listens."""
        (self._place / "spool").mkdir()
        (self._place / "kannel.conf").write_text(self._configuration(), encoding="ascii")
        for box, port in (("bearerbox", self._boxes), ("smsbox", self._sendsms)):
            with (self._place / f"{box}.out").open("wb") as out:
                command = (box, "-v", "2", "kannel.conf")
                process = await asyncio.create_subprocess_exec(*command, cwd=self._place, stdout=out, stderr=out)
            self._running.append(process)
            await self._listens(process, port)

    async def _listens(self, process: asyncio.subprocess.Process, port: int) -> None:
        while process.returncode is None:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)  # there is nothing to wait for but its socket
        raise AssertionError("".join(file.read_text(errors="replace") for file in self._place.glob("*.out")))

    async def stop(self) -> None:
        """Both, and our client."""
        await self._http.close()
        for process in reversed(self._running):
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _configuration(self) -> str:
        return f"""
group = core
admin-port = {self._admin}
admin-password = quan-tri-01
smsbox-port = {self._boxes}
box-allow-ip = "127.0.0.1"
box-deny-ip = "*.*.*.*"
store-type = spool
store-location = "{self._place}/spool"

group = smsc
smsc = smpp
smsc-id = nhamang
host = 127.0.0.1
port = {self._centre_port}
transceiver-mode = true
smsc-username = {SYSTEM_ID}
smsc-password = {PASSWORD}
system-type = ""
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {self._sendsms}

group = sendsms-user
username = loa
password = kannel-01
max-messages = 7
concatenation = true
user-deny-ip = "*.*.*.*"
user-allow-ip = "127.0.0.1"
"""


@pytest.fixture
async def centre() -> AsyncIterator[Centre]:
    """An operator that refuses one number."""
    async with Centre({OTHER[1:]: BAD_ADDRESS}) as centre:
        yield centre
    assert centre.broken == []


@pytest.fixture
async def gateway(tmp_path: Path, centre: Centre) -> AsyncIterator[Gateway]:
    """Kannel, bound to the operator."""
    async with Hook() as hook:
        gateway = Gateway(tmp_path, hook, centre.port)
        try:
            async with asyncio.timeout(20):
                await gateway.start()
                await centre.bound.wait()
            yield gateway
        finally:
            await gateway.stop()


async def test_vietnamese_arrives_whole(gateway: Gateway, centre: Centre) -> None:
    """With every accent, in one part or in several that the phone joins; one receipt for each message."""
    assert len(SHORT) <= 70 and 201 < len(LONG) <= SmsKannel.limit
    assert await gateway.send(SHORT) == Receipt("", "0: Accepted for delivery")
    assert await centre.shows(PHONE[1:], 1) == [(SHORT, 8, 1)]
    await gateway.send(LONG, "d-2")
    assert (await centre.shows(PHONE[1:], 2))[1] == (LONG, 8, -(-len(LONG) // 67))
    assert {part.sender for part in centre.submitted} == {"XAMOCCHAU"}
    for part in centre.submitted:
        centre.report(part, "DELIVRD", "000")
    delivered = [Confirmation(True, name, detail="DELIVRD err:000") for name in ("d-1", "d-2")]
    assert sorted(await gateway.confirmed(2), key=lambda one: one.delivery) == delivered


async def test_the_longest_text_arrives_whole(gateway: Gateway, centre: Centre) -> None:
    """Accented in seven parts, without accents in three."""
    longest = (LONG * 2)[: SmsKannel.limit]
    await gateway.send(longest)
    assert await centre.shows(PHONE[1:], 1) == [(longest, 8, 7)]
    await gateway.send(longest, "d-2", unaccented=True)
    plain, coding, parts = (await centre.shows(PHONE[1:], 2))[1]
    assert plain.startswith("Lu ong tren suoi Nam Ca: ba con ban Ia, ban Ang") and len(plain) == len(longest)
    assert (coding, parts) == (0, 3)


@pytest.mark.parametrize(
    ("text", "coding", "parts"),
    [
        ("Gia {100} [kg] ~ 5 € | \\ ^ @ $ _ à è é", 0, 1),
        ("€" * 80, 0, 1),
        ("€" * 81, 0, 2),
        ("a" * 152 + "€" + "b" * 160, 0, 3),
        ("ở" * 70, 8, 1),
        ("ở" * 71, 8, 2),
        ("\N{MUSICAL SYMBOL G CLEF}" * 54, 8, 2),
    ],
    ids=("signs", "80 euro", "81 euro", "euro at the cut", "70 letters", "71 letters", "two units each"),
)
async def test_parts_are_counted_as_kannel_counts_them(
    gateway: Gateway, centre: Centre, text: str, coding: int, parts: int
) -> None:
    """Signs of two units, letters outside the first plane, and both limits: what we count is what the operator bills."""
    await gateway.send(text)
    assert await centre.shows(PHONE[1:], 1) == [(text, coding, parts)]
    assert sms_length(text).segments == parts


async def test_a_refused_number_ends_failed(gateway: Gateway, centre: Centre) -> None:
    """Kannel accepts it, the operator does not: it calls back with 16, and the operator's code says why."""
    await gateway.send(SHORT, phone=OTHER)
    (failed,) = await gateway.confirmed(1)
    assert centre.turned_away == [(OTHER[1:], BAD_ADDRESS)]
    assert (failed.stage, failed.delivery, failed.reason) == ("failed", "d-1", Reason.NUMBER)
    assert failed.detail.startswith("0x0000000b/")


async def test_a_phone_that_is_off_ends_failed(gateway: Gateway, centre: Centre) -> None:
    """The receipt says UNDELIV; neither number nor text comes into our log with it."""
    await gateway.send(SHORT)
    await centre.shows(PHONE[1:], 1)
    centre.report(centre.submitted[0], "UNDELIV", "027")
    assert await gateway.confirmed(1) == [
        Confirmation(False, "d-1", reason=Reason.UNREACHABLE, detail="UNDELIV err:027")
    ]


async def test_a_wrong_password_calls_a_person(gateway: Gateway) -> None:
    """Kannel says no by 403, and the outlet is paused."""
    with pytest.raises(Unavailable) as caught:
        await gateway.send(SHORT, password="sai-mat-khau")
    assert caught.value.person and caught.value.reason == Reason.ACCOUNT
    assert "Authorization failed" in caught.value.en and "sai-mat-khau" not in caught.value.en


async def test_what_waits_for_the_operator_arrives_later(tmp_path: Path) -> None:
    """While the line to the operator is down Kannel keeps what it accepts, and sends it when the line is there again."""
    port = free_port()
    async with Hook() as hook:
        gateway = Gateway(tmp_path, hook, port)
        try:
            async with asyncio.timeout(20):
                await gateway.start()
            assert await gateway.send(SHORT) == Receipt("", "3: Queued for later delivery")
            async with Centre(port=port) as centre:
                assert await centre.shows(PHONE[1:], 1) == [(SHORT, 8, 1)]
                centre.report(centre.submitted[0], "DELIVRD", "000")
                assert [one.stage for one in await gateway.confirmed(1)] == ["delivered"]
        finally:
            await gateway.stop()
