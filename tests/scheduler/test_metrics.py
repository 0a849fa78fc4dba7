"""What Prometheus reads: counted by the process, told by the database, valid by the library's own parser."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from channels import store as channels_store
from config.logs import set_up
from db.database import Database
from desk.demo.sms_gateway import SmsGateway
from desk.health import KNOWN_SECONDS, make_probes
from scheduler.backlog.store import open_parcels
from scheduler.delivery import State
from tests.conftest import both
from tests.scheduler.claims import claim, plan
from tests.scheduler.conftest import Office

Read = Callable[[], Awaitable[dict[str, float]]]


@pytest.fixture
async def read(office: Office) -> Any:
    """The samples as a machine reads them, over HTTP: `name{label=value}` to value."""
    async with TestClient(TestServer(make_probes(office.house))) as client:

        async def read() -> dict[str, float]:
            office.clock.advance(KNOWN_SECONDS)
            answer = await client.get("/metrics")
            assert "text/plain; version=0.0.4; charset=utf-8" == answer.headers["Content-Type"]
            samples = {}
            for family in text_string_to_metric_families(await answer.text()):
                assert family.documentation and family.type != "unknown", family.name
                for sample in family.samples:
                    labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
                    name = f"{sample.name}{{{labels}}}" if labels else sample.name
                    assert name not in samples, f"{name} is told twice"
                    samples[name] = sample.value
            return samples

        yield read


@both
async def test_what_came_of_tries_is_counted_by_outlet_and_reason(office: Office, sms: SmsGateway, read: Read) -> None:
    """600 sent and one lost answer; every turn's transaction is in the histogram; nothing is in flight afterwards."""
    await office.audience(600)
    sms.lose(1)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    seen = await read()
    assert 599 == seen["loa_outcomes_total{outcome=sent,outlet=sms,reason=}"]
    assert 1 == seen["loa_outcomes_total{outcome=unsure,outlet=sms,reason=cut_off}"]
    assert (0, 0) == (seen["loa_in_flight{outlet=sms}"], seen["loa_orphans_total{outlet=sms}"])
    assert seen["loa_turn_seconds_count{outlet=sms}"] >= 2
    assert seen["loa_turn_seconds_sum{outlet=sms}"] > 0
    assert seen["loa_width{outlet=sms}"] >= 1
    assert 1 == seen["loa_deliveries{outlet=sms,state=pending}"]
    assert seen["process_resident_memory_bytes"] > 0
    assert 1 == sum(value for name, value in seen.items() if name.startswith("loa_build_info{version="))


@both
async def test_due_and_lag_of_what_nobody_sends(office: Office, read: Read) -> None:
    """Two outlets of 700 recipients each: due, late, in doubt and the age of a lease that nobody renews, apart."""
    await office.audience(700)
    await office.schedule(await office.item(), "sms", "sms-once", audience="Bản A")
    assert (0, 0) == ((await read())["loa_due{outlet=sms}"], (await read())["loa_lag_seconds{outlet=sms}"])
    assert 3 * KNOWN_SECONDS == (await read())["loa_schedule_lag_seconds"]
    begun = office.clock.now()
    await plan(office)
    await claim(office, "sms", 4)
    office.clock.advance(40 - KNOWN_SECONDS)
    seen = await read()
    assert (696, 700) == (seen["loa_due{outlet=sms}"], seen["loa_due{outlet=sms-once}"])
    assert 40 == (office.clock.now() - begun).total_seconds()
    assert (40, 40) == (seen["loa_lag_seconds{outlet=sms}"], seen["loa_lease_age_seconds{outlet=sms}"])
    assert 0 == seen["loa_lease_age_seconds{outlet=sms-once}"]
    assert (4, 696) == tuple(seen[f"loa_deliveries{{outlet=sms,state={state}}}"] for state in ("sending", "pending"))
    await office.house.runner._sweeper.rescue()
    assert 700 == (await read())["loa_due{outlet=sms}"], "what is to be sent again is due again"


