"""A real server on a small disk that fills up in the middle of a dispatch, and is given room again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from config.settings import Settings
from db.database import Database
from desk import auth
from desk.app import opened
from desk.demo.stage import free_port
from scheduler.delivery import State
from tests.story.nodes import Nodes, sink

COUNT = 6000
SIZE = "12m"
RECOVERY_SECONDS = 10
ITEM = {"title": "Lịch tiêm chủng tháng 12", "body": "Mời bà con."}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    if os.getuid() != 0:
        pytest.skip("a small file system can only be mounted by root; .ci/run is root")
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", place], check=False, capture_output=True
    )
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path) -> Path:
    """Take all room there is; the file that does."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return ballast


async def test_the_disk_fills_and_is_given_room(tmp_path: Path, disk: Path) -> None:
    """It stays up and is read, says so where it is written, sends nothing it cannot log, and goes on by itself."""
    port = free_port()
    async with sink(5) as gateway:
        nodes = Nodes(f"sqlite:///{disk / 'loa.db'}", gateway, tmp_path, per_second=1500)
        nodes.web = {"host": "127.0.0.1", "port": port}
        await nodes.enqueue(COUNT)
        async with opened(Settings.model_validate(nodes.settings("node"))) as house:
            await auth.add_person(house, "lan", "Nguyễn Thị Lan", ("author",), None)
            token = await auth.make_token(house, "lan", "kịch bản", ("read", "write"), None)
        node = await nodes.start("node", "all")
        await nodes.until(500)
        ballast = fill(disk)
        headers = {"Authorization": f"Bearer {token}"}
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as client:
            await _refused(client)
            held = await _still(nodes)
            assert held["taken"] < COUNT
            assert held["taken"] == held["named"] <= await _intended(nodes)
            assert node.returncode is None
            ballast.unlink()
            since = time.monotonic()
            await nodes.until(held["named"] + 1)
            assert 201 == (await _written(client)).status
            assert time.monotonic() - since < RECOVERY_SECONDS
        await nodes.settled(COUNT)
        assert COUNT == (await nodes.counted())["taken"], "each once"
        assert {"sent": COUNT} == await nodes.tries()
        await nodes.stop()
    assert "ok" == await _integrity(nodes.url)
    assert 0 == node.returncode


async def _refused(client: aiohttp.ClientSession) -> None:
    """Writes are answered 503 with a sentence, reads as ever."""
    async with asyncio.timeout(10):
        while (answer := await _written(client)).status == 201:
            pass  # what room was left in files already there
    told = await answer.json(content_type=None)
    assert (503, "10") == (answer.status, answer.headers["Retry-After"])
    assert "Ổ đĩa đầy" in told["detail"]
    for path in ("/healthz", "/readyz", "/api/v1/items", "/api/v1/deliveries", "/sign-in"):
        assert 200 == (await client.get(path)).status, path


async def _written(client: aiohttp.ClientSession) -> Any:
    return await client.post("/api/v1/items", json=ITEM)


async def _still(nodes: Nodes) -> dict[str, Any]:
    """What the gateway has seen once nothing came for a second."""
    told, since = await nodes.counted(), time.monotonic()
    while time.monotonic() - since < 1.0:
        if (now := await nodes.counted())["taken"] != told["taken"]:
            told, since = now, time.monotonic()
    return told


async def _intended(nodes: Nodes) -> int:
    """How many the log knows to have left, or to be about to."""
    states = await nodes.states()
    return states.get(State.SENT, 0) + states.get(State.SENDING, 0)


async def _integrity(url: str) -> str:
    database = Database(url)
    async with database.read() as connection:
        told: str = (await connection.execute(text("PRAGMA integrity_check"))).scalar_one()
    await database.close()
    return told
