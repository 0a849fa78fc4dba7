"""The planner's transactions in plain SQL: due schedules become occurrences, occurrences become parcels, many at once."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any

from channels.tags import patterns
from content.bulletin import BulletinClass
from db.database import Database
from db.direct import Append, Ask, Each, Rows, Step, marks
from db.types import from_ms, new_ids, new_number, to_json, to_ms
from scheduler.delivery import LETTER, OccurrenceState, State
from scheduler.dispatch.boarding import Riders, board
from scheduler.schedule import Missed, Rule, Schedule, ScheduledItem, ScheduleState

KNOWN = 1024
NOTHING: Riders = {}
Work = Generator[Step, Rows, None]


@dataclass(frozen=True, slots=True)
class Run:
    """A due moment and what becomes of it: `planning`, or `missed` with the reason."""

    due_at: datetime
    state: OccurrenceState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A schedule whose moment has come: its runs up to now, and when it is due next."""

    schedule: Schedule
    runs: list[Run]
    next_due_at: datetime | None


@dataclass(slots=True)
class Planning:
    """An occurrence whose recipients are not all frozen yet: how far that has come, by outlet and address."""

    id: str
    klass: BulletinClass
    due_at: datetime
    until: datetime | None
    outlets: tuple[str, ...]
    audience: str
    outlet_at: int
    address_at: str
    size: int


@dataclass(frozen=True, slots=True)
class Frozen:
    """Recipients of one new parcel; `people` is the JSON list of (address, name) in order of address."""

    size: int
    first: str
    last: str
    people: str


@dataclass(slots=True)
class Sight:
    """What a transaction has seen: where the next parcels stand in the line of an outlet and rank, and recipients."""

    begins: dict[tuple[str, int], int] = field(default_factory=dict)
    pages: dict[tuple[str, str, str], Frozen | None] = field(default_factory=dict)
    audiences: dict[str, tuple[str, list[list[str]]]] = field(default_factory=dict)


# --- due schedules -----------------------------------------------------------------------------------------------------


SCHEDULE = "id, title, pinned, outlets, audience, rule, zone, klass, start, until, missed, state, next_due_at, made_by, made_at, unit"


def due(database: Database, now: datetime, most: int) -> Generator[Step, Rows, list[Schedule]]:
    """Running schedules whose moment has come, held, soonest first."""
    query = (
        f"SELECT {SCHEDULE} FROM schedule WHERE state = 'approved' AND next_due_at <= ? ORDER BY next_due_at LIMIT ?"
        f"{database.skip_locked}"
    )
    rows = yield Ask(query, (to_ms(now), most))
    return list(map(to_schedule, rows))


def next_due() -> Generator[Step, Rows, datetime | None]:
    """The earliest due moment of all running schedules."""
    rows = yield Ask("SELECT min(next_due_at) FROM schedule WHERE state = 'approved'")
    return _moment(rows[0][0])


def to_schedule(row: Any) -> Schedule:
    """Of a row of these columns."""
    id, title, pinned, outlets, audience, rule, zone, klass, start, until, missed, state, next_due_at, *made = row
    return Schedule(
        id,
        title,
        _items(pinned),
        names_in(outlets),
        audience,
        _rule(rule),
        zone,
        BulletinClass(klass),
        from_ms(start),
        _moment(until),
        Missed(missed),
        ScheduleState(state),
        from_ms(next_due_at),
        made[0],
        from_ms(made[1]),
        made[2],
    )


# Schedules that are due together are much alike.


@lru_cache(KNOWN)
def _items(pinned: str) -> tuple[ScheduledItem, ...]:
    return tuple(ScheduledItem(**one) for one in json.loads(pinned))


@lru_cache(KNOWN)
def _pinned(items: tuple[ScheduledItem, ...]) -> str:
    return to_json([{"item": one.item, "revision": one.revision, "digest": one.digest} for one in items])


@lru_cache(KNOWN)
def names_in(outlets: str) -> tuple[str, ...]:
    """Outlets, of their list as it is stored."""
    return tuple(json.loads(outlets))


@lru_cache(KNOWN)
def written(names: tuple[str, ...]) -> str:
    """The list of outlets as it is stored."""
    return to_json(names)


