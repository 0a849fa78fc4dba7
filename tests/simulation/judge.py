"""The judge: total accounting of a simulated world, as Jepsen's total-queue does it. What went in must have come out.

Truth is what the partners took. Lost, unexpected and avoidably doubled must be zero; what is in doubt must be named.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field

from db.types import from_ms, spell
from scheduler.delivery import OF_LETTER, State
from scheduler.dispatch.pace import BURST
from scheduler.lane import STALE_SECONDS
from scheduler.schedule import Schedule
from tests.simulation.partner import Partner, Request
from tests.simulation.world import World

CANCEL_SECONDS = 1.0
IN_DOUBT = {"unsure", "interrupted"}


@dataclass
class Entry:
    """One delivery: what the log says of it, and what its partner knows."""

    id: str
    outlet: str
    address: str
    state: State
    partner: Partner
    tries: list[tuple[int, int, str]] = field(default_factory=list)
    """(n, at, outcome)"""
    orphans: list[tuple[int, int, str]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    @property
    def taken(self) -> int:
        """How often the partner took it."""
        return self.partner.taken[self.id]

    @property
    def doubted(self) -> bool:
        """Whether the log says that the outcome of some try is not known."""
        return any(outcome in IN_DOUBT for _, _, outcome in self.tries)


def judge(world: World) -> None:
    """Raises AssertionError with what is wrong."""
    entries = _entries(world)
    _occurrences(world)
    _nobody_lost_or_made_up(world, entries)
    for partner in world.partners.values():
        _paced(world, partner)
    for entry in entries.values():
        _log_is_honest(world, entry)
        _not_doubled(world, entry)
        _rests(world, entry)
        _cancelled_stays(world, entry)


def _entries(world: World) -> dict[str, Entry]:
    rows = world.disk.look(
        "SELECT id, outlet, letters, recipients FROM parcel JOIN parcel_recipients ON parcel = id ORDER BY id"
    )
    entries = {}
    for id, outlet, letters, recipients in rows:
        people = json.loads(recipients)
        assert len(people) == len(letters), "every recipient has exactly one letter"
        for seq, letter in enumerate(letters):
            name = f"{spell(id)}-{seq}"
            entries[name] = Entry(
                name, outlet, world.ground.house.seal.open(people[seq][0]), OF_LETTER[letter], world.partners[outlet]
            )
    for table, place in (("attempt", "tries"), ("orphan", "orphans")):
        for parcel, seq, *tried in world.disk.look(
            f"SELECT parcel, seq, n, at, outcome FROM {table} ORDER BY parcel, seq, n"
        ):
            getattr(entries[f"{spell(parcel)}-{seq}"], place).append(tuple(tried))
    for partner in world.partners.values():
        for request in partner.requests:
            assert request.delivery in entries, f"{partner.name} was sent what is in no log: {request}"
            entries[request.delivery].requests.append(request)
    return entries


def _occurrences(world: World) -> None:
    """Every due moment once, planned or visibly missed."""
    rows = world.disk.look("SELECT schedule, due_at, state FROM occurrence ORDER BY due_at")
    found: defaultdict[str, list[int]] = defaultdict(list)
    for schedule, due_at, state in rows:
        found[schedule].append(due_at)
        assert state in {"done", "open", "missed", "cancelled"}, state
    for schedule in world.schedules.values():
        expected = [from_ms(due) for due in found[schedule.id]]
        assert _dues(schedule) == expected, f"schedule {schedule.id}: {expected}"


def _dues(schedule: Schedule) -> list[object]:
    first = schedule.next_due_at
    assert first is not None
    return [first, *schedule.dues(first)]


def _nobody_lost_or_made_up(world: World, entries: dict[str, Entry]) -> None:
    """Each occurrence that ran has each recipient of its audience at each of its outlets, once."""
    expected = []
    for id, schedule, state in world.disk.look("SELECT id, schedule, state FROM occurrence"):
        made = world.schedules[schedule]
        people = range(world.ground.audiences[made.audience]) if state in {"done", "open"} else ()
        if state == "cancelled":
            continue
        expected += [(id, outlet, f"+8498{number:07d}") for outlet in made.outlets for number in people]
    there = []
    for id, outlet, occurrence in world.disk.look(
        "SELECT parcel.id, outlet, occurrence FROM parcel JOIN occurrence ON occurrence.id = occurrence"
        " WHERE occurrence.state <> 'cancelled'"
    ):
        there += [(occurrence, outlet, one.address) for one in entries.values() if one.id.startswith(spell(id))]
    assert sorted(expected) == sorted(there), "lost or unexpected"


def _log_is_honest(world: World, entry: Entry) -> None:
    """No false word about what the partner took; every request has its line."""
    state, by_hand = entry.state, world.decided.get(entry.id)
    assert state not in {State.PENDING, State.SENDING}, f"{entry} is not final"
    said = world.receipts[entry.id]
    if state in {State.SENT, State.CONFIRMED}:
        assert entry.taken or by_hand in {"sent", "confirmed"}, f"{entry.state} but never taken: {entry}"
    if state in {State.FAILED, State.MISSED, State.CANCELLED}:
        refused = entry.tries and entry.tries[-1][2] == "refused"
        assert not entry.taken or refused or "failed" in said or by_hand, f"{state} but taken: {entry}"
    if state is State.UNSURE:
        assert entry.doubted, f"unsure without a doubt: {entry}"
    assert [n for n, _, _ in entry.tries] == [*range(1, len(entry.tries) + 1)], f"tries are not counted right: {entry}"
    assert not any(outcome == "fault" for _, _, outcome in entry.tries), entry
    unsaid = {one.wall for one in entry.requests} - {at for _, at, _ in (*entry.tries, *entry.orphans)}
    # An interrupted try is logged under the moment of its intent; a receipt that overtook its rescue stands for it.
    covered = sum(outcome == "interrupted" for _, _, outcome in entry.tries) + len(said)
    assert len(unsaid) <= covered, f"requests that no log tells of: {sorted(unsaid)} {entry}"


def _not_doubled(world: World, entry: Entry) -> None:
    """Where nothing protects, a second request follows a doubt only by a person's word; elsewhere it does no harm."""
    if entry.partner.dedupes:
        assert entry.taken <= 1
        return
    sent_in_doubt = [one for one in entry.requests if one.fault not in {"busy", "busy_date", "overloaded", "no"}]
    assert len(sent_in_doubt) <= 1 + world.again[entry.id], f"sent again after a doubt: {entry}"


