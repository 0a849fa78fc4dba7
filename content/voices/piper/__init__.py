"""A real voice that the office downloaded: a Piper file (`.onnx` with its `.onnx.json`), run without any network.

Piper's voices take espeak-ng's phonemes. Those come from espeak-ng in a process of its own (`phonemes.py`, GPL-3), the sound
from onnxruntime in another (`__main__.py`), since a downloaded file is never run in ours. `files.py` is what a voice file is.
"""

from __future__ import annotations

from pathlib import Path

from content.voice import Speech, Voice, VoiceUnavailable
from content.voice_process import VoiceProcess
from content.voices.piper.files import BadVoiceFile, keep, read_voice, voice_files

START_SECONDS = 60.0
BASE_SECONDS = 60.0
LETTER_SECONDS = 0.5

__all__ = ["BadVoiceFile", "PiperVoice", "keep", "read_voice", "voice_files"]


class PiperVoice(Voice):
    """One downloaded voice; without a file there is nothing to speak with."""

    name = "piper"
    title_vi = "Piper, giọng cơ quan đã tải về, ngoại tuyến"
    title_en = "Piper, a voice the office downloaded, offline"

    def __init__(self, file: Path | None = None, *, timeout: float = BASE_SECONDS) -> None:
        """Raises BadVoiceFile."""
        self._timeout = timeout
        self._version = "-"
        self._processes: tuple[VoiceProcess, VoiceProcess] | None = None
        if file:
            voice = read_voice(file)
            self._version = f"{file.stem} {voice.sha256[:8]}"
            self._processes = (
                VoiceProcess("espeak-ng", "content.voices.piper.phonemes", [voice.espeak]),
                VoiceProcess("piper", "content.voices.piper", [str(file.resolve())], start=START_SECONDS),
            )

    @property
    def version(self) -> str:
        """The file's name and its sum."""
        return self._version

    async def synth(self, sentence: str) -> Speech:
        """One sentence: its phonemes, then its sound."""
        if self._processes is None:
            raise VoiceUnavailable(
                "chưa có giọng Piper nào; thêm bằng loa voice add TỆP.onnx",
                "there is no Piper voice yet; add one with loa voice add FILE.onnx",
            )
        phonemes, sound = self._processes
        seconds = self._timeout + LETTER_SECONDS * len(sentence)
        said, _ = await phonemes.ask(sentence, seconds)
        return await sound.say(said.decode(), seconds)

    async def aclose(self) -> None:
        """Let both processes end by themselves, or kill them after two seconds."""
        for process in self._processes or ():
            await process.aclose()
