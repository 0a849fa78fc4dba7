"""Cues: written sentences over the time in which they are said, in lines that fit a screen; as SRT and WebVTT; pure.

Nothing says when a recording comes to a sentence, be it a machine's or a person's. So sentences are laid over the gaps of
the sound: each boundary is put into the gap in which it is likeliest, by how long the sentences are when they are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

LINE, LINES = 42, 2
"""Letters of a line and lines of a cue at most (EBU-TT-D and broadcasters' guides: 37 to 42, two)."""
SHORTEST = 1.0
"""Seconds a cue is read for at least; what that takes, the next one comes later."""
WINDOW = 24
"""Gaps looked at on either side of where a boundary is likeliest."""
GAP_WORTH = 1.5
"""How much a long gap draws a boundary, against a sentence of a length that is not its own."""
PAUSE = 6
"""A sentence's pause, in letters."""
_BREAKS = re.compile(r"(?<=[,;:–])\s+")


class Gap(NamedTuple):
    """Silence in a recording, in seconds from its beginning."""

    begin: float
    end: float

    @property
    def middle(self) -> float:
        """Where a cut does least harm."""
        return (self.begin + self.end) / 2


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence as it is written, and as it is read aloud: the latter tells how long it takes."""

    written: str
    spoken: str

    @property
    def weight(self) -> int:
        """Its length, in letters of what is said."""
        return len(self.spoken) + PAUSE


@dataclass(frozen=True, slots=True)
class Cue:
    """What stands on the screen from one moment to another, in seconds."""

    begin: float
    end: float
    lines: tuple[str, ...]


def cues(said: Sequence[Line], gaps: Sequence[Gap], begin: float, end: float, shift: float = 0.0) -> list[Cue]:
    """Cues of sentences said from `begin` to `end` of a recording; on the screen all is `shift` seconds later.

    They go on behind `end` when more is written than anybody could read in the time it is said in.
    """
    said = [one for one in said if one.spoken.strip()]
    if not said:
        return []
    inner = [gap for gap in gaps if begin < gap.middle < end]
    edges = [begin, *boundaries([one.weight for one in said], inner, begin, end), end]
    found: list[Cue] = []
    for place, one in enumerate(said):
        found += _of_sentence(one.written, edges[place] + shift, edges[place + 1] + shift)
    return _readable(found)


def boundaries(weights: Sequence[int], gaps: Sequence[Gap], begin: float, end: float) -> list[float]:
    """Where each sentence but the last ends, rising: in a gap, or where there is none by the length of what is said.

    The cheapest way through all gaps: a sentence costs by how far its length is from its share of the time, and a gap
    pays by how long it is.
    """
    rate = (end - begin) / sum(weights)
    places = [Gap(begin, begin), *gaps, Gap(end, end)]
    paths: dict[int, tuple[float, tuple[int, ...]]] = {0: (0.0, ())}
    expected = begin
    for weight in weights[:-1]:
        expected += weight * rate
        near = sorted(range(1, len(places) - 1), key=lambda at: abs(places[at].middle - expected))[: 2 * WINDOW]
        paths = _next(paths, sorted(near), places, weight * rate)
        if not paths:
            return _even(weights, begin, rate)
    last = weights[-1] * rate
    ends = ((cost + _stretch(end - places[at].middle, last), path) for at, (cost, path) in paths.items())
    return [places[at].middle for at in min(ends)[1]]


def _next(
    paths: dict[int, tuple[float, tuple[int, ...]]], near: Sequence[int], places: Sequence[Gap], length: float
) -> dict[int, tuple[float, tuple[int, ...]]]:
    """The cheapest way to each of the gaps `near`, one sentence further."""
    found: dict[int, tuple[float, tuple[int, ...]]] = {}
    for at in near:
        gap = places[at]
        ways = [
            (
                cost + _stretch(gap.middle - places[before].middle, length) - GAP_WORTH * min(gap.end - gap.begin, 1.0),
                path,
            )
            for before, (cost, path) in paths.items()
            if before < at
        ]
        if ways:
            cost, path = min(ways)
            found[at] = cost, (*path, at)
    return found


def _stretch(length: float, expected: float) -> float:
    """What it costs that a sentence takes so long and not as long as expected; seconds."""
    return (length - expected) ** 2 / (0.3 + 0.1 * expected)


def _even(weights: Sequence[int], begin: float, rate: float) -> list[float]:
    """By length alone: speech without enough gaps."""
    found, at = [], begin
    for weight in weights[:-1]:
        at += weight * rate
        found.append(at)
    return found


def _of_sentence(written: str, begin: float, end: float) -> list[Cue]:
    """A sentence in as many cues as it takes, each in its share of the time."""
    pieces = _pieces(" ".join(part for word in written.split() for part in _parts(word)))
    whole, at, found = sum(map(len, pieces)) or 1, begin, []
    for piece in pieces:
        until = at + (end - begin) * len(piece) / whole
        found.append(Cue(at, until, tuple(lines(piece))))
        at = until
    return found


def _readable(found: Sequence[Cue]) -> list[Cue]:
    """The same cues, each on for its shortest time; what was late so is on time again as soon as it can be."""
    readable: list[Cue] = []
    for cue in found:
        begin = max(cue.begin, readable[-1].end) if readable else cue.begin
        readable.append(Cue(begin, max(cue.end, begin + SHORTEST), cue.lines))
    return readable


def _parts(word: str) -> list[str]:
    """A word longer than a line, such as an address, in parts that fill one each."""
    return [word[at : at + LINE] for at in range(0, len(word), LINE)]


def _pieces(text: str) -> list[str]:
    """A sentence cut where it pauses, then between words, so that each piece fits the screen."""
    found: list[str] = []
    for part in _BREAKS.split(text):
        if found and _fits(f"{found[-1]} {part}"):
            found[-1] = f"{found[-1]} {part}"
        else:
            found += _cut(part)
    return [one for one in found if one]


def _cut(text: str) -> list[str]:
    """Between words, into pieces of about the same length."""
    found: list[str] = []
    words = text.split()
    count = 1
    while words and not found:
        share = -(-len(text) // count)
        pieces = wrapped(words, share)
        if all(map(_fits, pieces)) or share <= LINE:
            found = pieces
        count += 1
    return found


def _fits(text: str) -> bool:
    return len(wrapped(text.split(), LINE)) <= LINES


def wrapped(words: Iterable[str], width: int) -> list[str]:
    """Words in lines of at most so many letters; a word that is longer stands alone."""
    found: list[str] = []
    for word in words:
        if found and len(found[-1]) + 1 + len(word) <= width:
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


def lines(text: str) -> list[str]:
    """A piece in lines of about the same length: a long one over a single word is hard to read."""
    words = text.split()
    count = len(wrapped(words, LINE))
    width = max(-(-len(text) // count), 1) if count else 1
    while len(found := wrapped(words, width)) > count and width < LINE:
        width += 1
    return found


def srt(found: Sequence[Cue]) -> str:
    """SubRip: numbered, with commas before milliseconds."""
    each = (
        f"{number}\n{_clock(cue.begin, ',')} --> {_clock(cue.end, ',')}\n" + "\n".join(cue.lines) + "\n"
        for number, cue in enumerate(found, 1)
    )
    return "\n".join(each)


def read_srt(text: str) -> list[Cue]:
    """Cues of a file that `srt` wrote."""
    found = []
    for block in text.replace("\r\n", "\n").strip().split("\n\n"):
        _, times, *lines = block.split("\n")
        begin, end = (_seconds(one) for one in times.split(" --> "))
        found.append(Cue(begin, end, tuple(lines)))
    return found


def _seconds(clock: str) -> float:
    hours, minutes, seconds = clock.replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def vtt(found: Sequence[Cue]) -> str:
    """WebVTT (W3C); what begins a tag or a reference there is escaped."""
    each = (
        f"{_clock(cue.begin, '.')} --> {_clock(cue.end, '.')}\n" + "\n".join(map(_escaped, cue.lines)) + "\n"
        for cue in found
    )
    return "WEBVTT\n\n" + "\n".join(each)


def _escaped(line: str) -> str:
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _clock(seconds: float, point: str) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"
