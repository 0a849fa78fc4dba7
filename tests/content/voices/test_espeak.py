"""The offline voice: real espeak-ng in its own process."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from array import array
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from content.voice import VoiceUnavailable, letters
from content.voices.espeak import EspeakFemaleVoice, EspeakVoice

SENTENCE = "ủy ban nhân dân xã thông báo lịch tiêm phòng cho đàn gia súc."


def no_child() -> None:
    """No child of this process is left, not even a dead one."""
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@pytest.fixture
async def espeak() -> AsyncIterator[EspeakVoice]:
    """A voice that must leave no child process and no open pipe."""
    voice = EspeakVoice()
    yield voice
    await voice.aclose()
    no_child()
    gc.collect()


def worker(voice: EspeakVoice) -> int:
    """The process id of the voice's worker."""
    assert voice._process.pid
    return voice._process.pid


async def started(voice: EspeakVoice, sentence: str) -> asyncio.Task[Any]:
    """A sentence that has been sent to the stopped worker and waits for its answer."""
    task = asyncio.ensure_future(voice.synth(sentence))
    for _ in range(5):
        await asyncio.sleep(0)
    assert not task.done()
    return task


async def test_speaks_vietnamese(espeak: EspeakVoice) -> None:
    """Speech at 22050 Hz, at a plausible speed, and not clipped."""
    speech = await espeak.synth(SENTENCE)
    assert speech.rate == 22050
    assert 8 < letters(SENTENCE) / speech.seconds < 18
    assert 3000 < max(map(abs, array("h", speech.pcm))) < 31000


async def test_many_sentences_one_process(espeak: EspeakVoice) -> None:
    """Concurrent sentences go through one worker and each gets its own answer."""
    texts = ["một.", "một hai ba bốn năm sáu bảy tám chín mười.", "một hai ba."]
    speeches = await asyncio.gather(*map(espeak.synth, texts))
    first = worker(espeak)
    seconds = [one.seconds for one in speeches]
    assert seconds[0] < seconds[2] < seconds[1]
    await espeak.synth("hết.")
    assert worker(espeak) == first


async def test_text_is_never_markup(espeak: EspeakVoice) -> None:
    """SSML and phoneme brackets are read as text, not obeyed; text never stands on a command line."""
    plain = await espeak.synth("xin chào.")
    marked = await espeak.synth('<speak><break time="60s"/>xin chào.</speak> [[aa]]')
    assert plain.seconds < marked.seconds < 20
    command = Path(f"/proc/{worker(espeak)}/cmdline")
    if command.exists():
        assert b"xin" not in command.read_bytes()


async def test_female_voice_sounds_different() -> None:
    """The female variant is another voice under another name."""
    male, female = EspeakVoice(), EspeakFemaleVoice()
    try:
        assert (await male.synth(SENTENCE)).pcm != (await female.synth(SENTENCE)).pcm
    finally:
        await male.aclose()
        await female.aclose()
    assert (female.name, "vi+f3" in female.version) == ("espeak-f3", True)
    assert male.mark != female.mark


async def test_crash_in_mid_work_recovers(espeak: EspeakVoice) -> None:
    """A worker killed while it owes an answer is replaced and the sentence is spoken."""
    await espeak.synth("một.")
    first = worker(espeak)
    os.kill(first, signal.SIGSTOP)
    task = await started(espeak, SENTENCE)
    os.kill(first, signal.SIGKILL)
    assert (await task).seconds > 2
    assert worker(espeak) != first


async def test_crash_between_sentences_recovers(espeak: EspeakVoice) -> None:
    """A worker that died while idle is replaced."""
    await espeak.synth("một.")
    first = worker(espeak)
    os.kill(first, signal.SIGKILL)
    assert (await espeak.synth(SENTENCE)).seconds > 2
    assert worker(espeak) != first


async def test_cancel_leaves_no_child(espeak: EspeakVoice) -> None:
    """Cancelling in the middle kills and reaps the worker; the next sentence gets its own answer from a new one."""
    await espeak.synth("một.")
    first = worker(espeak)
    os.kill(first, signal.SIGSTOP)
    task = await started(espeak, SENTENCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)
    assert (await espeak.synth("hai.")).seconds < 2


async def test_cancel_while_starting(espeak: EspeakVoice) -> None:
    """Cancelling before the worker is ready leaves no child either."""
    task = asyncio.ensure_future(espeak.synth(SENTENCE))
    while espeak._process.pid is None:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    no_child()


async def test_hanging_worker_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that does not answer in time is killed; the next sentence starts a new one."""
    monkeypatch.setattr("content.voices.espeak.LETTER_SECONDS", 0.0)
    voice = EspeakVoice()
    await voice.synth("một.")
    os.kill(worker(voice), signal.SIGSTOP)
    voice._timeout = 0.05
    with pytest.raises(VoiceUnavailable, match="in time"):
        await voice.synth(SENTENCE)
    no_child()
    voice._timeout = 10.0
    assert (await voice.synth("hai.")).seconds < 2
    await voice.aclose()


async def test_close_ends_a_stopped_worker(espeak: EspeakVoice, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that will not end by itself is killed; the voice can be used again afterwards."""
    monkeypatch.setattr("content.voice_process.END_SECONDS", 0.05)
    await espeak.synth("một.")
    os.kill(worker(espeak), signal.SIGSTOP)
    await espeak.aclose()
    no_child()
    assert (await espeak.synth("hai.")).pcm


async def test_missing_library_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that cannot set its voice says why and leaves no child."""
    monkeypatch.setattr(EspeakVoice, "variant", "no-such-voice")
    with pytest.raises(VoiceUnavailable, match="espeak_SetVoiceByName"):
        await EspeakVoice().synth(SENTENCE)
    no_child()
