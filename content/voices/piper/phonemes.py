"""The process that tells phonemes: `python -m content.voices.piper.phonemes LANGUAGE`; espeak-ng (GPL-3) stays in here.

espeak-ng drops punctuation, and Piper's voices breathe by it, so that each clause is asked for alone and its mark put behind.
"""

from __future__ import annotations

import re
import sys
import unicodedata

from content.espeak_library import EspeakLibrary
from content.voice_process import Say, serve

_CLAUSE = re.compile(r"([^,:;.?!…]+)([,:;.?!…]*)")
_SWITCH = re.compile(r"\([a-z-]+\)")
"""How espeak-ng tells that it took a word for another language."""


def sounds(library: EspeakLibrary, sentence: str) -> str:
    """The phonemes of a sentence, each a code point, with the first mark of every clause."""
    clauses = []
    for clause, marks in _CLAUSE.findall(sentence):
        if said := _SWITCH.sub("", library.phonemes(clause)).strip():
            clauses.append(said + marks[:1].replace("…", "."))
    return unicodedata.normalize("NFD", " ".join(clauses))


def _load() -> tuple[int, Say]:
    library = EspeakLibrary(sys.argv[1])
    return library.rate, lambda sentence: sounds(library, sentence).encode()


if __name__ == "__main__":
    sys.exit(serve(_load))
