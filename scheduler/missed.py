"""What becomes of runs whose moment passed while nothing was planned: made up for, or missed; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from scheduler.schedule import Missed

ON_TIME = timedelta(minutes=1)


def made_up(policy: Missed, window: timedelta, dues: Sequence[datetime], now: datetime) -> list[bool]:
    """Which of the due moments, in order, still run at `now`: those on time, and of the late ones what the policy says.

    `window` is how late a run may still be made up for.
    """
    found = []
    for place, due in enumerate(dues):
        late = now - due
        latest = policy is Missed.LATEST and place == len(dues) - 1
        wanted = late <= ON_TIME or policy is Missed.ALL or latest
        found.append(wanted and late <= max(window, ON_TIME))
    return found
