"""What was heard against what was to be said: edit distance in letters, with tone marks and without."""

from __future__ import annotations

import unicodedata

TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0309\u0303\u0323"))


def letters(text: str, *, tones: bool = True) -> str:
    """The letters alone, without case, spaces and punctuation; without tone marks when asked."""
    apart = unicodedata.normalize("NFD", text.casefold())
    whole = unicodedata.normalize("NFC", apart if tones else apart.translate(TONES))
    return "".join(filter(str.isalnum, whole))


def distance(said: str, heard: str) -> int:
    """The least number of letters to change, drop or add."""
    row = list(range(len(heard) + 1))
    for index, letter in enumerate(said):
        corner, row[0] = row[0], index + 1
        for at, other in enumerate(heard):
            corner, row[at + 1] = row[at + 1], min(row[at + 1] + 1, row[at] + 1, corner + (letter != other))
    return row[-1]


def error(said: list[str], heard: list[str], *, tones: bool = True) -> float:
    """Letters wrong of all letters, over all sentences; a sentence is never more than wholly wrong."""
    wrong = total = 0
    for one, other in zip(said, heard, strict=True):
        meant = letters(one, tones=tones)
        wrong += min(len(meant), distance(meant, letters(other, tones=tones)))
        total += len(meant)
    return wrong / total
