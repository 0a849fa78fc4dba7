"""A process dies just before or just after every commit it makes: what is lost, what is doubled, what the log says."""

from __future__ import annotations

import asyncio
import shutil
import signal
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from channels.audiences import store as audience_store
from channels.audiences.store import Recipient
from config.settings import Settings
from content.item import Draft
from db.database import Database
from db.types import new_id
from desk.app import opened
from desk.demo.sms_gateway import SmsGateway
from scheduler.delivery import DONE, Delivery, State
from scheduler.log import store as log_store
from scheduler.schedule import Rule
from scheduler.scheduling import Wish
from tests.conftest import copied
from tests.go_between import GoBetween, between
from tests.story.warm import Zygote, zygote
from tests.story.zygote import REPORTED

PEOPLE = 24
OUTLETS = ("sms", "sms-once")
MUST_BE_SEEN = {
    "INSERT INTO outlet",
    "INSERT INTO occurrence",
    "INSERT INTO parcel",
    "UPDATE occurrence SET",
    "WITH next AS",
    "INSERT INTO attempt",
    "INSERT INTO callback",
    "INSERT INTO receipt",
}
"""What the planner, a lane, the sweeper and the receiver commit."""


def settings_of(url: str, gateway: SmsGateway, place: Path) -> dict[str, Any]:
    """An account that deduplicates and one that does not, six at once."""
    options = {**gateway.options(), "at_once": 6, "per_second": 10_000}
    return {
        "database": {"url": url},
        "files": {"dir": str(place)},
        "voice": {"engines": ["espeak"]},
        "http": {"allow": ["127.0.0.0/8"]},
        "security": {"key": "mot-khoa-chung"},
        "schedule": {"quiet_from": "00:00", "quiet_to": "00:00"},
        "outlets": {
            "sms": {"kind": "sms_http", **options},
            "sms-once": {"kind": "sms_http", **options, "dedupes": False},
        },
    }


async def enqueue(settings: dict[str, Any]) -> None:
    """Two schedules that are due, one an outlet."""
    async with opened(Settings.model_validate(settings)) as house:
        now = house.clock.now()
        people = [Recipient("phone", f"+8498{number:07d}", f"Người {number}") for number in range(PEOPLE)]
        async with house.database.write() as tx:
            await audience_store.save_audience(house.database, tx, house.seal, new_id(now), "Bản A", people, now)
            item = await house.editing.write(tx, Draft("Bộ phận một cửa làm việc cả thứ bảy", "Mời bà con."), "Mai")
            await house.editing.submit(tx, item.id, "Mai")
            await house.editing.approve(tx, item.id, "Hùng")
            for name in OUTLETS:
                wish = Wish((item.id,), (name,), Rule(once=now), "Bản A")
                await house.scheduling.add(tx, wish, "Hùng", may_approve=True)


async def account(url: str, gateway: SmsGateway) -> list[str]:
    """What does not add up between the gateway's ledger and the log, in words; empty when all is well."""
    database = Database(url)
    try:
        async with database.read() as connection:
            deliveries = [one async for one in log_store.walk(connection, log_store.Filter())]
            occurrences = list((await connection.execute(text("SELECT schedule, state FROM occurrence"))).all())
            waiting = (await connection.execute(text("SELECT count(*) FROM waiting"))).scalar_one()
            if database.is_sqlite:
                sound = (await connection.execute(text("PRAGMA integrity_check"))).scalar_one()
                assert "ok" == sound
    finally:
        await database.close()
    came = Counter(one.request_id for one in gateway.ledger.taken)
    came.update(gateway.ledger.repeats)
    wrong = [f"{one.id} {one.outlet} {one.state}: {said}" for one in deliveries for said in faults(one, came[one.id])]
    wrong += [f"{one} is unknown to the log" for one in set(came) - {one.id for one in deliveries}]
    if 2 * PEOPLE != len(deliveries):
        wrong.append(f"{len(deliveries)} deliveries")
    if sorted(state for _, state in occurrences) != ["done"] * 2 and not any(
        one.state is State.UNSURE for one in deliveries
    ):
        wrong.append(f"occurrences {occurrences}")
    if len(occurrences) != len({schedule for schedule, _ in occurrences}):
        wrong.append("an occurrence twice")
    if waiting:
        wrong.append(f"{waiting} still wait")
    return wrong


