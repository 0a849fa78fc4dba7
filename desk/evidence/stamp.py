"""Stamp: the office's signature (Ed25519), made with a key derived from the house's, and checked by anybody without it."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING

from config.lazy import lazily

if TYPE_CHECKING:
    from cryptography import exceptions
    from cryptography.hazmat.primitives.asymmetric import ed25519
else:
    exceptions = lazily("cryptography.exceptions")
    ed25519 = lazily("cryptography.hazmat.primitives.asymmetric.ed25519")

ALGORITHM = "Ed25519"


class Stamp:
    """Signs with the key of this seed of 32 bytes, always alike."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed

    @cached_property
    def _key(self) -> ed25519.Ed25519PrivateKey:
        return ed25519.Ed25519PrivateKey.from_private_bytes(self._seed)

    @property
    def public(self) -> bytes:
        """The public key, by which anybody checks."""
        return self._key.public_key().public_bytes_raw()

    @property
    def fingerprint(self) -> str:
        """By what people know the public key again."""
        return fingerprint_of(self.public)

    def sign(self, text: bytes) -> bytes:
        """The signature under a text."""
        return self._key.sign(text)


def fingerprint_of(public: bytes) -> str:
    """A public key's sha256 as people compare it: 40 hex digits, four together."""
    digits = hashlib.sha256(public).hexdigest()[:40]
    return " ".join(digits[place : place + 4] for place in range(0, 40, 4))


def same_fingerprint(one: str, other: str) -> bool:
    """Whether two written fingerprints are one: spaces, colons and case say nothing."""
    return _bare(one) == _bare(other)


def _bare(written: str) -> str:
    return "".join(letter for letter in written.lower() if letter.isalnum())


def is_signed(public: bytes, signature: bytes, text: bytes) -> bool:
    """Whether who has the private key of this public one has signed the text."""
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except (exceptions.InvalidSignature, ValueError):
        return False
    return True