async def test_what_was_done_costs_nothing(office: Office, read: Read) -> None:
    """Parcels with every outcome are not among those looked at."""
    await office.audience(600)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    await office.drain()
    seen = await read()
    assert {0.0} == {value for name, value in seen.items() if name.startswith(("loa_deliveries", "loa_due", "loa_lag"))}
    assert {State.SENT: 600} == await office.states()
    query = str(open_parcels(office.clock.now()).compile(compile_kwargs={"literal_binds": True}))
    async with office.house.database.read() as connection:
        plan = " ".join(row.detail for row in await connection.execute(text(f"EXPLAIN QUERY PLAN {query}")))
    assert "parcel.state IN ('open', 'sent_out')" in query
    assert "SEARCH parcel USING INDEX parcel_turn (outlet=? AND state=?)" in plan


async def test_a_gateway_that_is_down_opens_the_breaker(office: Office, sms: SmsGateway, read: Read) -> None:
    """Closed, resting, and then one probe at a time; a pause is shown as well."""
    await office.audience(40)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    sms.lose(100)
    assert "loa_breaker{outlet=sms}" not in await read()
    await office.drain()
    assert 2 == (await read())["loa_breaker{outlet=sms}"]
    office.clock.advance(10)
    assert 1 == (await read())["loa_breaker{outlet=sms}"]
    sms._to_lose = 0
    await office.drain()
    assert 0 == (await read())["loa_breaker{outlet=sms}"]
    async with office.house.database.write() as tx:
        await channels_store.pause_outlet(tx, "sms", office.clock.now(), "Hùng", "bảo trì")
    seen = await read()
    assert (1, 0) == (seen["loa_outlet_paused{outlet=sms}"], seen["loa_outlet_paused{outlet=portal}"])


async def test_waits_for_a_pace_are_counted(office: Office, read: Read) -> None:
    """Zalo's account takes so many a second and no more."""
    await office.audience(30, scheme="zalo")
    await office.schedule(await office.item(), "zalo", audience="Bản A")
    await office.drain()
    assert (await read())["loa_pace_wait_seconds_total{outlet=zalo}"] > 0


async def test_many_who_ask_ask_the_database_once(office: Office, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may ask, and however often."""
    asked = 0
    look = Database.read

    def counting(database: Database) -> Any:
        nonlocal asked
        asked += 1
        return look(database)

    monkeypatch.setattr(Database, "read", counting)
    async with TestClient(TestServer(make_probes(office.house))) as client:
        answers = await asyncio.gather(*(client.get("/metrics") for _ in range(20)))
        assert [200] * 20 == [answer.status for answer in answers]
    assert 1 == asked


@contextlib.contextmanager
def logged() -> Iterator[list[dict[str, Any]]]:
    """The lines the process logs meanwhile, as JSON at the level info."""
    lines: list[dict[str, Any]] = []
    root, office = logging.getLogger(), logging.getLogger("loa")
    kept, levels = root.handlers[:], (root.level, office.level)
    with contextlib.redirect_stderr(io.StringIO()) as told:
        set_up("info", "json")
        yield lines
    lines += [json.loads(line) for line in told.getvalue().splitlines()]
    root.handlers[:] = kept
    root.setLevel(levels[0])
    office.setLevel(levels[1])


async def test_a_dispatch_is_a_line_and_not_a_line_a_delivery(office: Office, sms: SmsGateway) -> None:
    """1,500 recipients, three of them unanswered at first: one line says that the occurrence is done."""
    await office.audience(1500)
    sms.lose(3)
    await office.schedule(await office.item(), "sms", audience="Bản A")
    with logged() as lines:
        await office.drain()
        office.clock.advance(10)
        await office.drain()
    assert {State.SENT: 1500} == await office.states()
    assert [("info", "occurrences_done", 1)] == [(one["level"], one["event"], one["count"]) for one in lines]
