"""Partners asked what became of what they took: in bulk, paced, with growing pauses, by one process at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import func, select

from channels.reasons import Reason
from config.clock import FakeClock
from config.settings import Settings
from desk.app import opened
from scheduler.delivery import State
from scheduler.inquirer import LEASE
from scheduler.inquiry.store import inquiry
from scheduler.log import store as log_store
from tests.channels.partners.esms import Esms
from tests.channels.partners.smsd import Smsd, make_file
from tests.channels.partners.speedsms import SpeedSms
from tests.channels.partners.wordpress import PASSWORD, FakeWordPress
from tests.conftest import both
from tests.scheduler.conftest import Office

AWAY = "0980000003"


class AskedEsms(Esms):
    """Counts the questions by SMSID, each with its steady moment; holds them when told to."""

    def __init__(self, clock: FakeClock, **more: Any) -> None:
        super().__init__(clock, **more)
        self.asked: list[tuple[str, float]] = []
        self.came, self.open = asyncio.Event(), asyncio.Event()
        self.open.set()

    async def _status(self, request: web.Request) -> web.Response:
        self.asked.append((request.query["RefId"], self.clock.steady()))
        self.came.set()
        await self.open.wait()
        return await super()._status(request)


@pytest.fixture
async def esms(clock: FakeClock) -> AsyncIterator[AskedEsms]:
    """An account one of whose numbers cannot be reached."""
    async with AskedEsms(clock, unreachable=frozenset({AWAY})) as esms:
        yield esms
        esms.open.set()


@pytest.fixture
def office_settings(plain_settings: dict[str, Any], esms: AskedEsms) -> dict[str, Any]:
    """An account of eSMS that is given no address to report to, ten a second."""
    esms_options = esms.options(callback_secret=None, per_second=10)
    plain_settings["outlets"] |= {"esms": {"kind": "sms_esms", **esms_options}}
    return plain_settings


async def send(office: Office, count: int, outlet: str = "esms") -> None:
    """Send to so many."""
    await office.audience(count)
    await office.schedule(await office.item(), outlet, audience="Bản A")
    await office.drain()
    assert {State.SENT: count} == await office.states()


async def to_ask(office: Office) -> int:
    """How many parcels are to be asked about."""
    async with office.house.database.read() as connection:
        return len((await connection.execute(select(inquiry))).all())


async def next_question(office: Office) -> datetime | None:
    """When the next one is due."""
    async with office.house.database.read() as connection:
        found: datetime | None = (await connection.execute(select(func.min(inquiry.c.due_at)))).scalar_one()
    return found


async def ask(office: Office) -> int:
    """Let the house ask for as long as it has something due and time for it; how many deliveries it asked about."""
    return await office.house.runner._inquirer.inquire()


@both
async def test_what_was_taken_is_asked_about_and_settled(office: Office, esms: AskedEsms) -> None:
    """Nobody is asked before two minutes; then each once, at the outlet's pace; eSMS's own words are kept."""
    await send(office, 30)
    assert 0 == await ask(office) and not esms.asked
    esms.finish()
    office.clock.advance(120)
    assert 30 == await ask(office)
    assert 30 == len({reference for reference, _ in esms.asked}) == len(esms.asked)
    moments = sorted(moment for _, moment in esms.asked)
    assert moments[-1] - moments[0] >= 29 / 10 - 0.01
    assert {State.CONFIRMED: 29, State.FAILED: 1} == await office.states()
    (failed,) = await office.deliveries(states=(State.FAILED,))
    async with office.house.database.read() as connection:
        (said,) = (await log_store.story(connection, failed.id)).receipts
    assert (Reason.UNREACHABLE, "failed") == (said.reason, said.stage) and "SendFailed 1" in said.detail
    office.clock.advance(3600)
    assert 0 == await ask(office) and 0 == await to_ask(office)


@both
async def test_the_pauses_grow_until_the_window_is_over(office: Office, esms: AskedEsms) -> None:
    """Three days of one message that never arrives: some twenty questions, ever further apart, and then none."""
    await send(office, 1)
    begun, asked = office.clock.now(), list[float]()
    while moment := await next_question(office):
        office.clock.advance(max(0.0, (moment - office.clock.now()).total_seconds()))
        asked += [round((office.clock.now() - begun).total_seconds() / 60, 2)] * await ask(office)
    pauses = [later - sooner for sooner, later in pairwise(asked)]
    assert 15 <= len(asked) <= 40 and pauses == pytest.approx(sorted(pauses), abs=0.1) and 360 == round(pauses[-1])
    assert 2 * 24 * 60 < asked[-1] <= 3 * 24 * 60 + 360
    assert {State.SENT: 1} == await office.states()


@both
async def test_two_processes_do_not_ask_twice(office: Office, esms: AskedEsms, office_settings: dict[str, Any]) -> None:
    """They share the parcels, and the pace."""
    for name in ("Bản A", "Bản B", "Bản C"):
        await office.audience(20, name=name)
        await office.schedule(await office.item(), "esms", audience=name)
    await office.drain()
    esms.finish()
    office.clock.advance(120)
    async with opened(Settings.model_validate(office_settings), office.clock) as other:
        while await to_ask(office):
            await asyncio.gather(ask(office), other.runner._inquirer.inquire())
            office.clock.advance(121)
    assert 60 == len({reference for reference, _ in esms.asked}) == len(esms.asked)
    assert {State.CONFIRMED: 57, State.FAILED: 3} == await office.states()


@both
async def test_who_dies_over_a_question_leaves_it_to_the_next(office: Office, esms: AskedEsms) -> None:
    """After the lease another goes on where it was, and what had been answered before is not asked again."""
    await send(office, 6)
    esms.finish()
    office.clock.advance(120)
    esms.open.clear()
    asking = asyncio.create_task(ask(office))
    await esms.came.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    esms.open.set()
    before = len(esms.asked)
    assert 0 == await ask(office)
    office.clock.advance(LEASE.total_seconds())
    assert 6 == await ask(office)
    assert 6 == len(esms.asked) - before
    assert {State.CONFIRMED: 5, State.FAILED: 1} == await office.states()


@both
async def test_what_waits_to_be_sent_goes_first(office: Office, esms: AskedEsms) -> None:
    """No question while anything is due; an outlet that is paused asks nothing either."""
    await send(office, 3)
    esms.finish()
    office.clock.advance(120)
    await office.audience(5, name="Bản B")
    await office.schedule(await office.item("Tin khác"), "esms", audience="Bản B")
    await office.house.runner._planner.plan()
    assert 0 == await ask(office) and not esms.asked
    await office.drain()
    assert 3 == len(esms.asked)


async def test_a_question_that_fails_is_put_off(office: Office, esms: AskedEsms) -> None:
    """The partner is away: that costs nobody anything but a pause."""
    await send(office, 2)
    esms.finish()
    office.clock.advance(120)
    await esms._runner.cleanup()
    assert 2 == await ask(office)
    assert 0 == await ask(office) and 1 == await to_ask(office)
    assert {State.SENT: 2} == await office.states()


async def test_a_state_only_moves_forward(office: Office, esms: AskedEsms) -> None:
    """A report came before the answer: the answer changes nothing, and nobody asks again."""
    await send(office, 1)
    (one,) = await office.deliveries()
    async with office.house.database.write() as tx:
        await office.house.handling._change(tx, one.id, State.CONFIRMED, "Hùng", "resolve", "gọi điện")
    esms.unreachable = frozenset({"0980000000"})
    esms.finish()
    office.clock.advance(120)
    assert 0 == await ask(office)
    assert {State.CONFIRMED: 1} == await office.states() and 0 == await to_ask(office)


async def test_an_unsure_one_keeps_the_partners_words(office: Office, clock: FakeClock, plain_settings: Any) -> None:
    """What was asked because an answer was lost is told with reason and words too."""
    async with SpeedSms(clock, statuses={"84980000000": 65}) as partner:
        plain_settings["outlets"] = {"speed": {"kind": "sms_speedsms", **partner.options(per_second=10)}}
        async with opened(Settings.model_validate(plain_settings), clock) as house:
            commune = Office(house, clock)
            await send(commune, 1, "speed")
            (one,) = await commune.deliveries()
            async with house.database.write() as tx:
                await tx.exec_driver_sql("UPDATE parcel SET letters = 'u', state = 'sent_out'")
                await house.handling._try_now(tx, one.id, "ask")
            await commune.drain()
            assert {State.FAILED: 1} == await commune.states()
            async with house.database.read() as connection:
                (said,) = (await log_store.story(connection, one.id)).receipts
            assert (Reason.UNREACHABLE, "không phát được (status 65)") == (said.reason, said.detail)


async def test_a_modems_tables_are_asked_in_bulk(tmp_path: Path, clock: FakeClock, plain_settings: Any) -> None:
    """What the network reported stands in sentitems; hundreds are read in a few transactions, beside the modem's pace."""
    url = make_file(tmp_path / "smsd.db")
    smsd = Smsd(url)
    options = {"database": url, "per_second": 500, "at_once": 8}
    plain_settings["outlets"] = {"modem": {"kind": "sms_gammu", **options}}
    async with opened(Settings.model_validate(plain_settings), clock) as house:
        office = Office(house, clock)
        await send(office, 30, "modem")
        await smsd.send()
        clock.advance(60)
        assert 30 == await ask(office)
        assert {State.SENT: 30} == await office.states()
        await smsd.report("DeliveryOK")
        clock.advance(60)
        await office.drain()
        assert {State.CONFIRMED: 30} == await office.states()


async def test_a_post_is_read_as_a_stranger_reads_it(clock: FakeClock, plain_settings: Any) -> None:
    """A minute after it was taken; one that the site holds back stays sent, until somebody there publishes it."""
    site = FakeWordPress()
    async with TestServer(site.app) as server:
        site.url = str(server.make_url("")).rstrip("/")
        told = {"url": site.url, "login": "editor", "application_password": PASSWORD}
        plain_settings["outlets"] = {"site": {"kind": "wordpress", **told}}
        async with opened(Settings.model_validate(plain_settings), clock) as house:
            office = Office(house, clock)
            await office.schedule(await office.item(), "site")
            await office.drain()
            (post,) = site.posts.values()
            for status, state in (("pending", State.SENT), ("publish", State.CONFIRMED)):
                post["status"] = status
                clock.advance(60)
                assert 1 == await ask(office)
                assert {state: 1} == await office.states()
            clock.advance(3600)
            assert 0 == await ask(office) and 0 == await to_ask(office)


@both
async def test_kinds_that_ask_nothing_leave_nothing_to_ask(office: Office) -> None:
    """A station's delivery has no row."""
    await office.schedule(await office.item(), "portal")
    await office.drain()
    assert 0 == await to_ask(office)
