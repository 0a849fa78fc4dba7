"""One voice speaks a set of sentences and the six tones into WAV files: `python -m tests.bench.hearing.speaking VOICE SET DIR`.

Prints what it took, in JSON; in a process of its own, so that time and memory are this voice's alone.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import unicodedata
import wave
from pathlib import Path

from content.voice import Speech, find_voices, trim
from tests.bench.hearing import contours

HERE = Path(__file__).parent


def sentences(name: str) -> list[str]:
    """A set of sentences: tuning or tuning_short (to improve a voice by) or judging (to judge it by, and for nothing else)."""
    return (HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines()


async def main(name: str, which: str, place: str) -> None:
    """Speak everything, one after the other."""
    voice = find_voices()[name]()
    seconds = syllables = 0.0
    for index, sentence in enumerate(sentences(which)):
        speech = trim(await voice.synth(sentence))
        write(speech, Path(place) / f"{index:02}.wav")
        seconds += speech.seconds
        syllables += len(sentence.split())
    await voice.aclose()
    took = resource.getrusage(resource.RUSAGE_CHILDREN)
    for syllable in contours.SYLLABLES:
        for tone, mark in zip(contours.NAMES, contours.MARKS, strict=True):
            write(await voice.synth(marked(syllable, mark)), Path(place) / f"{syllable}-{tone}.wav")
    await voice.aclose()
    figures = {
        "mark": voice.mark,
        "seconds": seconds,
        "pace": syllables / seconds,
        "rtf": (took.ru_utime + took.ru_stime) / seconds,
        "memory": took.ru_maxrss / 1024,
    }
    print(json.dumps(figures))  # noqa: T201 (the answer)


def marked(syllable: str, mark: str) -> str:
    """A syllable with a tone mark on its last vowel letter but for the final consonant."""
    at = max(index for index, letter in enumerate(syllable) if letter not in "mngch")
    return unicodedata.normalize("NFC", syllable[: at + 1] + mark + syllable[at + 1 :])


def write(speech: Speech, file: Path) -> None:
    """As WAV."""
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(speech.rate)
        out.writeframes(speech.pcm)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
