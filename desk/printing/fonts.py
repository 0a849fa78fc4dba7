"""The typefaces of paper: Noto Serif for what is read, Be Vietnam Pro for what is small; every Vietnamese letter is in both."""

from __future__ import annotations

import unicodedata
from importlib.resources import files
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

SERIF, SERIF_BOLD, SANS = "Loa Serif", "Loa Serif Bold", "Loa Sans"
_FACES = Path(str(files("content") / "faces"))
_FILES = {
    SERIF: "noto-serif-regular.ttf",
    SERIF_BOLD: "noto-serif-bold.ttf",
    "Loa Serif Italic": "noto-serif-italic.ttf",
    "Loa Serif Bold Italic": "noto-serif-bolditalic.ttf",
    SANS: "be-vietnam-pro-regular.ttf",
}


def _register() -> dict[str, frozenset[int]]:
    """Make them known to the library; the letters of each."""
    letters: dict[str, frozenset[int]] = {}
    for name, file in _FILES.items():
        font = TTFont(name, str(_FACES / file))
        pdfmetrics.registerFont(font)
        letters[name] = frozenset(font.face.charToGlyph)
    pdfmetrics.registerFontFamily(SERIF, SERIF, SERIF_BOLD, "Loa Serif Italic", "Loa Serif Bold Italic")
    pdfmetrics.registerFontFamily(SANS, SANS, SANS, SANS, SANS)
    return letters


_LETTERS = _register()


def seen(text: str, font: str = SERIF) -> str:
    """A text as it can be printed: composed, without what is not seen; a letter that the font has not is a sign instead."""
    known = _LETTERS[font]
    missing = "\ufffd" if 0xFFFD in known else "?"
    whole = unicodedata.normalize("NFC", text)
    return "".join(_one(letter, known, missing) for letter in whole)


def _one(letter: str, known: frozenset[int], missing: str) -> str:
    if letter.isspace():
        return " "
    if unicodedata.category(letter) in {"Cf", "Cc"}:
        return ""
    return letter if ord(letter) in known else missing
