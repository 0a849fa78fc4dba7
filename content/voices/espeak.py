"""The voice that is always there: espeak-ng in a process of its own, no network and no system package.

espeak-ng is GPL-3 and keeps process-wide state, so it never lives in our process: `python -m content.voices.espeak`
loads the library that the package espeakng-loader carries and speaks a small protocol on its pipes. We send a 4 byte
big-endian length and UTF-8 text; it answers one letter, a 4 byte length and that many bytes: R (ready; the sample rate
as decimal text), P (mono signed 16 bit samples) or E (an error text). It ends when its input does.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import struct
import sys
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, ClassVar

import espeakng_loader

from content.voice import Speech, Voice, VoiceRefused, VoiceUnavailable

ROOT = Path(__file__).resolve().parents[2]
WORDS_A_MINUTE = 140
"""The speed a Vietnamese recogniser understood best (speech measured: 160 and more is worse)."""
AMPLITUDE = 60
"""Of 100; at 80 the loudest of our sentences came within 0.2 dB of clipping."""
START_SECONDS = 20.0
BASE_SECONDS = 10.0
LETTER_SECONDS = 0.02
END_SECONDS = 2.0

_FRAME = struct.Struct(">cI")
_LENGTH = struct.Struct(">I")


class EspeakVoice(Voice):
    """espeak-ng's Vietnamese voice. `timeout` is the least seconds a sentence may take."""

    name = "espeak"
    title_vi = "eSpeak NG, giọng nam, ngoại tuyến"
    title_en = "eSpeak NG, male, offline"
    variant: ClassVar[str] = "vi"

    def __init__(self, *, words_a_minute: int = WORDS_A_MINUTE, timeout: float = BASE_SECONDS) -> None:
        self._speed = words_a_minute
        self._timeout = timeout
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._rate = 0

    @property
    def version(self) -> str:
        """Version of the library's package, voice, words a minute and amplitude."""
        return f"{version('espeakng-loader')} {self.variant} {self._speed} {AMPLITUDE}"

    async def synth(self, sentence: str) -> Speech:
        """One sentence; a worker that died is replaced once, one that hangs is killed."""
        text = sentence.replace("\0", " ").encode()
        async with self._lock:
            for _ in range(2):
                try:
                    async with asyncio.timeout(self._timeout + LETTER_SECONDS * len(text)):
                        return await self._ask(text)
                except TimeoutError:
                    await self._drop()
                    raise VoiceUnavailable("espeak-ng không trả lời kịp", "espeak-ng did not answer in time") from None
                except (ConnectionError, asyncio.IncompleteReadError):
                    await self._drop()
                except asyncio.CancelledError:
                    await self._drop()
                    raise
            raise VoiceUnavailable("tiến trình espeak-ng dừng đột ngột hai lần", "the espeak-ng worker died twice")

    async def aclose(self) -> None:
        """Let the worker end by itself, or kill it after two seconds."""
        async with self._lock:
            await self._drop(patience=END_SECONDS)

    async def _ask(self, text: bytes) -> Speech:
        process = self._process or await self._start()
        assert process.stdin
        process.stdin.write(_LENGTH.pack(len(text)) + text)
        await process.stdin.drain()
        kind, answer = await _receive(process)
        if kind != b"P":
            reason = answer.decode(errors="replace")
            raise VoiceRefused(f"espeak-ng không đọc được câu: {reason}", f"espeak-ng cannot say this: {reason}")
        return Speech(answer, self._rate)

    async def _start(self) -> asyncio.subprocess.Process:
        """Start the worker and wait until it is ready."""
        root = str(ROOT)
        command = [sys.executable, "-P", "-m", "content.voices.espeak", self.variant, str(self._speed), str(AMPLITUDE)]
        try:
            self._process = process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": root},
                start_new_session=True,  # Ctrl-C is for us alone; the worker ends with its input
            )
        except OSError as error:
            raise VoiceUnavailable(
                f"không khởi động được espeak-ng: {error}", f"espeak-ng does not start: {error}"
            ) from error
        async with asyncio.timeout(START_SECONDS):
            kind, answer = await _receive(process)
        if kind != b"R":
            await self._drop()
            reason = answer.decode(errors="replace")
            raise VoiceUnavailable(f"không nạp được espeak-ng: {reason}", f"espeak-ng does not load: {reason}")
        self._rate = int(answer)
        return process

    async def _drop(self, patience: float = 0.0) -> None:
        """End the worker and reap it, also when we are being cancelled a second time."""
        process, self._process = self._process, None
        if process:
            await asyncio.shield(asyncio.ensure_future(_end(process, patience)))


