"""`loa voice`: a voice that the office downloaded is tried, kept, listed and spoken with first."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import pytest

from config.loading import BadSettings
from config.settings import Settings
from config.words import BadInput
from content.voices.piper import PiperVoice, read_voice
from desk.app import choose_voices
from desk.commands.voice import speak_file
from desk.commands.voices import add_voice, list_voices
from tests.tiny_piper import put


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with files in a temporary directory."""
    return Settings.model_validate({"files": {"dir": tmp_path / "files"}})


async def test_added_after_a_trial(settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Shown with rate, size and sum, first in the list, and what speaks."""
    file = put(tmp_path, "giong-thu")
    assert await add_voice(settings, Namespace(file=file)) == 0
    assert read_voice(file).sha256 in capsys.readouterr().out
    await list_voices(settings, Namespace(json=True))
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    preferred = ["giong-thu", *settings.voice.engines]
    assert list(enumerate(preferred, 1)) == [(row["order"], row["name"]) for row in rows if row["order"]]
    (tmp_path / "tin.txt").write_text("Xin chào bà con.", encoding="utf-8")
    asked = Namespace(file=tmp_path / "tin.txt", voice=None, output=tmp_path / "tin.mp3")
    assert await speak_file(settings, asked) == 0
    assert "piper giong-thu" in capsys.readouterr().out


async def test_one_that_cannot_speak_is_not_added(settings: Settings, tmp_path: Path) -> None:
    """The trial comes before anything is copied."""
    file = put(tmp_path, "hong")
    file.write_bytes(b"nothing")
    with pytest.raises(BadInput, match=r"hong\.onnx: cannot speak"):
        await add_voice(settings, Namespace(file=file))
    assert not (settings.files.dir / "voices").exists()


async def test_voices_by_name(settings: Settings, tmp_path: Path) -> None:
    """An added voice by its file's name, an engine by its own; an unknown one is refused with those there are."""
    await add_voice(settings, Namespace(file=put(tmp_path, "giong-thu")))
    (added,) = choose_voices(settings, "giong-thu")
    assert isinstance(added, PiperVoice)
    assert ["espeak"] == [voice.name for voice in choose_voices(settings, "espeak")]
    with pytest.raises(BadSettings, match="giong-thu"):
        choose_voices(settings, "no-such-voice")
