"""Outcomes of a lane's tries, written down: rows of the log, letters, next looks; what came under a lost claim is set apart."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence

from db.direct import Append, Ask, Each, Rows, Step, marks
from db.types import from_ms, new_number, to_ms
from scheduler.delivery import LETTER, Parcel, State, may_move
from scheduler.dispatch.wish import NO_ROW, Row, Turn, Wish
from scheduler.outcome import Outcome, Try, given_up

PENDING, SENDING, SENT = LETTER[State.PENDING], LETTER[State.SENDING], LETTER[State.SENT]


def is_stopped(row: Row, parcel: Parcel) -> bool:
    """Whether somebody cancelled it since it was claimed: it is to be tried no longer than until then."""
    return row.until < parcel.until


def is_ours(row: Row | None, parcel: Parcel, wish: Wish) -> bool:
    """Whether the claim under which it is in hand still holds."""
    return row is not None and row.owner == wish.owner and row.epoch == parcel.epoch


def record(
    wish: Wish, done: Turn, outcomes: Sequence[Outcome], rows: Mapping[int, Row], ours: set[tuple[int, int]]
) -> Generator[Step, Rows, None]:
    """Tries are appended, letters moved, next looks put down; what came under a lost claim is set apart."""
    again: list[Outcome] = []
    settled: list[Outcome] = []
    late: set[int] = set()
    last, row, mine, letters, sent = None, NO_ROW, False, list[str](), State.SENT
    for one in outcomes:
        parcel, seq = one.job.parcel, one.job.seq
        if parcel is not last:
            last, row = parcel, rows[parcel.id]
            letters, mine = row.letters, is_ours(row, parcel, wish)
        if not (mine if parcel.first else (parcel.id, seq) in ours and seq in parcel.out):
            done.orphans.append(one)
            continue
        row.changed = True
        if one.tried is not None:
            done.tried.append(one.tried)
        if parcel.first and one.state is sent and letters[seq] == SENDING:
            letters[seq] = SENT  # nearly all of them
            continue
        if not parcel.first or letters[seq] != SENDING:
            late.add(parcel.id)
        after = _unless_stopped(row, one)
        move(row, seq, after.state)
        (again if after.again_at is not None and letters[seq] in "pu" else settled).append(after)
    yield from _renumber(done, late)
    yield from _append(wish, done)
    yield from _keep_said(wish, settled)
    if again:
        yield Each(_WAIT, [_waiting(wish, one) for one in again])
    over = [(one.job.parcel.id, one.job.seq) for one in settled if not one.job.parcel.first]
    if over:
        yield Each(WAIT_NO_MORE, over)


def _keep_said(wish: Wish, settled: Sequence[Outcome]) -> Generator[Step, Rows, None]:
    """What partners answered to questions stands beside what they report by themselves."""
    told = [
        (one.job.parcel.id, one.job.seq, one.said.stage, wish.now, one.said.reason, one.said.detail)
        for one in settled
        if one.said is not None
    ]
    if told:
        yield Each(_RECEIPT, told)


def _unless_stopped(row: Row, one: Outcome) -> Outcome:
    """What comes of a try: there is no other once somebody has cancelled."""
    if one.state is State.PENDING and is_stopped(row, one.job.parcel):
        return given_up(one.job, one.why, State.CANCELLED)
    return one


def _renumber(done: Turn, late: set[int]) -> Generator[Step, Rows, None]:
    """Where somebody else may have tried too meanwhile, on a person's word, a try has the number after the last in the log."""
    if not late:
        return
    counted = f"SELECT parcel, seq, max(n) FROM attempt WHERE parcel IN ({marks(len(late))}) GROUP BY parcel, seq"
    last = {(row[0], row[1]): row[2] for row in (yield Ask(counted, sorted(late)))}
    done.tried = [one._replace(n=max(one.n, 1 + last.get((one.parcel, one.seq), 0))) for one in done.tried]


def _append(wish: Wish, done: Turn) -> Generator[Step, Rows, None]:
    if done.tried:
        yield Append("attempt", Try._fields, done.tried)
    lost = [one.tried for one in done.orphans if one.tried]
    # in sequence: a process that was frozen comes back with a thousand, and of those drawn by lot two would be the same
    orphans = [(id, wish.now, *tried) for id, tried in enumerate(lost, new_number(from_ms(wish.now)))]
    if orphans:
        yield Append("orphan", _ORPHAN, orphans)


_ORPHAN = ("id", "found_at", *Try._fields)


def move(row: Row, seq: int, to: State) -> None:
    """Make the move if the table knows it: a receipt may have overtaken the answer, a person may have decided."""
    letter = row.letters[seq]
    if to is State.CANCELLED and letter == SENDING:
        letter = PENDING  # it was never sent
    if may_move(letter, to):
        row.letters[seq] = LETTER[to]


_RECEIPT = (
    "INSERT INTO receipt (parcel, seq, stage, at, reason, detail) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (parcel, seq, stage) DO NOTHING"
)
WAIT_NO_MORE = "DELETE FROM waiting WHERE parcel = ? AND seq = ?"
_WAIT = (
    "INSERT INTO waiting (parcel, seq, outlet, rank, due_at, tries, why, crashes) VALUES (?, ?, ?, ?, ?, ?, ?, 0)"
    " ON CONFLICT (parcel, seq) DO UPDATE SET due_at = excluded.due_at, tries = excluded.tries, why = excluded.why,"
    " owner = NULL, lease_until = NULL"
)


def _waiting(wish: Wish, one: Outcome) -> tuple[int, int, str, int, int, int, str]:
    assert one.again_at is not None
    parcel = one.job.parcel
    return parcel.id, one.job.seq, wish.outlet, parcel.rank, to_ms(one.again_at), one.tries, one.why


def unwritten(outcomes: Sequence[Outcome]) -> Generator[Step, Rows, list[Outcome]]:
    """The outcomes that an unanswered commit did not write."""
    ids = sorted({one.job.parcel.id for one in outcomes})
    if not ids:
        return []
    asked = "SELECT parcel, seq, at, outcome, n FROM {} WHERE parcel IN (" + marks(len(ids)) + ")"
    rows = [*(yield Ask(asked.format("attempt"), ids)), *(yield Ask(asked.format("orphan"), ids))]
    known = {(row[0], row[1], row[2], row[3]): row[4] for row in sorted(rows)}
    return [one for one in outcomes if one.tried is None or known.get(_known_by(one.tried), 0) < one.tried.n]


def _known_by(tried: Try) -> tuple[int, int, int, str]:
    """By what a try is found in the log: its number may be a later one there."""
    return tried.parcel, tried.seq, tried.at, tried.outcome
