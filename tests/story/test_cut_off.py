"""A worker in a network of its own is cut from the database in the middle of a dispatch, for longer than its lease lasts."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from desk.demo.stage import free_port
from tests import postgres
from tests.story.nodes import IN_FLIGHT, Nodes, sink

COUNT = 6000
LEASE_SECONDS = 30
NET = "10.213.77"


@dataclass
class Network:
    """A network name space with two links to this machine: one to the database, one to the gateway."""

    name: str
    database: str = f"{NET}.1"
    gateway: str = f"{NET}.5"

    def link(self, state: str) -> None:
        """The link to the database goes `up` or `down`, at its far end."""
        ip("-n", self.name, "link", "set", f"{self.name}-d", state)


def ip(*words: str) -> None:
    """Run it, to its end."""
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def network() -> Iterator[Network]:
    """Made by root alone."""
    if os.getuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs root and ip (apt-get install iproute2); .ci/run has both")
    name = f"l{uuid.uuid4().hex[:8]}"
    try:
        ip("netns", "add", name)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network can be made here: {error.stderr.decode().strip()}")
    ip("-n", name, "link", "set", "lo", "up")
    for end, near, far in (("d", 1, 2), ("g", 5, 6)):
        ip("link", "add", f"{name}{end}", "type", "veth", "peer", "name", f"{name}-{end}", "netns", name)
        ip("addr", "add", f"{NET}.{near}/30", "dev", f"{name}{end}")
        ip("link", "set", f"{name}{end}", "up")
        ip("-n", name, "addr", "add", f"{NET}.{far}/30", "dev", f"{name}-{end}")
        ip("-n", name, "link", "set", f"{name}-{end}", "up")
    yield Network(name)
    ip("netns", "del", name)


@pytest.fixture
def far_server(network: Network) -> Iterator[str]:
    """A PostgreSQL server that is reached by the network."""
    if postgres.programs() is None:
        pytest.skip(postgres.MISSING)
    with postgres.directory() as place:
        postgres.make(f"{place}/d", place=place)
        with Path(f"{place}/d/pg_hba.conf").open("a", encoding="ascii") as rules:
            rules.write(f"host all all {NET}.0/24 trust\n")
        port = free_port()
        where = f"-c listen_addresses={network.database} -c port={port} -c unix_socket_directories=''"
        postgres.start(f"{place}/d", f"{where} -c max_connections=200 -c fsync=off", place=place)
        yield f"postgresql://loa@{network.database}:{port}/postgres"
        postgres.stop(f"{place}/d", place=place)


@dataclass
class Sides:
    """The nodes beside the database and gateway, and the one behind the network."""

    near: Nodes
    far: Nodes


@pytest.fixture
async def sides(far_server: str, network: Network, tmp_path: Path) -> AsyncIterator[Sides]:
    """Nothing running yet."""
    async with sink(5, "0.0.0.0") as gateway:
        behind = gateway.replace(urlsplit(gateway).hostname or "", network.gateway)
        sides = Sides(*(Nodes(far_server, address, tmp_path, per_second=1500) for address in (gateway, behind)))
        yield sides
        await sides.far.stop()
        await sides.near.stop()


async def test_a_worker_is_cut_from_the_database(sides: Sides, network: Network) -> None:
    """It sends nothing more by itself, others take over what it held, and with its link it comes back; nothing is lost."""
    near, far = sides.near, sides.far
    await near.enqueue(COUNT)
    await near.start("p1", "planner,sweeper")
    await far.start("w1", "worker", "ip", "netns", "exec", network.name)
    await near.until(1000)
    network.link("down")
    cut_at = time.monotonic()
    await _still(near)
    assert time.monotonic() - cut_at < LEASE_SECONDS / 3, "it stops long before its lease ends"
    await asyncio.gather(near.start("w2", "worker"), near.start("w3", "worker"))
    await near.settled(COUNT)
    assert time.monotonic() - cut_at > LEASE_SECONDS, "its claims are its own while its lease lasts"
    told, tries = await near.counted(), await near.tries()
    network.link("up")
    await near.stop()
    assert COUNT == told["named"] == tries["sent"]
    assert told["taken"] - told["named"] <= min(IN_FLIGHT, tries["interrupted"])
    await near.enqueue(COUNT)
    await near.start("p1", "planner,sweeper")
    await near.settled(2 * COUNT)
    assert 2 * COUNT == (await near.counted())["named"]
    assert tries["interrupted"] == (await near.tries())["interrupted"]


async def _still(nodes: Nodes) -> None:
    """Until nothing has come for two seconds."""
    told, since = await nodes.counted(), time.monotonic()
    while time.monotonic() - since < 2:
        if (now := await nodes.counted())["taken"] != told["taken"]:
            told, since = now, time.monotonic()
