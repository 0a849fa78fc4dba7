"""An outlet's sealed memory: unreadable in the table, exclusive over processes, overtaken when its holder died."""

from __future__ import annotations

import asyncio
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from channels.store import SealedKeep, outlet_keep
from config.clock import FakeClock
from db.database import Database
from tests.conftest import both

SEAL = secrets.token_bytes(32)


@pytest.fixture
async def other(database: Database, database_url: str) -> AsyncIterator[Database]:
    """The same database as another process has it."""
    second = Database(database_url)
    yield second
    await second.close()


async def passes(clock: FakeClock, seconds: float, *tasks: asyncio.Task[None]) -> None:
    """Time passes until one of the tasks has ended, at most so long; real databases answer in between."""
    for _ in range(round(seconds / 0.25)):
        if any(task.done() for task in tasks):
            return
        clock.advance(0.25)
        await asyncio.wait(tasks, timeout=0.01)


@both
async def test_a_value_is_sealed_in_the_table(database: Database, clock: FakeClock) -> None:
    """It comes back as put, the last one; the row shows nothing of it."""
    keep = SealedKeep(database, clock, SEAL, "oa")
    assert await keep.get("token") is None
    for value in ("mã-bí-mật-một", "mã-bí-mật-hai"):
        await keep.put("token", value)
        assert value == await keep.get("token")
    async with database.read() as connection:
        rows = (await connection.execute(select(outlet_keep))).all()
    assert 1 == len(rows)
    assert "mật" not in repr(rows)
    assert Fernet(urlsafe_b64encode(SEAL)).decrypt(rows[0].value.encode()).decode() == "mã-bí-mật-hai"


async def test_another_key_or_outlet_reads_nothing(database: Database, clock: FakeClock) -> None:
    """After the key has changed the outlet has to be connected again; its neighbour never reads it."""
    await SealedKeep(database, clock, SEAL, "oa").put("token", "x")
    assert await SealedKeep(database, clock, secrets.token_bytes(32), "oa").get("token") is None
    assert await SealedKeep(database, clock, SEAL, "sms").get("token") is None


@both
async def test_one_holder_at_a_time_over_two_processes(database: Database, other: Database, clock: FakeClock) -> None:
    """The second waits until the first is out; another name or outlet is free."""
    keeps = [SealedKeep(one, clock, SEAL, "oa") for one in (database, other)]
    inside: list[int] = []

    async def hold(number: int) -> None:
        async with keeps[number].alone("refresh"):
            assert [] == inside
            inside.append(number)
            async with keeps[number].alone("other"), SealedKeep(other, clock, SEAL, "sms").alone("refresh"):
                pass
            await keeps[number].put("token", str(number))
            inside.remove(number)

    async with keeps[0].alone("refresh"):
        waiting = asyncio.create_task(hold(1))
        await passes(clock, 2, waiting)
        assert not waiting.done()
    await passes(clock, 2, waiting)
    await waiting
    assert "1" == await keeps[0].get("token")
    tasks = [asyncio.create_task(hold(number)) for number in (0, 1, 0, 1)]
    for task in tasks:
        await passes(clock, 50, task)
    await asyncio.gather(*tasks)


async def test_a_failure_inside_frees_the_lock(database: Database, clock: FakeClock) -> None:
    """The next one does not wait for a minute."""
    keep = SealedKeep(database, clock, SEAL, "oa")
    with pytest.raises(RuntimeError):
        async with keep.alone("refresh"):
            raise RuntimeError
    async with asyncio.timeout(10), keep.alone("refresh"):
        pass


@both
async def test_a_dead_holder_is_overtaken_after_a_minute(database: Database, other: Database, clock: FakeClock) -> None:
    """Not before; and when it was not dead but slow, its end does not free what is now another's."""
    slow, next_one, third = (SealedKeep(one, clock, SEAL, "oa") for one in (database, other, database))
    held, done = asyncio.Event(), asyncio.Event()

    async def overtake() -> None:
        async with next_one.alone("refresh"):
            held.set()
            await done.wait()

    async def come_third() -> None:
        async with third.alone("refresh"):
            pass

    async with slow.alone("refresh"):
        overtaking = asyncio.create_task(overtake())
        await passes(clock, 1, overtaking)
        clock.advance(57)
        await passes(clock, 1, overtaking)
        assert not held.is_set()
        holding = asyncio.create_task(_when(held))
        await passes(clock, 5, holding)
        await holding
    last = asyncio.create_task(come_third())
    await passes(clock, 2, last)
    assert not last.done()
    done.set()
    await overtaking
    await passes(clock, 5, last)
    await last


async def _when(event: asyncio.Event) -> None:
    await event.wait()


async def test_a_lock_from_the_future_is_overtaken(database: Database, clock: FakeClock) -> None:
    """The holder died and the clock was set back by a day: nobody waits for tomorrow."""
    keep = SealedKeep(database, clock, SEAL, "oa")
    async with database.write() as tx:
        stamp = f"{round(clock.now().timestamp() * 1000) + 86_400_000:020d}"
        await tx.execute(outlet_keep.insert().values(outlet="oa", name="refresh.lock", value=stamp))
    async with asyncio.timeout(10), keep.alone("refresh"):
        pass
