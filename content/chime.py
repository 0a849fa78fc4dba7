"""Chime: two soft tones that call for attention, synthesised here; no recording of anybody's is in it."""

from __future__ import annotations

import math
from array import array
from functools import cache

from content.voice import Speech

RATE = 48000
TONES = ((0.0, 659.26), (0.6, 523.25))
"""Begin (s) and pitch (Hz): e'' falling to c''."""
PARTIALS = ((1.0, 1.0, 0.55), (2.0, 0.25, 0.3), (3.0, 0.08, 0.15))
"""Multiple of the pitch, strength, and time (s) in which it fades to a third."""
ATTACK = 0.012
SECONDS = 2.2
PEAK = 0.14
"""About as loud as speech in a master, which has -26 LUFS."""


@cache
def chime() -> Speech:
    """The chime as speech is kept: mono, 48 kHz."""
    wave = [0.0] * round(SECONDS * RATE)
    for begin, pitch in TONES:
        for multiple, strength, fade in PARTIALS:
            _ring(wave, round(begin * RATE), 2 * math.pi * pitch * multiple / RATE, strength, fade)
    scale = 32767 * PEAK / max(map(abs, wave))
    end = len(wave)
    faded = (value * min(1.0, (end - at) / RATE / 0.2) for at, value in enumerate(wave))  # no click at the end
    return Speech(array("h", [round(value * scale) for value in faded]).tobytes(), RATE)


def _ring(wave: list[float], begin: int, step: float, strength: float, fade: float) -> None:
    for at in range(begin, len(wave)):
        second = (at - begin) / RATE
        wave[at] += strength * min(1.0, second / ATTACK) * math.exp(-second / fade) * math.sin(step * (at - begin))
