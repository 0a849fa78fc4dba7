"""Width: how many requests of an outlet may be under way at once, learned from what comes back; pure.

By Little's law a rate needs rate times latency requests under way. The latency is measured, the rate is the outlet's
pace; where more requests bring no more answers (this machine or the partner is at its end), it does not grow.
"""

from __future__ import annotations

from channels.channel import Pace

START = 16
ROOM = 1.25
GAIN = 1.05
IN_FULL = 0.8
"""With twice as many under way, so much of twice as many answers: neither this machine nor the partner is near its end."""
TRY_AGAIN = 10.0
SOONEST = 0.05
MOST_KEPT = 32
"""Connections kept for what is urgent: enough to begin with, for it is the first to get those that come back."""


class Width:
    """Begins small, doubles while it pays and grows fourfold while it pays in full, shrinks when the partner has become quick."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self.reserve = min(max(1, pace.at_once // 8), MOST_KEPT) if pace.at_once > 1 else 0
        """Kept free for what is urgent: it shall not wait for the answers to what is not."""
        self._most = pace.at_once - self.reserve
        self.now = self._narrower = min(START, self._most)
        self.rate = 0.0
        """Answers a second, lately."""
        self._count = 0
        self._seconds = 0.0
        self._since: float | None = None
        self._before = 0.0
        self._stuck_until = 0.0

    def learn(self, count: int, seconds: float, steady: float) -> None:
        """So many answers have come that took so many seconds together; `steady` is the moment in steady seconds."""
        if self._since is None:
            self._since = steady
        self._count += count
        self._seconds += seconds
        span = steady - self._since
        if span < SOONEST or self._count < min(2 * self.now, span * self._pace.per_second / 2):
            return
        self.rate = self._count / span
        latency = self._seconds / max(1, self._count)
        self._count, self._seconds, self._since = 0, 0.0, steady
        self._fit(latency, steady)

    def rest(self) -> None:
        """Nothing was asked for a while: what is measured begins anew."""
        self._count, self._seconds, self._since = 0, 0.0, None

    def _fit(self, latency: float, steady: float) -> None:
        needed = min(self._most, int(self._pace.per_second * latency * ROOM) + 2)
        if needed <= self.now:
            self.now = max(needed, self.now // 2)
            self._before = 0.0
        elif steady >= self._stuck_until:
            if self.rate > self._before * GAIN:
                in_full = self.rate > self._before * self.now / self._narrower * IN_FULL
                self._before, self._narrower = self.rate, self.now
                self.now = min(needed, self.now * (4 if in_full else 2))
            else:
                self._before, self._stuck_until = 0.0, steady + TRY_AGAIN
                self.now = max(min(START, needed), self._narrower)
