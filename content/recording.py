"""Recording: a script made into a broadcast-ready file, kept by the hash of its content.

A recording's key says what was asked for (script, voices, mastering), its name what came out (sha256 of the file). The
row that ties a key to a name is written by whoever asked; here are only the making and the file.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import threading
import unicodedata
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from content.mastering import Mastered, Mastering, Tags, master
from content.voice import Fallback, Voice, letters, speak

T = TypeVar("T")

LONGEST_SCRIPT = 60_000
"""Characters: a little over an hour of speech."""


class BadScript(ValueError):
    """A script that cannot be recorded; `vi` and `en` say why to people."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en


@dataclass(frozen=True, slots=True)
class Recording:
    """A finished file: `key` of what was asked, `name` below the studio's directory, sha256 in hex, size in bytes.

    Length in seconds, loudness (LUFS) and true peak (dBTP) are as measured on the file; then the mark of the voice that
    spoke, the script, and the preferred voices that failed (an online voice may do better another time).
    """

    key: str
    name: str
    sha256: str
    bytes: int
    seconds: float
    lufs: float
    true_peak_db: float
    voice: str
    made_from: str
    fallbacks: tuple[Fallback, ...] = ()


def canonical(script: str) -> str:
    """The script in NFC, lines trimmed, runs of space made one, empty lines left out. Raises BadScript."""
    lines = (" ".join(line.split()) for line in unicodedata.normalize("NFC", script).splitlines())
    text = "\n".join(line for line in lines if line)
    if not text:
        raise BadScript("kịch bản trống", "the script is empty")
    if not letters(text):
        raise BadScript("kịch bản không có chữ nào để đọc", "the script has no letters to read")
    if len(text) > LONGEST_SCRIPT:
        raise BadScript(
            f"kịch bản dài {len(text)} ký tự, nhiều nhất là {LONGEST_SCRIPT}",
            f"the script has {len(text)} characters, the most is {LONGEST_SCRIPT}",
        )
    return text


def recording_key(script: str, voice_names: Sequence[str], mastering: Mastering) -> str:
    """32 hex digits of what is asked for: the canonical script, voices in order (`Voice.mark`), and mastering.

    Tags are not part of it: the same words under another title are the same recording.
    """
    asked = {"mastering": mastering.key, "script": canonical(script), "voices": list(voice_names)}
    text = json.dumps(asked, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Studio:
    """Makes recordings in `directory` with `voices` in order of preference; `at_once` of them mastered in parallel.

    The studio owns its threads, not the voices. What is asked for twice at the same time is made once, with the tags of
    the first who asked.
    """

    def __init__(
        self, voices: Sequence[Voice], directory: Path, mastering: Mastering | None = None, *, at_once: int = 1
    ) -> None:
        self._voices = tuple(voices)
        self._directory = directory
        self._mastering = mastering or Mastering()
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="loa-studio")
        self._making: dict[str, _Job] = {}

    def key(self, script: str) -> str:
        """The key a recording of `script` would have here. Raises BadScript."""
        return recording_key(script, [voice.mark for voice in self._voices], self._mastering)

    def path(self, recording: Recording) -> Path:
        """Where the file of a recording is, or would be."""
        return self._directory / recording.name

    async def record(
        self, script: str, tags: Tags | None = None, *, on_fallback: Callable[[Fallback], None] | None = None
    ) -> Recording:
        """Speak, master and keep `script`; the file is whole and on disk when this returns.

        Raises BadScript, VoiceUnavailable, VoiceRefused, SilentSpeech or OSError (disk). Cancelling leaves nothing
        behind, unless another caller waits for the same key.
        """
        key = self.key(script)
        job = self._making.get(key)
        if job is None:
            task = asyncio.ensure_future(self._make(key, canonical(script), tags or Tags(), on_fallback))
            job = self._making[key] = _Job(task)
            task.add_done_callback(lambda _: self._forget(key, task))
        job.waiting += 1
        try:
            return await asyncio.shield(job.task)
        except asyncio.CancelledError:
            if job.waiting == 1 and not job.task.done():
                self._making.pop(key, None)  # whoever comes now begins anew
                job.task.cancel()
                await asyncio.wait([job.task])
            raise
        finally:
            job.waiting -= 1

    async def aclose(self) -> None:
        """Stop what is being made and end the threads."""
        tasks = [job.task for job in self._making.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._pool.shutdown()

    def _forget(self, key: str, task: asyncio.Task[Recording]) -> None:
        if key in self._making and self._making[key].task is task:
            del self._making[key]
        if not task.cancelled():
            task.exception()  # heard, even if nobody waits any more

    async def _make(
        self, key: str, script: str, tags: Tags, on_fallback: Callable[[Fallback], None] | None
    ) -> Recording:
        spoken = await speak(script, self._voices, on_fallback=on_fallback)
        stop = threading.Event()
        tags = replace(tags, voice=f"synthetic voice, giọng đọc máy: {spoken.voice}")
        done = await self._off_loop(stop, master, spoken.speech, self._mastering, tags, stop)
        name = f"{done.sha256[:2]}/{done.sha256}.{self._mastering.format}"
        await self._off_loop(stop, keep, self._directory, name, done)
        figures = (done.sha256, done.bytes, done.seconds, done.lufs, done.true_peak_db)
        return Recording(key, name, *figures, spoken.voice, script, spoken.fallbacks)

    async def _off_loop(self, stop: threading.Event, work: Callable[..., T], *arguments: object) -> T:
        """`work` in a thread of ours; when cancelled, it is told to stop and waited for."""
        job = self._pool.submit(work, *arguments)
        done = asyncio.wrap_future(job)
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            stop.set()
            if not job.cancel():
                await asyncio.wait([done])
                done.exception()  # heard; the cancelling is what counts
            raise


class _Job:
    """A recording under way and how many wait for it."""

    def __init__(self, task: asyncio.Task[Recording]) -> None:
        self.task = task
        self.waiting = 0


def keep(directory: Path, name: str, made: Mastered) -> Path:
    """Write a file so that under its name there is the whole of it or nothing, also after a power cut.

    A whole file already there stays as it is, so that what stations pull keeps its dates. Raises OSError.
    """
    target = directory / name
    if target.is_file() and hashlib.sha256(target.read_bytes()).hexdigest() == made.sha256:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.parent / f".{uuid.uuid4().hex}.part"
    try:
        with part.open("xb") as file:
            file.write(made.data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    for folder in (target.parent, directory):
        _sync(folder)
    return target


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
