"""Steps of the wall clock: seen against the steady one, journaled once each, and nothing else is taken for one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from config.clock import FakeClock
from db.database import DatabaseTrouble
from db.journal import Deed
from desk.app import House
from scheduler.meter import Meter
from scheduler.timekeeper import THING, Timekeeper
from tests.conftest import both


@pytest.fixture
def timekeeper(house: House, clock: FakeClock) -> Timekeeper:
    """One that begins to look now."""
    return Timekeeper(house.database, clock, house.journal, house.meter)


async def deeds(house: House) -> list[Deed]:
    """What the journal says of the clock."""
    async with house.database.read() as connection:
        return await house.journal.of(connection, THING)


def steps(meter: Meter) -> float | None:
    """How many the process counts."""
    return meter.registry.get_sample_value("loa_clock_steps_total")


@pytest.mark.parametrize("seconds", [3 * 3600, -3 * 3600, 2.001, -2.001])
async def test_a_step_is_journaled_once(house: House, clock: FakeClock, timekeeper: Timekeeper, seconds: float) -> None:
    """By how much, on which host, and what time it would have been."""
    clock.advance(1)
    clock.step(seconds)
    assert seconds == (await timekeeper.look() or datetime.resolution).total_seconds()
    clock.advance(1)
    assert await timekeeper.look() is None
    (deed,) = await deeds(house)
    assert ("Loa", "clock_step", seconds) == (deed.person, deed.verb, deed.detail["seconds"])
    assert datetime(2026, 11, 23, 1, 0, 1, tzinfo=UTC).isoformat() == deed.detail["expected"]
    assert deed.detail["host"]
    assert 1 == steps(house.meter)
    async with house.database.read() as connection:
        assert await house.journal.verify(connection) is None


async def test_time_that_passes_is_no_step(house: House, clock: FakeClock, timekeeper: Timekeeper) -> None:
    """Neither an hour without a look nor a time server that mends a second at a time."""
    clock.advance(3600)
    assert await timekeeper.look() is None
    for _ in range(5):
        clock.step(2)
        assert await timekeeper.look() is None
    assert ([], 0) == (await deeds(house), steps(house.meter))


async def test_a_step_that_could_not_be_written_is_written_later(
    house: House, clock: FakeClock, timekeeper: Timekeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database is away nothing is forgotten."""

    async def away(*_: object, **__: object) -> None:
        raise DatabaseTrouble("đi vắng", "away")

    clock.step(60)
    with monkeypatch.context() as patch:
        patch.setattr(house.journal, "note", away)
        with pytest.raises(DatabaseTrouble):
            await timekeeper.look()
    clock.advance(5)
    await timekeeper.look()
    assert [60] == [deed.detail["seconds"] for deed in await deeds(house)]


@both
@pytest.mark.parametrize("roles", [("planner",), ("worker",)])
async def test_every_process_looks(house: House, clock: FakeClock, roles: tuple[str, ...]) -> None:
    """Whatever its roles are."""
    running = asyncio.ensure_future(house.runner.run(roles))
    async with asyncio.timeout(20):
        while not clock._waits:
            await asyncio.sleep(0)
        clock.step(-7200)
        while not await deeds(house):
            clock.advance(0.25)
    house.stop()
    await running
    assert [-7200] == [deed.detail["seconds"] for deed in await deeds(house)]
