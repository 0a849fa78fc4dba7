"""How often a token may ask: so many requests a minute, told in every answer (draft-ietf-httpapi-ratelimit-headers-10)."""

from __future__ import annotations

import math
from collections import OrderedDict

from config.clock import Clock
from desk.answer import Trouble

WINDOW = 60.0
KEPT = 10_000
QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
"""The problem type of the draft, section 7."""


class Limits:
    """Counts of this process, one for each token; a minute begins with its first request."""

    def __init__(self, clock: Clock, most: int) -> None:
        self._clock = clock
        self._most = most
        self._used: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, token: str) -> tuple[dict[str, str], Trouble | None]:
        """Count a request: what its answer's headers say of the allowance, and the refusal when it is used up."""
        now = self._clock.steady()
        begun, used = self._used.pop(token, (now, 0))
        if now - begun >= WINDOW:
            begun, used = now, 0
        self._used[token] = (begun, min(used + 1, self._most))
        while len(self._used) > KEPT:
            self._used.popitem(last=False)
        seconds = max(1, math.ceil(begun + WINDOW - now))
        policy = {"RateLimit-Policy": f'"token";q={self._most};w={WINDOW:.0f}'}
        headers = policy | {"RateLimit": f'"token";r={max(0, self._most - used - 1)};t={seconds}'}
        if used < self._most:
            return headers, None
        vi = f"Quá {self._most} yêu cầu một phút; hãy đợi {seconds} giây"
        en = f"More than {self._most} requests a minute; wait {seconds} seconds"
        return headers, Trouble(429, vi, en, {"Retry-After": str(seconds)}, kind=QUOTA_EXCEEDED)
