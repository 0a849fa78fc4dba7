"""Text for SMS: alphabet, segments, safe accent removal, cutting at a word."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# 3GPP TS 23.038 section 6.2.1: the basic table, then the extension table whose letters cost two units.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENDED = frozenset("\f^{}\\[~]|€")

TYPOGRAPHIC = str.maketrans(
    {
        **dict.fromkeys("“”„«»″", '"'),
        **dict.fromkeys("‘’‚′`´", "'"),
        **dict.fromkeys("–—−‑‐", "-"),
        **dict.fromkeys("\u00a0\u2007\u2009\u202f\t", " "),
        **dict.fromkeys("\u200b\u200c\u200d\ufeff\u00ad", None),
        "…": "...",
        "•": "-",
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


def sms_length(text: str) -> SmsLength:
    """Segments of 160/153 septets in the GSM alphabet, else 70/67 UTF-16 units (3GPP TS 23.038, 23.040)."""
    text = unicodedata.normalize("NFC", text)
    if all(letter in GSM or letter in GSM_EXTENDED for letter in text):
        units = sum(2 if letter in GSM_EXTENDED else 1 for letter in text)
        single, part = 160, 153
        unicode = False
    else:
        units = len(text.encode("utf-16-be")) // 2
        single, part = 70, 67
        unicode = True
    segments = 1 if units <= single else -(-units // part)
    return SmsLength(unicode, units, segments if units else 0)


def unaccented(text: str) -> str:
    """The text without Vietnamese marks and with typographic characters in plain ones; unknown symbols stay."""
    plain = unicodedata.normalize("NFC", text).translate(TYPOGRAPHIC)
    plain = unicodedata.normalize("NFD", plain)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return unicodedata.normalize("NFC", plain)


def cut_at_word(text: str, most: int) -> str:
    """The text itself if it fits, else its whole words with an ellipsis within `most` characters."""
    text = re.sub(r"\s+", " ", text).strip()
    if len(text) <= most:
        return text
    cut = text[: most - 1].rsplit(" ", 1)[0] if " " in text[: most - 1] else text[: most - 1]
    return cut.rstrip(" ,;:-–.") + "…"
