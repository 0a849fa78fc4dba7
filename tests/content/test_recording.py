"""Recordings: keys, whole files or none, one making for many askers, nothing left behind."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import math
import os
import socket
import threading
from array import array
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import av
import pytest

from content import studio as studio_module
from content.mastering import Mastering, SilentSpeech, Tags, measure
from content.recording import LONGEST_SCRIPT, BadScript, recording_key
from content.studio import Studio
from content.voice import Speech, Voice, VoiceUnavailable, letters
from content.voices.espeak import EspeakVoice
from content.voices.gtts import GttsVoice

SCRIPT = "ủy ban nhân dân xã thông báo.\nxin cảm ơn."


class Fake(Voice):
    """A tone for every sentence; `gate` holds sentences back, `level` 0 makes them silent."""

    name = "test-tone"
    title_vi = title_en = "tone"

    def __init__(self, level: int = 9000) -> None:
        self.level = level
        self.said: list[str] = []
        self.asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    @property
    def version(self) -> str:
        """Never changes."""
        return "1"

    async def synth(self, sentence: str) -> Speech:
        """A tone at 14 letters a second, once the gate is open."""
        self.said.append(sentence)
        self.asked.set()
        await self.gate.wait()
        count = round(8000 * max(0.5, letters(sentence) / 14))
        return Speech(array("h", [round(self.level * math.sin(at / 4)) for at in range(count)]).tobytes(), 8000)


@pytest.fixture
def voice() -> Fake:
    """A voice that costs nothing."""
    return Fake()


@pytest.fixture
async def studio(voice: Fake, tmp_path: Path) -> AsyncIterator[Studio]:
    """A studio whose threads must be gone afterwards."""
    made = Studio([voice], tmp_path / "audio")
    yield made
    await made.aclose()
    assert [one.name for one in threading.enumerate() if one.name.startswith("loa-")] == []


def files(folder: Path) -> list[Path]:
    """Every file below, hidden ones too."""
    return [one for one in folder.rglob("*") if one.is_file()]


async def test_real_speech_to_a_finished_file(tmp_path: Path) -> None:
    """Espeak speech on the shelf: name, size, sha256 and figures are those of the file itself."""
    espeak = EspeakVoice()
    studio = Studio([espeak], tmp_path)
    try:
        made = await studio.record(SCRIPT, Tags(title="Thông báo", office="UBND xã"))
    finally:
        await studio.aclose()
        await espeak.aclose()
    data = studio.path(made).read_bytes()
    assert made.name == f"{made.sha256[:2]}/{made.sha256}.mp3"
    assert (hashlib.sha256(data).hexdigest(), len(data)) == (made.sha256, made.bytes)
    heard = measure(data)
    assert (heard.lufs, heard.true_peak_db, heard.seconds) == (made.lufs, made.true_peak_db, made.seconds)
    assert abs(made.lufs + 16) <= 0.3
    assert made.true_peak_db <= -1
    assert (made.voice, made.fallbacks) == (espeak.mark, ())
    assert made.key == studio.key(SCRIPT)
    with av.open(io.BytesIO(data)) as file:
        assert file.metadata["title"] == "Thông báo"
        assert file.metadata["AI_VOICE"] == f"synthetic voice, giọng đọc máy: {espeak.mark}"
    mastered = hashlib.sha256((tmp_path / made.master).read_bytes()).hexdigest()
    assert made.master == f"{mastered[:2]}/{mastered}.flac"
    sidecar = studio.path(made).with_suffix(".json")
    assert set(files(tmp_path)) == {studio.path(made), tmp_path / made.master, sidecar}
    said = json.loads(sidecar.read_text(encoding="utf-8"))
    assert (said["synthetic"], said["voice"], said["sha256"]) == (True, espeak.mark, made.sha256)
    assert (said["script_sha256"], said["lufs"]) == (hashlib.sha256(SCRIPT.encode()).hexdigest(), round(made.lufs, 2))


async def test_google_down_is_recorded_by_espeak(tmp_path: Path) -> None:
    """With nobody at Google's address the recording is espeak's, and says why in itself."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        google = GttsVoice(base_url=f"http://127.0.0.1:{taken.getsockname()[1]}", every=0, backoff=0)
        espeak, heard = EspeakVoice(), []
        studio = Studio([google, espeak], tmp_path)
        try:
            made = await studio.record("xin chào bà con.", on_fallback=heard.append)
        finally:
            for one in (studio, google, espeak):
                await one.aclose()
    assert made.voice == espeak.mark
    assert [one.voice for one in made.fallbacks] == ["gtts"]
    assert heard == list(made.fallbacks)


@pytest.mark.parametrize(
    ("script", "vi", "en"),
    [
        ("", "trống", "empty"),
        (" \n\t", "trống", "empty"),
        ("... 123 !", "không có chữ", "no letters"),
        ("a" * (LONGEST_SCRIPT + 1), "60001", "60001"),
    ],
    ids=["empty", "blank", "no letters", "too long"],
)
async def test_bad_scripts(studio: Studio, voice: Fake, script: str, vi: str, en: str) -> None:
    """What cannot be recorded is said in both languages before any voice is asked."""
    with pytest.raises(BadScript) as failed:
        await studio.record(script)
    assert vi in failed.value.vi
    assert en in failed.value.en
    assert isinstance(failed.value, ValueError)
    assert voice.said == []


