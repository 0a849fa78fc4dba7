"""Places for people: before a parcel's messages leave, each recipient is looked at, in plain SQL, a few statements a parcel.

A row of `contact` says that a message was meant for an address, at this moment. Whether it got there is what its delivery's
letter says: one that failed, was missed or was cancelled counts no more. All who allot places do so one after the other, over all
processes, so that nobody is given one too many.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channels.seal import Seal
from db.database import Database
from db.direct import Append, Ask, Each, Rows, Step, marks
from db.types import to_ms
from scheduler.delivery import LETTER, Parcel, State
from scheduler.dispatch.outcomes import WAIT_NO_MORE
from scheduler.policy import Personal

LOCK = 20240510
"""Of PostgreSQL's advisory locks: the day of Decree 49/2024. SQLite writes one transaction after the other anyway."""
PENDING, CANCELLED = LETTER[State.PENDING], LETTER[State.CANCELLED]
NOT_THERE = "".join(LETTER[one] for one in (State.FAILED, State.MISSED, State.CANCELLED))
_CONTACT = ("parcel", "seq", "address", "at", "advert")
Found = dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Place:
    """A delivery that is to be looked at: where it lies, and its sealed address."""

    seq: int
    address: str


def allot(
    database: Database, seal: Seal, parcel: Parcel, scheme: str, asked: Personal, now: int
) -> Generator[Step, Rows, Mapping[str, int]]:
    """Give each of what is left of a parcel a place, or hold it back with the reason; how many were, by rule.

    What waits to be repeated because an answer was lost is not held: that message may be there. Nothing is done when the
    claim is lost. `now` in milliseconds since 1970.
    """
    if asked.caps and not database.is_sqlite:
        yield Ask(f"SELECT pg_advisory_xact_lock({LOCK})")
    rows = yield Ask(f"SELECT epoch, letters FROM parcel WHERE id = ?{database.for_update}", (parcel.id,))
    epoch, letters = rows[0]
    if parcel.first and epoch != parcel.epoch:
        return {}
    left = [(seq, why) for seq, _, why in parcel.todo[parcel.at :] if letters[seq] == PENDING]
    places = [Place(seq, seal.close(scheme, parcel.people[seq][0])) for seq, _ in left]
    if not places:
        return {}
    refused = yield from _refused(parcel, places, scheme, asked)
    sure = {seq for seq, why in left if why != "doubt"}
    held = [(one.seq, *refused[one.address]) for one in places if one.address in refused and one.seq in sure]
    yield from _hold(parcel, letters, held, now)
    out = {seq for seq, _, _ in held}
    yield from _keep(parcel.id, places, [one for one in places if one.seq not in out], now, advert=asked.advert)
    counted: dict[str, int] = {}
    for _, rule, _ in held:
        counted[rule] = counted.get(rule, 0) + 1
    return counted


_AGREED = (
    "SELECT address FROM recipient WHERE audience = (SELECT coalesce(part_of, id) FROM audience WHERE name ="
    " (SELECT audience FROM occurrence WHERE id = ?)) AND scheme = ? AND consent <> '' AND address IN "
)


def _refused(parcel: Parcel, places: Sequence[Place], scheme: str, asked: Personal) -> Generator[Step, Rows, Found]:
    """Addresses that get nothing, with rule and reason: the lists first, then the caps as they are given."""
    addresses = [one.address for one in places]
    found: Found = {}
    if asked.unlisted:
        rows = yield Ask(f"SELECT address FROM no_advert WHERE address IN ({marks(len(addresses))})", addresses)
        found |= {row[0]: asked.unlisted for row in rows}
    if asked.consent:
        rows = yield Ask(_AGREED + f"({marks(len(addresses))})", (parcel.order.id, scheme, *addresses))
        agreed = {row[0] for row in rows}
        found = {one: asked.consent for one in addresses if one not in agreed} | found
    if asked.caps:
        spent = yield from _spent(parcel.id, addresses, asked)
        found = spent | found
    return found


def _spent(parcel: int, addresses: Sequence[str], asked: Personal) -> Generator[Step, Rows, Found]:
    """Addresses that have had as much as some cap allows, the first cap that says so."""
    caps = asked.caps
    since = [to_ms(cap.since) for cap in caps]
    counts = ", ".join(
        f"sum(CASE WHEN c.at >= ?{' AND c.advert = 1' if cap.adverts else ''} THEN 1 ELSE 0 END)" for cap in caps
    )
    query = (
        f"SELECT c.address, {counts} FROM contact c JOIN parcel p ON p.id = c.parcel"
        f" WHERE c.address IN ({marks(len(addresses))}) AND c.at >= ? AND c.parcel <> ?"
        f" AND substr(p.letters, CAST(c.seq AS INTEGER) + 1, 1) NOT IN ({', '.join(repr(one) for one in NOT_THERE)})"
        " GROUP BY c.address"
    )
    rows = yield Ask(query, (*since, *addresses, min(since), parcel), long=True)
    found: Found = {}
    for address, *had in rows:
        full = next((cap for cap, count in zip(caps, had, strict=True) if count >= cap.most), None)
        if full is not None:
            found[address] = full.rule, full.detail
    return found


def _hold(parcel: Parcel, letters: str, held: Sequence[tuple[int, str, str]], now: int) -> Generator[Step, Rows, None]:
    if not held:
        return
    line = list(letters)
    for seq, _, _ in held:
        line[seq] = CANCELLED
    yield Each("UPDATE parcel SET letters = ? WHERE id = ?", [("".join(line), parcel.id)])
    yield Each(HOLD, [(parcel.id, seq, rule, now, detail, 1) for seq, rule, detail in held])
    if not parcel.first:
        yield Each(WAIT_NO_MORE, [(parcel.id, seq) for seq, _, _ in held])


HOLD = (
    "INSERT INTO held (parcel, seq, rule, at, detail, number) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (parcel, seq)"
    " DO UPDATE SET rule = excluded.rule, at = excluded.at, detail = excluded.detail, number = excluded.number"
)


def _keep(
    parcel: int, places: Sequence[Place], given: Sequence[Place], now: int, *, advert: bool
) -> Generator[Step, Rows, None]:
    """Their places from now on; those from an earlier day, or of a process that died, are given up."""
    seqs: list[Any] = [one.seq for one in places]
    yield Ask(f"DELETE FROM contact WHERE parcel = ? AND seq IN ({marks(len(seqs))})", (parcel, *seqs))
    yield Append("contact", _CONTACT, [(parcel, one.seq, one.address, now, int(advert)) for one in given])
