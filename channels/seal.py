"""Seal: people's addresses, and partners' calls that name them, as they are stored; who has no key knows nobody's number.

AES-SIV (RFC 5297) under a key of its own for each scheme. It is deterministic: the same number always has the same seal,
so that a sealed address serves as the keyed hash a person is found by, and stands in primary keys, pages and look-ups as a
plain one does (`docs/decisions/0012-sealed-addresses.md`).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from config.lazy import lazily
from config.words import Said

if TYPE_CHECKING:
    from channels import siv
else:
    siv = lazily("channels.siv")

SEALED = {"phone": "P", "zalo": "Z", "email": "E"}
"""The letter before a sealed address, by scheme; no plain one begins with a capital letter."""
_TEXT = "T"
_NUMBER = re.compile(r"\d{8,}")
NOBODY = "~"
"""How an address begins that nothing can be sent to."""
ERASED = f"{NOBODY}erased"
"""What stands where the address of a person stood who was erased."""
BROKEN = f"{NOBODY}broken"
"""What is made of a stored address that the key does not open."""


class SealBroken(Said):
    """A stored address that this key does not open."""

    def __init__(self) -> None:
        super().__init__(
            "Khóa ở máy này không mở được số điện thoại đã niêm phong; trả lại đúng khóa ([people] key, hoặc loa.key)",
            "The key at hand does not open the sealed addresses; bring the right one back ([people] key, or loa.key)",
        )


class Seal:
    """Seals and opens under a key of any length; what is sealed already, or is nobody's number, stays as it is."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.mark = hmac.new(key, b"mark", hashlib.sha256).hexdigest()[:32]
        """What a database is told of the key, to know it again."""

    @cached_property
    def _ciphers(self) -> dict[str, siv.AESSIV]:
        letters = (*SEALED.values(), _TEXT)
        keys = {letter: hmac.new(self._key, letter.encode(), hashlib.sha512).digest() for letter in letters}
        return {letter: siv.AESSIV(key) for letter, key in keys.items()}

    def close(self, scheme: str, address: str) -> str:
        """`+84...`, a Zalo id or an e-mail address in 29 letters or more; an address of any other scheme as it is."""
        letter = SEALED.get(scheme)
        if letter == "E" and "@" in address:
            return self._sealed(letter, address.encode())
        if letter is None or not address.removeprefix("+").isdigit():
            return address
        # A Zalo id may begin with noughts, a telephone number with its country never does.
        number = int(address if letter == "P" else f"1{address}")
        return self._sealed(letter, number.to_bytes((number.bit_length() + 7) // 8))

    def _sealed(self, letter: str, plain: bytes) -> str:
        sealed = self._ciphers[letter].encrypt(plain, None)
        return letter + b2a_base64(sealed, newline=False).decode().rstrip("=")

    def open(self, stored: str) -> str:
        """The address as it is dialled. Raises SealBroken."""
        letter = stored[:1]
        if letter not in self._ciphers:
            return stored
        if letter == "E":
            return self._opened(stored).decode()
        number = int.from_bytes(self._opened(stored))
        return f"+{number}" if letter == "P" else str(number)[1:]

    def _opened(self, stored: str) -> bytes:
        try:
            return self._ciphers[stored[:1]].decrypt(a2b_base64(stored[1:] + "=="), None)
        except (siv.InvalidTag, ValueError):
            raise SealBroken from None

    def close_text(self, text: str) -> str:
        """A text of any length that may name people; an empty one as it is."""
        return self._sealed(_TEXT, text.encode()) if text else ""

    def open_text(self, stored: str) -> str:
        """The text again. Raises SealBroken."""
        return self._opened(stored).decode() if stored else ""

    def marks(self, text: str) -> str:
        """Whom a text names, for finding them in it once it is sealed: a keyed hash of the end of every long number."""
        return " ".join(sorted({self.person_mark(number) for number in _NUMBER.findall(text)}))

    def person_mark(self, address: str) -> str:
        """The hash that `marks` has for an address in any writing; a country or a nought before it makes no difference."""
        return hmac.new(self._key, b"person" + address[-9:].encode(), hashlib.sha256).hexdigest()[:16]

    def open_all(self, people: list[list[str]], places: Iterable[int]) -> None:
        """Open the addresses of (address, name) at these places; one that does not open is nobody's from here on."""
        for place in places:
            pair = people[place]
            try:
                pair[0] = self.open(pair[0])
            except SealBroken:
                pair[0] = BROKEN

    def forms(self, address: str) -> tuple[str, ...]:
        """Every way an address may stand in the database: sealed, and plain from before there were seals."""
        return tuple(dict.fromkeys((self.close(scheme_of(address), address), address)))


def scheme_of(address: str) -> str:
    """Of a person's plain address: an e-mail address has its @, a telephone number its plus, a Zalo id neither."""
    return "email" if "@" in address else "phone" if address.startswith("+") else "zalo"
