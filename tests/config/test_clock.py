"""Clocks: what stands, what passes, what is stepped, and who wakes."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta

import pytest

from config.clock import Clock, FakeClock, SystemClock


async def turn() -> None:
    """Let every task that can run do so."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_fake_clock_stands_until_it_is_moved() -> None:
    """Advancing moves both clocks, stepping the wall clock alone, also back."""
    clock = FakeClock()
    start = clock.now()
    assert (start, 0.0) == (clock.now(), clock.steady())
    clock.advance(90)
    assert (start + timedelta(seconds=90), 90.0) == (clock.now(), clock.steady())
    clock.step(-3600)
    assert (start - timedelta(seconds=3510), 90.0) == (clock.now(), clock.steady())


@pytest.mark.parametrize("clock", [FakeClock(), SystemClock()])
def test_the_moment_is_aware_utc_in_whole_milliseconds(clock: Clock) -> None:
    """Both databases keep exactly that."""
    assert UTC == clock.now().tzinfo
    assert 0 == clock.now().microsecond % 1000


def test_a_fake_clock_cuts_to_milliseconds() -> None:
    """Moved by microseconds it still tells milliseconds, never rounding into the future."""
    clock = FakeClock()
    start = clock.now()
    clock.advance(0.0019)
    assert start + timedelta(milliseconds=1) == clock.now()


async def test_a_wait_ends_when_its_time_has_passed() -> None:
    """In parts too, and not a moment before; the event has not come."""
    clock = FakeClock()
    wait = asyncio.create_task(clock.wait(asyncio.Event(), 10))
    await turn()
    clock.advance(9.999)
    await turn()
    assert not wait.done()
    clock.advance(0.001)
    assert await wait is False


async def test_a_wait_ends_when_its_event_comes() -> None:
    """No time need pass."""
    clock, event = FakeClock(), asyncio.Event()
    wait = asyncio.create_task(clock.wait(event, 10))
    await turn()
    event.set()
    assert await wait is True


async def test_a_step_wakes_nobody() -> None:
    """Setting the wall clock is not the passing of time."""
    clock = FakeClock()
    wait = asyncio.create_task(clock.wait(asyncio.Event(), 10))
    await turn()
    clock.step(3600)
    await turn()
    assert not wait.done()
    clock.advance(10)
    assert await wait is False


async def test_one_advance_wakes_all_that_are_due_and_no_others() -> None:
    """Waits of several tasks end each at its own time."""
    clock = FakeClock()
    waits = [asyncio.create_task(clock.wait(asyncio.Event(), seconds)) for seconds in (30, 5, 5, 20)]
    await turn()
    clock.advance(20)
    await turn()
    assert [False, True, True, True] == [wait.done() for wait in waits]
    clock.advance(10)
    assert [False] * 4 == await asyncio.gather(*waits)


async def test_a_cancelled_wait_leaves_the_clock_usable() -> None:
    """A later advance passes over it."""
    clock = FakeClock()
    wait = asyncio.create_task(clock.wait(asyncio.Event(), 1))
    await turn()
    wait.cancel()
    with pytest.raises(asyncio.CancelledError):
        await wait
    other = asyncio.create_task(clock.wait(asyncio.Event(), 2))
    await turn()
    clock.advance(2)
    assert await other is False


@pytest.mark.parametrize("seconds", [0, -5])
@pytest.mark.parametrize("clock", [FakeClock(), SystemClock()])
async def test_no_time_is_waited_for_no_time(clock: Clock, seconds: float) -> None:
    """Zero and less return at once on either clock."""
    async with asyncio.timeout(5):
        assert await clock.wait(asyncio.Event(), seconds) is False


async def test_the_system_clock_is_woken() -> None:
    """An event ends a wait of an hour at once."""
    clock, event = SystemClock(), asyncio.Event()
    before = clock.steady()
    wait = asyncio.create_task(clock.wait(event, 3600))
    await turn()
    event.set()
    async with asyncio.timeout(5):
        assert await wait is True
    assert 0 <= clock.steady() - before < 5


async def test_the_system_clock_gives_up() -> None:
    """An event that does not come is not waited for longer than asked; one that is set already counts."""
    clock, event = SystemClock(), asyncio.Event()
    assert await clock.wait(event, 0.01) is False
    event.set()
    assert await clock.wait(event, 0) is True


async def test_cancelling_a_system_wait_is_not_swallowed() -> None:
    """A stop is a stop."""
    wait = asyncio.create_task(SystemClock().wait(asyncio.Event(), 3600))
    await turn()
    wait.cancel()
    with pytest.raises(asyncio.CancelledError):
        await wait
