"""Slowing down guesses at the door: per account and per address, without letting strangers lock anybody out."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.clock import Clock

LONGEST = timedelta(minutes=15)
FORGET = timedelta(hours=24)
MOST_KEPT = 20_000


@dataclass(slots=True)
class Tries:
    """Failures under one key, and when the next try is heard."""

    count: int
    last: datetime
    wait_until: datetime


class Throttle:
    """Counts in this process. Whoever signed in here before holds a mark, and is counted apart from strangers."""

    def __init__(self, clock: Clock, key: bytes) -> None:
        self._clock = clock
        self._key = key
        self._tries: OrderedDict[str, Tries] = OrderedDict()

    def keys(self, login: str, address: str, mark: str) -> dict[str, int]:
        """Under which keys a try counts, and how many failures each allows before it has to wait."""
        if self._knows(login, mark):
            return {f"mark:{mark}": 10}
        return {f"account:{login.casefold()}": 5, f"address:{address}": 20}

    def wait(self, keys: dict[str, int]) -> float:
        """Seconds until the next try is heard; 0 when it is."""
        now = self._clock.now()
        waits = [(self._tries[key].wait_until - now).total_seconds() for key in keys if key in self._tries]
        return max([0.0, *waits])

    def count(self, keys: dict[str, int]) -> None:
        """Count a try before its password is looked at, so that tries at the same time do not slip through."""
        now = self._clock.now()
        for key, free in keys.items():
            before = self._tries.pop(key, None)
            count = 1 if before is None or now - before.last > FORGET else before.count + 1
            over = count - free
            pause = min(LONGEST, timedelta(seconds=2 ** min(over, 12))) if over >= 0 else timedelta()
            self._tries[key] = Tries(count, now, now + pause)
        while len(self._tries) > MOST_KEPT:
            self._tries.popitem(last=False)

    def forget(self, keys: Sequence[str]) -> None:
        """The password was right: its keys start anew, but an address only gets its one try back."""
        for key in keys:
            tries = self._tries.pop(key, None)
            if tries is not None and key.startswith("address:") and tries.count > 1:
                self._tries[key] = Tries(tries.count - 1, tries.last, tries.last)

    def mark(self, login: str) -> str:
        """A mark for a browser somebody has signed in from."""
        word = secrets.token_urlsafe(12)
        return f"{word}.{self._sign(login, word)}"

    def _knows(self, login: str, mark: str) -> bool:
        word, _, signature = mark.partition(".")
        return bool(word) and hmac.compare_digest(signature.encode(), self._sign(login, word).encode())

    def _sign(self, login: str, word: str) -> str:
        return hmac.new(self._key, f"{login.casefold()}\n{word}".encode(), hashlib.sha256).hexdigest()
