"""When to try again: a pure function of the tries made, the partner's hint and the window."""

from __future__ import annotations

from datetime import datetime, timedelta

STEPS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 2 * 60, 10 * 60, 30 * 60, 2 * 3600, 6 * 3600))
LONG_STEPS = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
)
"""As Standard Webhooks proposes (operational considerations); three days end it before the last."""
MOST_TRIES = len(STEPS) + 1


def next_try(
    tries: int,
    now: datetime,
    until: datetime,
    *,
    hint: float | None = None,
    spread: float = 0.0,
    steps: tuple[timedelta, ...] = STEPS,
) -> datetime | None:
    """The moment of the next try after `tries` were made, or None when tries or window are used up.

    `hint` is the partner's Retry-After in seconds and is never undercut; `spread` (0 to 1) sets apart by up to a fifth
    deliveries that failed together.
    """
    if tries > len(steps):
        return None
    pause = steps[tries - 1] * (1 + spread / 5)
    if hint is not None:
        pause = max(pause, timedelta(seconds=hint))
    moment = now + pause
    return None if moment > until else moment
