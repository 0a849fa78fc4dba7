"""How long each sound is held and how high it is: what Vietnamese asks and the model cannot know.

Heights are in semitones from the speaker's middle. A tone's contour lies on the voiced part of the rhyme; part of what the
syllable before left behind dies away in it (coarticulation), and what lies between two rhymes is on the way from one to the
other, so that the pitch never jumps where the voice goes on. The contours are the northern ones: ngang level and high,
huyền low and falling, sắc rising, hỏi dipping, ngã dipping and rising high, nặng falling fast.
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
"""Hz under which the model means no voice, or a voice on its way in or out, which is left alone."""
LEAD = 6
"""Steps by which a sound is heard before the frames of its token begin; measured at voiceless onsets, 62 to 88 ms."""

Array = NDArray[Any]
Contour = tuple[tuple[float, float], ...]
"""Points of place in the rhyme (0 to 1) and height."""

TONES: dict[Tone, Contour] = {
    Tone.NGANG: ((0, 1.5), (1, 1)),
    Tone.HUYEN: ((0, -2), (1, -5.5)),
    Tone.SAC: ((0, 0.5), (0.35, 1.2), (1, 6)),
    Tone.HOI: ((0, -2), (0.5, -7.5), (0.75, -7), (1, -4.5)),
    Tone.NGA: ((0, 1), (0.35, -3), (0.5, -2), (1, 7)),
    Tone.NANG: ((0, -2.5), (0.5, -7), (1, -9)),
}
CHECKED: dict[Tone, Contour] = {Tone.SAC: ((0, 2.5), (1, 6.5)), Tone.NANG: ((0, -3), (1, -7))}
"""Before p, t, c, ch, where there is no time for more."""
RANGE = 0.8
"""How much of those heights is sung in running speech."""
DECLINATION = 1.5
"""Semitones by which the voice sinks over a sentence."""
QUESTION = 3.0
"""Semitones by which the last syllable of a question rises above its tone."""
CARRY, CARRIED = 0.4, 0.04
"""How much of the height before is carried over, and the seconds in which it dies away."""
SMOOTH = 3
"""Steps over which the curve is averaged."""
PAUSES = {",": 0.22, ";": 0.3, ":": 0.3, "…": 0.4, ".": 0.3, "!": 0.3, "?": 0.3}
"""Seconds; what follows a sentence is added by those who join sentences."""
SHORT = 0.9
"""Length of a syllable with nặng or before a stop against any other's."""


@dataclass(frozen=True, slots=True)
class Manner:
    """A speaker: styles of the model by weight, speed (1 is the model's own), and the middle of the voice in Hz.

    `tones` are those which this voice has to be given otherwise than TONES to be heard so; `presence` is by how many dB it is
    raised around PRESENCE_AT (`speaker.py`), where it is duller than people are.
    """

    mixture: dict[str, float]
    speed: float
    middle: float
    tones: dict[Tone, Contour] = field(default_factory=dict)
    presence: float = 0.0


class Prosody:
    """The hand between the model's parts, for one line in one manner."""

    def __init__(self, line: Line, manner: Manner) -> None:
        self._line = line
        self._middle = manner.middle
        self._tones = TONES | manner.tones

    def tempo(self, frames: Floats) -> Floats:
        """Frames of each token (the model's own start and end tokens around them), the marks' as long as our pauses."""
        wanted = frames.astype(np.float64)
        for one in self._line.syllables:
            if one.syllable.checked or one.syllable.tone == Tone.NANG:
                wanted[one.start + 1 : one.end + 1] *= SHORT
            if one.mark:
                wanted[one.end + 1] = PAUSES[one.mark] / FRAME
        # rounded so that the sum keeps up with what was wanted
        return np.diff(np.round(np.cumsum(wanted)), prepend=0).astype(np.float32)

    def melody(self, frames: Floats, pitch: Floats, energy: Floats) -> tuple[Floats, Floats]:
        """Pitch in Hz, and energy as it is; two values a frame."""
        places, heights = self._points(np.concatenate([[0], np.cumsum(frames)]).astype(int) * 2, len(pitch))
        if not places:
            return pitch, energy
        everywhere = np.pad(np.interp(np.arange(len(pitch)), places, heights), SMOOTH // 2, mode="edge")
        smooth = np.convolve(everywhere, np.ones(SMOOTH) / SMOOTH, "valid")
        voiced = pitch > VOICELESS
        voiced[places] = True
        return np.where(voiced, self._middle * 2 ** (smooth / 12), pitch).astype(np.float32), energy

    def _points(self, starts: Array, length: int) -> tuple[list[int], list[float]]:
        """Every step within a voiced rhyme, and the height there."""
        places: list[int] = []
        heights: list[float] = []
        before = None
        for one in self._line.syllables:
            begin, end = (max(0, starts[token + 1] - LEAD) for token in (one.vowel, one.voiced))
            if end <= begin:
                continue
            curve = self._curve(one, end - begin) - DECLINATION * begin / length
            if before is not None:
                curve += (before - curve[0]) * CARRY * np.exp(-np.arange(len(curve)) * STEP / CARRIED)
            places += range(begin, end)
            heights += curve.tolist()
            before = None if one.mark else curve[-1]
        return places, heights

    def _curve(self, one: Placed, steps: int) -> Array:
        """The tone of a syllable over so many steps."""
        tone = one.syllable.tone
        places, heights = zip(*(CHECKED if one.syllable.checked else self._tones)[tone], strict=True)
        curve: Array = np.interp(np.linspace(0, 1, steps), places, heights) * RANGE
        return curve + np.linspace(0, QUESTION, steps) if one.last and one.mark == "?" else curve
