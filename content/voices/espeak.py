"""The voice that is always there: espeak-ng in a process of its own, no network and no system package.

espeak-ng is GPL-3 and keeps process-wide state, so it never lives in our process: `python -m content.voices.espeak`
loads the library that the package espeakng-loader carries and answers as `content.voice_process` tells.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import ClassVar

from content.espeak_library import EspeakLibrary
from content.voice import Speech, Voice
from content.voice_process import Say, VoiceProcess, serve

WORDS_A_MINUTE = 140
"""The speed a Vietnamese recogniser understood best (speech measured: 160 and more is worse)."""
AMPLITUDE = 60
"""Of 100; at 80 the loudest of our sentences came within 0.2 dB of clipping."""
BASE_SECONDS = 10.0
LETTER_SECONDS = 0.02


class EspeakVoice(Voice):
    """espeak-ng's Vietnamese voice. `timeout` is the least seconds a sentence may take."""

    name = "espeak"
    title_vi = "eSpeak NG, giọng nam, ngoại tuyến"
    title_en = "eSpeak NG, male, offline"
    variant: ClassVar[str] = "vi"

    def __init__(self, *, words_a_minute: int = WORDS_A_MINUTE, timeout: float = BASE_SECONDS) -> None:
        self._speed = words_a_minute
        self._timeout = timeout
        arguments = [self.variant, str(words_a_minute), str(AMPLITUDE)]
        self._process = VoiceProcess("espeak-ng", "content.voices.espeak", arguments)

    @property
    def version(self) -> str:
        """Version of the library's package, voice, words a minute and amplitude."""
        return f"{version('espeakng-loader')} {self.variant} {self._speed} {AMPLITUDE}"

    async def synth(self, sentence: str) -> Speech:
        """One sentence; a worker that died is replaced once, one that hangs is killed."""
        return await self._process.say(sentence, self._timeout + LETTER_SECONDS * len(sentence))

    async def aclose(self) -> None:
        """Let the worker end by itself, or kill it after two seconds."""
        await self._process.aclose()


class EspeakFemaleVoice(EspeakVoice):
    """espeak-ng's Vietnamese voice with the female variant the recognisers understood as well as the plain one."""

    name = "espeak-f3"
    title_vi = "eSpeak NG, giọng nữ, ngoại tuyến"
    title_en = "eSpeak NG, female, offline"
    variant = "vi+f3"


def _load() -> tuple[int, Say]:
    voice, words_a_minute, amplitude = sys.argv[1:]
    library = EspeakLibrary(voice)
    library.tune(int(words_a_minute), int(amplitude))
    return library.rate, library.say


if __name__ == "__main__":
    sys.exit(serve(_load))
