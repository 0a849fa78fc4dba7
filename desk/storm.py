"""Storms: a player that asks for the same thing again and again, faster than any can play it, is told to wait.

Liquidsoap 2.1.3 looping over a list with one dead address asks 14 to 21 times a second, for ever; podcast downloaders ask
for one file in a dozen ranges at once and are let through.
"""

from __future__ import annotations

import math
from collections import OrderedDict

from config.clock import Clock

BURST = 60.0
PER_SECOND = 2.0
KEPT = 5000


class Storm:
    """Buckets of this process, one for each asker and address asked for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, ...], tuple[float, float]] = OrderedDict()

    def wait(self, *who: str) -> int:
        """Count one request; 0, or whole seconds after which the next is heard. One that is refused is not counted."""
        now = self._clock.steady()
        level, at = self._buckets.pop(who, (0.0, now))
        level = max(0.0, level - (now - at) * PER_SECOND)
        heard = level + 1 <= BURST
        self._buckets[who] = (level + 1 if heard else level, now)
        while len(self._buckets) > KEPT:
            self._buckets.popitem(last=False)
        return 0 if heard else max(1, math.ceil((level + 1 - BURST) / PER_SECOND))
