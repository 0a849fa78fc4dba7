"""Lengths and pitch as they are written between the model's parts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.phonetics.syllable import Tone
from content.phonetics.words import words
from content.voices.kokoro_vi.prosody import FRAME, LEAD, PAUSES, Floats, Manner, Prosody
from content.voices.kokoro_vi.script import Line, lines
from content.voices.kokoro_vi.speaker import SPEAKERS

MANNER = Manner({}, 1.0, 200.0)
STEPS = 2
"""Of pitch in a frame."""


def laid(sentence: str) -> Line:
    """A sentence of one line."""
    (line,) = lines(words(sentence))
    return line


def frames(line: Line, each: int = 5) -> Floats:
    """As many frames for every token, the model's own two included."""
    return np.full(len(line.phonemes) + 2, each, np.float32)


def sung(sentence: str, predicted: float = 150.0, manner: Manner = MANNER) -> list[Floats]:
    """The semitones of each syllable's rhyme, where it is heard."""
    line = laid(sentence)
    given = frames(line)
    pitch, _ = Prosody(line, manner).melody(
        given, np.full(STEPS * int(given.sum()), predicted, np.float32), np.zeros(1, np.float32)
    )
    at = np.concatenate([[0], np.cumsum(given)]).astype(int) * STEPS - LEAD
    heights = 12 * np.log2(pitch / manner.middle)
    return [heights[at[one.vowel + 1] : at[one.voiced + 1]] for one in line.syllables]


@pytest.mark.parametrize(
    ("word", "shape"),
    [("ta", 0), ("tà", -1), ("tá", 1), ("tạ", -1), ("tát", 1), ("tạt", -1)],
)
def test_level_falling_rising(word: str, shape: int) -> None:
    """The tones that go one way go that way, by two semitones or more; the level one stays within one."""
    (curve,) = sung(f"{word}.")
    moved = curve[-2] - curve[1]
    assert abs(moved) < 1 if shape == 0 else moved * shape > 1.5


@pytest.mark.parametrize("speaker", SPEAKERS)
@pytest.mark.parametrize("word", ["tả", "tã"])
def test_dipping(word: str, speaker: str) -> None:
    """Hỏi and ngã sink and rise again, in both voices; ngã ends high, hỏi stays low."""
    (curve,) = sung(f"{word}.", manner=SPEAKERS[speaker])
    low = int(curve.argmin())
    assert 0 < low < len(curve) - 1
    assert curve[-1] > curve[low] + 1
    assert (curve[-1] > 3) == (word == "tã")


@pytest.mark.parametrize("speaker", SPEAKERS)
def test_six_tones_are_six_curves(speaker: str) -> None:
    """No two lie within one and a half semitones of each other everywhere."""
    curves = [sung(f"{word}.", manner=SPEAKERS[speaker])[0] for word in ("ta", "tà", "tá", "tả", "tã", "tạ")]
    for one, other in itertools.combinations(curves, 2):
        assert np.abs(one - other).max() > 1.5


def test_a_speaker_has_tones_of_their_own() -> None:
    """A tone that a voice is given otherwise is sung so; the others as ever."""
    high = Manner({}, 1.0, 200.0, tones={Tone.HUYEN: ((0, 5), (1, 5))})
    assert sung("tà.", manner=high)[0].min() > 2 > sung("tà.")[0].max()
    assert np.array_equal(sung("tá.")[0], sung("tá.", manner=high)[0])


def test_the_voice_sinks_and_a_question_rises() -> None:
    """The same syllable lies lower at the end of a sentence, and higher at the end of a question."""
    told, asked = sung("ta ta ta ta ta."), sung("ta ta ta ta ta?")
    assert told[-1].mean() < told[0].mean() - 0.5
    assert asked[-1][-1] > told[-1][-1] + 2
    assert asked[0] == pytest.approx(told[0])


VOICED = st.sampled_from(["ma", "mà", "má", "mả", "mã", "mạ", "nương", "loài", "nghiêng", "yếu", "vội"])


@given(st.lists(VOICED, min_size=2, max_size=12))
def test_no_jumps_where_the_voice_goes_on(text: list[str]) -> None:
    """Between neighbours without a consonant that stops the voice, pitch moves by less than two semitones a step."""
    line = laid(" ".join(text) + ".")
    given_frames = frames(line)
    flat = np.full(STEPS * int(given_frames.sum()), 150, np.float32)
    pitch, _ = Prosody(line, MANNER).melody(given_frames, flat, flat)
    assert np.abs(np.diff(12 * np.log2(pitch))).max() < 2


def test_silence_stays_silent() -> None:
    """Where the model hears no voice and no rhyme is, nothing is written."""
    line = laid("xin chào, bà con.")
    given_frames = frames(line)
    pitch, _ = Prosody(line, MANNER).melody(
        given_frames, np.full(STEPS * int(given_frames.sum()), 5, np.float32), np.zeros(1, np.float32)
    )
    assert pitch[0] == pitch[-1] == 5
    assert (pitch > 100).any()


def test_lengths() -> None:
    """Marks are as long as our pauses, nặng and checked syllables shorter than others, every frame whole."""
    line = laid("ta tạ, tát.")
    plain, heavy, checked = line.syllables
    made = Prosody(line, MANNER).tempo(frames(line, 10))
    assert made == pytest.approx(np.round(made))
    assert made[heavy.end + 1] == pytest.approx(PAUSES[","] / FRAME, abs=1)
    each = [made[one.start + 1 : one.end + 1].mean() for one in (plain, heavy, checked)]
    assert each[1] < each[0] > each[2]
