"""A sentence of Vietnamese to sound: phonetics, the model, and prosody between its parts."""

from __future__ import annotations

import numpy as np

from content.phonetics.words import words
from content.voices.kokoro_vi.model import RATE, Floats, Kokoro
from content.voices.kokoro_vi.prosody import Manner, Prosody
from content.voices.kokoro_vi.script import lines

SPEAKERS = {
    "female": Manner({"jf_gongitsune": 1.0}, speed=1.2),
    "male": Manner({"jm_kumo": 1.0}, speed=1.1),
}
GAIN = 0.7
"""The model's loudest samples lie between 1 and 1.3."""
SEAM = 0.15
"""Seconds of silence between the lines of a sentence too long to be spoken in one go."""


def speak(model: Kokoro, sentence: str, manner: Manner) -> Floats:
    """Samples at RATE of one sentence; none when there is nothing in it to be said."""
    said: list[Floats] = []
    for line in lines(words(sentence)):
        prosody = Prosody(line, manner)
        style = model.style(manner.mixture, len(line.phonemes))
        if said:
            said.append(np.zeros(round(SEAM * RATE), np.float32))
        said.append(model.speak(line.phonemes, style, manner.speed, prosody.tempo, prosody.melody))
    sound = np.concatenate(said) if said else np.zeros(0, np.float32)
    return GAIN * sound
