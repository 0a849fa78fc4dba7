"""The process in which Kokoro speaks: `python -m content.voices.kokoro_vi SPEAKER AT_ONCE` (see `content.voice_process`)."""

from __future__ import annotations

import sys

import numpy as np

from content.voice_process import Say, serve
from content.voices.kokoro_vi.model import RATE, Kokoro
from content.voices.kokoro_vi.speaker import SPEAKERS, speak


def _load(speaker: str) -> tuple[int, Say]:
    manner, model = SPEAKERS[speaker], Kokoro()

    def say(sentence: str) -> bytes:
        sound = np.clip(speak(model, sentence, manner), -1, 1)
        return (sound * 32767).astype("<i2").tobytes()

    return RATE, say


def _main(speaker: str, at_once: str) -> int:
    return serve(lambda: _load(speaker), at_once=int(at_once))


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
