"""A sentence of Vietnamese to sound: phonetics, the model, and prosody between its parts."""

from __future__ import annotations

import numpy as np

from content.phonetics.syllable import Tone
from content.phonetics.words import words
from content.voices.kokoro_vi.model import RATE, Floats, Kokoro
from content.voices.kokoro_vi.prosody import Contour, Manner, Prosody
from content.voices.kokoro_vi.script import lines

FEMALE_TONES: dict[Tone, Contour] = {
    Tone.HOI: ((0, -2), (0.35, -7), (0.75, -7.5), (1, -4.5)),
    Tone.NGA: ((0, 0), (0.2, -3.5), (0.4, -3.5), (1, 7)),
}
"""With the usual contours her hỏi fell too late to be told from huyền, and her ngã from sắc."""
SPEAKERS = {
    "female": Manner({"hf_beta_vi": 1.0}, speed=0.95, middle=215, tones=FEMALE_TONES, presence=6),
    "male": Manner({"kumo_beta_vi": 1.0}, speed=0.95, middle=125),
}
"""Of the model's styles but the Chinese ones, those that were understood best (tests/bench/hearing); each was led on from there."""
GAIN = 0.7
"""The model's loudest samples lie between 1 and 1.3."""
PRESENCE_AT, PRESENCE_WIDE = 3000.0, 0.7
"""Hz, and octaves over which it fades away to either side."""
SEAM = 0.2
"""Seconds of silence between the lines of a sentence too long to be spoken in one go."""
SILENT = 0.01
EDGE = 0.01
"""Seconds over which a line comes out of silence and goes back into it, so that no seam clicks."""


def speak(model: Kokoro, sentence: str, manner: Manner) -> Floats:
    """Samples at RATE of one sentence; none when there is nothing in it to be said."""
    said: list[Floats] = []
    for line in lines(words(sentence)):
        prosody = Prosody(line, manner)
        style = model.style(manner.mixture)
        sound = model.speak(line.phonemes, style, manner.speed, prosody.tempo, prosody.melody)
        said += [np.zeros(round(SEAM * RATE), np.float32)] if said else []
        said.append(_edged(present(sound, manner.presence) * np.float32(GAIN)))
    return np.concatenate(said) if said else np.zeros(0, np.float32)


def present(sound: Floats, decibels: float) -> Floats:
    """Raised by so much around PRESENCE_AT, every height in its place."""
    if not decibels:
        return sound
    hertz = np.maximum(np.fft.rfftfreq(len(sound), 1 / RATE), 1)
    raised = decibels * np.exp(-((np.log2(hertz / PRESENCE_AT) / PRESENCE_WIDE) ** 2))
    return np.fft.irfft(np.fft.rfft(sound) * 10 ** (raised / 20), len(sound)).astype(np.float32)


def _edged(sound: Floats) -> Floats:
    """Without the silence at its ends, which fades in and out."""
    loud = np.flatnonzero(np.abs(sound) > SILENT)
    if not len(loud):
        return sound
    edge = round(EDGE * RATE)
    cut = sound[max(0, loud[0] - edge) : loud[-1] + edge].copy()
    slope = np.linspace(0, 1, edge, dtype=np.float32)
    cut[:edge] *= slope
    cut[-edge:] *= slope[::-1]
    return cut
