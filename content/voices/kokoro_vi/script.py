"""A sentence laid out for the model: its phonemes in a row, where each syllable stands among them, and phrases short enough."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from content.phonetics.syllable import Syllable
from content.phonetics.words import Word
from content.voices.kokoro_vi.sounds import VOICED, VOWELS, phonemes

MOST = 300
"""Phonemes in one go; the model takes 510, but its voice tires and memory grows long before that."""
BETWEEN_WORDS = " "


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


def lines(sentence: Sequence[Word]) -> list[Line]:
    """The sentence in as few lines as can be spoken, cut after a punctuation mark where there is one."""
    parts = list(_cut(sentence))
    return [_laid(part, last=part is parts[-1]) for part in parts]


def _cut(sentence: Sequence[Word]) -> Iterator[Sequence[Word]]:
    rest = list(sentence)
    while rest:
        fitting = _fitting(rest)
        at = fitting
        if fitting < len(rest):
            at = next((at for at in range(fitting, fitting // 3, -1) if rest[at - 1].mark), fitting)
        yield rest[:at]
        rest = rest[at:]


def _fitting(words: Sequence[Word]) -> int:
    """How many of the words fit in one line, at least one."""
    room = MOST
    for at, word in enumerate(words):
        room -= sum(len("".join(phonemes(syllable))) + 1 for syllable in word.syllables) + len(word.mark)
        if room < 0:
            return max(1, at)
    return len(words)


def _laid(words: Iterable[Word], *, last: bool) -> Line:
    row: list[str] = []
    placed: list[Placed] = []
    flat = [
        (syllable, word.mark if syllable is word.syllables[-1] else "") for word in words for syllable in word.syllables
    ]
    for index, (syllable, mark) in enumerate(flat):
        if row:
            row.append(BETWEEN_WORDS)
        onset, rhyme = phonemes(syllable)
        start = len(row)
        row += onset + rhyme
        sounds = range(start + len(onset), len(row))
        vowel = next(at for at in sounds if row[at] in VOWELS)
        voiced = max(at for at in sounds if row[at] in VOICED) + 1
        ends = index == len(flat) - 1
        placed.append(
            Placed(
                syllable,
                start,
                vowel,
                voiced,
                len(row),
                mark or (("." if last else ",") if ends else ""),
                last and ends,
            )
        )
        row += placed[-1].mark
    return Line("".join(row), tuple(placed))
