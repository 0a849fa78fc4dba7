"""Several nodes on one PostgreSQL, as real processes: shared, killed, frozen, the server restarted, fail-over.

What is lost is lost to a person, so the judge is the gateway: it counts every delivery by name. A repeat under the same
name is allowed for what was in flight when a node or the server died, and for nothing else.
"""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest
from sqlalchemy import text

from db.database import Database
from desk.demo.stage import free_port
from tests import postgres
from tests.story.nodes import IN_FLIGHT, Nodes, sink, start, three


async def test_three_workers_share_and_nothing_is_doubled(nodes: Nodes) -> None:
    """Two planners and three workers without further set-up: every delivery exactly once."""
    await three(nodes, 6000)
    await nodes.settled(6000)
    told = await nodes.counted()
    assert (6000, 6000) == (told["taken"], told["named"])


async def test_one_is_killed_and_one_is_frozen_past_its_lease(nodes: Nodes) -> None:
    """The others take over; who wakes up writes nothing under claims it lost; nothing is lost."""
    await three(nodes, 9000)
    await nodes.until(2000)
    nodes.running["w1"].kill()
    nodes.running["w2"].send_signal(signal.SIGSTOP)
    await nodes.settled(9000)
    nodes.running["w2"].send_signal(signal.SIGCONT)
    told = await nodes.counted()
    assert 9000 == told["named"]
    assert told["taken"] - told["named"] <= IN_FLIGHT
    await nodes.settled(9000)


async def test_the_server_is_killed_and_comes_back(nodes: Nodes, server: tuple[str, str]) -> None:
    """Nodes wait for it and go on by themselves."""
    await three(nodes, 9000)
    await asyncio.gather(nodes.stand(), nodes.until(2000))
    await asyncio.to_thread(postgres.stop, f"{server[0]}/d", place=server[0])
    await asyncio.to_thread(start, server[0])
    await nodes.settled(9000)
    told = await nodes.counted()
    assert 9000 == told["named"]
    assert told["taken"] - told["named"] <= IN_FLIGHT


async def test_a_standby_takes_over(tmp_path: Path) -> None:
    """A synchronous standby is promoted in the middle of a dispatch: the address names both, and nothing is lost."""
    if postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    with postgres.directory() as place:
        one, other = free_port(), free_port()
        common = "-c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200 -c hot_standby=on"
        postgres.make(f"{place}/a", place=place)
        postgres.start(f"{place}/a", f"{common} -p {one}", place=place)
        origin = f"host=127.0.0.1 port={one} user=loa application_name=standby"
        postgres.run("pg_basebackup", "-D", f"{place}/b", "-R", "-X", "stream", "-d", origin, place=place)
        postgres.start(f"{place}/b", f"{common} -p {other}", place=place)
        url = f"postgresql://loa@127.0.0.1:{one},127.0.0.1:{other}/postgres"
        async with sink(2) as gateway:
            nodes = Nodes(url, gateway, tmp_path)
            await _synchronous(url)
            await nodes.enqueue(60_000)
            await nodes.start("p1", "planner,sweeper")
            await asyncio.gather(nodes.start("w1", "worker"), nodes.start("w2", "worker"))
            await nodes.until(8000)
            await asyncio.to_thread(postgres.stop, f"{place}/a", place=place)
            await asyncio.to_thread(postgres.run, "pg_ctl", "-D", f"{place}/b", "-w", "promote", place=place)
            await nodes.settled(60_000)
            told = await nodes.counted()
            assert 60_000 == told["named"]
            assert told["taken"] - told["named"] <= IN_FLIGHT
            await nodes.stop()
        postgres.stop(f"{place}/b", place=place)


async def _synchronous(url: str) -> None:
    """From here on a commit is one on both servers."""
    database = Database(url)
    async with database._writer.connect() as connection:
        plain = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await plain.execute(text("ALTER SYSTEM SET synchronous_standby_names = 'standby'"))
        await plain.execute(text("SELECT pg_reload_conf()"))
        state = ""
        while state != "sync":
            asked = await plain.execute(text("SELECT sync_state FROM pg_stat_replication"))
            state = asked.scalar_one_or_none() or ""
        # the standby inherits the setting: alone it must not wait for one of its own
    await database.close()
