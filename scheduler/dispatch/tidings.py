"""What the planner writes down for whoever tells other systems, in its own transaction: runs that open, parcels to watch.

Nothing, while nobody asks for it. Shared with `telling`'s other holders: see `scheduler/events/store.py`.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence

from db.database import Database
from db.direct import Append, Ask, Each, Rows, Step
from db.types import to_ms
from scheduler.delivery import OccurrenceState
from scheduler.dispatch.plan import Due

OPENED, FINAL = "occurrence.opened", "delivery.final"

_OPENED = (
    "INSERT INTO event (id, kind, at, subject, about, spread) SELECT 'opened-' || id, 'occurrence.opened', planned_at,"
    " 'occurrence/' || id, '{}', 0 FROM occurrence WHERE schedule = ? AND due_at = ? AND state <> 'missed'"
    " ON CONFLICT (id) DO NOTHING"
)


def note_opened(database: Database, dues: Sequence[Due]) -> Generator[Step, Rows, None]:
    """Runs that were opened just now; what is told of each is read from its occurrence."""
    runs = [
        (one.schedule.id, to_ms(run.due_at))
        for one in dues
        for run in one.runs
        if run.state is not OccurrenceState.MISSED
    ]
    if runs and OPENED in (yield from _wanted(database)):
        yield Each(_OPENED, runs)


def watch(database: Database, parcels: Sequence[int]) -> Generator[Step, Rows, None]:
    """Parcels that were frozen just now: what becomes of them is to be told."""
    if FINAL in (yield from _wanted(database)):
        yield Append("parcel_told", ("parcel", "letters", "round"), [(id, "", 0) for id in parcels])


def _wanted(database: Database) -> Generator[Step, Rows, frozenset[str]]:
    rows = yield Ask(f"SELECT wanted FROM telling WHERE id = 1{database.for_share}")
    return frozenset(json.loads(rows[0][0]))