@lru_cache(KNOWN)
def _rule(record: str) -> Rule:
    return Rule.from_record(json.loads(record))


def _moment(value: int | None) -> datetime | None:
    return None if value is None else from_ms(value)


def occur(database: Database, dues: Sequence[Due], now: datetime) -> Work:
    """Rows for every run of schedules that are held, and each schedule moved on."""
    moves = []
    for one in dues:
        state = ScheduleState.ENDED if one.next_due_at is None else one.schedule.state
        moves.append((one.next_due_at and to_ms(one.next_due_at), state.value, one.schedule.id))
    yield Each("UPDATE schedule SET next_due_at = ?, state = ? WHERE id = ?", moves)
    runs = [(one.schedule, run.due_at, run.state) for one in dues for run in one.runs]
    yield from open_runs(dues, now, riders=(yield from board(database, runs)))


def open_runs(dues: Sequence[Due], now: datetime, *, early: bool = False, riders: Riders = NOTHING) -> Work:
    """Rows for every run with its `riders`, unless there is one already; `early`: only some of the outlets, before the moment."""
    ends = yield from _ends({item.revision for one in dues for item in one.schedule.items})
    ids = new_ids(now)
    rows = []
    for one in dues:
        schedule = one.schedule
        until = min((ends[item.revision] for item in schedule.items if item.revision in ends), default=None)
        carried = (to_json(riders.get((schedule.id, run.due_at), [])) for run in one.runs)
        rows += [
            (*_row(next(ids), schedule, run, until, now), int(early), along)
            for run, along in zip(one.runs, carried, strict=True)
        ]
    yield Each(_OCCUR, rows)


def _ends(revisions: set[str]) -> Generator[Step, Rows, dict[str, int]]:
    """When texts become stale that ever do."""
    ids = sorted(revisions)
    if not ids:
        return {}
    stale = f"SELECT id, valid_until FROM revision WHERE valid_until IS NOT NULL AND id IN ({marks(len(ids))})"
    rows = yield Ask(stale, ids)
    return {row[0]: row[1] for row in rows}


_OCCUR = (
    "INSERT INTO occurrence (id, schedule, due_at, state, title, klass, pinned, outlets, audience, outlet_at, address_at,"
    " size, until, planned_at, reason, early, riders) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, '', 0, ?, ?, ?, ?, ?)"
    " ON CONFLICT (schedule, due_at) DO NOTHING"
)


def _row(id: str, of: Schedule, run: Run, until: int | None, now: datetime) -> tuple[object, ...]:
    head = (id, of.id, to_ms(run.due_at), run.state.value, of.title, of.klass.value)
    return *head, _pinned(of.items), written(of.outlets), of.audience, until, to_ms(now), run.reason


# --- occurrences -------------------------------------------------------------------------------------------------------


def planning(database: Database, most: int) -> Generator[Step, Rows, list[Planning]]:
    """Occurrences to go on freezing, held; the most urgent class first, then what was due first."""
    query = (
        "SELECT id, klass, due_at, until, outlets, audience, outlet_at, address_at, size FROM occurrence"
        " WHERE state = 'planning' ORDER BY CASE klass WHEN 'urgent' THEN 0 WHEN 'priority' THEN 1 ELSE 2 END, due_at"
        f" LIMIT ?{database.skip_locked}"
    )
    rows = yield Ask(query, (most,))
    return [
        Planning(row[0], BulletinClass(row[1]), from_ms(row[2]), _moment(row[3]), names_in(row[4]), *row[5:])
        for row in rows
    ]


def page(
    database: Database, seen: Sight, one: Planning, scheme: str, most: int
) -> Generator[Step, Rows, Frozen | None]:
    """The next recipients of its audience in order of address; None when there are no more."""
    place = one.audience, scheme, one.address_at
    if place in seen.pages:
        return seen.pages[place]
    if one.audience not in seen.audiences:
        seen.audiences[one.audience] = yield from _people(one.audience)
    id, some = seen.audiences[one.audience]
    part = "".join(f" AND ({' OR '.join(['tags LIKE ?'] * len(values))})" for values in some)
    query = (
        f"SELECT count(*), min(address), max(address), {database.pairs('address', 'name')} FROM (SELECT address, name"
        " FROM recipient WHERE audience = ? AND scheme = ? AND address > ?"
        f" AND stopped_at IS NULL{part} ORDER BY address LIMIT ?) AS page"
    )
    rows = yield Ask(query, (id, scheme, one.address_at, *chain.from_iterable(some), most), long=bool(one.address_at))
    seen.pages[place] = Frozen(*rows[0]) if rows[0][0] else None
    return seen.pages[place]


