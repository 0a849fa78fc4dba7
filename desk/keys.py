"""The house's key, and what is derived from it for each purpose."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets

from config.settings import Settings


def load_key(settings: Settings) -> bytes:
    """The key given in the settings, or the one kept in the files directory, made there at first start (mode 0600)."""
    given = settings.security.key.get_secret_value()
    if given:
        return hashlib.sha256(given.encode()).digest()
    file = settings.files.dir / "loa.key"
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        part = file.with_name(f".{file.name}.{os.getpid()}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as new:
            new.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(part, file)  # whoever comes first keeps the name
        part.unlink()
    return bytes.fromhex(file.read_text(encoding="ascii").strip())


def people_key(settings: Settings, key: bytes) -> bytes:
    """The key that people's addresses are sealed with: the one given for it, else one derived from the house's."""
    return settings.people.key.get_secret_value().encode() or derive(key, "people")


def derive(key: bytes, purpose: str) -> bytes:
    """A key of its own for each purpose."""
    return hmac.new(key, purpose.encode(), hashlib.sha256).digest()
