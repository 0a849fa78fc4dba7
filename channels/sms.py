"""What all SMS kinds share: numbers as providers write them, and the text as it is sent."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from content.short import unaccented as without_marks


def national(address: str) -> str:
    """A number (+84...) as it is dialled at home: 0 and nine digits."""
    return "0" + (address[3:] if address.startswith("+84") else address.removeprefix("+").removeprefix("84"))


def hidden(address: str) -> tuple[str, str, str]:
    """Every way a provider may repeat a number in its answer, for `Http.request(hide=...)`."""
    return address, national(address), address[1:]


@lru_cache(maxsize=64)
def plain_text(text: str, *, unaccented: bool) -> str:
    """The text as it is sent; remembered, since it is the same for every recipient."""
    return without_marks(text) if unaccented else unicodedata.normalize("NFC", text)
