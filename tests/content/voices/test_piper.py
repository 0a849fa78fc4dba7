"""A downloaded Piper voice: real phonemes, and a real if tiny ONNX model of the same inputs and output."""

from __future__ import annotations

import json
from array import array
from pathlib import Path
from typing import Any

import pytest

from content.voice import VoiceUnavailable
from content.voices.piper import BadVoiceFile, PiperVoice, keep, read_voice, voice_files
from tests.tiny_piper import CONFIG, SAMPLES, model, put

SENTENCE = "Xin chào bà con, hẹn gặp lại."


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A voice as it is downloaded."""
    return put(tmp_path, "giong-thu")


async def test_speaks_by_its_phonemes(file: Path) -> None:
    """Phonemes come from espeak-ng, each with a pad behind; begin, marks and end are among them."""
    voice = PiperVoice(file)
    try:
        longer, short = await voice.synth(SENTENCE), await voice.synth("xin")
    finally:
        await voice.aclose()
    assert (longer.rate, short.rate) == (22050, 22050)
    # ^ _ s _ ˈ _ i _ n _ $
    assert len(short.pcm) == 2 * SAMPLES * 11
    sounds = array("h", longer.pcm)
    loudest = [max(sounds[at : at + SAMPLES]) for at in range(0, len(sounds), SAMPLES)]
    comma, point = (loudest[0] * CONFIG["phoneme_id_map"][mark][0] for mark in ",.")
    assert any(abs(comma - one) <= 8 for one in loudest)
    assert abs(point - loudest[-3]) <= 8
    assert "giong-thu" in voice.mark


async def test_without_a_file_there_is_no_voice() -> None:
    """The engine as such says how to get a voice."""
    with pytest.raises(VoiceUnavailable, match="loa voice add"):
        await PiperVoice().synth(SENTENCE)


async def test_a_model_that_is_none(file: Path) -> None:
    """A file that cannot be run is told as such by its process."""
    file.write_bytes(b"not a model at all")
    voice = PiperVoice(file)
    with pytest.raises(VoiceUnavailable, match="does not load"):
        await voice.synth("xin")
    await voice.aclose()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"audio": {"sample_rate": 4000}}, "audio.sample_rate"),
        ({"audio": None}, "audio.sample_rate"),
        ({"phoneme_type": "text"}, "phoneme_type"),
        ({"espeak": {"voice": "../../etc"}}, "espeak.voice"),
        ({"phoneme_id_map": {"_": [0]}}, "phoneme_id_map"),
        ({"phoneme_id_map": {"_": [0], "^": [1], "$": ["2"]}}, "phoneme_id_map"),
    ],
)
def test_wrong_configurations_are_named(file: Path, change: dict[str, Any], named: str) -> None:
    """The error names the key; nothing is copied."""
    file.with_name("giong-thu.onnx.json").write_text(json.dumps(CONFIG | change), encoding="utf-8")
    with pytest.raises(BadVoiceFile, match=named):
        keep(file, file.parent / "voices")
    assert not (file.parent / "voices").exists()


def test_missing_and_damaged_configurations(file: Path) -> None:
    """No configuration, one that is no JSON, one that is something else."""
    beside = file.with_name("giong-thu.onnx.json")
    for content in (b"{", b"[]", b"\xff\xfe"):
        beside.write_bytes(content)
        with pytest.raises(BadVoiceFile):
            read_voice(file)
    beside.unlink()
    with pytest.raises(BadVoiceFile, match="cannot be read"):
        read_voice(file)


def test_kept_whole_and_the_latest_first(file: Path, tmp_path: Path) -> None:
    """Both files are copied under one name, whatever the configuration was called; the latest voice comes first."""
    directory = tmp_path / "voices"
    file.with_name("giong-thu.onnx.json").rename(tmp_path / "giong-thu.json")
    first = keep(file, directory)
    assert read_voice(first).sha256 == read_voice(file).sha256
    other = tmp_path / "b.onnx"
    other.write_bytes(model())
    (tmp_path / "b.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    second = keep(other, directory)
    assert voice_files(directory) == [second, first]
    assert {"b.onnx", "b.onnx.json", "giong-thu.onnx", "giong-thu.onnx.json"} == {
        one.name for one in directory.iterdir()
    }
    with pytest.raises(BadVoiceFile, match="name"):
        keep(tmp_path / "no good name.onnx", directory)