def _rests(world: World, entry: Entry) -> None:
    """No request earlier than the partner asked for, when its answer came to the log; the clock not being set meanwhile."""
    logged = {at for _, at, outcome in entry.tries if outcome == "unavailable"}
    for one, later in zip(entry.requests, entry.requests[1:], strict=False):
        if not one.rest or one.wall not in logged or world.again[entry.id]:
            continue
        if any(one.at <= moment <= later.at for moment in world.steps):
            continue
        assert later.at >= one.answered + one.rest - 0.002, f"Retry-After undercut: {one} {later}"


def _paced(world: World, partner: Partner) -> None:
    """All nodes together send no more than the outlet's pace allows, plus what half a second's intents hold."""
    at = world.outlets[partner.name]
    rate = at.channel.pace_of(at.outlet).per_second
    moments = sorted(one.at for one in partner.requests)
    for place, begin in enumerate(moments):
        for count, end in enumerate(moments[place:], 1):
            if any(begin - STALE_SECONDS <= moment <= end for moment in world.steps):
                break  # an outlet that is free again since hours ago
            most = 1 + rate * (end - begin + STALE_SECONDS + BURST / 1_000_000)
            assert count <= most, f"{count} to {partner.name} from {begin} to {end}, {rate} a second allowed"


def _cancelled_stays(world: World, entry: Entry) -> None:
    """What a person called off does not leave a second later, and is called off for good, or in doubt for a person."""
    moment = world.cancelled.get(entry.id)
    if moment is None or (entry.doubted and entry.id in world.decided):
        return
    ends = {State.CANCELLED, State.CONFIRMED, *([State.UNSURE] if entry.doubted else [])}
    assert entry.state in ends, f"cancelled, and yet {entry}"
    late = [one for one in entry.requests if one.at > moment + CANCEL_SECONDS]
    assert not late, f"sent after it was cancelled at {moment}: {late}"
