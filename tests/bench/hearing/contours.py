"""Pitch of spoken syllables against the six tones.

Pitch is found by autocorrelation, every 5 ms. Each syllable of `SYLLABLES` is spoken alone in its six tones; its contour is
taken over its longest voiced stretch at ten places, in semitones from the median of all six of that syllable. The wanted contours are
those of the northern standard in phonetic studies (level and slope of citation forms; Brunelle 2009, Kirby 2010): only
their shape counts, since range differs between speakers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
PLACES = 10
MARKS = ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")
NAMES = ("ngang", "huyền", "sắc", "hỏi", "ngã", "nặng")
SYLLABLES = ("ma", "la", "lo", "nô", "mi", "vu", "nương", "mêm")
WANTED = {
    "ngang": ((0, 1), (1, 0.5)),
    "huyền": ((0, -1.5), (1, -5)),
    "sắc": ((0, -0.5), (0.4, 0), (1, 5)),
    "hỏi": ((0, -1), (0.6, -6), (1, -4)),
    "ngã": ((0, 0), (0.45, -2), (1, 6)),
    "nặng": ((0, -1), (1, -7)),
}


def wanted(tone: str) -> Array:
    """The wanted contour at the ten places."""
    places, heights = zip(*WANTED[tone], strict=True)
    return np.interp(np.linspace(0, 1, PLACES), places, heights)


def pitch(sound: Array, rate: int, low: float = 60, high: float = 420) -> Array:
    """Hz every 5 ms, 0 where there is no voice. `sound` is mono, in any scale."""
    step, width = rate // 200, rate // 25
    shortest, longest = int(rate / high), int(rate / low)
    floor = 0.05 * np.abs(sound).max()
    found = []
    for start in range(0, len(sound) - width - longest, step):
        piece = sound[start : start + width]
        around = sound[start : start + width + longest]
        if np.abs(piece).max() < floor:
            found.append(0.0)
            continue
        products = np.correlate(around, piece, "valid")
        squares = np.cumsum(np.concatenate([[0], around**2]))
        energy = squares[width:] - squares[:-width]
        likeness = products / np.sqrt(energy * energy[0] + 1e-9)
        lag = _first_peak(likeness, shortest)
        found.append(rate / lag if lag else 0.0)
    return _steady(np.array(found))


def _first_peak(likeness: Array, shortest: int) -> float:
    """The shortest lag whose peak is nearly the best one (a longer one would be an octave too low); 0 for no voice."""
    range_ = likeness[shortest:]
    best = range_.max(initial=0)
    if best < 0.6:
        return 0
    for at in range(shortest + 1, len(likeness) - 1):
        left, here, right = likeness[at - 1 : at + 2]
        if here >= 0.9 * best and here >= left and here >= right:
            bend = left - 2 * here + right
            return float(at + (0.5 * (left - right) / bend if bend else 0))
    return 0


def _steady(found: Array) -> Array:
    """Single wrong values taken out by a median of five."""
    padded = np.pad(found, 2, mode="edge")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 5), axis=1)


def contour(sound: Array, rate: int) -> Array | None:
    """Semitones (from 1 Hz) at ten places of the longest voiced stretch, without its first and last 10 ms; None if too short."""
    found = pitch(sound.astype(np.float64), rate)
    voiced = np.concatenate([[0], (found > 0).astype(int), [0]])
    edges = np.flatnonzero(np.diff(voiced)).reshape(-1, 2)
    if not len(edges):
        return None
    start, end = max(edges, key=lambda edge: edge[1] - edge[0])
    part = found[start + 2 : end - 2]
    if len(part) < 6:
        return None
    return 12 * np.log2(np.interp(np.linspace(0, len(part) - 1, PLACES), np.arange(len(part)), part))


def judge(spoken: dict[tuple[str, str], Array | None]) -> dict[str, tuple[float, float]]:
    """For each tone, and `all`: correlation with the wanted contours, and the part nearest to its own tone of the six.

    `spoken` holds the contour of each (syllable, tone); a missing one counts as wrong.
    """
    mine: dict[str, list[Array]] = {tone: [] for tone in NAMES}
    right = dict.fromkeys(NAMES, 0)
    for syllable in {syllable for syllable, _ in spoken}:
        six = {tone: found for tone in NAMES if (found := spoken[syllable, tone]) is not None}
        middle = np.median(np.concatenate(list(six.values())))
        for tone, found in six.items():
            mine[tone].append(found - middle)
    flat = np.concatenate([one for found in mine.values() for one in found])
    scale = np.std(np.concatenate([wanted(tone) for tone in NAMES])) / np.std(flat)
    shift = np.median(np.concatenate([wanted(tone) for tone in NAMES]))
    for tone, found in mine.items():
        for one in found:
            nearest = min(NAMES, key=lambda other: float(np.mean((one * scale + shift - wanted(other)) ** 2)))
            right[tone] += nearest == tone
    count = len({syllable for syllable, _ in spoken})
    told = {tone: (_likeness(found, tone), right[tone] / count) for tone, found in mine.items()}
    everything = np.concatenate([wanted(tone) for tone, found in mine.items() for _ in found])
    return told | {"all": (float(np.corrcoef(flat, everything)[0, 1]), sum(right.values()) / count / len(NAMES))}


def _likeness(found: list[Array], tone: str) -> float:
    """Of the mean contour; of a level tone, whose shape says nothing, the slope is taken as an error in semitones."""
    if not found:
        return 0.0
    mean = np.mean(found, axis=0)
    if tone == "ngang":
        return float(-abs(mean[-2] - mean[1]))
    return float(np.corrcoef(mean, wanted(tone))[0, 1])
