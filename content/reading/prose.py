"""Spoken pieces put together as prose: single spaces, one pause mark at a time, one line for each paragraph."""

import re
import unicodedata
from collections.abc import Iterable

TOKEN = re.compile(r"[^\s,.?!:;]+|[,.?!:;]")
STRENGTH = {",": 1, ":": 2, ";": 3, ".": 4, "?": 5, "!": 5}


def paragraph(spoken: Iterable[str]) -> str:
    """Join the spoken words of one line; of several pauses in a row the strongest stays, none opens the line."""
    parts: list[str] = []
    for token in TOKEN.findall(" ".join(spoken)):
        if token not in STRENGTH:
            parts.append(token)
        elif parts and parts[-1] in STRENGTH:
            parts[-1] = max(parts[-1], token, key=STRENGTH.__getitem__)
        elif parts:
            parts.append(token)
    if parts and parts[-1] == ",":
        parts[-1] = "."
    return "".join(part if part in STRENGTH else f" {part}" for part in parts).lstrip()


def text(paragraphs: Iterable[str]) -> str:
    """Join the paragraphs that have anything to say."""
    return unicodedata.normalize("NFC", "\n".join(line for line in paragraphs if line))
