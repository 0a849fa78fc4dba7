"""An outlet's pace and daily quota, in its row, shared by all processes.

The pace is a virtual moment from which on the outlet is free (GCRA), in microseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from channels.channel import Pace
from db.database import Database
from db.direct import Ask, Rows, Step
from db.types import to_ms
from scheduler.dispatch.wish import Turn, Wish
from scheduler.outcome import Outcome

BURST = 40_000
"""Microseconds of an outlet's pace that may go at one moment; never less than one delivery."""
LONGEST_PAUSE = 2.0
"""Seconds."""
FAST = 1_000
"""Deliveries a second above which two processes may overdraw an outlet's pace by one burst, but do not wait in line."""


def day_of(now: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """The office's day as a number, and when the next one begins, in milliseconds since 1970."""
    day = now.astimezone(zone).date()
    return day.toordinal(), to_ms(datetime.combine(day + timedelta(days=1), time(), zone))


def used_on(day: int, quota_day: int, quota_used: int) -> int:
    """How much of a quota is used on a day; a clock that was set back over midnight does not give a new one."""
    return quota_used if 0 <= quota_day - day <= 1 else 0


def look_at_outlet(database: Database, wish: Wish, done: Turn) -> Generator[Step, Rows, None]:
    """Whether the outlet is paused, when it is free again, and what of its quota is used."""
    if not wish.look:
        done.free_at = wish.free_at
        return
    # A slow outlet's row is held, so that two processes never take the same moment; a fast one's would hold them up.
    held = database.for_update if wish.pace.per_second <= FAST or wish.pace.per_day else ""
    about = f"SELECT paused_at, free_at, quota_day, quota_used FROM outlet WHERE name = ?{held}"
    rows = yield Ask(about, (wish.outlet,))
    if not rows:
        done.paused = True
        return
    done.paused, done.free_at = rows[0][0] is not None, rows[0][1]
    done.used = used_on(wish.day, rows[0][2], rows[0][3])
    _rest_when_spent(wish, done)


def room_of(wish: Wish, done: Turn) -> int:
    """How many may leave now, as the lane wishes and as pace and quota allow."""
    room = min(wish.room, allowed(wish.pace, done.free_at, wish.now * 1000))
    return min(room, max(0, wish.pace.per_day - done.used)) if wish.pace.per_day else room


def allowed(pace: Pace, free_at: int, now: int) -> int:
    """How many may leave at a moment (both in microseconds), when the outlet is free from `free_at` on."""
    begin = max(free_at, now)
    spare = now - begin + max(0, BURST - interval(pace))
    return spare // interval(pace) + 1 if spare >= 0 else 0


def pause_for(pace: Pace, free_at: int, now: int) -> float:
    """Seconds after which it is worth looking at the pace again: a few deliveries at once, where it is quick.

    Never long: where the clock was set back by hours, `free_at` lies hours away until somebody sees that.
    """
    spare = max(0, BURST - interval(pace))
    return min(LONGEST_PAUSE, max(0, free_at - now - spare // 2) / 1_000_000)


def interval(pace: Pace) -> int:
    """Microseconds from one delivery to the next."""
    return max(1, round(1_000_000 / pace.per_second))


def book(wish: Wish, done: Turn, outcomes: Sequence[Outcome]) -> Generator[Step, Rows, None]:
    """Push the outlet's free moment on by what has left, and behind the moment its partner asked for."""
    done.owed = wish.owed + sum(1 for job in done.jobs if job.why != "ask")
    if wish.pace.per_day:
        yield from _book_quota(wish, done, outcomes)
    floor = max(wish.now, wish.hold) * 1000
    if not done.owed and not wish.hold:
        return
    if not wish.look:
        done.free_at = max(done.free_at, floor) + (done.owed - wish.owed) * interval(wish.pace)
        return
    book = (
        "UPDATE outlet SET free_at = CASE WHEN free_at > ? THEN free_at ELSE CAST(? AS BIGINT) END + ? WHERE name = ?"
        " RETURNING free_at"
    )
    rows = yield Ask(book, (floor, floor, done.owed * interval(wish.pace), wish.outlet))
    done.free_at, done.owed = rows[0][0], 0
    _rest_when_spent(wish, done)


def _book_quota(wish: Wish, done: Turn, outcomes: Sequence[Outcome]) -> Generator[Step, Rows, None]:
    """What leaves is used; what came back untouched is not. The row is held since it was looked at."""
    untouched = sum(1 for one in outcomes if one.tried is None and one.job.why != "ask")
    if done.owed or untouched:
        done.used = max(0, done.used + done.owed - untouched)
        book = "UPDATE outlet SET quota_used = ?, quota_day = CASE WHEN quota_day = ? THEN quota_day ELSE ? END WHERE name = ?"
        yield Ask(book, (done.used, wish.day + 1, wish.day, wish.outlet))


def _rest_when_spent(wish: Wish, done: Turn) -> None:
    """Nothing leaves before tomorrow; reckoned anew at each look, so that no row keeps it when the day is over."""
    if wish.pace.per_day and done.used >= wish.pace.per_day:
        done.free_at = max(done.free_at, wish.tomorrow * 1000)
