"""The dispatch loop's one transaction, in plain SQL: what came of the last tries, the intent of the next, new claims.

Whoever reads the letters of a parcel after a crash finds every delivery that may have left marked `i`: its intent was on
disk before its request was written.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence

from db.database import Database
from db.direct import Ask, Each, Rows, Step, marks
from scheduler.delivery import LETTER, UNSETTLED, Parcel, State
from scheduler.dispatch.claims import (
    again_in_hand,
    claim,
    claim_again,
    claim_suspect,
    drop_strays,
    let_go_waits,
    not_in_hand,
    short_of,
)
from scheduler.dispatch.outcomes import WAIT_NO_MORE, is_ours, is_stopped, move, record, unwritten
from scheduler.dispatch.pace import book, look_at_outlet, room_of
from scheduler.dispatch.wish import Row, Turn, Wish
from scheduler.outcome import Outcome, job

PENDING, SENDING, UNSURE = (LETTER[one] for one in (State.PENDING, State.SENDING, State.UNSURE))


def turn(
    database: Database, wish: Wish, parcels: Sequence[Parcel], outcomes: Sequence[Outcome]
) -> Generator[Step, Rows, Turn]:
    """One turn of a lane; see the module. The parcels are not touched: `taken` says how far each has been gone through."""
    done, told = Turn(), outcomes
    yield from look_at_outlet(database, wish, done)
    if wish.repair:
        yield from drop_strays(wish, parcels)
        outcomes = yield from unwritten(outcomes)
    ours = yield from _own_waits(wish, parcels, outcomes)  # what is claimed from here on is claimed anew
    again = (yield from claim_again(database, wish)) if wish.look and short_of(wish, done, parcels) > 0 else ()
    ids = {one.id for one in parcels} | {one.job.parcel.id for one in outcomes} | {wait[0] for wait in again}
    rows = yield from _rows(database, sorted(ids))
    claimed = {(row[0], row[1]) for row in again}
    done.anew = [(one, seq) for one in parcels if not one.first for seq in one.out if (one.id, seq) in claimed]
    again = not_in_hand(again, parcels, rows)
    done.lost = {one.id for one in parcels if one.first and not is_ours(rows.get(one.id), one, wish)}
    yield from record(wish, done, outcomes, rows, ours)
    ours |= claimed
    if not wish.free and not done.paused:
        _intend(wish, done, parcels, rows, ours)
    _note_busy(wish, done, parcels, told, rows)
    yield from _write(wish, rows)
    if done.over:
        yield Each(WAIT_NO_MORE, done.over)
    if wish.free:
        yield from let_go_waits(parcels, ours)
    yield from book(wish, done, told)
    done.claimed = yield from again_in_hand(again, rows, wish.outlet)
    if not wish.free and not done.paused:
        short = short_of(wish, done, [*parcels, *done.claimed])
        if short > 0 or wish.look:
            done.claimed += yield from claim(database, wish, short, parcels)
        if wish.alone and not done.claimed:
            done.claimed = yield from _suspect(database, wish)
    return done


def _suspect(database: Database, wish: Wish) -> Generator[Step, Rows, list[Parcel]]:
    """With nothing else to do: hundreds of them, each alone, would keep all others waiting after a restart."""
    found = yield from claim_suspect(database, wish)
    rows = yield from _rows(database, [one[0] for one in found])
    return (yield from again_in_hand(not_in_hand(found, (), rows), rows, wish.outlet))


# --- rows in hand ------------------------------------------------------------------------------------------------------


def _rows(database: Database, ids: Sequence[int]) -> Generator[Step, Rows, dict[int, Row]]:
    if not ids:
        return {}
    rows = yield Ask(
        "SELECT id, owner, epoch, state, letters, cursor, turn, size, occurrence, rank, until, lease_until FROM parcel"
        f" WHERE id IN ({marks(len(ids))}) ORDER BY id{database.for_update}",
        ids,
    )
    return {row[0]: Row(row[1], row[2], row[3], list(row[4]), *row[5:]) for row in rows}


def _own_waits(
    wish: Wish, parcels: Iterable[Parcel], outcomes: Iterable[Outcome]
) -> Generator[Step, Rows, set[tuple[int, int]]]:
    """Places on the waiting list that we still hold."""
    ids = sorted({one.id for one in (*parcels, *(one.job.parcel for one in outcomes)) if not one.first})
    if not ids:
        return set()
    rows = yield Ask(
        f"SELECT parcel, seq FROM waiting WHERE parcel IN ({marks(len(ids))}) AND owner = ?", (*ids, wish.owner)
    )
    return {(row[0], row[1]) for row in rows}


# --- intents -----------------------------------------------------------------------------------------------------------


def _intend(
    wish: Wish, done: Turn, parcels: Sequence[Parcel], rows: Mapping[int, Row], ours: set[tuple[int, int]]
) -> None:
    """Mark what leaves next: by class, then by turn, so that two schedules on one outlet share it."""
    room = room_of(wish, done)
    ready = [one for one in parcels if one.left and one.may_go and not (one.first and one.id in done.lost)]
    for parcel in sorted(ready, key=lambda one: one.place):
        if len(done.jobs) >= room:
            return
        _take(done, parcel, rows[parcel.id], room - len(done.jobs), ours)


def _take(done: Turn, parcel: Parcel, row: Row, most: int, ours: set[tuple[int, int]]) -> None:
    at, end, stopped = parcel.at, len(done.jobs) + most, is_stopped(row, parcel)
    # An `i` we never took out is the intent of a commit whose answer was lost.
    open_letters = PENDING + SENDING
    for seq, tries, why in parcel.todo[at:]:
        if len(done.jobs) == end:
            break
        at += 1
        if not parcel.first and (parcel.id, seq) not in ours:
            continue
        if why == "ask" and row.letters[seq] == UNSURE:
            done.jobs.append(job(parcel, seq, tries, why))
        elif why != "ask" and row.letters[seq] in open_letters and not stopped:
            done.jobs.append(job(parcel, seq, tries, why))
            row.letters[seq] = SENDING
        else:
            _leave(done, parcel, row, seq, why)
    done.taken.append((parcel, at))
    row.changed = row.intent = True
    if parcel.first:
        row.cursor = max(row.cursor, parcel.todo[at - 1][0] + 1)
        row.turn += at - parcel.at


def _leave(done: Turn, parcel: Parcel, row: Row, seq: int, why: str) -> None:
    """It has an end already, or was cancelled before it left: nobody waits for it any more."""
    move(row, seq, State.UNSURE if why == "doubt" else State.CANCELLED)
    if not parcel.first:
        done.over.append((parcel.id, seq))


def _note_busy(
    wish: Wish, done: Turn, parcels: Sequence[Parcel], outcomes: Sequence[Outcome], rows: Mapping[int, Row]
) -> None:
    """Whether anything of a claimed parcel stays in hand; else its claim ends with this turn."""
    out = {one.id: len(one.out) for one in parcels if one.first}
    for change, jobs in ((-1, [one.job for one in outcomes]), (1, done.jobs)):
        for each in jobs:
            if each.parcel.first:
                out[each.parcel.id] = out.get(each.parcel.id, 0) + change
    taken = {parcel.id: at for parcel, at in done.taken if parcel.first}
    for one in parcels:
        if one.first and one.id not in done.lost:
            left = 0 if wish.free else len(one.todo) - taken.get(one.id, one.at)
            row = rows[one.id]
            row.busy = left > 0 or out[one.id] > 0
            row.changed = row.changed or not row.busy


def _write(wish: Wish, rows: Mapping[int, Row]) -> Generator[Step, Rows, None]:
    """Each changed parcel once."""
    update = (
        "UPDATE parcel SET letters = ?, state = ?, cursor = ?, turn = ?, window_at = coalesce(?, window_at),"
        " owner = ?, lease_until = ? WHERE id = ?"
    )
    values = []
    for id, row in rows.items():
        if not row.changed:
            continue
        letters = "".join(row.letters)
        if row.cursor >= row.size:
            row.state = "sent_out" if UNSETTLED & set(letters) else "done"
        mine = row.owner == wish.owner
        owner = None if mine and not row.busy else row.owner
        lease = wish.lease if mine else row.lease
        moment = wish.now if row.intent else None
        values.append((letters, row.state, row.cursor, row.turn, moment, owner, lease if owner else None, id))
    if values:
        yield Each(update, values)
