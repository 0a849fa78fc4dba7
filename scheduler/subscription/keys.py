"""The keys that events are signed with: made, sealed at rest, and used as Standard Webhooks asks."""

from __future__ import annotations

import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from config.lazy import lazily
from config.logs import log
from scheduler.subscription.store import Subscription

if TYPE_CHECKING:
    import standardwebhooks
    from cryptography import fernet
else:
    standardwebhooks, fernet = lazily("standardwebhooks"), lazily("cryptography.fernet")

BYTES = 32

logger = log(__name__)


class Keys:
    """Seals each key together with whose it is: who can write the database alone cannot put another's in its place."""

    def __init__(self, key: bytes) -> None:
        self._seal = fernet.Fernet(urlsafe_b64encode(key))

    def make(self, subscription: str) -> tuple[str, str]:
        """A new key as its receiver writes it (`whsec_...`), and as it is stored."""
        secret = f"whsec_{b64encode(secrets.token_bytes(BYTES)).decode()}"
        return secret, self._seal.encrypt(f"{subscription} {secret}".encode()).decode()

    def of(self, to: Subscription, now: datetime) -> list[str]:
        """The keys that count: the newest first, the one before it while it is being changed. None if they cannot be opened."""
        sealed = [to.secret, *([to.former] if to.former_until is not None and now < to.former_until else [])]
        opened = [self._open(to.id, one) for one in sealed]
        return [one for one in opened if one] if opened[0] else []

    def _open(self, subscription: str, sealed: str) -> str:
        try:
            owner, _, secret = self._seal.decrypt(sealed).decode().partition(" ")
        except fernet.InvalidToken:
            owner, secret = "", ""
        if owner != subscription:
            logger.error("signing_key_unreadable", subscription=subscription)
            return ""
        return secret


def signed(keys: Sequence[str], id: str, at: datetime, body: str) -> dict[str, str]:
    """Headers of Standard Webhooks: id, timestamp in seconds, a signature by each key."""
    return {
        "content-type": "application/cloudevents+json; charset=utf-8",
        "webhook-id": id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(standardwebhooks.Webhook(key).sign(id, at, body) for key in keys),
    }
