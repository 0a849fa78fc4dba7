"""What is not Vietnamese, said with Vietnamese syllables: a row of Latin letters by rule, other scripts by their letters' names.

The rules are those by which loanwords came into the language: a consonant that cannot stand where it is takes a vowel of
its own (clip: cờ líp), a final is exchanged for the nearest that exists (Gmail: meo), a stop carries the tone sắc.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from content.phonetics.syllable import ONSETS, RHYMES, STOPS, Syllable, Tone, parse

UNKNOWN = "chữ lạ"
"""Said for a letter whose name has no Latin letters to go by."""
VOWELS = "aeiouyăâêôơư"

_SPELT = (
    ("tion$", "sơn"), ("sion$", "sơn"), ("ph", "f"), ("sch", "s"), ("sh", "s"), ("tch", "ch"), ("ck", "c"), ("cc", "c"),
    ("qu", "qu"), ("gh(?=[^eiê])", "g"), ("wh", "w"), ("wr", "r"), ("^kn", "n"), ("^ps", "s"), ("x(?=.)", "cx"), ("x$", "c"),
    ("(?<=[^aeiouy])e$", ""), ("(?<=[aeiou])([bcdfgklmnprstvz])e$", r"\1"), (r"([bdfglmnprstz])\1", r"\1"),
    ("ee|ea", "i"), ("oo", "u"), ("ou|ow(?=.)", "ao"), ("ow$", "âu"), ("a[iy]|ei|ey", "ây"), ("igh", "ai"),
    ("au|aw", "o"), ("oy", "oi"), ("ew|eu", "iu"), ("(?:er|ir|ur|or)(?=[^aeiouy]|$)", "ơ"), ("ar(?=[^aeiouy]|$)", "a"),
    ("y(?=[aeou])", "i-"), ("w(?![aeiouy])", "u"), ("^j|j", "gi"), ("z", "d"),
    ("c(?=[eiy])", "x"), ("(?<![cgknpt])h(?=[^aeiouyăâêôơư]|$)", ""),
)  # fmt: skip
"""Spelling of other languages, English foremost, made Vietnamese; in this order."""
_STEPS = [(re.compile(found), made) for found, made in _SPELT]
_ONSET = {"f": "ph", "w": "u", "j": "gi", "z": "d"}
_CODA = {
    "m": "m", "n": "n", "ng": "ng", "nh": "nh", "p": "p", "t": "t", "c": "c", "ch": "ch", "k": "c", "g": "c", "b": "p",
    "f": "p", "v": "p", "d": "t", "l": "n", "th": "t", "s": "t", "x": "t",
}  # fmt: skip
_ONSETS_BY_LENGTH = sorted({*ONSETS, *_ONSET} - {""}, key=len, reverse=True)
_NUCLEI = sorted({rhyme for rhyme, (_, _, coda) in RHYMES.items() if coda in {"", "i", "u"}}, key=len, reverse=True)
_SMALLER = {"i": "ê", "u": "ô", "ơ": "â", "ê": "e", "ô": "o"}


@lru_cache(maxsize=2_000)
def approximate(word: str) -> tuple[Syllable, ...]:
    """A word of letters in Vietnamese syllables, at least one."""
    latin = _latin(word)
    if not latin:
        return _named(word)
    for found, made in _STEPS:
        latin = found.sub(made, latin)
    made_of = [part for piece in latin.split("-") for part in _cut(piece)]
    return tuple(made_of) or _named(word)


def _latin(word: str) -> str:
    """The word in lower-case Latin letters, Vietnamese vowels kept, every other mark dropped."""
    out = []
    for letter in unicodedata.normalize("NFC", word).casefold():
        toneless = letter if letter in "ăâêôơưđ" else _without_marks(letter)
        out.append(toneless if toneless.isascii() or toneless in "ăâêôơưđ" else "")
    return "".join(filter(str.isalpha, out))


def _without_marks(letter: str) -> str:
    kept = [
        mark
        for mark in unicodedata.normalize("NFKD", letter)
        if not unicodedata.combining(mark) or mark in "\u0302\u0306\u031b"
    ]
    return unicodedata.normalize("NFC", "".join(kept))


def _named(word: str) -> tuple[Syllable, ...]:
    """Letters of another script by the last word of their names (alpha, ka); those that have none as unknown, once."""
    said: list[Syllable] = []
    for letter in dict.fromkeys(word):
        name = unicodedata.name(letter, "").rsplit(" ", 1)[-1].casefold()
        if name.isascii() and name.isalpha():
            said += _cut(name)
    return tuple(said or filter(None, map(parse, UNKNOWN.split())))


def _cut(letters: str) -> list[Syllable]:
    """Left to right: an onset, the longest rhyme that leaves an onset for the vowel after it, and what cannot stand alone."""
    said: list[Syllable] = []
    at = 0
    while at < len(letters):
        onset = next((one for one in _ONSETS_BY_LENGTH if letters.startswith(one, at)), "")
        if onset == "gi" and letters[at + 2 : at + 3] not in VOWELS:
            onset = "g"
        at += len(onset)
        nucleus = next((one for one in _NUCLEI if letters.startswith(one, at)), "")
        if not nucleus:
            if onset:
                said.append(_syllable(onset, "ơ", "", Tone.HUYEN))
            else:
                at += 1
            continue
        at += len(nucleus)
        coda, at = _closing(letters, at)
        said.append(_syllable(onset, nucleus, coda, Tone.SAC if coda in STOPS else Tone.NGANG))
    return said


def _closing(letters: str, at: int) -> tuple[str, int]:
    """The coda at this place, and where the next syllable begins; finals that Vietnamese has not are left out."""
    end = at
    while end < len(letters) and letters[end] not in VOWELS:
        end += 1
    run = letters[at:end]
    if not run:
        return "", at
    if end == len(letters):
        coda = next((_CODA[run[:size]] for size in (2, 1) if run[:size] in _CODA), "")
        return coda, end
    if run in ONSETS or run in _ONSET:
        return ("ng", end - 1) if run == "ng" else ("", at)
    for size in (2, 1):
        if run[:size] in _CODA and run[size:] and run[:size] not in {"s", "x"}:
            return _CODA[run[:size]], at + size
    return "", at


def _syllable(onset: str, rhyme: str, coda: str, tone: Tone) -> Syllable:
    """The nearest syllable that exists: a rhyme that cannot take the coda gives up its last letter, then the coda."""
    onset = _ONSET.get(onset, onset)
    lead = ""
    if onset == "u":
        onset, lead = "", "u"
    tries = [rhyme, _SMALLER.get(rhyme, rhyme), rhyme[:1], rhyme[-1:]]
    for nucleus in tries:
        for spelt in (f"{lead}{nucleus}{coda}", f"{'o' if lead else ''}{nucleus}{coda}"):
            if spelt in RHYMES:
                glide, vowel, closing = RHYMES[spelt]
                return Syllable(ONSETS[onset], glide or onset == "qu", vowel, closing, tone)
    return _syllable(onset, rhyme, "", Tone.NGANG) if coda else Syllable(ONSETS[onset], False, "ơ", "", tone)
