"""Ring and wait, within a process and, on PostgreSQL, between two."""

from __future__ import annotations

import asyncio

from db.database import Database
from db.notifier import Notifier
from tests.conftest import both


async def test_a_ring_wakes_who_waits_for_its_topic() -> None:
    """Other topics sleep on; a waiter that has left is not rung."""
    notifier = Notifier()
    async with notifier.waiting("work") as work, notifier.waiting("item", "work") as either:
        notifier.ring("item")
        assert (False, True) == (work.is_set(), either.is_set())
        notifier.ring("work")
        assert work.is_set()
    notifier.ring("work")
    assert not notifier._waiters["work"]
    await notifier.close()


@both
async def test_rings_reach_other_processes_where_the_database_carries_them(database: Database) -> None:
    """Many rings at once from one notifier are heard by another on PostgreSQL; on SQLite the poll has to do."""
    one, other = Notifier(database.url), Notifier(database.url)
    await one.open()
    await other.open()
    try:
        async with asyncio.timeout(10), other.waiting("a") as a, other.waiting("b") as b:
            for _ in range(20):
                one.ring("a")
            one.ring("b")
            if not database.is_sqlite:
                await a.wait()
                await b.wait()
            assert a.is_set() is b.is_set() is not database.is_sqlite
    finally:
        await one.close()
        await other.close()
