"""Keys of requests in both databases: taken once, taken over, fenced, forgotten."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from config.clock import FakeClock
from db.database import Database
from desk import store
from desk.store import Claim, Person
from tests.conftest import both

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def person(database: Database, clock: FakeClock) -> str:
    """Somebody."""
    async with database.write() as tx:
        await store.add_person(tx, Person("p", "lan", "Lan", ("author",)), "x", clock.now())
    return "p"


async def claim(database: Database, clock: FakeClock, mine: Claim) -> bool:
    """Whether the key is ours now."""
    async with database.write() as tx:
        return await store.claim_key(database, tx, mine, clock.now(), clock.now() - MINUTE) is None


@both
async def test_of_many_one_has_it(database: Database, clock: FakeClock, person: str) -> None:
    """However many ask at once."""
    tries = [Claim(person, "k", "d", str(number)) for number in range(8)]
    assert sum(await asyncio.gather(*(claim(database, clock, mine) for mine in tries))) == 1


@both
async def test_taken_over_and_fenced(database: Database, clock: FakeClock, person: str) -> None:
    """After a minute without a deed another try has it, and the first can neither do it nor answer."""
    first, second = Claim(person, "k", "d", "1"), Claim(person, "k", "d", "2")
    assert await claim(database, clock, first)
    assert not await claim(database, clock, second)
    clock.advance(61)
    assert await claim(database, clock, second)
    async with database.write() as tx:
        assert not await store.mark_done(tx, first, clock.now())
        await store.keep_answer(tx, first, 200, {}, "x")
        await store.free_key(tx, first)
    async with database.write() as tx:
        assert await store.mark_done(tx, second, clock.now())
        await store.free_key(tx, second)
    clock.advance(61)
    assert not await claim(database, clock, first)
    async with database.write() as tx:
        await store.forget_answers(tx, clock.now())
    assert await claim(database, clock, first)


@both
async def test_joined_is_there_with_the_deed_or_not_at_all(database: Database, clock: FakeClock, person: str) -> None:
    """What joins a transaction is committed with it, and undoes it when it fails."""
    mine = Claim(person, "k", "d", "1")
    assert await claim(database, clock, mine)

    async def mark(tx: store.AsyncConnection) -> None:
        assert await store.mark_done(tx, mine, clock.now())

    with database.joined(mark), pytest.raises(ZeroDivisionError):
        async with database.write():
            raise ZeroDivisionError
    async with database.write() as tx:
        await store.free_key(tx, mine)  # nothing was done, so it can be given back
    assert await claim(database, clock, mine)
    with database.joined(mark):
        async with database.write() as tx:
            await store.add_person(tx, Person("q", "mai", "Mai", ("author",)), "x", clock.now())

    async def refuse(_: store.AsyncConnection) -> None:
        raise ZeroDivisionError

    with database.joined(refuse), pytest.raises(ZeroDivisionError):
        async with database.write() as tx:
            await store.add_person(tx, Person("r", "xem", "Xem", ("viewer",)), "x", clock.now())
    async with database.read() as connection:
        assert [one.login for one in await store.people(connection)] == ["lan", "mai"]
