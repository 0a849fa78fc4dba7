"""Nodes as real processes on one database, and the gateway in a process of its own that counts what reaches it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
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
from scheduler.ahead import MOST_AHEAD
from scheduler.delivery import State
from scheduler.log import store as log_store
from tests import postgres
from tests.conftest import ROOT

AT_ONCE = 8
IN_FLIGHT = 2 * (AT_ONCE + MOST_AHEAD)


@dataclass
class Nodes:
    """Machines that share a database and a gateway."""

    url: str
    gateway: str
    place: Path
    per_second: int = 3000
    web: dict[str, Any] = field(default_factory=dict)
    dispatches: int = 0
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    def settings(self, name: str) -> dict[str, Any]:
        """A node's configuration: files of its own, the key they share."""
        home = self.place / name
        home.mkdir(exist_ok=True)
        plain = bench_settings(home, self.gateway, AT_ONCE, self.url).model_dump(mode="json", exclude_unset=True)
        plain["outlets"]["gateway"]["per_second"] = self.per_second
        plain["web"] = self.web
        plain["security"] = {"key": "mot-khoa-chung-cho-cac-nut"}
        return plain

    async def enqueue(self, count: int) -> None:
        """A dispatch that is due."""
        self.dispatches += 1
        async with opened(Settings.model_validate(self.settings("desk"))) as house:
            await enqueue(house, count)

    def command(self, name: str, roles: str) -> list[str]:
        """How a node is told to serve; its configuration is written."""
        plain, file = self.settings(name), self.place / name / "loa.toml"
        file.write_text(_toml(plain), encoding="utf-8")
        return ["serve", "--roles", roles, "--config", str(file)]

    async def start(self, name: str, roles: str, *before: str) -> asyncio.subprocess.Process:
        """A node begins to serve."""
        command = [*before, sys.executable, "-m", "desk", *self.command(name, roles)]
        with (self.place / f"{name}.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *command, cwd=ROOT, stdout=log, stderr=log, env=os.environ | {"PYTHONPATH": str(ROOT)}
            )
        self.running[name] = process
        return process

    async def stand(self) -> None:
        """Wait until every node has begun to work: one that finds no server when it starts ends with an error, as it should."""
        async with asyncio.timeout(120):
            for name in self.running:
                while "Loa đang chạy" not in self.said(name):
                    await asyncio.to_thread(lambda: None)

    def said(self, name: str) -> str:
        """A node's log."""
        return (self.place / f"{name}.log").read_text(encoding="utf-8")

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

    async def tries(self) -> dict[str, int]:
        """How many tries the log has, by outcome."""
        database = Database(self.url)
        try:
            async with database.read() as connection:
                rows = await connection.execute(text("SELECT outcome, count(*) AS count FROM attempt GROUP BY outcome"))
                return {row.outcome: row.count for row in rows}
        finally:
            await database.close()

    async def states(self) -> dict[State, int]:
        """How the log counts them."""
        database = Database(self.url)
        try:
            async with database.read() as connection:
                counts = await log_store.stats(connection, log_store.Filter())
                occurrences = (await connection.execute(text("SELECT count(*) FROM occurrence"))).scalar_one()
        finally:
            await database.close()
        assert occurrences <= self.dispatches, "two planners, one occurrence"
        return {state: number for state, number in counts.get("gateway", {}).items() if number}

    async def settled(self, count: int) -> None:
        """Wait until the log says `sent` of every one. Where it never does, what the nodes said is told."""
        found = dict[State, int]()
        try:
            async with asyncio.timeout(120):
                while (found := await self.states()) != {State.SENT: count}:
                    await asyncio.to_thread(lambda: None)
        except TimeoutError:
            pytest.fail(f"{found}\n" + "\n".join(f"{name} {self.said(name)[-2000:]}" for name in self.running))

    async def stop(self) -> None:
        """SIGTERM to all that still stand: each ends by itself with exit code 0."""
        for process in self.running.values():
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
        for name, process in self.running.items():
            async with asyncio.timeout(30):
                code = await process.wait()
            assert code in {0, -signal.SIGKILL}, self.said(name)
            assert "Traceback" not in self.said(name), self.said(name)


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


def start(place: str) -> None:
    """The server, on a socket."""
    options = f"-c listen_addresses='' -c unix_socket_directories='{place}' -c max_connections=200"
    postgres.start(f"{place}/d", options, place=place)


@asynccontextmanager
async def sink(delay: int, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """A gateway in a process of its own; its address."""
    command = [sys.executable, "-m", "tests.bench.sink", str(delay), host]
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    yield f"http://127.0.0.1:{(await process.stdout.readline()).decode().strip()}/"
    process.kill()
    await process.communicate()


async def three(nodes: Nodes, count: int) -> None:
    """A dispatch, two planners that also sweep, and three workers."""
    await nodes.enqueue(count)
    await asyncio.gather(nodes.start("p1", "planner,sweeper"), nodes.start("p2", "planner,sweeper"))
    for name in ("w1", "w2", "w3"):
        await nodes.start(name, "worker")
