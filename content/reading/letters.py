"""Letters by their names, and whether a row of letters is a Vietnamese syllable or must be spelled."""

import re
import unicodedata
from functools import lru_cache

from content.reading.vocabulary import RIMES

NAMES = {
    "a": "a", "ă": "á", "â": "ớ", "b": "bê", "c": "xê", "d": "dê", "đ": "đê", "e": "e", "ê": "ê", "f": "ép",
    "g": "giê", "h": "hát", "i": "i", "j": "giây", "k": "ca", "l": "e lờ", "m": "em mờ", "n": "en nờ", "o": "o",
    "ô": "ô", "ơ": "ơ", "p": "pê", "q": "cu", "r": "e rờ", "s": "ét", "t": "tê", "u": "u", "ư": "ư", "v": "vê",
    "w": "vê kép", "x": "ích xì", "y": "i dài", "z": "dét",
}  # fmt: skip
CONSONANTS = frozenset("bcdđfghjklmnpqrstvwxz")

ONSET = "ngh|ng|nh|ph|th|tr|ch|gh|gi|kh|qu|b|c|d|đ|g|h|k|l|m|n|p|r|s|t|v|x"
SYLLABLE = re.compile(rf"({ONSET})?([aăâeêioôơuưy][a-zăâêôơư]{{0,4}})")
PLAIN_SYLLABLE = re.compile(rf"({ONSET})?([aeiouy][a-z]{{0,4}})")
PLAIN_RIMES = frozenset(rime.translate(str.maketrans("ăâêôơư", "aaeoou")) for rime in RIMES)
TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))
LONGEST_SYLLABLE = 7


@lru_cache(maxsize=20_000)
def is_syllable(word: str) -> bool:
    """Tell whether a lower-case word can be a Vietnamese syllable: "ban" and "ủy" can, "ubnd" and "zoom" cannot."""
    if len(word) > LONGEST_SYLLABLE:
        return False
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFD", word).translate(TONES))
    whole = SYLLABLE.fullmatch(plain)
    # "gi" and "qu" swallow the vowel of the rime: "gì" is g + i, "quyết" is q + uyêt.
    return bool(whole and whole[2] in RIMES) or plain in {"gi", "gin", "giêng", "qua", "quy"} or _swallowed(plain)


def _swallowed(plain: str) -> bool:
    return plain.startswith(("gi", "qu")) and plain[1:] in RIMES


@lru_cache(maxsize=5_000)
def is_plain_syllable(word: str) -> bool:
    """Tell whether a word can be a syllable written without accents, as in web addresses: "kien" for kiến."""
    whole = PLAIN_SYLLABLE.fullmatch(word)
    return bool(whole and whole[2] in PLAIN_RIMES) or is_syllable(word)


def name_of(letter: str) -> str:
    """Give the name of one lower-case letter, or the letter itself where the house has no name for it."""
    return NAMES.get(letter, letter)


def spell(word: str) -> str:
    """Spell a lower-case word letter by letter: "kt" is "ca tê". An accent that no letter carries has no name."""
    return " ".join(name_of(letter) for letter in word if letter.isalpha())


def must_be_spelled(word: str) -> bool:
    """Tell whether a lower-case word is made of consonants only, so that no voice can say it."""
    return CONSONANTS.issuperset(word)
