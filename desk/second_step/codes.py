"""One-time codes (RFC 6238) and recovery codes: made, and told right from wrong; pure."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b32encode
from datetime import datetime

import pyotp

PERIOD = 30
"""Seconds a code stands on the phone: what every authenticator app takes for granted."""
DRIFT = 1
"""Codes of how many periods before and after are taken, for clocks that differ and people who type slowly (RFC 6238, 5.2)."""
RECOVERY_CODES, RECOVERY_DIGITS = 10, 12


def secret_from(key: bytes, *seed: str) -> str:
    """160 bits in base32, as apps take them (RFC 4226, 4); the same again for the same seed."""
    return b32encode(hmac.new(key, "\n".join(seed).encode(), hashlib.sha256).digest()[:20]).decode()


def setup_address(secret: str, account: str) -> str:
    """The `otpauth:` address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret, interval=PERIOD).provisioning_uri(name=account, issuer_name="Loa")


def period_of(secret: str, written: str, now: datetime) -> int | None:
    """Of which period (30 seconds, counted from 1970) what somebody wrote is the code; None when of none that is taken."""
    given, clock = digits(written).encode(), pyotp.TOTP(secret, interval=PERIOD)
    at = clock.timecode(now)
    # Each is compared, also after one that fits: the time it takes tells nothing.
    fitting = [
        period
        for period in range(at - DRIFT, at + DRIFT + 1)
        if hmac.compare_digest(clock.generate_otp(period).encode(), given)
    ]
    return fitting[-1] if fitting else None


def new_recovery_codes() -> list[str]:
    """Ten codes of twelve digits: typed on the same keys as the six of the phone, and never taken for them."""
    made = [f"{secrets.randbelow(10**RECOVERY_DIGITS):0{RECOVERY_DIGITS}d}" for _ in range(RECOVERY_CODES)]
    return ["-".join(code[place : place + 4] for place in range(0, RECOVERY_DIGITS, 4)) for code in made]


def recovery_mark(key: bytes, person: str, written: str) -> str:
    """How a recovery code is stored: by a key that is not in the database, since twelve digits alone could be tried out."""
    return hmac.new(key, f"{person}\n{digits(written)}".encode(), hashlib.sha256).hexdigest()


def digits(written: str) -> str:
    """What was written without the spaces and dashes that people put between."""
    return "".join(letter for letter in written if letter in "0123456789")
