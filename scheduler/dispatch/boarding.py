"""The planner's SQL for rides: which runs carry which texts along, told in the transaction that opens the runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from channels.audiences.store import ONES_OWN
from content.bulletin import BulletinClass, Purpose
from db.database import Database
from db.direct import Ask, Each, Rows, Step, marks
from db.types import from_ms
from scheduler.delivery import OccurrenceState
from scheduler.ride.ride import MOST_RIDERS, Host, Ride, RideState
from scheduler.schedule import Schedule, find_zone

Riders = dict[tuple[str, datetime], list[dict[str, str]]]
"""By schedule and due moment, what goes along by which outlet, as an occurrence keeps it."""
Kinds = Mapping[str, tuple[str, str]]
"""Theme and purpose of texts, by revision."""

_RIDE = (
    "id, item, revision, text, outlets, themes, begins, ends, weeks, share, unit, state, made_by, made_at,"
    " decided_by, decided_at, note, seen, carried"
)


def board(
    database: Database, runs: Sequence[tuple[Schedule, datetime, OccurrenceState]]
) -> Generator[Step, Rows, Riders]:
    """What each of these runs carries; rides are held, and count them as their hosts."""
    asked = [(schedule, due) for schedule, due, state in runs if _may_carry(schedule, state)]
    if not asked:
        return {}
    days = [_day(schedule, due) for schedule, due in asked]
    rides = yield from _rides(database, min(days), max(days))
    if not rides:
        return {}
    ends = yield from _in_force({one.revision for one in rides})
    kinds = yield from _kinds({text.revision for schedule, _ in asked for text in schedule.items})
    riders, seen, carried = Riders(), Counter[str](), Counter[str]()
    for schedule, due in asked:
        host = _host(schedule, due, kinds)
        for one in rides:
            on_board = {rider["ride"] for rider in riders.get((schedule.id, due), ())}
            if host is None or one.revision not in ends or len(on_board) == MOST_RIDERS or not one.fits(host):
                continue
            until = _until(one, schedule, ends[one.revision])
            if until > due and one.takes(one.seen + seen[one.id]):
                riders.setdefault((schedule.id, due), []).extend(_records(one, host, until))
                carried[one.id] += 1
            seen[one.id] += 1
    counted = [(seen[one.id], carried[one.id], one.id) for one in rides if seen[one.id]]
    yield Each("UPDATE ride SET seen = seen + ?, carried = carried + ? WHERE id = ?", counted)
    return riders


def _may_carry(schedule: Schedule, state: OccurrenceState) -> bool:
    """Whether it goes out at all, and is not a correction or an answer for those it is about."""
    return (
        state is OccurrenceState.PLANNING
        and schedule.klass is BulletinClass.NORMAL
        and not schedule.audience.startswith(ONES_OWN)
    )


def _day(schedule: Schedule, due: datetime) -> date:
    return due.astimezone(find_zone(schedule.zone)).date()


def _rides(database: Database, begin: date, end: date) -> Generator[Step, Rows, list[Ride]]:
    """Those approved for any of these days, the oldest first."""
    query = f"SELECT {_RIDE} FROM ride WHERE state = 'approved' AND begins <= ? AND ends >= ? ORDER BY id"
    rows = yield Ask(query + database.for_update, (end.isoformat(), begin.isoformat()))
    return [_ride(*row) for row in rows]


def _ride(id: str, item: str, revision: str, text: str, outlets: str, themes: str, *more: Any) -> Ride:
    begins, ends, weeks, share, unit, state, made_by, made_at, decided_by, decided_at, note, seen, carried = more
    return Ride(
        *(id, item, revision, text, tuple(json.loads(outlets)), tuple(json.loads(themes))),
        *(date.fromisoformat(begins), date.fromisoformat(ends), weeks, share, unit),
        RideState(state),
        made_by,
        from_ms(made_at),
        decided_by,
        from_ms(decided_at) if decided_at is not None else None,
        *(note, seen, carried),
    )


def _in_force(revisions: set[str]) -> Generator[Step, Rows, dict[str, datetime | None]]:
    """Those that are still their items' approved text, with the moment they become stale."""
    ids = sorted(revisions)
    query = (
        "SELECT revision.id, revision.valid_until FROM revision JOIN item ON item.approved = revision.id"
        f" WHERE item.state = 'approved' AND revision.id IN ({marks(len(ids))})"
    )
    rows = yield Ask(query, ids)
    return {row[0]: from_ms(row[1]) if row[1] is not None else None for row in rows}


def _kinds(revisions: set[str]) -> Generator[Step, Rows, Kinds]:
    ids = sorted(revisions)
    rows = yield Ask(f"SELECT id, theme, purpose FROM revision WHERE id IN ({marks(len(ids))})", ids)
    return {row[0]: (row[1], row[2]) for row in rows}


def _host(schedule: Schedule, due: datetime, kinds: Kinds) -> Host | None:
    """The run as a host; None where a text of another purpose is in it: other rules hold for that."""
    told = [kinds[text.revision] for text in schedule.items if text.revision in kinds]
    if any(purpose != Purpose.OUTREACH for _, purpose in told):
        return None
    items, themes = frozenset(text.item for text in schedule.items), frozenset(theme for theme, _ in told)
    return Host(schedule.klass, items, themes, schedule.outlets, schedule.unit, _day(schedule, due))


def _until(one: Ride, schedule: Schedule, stale: datetime | None) -> datetime:
    """When it is over: with its last day, or with its text."""
    over = datetime.combine(one.ends + timedelta(days=1), time(), find_zone(schedule.zone))
    return over if stale is None else min(over, stale)


def _records(one: Ride, host: Host, until: datetime) -> list[dict[str, str]]:
    # the log looks for an outlet with the item behind it: this is the order in which it is stored
    text = {"item": one.item, "revision": one.revision, "digest": one.text}
    about = {"ride": one.id, "until": until.isoformat()}
    return [{"outlet": name, **text, **about} for name in host.outlets if name in one.outlets]
