"""A voice engine in a process of its own: our side, which starts, asks and ends it, and its side, which answers.

An engine that may crash, hang, hold much memory or carry another licence never lives in our process. On the pipes: we
send a 4 byte number, a 4 byte big-endian length and UTF-8 text; the engine sends one letter, a number, a length and that
many bytes: R (ready, number 0; the sample rate as decimal text), P (mono signed 16 bit samples for the text of this
number) or E (an error text). It ends when its input does, or when nothing was asked for its idle time.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from content.voice import Speech, VoiceRefused, VoiceUnavailable

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 20.0
END_SECONDS = 2.0
IDLE_SECONDS = 300.0

_ASKED = struct.Struct(">II")
_ANSWERED = struct.Struct(">cII")


class VoiceProcess:
    """The engine `name` of module `module`, started at the first sentence with `arguments`, asked `at_once` at a time."""

    def __init__(
        self, name: str, module: str, arguments: Sequence[str] = (), *, at_once: int = 1, start: float = START_SECONDS
    ) -> None:
        self._name = name
        self._command = [sys.executable, "-P", "-m", module, *arguments]
        self._start_seconds = start
        self._room = asyncio.Semaphore(at_once)
        self._starting = asyncio.Lock()
        self._running: _Running | None = None

    @property
    def pid(self) -> int | None:
        """The process id of the engine, while it runs."""
        return self._running.process.pid if self._running else None

    async def say(self, sentence: str, seconds: float) -> Speech:
        """One sentence, spoken as `ask` tells."""
        return Speech(*await self.ask(sentence, seconds))

    async def ask(self, sentence: str, seconds: float) -> tuple[bytes, int]:
        """The engine's answer within `seconds`, and the rate it told at its start.

        An engine that died is replaced once, one that hangs is killed. Cancelling ends it unless it works for others
        too. Raises VoiceUnavailable or VoiceRefused.
        """
        text = sentence.replace("\0", " ").encode()
        async with self._room:
            for _ in range(2):
                running = await self._ready()
                try:
                    async with asyncio.timeout(seconds):
                        kind, answer = await running.ask(text)
                except ConnectionError:
                    await self._drop(running)
                except TimeoutError:
                    await self._drop(running)
                    raise VoiceUnavailable(
                        f"{self._name} không trả lời kịp", f"{self._name} did not answer in time"
                    ) from None
                except asyncio.CancelledError:
                    if not running.waiting:
                        await self._drop(running)
                    raise
                else:
                    return self._accepted(kind, answer), running.rate
            raise VoiceUnavailable(
                f"tiến trình {self._name} dừng đột ngột hai lần", f"the {self._name} worker died twice"
            )

    async def aclose(self) -> None:
        """Let the engine end by itself, or kill it after two seconds."""
        async with self._starting:
            if self._running:
                await self._drop(self._running, patience=END_SECONDS)

    def _accepted(self, kind: bytes, answer: bytes) -> bytes:
        if kind != b"P":
            reason = answer.decode(errors="replace")
            raise VoiceRefused(f"{self._name} không đọc được câu: {reason}", f"{self._name} cannot say this: {reason}")
        return answer

    async def _ready(self) -> _Running:
        async with self._starting:
            if self._running is None or self._running.ended:
                if self._running:
                    await self._drop(self._running)
                self._running = _Running(await self._begin())
                try:
                    await self._welcome(self._running)
                except BaseException:
                    await self._drop(self._running)
                    raise
            return self._running

    async def _begin(self) -> asyncio.subprocess.Process:
        try:
            return await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                start_new_session=True,  # Ctrl-C is for us alone; the engine ends with its input
            )
        except OSError as error:
            raise VoiceUnavailable(
                f"không khởi động được {self._name}: {error}", f"{self._name} does not start: {error}"
            ) from error

    async def _welcome(self, running: _Running) -> None:
        """Wait until the engine is ready."""
        try:
            async with asyncio.timeout(self._start_seconds):
                kind, answer = await running.welcome()
        except TimeoutError:
            raise VoiceUnavailable(f"{self._name} không sẵn sàng kịp", f"{self._name} was not ready in time") from None
        except ConnectionError:
            raise VoiceUnavailable(
                f"tiến trình {self._name} dừng khi khởi động", f"the {self._name} worker died while starting"
            ) from None
        if kind != b"R":
            reason = answer.decode(errors="replace")
            raise VoiceUnavailable(f"không nạp được {self._name}: {reason}", f"{self._name} does not load: {reason}")
        running.rate = int(answer)

    async def _drop(self, running: _Running, patience: float = 0.0) -> None:
        """End this engine and reap it, also when we are being cancelled a second time."""
        if self._running is running:
            self._running = None
        await asyncio.shield(asyncio.ensure_future(running.end(patience)))


@dataclass(slots=True, eq=False)
class _Running:
    """One engine that runs, and who waits for which of its answers."""

    process: asyncio.subprocess.Process
    rate: int = 0
    waiting: dict[int, asyncio.Future[tuple[bytes, bytes]]] = field(default_factory=dict)
    asked: int = 0
    listener: asyncio.Task[None] = field(init=False)

    def __post_init__(self) -> None:
        self._expect(0)
        self.listener = asyncio.create_task(self._listen())

    @property
    def ended(self) -> bool:
        return self.listener.done()

    async def welcome(self) -> tuple[bytes, bytes]:
        return await self._answer(0)

    async def ask(self, text: bytes) -> tuple[bytes, bytes]:
        """The answer to a text. Raises ConnectionError when the engine ends before it."""
        self.asked += 1
        number = self.asked
        self._expect(number)
        assert self.process.stdin
        self.process.stdin.write(_ASKED.pack(number, len(text)) + text)
        return await self._answer(number, self.process.stdin)

    async def end(self, patience: float) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        await asyncio.wait([self.listener], timeout=patience)
        if not self.listener.done() and self.process.returncode is None:
            self.process.kill()
        await self.listener  # the exit is noticed only when the pipe is empty
        await self.process.wait()

    def _expect(self, number: int) -> None:
        self.waiting[number] = asyncio.get_running_loop().create_future()

    async def _answer(self, number: int, sent: asyncio.StreamWriter | None = None) -> tuple[bytes, bytes]:
        future = self.waiting[number]
        try:
            if self.ended:
                raise ConnectionResetError
            if sent:
                await sent.drain()
            return await future
        finally:
            self.waiting.pop(number, None)

    async def _listen(self) -> None:
        """Give every answer to who waits for it, until the pipe ends."""
        assert self.process.stdout
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind, number, length = _ANSWERED.unpack(await self.process.stdout.readexactly(_ANSWERED.size))
                answer = await self.process.stdout.readexactly(length)
                future = self.waiting.get(number)
                if future and not future.done():
                    future.set_result((kind, answer))
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(ConnectionResetError())


Say = Callable[[str], bytes]
"""In the engine: text to mono signed 16 bit samples; RuntimeError when it cannot be said."""


def serve(load: Callable[[], tuple[int, Say]], *, at_once: int = 1, idle: float = IDLE_SECONDS) -> int:
    """The engine's side: load (to a sample rate and what speaks), answer until the input ends; the exit code."""
    private = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints must not land among the answers
    with os.fdopen(private, "wb") as out:
        lock = threading.Lock()
        try:
            rate, say = load()
        except Exception as error:  # noqa: BLE001 (whatever it is, the other side tells it to people)
            _send(out, lock, b"E", 0, f"{type(error).__name__}: {error}".encode())
            return 1
        _send(out, lock, b"R", 0, str(rate).encode())
        with ThreadPoolExecutor(at_once) as threads:
            busy: set[int] = set()
            for number, text in _asked(idle, busy):
                threads.submit(_tell, out, lock, number, text, say, busy)
    return 0


