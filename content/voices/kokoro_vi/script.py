"""A sentence laid out for the model: its phonemes in a row, where each syllable stands among them, and phrases short enough."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from content.phonetics.syllable import Syllable
from content.phonetics.words import Word
from content.voices.kokoro_vi.sounds import VOICED, phonemes

MOST = 300
"""Phonemes in one go; the model takes 510, but its voice tires and memory grows long before that."""
BETWEEN = " "


@dataclass(frozen=True, slots=True)
class Placed:
    """A syllable at its place in `Line.phonemes`: from `start` its onset, from `vowel` its rhyme, voiced up to `voiced`.

    `mark` is the punctuation mark after it, at `end`; `last` tells that the sentence ends here.
    """

    syllable: Syllable
    start: int
    vowel: int
    voiced: int
    end: int
    mark: str
    last: bool


@dataclass(frozen=True, slots=True)
class Line:
    """What is spoken in one go."""

    phonemes: str
    syllables: tuple[Placed, ...]


Marked = tuple[Syllable, str]
"""A syllable and the mark after it."""


def lines(sentence: Sequence[Word]) -> list[Line]:
    """The sentence in as few lines as can be spoken, cut after a punctuation mark where there is one."""
    flat = [
        (syllable, word.mark if at == len(word.syllables) else "")
        for word in sentence
        for at, syllable in enumerate(word.syllables, 1)
    ]
    parts = list(_cut(flat))
    return [_laid(part, last=part is parts[-1]) for part in parts]


def _cut(rest: list[Marked]) -> Iterator[list[Marked]]:
    while rest:
        fitting = at = _fitting(rest)
        if fitting < len(rest):
            at = next((at for at in range(fitting, fitting // 3, -1) if rest[at - 1][1]), fitting)
        yield rest[:at]
        rest = rest[at:]


def _fitting(syllables: Sequence[Marked]) -> int:
    """How many of the syllables fit in one line."""
    room = MOST
    for at, (syllable, mark) in enumerate(syllables):
        room -= len("".join(phonemes(syllable))) + len(BETWEEN) + len(mark)
        if room < 0:
            return at
    return len(syllables)


def _laid(syllables: Sequence[Marked], *, last: bool) -> Line:
    row = ""
    placed: list[Placed] = []
    for index, (syllable, mark) in enumerate(syllables, 1):
        onset, rhyme = phonemes(syllable)
        start = len(row) + len(BETWEEN) * bool(row)
        vowel = start + len(onset)
        row = f"{row}{BETWEEN if row else ''}{onset}{rhyme}"
        voiced = max(at for at in range(vowel, len(row)) if row[at] in VOICED) + 1
        ends = index == len(syllables)
        closing = mark or (("." if last else ",") if ends else "")
        placed.append(Placed(syllable, start, vowel, voiced, len(row), closing, last and ends))
        row += closing
    return Line(row, tuple(placed))
