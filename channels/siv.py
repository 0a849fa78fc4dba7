"""AES-SIV itself, for `seal.py` alone: a library of some megabytes that a process without recipients never loads."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

__all__ = ["AESSIV", "InvalidTag"]
