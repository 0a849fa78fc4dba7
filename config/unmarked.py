"""Vietnamese without its marks, as people type it in a hurry: by what titles of columns, names and words are compared."""

from __future__ import annotations

import unicodedata


def unmarked(text: str) -> str:
    """Without marks, in lower case, spaces alike: “Lý lịch” and “ly lich” are found by one another."""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())
