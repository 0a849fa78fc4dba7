"""One written syllable taken apart: onset, glide, nucleus, coda and tone, by the rules of the quốc ngữ spelling.

Parts are named by their plainest spelling ("k" for c, k, q; "ng" for ng, ngh; "i" for the final of ai, ay), so that what
differs in spelling only is one, and what differs in some region (d, gi, r; s, x; ch, tr) stays apart.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Tone(StrEnum):
    """The six tones, by their names."""

    NGANG = "ngang"
    HUYEN = "huyền"
    SAC = "sắc"
    HOI = "hỏi"
    NGA = "ngã"
    NANG = "nặng"


MARKS = {
    "\u0300": Tone.HUYEN,
    "\u0301": Tone.SAC,
    "\u0309": Tone.HOI,
    "\u0303": Tone.NGA,
    "\u0323": Tone.NANG,
}
STOPS = frozenset({"p", "t", "c", "ch"})
"""Codas without voice; such a syllable is sắc or nặng, never anything else."""


@dataclass(frozen=True, slots=True)
class Syllable:
    """What is heard of one syllable; `onset` and `coda` may be empty, `glide` is the w of hoa and quê."""

    onset: str
    glide: bool
    nucleus: str
    coda: str
    tone: Tone

    @property
    def checked(self) -> bool:
        """Whether it ends in a stop."""
        return self.coda in STOPS


ONSETS = {
    "": "", "b": "b", "c": "k", "ch": "ch", "d": "d", "đ": "đ", "g": "g", "gh": "g", "gi": "gi", "h": "h", "k": "k",
    "kh": "kh", "l": "l", "m": "m", "n": "n", "ng": "ng", "ngh": "ng", "nh": "nh", "p": "p", "ph": "ph", "qu": "k",
    "r": "r", "s": "s", "t": "t", "th": "th", "tr": "tr", "v": "v", "x": "x",
}  # fmt: skip
CODAS = {
    "a": "i o m n ng nh p t c ch", "ă": "m n ng p t c", "â": "m n ng p t c", "e": "o m n ng p t c",
    "ê": "u m n ng nh p t c ch", "i": "u m n ng nh p t c ch", "o": "i m n ng p t c", "ô": "i m n ng p t c",
    "ơ": "i m n ng p t c", "u": "i m n ng p t c", "ư": "i u m n ng p t c", "iê": "u m n ng p t c",
    "uô": "i m n ng p t c", "ươ": "i u m n ng p t c", "oo": "ng c", "ôô": "ng c",
}  # fmt: skip
"""Which codas a nucleus takes, as they are spelled; each but the last four stands open too."""
SHORT = {"ay": ("ă", "i"), "au": ("ă", "u"), "ây": ("â", "i"), "âu": ("â", "u")}
"""Rhymes whose spelling tells of the vowel's length by its glide."""
OPEN = {"ia": "iê", "ua": "uô", "ưa": "ươ"}
CLOSED_ONLY = frozenset({"ă", "â", "iê", "uô", "ươ", "oo", "ôô"})
GLIDED = {"a": "o", "ă": "o", "e": "o", "â": "u", "ê": "u", "ơ": "u", "i": "u", "iê": "u"}
"""Nuclei that take a glide before them, and how it is spelled there."""

Rhyme = tuple[bool, str, str]
"""Glide, nucleus, coda."""


def _plain_rhymes() -> dict[str, tuple[str, str]]:
    rhymes = {nucleus: (nucleus, "") for nucleus in CODAS if nucleus not in CLOSED_ONLY}
    rhymes |= {spelt: (nucleus, "") for spelt, nucleus in OPEN.items()}
    for nucleus, codas in CODAS.items():
        rhymes |= {nucleus + coda: (nucleus, "u" if coda == "o" else coda) for coda in codas.split()}
    return rhymes | SHORT


def _rhymes() -> dict[str, Rhyme]:
    """Every rhyme as it is spelled after a consonant or alone."""
    plain = _plain_rhymes()
    rhymes: dict[str, Rhyme] = {spelt: (False, *parts) for spelt, parts in plain.items()}
    for spelt, (nucleus, coda) in plain.items():
        if nucleus in GLIDED:
            # after a glide i is spelled y: huy, huynh, huyên, khuya
            rhymes.setdefault(GLIDED[nucleus] + _with_y(spelt), (True, nucleus, coda))
    rhymes |= {_with_y(spelt): rhymes[spelt] for spelt in list(rhymes) if spelt.startswith("i")}
    return rhymes


def _with_y(spelt: str) -> str:
    return "y" + spelt[1:] if spelt.startswith("i") else spelt


RHYMES = _rhymes()


@lru_cache(maxsize=20_000)
def parse(word: str) -> Syllable | None:
    """The parts of a written syllable in any case and normal form, old or new placement of the tone; None if it is none."""
    letters, tones = _apart(word)
    if len(tones) > 1:
        return None
    tone = tones[0] if tones else Tone.NGANG
    for onset, rhyme in _halves(letters):
        if rhyme in RHYMES:
            found = Syllable(ONSETS[onset], *RHYMES[rhyme], tone)
            return None if found.checked and tone not in {Tone.SAC, Tone.NANG} else found
    return None


def _apart(word: str) -> tuple[str, list[Tone]]:
    """The letters without tone marks, and the tones."""
    marks = unicodedata.normalize("NFD", word.casefold())
    letters = unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in MARKS))
    return letters, [MARKS[mark] for mark in marks if mark in MARKS]


def _halves(letters: str) -> list[tuple[str, str]]:
    """The ways to read a word as onset and rhyme, the right one first."""
    if letters.startswith("gi"):
        rest = letters[2:]
        # gì, gìn and giêng share their i between onset and rhyme; the letter giê does not
        shared = rest[:1] not in set("aăâeoôơuư")
        return [("gi", f"i{rest}"), ("gi", rest)] if shared else [("gi", rest)]
    if letters.startswith("qu"):
        rest = letters[2:]
        # quốc is c and uôc; everything else has the glide
        if rest.startswith("ô"):
            return [("qu", f"u{rest}")]
        return [("qu", ("o" if rest[:1] in {"a", "ă", "e"} else "u") + _with_y(rest))]
    for length in (3, 2, 1, 0):
        if letters[:length] in ONSETS and letters[:length] != "qu" and len(letters) > length:
            return [(letters[:length], letters[length:])]
    return []
