"""An outlet's pace: a virtual moment in its row, shared by all processes (GCRA); moments in microseconds."""

from __future__ import annotations

from collections.abc import Generator

from channels.channel import Pace
from db.database import Database
from db.direct import Ask, Rows, Step
from scheduler.dispatch.wish import Turn, Wish

BURST = 40_000
"""Microseconds of an outlet's pace that may go at one moment; never less than one delivery."""
LONGEST_PAUSE = 2.0
"""Seconds."""
FAST = 1_000
"""Deliveries a second above which two processes may overdraw an outlet's pace by one burst, but do not wait in line."""


def outlet_row(database: Database, wish: Wish) -> Generator[Step, Rows, tuple[bool, int]]:
    """Whether the outlet is paused, and when it is free again."""
    if not wish.look:
        return False, wish.free_at
    # A slow outlet's row is held, so that two processes never take the same moment; a fast one's would hold them up.
    held = database.for_update if wish.pace.per_second <= FAST else ""
    rows = yield Ask(f"SELECT paused_at, free_at FROM outlet WHERE name = ?{held}", (wish.outlet,))
    return (rows[0][0] is not None, rows[0][1]) if rows else (True, 0)


def allowed(pace: Pace, free_at: int, now: int) -> int:
    """How many may leave at a moment (both in microseconds), when the outlet is free from `free_at` on."""
    begin = max(free_at, now)
    spare = now - begin + max(0, BURST - _interval(pace))
    return spare // _interval(pace) + 1 if spare >= 0 else 0


def pause_for(pace: Pace, free_at: int, now: int) -> float:
    """Seconds after which it is worth looking at the pace again: a few deliveries at once, where it is quick.

    Never long: where the clock was set back by hours, `free_at` lies hours away until somebody sees that.
    """
    spare = max(0, BURST - _interval(pace))
    return min(LONGEST_PAUSE, max(0, free_at - now - spare // 2) / 1_000_000)


def _interval(pace: Pace) -> int:
    """Microseconds from one delivery to the next."""
    return max(1, round(1_000_000 / pace.per_second))


def book(wish: Wish, done: Turn) -> Generator[Step, Rows, None]:
    """Push the outlet's free moment on by what has left, and behind the moment its partner asked for."""
    done.owed = wish.owed + sum(1 for job in done.jobs if job.why != "ask")
    floor = max(wish.now, wish.hold) * 1000
    if not done.owed and not wish.hold:
        return
    if not wish.look:
        done.free_at = max(done.free_at, floor) + (done.owed - wish.owed) * _interval(wish.pace)
        return
    book = (
        "UPDATE outlet SET free_at = CASE WHEN free_at > ? THEN free_at ELSE CAST(? AS BIGINT) END + ? WHERE name = ?"
        " RETURNING free_at"
    )
    rows = yield Ask(book, (floor, floor, done.owed * _interval(wish.pace), wish.outlet))
    done.free_at, done.owed = rows[0][0], 0
