"""Text for SMS: alphabet, segments, safe accent removal, cutting at a word."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

# 3GPP TS 23.038 section 6.2.1: the basic table, then the extension table whose letters cost two units.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("\f^{}\\[~]|€")

TYPOGRAPHIC = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»″", '"'),
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("–—―−‑‐‒", "-"),
        **dict.fromkeys((*map(chr, range(0x2000, 0x200B)), "\u00a0", "\u202f", "\u3000", "\t"), " "),
        **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad", None),
        "…": "...",
        "•": "-",
        "·": ".",
        "đ": "d",
        "Đ": "D",
        "₫": "d",
        "²": "2",
        "³": "3",
        "º": "o",
        "°": "o",
        "×": "x",
    }
)


@dataclass(frozen=True, slots=True)
class SmsLength:
    """What a text costs: `unicode` tells the alphabet, `units` its length in it, `segments` the messages billed."""

    unicode: bool
    units: int
    segments: int


def sms_length(text: str, added: int = 0) -> SmsLength:
    """Segments of 160/153 septets in the GSM alphabet, else 70/67 UTF-16 units (3GPP TS 23.038, 23.040).

    `added` plain characters that somebody puts beside the text are in the segments, not in the units.
    """
    unicode, sizes = _sizes(unicodedata.normalize("NFC", text))
    return SmsLength(unicode, sum(sizes), len(_starts(unicode, sizes + [1] * added)))


def sms_parts(text: str) -> list[str]:
    """The text of each segment, as a phone that splits it sends them; none of an empty text."""
    text = unicodedata.normalize("NFC", text)
    starts = _starts(*_sizes(text))
    return [text[start:end] for start, end in pairwise([*starts, len(text)])]


def _sizes(text: str) -> tuple[bool, list[int]]:
    """Whether the text leaves the GSM alphabet, and what each letter costs."""
    if all(letter in GSM or letter in GSM_EXTENDED for letter in text):
        return False, [2 if letter in GSM_EXTENDED else 1 for letter in text]
    return True, [2 if letter > "\uffff" else 1 for letter in text]


def _starts(unicode: bool, sizes: list[int]) -> list[int]:
    """At which letter each segment begins: a letter of two units is never split over two messages."""
    single, part = (70, 67) if unicode else (160, 153)
    if sum(sizes) <= single:
        return [0] if sizes else []
    starts, room = [0], part
    for place, size in enumerate(sizes):
        if size > room:
            starts.append(place)
            room = part
        room -= size
    return starts


def unaccented(text: str) -> str:
    """The text without Vietnamese marks and with typographic characters in plain ones; unknown symbols stay."""
    plain = unicodedata.normalize("NFC", text).translate(TYPOGRAPHIC)
    plain = unicodedata.normalize("NFD", plain)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", plain)


@dataclass(frozen=True, slots=True)
class Misread:
    """Words that are easily read as others once their marks are gone: as written, bare, the others, and what to write instead."""

    written: str
    bare: str
    read_as: str
    instead: str


def misread(text: str) -> list[Misread]:
    """What of a text becomes ambiguous or embarrassing without marks, in order; each once (`unmarked.tsv`)."""
    hits = (hit[0].lower() for hit in _pattern().finditer(unicodedata.normalize("NFC", text)))
    found = dict.fromkeys(hit for hit in hits if hit in _unmarked())
    return [Misread(written, unaccented(written), *_unmarked()[written]) for written in found]


@cache
def _unmarked() -> dict[str, tuple[str, str]]:
    table = files("content").joinpath("unmarked.tsv").read_text(encoding="utf-8").splitlines()[1:]
    rows = (line.split("\t") for line in table)
    return {written: (read_as, instead) for written, read_as, instead in rows}


@cache
def _pattern() -> re.Pattern[str]:
    """Any of them as whole words, the longest first; also what is to be written instead, in which one may stand unharmed."""
    longest = sorted({*_unmarked(), *(instead for _, instead in _unmarked().values())}, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest))})\b", re.IGNORECASE)


def cut_at_word(text: str, most: int) -> str:
    """The text itself if it fits, else its whole words with an ellipsis within `most` characters."""
    text = re.sub(r"\s+", " ", text).strip()
    if len(text) <= most:
        return text
    kept = text[:most]  # the ellipsis takes at least the place of the space after the last word
    cut = kept.rsplit(" ", 1)[0] if " " in kept else kept[: most - 1]
    return cut.rstrip(" ,;:-–.") + "…"