def test_key_is_stable() -> None:
    """The key does not depend on Unicode form or white space, but on every word, voice, order and setting."""
    mastering = Mastering()
    key = recording_key("xin chào bà con", ["gtts 2", "espeak 1"], mastering)
    assert key == "31f25875d58bf03a2b4f8d7fcef796ee"
    assert key == recording_key("  xin  cha\u0300o ba\u0300 con \n\n", ["gtts 2", "espeak 1"], mastering)
    others = {
        recording_key("xin chào bà con.", ["gtts 2", "espeak 1"], mastering),
        recording_key("xin chào\nbà con", ["gtts 2", "espeak 1"], mastering),
        recording_key("xin chào bà con", ["espeak 1", "gtts 2"], mastering),
        recording_key("xin chào bà con", ["espeak 1"], mastering),
        recording_key("xin chào bà con", ["gtts 2", "espeak 1"], replace(mastering, lufs=-23.0)),
    }
    assert len(others | {key}) == 6


async def test_same_key_is_made_once(studio: Studio, voice: Fake) -> None:
    """Many askers at the same time get one making and the same recording."""
    made = await asyncio.gather(*(studio.record(SCRIPT) for _ in range(5)))
    assert len(set(made)) == 1
    assert len(voice.said) == 2
    assert len(files(studio.path(made[0]).parents[1])) == len(("the file", "its sidecar", "the master"))


async def test_made_again_keeps_the_file(studio: Studio) -> None:
    """The same words made later find the file and leave it, with its dates, alone; a damaged one is healed."""
    first = await studio.record(SCRIPT)
    path = studio.path(first)
    before = path.stat()
    assert await studio.record(SCRIPT) == first
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    path.write_bytes(b"half")
    await studio.record(SCRIPT)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == first.sha256


async def test_other_scripts_meanwhile(studio: Studio) -> None:
    """Different scripts at the same time become different files."""
    one, two = await asyncio.gather(studio.record("một hai ba."), studio.record("bốn năm sáu bảy tám."))
    assert one.key != two.key
    assert one.sha256 != two.sha256


async def test_name_appears_only_when_whole(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file gets its name in one step, after all of it was forced to disk, and the name is forced to disk too."""
    steps: list[str] = []
    real_sync, real_replace = os.fsync, os.replace

    def sync(handle: int) -> None:
        steps.append("sync folder" if Path(f"/proc/self/fd/{handle}").is_dir() else "sync file")
        real_sync(handle)

    def rename(part: Path, target: Path) -> None:
        assert not target.exists()
        assert part.parent == target.parent
        if target.suffix != ".json":
            assert hashlib.sha256(part.read_bytes()).hexdigest() == target.stem
        steps.append("rename")
        real_replace(part, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", rename)
    await studio.record(SCRIPT)
    assert steps == ["sync file", "rename", "sync folder", "sync folder"] * len(("master", "file", "sidecar"))


async def test_crash_before_the_name(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the end comes between writing and naming, there is no name, no rest, and the next try works."""
    with monkeypatch.context() as broken:

        def crash(*_: object) -> None:
            raise OSError(28, "No space left on device")

        broken.setattr(os, "replace", crash)
        with pytest.raises(OSError, match="No space"):
            await studio.record(SCRIPT)
        assert files(tmp_path) == []
    assert studio.path(await studio.record(SCRIPT)).exists()


async def test_cancel_while_speaking(studio: Studio, voice: Fake, tmp_path: Path) -> None:
    """The only asker gone, nothing is made; asking again begins anew."""
    voice.gate.clear()
    task = asyncio.ensure_future(studio.record(SCRIPT))
    await voice.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(tmp_path) == []
    voice.gate.set()
    assert studio.path(await studio.record(SCRIPT)).exists()


async def test_cancel_while_mastering(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mastering is told to stop and the thread is free when the cancelled asker is told."""
    loop, begun, ended = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    real = studio_module.shape

    def slow(speech: Speech, stop: threading.Event) -> object:
        loop.call_soon_threadsafe(begun.set)
        assert stop.wait(10)
        try:
            return real(speech, stop)
        finally:
            ended.set()

    monkeypatch.setattr(studio_module, "shape", slow)
    task = asyncio.ensure_future(studio.record(SCRIPT))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
    assert files(tmp_path) == []


async def test_one_of_two_askers_leaves(studio: Studio, voice: Fake) -> None:
    """The other still gets the recording."""
    voice.gate.clear()
    first, second = (asyncio.ensure_future(studio.record(SCRIPT)) for _ in range(2))
    await voice.asked.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    voice.gate.set()
    assert studio.path(await second).exists()
    assert len(voice.said) == 2


async def test_failures_reach_every_asker(studio: Studio, voice: Fake, tmp_path: Path) -> None:
    """A silent voice fails all who asked, leaves no file, and is not remembered."""
    voice.level = 0
    results = await asyncio.gather(studio.record(SCRIPT), studio.record(SCRIPT), return_exceptions=True)
    assert [type(one) for one in results] == [VoiceUnavailable, VoiceUnavailable]
    voice.level = 9000
    assert (await studio.record(SCRIPT)).seconds > 2
    assert issubclass(SilentSpeech, ValueError)


async def test_close_while_recording(voice: Fake, tmp_path: Path) -> None:
    """Closing ends what is being made and its askers, and leaves no file."""
    studio = Studio([voice], tmp_path)
    voice.gate.clear()
    task = asyncio.ensure_future(studio.record(SCRIPT))
    await voice.asked.wait()
    await studio.aclose()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(tmp_path) == []
