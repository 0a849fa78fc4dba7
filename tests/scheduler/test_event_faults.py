"""The database fails at every statement by which events are made, assigned and sent: each is told in the end, under one id."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from config.clock import FakeClock
from config.settings import Settings
from db.database import DatabaseTrouble
from desk.app import House, opened
from scheduler.events import store
from scheduler.events.event import Kind
from tests.scheduler.conftest import Office
from tests.scheduler.faulty import Fault, faulty
from tests.scheduler.listening import Listening, standing, subscribe

SOAK = bool(os.environ.get("LOA_SOAK"))
TABLES = ("event", "outgoing", "parcel_told", "telling", "journal_told", "subscription", "COMMIT")
COMMITS = 12
TOLD = {Kind.ITEM_APPROVED: 2, Kind.OCCURRENCE_OPENED: 1, Kind.OUTLET_PAUSED: 1, Kind.DELIVERY_FINAL: 1}


async def live(settings: dict[str, Any], clock: FakeClock, fault: Fault) -> None:
    """An office whose events are told while one statement fails; afterwards everything is told."""
    async with opened(Settings.model_validate(settings), clock) as house, Listening(clock) as there:
        id = await subscribe(house, there)
        office = Office(house, clock)
        await office.schedule(await office.item(), "portal")
        await office.item("Tin thứ hai")
        async with house.database.write() as tx:
            await house.journal.note(tx, clock.now(), "Hùng", "pause", "outlet/tram", note="")
        await failing(fault, house.runner._planner.plan)
        await house.runner._planner.plan()
        await house.runner._drain_lanes()
        for _ in range(2):
            await failing(fault, house.runner._chronicler.collect)
            await failing(fault, house.herald.announce)
        await settled(house, office)
        counts = {kind: len({one["id"] for one in there.of(kind)}) for kind in TOLD}
        assert (TOLD, 5) == (counts, len(set(there.ids))), fault
        one, backlog = await standing(house.database, id)
        assert (0, 0, None) == (backlog.waiting, backlog.given_up, one.failing_since), fault
        assert one.held_until is None or one.held_until <= clock.now(), fault
        async with house.database.read() as connection:
            assert await house.journal.newest(connection) == await store.journal_at(connection)
        assert [] == there.faults


async def failing(fault: Fault, step: Callable[[], Awaitable[int]]) -> None:
    """A step during which the fault may come."""
    fault.armed = True
    with contextlib.suppress(DatabaseTrouble):
        await step()
    fault.armed = False


async def settled(house: House, office: Office) -> None:
    """A claim that could not be given back runs out, and what is left is done."""
    office.clock.advance(61)
    await house.runner.drain()


async def test_each_statement_fails_once(
    plain_settings: dict[str, Any], clock: FakeClock, tmp_path: Path, sqlite_template: Path
) -> None:
    """And each commit: what was made is not made twice, what was not is made."""

    async def one(fault: Fault) -> Fault:
        file = tmp_path / "one.db"
        for rest in tmp_path.glob("one.db*"):
            rest.unlink()
        shutil.copyfile(sqlite_template, file)
        with faulty(fault):
            await live(plain_settings | {"database": {"url": f"sqlite:///{file}"}}, clock, fault)
        return fault

    seen = (await one(Fault())).seen
    ours = [sql for sql in seen if any(name in sql for name in TABLES)]
    assert 20 < len(ours)
    for sql in ours:
        most = COMMITS if SOAK or sql == "COMMIT" else 1
        for nth in range(1, min(seen[sql], most) + 1):
            fault = await one(Fault(sql, nth))
            assert 0 == fault.length, (sql, nth)
