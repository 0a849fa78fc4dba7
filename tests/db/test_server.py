"""A PostgreSQL server that goes away and comes back, and its address with several hosts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text

from config.clock import FakeClock, SystemClock
from db import direct, server
from db.database import Database, DatabaseTrouble
from db.direct import Ask, Rows, Step
from db.notifier import Notifier
from db.server import arguments, passes, read_url
from tests import postgres
from tests.conftest import both
from tests.go_between import between


@pytest.mark.parametrize(
    ("address", "hosts", "ports"),
    [
        ("postgresql://loa:p@h1:5432,h2:6543/loa", ["h1", "h2"], [5432, 6543]),
        ("postgresql://loa@h1,h2,h3/loa", ["h1", "h2", "h3"], [5432, 5432, 5432]),
        ("postgresql://loa@/loa?host=h1:5432&host=h2:5433", ["h1", "h2"], [5432, 5433]),
    ],
)
def test_several_hosts(address: str, hosts: list[str], ports: list[int]) -> None:
    """As libpq writes them; the one that takes writes is looked for unless the address says otherwise."""
    told = arguments(read_url(address))
    assert (hosts, ports, "read-write") == (told["host"], told["port"], told["target_session_attrs"])
    more = f"{address}{'&' if '?' in address else '?'}target_session_attrs=any"
    assert "any" == arguments(read_url(more))["target_session_attrs"]


def test_one_host() -> None:
    """Nothing is asked of a single server; a password with a comma is not a list of hosts."""
    told = arguments(read_url("postgresql://loa:a,b@h1:5432/loa"))
    assert ("h1", "a,b", None) == (told["host"], told["password"], told.get("target_session_attrs"))


@pytest.fixture
def place() -> Iterator[str]:
    """A directory with a running server of its own, which a test may kill."""
    if postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    with postgres.directory() as place:
        postgres.make(f"{place}/d", place=place)
        _start(place)
        yield place
        postgres.stop(f"{place}/d", place=place)


def _start(place: str) -> None:
    options = f"-c listen_addresses='' -c unix_socket_directories='{place}' -c fsync=off"
    postgres.start(f"{place}/d", options, place=place)


async def test_a_server_that_was_killed_is_used_again(place: str) -> None:
    """While it is away every way in says so in words; when it is back the same Database and Notifier go on."""
    database = Database(f"postgresql://loa@/postgres?host={place}")
    one, other = Notifier(database.url), Notifier(database.url)
    await one.open()
    await other.open()

    async def ask() -> object:
        async with database.write() as tx:
            return (await tx.execute(text("SELECT 1"))).scalar_one()

    def work() -> Generator[Step, Rows, int]:
        rows = yield Ask("SELECT CAST(? AS BIGINT)", (2,))
        return int(rows[0][0])

    assert (1, 2) == (await ask(), await database.run(work()))
    postgres.stop(f"{place}/d", place=place)
    for way in (ask, lambda: database.run(work())):
        with pytest.raises(DatabaseTrouble, match="Loa connects again by itself"):
            await way()
    _start(place)
    assert (1, 2) == (await ask(), await database.run(work()))
    async with asyncio.timeout(10), other.waiting("again") as heard:
        while not heard.is_set():
            one.ring("again")
            await asyncio.wait([asyncio.ensure_future(heard.wait())], timeout=0.1)
    await one.close()
    await other.close()
    await database.close()


async def test_a_session_that_stands_still_in_the_midst_of_its_rows_is_ended(place: str) -> None:
    """A frozen node's COPY holds what its transaction has written, and the server waits for ever; others take it from there.

    A session that works, and one of another program, are left alone.
    """
    database = Database(f"postgresql://loa@/postgres?host={place}")
    async with database.write() as tx:
        await tx.execute(text("CREATE TABLE held (id BIGINT)"))
        await tx.execute(text("INSERT INTO held VALUES (1)"))
    frozen = await asyncpg.connect(**arguments(database.url))
    other = await asyncpg.connect(host=place, user="loa", database="postgres")
    thaw = asyncio.Event()

    async def rows() -> AsyncIterator[bytes]:
        await thaw.wait()
        yield b""

    async def hold(connection: asyncpg.Connection, id: int) -> None:
        async with connection.transaction():
            await connection.execute("INSERT INTO held VALUES ($1)", id)
            await connection.copy_to_table("held", source=rows())

    standing = [asyncio.create_task(hold(connection, id)) for id, connection in enumerate((frozen, other), 2)]
    async with asyncio.timeout(10):
        while await _waits_for_rows(database) < len(standing):
            await asyncio.to_thread(lambda: None)
    async with database.write() as working:
        await working.execute(text("UPDATE held SET id = 4 WHERE id = 1"))
        assert (0, 1, 0) == (await database.end_frozen(), await database.end_frozen(0), await database.end_frozen(0))
    thaw.set()
    ended, _ = await asyncio.gather(*standing, return_exceptions=True)
    assert isinstance(ended, Exception), "who thaws is told"
    assert passes(ended)
    async with database.read() as connection:
        assert [3, 4] == sorted(await connection.scalars(text("SELECT id FROM held")))
    await other.close()
    await database.close()


async def test_the_last_word_of_a_session_is_half_read(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node that thaws between two statements has the reason before it has the end: that too is trouble that passes."""
    url = f"postgresql://loa@/postgres?host={place}"
    ended, step_there = Database(url), direct._step_postgresql

    async def frozen_after(connection: asyncpg.Connection, step: Step) -> Rows:
        rows = await step_there(connection, step)
        async with ended.read() as other:
            await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": rows[0][0]})
        async with asyncio.timeout(10):
            await go.ended.wait()
        await asyncio.to_thread(lambda: None)
        return rows

    def work() -> Generator[Step, Rows, int]:
        rows = yield Ask("SELECT pg_backend_pid()")
        return int(rows[0][0])

    async with between(url) as go:
        database = Database(go.url)
        with monkeypatch.context() as patch:
            go.silent = True
            patch.setattr(direct, "_step_postgresql", frozen_after)
            with pytest.raises(DatabaseTrouble):
                await database.run(work())
        go.silent = False
        assert 0 < await database.run(work())
        await database.close()
    await ended.close()


async def test_a_step_of_the_schema_may_take_its_time(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a node asks in passing is given up after a while; a step on a large database is not, nor who waits for it."""
    monkeypatch.setattr(server, "COMMAND_SECONDS", 0.1)
    database = Database(f"postgresql://loa@/postgres?host={place}")
    long = text("SELECT 1 FROM pg_sleep(0.5)")
    with pytest.raises(DatabaseTrouble):
        async with database.write() as tx:
            await tx.execute(long)
    async with database.alter() as tx:
        assert 1 == await tx.scalar(long)
    await database.close()


async def _waits_for_rows(database: Database) -> int:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%' AND wait_event = 'ClientRead'"
    async with database.read() as connection:
        return int((await connection.execute(text(waiting))).scalar_one())


@both
async def test_leases_are_reckoned_by_the_servers_clock(database_url: str) -> None:
    """A node whose clock is an hour wrong knows by how much; on SQLite there is one clock."""
    wrong = Database(database_url, FakeClock(SystemClock().now() - timedelta(hours=1)))
    await wrong.look_at_clock()
    hour = timedelta() if wrong.is_sqlite else timedelta(hours=1)
    assert abs(wrong.ahead - hour) < timedelta(seconds=1)
    await wrong.close()
