"""The process in which a Piper voice sounds: `python -m content.voices.piper FILE`, phonemes in, samples out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from content.voice_process import Say, serve
from content.voices.piper.files import BEGIN, END, PAD, VoiceFile, read_voice


def _load() -> tuple[int, Say]:
    file = Path(sys.argv[1])
    voice = read_voice(file)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])
    return voice.rate, lambda phonemes: _samples(session, voice, phonemes)


def _samples(session: Any, voice: VoiceFile, phonemes: str) -> bytes:
    """Mono signed 16 bit samples; what is louder than it may be is made quieter as a whole."""
    ids = _ids(voice, phonemes)
    given = {
        "input": np.array([ids], np.int64),
        "input_lengths": np.array([len(ids)], np.int64),
        "scales": np.array(voice.scales, np.float32),
        "sid": np.array([0], np.int64),
    }
    asked = {one.name: given[one.name] for one in session.get_inputs()}
    sound = np.asarray(session.run(None, asked)[0], np.float32).ravel()
    loudest = max(1.0, float(np.abs(sound).max(initial=0)))
    return (sound / loudest * 32767).astype("<i2").tobytes()


def _ids(voice: VoiceFile, phonemes: str) -> list[int]:
    """Each phoneme's ids with a pad behind, between begin and end; a phoneme the voice has not learnt is left out."""
    pad = voice.ids[PAD]
    ids = [*voice.ids[BEGIN], *pad]
    for phoneme in phonemes:
        if phoneme in voice.ids:
            ids += [*voice.ids[phoneme], *pad]
    return [*ids, *voice.ids[END]]


if __name__ == "__main__":
    sys.exit(serve(_load))
