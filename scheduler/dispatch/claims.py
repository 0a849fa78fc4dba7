"""Claims: what a lane takes in hand next, parcels for a first try and single deliveries due again, and what it gives back."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from content.bulletin import BulletinClass, Order, Pinned, Rider
from db.database import Database
from db.direct import Ask, Each, Rows, Step, marks
from db.types import from_ms
from scheduler.delivery import LETTER, Parcel, State
from scheduler.dispatch.wish import Row, Turn, Wish

MOST_CLAIMED = 256
ALONE_AFTER = 2
"""A delivery that was in hand at so many crashes is sent alone, so that a third one names the guilty."""


def short_of(wish: Wish, done: Turn, parcels: Iterable[Parcel]) -> int:
    """How many deliveries are to be claimed for the next turn."""
    left = sum(parcel.left for parcel in parcels) - len(done.jobs)
    return 0 if wish.free or done.paused else wish.stock - left


def claim_again(database: Database, wish: Wish) -> Generator[Step, Rows, Rows]:
    """Take deliveries whose next look is due, as rows of (parcel, seq, tries, why, crashes); no suspects."""
    return (yield from _claim_again(database, wish, "crashes < ?", wish.stock))


def claim_suspect(database: Database, wish: Wish) -> Generator[Step, Rows, Rows]:
    """Take one that was in hand at several crashes, as such a row: it must be alone."""
    return (yield from _claim_again(database, wish, "crashes >= ?", 1))


def _claim_again(database: Database, wish: Wish, which: str, most: int) -> Generator[Step, Rows, Rows]:
    take = (
        f"WITH next AS (SELECT parcel, seq FROM waiting WHERE outlet = ? AND owner IS NULL AND due_at <= ? AND {which}"
        f" ORDER BY rank, due_at LIMIT ?{database.skip_locked})"
        " UPDATE waiting SET owner = ?, lease_until = ?"
        " WHERE (parcel, seq) IN (SELECT parcel, seq FROM next) RETURNING parcel, seq, tries, why, crashes"
    )
    return (yield Ask(take, (wish.outlet, wish.now, ALONE_AFTER, most, wish.owner, wish.lease)))


def not_in_hand(again: Rows, parcels: Iterable[Parcel], rows: Mapping[int, Row]) -> list[Any]:
    """Those not in hand already: somebody took our claim for lost and gave it back, and now it is ours a second time."""
    if not again:
        return []
    held = {(one.id, seq) for one in parcels if not one.first for seq, _, _ in one.todo[one.at :]}
    return [
        row for row in again if (row[0], row[1]) not in held and rows[row[0]].letters[row[1]] != LETTER[State.SENDING]
    ]


def again_in_hand(again: Rows, rows: Mapping[int, Row], outlet: str) -> Generator[Step, Rows, list[Parcel]]:
    """What was claimed, as parcels: the places of one parcel together, questions apart from tries."""
    todo: defaultdict[tuple[int, bool], list[tuple[int, int, str]]] = defaultdict(list)
    suspects = set()
    for id, seq, tries, why, crashes in again:
        todo[id, why == "ask"].append((seq, tries, why))
        if crashes >= ALONE_AFTER:
            suspects.add(id)
    people = yield from _people(sorted({id for id, _ in todo}))
    orders = yield from _orders({rows[id].occurrence for id, _ in todo}, outlet)
    found = []
    for (id, _), places in todo.items():
        # Before what goes first of its class: behind it there would always be something more.
        about = (id, rows[id].rank, -1, rows[id].until, 0)
        found.append(
            Parcel(*about, orders[rows[id].occurrence], people[id], places, first=False, suspect=id in suspects)
        )
    return found


def claim(database: Database, wish: Wish, short: int, parcels: Sequence[Parcel]) -> Generator[Step, Rows, list[Parcel]]:
    """Take the outlet's next parcels: urgent class first, then whose turn it is. One statement decides who gets which.

    With enough in hand, only what goes before all of it: of a higher class, or of a schedule that has had less.
    """
    before = (99, 0)
    if short <= 0:
        before = min((one.place for one in parcels if one.first), default=before)
        if len(parcels) >= MOST_CLAIMED:
            before = (before[0], 0)
    most = max(1, min(MOST_CLAIMED, short // wish.parcel_size))
    take = (
        "WITH next AS (SELECT id FROM parcel WHERE outlet = ? AND state = 'open' AND owner IS NULL AND due_at <= ?"
        f" AND (rank, turn) < (?, ?) ORDER BY rank, turn, id LIMIT ?{database.skip_locked})"
        " UPDATE parcel SET owner = ?, lease_until = ?, epoch = epoch + 1 WHERE id IN (SELECT id FROM next)"
        " RETURNING id, occurrence, rank, turn, until, epoch, cursor, size"
    )
    found = yield Ask(take, (wish.outlet, wish.now, *before, most, wish.owner, wish.lease))
    people = yield from _people([row[0] for row in found])
    orders = yield from _orders({row[1] for row in found}, wish.outlet)
    return [
        Parcel(
            *(id, rank, place, until, epoch),
            orders[occurrence],
            people[id],
            [(seq, 0, "first") for seq in range(cursor, size)],
            first=True,
        )
        for id, occurrence, rank, place, until, epoch, cursor, size in found
    ]


def _people(ids: Sequence[int]) -> Generator[Step, Rows, dict[int, list[list[str]]]]:
    """Frozen recipients by parcel."""
    if not ids:
        return {}
    rows = yield Ask(f"SELECT parcel, recipients FROM parcel_recipients WHERE parcel IN ({marks(len(ids))})", ids)
    return {row[0]: json.loads(row[1]) for row in rows}


def _orders(occurrences: Collection[str], outlet: str) -> Generator[Step, Rows, dict[str, Order]]:
    """What each is to say by an outlet."""
    if not occurrences:
        return {}
    about = f"SELECT id, klass, due_at, pinned, riders FROM occurrence WHERE id IN ({marks(len(occurrences))})"
    rows = yield Ask(about, sorted(occurrences))
    return {
        id: Order(id, BulletinClass(klass), from_ms(due_at), _pinned(pinned), _riders(riders, outlet))
        for id, klass, due_at, pinned, riders in rows
    }


@lru_cache(1024)
def _pinned(record: str) -> tuple[Pinned, ...]:
    return tuple(Pinned(**one) for one in json.loads(record))


@lru_cache(1024)
def _riders(record: str, outlet: str) -> tuple[Rider, ...]:
    """What goes along by this outlet."""
    mine = [one for one in json.loads(record) if one["outlet"] == outlet]
    return tuple(Rider(Pinned(one["item"], one["revision"], one["digest"]), one["ride"], one["until"]) for one in mine)


# --- giving back ---------------------------------------------------------------------------------------------------------


_LET_GO = "UPDATE waiting SET owner = NULL, lease_until = NULL WHERE parcel = ? AND seq = ?"


def let_go_waits(parcels: Sequence[Parcel], ours: set[tuple[int, int]]) -> Generator[Step, Rows, None]:
    """Give back what has not been taken out, for whoever looks next."""
    rest = [(one.id, seq) for one in parcels if not one.first for seq in _left(one)]
    free = [place for place in rest if place in ours]
    if free:
        yield Each(_LET_GO, free)


def drop_strays(wish: Wish, parcels: Sequence[Parcel]) -> Generator[Step, Rows, None]:
    """Give back what an unanswered commit claimed in our name, be it something we had in hand before."""
    held = {(one.id, one.epoch) for one in parcels if one.first}
    rows = yield Ask("SELECT id, epoch FROM parcel WHERE outlet = ? AND owner = ?", (wish.outlet, wish.owner))
    strays = [(row[0],) for row in rows if (row[0], row[1]) not in held]
    if strays:
        yield Each("UPDATE parcel SET owner = NULL, lease_until = NULL WHERE id = ?", strays)
    yield from _drop_stray_waits(wish, [one for one in parcels if not one.first])


def _drop_stray_waits(wish: Wish, repeats: Sequence[Parcel]) -> Generator[Step, Rows, None]:
    held = {(one.id, seq) for one in repeats for seq in (*_left(one), *(one.out if one.asks else ()))}
    out = {(one.id, seq) for one in repeats for seq in one.out}
    rows = yield Ask(
        "SELECT waiting.parcel, seq, substr(letters, seq + 1, 1) FROM waiting JOIN parcel ON parcel.id = waiting.parcel"
        " WHERE waiting.outlet = ? AND waiting.owner = ?",
        (wish.outlet, wish.owner),
    )
    # What is out and not `sending` any more was taken for lost: that is not the claim we know.
    held |= {(id, seq) for id, seq, letter in rows if letter == LETTER[State.SENDING] and (id, seq) in out}
    strays = [(id, seq) for id, seq, _ in rows if (id, seq) not in held]
    if strays:
        yield Each(_LET_GO, strays)


def _left(parcel: Parcel) -> Iterator[int]:
    """Places not yet taken out."""
    return (seq for seq, _, _ in parcel.todo[parcel.at :])
