"""The second step in both databases: a code is taken once, whoever asks at the same time."""

from __future__ import annotations

import asyncio

import pytest

from config.clock import FakeClock
from db.database import Database
from desk import store as people
from desk.second_step import store
from tests.conftest import both

MAI, LAN = "mai", "lan"


@pytest.fixture
async def peopled(database: Database, clock: FakeClock) -> Database:
    """Two people, of whom `mai` has a second step and three recovery codes."""
    async with database.write() as tx:
        for id in (MAI, LAN):
            await people.add_person(tx, people.Person(id, id, id.title(), ("approver",)), "x", clock.now())
        await store.put(database, tx, MAI, "sealed", clock.now())
        await store.add_recovery_codes(tx, MAI, ["a", "b", "c"])
    return database


@both
async def test_a_code_is_used_once(peopled: Database) -> None:
    """Also by ten at the same time; another's of the same moment is another code; old ones are forgotten."""

    async def use(person: str, number: int, forget: int = 0) -> bool:
        async with peopled.write() as tx:
            return await store.use(peopled, tx, person, number, forget=forget)

    assert 1 == sum(await asyncio.gather(*(use(MAI, 100) for _ in range(10))))
    assert await use(LAN, 100)
    assert await use(MAI, 99)
    assert [False, True] == [await use(MAI, 100, 100), await use(MAI, 99)]


@both
async def test_a_recovery_code_is_spent_once(peopled: Database) -> None:
    """Also by ten at the same time, and by nobody else; new ones stand instead of the old."""

    async def spend(person: str, mark: str) -> bool:
        async with peopled.write() as tx:
            return await store.spend(tx, person, mark)

    assert not await spend(LAN, "a")
    assert 1 == sum(await asyncio.gather(*(spend(MAI, "a") for _ in range(10))))
    async with peopled.write() as tx:
        assert 2 == await store.count_recovery_codes(tx, MAI)
        await store.add_recovery_codes(tx, MAI, ["d", "e", "f", "g"])
        assert 4 == await store.count_recovery_codes(tx, MAI)
    assert not await spend(MAI, "b")


@both
async def test_what_is_off_leaves_nothing_behind(peopled: Database, clock: FakeClock) -> None:
    """But who took it off and when; switched on again, that is forgotten."""
    async with peopled.write() as tx:
        assert {MAI: clock.now()} == await store.everybody(tx)
        await store.mark_removed(tx, MAI, clock.now(), "Quản Trị")
        row = await store.find(tx, MAI)
        assert ("", None, clock.now(), "Quản Trị") == (row.secret, row.since, row.removed_at, row.removed_by)
        assert (0, {}) == (await store.count_recovery_codes(tx, MAI), await store.everybody(tx))
        await store.put(peopled, tx, MAI, "again", clock.now())
        row = await store.find(tx, MAI)
        assert ("again", None) == (row.secret, row.removed_at)
        await store.empty(tx, MAI)
        assert await store.find(tx, MAI) is None
