"""The database fails at every statement in turn, and goes on: nothing is lost, doubled or unlogged, and no actor dies of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from channels import store as channels_store
from channels.channel import Channel, Confirmation, To
from channels.http import Http
from channels.kinds.sms_http import SmsHttp
from config.clock import FakeClock
from config.settings import Settings
from db.database import Database, DatabaseTrouble
from desk.app import House, opened
from desk.demo.sms_gateway import SmsGateway
from scheduler.delivery import DONE, Delivery
from scheduler.log import store as log_store
from scheduler.schedule import Rule
from tests.conftest import copied
from tests.go_between import GoBetween, between
from tests.scheduler.conftest import Office
from tests.scheduler.faulty import FAULTS, Fault, faulty

SOAK = bool(os.environ.get("LOA_SOAK"))
PEOPLE = 6
OUTLETS = ("sms", "asked", "portal")
LOST = 2
REPORTS = 2
RECEIPTS = REPORTS + LOST
"""What partners report, and what the one says that is asked about those whose answers were lost."""
REAL_SECONDS, SECONDS = 0.002, 0.3
QUEUES = "(SELECT count(*) FROM waiting), (SELECT count(*) FROM orphan)"
OPEN = "(SELECT count(*) FROM occurrence WHERE state <> 'done'), (SELECT count(*) FROM callback WHERE state = 'new')"
KEPT = "(SELECT count(*) FROM parcel WHERE owner IS NOT NULL), (SELECT count(*) FROM shelf)"
TOLD = "(SELECT count(*) FROM parcel WHERE outlet = 'sms' AND state = 'done')"
MADE = "(SELECT count(*) FROM occurrence), (SELECT count(*) FROM receipt)"


@contextlib.asynccontextmanager
async def passing(clock: FakeClock) -> AsyncIterator[None]:
    """Time passes, more quickly than it does."""

    async def tick() -> None:
        while True:
            await asyncio.sleep(REAL_SECONDS)
            clock.advance(SECONDS)

    ticking = asyncio.create_task(tick())
    yield
    ticking.cancel()


@pytest.fixture(autouse=True)
def asked() -> Iterator[None]:
    """A kind whose partner knows no ids but can be asked, and has every message."""

    class Asked(SmsHttp):
        kind = "asked"

        async def ask(self, to: To, reference: str, outlet: Any, http: Http) -> Confirmation | None:
            return Confirmation(delivered=True, delivery=to.delivery)

    yield
    Channel.registry.pop(Asked.kind)


@dataclass
class Life:
    """A house on a database that fails once, its two gateways, and a way of our own to the database."""

    url: str
    place: Path
    gateways: dict[str, SmsGateway]
    own: Database

    def settings(self, url: str = "") -> Settings:
        """Three outlets: one that deduplicates, one that is asked, one with a shelf."""
        outlets: dict[str, Any] = {"portal": {"kind": "portal"}}
        for name, gateway in self.gateways.items():
            outlets[name] = {"kind": "sms_http", **gateway.options(), "at_once": 4, "per_second": 1000}
        outlets["asked"] |= {"kind": "asked", "dedupes": False}
        return Settings.model_validate(
            {
                "database": {"url": url or self.url},
                "files": {"dir": str(self.place)},
                "voice": {"engines": ["espeak"]},
                "http": {"allow": ["127.0.0.0/8"]},
                "security": {"key": "mot-khoa-chung"},
                "outlets": outlets,
            }
        )

    async def enqueue(self) -> None:
        """A schedule an outlet, due."""
        clock = FakeClock()
        async with opened(self.settings(), clock) as house:
            office = Office(house, clock)
            await office.audience(PEOPLE)
            item = await office.item()
            for name in OUTLETS:
                people = "" if name == "portal" else "Bản A"
                await office.schedule(item, name, rule=Rule(once=clock.now()), audience=people)

    async def live(self, house: House) -> list[str]:
        """Serve until all is done and every report is taken in; what did not go well."""
        serving = asyncio.create_task(house.runner.run())
        others = [asyncio.create_task(self._report(house)), asyncio.create_task(self._done())]
        wrong = []
        try:
            async with asyncio.timeout(20):
                await asyncio.wait({serving, others[1]}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            wrong.append("it did not go on by itself")
        for other in others:
            other.cancel()
        house.stop()
        try:
            await serving
        except Exception as error:  # noqa: BLE001 (whatever it is, it is what we look for)
            wrong.append(f"it died of {error!r}")
        return wrong + await self.account()

    async def _done(self) -> None:
        while await self._counts(MADE) != (len(OUTLETS), RECEIPTS) or any(await self._counts(OPEN)):
            await asyncio.sleep(REAL_SECONDS)

    async def _counts(self, what: str) -> tuple[int, ...]:
        async with self.own.read() as connection:
            return tuple((await connection.execute(text(f"SELECT {what}"))).one())

    async def _report(self, house: House) -> None:
        """A gateway reports its last two messages as delivered, and calls again until it is heard."""
        gateway = self.gateways["sms"]
        while await self._counts(TOLD) != (1,):
            await asyncio.sleep(REAL_SECONDS)
        for taken in gateway.ledger.taken[-REPORTS:]:
            said, heard = [Confirmation(delivered=True, delivery=taken.request_id)], False
            while not heard:
                with contextlib.suppress(DatabaseTrouble):
                    async with house.database.write() as tx:
                        now = house.clock.now()
                        call = channels_store.Call("sms", now, b"{}", said)
                        await channels_store.store_callbacks(tx, house.seal, [call])
                    heard = True

    async def account(self) -> list[str]:
        """What does not add up, in words."""
        async with self.own.read() as connection:
            deliveries = [one async for one in log_store.walk(connection, log_store.Filter())]
            if self.own.is_sqlite:
                assert "ok" == (await connection.execute(text("PRAGMA integrity_check"))).scalar_one()
        came: Counter[str] = Counter()
        for gateway in self.gateways.values():
            came.update([one.request_id for one in gateway.ledger.taken] + gateway.ledger.repeats)
        wrong = [
            f"{one.id} {one.outlet} {one.state}: {said}" for one in deliveries for said in amiss(one, came[one.id])
        ]
        for what, expected in ((QUEUES, (0, 0)), (OPEN, (0, 0)), (KEPT, (0, 1)), (MADE, (len(OUTLETS), RECEIPTS))):
            if expected != (counts := await self._counts(what)):
                wrong.append(f"{what}: {counts}")
        if 2 * PEOPLE + 1 != len(deliveries) or set(came) - {one.id for one in deliveries}:
            wrong.append(f"{len(deliveries)} deliveries, {len(came)} came")
        return wrong


def amiss(one: Delivery, came: int) -> list[str]:
    """What is wrong with one delivery that reached its gateway so many times: every request has its row, and no other is."""
    outcomes = [attempt.outcome for attempt in one.attempts]
    wrong = []
    if one.state not in DONE:
        wrong.append("not sent")
    if one.outlet != "portal" and came != len(outcomes):
        wrong.append(f"came {came} times, logged {outcomes}")
    if outcomes not in (["sent"], ["unsure", "sent"] if one.outlet == "sms" else ["unsure"]):
        wrong.append(f"logged {outcomes}")
    return wrong


@contextlib.asynccontextmanager
async def life(url: str, place: Path) -> AsyncIterator[Life]:
    """Gateways that lose their first answers."""
    own = Database(url)
    async with SmsGateway(per_second=10_000) as one, SmsGateway(per_second=10_000) as other:
        one.lose(LOST)
        other.lose(LOST)
        async with own.read(), own.read():
            pass  # our own connections are there before others fail
        yield Life(url, place, {"sms": one, "asked": other}, own)
    await own.close()


async def met(origin: Path, fault: Fault) -> list[str]:
    """What is wrong after a fault of SQLite was met."""
    home = origin.parent / uuid.uuid4().hex
    home.mkdir()
    shutil.copyfile(origin, home / "loa.db")
    clock = FakeClock()
    async with life(f"sqlite:///{home / 'loa.db'}", home) as one:
        with faulty(fault):
            async with opened(one.settings(), clock) as house, passing(clock):
                fault.armed = True
                wrong = await one.live(house)
                fault.armed = False
    shutil.rmtree(home)
    return [f"{fault.said}, {fault.nth} of {fault.sql}: {said}" for said in wrong]


@pytest.mark.parametrize("turn", range(len(FAULTS)))
async def test_each_statement_fails(turn: int, tmp_path: Path, database_url: str) -> None:
    """The disk is full, the file locked or the disk faulty at each statement in turn, and for a while after some."""
    origin = tmp_path / "origin.db"
    async with life(database_url, tmp_path) as first:
        await first.enqueue()
    shutil.copyfile(tmp_path / "loa.db", origin)
    none = Fault()
    assert [] == await met(origin, none)
    assert len(none.seen) > 40 and any("attempt.reference" in sql for sql in none.seen)
    wrong = []
    for place, (sql, times) in enumerate(none.seen.items()):
        said = FAULTS[(place + turn) % len(FAULTS)]
        if SOAK or place % len(FAULTS) == turn:
            wrong += await met(origin, Fault(sql, min(1 + times // 2, 4), 1 + 5 * (place % 2), said))
    assert [] == wrong


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_each_commit_is_cut_off(before: bool, database_url: str, tmp_path: Path) -> None:
    """A connection ends just before or just after a COMMIT on PostgreSQL, and nobody knows which: the same books."""
    async with life(database_url, tmp_path) as first:
        await first.enqueue()
    wrong, cuts, n, commits = [], 0, 1 if before else 2, 20
    while n < commits:
        async with copied(database_url) as url, between(url) as go:
            told, commits = await cut(url, tmp_path, go, n, before=before)
            wrong += [f"commit {n}: {said}" for said in told]
            cuts += go.cuts
        n += 1 if SOAK else 5
    assert [] == wrong
    assert cuts > 3


async def cut(url: str, place: Path, go: GoBetween, at: int, *, before: bool) -> tuple[list[str], int]:
    """What is wrong after a connection was cut, and how many commits there were."""
    clock = FakeClock()
    async with life(url, place) as one, opened(one.settings(go.url), clock) as house, passing(clock):
        go.commits, go.at, go.before = 0, at, before
        wrong = await one.live(house)
        return wrong, go.commits


async def test_a_long_fault_costs_no_double(database_url: str, tmp_path: Path) -> None:
    """What left before the disk filled is recorded once there is room, though its lease ran out meanwhile."""
    clock, fault = FakeClock(), Fault("COMMIT", length=10**6)
    async with life(database_url, tmp_path) as one:
        await one.enqueue()
        with faulty(fault):
            async with opened(one.settings(), clock) as house, passing(clock):
                draining = asyncio.create_task(house.runner.drain())
                await one.gateways["sms"].has_taken(1)
                fault.armed, end = True, clock.steady() + 60
                while clock.steady() < end:
                    await asyncio.sleep(REAL_SECONDS)
                fault.armed = False
                await house.runner._sweeper.sweep()
                await draining
        async with one.own.read() as connection:
            tries = list((await connection.execute(text("SELECT outcome FROM attempt"))).scalars())
    came = [taken for gateway in one.gateways.values() for taken in gateway.ledger.taken + gateway.ledger.repeats]
    assert 0 == tries.count("interrupted")
    assert len(came) == len(tries) - 1, "each was logged; the portal calls nobody"
