"""Several nodes on one PostgreSQL, as real processes: shared, killed, frozen, the server restarted, fail-over.

What is lost is lost to a person, so the judge is the gateway: it counts every delivery by name. A repeat under the same
name is allowed for what was in flight when a node or the server died, and for nothing else.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from config.settings import Settings
from db.database import Database
from desk.app import opened
from desk.commands.bench import bench_settings, enqueue
from desk.demo.play import free_port
from scheduler.delivery import State
from scheduler.log import store as log_store
from tests import postgres
from tests.conftest import ROOT

AT_ONCE = 8
IN_FLIGHT = 2 * (AT_ONCE + 512 + 256)


@dataclass
class Nodes:
    """Machines that share a database and a gateway."""

    url: str
    gateway: str
    place: Path
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    def settings(self, name: str) -> dict[str, Any]:
        """A node's configuration: files of its own, the key they share."""
        home = self.place / name
        home.mkdir(exist_ok=True)
        plain = bench_settings(home, self.gateway, AT_ONCE, self.url).model_dump(mode="json", exclude_unset=True)
        plain["outlets"]["gateway"]["per_second"] = 3000
        plain["security"] = {"key": "mot-khoa-chung-cho-cac-nut"}
        return plain

    async def enqueue(self, count: int) -> None:
        """A dispatch that is due."""
        async with opened(Settings.model_validate(self.settings("desk"))) as house:
            await enqueue(house, count)

    async def start(self, name: str, roles: str, *before: str) -> asyncio.subprocess.Process:
        """A node begins to serve."""
        file = self.place / name / "loa.toml"
        plain = self.settings(name)
        file.write_text(_toml(plain), encoding="utf-8")
        command = [*before, sys.executable, "-m", "desk", "serve", "--roles", roles, "--config", str(file)]
        with (self.place / f"{name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, cwd=ROOT, stdout=log, stderr=log, env=os.environ | {"PYTHONPATH": str(ROOT)}
            )
        self.running[name] = process
        return process

    async def counted(self) -> dict[str, Any]:
        """What the gateway has seen."""
        async with aiohttp.ClientSession() as session, session.get(self.gateway) as response:
            told: dict[str, Any] = await response.json(content_type=None)
            return told

    async def until(self, named: int) -> dict[str, Any]:
        """Wait until the gateway has seen so many different deliveries."""
        async with asyncio.timeout(120):
            while (told := await self.counted())["named"] < named:
                await asyncio.to_thread(lambda: None)
            return told

    async def states(self) -> dict[State, int]:
        """How the log counts them."""
        database = Database(self.url)
        try:
            async with database.read() as connection:
                counts = await log_store.stats(connection, log_store.Filter())
                occurrences = (await connection.execute(text("SELECT count(*) FROM occurrence"))).scalar_one()
        finally:
            await database.close()
        assert occurrences <= 1, "two planners, one occurrence"
        return {state: number for state, number in counts.get("gateway", {}).items() if number}

    async def settled(self, count: int) -> None:
        """Wait until the log says `sent` of every one."""
        async with asyncio.timeout(120):
            while await self.states() != {State.SENT: count}:
                await asyncio.to_thread(lambda: None)

    async def stop(self) -> None:
        """SIGTERM to all that still stand: each ends by itself with exit code 0."""
        for process in self.running.values():
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for name, process in self.running.items():
            async with asyncio.timeout(30):
                code = await process.wait()
            log = (self.place / f"{name}.log").read_text(encoding="utf-8")
            assert code in {0, -signal.SIGKILL}, log
            assert "Traceback" not in log, log


def _toml(plain: dict[str, Any]) -> str:
    lines: list[str] = []
    for name, table in plain.items():
        tables = {f"outlets.{key}": one for key, one in table.items()} if name == "outlets" else {name: table}
        for title, options in tables.items():
            lines.append(f"[{title}]")
            lines += [
                f"{key} = {json.dumps(value, ensure_ascii=False)}"
                for key, value in options.items()
                if value is not None
            ]
    return "\n".join(lines) + "\n"


@pytest.fixture
def server() -> Iterator[tuple[str, str]]:
    """A PostgreSQL server a test may kill: its directory and address."""
    if postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    with postgres.directory() as place:
        postgres.make(f"{place}/d", place=place)
        start(place)
        yield place, f"postgresql://loa@/postgres?host={place}"
        postgres.stop(f"{place}/d", place=place)


def start(place: str) -> None:
    """The server, on a socket."""
    options = f"-c listen_addresses='' -c unix_socket_directories='{place}' -c max_connections=200"
    postgres.start(f"{place}/d", options, place=place)


@asynccontextmanager
async def sink(delay: int) -> AsyncIterator[str]:
    """A gateway in a process of its own; its address."""
    command = [sys.executable, "-m", "tests.bench.sink", str(delay)]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    yield f"http://127.0.0.1:{(await process.stdout.readline()).decode().strip()}/"
    process.kill()
    await process.communicate()


@pytest.fixture
async def nodes(server: tuple[str, str], tmp_path: Path) -> AsyncIterator[Nodes]:
    """Nothing running yet."""
    async with sink(5) as gateway:
        nodes = Nodes(server[1], gateway, tmp_path)
        yield nodes
        await nodes.stop()


async def _three(nodes: Nodes, count: int) -> None:
    await nodes.enqueue(count)
    await asyncio.gather(nodes.start("p1", "planner,sweeper"), nodes.start("p2", "planner,sweeper"))
    for name in ("w1", "w2", "w3"):
        await nodes.start(name, "worker")


async def test_three_workers_share_and_nothing_is_doubled(nodes: Nodes) -> None:
    """Two planners and three workers without further set-up: every delivery exactly once."""
    await _three(nodes, 6000)
    await nodes.settled(6000)
    told = await nodes.counted()
    assert (6000, 6000) == (told["taken"], told["named"])


async def test_one_is_killed_and_one_is_frozen_past_its_lease(nodes: Nodes) -> None:
    """The others take over; who wakes up writes nothing under claims it lost; nothing is lost."""
    await _three(nodes, 9000)
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
    await _three(nodes, 9000)
    await nodes.until(2000)
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
