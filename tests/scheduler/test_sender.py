"""Sender: what a channel's own fault means."""

from __future__ import annotations

import logging

import pytest

from channels.channel import Channel, Form, Options, Outlet, Receipt, To
from channels.http import Http
from channels.outlet import InService
from channels.store import SealedKeep
from config.clock import FakeClock
from content.bulletin import Bulletin, BulletinClass, Order
from db.database import Database
from scheduler.delivery import Parcel, State
from scheduler.outcome import job
from scheduler.sender import TELL_SECONDS, Sender


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> Channel[Options]:
    """A plug-in with a mistake in it."""
    monkeypatch.setattr(Channel, "registry", dict(Channel.registry))

    class Faulty(Channel[Options]):
        kind = "faulty"
        title_vi = title_en = "Faulty"
        form = Form.SHORT
        options = Options

        async def send(self, bulletin: Bulletin, outlet: Outlet[Options], to: To, http: Http) -> Receipt:
            raise ZeroDivisionError

    return Faulty()


async def test_a_fault_of_the_channels_code_is_doubt_and_is_told_once_a_minute(
    faulty: Channel[Options], database: Database, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """What had left is not known: each is repeated in doubt, and each try is logged; the trace is not, for each."""
    at = InService(
        faulty, Outlet("x", "X", Options(), "https://loa.example", SealedKeep(database, clock, bytes(32), "x"))
    )
    bulletin = Bulletin("o", BulletinClass.NORMAL, "UBND", clock.now(), None, ())
    order = Order("o", BulletinClass.NORMAL, clock.now(), ())
    people = [[f"+8498100010{number}", ""] for number in range(3)]
    until = int(clock.now().timestamp() * 1000) + 3_600_000
    parcel = Parcel(1, 2, 0, until, 1, order, people, [], first=True, bulletin=bulletin)
    http = Http(clock)
    sender = Sender(clock, http)
    with caplog.at_level(logging.ERROR):
        outcomes = [await sender.send(at, job(parcel, seq, 0, "first")) for seq in range(3)]
        assert 1 == len(caplog.records)
        clock.advance(TELL_SECONDS)
        await sender.send(at, job(parcel, 0, 1, "retry"))
        assert 2 == len(caplog.records)
    assert {(State.PENDING, "doubt")} == {(one.state, one.why) for one in outcomes}
    assert {"fault"} == {one.tried.reason for one in outcomes if one.tried}
    await http.close()