def faults(one: Delivery, came: int) -> list[str]:
    """What is wrong with one delivery that reached the gateway so many times."""
    outcomes = [attempt.outcome for attempt in one.attempts]
    doubted = outcomes.count("interrupted")
    wrong = []
    if one.state in DONE and not came:
        wrong.append("a false sent")
    if one.state not in DONE and not (one.state is State.UNSURE and one.outlet == "sms-once" and doubted):
        wrong.append("not final")
    if one.state in DONE and one.seq % REPORTED == 0 and one.state is not State.CONFIRMED:
        wrong.append("its report was lost")
    if came > len(outcomes):
        wrong.append(f"sent {came} times, logged {outcomes}")
    if came > 1 and (not doubted or one.outlet == "sms-once"):
        wrong.append(f"came {came} times without a doubt in the log")
    return wrong


Tried = tuple[list[str], bool]
"""What was found wrong at a fail point, and whether the first child did die there."""


@dataclass
class Room:
    """Where fail points are tried, each on a database and a gateway of its own, over a few warm processes."""

    place: Path
    zygotes: asyncio.Queue[Zygote] = field(default_factory=asyncio.Queue)

    async def at(self, url: str, warm: Zygote, n: int, side: str, go: GoBetween | None = None) -> Tried:
        """A child that is to die, a child that finishes, and the books."""
        async with SmsGateway(per_second=10_000) as gateway:
            settings = settings_of(go.url if go else url, gateway, self.place)
            code, _ = await warm.run(settings, None if go else (n, side))
            died = code == -signal.SIGKILL
            if died:
                code, _ = await warm.run(settings)
            wrong = await account(url, gateway)
        if code:
            wrong.append(f"exit code {code}: {warm.said()}")
        return [f"{side} commit {n}: {said}" for said in wrong], died

    async def on_sqlite(self, origin: Path, n: int, side: str) -> Tried:
        """At a commit of a child that watches its own; one that made fewer commits this time is tried once more."""
        tried = await self._on_copy(origin, n, side)
        return tried if any(tried) else await self._on_copy(origin, n, side)

    async def _on_copy(self, origin: Path, n: int, side: str) -> Tried:
        home = self.place / uuid.uuid4().hex
        home.mkdir()
        shutil.copyfile(origin, home / "loa.db")
        warm = await self.zygotes.get()
        tried = await self.at(f"sqlite:///{home / 'loa.db'}", warm, n, side)
        self.zygotes.put_nowait(warm)
        shutil.rmtree(home)
        return tried

    async def on_postgresql(self, origin: str, n: int, side: str) -> Tried:
        """At a commit that a go-between sees on its way."""
        warm = await self.zygotes.get()
        async with copied(origin) as url, between(url, warm.kill) as go:
            go.at, go.before = n, side == "before"
            tried = await self.at(url, warm, n, side, go)
        self.zygotes.put_nowait(warm)
        return tried


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """Two warm processes."""
    async with AsyncExitStack() as stack:
        room = Room(tmp_path)
        for _ in range(2):
            room.zygotes.put_nowait(await stack.enter_async_context(zygote(tmp_path)))
        yield room


def judge(tried: list[Tried]) -> None:
    """Nothing is wrong, and the sweep did hit what it was aimed at."""
    assert [] == [said for wrong, _ in tried for said in wrong]
    assert sum(died for _, died in tried) > 0.8 * len(tried)


@pytest.mark.parametrize("side", ["before", "after"])
async def test_killed_at_every_commit(side: str, database_url: str, room: Room) -> None:
    """Nothing is lost, everything ends, what came twice has one name and stands in the log as interrupted."""
    file, origin = room.place / "loa.db", room.place / "origin.db"
    async with SmsGateway(per_second=10_000) as gateway:
        settings = settings_of(database_url, gateway, room.place)
        await enqueue(settings)
        shutil.copyfile(file, origin)
        warm = await room.zygotes.get()
        code, commits = await warm.run(settings)
        assert (0, []) == (code, await account(database_url, gateway)), warm.said()
        assert MUST_BE_SEEN <= {write for writes in commits for write in writes}
        room.zygotes.put_nowait(warm)
    judge(await asyncio.gather(*(room.on_sqlite(origin, n, side) for n in range(1, 1 + len(commits)))))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_killed_at_commits_on_postgresql(database_url: str, room: Room) -> None:
    """The same at every third commit, once before and once after."""
    async with SmsGateway() as nobody:
        await enqueue(settings_of(database_url, nobody, room.place))
    async with copied(database_url) as url, between(url) as go, SmsGateway(per_second=10_000) as gateway:
        warm = await room.zygotes.get()
        code, _ = await warm.run(settings_of(go.url, gateway, room.place))
        assert (0, []) == (code, await account(url, gateway)), warm.said()
        room.zygotes.put_nowait(warm)
        assert go.commits > 20
        points = [(n, side) for n, side in zip(range(1, go.commits, 3), cycle(["before", "after"]), strict=False)]
    judge(await asyncio.gather(*(room.on_postgresql(database_url, *point) for point in points)))
