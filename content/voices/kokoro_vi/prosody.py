"""How long each sound is held, how high it is and how loud: what Vietnamese asks and the model cannot know.

Heights are in semitones from the speaker's middle. A tone's contour lies on the voiced part of the rhyme; what a syllable
leaves behind is carried into the next (coarticulation), so that the pitch never jumps where the voice goes on. The
contours are the northern ones as phonetic studies draw them (ngang level and high, huyền low and falling, sắc rising,
hỏi falling and rising a little, ngã broken and rising high, nặng falling and cut off).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from content.phonetics.syllable import Tone
from content.voices.kokoro_vi.model import FRAME, Floats
from content.voices.kokoro_vi.script import Line, Placed

STEP = FRAME / 2
"""Seconds between two values of pitch."""
VOICELESS = 60.0
"""Hz under which the model means no voice at all."""

Array = NDArray[Any]
Contour = tuple[tuple[float, float], ...]
"""Points of place in the rhyme (0 to 1) and height."""

TONES: dict[Tone, Contour] = {
    Tone.NGANG: ((0, 0.5), (1, -0.3)),
    Tone.HUYEN: ((0, -2.5), (1, -6)),
    Tone.SAC: ((0, -0.5), (0.35, 0), (1, 5)),
    Tone.HOI: ((0, -1.5), (0.6, -7), (1, -4)),
    Tone.NGA: ((0, 0), (0.45, -3), (1, 6.5)),
    Tone.NANG: ((0, -2), (0.7, -6.5), (1, -8)),
}
CHECKED: dict[Tone, Contour] = {Tone.SAC: ((0, 2), (1, 6)), Tone.NANG: ((0, -3), (1, -5.5))}
PAUSES = {",": 0.2, ";": 0.3, ":": 0.3, "…": 0.4, ".": 0.3, "!": 0.3, "?": 0.3}
"""Seconds; what follows a sentence is added by those who join sentences."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a voice speaks; every number is one that was tried (see tests/bench/hearing)."""

    mixture: dict[str, float] = field(default_factory=dict)
    speed: float = 0.85
    range: float = 0.65
    declination: float = 1.5
    phrase_declination: float = 0.0
    question: float = 3.0
    carry: float = 0.0
    smooth: int = 1
    hold: float = 1.0
    final: float = 1.0
    nang: float = 1.0
    stop: float = 1.0
    pauses: float = 0.0
    creak: float = 0.0
    shift: float = 0.0
    natural: float = 0.0
    energy: float = 0.0


class Prosody:
    """The hand between the model's parts for one line in one manner; `began` is the part of the sentence already said."""

    def __init__(self, line: Line, manner: Manner) -> None:
        self._line = line
        self._manner = manner

    def tempo(self, frames: Floats) -> Floats:
        """Frames of each token (the model's own start and end tokens around them)."""
        manner, wanted = self._manner, frames.astype(np.float64)
        for one in self._line.syllables:
            wanted[one.start + 1 : one.end + 1] *= self._stretch(one)
            if one.mark and manner.pauses:
                wanted[one.end + 1] = manner.pauses * PAUSES[one.mark] / FRAME
        return _whole(wanted)

    def _stretch(self, one: Placed) -> float:
        manner = self._manner
        stretch = manner.hold * (manner.final if one.mark else 1.0)
        if one.syllable.checked:
            return stretch * manner.stop
        return stretch * manner.nang if one.syllable.tone == Tone.NANG else stretch

    def melody(self, frames: Floats, pitch: Floats, energy: Floats) -> tuple[Floats, Floats]:
        """Pitch in Hz and energy, two values a frame."""
        starts = np.concatenate([[0], np.cumsum(frames)]).astype(int) * 2
        voiced = pitch > VOICELESS
        if not voiced.any():
            return pitch, energy
        middle = float(np.median(pitch[voiced])) * 2 ** (self._manner.shift / 12)
        heights, held = self._heights(starts, len(pitch))
        own = 12 * np.log2(np.where(voiced, pitch, middle) / middle)
        heights += self._manner.natural * np.where(voiced, own, 0)
        made = np.where(held | voiced, middle * 2 ** (heights / 12), pitch)
        made = np.where(held | (voiced & self._spoken(starts, len(pitch))), made, pitch)
        return made.astype(np.float32), energy

    def _spoken(self, starts: Array, length: int) -> Array:
        spoken = np.zeros(length, bool)
        for one in self._line.syllables:
            spoken[starts[one.start + 1] : starts[one.end + 1]] = True
        return spoken

    def _heights(self, starts: Array, length: int) -> tuple[Array, Array]:
        """Heights everywhere, and where they hold whether the model hears a voice there or not."""
        manner = self._manner
        heights, held = np.zeros(length), np.zeros(length, bool)
        before = None
        for one in self._line.syllables:
            begin, rhyme, end = starts[one.start + 1], starts[one.vowel + 1], starts[one.voiced + 1]
            drop = self._drop(one, rhyme / max(1, length))
            places, values = zip(*contour(one), strict=True)
            curve = np.interp(np.linspace(0, 1, max(1, end - rhyme)), places, values) * manner.range - drop
            if manner.question and one.last and one.mark == "?":
                curve += np.linspace(0, manner.question, len(curve))
            if before is not None and manner.carry:
                fade = np.exp(-np.arange(len(curve)) * STEP / manner.carry)
                curve += (before - curve[0]) * fade * (begin < rhyme + 1) * 0.5
            heights[rhyme:end] = curve[: end - rhyme]
            held[rhyme:end] = True
            lead = (
                curve[0] if before is None or not manner.carry else np.linspace(before, curve[0], max(1, rhyme - begin))
            )
            heights[begin:rhyme] = lead
            heights[end : starts[one.end + 1]] = curve[-1]
            before = None if one.mark else float(curve[-1])
        if manner.smooth > 1:
            heights = np.convolve(
                np.pad(heights, manner.smooth // 2, mode="edge"), np.ones(manner.smooth) / manner.smooth, "valid"
            )
        return heights, held

    def _drop(self, one: Placed, place: float) -> float:
        """How far the voice has sunk at this place of the line."""
        return self._manner.declination * place


def contour(one: Placed) -> Contour:
    """The contour of a syllable's tone."""
    tone = one.syllable.tone
    return CHECKED[tone] if one.syllable.checked else TONES[tone]


def _whole(frames: Array) -> Floats:
    """Whole frames, at least one each, whose sum keeps up with the sum of what was wanted."""
    ends = np.round(np.cumsum(frames))
    out = np.diff(np.concatenate([[0], ends]))
    return np.maximum(out, 1).astype(np.float32)