def _tell(out: BinaryIO, lock: threading.Lock, number: int, text: str, say: Say, busy: set[int]) -> None:
    try:
        kind, answer = b"P", say(text)
    except Exception as error:  # noqa: BLE001 (one sentence that fails must not end the engine)
        kind, answer = b"E", f"{type(error).__name__}: {error}".encode()
    with contextlib.suppress(BrokenPipeError):
        _send(out, lock, kind, number, answer)
    busy.discard(number)


def _asked(idle: float, busy: set[int]) -> Iterator[tuple[int, str]]:
    """What is asked, until the input ends or nothing has been asked for `idle` seconds and nothing is being said."""
    asked: queue.SimpleQueue[tuple[int, str] | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    while True:
        try:
            one = asked.get(timeout=idle)
        except queue.Empty:
            if busy:
                continue
            return
        if one is None:
            return
        busy.add(one[0])
        yield one


def _listen(asked: queue.SimpleQueue[tuple[int, str] | None]) -> None:
    # Unbuffered: a thread that waits in a buffer's lock would keep the process from ending when idle.
    with contextlib.suppress(EOFError):
        while True:
            number, length = _ASKED.unpack(_exactly(_ASKED.size))
            asked.put((number, _exactly(length).decode()))
    asked.put(None)


def _exactly(length: int) -> bytes:
    """So many bytes of our input. Raises EOFError when it ends."""
    read = bytearray()
    while len(read) < length:
        if not (more := os.read(0, length - len(read))):
            raise EOFError
        read += more
    return bytes(read)


def _send(out: BinaryIO, lock: threading.Lock, kind: bytes, number: int, payload: bytes) -> None:
    with lock:
        out.write(_ANSWERED.pack(kind, number, len(payload)))
        out.write(payload)
        out.flush()