def _people(audience: str) -> Generator[Step, Rows, tuple[str, list[list[str]]]]:
    """The list an audience's people stand on, and what their tags are LIKE if it is a saved filter over it."""
    rows = yield Ask("SELECT coalesce(part_of, id), conditions FROM audience WHERE name = ?", (audience,))
    return (rows[0][0], patterns(tuple(map(tuple, json.loads(rows[0][1]))))) if rows else ("", [])


def next_turn(seen: Sight, one: Planning, outlet: str) -> Generator[Step, Rows, int]:
    """Where an occurrence's next parcels stand in an outlet's line: behind its own, else beside whoever goes next.

    A parcel's `turn` grows with what has been sent of it (start-time fair queueing), so that two schedules share an
    outlet, whenever either of them came.
    """
    if one.address_at:
        behind = "SELECT turn + size FROM parcel WHERE occurrence = ? AND outlet = ? ORDER BY turn DESC LIMIT 1"
        rows = yield Ask(behind, (one.id, outlet))
        return int(rows[0][0])
    place = outlet, one.klass.rank
    if place not in seen.begins:
        beside = "SELECT min(turn) FROM parcel WHERE outlet = ? AND state = 'open' AND rank = ?"
        rows = yield Ask(beside, place)
        seen.begins[place] = int(rows[0][0] or 0)
    return seen.begins[place]


@dataclass(frozen=True, slots=True)
class NewParcel:
    """A parcel to be stored: when its deliveries may go, and until when they may be tried."""

    occurrence: str
    outlet: str
    rank: int
    turn: int
    due_at: datetime
    until: datetime
    people: Frozen
    ask_at: datetime | None = None
    """When its partner is first asked what became of it; None: never."""


_ABOUT = ("id", "occurrence", "outlet", "rank", "turn", "due_at", "until", "state")
_PARCEL = (*_ABOUT, "size", "first", "last", "cursor", "letters", "epoch")


def add(new: Iterable[NewParcel], now: datetime) -> Generator[Step, Rows, list[int]]:
    """Store parcels with their recipients; their ids, in order, each behind all that there are."""
    ids, parcels, recipients, asked = [], [], [], []
    last = yield Ask("SELECT coalesce(max(id), 0) FROM parcel")
    for id, one in enumerate(new, max(new_number(now), last[0][0] + 1)):
        people, letters = one.people, LETTER[State.PENDING] * one.people.size
        about = (id, one.occurrence, one.outlet, one.rank, one.turn, to_ms(one.due_at), to_ms(one.until), "open")
        parcels.append((*about, people.size, people.first, people.last, 0, letters, 0))
        recipients.append((id, people.people))
        if one.ask_at is not None:
            asked.append((id, one.outlet, to_ms(one.ask_at), 0))
        ids.append(id)
    yield Append("parcel", _PARCEL, parcels)
    yield Append("parcel_recipients", ("parcel", "recipients"), recipients)
    if asked:
        yield Append("inquiry", ("parcel", "outlet", "due_at", "place"), asked)
    return ids


def went_on(ones: Iterable[Planning]) -> Work:
    """Write how far occurrences have come; one that is through is open, or done if it has no recipients at all."""
    rows = []
    for one in ones:
        state, reason = OccurrenceState.PLANNING, ""
        if one.outlet_at >= len(one.outlets):
            state = OccurrenceState.OPEN if one.size else OccurrenceState.DONE
            reason = "" if one.size else "không có người nhận nào (no recipients)"
        rows.append((one.outlet_at, one.address_at, one.size, state.value, reason, one.id))
    update = "UPDATE occurrence SET outlet_at = ?, address_at = ?, size = ?, state = ?, reason = ? WHERE id = ?"
    yield Each(update, rows)
