"""A sentence made ready for a voice: its words as syllables, and the mark that follows each."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from content.phonetics.foreign import approximate
from content.phonetics.syllable import Syllable, parse
from content.reading import load_lexicon
from content.reading.letters import name_of
from content.reading.numbers import one_by_one

LONGEST_SPELLED = 5
"""Letters of a row of capitals that is spelled out; a longer one is read as a word."""

_PIECE = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*|\d+|[^\w\s]|_")
_MARKS = {mark: mark for mark in ",;:.?!…"} | dict.fromkeys('()[]{}"“”«»–—/', ",")
_WEIGHT = ",;:….!?"
"""From the least to the most; of two marks in a row the weightier counts."""


@dataclass(frozen=True, slots=True)
class Word:
    """As it was written, what is heard, and the punctuation mark after it (of `,;:….!?`, or nothing)."""

    written: str
    syllables: tuple[Syllable, ...]
    mark: str = ""


def words(sentence: str) -> list[Word]:
    """Everything that can be said in a sentence; empty only when there is no letter and no digit in it."""
    found: list[Word] = []
    for piece in _PIECE.findall(unicodedata.normalize("NFC", sentence)):
        if piece[0].isalnum():
            found += [Word(written, said) for written, said in _said(piece)]
        elif found and (mark := _MARKS.get(piece, "")) and _WEIGHT.find(mark) > _WEIGHT.find(found[-1].mark or " "):
            found[-1] = Word(found[-1].written, found[-1].syllables, mark)
    return found


def _said(piece: str) -> list[tuple[str, tuple[Syllable, ...]]]:
    """A piece between spaces and marks as words: known, Vietnamese, spelled, or as near as Vietnamese comes."""
    if known := _loanwords().get(piece.casefold()):
        return [(piece, _syllables(known))]
    return [(part, _one(part)) for part in re.split(r"[-'’]", piece)]


def _one(part: str) -> tuple[Syllable, ...]:
    if part.isdecimal():
        return _syllables(one_by_one(part))
    if syllable := parse(part):
        return (syllable,)
    if known := _loanwords().get(part.casefold()):
        return _syllables(known)
    if _spelled(part):
        return tuple(one for letter in part.casefold() for one in _syllables(name_of(letter)))
    return _checked(part) or approximate(part)


def _spelled(part: str) -> bool:
    """Whether a row of letters is said letter by letter: all consonants, or a few capitals."""
    plain = part.casefold()
    consonants = plain.isascii() and not set(plain) & set("aeiouy")
    return consonants or (part.isupper() and 1 < len(part) <= LONGEST_SPELLED and plain.isascii())


def _checked(part: str) -> tuple[Syllable, ...]:
    """A syllable that ends in k (Đắk Lắk), or in a stop without sắc or nặng, as loanwords are often written: with sắc."""
    spelt = re.sub(r"(?i)(?<=[^\W\d])k$", "c", part)
    syllable = parse(spelt) or parse(spelt + "\u0301")
    return (syllable,) if syllable else ()


def _syllables(said: str) -> tuple[Syllable, ...]:
    return tuple(one for word in said.split() for one in _syllable(word))


def _syllable(word: str) -> tuple[Syllable, ...]:
    syllable = parse(word)
    return (syllable,) if syllable else approximate(word)


@cache
def _loanwords() -> dict[str, str]:
    """The office's loanwords as the reader says them."""
    return {entry.abbr.casefold(): entry.spoken for entry in load_lexicon().entries if entry.domain == "loanword"}
