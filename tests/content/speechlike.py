"""Sound that is like speech to a meter: syllables of a voiced buzz with pauses, made quickly and always the same."""

from __future__ import annotations

import math
import random
from array import array

from content.voice import Speech


def speechlike(
    seconds: float, *, level: float = 0.25, rate: int = 22050, seed: int = 1, gaps: tuple[float, ...] = ()
) -> Speech:
    """About so many seconds of syllables; `level` is the peak of a loud one (over 1 clips), `gaps` long silences inside."""
    chance = random.Random(seed)
    cycle = [sum(math.sin(2 * math.pi * k * at / 147) / k for k in (1, 2, 3, 5, 8)) / 2 for at in range(147)]
    samples = array("h")
    waits = list(gaps)
    while len(samples) < seconds * rate:
        count, loud = round(rate * chance.uniform(0.12, 0.25)), level * chance.uniform(0.35, 1.0)
        for at in range(count):
            value = loud * math.sin(math.pi * at / count) * cycle[at % 147]
            samples.append(max(-32768, min(32767, round(32767 * value))))
        pause = chance.choice((0.02, 0.04, 0.04, 0.3))
        if waits and chance.random() < 0.2:
            pause = waits.pop()
        samples.extend(array("h", bytes(2 * round(rate * pause))))
    return Speech(samples.tobytes(), rate)
