"""Passwords and tokens: made, hashed with argon2id away from the event loop, compared with the same work for everybody."""

from __future__ import annotations

import asyncio
import hashlib
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from config.words import BadInput

SHORTEST, LONGEST = 12, 128
HASHER = PasswordHasher(time_cost=2, memory_cost=47_104, parallelism=1)
"""OWASP ASVS 5 appendix C asks for at least 46 MiB in one pass."""

COMMON = frozenset(
    {
        *("123456789012", "1234567890123", "123456123456", "111111111111", "000000000000", "012345678901"),
        *("passwordpassword", "password1234", "password12345", "password123456", "passw0rd1234", "adminadminadmin"),
        *("administrator", "administrator1", "quantri123456", "quantriquantri", "quantrivien123", "matkhau123456"),
        *("matkhaumatkhau", "matkhau12345", "qwertyuiop12", "qwertyuiop123", "qwertyuiopasdf", "qwerty123456"),
        *("1q2w3e4r5t6y", "1qaz2wsx3edc", "abcd12345678", "abc123456789", "abcdefghijkl", "iloveyou1234"),
        *("vietnam12345", "vietnam123456", "anhyeuem1234", "emyeuanh1234", "letmein12345", "welcome12345"),
        *("changeme1234", "uybannhandan", "uybannhandan1", "truyenthanh1", "loatruyenthanh", "congchuc1234"),
    }
)

CONSONANTS = "bcdghklmnprstvx"
VOWELS = "aeiou"


class Passwords:
    """Two hashes at a time, no more: else signing in is the denial of service."""

    def __init__(self) -> None:
        self._seats = asyncio.Semaphore(2)
        self._nobody = ""

    async def hash(self, password: str) -> str:
        """The password as it is stored."""
        async with self._seats:
            return await asyncio.to_thread(HASHER.hash, password)

    async def fits(self, stored: str | None, password: str) -> bool:
        """Whether the password is the stored one; None, for nobody, costs the same time."""
        if stored is None and not self._nobody:
            self._nobody = await self.hash(secrets.token_hex(16))
        async with self._seats:
            right = await asyncio.to_thread(_verify, stored or self._nobody, password[: LONGEST + 1])
        return right and stored is not None


def _verify(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def check_password(password: str, *names: str) -> None:
    """Raise BadInput for a password that is too short, too long, among the common ones, or the person's own name."""
    if len(password) < SHORTEST:
        raise BadInput(
            f"Mật khẩu phải có ít nhất {SHORTEST} ký tự; một câu ngắn dễ nhớ là tốt nhất",
            f"The password needs at least {SHORTEST} characters",
            field="password",
        )
    if len(password) > LONGEST:
        raise BadInput(
            f"Mật khẩu dài nhất {LONGEST} ký tự", f"The password has at most {LONGEST} characters", field="password"
        )
    plain = password.casefold()
    own = any(len(name) >= 4 and plain.replace(name.casefold(), "").strip("0123456789") == "" for name in names)
    if plain in COMMON or len(set(plain)) < 4 or own:
        raise BadInput(
            "Mật khẩu này quá dễ đoán, hãy chọn câu khác", "This password is too easy to guess", field="password"
        )


def readable_password() -> str:
    """Four syllables-words and a number, about 74 bits, to be read out and typed once: `vakedo-limuta-...-4821`."""
    words = ["".join(secrets.choice(CONSONANTS) + secrets.choice(VOWELS) for _ in range(3)) for _ in range(4)]
    return "-".join([*words[:3], words[3][:4], f"{secrets.randbelow(10_000):04d}"])


def hashed(secret: str) -> str:
    """How a random secret of 256 bits is stored: sha256 is enough, since it cannot be guessed."""
    return hashlib.sha256(secret.encode()).hexdigest()
