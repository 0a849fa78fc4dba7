"""Real players and downloaders of Debian in front of a station's shelf, over a line that breaks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from aiohttp import ClientSession

from channels.pulls import store as pull_store
from channels.shelf.fetched import Fetch, delivery_state, part_states
from config.settings import Settings
from content.bulletin import BulletinClass
from content.item import Draft
from desk import serving
from desk.app import House, opened
from desk.demo.stage import free_port
from scheduler.log import store as log_store
from scheduler.schedule import Rule
from scheduler.scheduling import Wish
from tests.sounds import hum, pitch_of, record

KEY = "khoa-cua-dai-xa-2026"
TITLES = ("Lũ ống trên suối Nậm Ca", "Họp bản lúc 19 giờ", "Lịch tiêm chủng tháng mười hai")


def needs(*programs: str) -> Any:
    """Skip where a Debian program is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    words = f"no {', '.join(missing)} here (apt-get install {' '.join(missing)}); .ci/run installs it"
    return pytest.mark.skipif(bool(missing), reason=words)


@dataclass
class Line:
    """A way to the server that breaks off after `carry` bytes of an answer, as long as there are `cuts` left."""

    port: int = 0
    carry: int = 0
    cuts: int = 0
    broken: int = 0
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, far_port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        with contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", far_port)
            there = asyncio.ensure_future(_copy(reader, far_writer))
            with contextlib.suppress(OSError):
                await self._back(far_reader, writer)
            there.cancel()
            far_writer.transport.abort()
        writer.transport.abort()
        self.tasks.discard(task)

    async def _back(self, far: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carried = 0
        while piece := await far.read(8192):
            carried += len(piece)
            if self.cuts > 0 and carried > self.carry:
                self.cuts -= 1
                self.broken += 1
                return
            writer.write(piece)
            await writer.drain()
        writer.close()
        await writer.wait_closed()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(8192):
            writer.write(piece)
            await writer.drain()


@dataclass
class Radio:
    """A house with three bulletins for its station, on the air over a line."""

    house: House
    line: Line
    place: Path
    sounds: dict[str, bytes]

    @property
    def base(self) -> str:
        """The station's address with its key in the path."""
        return f"{self.house.outlets['tram'].outlet.base_url}/t/{KEY}/"

    async def addresses(self) -> list[str]:
        """What the list says, in the order to air."""
        async with ClientSession() as caller, caller.get(f"{self.base}playlist.m3u") as answer:
            return [line for line in (await answer.text()).splitlines() if not line.startswith("#")]

    async def run(self, *command: str, seconds: float = 30, **env: str) -> tuple[int, str]:
        """A program to its end: exit code and what it said."""
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=self.place,
            env=os.environ | {"HOME": str(self.place), "LANG": "C.UTF-8"} | env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(seconds):
                said, _ = await process.communicate()
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        return process.returncode or 0, said.decode(errors="replace")

    async def fetched(self) -> list[Fetch]:
        """How far each bulletin was fetched, by our own account."""
        async with self.house.database.read() as connection:
            wanted = log_store.Filter(outlets=("tram",))
            ids = [one.id async for one in log_store.walk(connection, wanted)]
            pulls = await pull_store.pulls_of(connection, ids)
        return [delivery_state(part_states(pulls.get(id, ()), 1)) for id in ids]

    async def all_fetched(self) -> None:
        """Wait until every bulletin has gone out whole."""
        await self.until_fetched(*[Fetch.COMPLETE] * len(TITLES))

    async def until_fetched(self, *wanted: Fetch) -> None:
        """Wait until so many bulletins have gone out so far: the account comes a moment after the last byte."""
        async with asyncio.timeout(20), self.house.notifier.waiting("delivery") as noted:
            while sorted(await self.fetched()) != sorted(wanted):
                noted.clear()
                await self.house.clock.wait(noted, 0.2)

    def heard(self, file: Path) -> float:
        """How many seconds a file lasts, decoded to its end."""
        with av.open(str(file)) as opened_file:
            stream = opened_file.streams.audio[0]
            return sum(frame.samples for frame in opened_file.decode(stream)) / stream.rate


@asynccontextmanager
async def on_air(place: Path, seconds: float = 2.0, rise: float = 0.0) -> AsyncIterator[Radio]:
    """The house, its station's bulletins, each of a pitch of its own that may rise (Hz a second), and the line."""
    line, port = Line(), free_port()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await line.serve(port, reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    settings = Settings.model_validate(
        {
            "database": {"url": f"sqlite:///{place / 'loa.db'}"},
            "files": {"dir": str(place / "files")},
            "voice": {"engines": ["espeak"]},
            "web": {"port": port, "public_url": f"http://127.0.0.1:{line.port}"},
            "outlets": {"tram": {"kind": "radio", "title": "Trạm xã", "token": KEY}},
        }
    )
    async with opened(settings) as house, serving.desk(house):
        yield Radio(house, line, place, await _fill(house, seconds, rise))
    server.close()
    for task in list(line.tasks):
        task.cancel()
    await asyncio.gather(*line.tasks, return_exceptions=True)


async def _fill(house: House, seconds: float, rise: float) -> dict[str, bytes]:
    """Three bulletins sent, the first of them urgent; the recording of each."""
    sounds = {}
    for number, title in enumerate(TITLES):
        async with house.database.write() as tx:
            item = await house.editing.write(tx, Draft(title, "Bà con chú ý."), "Mai")
            await house.editing.submit(tx, item.id, "Mai")
            item = await house.editing.approve(tx, item.id, "Hùng")
        sounds[title] = await record(house, item, seconds, hum(seconds, pitch_of(item), rise))
        klass = BulletinClass.URGENT if number == 0 else BulletinClass.NORMAL
        async with house.database.write() as tx:
            wish = Wish((item.id,), ("tram",), Rule(once=house.clock.now()), klass=klass)
            await house.scheduling.add(tx, wish, "Hùng", may_approve=True)
    await house.runner.drain()
    return sounds


RATE = 8000


def samples(file: Path) -> list[float]:
    """A file as one row of samples, 8000 a second."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    heard = array("f")
    with av.open(str(file)) as opened_file:
        for frame in opened_file.decode(audio=0):
            for one in resampler.resample(frame):
                heard.frombytes(bytes(one.planes[0])[: 4 * one.samples])
    return list(heard)


def likeness(sent: list[float], heard: list[float]) -> float:
    """How like a piece of what was heard is to what was sent, where it is most so: 1 for the same shape in the same time."""
    piece, whole = np.asarray(sent) - np.mean(sent), np.asarray(heard)
    size = 1 << (len(whole) + len(piece)).bit_length()
    products = np.fft.irfft(np.fft.rfft(whole, size) * np.conj(np.fft.rfft(piece, size)), size)
    energy = np.convolve(whole**2, np.ones(len(piece)), "valid")
    return float(np.max(products[: len(energy)] / np.sqrt(np.maximum(energy, 1e-6) * np.sum(piece**2))))
