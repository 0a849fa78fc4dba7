"""Ahead: how many deliveries of an outlet have an intent and wait for their turn, and how few are left when the next begin; pure.

While a turn writes, those that wait are sent: too few, and the senders stand still until the disk has answered; too many,
and a crash leaves more in doubt.
"""

from __future__ import annotations

AHEAD_SECONDS = 0.1
"""So much of the outlet's work may have an intent and wait for its turn."""
MOST_AHEAD = 2048
FIRST_GUESS = 1000.0
"""Answers a second of an outlet that has not answered yet."""
SPARE = 1.25
SMOOTH = 0.25


class Ahead:
    """Learns how long a turn takes."""

    def __init__(self, per_second: float) -> None:
        self._guess = min(per_second, FIRST_GUESS)
        self._seconds = 0.0

    def took(self, seconds: float) -> None:
        """A turn's transaction has lasted so long."""
        self._seconds += (seconds - self._seconds) * SMOOTH if self._seconds else seconds

    def most(self, rate: float) -> int:
        """So many may wait; `rate` is answers a second lately, 0 when there were none yet."""
        return min(MOST_AHEAD, int((rate or self._guess) * AHEAD_SECONDS))

    def low(self, ready: int, rate: float) -> int:
        """At so few of the now `ready` ones the next turn begins: they last as long as it takes, and a little longer."""
        if not self._seconds or not rate:
            return ready // 2
        return min(ready, int(rate * self._seconds * SPARE))