async def _receive(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
    assert process.stdout
    kind, length = _FRAME.unpack(await process.stdout.readexactly(_FRAME.size))
    return kind, await process.stdout.readexactly(length)


async def _end(process: asyncio.subprocess.Process, patience: float) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(patience):
            await process.stdout.read()
    except TimeoutError:
        if process.returncode is None:
            process.kill()
        await process.stdout.read()  # the exit is noticed only when the pipe is empty
    await process.wait()


class EspeakFemaleVoice(EspeakVoice):
    """espeak-ng's Vietnamese voice with the female variant the recognisers understood as well as the plain one."""

    name = "espeak-f3"
    title_vi = "eSpeak NG, giọng nữ, ngoại tuyến"
    title_en = "eSpeak NG, female, offline"
    variant = "vi+f3"


class _Library:
    """espeak-ng through ctypes; only ever made in the worker process."""

    SYNCHRONOUS, DONT_EXIT, UTF8, RATE, VOLUME = 2, 0x8000, 1, 1, 2

    def __init__(self, voice: str, words_a_minute: int, amplitude: int) -> None:
        self._dll = ctypes.CDLL(espeakng_loader.get_library_path())
        data = Path(espeakng_loader.get_data_path())
        # The library keeps no more than 160 bytes of this path, so it is given a short one.
        os.chdir(data.parent)
        self.rate: int = self._dll.espeak_Initialize(self.SYNCHRONOUS, 0, data.name.encode(), self.DONT_EXIT)
        if self.rate <= 0:
            raise RuntimeError(f"espeak_Initialize: {self.rate}")
        self._sound = bytearray()
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._callback = kind(self._hear)
        self._dll.espeak_SetSynthCallback(self._callback)
        self._must("espeak_SetVoiceByName", voice.encode())
        self._must("espeak_SetParameter", self.RATE, words_a_minute, 0)
        self._must("espeak_SetParameter", self.VOLUME, amplitude, 0)

    def _must(self, function: str, *arguments: object) -> None:
        if code := getattr(self._dll, function)(*arguments):
            raise RuntimeError(f"{function}: {code}")

    def _hear(self, samples: object, count: int, events: object) -> int:
        if samples and count > 0:
            self._sound += ctypes.string_at(samples, 2 * count)  # type: ignore[arg-type]
        return 0

    def say(self, text: bytes) -> bytes:
        """Mono signed 16 bit samples of UTF-8 text, which is never read as SSML or phonemes."""
        self._sound.clear()
        self._must("espeak_Synth", text, ctypes.c_size_t(len(text) + 1), 0, 0, 0, self.UTF8, None, None)
        self._must("espeak_Synchronize")
        return bytes(self._sound)


def _serve(voice: str, words_a_minute: str, amplitude: str) -> int:
    """The worker: answer sentences until the input ends."""
    private = os.dup(1)
    os.dup2(2, 1)  # whatever the library prints must not land among the answers
    with os.fdopen(private, "wb") as out:
        try:
            library = _Library(voice, int(words_a_minute), int(amplitude))
        except (OSError, RuntimeError, AttributeError) as error:
            _answer(out, b"E", repr(error).encode())
            return 1
        _answer(out, b"R", str(library.rate).encode())
        while len(head := sys.stdin.buffer.read(_LENGTH.size)) == _LENGTH.size:
            text = sys.stdin.buffer.read(_LENGTH.unpack(head)[0])
            try:
                _answer(out, b"P", library.say(text))
            except RuntimeError as error:
                _answer(out, b"E", str(error).encode())
    return 0


def _answer(out: BinaryIO, kind: bytes, payload: bytes) -> None:
    out.write(_FRAME.pack(kind, len(payload)))
    out.write(payload)
    out.flush()


if __name__ == "__main__":
    sys.exit(_serve(*sys.argv[1:]))
