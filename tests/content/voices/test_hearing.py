"""The meter of voices itself: wrong letters are counted, and tones made of sine waves are told apart."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest

from tests.bench.hearing import contours
from tests.bench.hearing.scoring import distance, error
from tests.bench.hearing.speaking import marked, sentences

RATE = 16000


def sung(tone: str, middle: float = 190.0) -> contours.Array:
    """A voice-like wave that follows the wanted contour of a tone, between two silences."""
    heights = np.interp(np.linspace(0, 1, int(0.4 * RATE)), np.linspace(0, 1, contours.PLACES), contours.wanted(tone))
    phase = 2 * np.pi * np.cumsum(middle * 2 ** (heights / 12)) / RATE
    wave = sum(np.sin(harmonic * phase) / harmonic for harmonic in range(1, 6))
    return np.concatenate([np.zeros(RATE // 5), 8000 * wave, np.zeros(RATE // 5)])


@pytest.mark.parametrize("tone", contours.NAMES)
def test_pitch_is_found(tone: str) -> None:
    """Within a third of a semitone of what was sung."""
    found = contours.contour(sung(tone), RATE)
    assert found is not None
    assert 0.35 > np.abs(found - 12 * np.log2(190.0) - contours.wanted(tone))[1:-1].max()


def test_noise_and_silence_have_no_pitch() -> None:
    """Neither is taken for a voice."""
    assert contours.contour(np.zeros(RATE), RATE) is None
    assert contours.contour(np.random.default_rng(1).normal(0, 3000, RATE), RATE) is None


def test_right_tones_are_told_from_wrong_ones() -> None:
    """Six right tones are all known again; with two exchanged they are not."""
    right = {("ma", tone): contours.contour(sung(tone), RATE) for tone in contours.NAMES}
    like, known = contours.judge(right)["all"]
    assert like > 0.98
    assert known == 1.0
    wrong = right | {("ma", "sắc"): right["ma", "huyền"], ("ma", "huyền"): right["ma", "sắc"]}
    assert contours.judge(wrong)["all"][1] == pytest.approx(4 / 6)


def test_letters_heard_wrongly() -> None:
    """Of letters only, with tones or without; case, spaces and marks do not count."""
    assert distance("kitten", "sitting") == 3
    assert error(["Bà con."], ["ba con"]) == pytest.approx(1 / 5)
    assert error(["Bà con."], ["BA CON!"], tones=False) == 0
    assert error(["ba"], ["một hai ba bốn năm"]) == 1


def test_sets_are_apart() -> None:
    """No sentence is in two sets, and none needs the reader."""
    tuning, short, judging = sentences("tuning"), sentences("tuning_short"), sentences("judging")
    assert len({*tuning, *short, *judging}) == len(tuning) + len(short) + len(judging) >= 155
    assert not any(map(str.isdigit, "".join(tuning + short + judging)))


def test_tone_marks_stand_on_the_vowel() -> None:
    """As it is written."""
    assert ["má", "nướng", "nộ"] == [marked("ma", "\u0301"), marked("nương", "\u0301"), marked("nô", "\u0323")]
    assert unicodedata.is_normalized("NFC", marked("mêm", "\u0309"))
