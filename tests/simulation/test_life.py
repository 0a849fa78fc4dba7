"""A delivery's life as a state machine with a model of exact counts: plan, claim, send, crash, rescue, cancel, receipt.

After every step the log equals the model (`living.py`), letter by letter and try by try. `LOA_LIVES=5000` lives through more.
"""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from db.types import spell
from scheduler.delivery import MOVES, State, parse_delivery_id
from tests.simulation.dispatching import Dispatching
from tests.simulation.ground import Ground
from tests.simulation.interfering import Interfering


class Life(Dispatching, Interfering):
    """The rules are what can happen to deliveries; the invariants what must hold whatever happens."""

    @invariant()
    def log_is_the_model(self) -> None:
        """State by state and try by try; nobody lost, nobody made up."""
        found = {id: state for id, (_, state) in self.log().items()}
        assert {id: of.state for id, of in self.model.items()} == found
        for table, counted in (("attempt", "tries"), ("orphan", "orphans")):
            rows = self.disk.look(f"SELECT parcel, seq, count(*) FROM {table} GROUP BY parcel, seq")
            expected = {id: getattr(of, counted) for id, of in self.model.items() if getattr(of, counted)}
            assert expected == {f"{spell(parcel)}-{seq}": count for parcel, seq, count in rows}, table
        for id, state in found.items():
            was = self.before.get(id, State.PENDING)
            called_off = (was, state) == (State.SENDING, State.CANCELLED)  # by way of pending
            assert state is was or state in MOVES[was] or called_off, f"{id} went from {was} to {state}"
        self.before = found

    @invariant()
    def partners_have_it_once(self) -> None:
        """Nothing is taken twice but by a person's word; `sent` only if it was taken or somebody said so."""
        for id, of in self.model.items():
            assert of.taken <= (1 if of.outlet == "knows" else 1 + of.again), id
            assert of.outlet == "knows" or of.risked <= 1 + of.again, f"{id}: sent again after a doubt"
            if of.state in {State.SENT, State.CONFIRMED}:
                assert of.taken or of.said, id

    @invariant()
    def nothing_is_claimed_and_forgotten(self) -> None:
        """What is claimed in a living worker's name is in its hand: nobody else would ever take it."""
        for (_, outlet), hand in self.hands.items():
            mine = f"WHERE outlet = '{outlet}' AND owner = '{hand.owner}'"
            assert set(self.disk.look(f"SELECT id, epoch FROM parcel {mine}")) <= {
                (one.id, one.epoch) for one in hand.parcels if one.first
            }
            repeats = [one for one in hand.parcels if not one.first]
            held = {(one.id, seq) for one in repeats for seq, _, _ in one.todo[one.at :]}
            under_way = [*hand.flying, *(one.job for one in hand.done)]
            held |= {(job.parcel.id, job.seq) for job in under_way if not job.parcel.first}
            assert set(self.disk.look(f"SELECT parcel, seq FROM waiting {mine}")) <= held

    @invariant()
    def everything_open_can_go_on(self) -> None:
        """What is pending has a place to be taken from: its parcel, or the waiting list."""
        rows = self.disk.look("SELECT id, cursor, state FROM parcel")
        waits = set(self.disk.look("SELECT parcel, seq FROM waiting"))
        parcels = {id: (cursor, state) for id, cursor, state in rows}
        for id, of in self.model.items():
            parcel, seq = parse_delivery_id(id)
            if of.state is State.PENDING:
                cursor, state = parcels[parcel]
                assert (parcel, seq) in waits or (seq >= cursor and state == "open"), f"{id} is lost"


LIVES = int(os.environ.get("LOA_LIVES", "50"))


def test_any_life_is_counted_exactly(ground: Ground, tmp_path: Path) -> None:
    """Whatever happens in whatever order; the same lives each time unless more are asked for."""
    profile = settings(
        max_examples=LIVES,
        stateful_step_count=60,
        deadline=None,
        derandomize="LOA_LIVES" not in os.environ,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: Life(ground, tmp_path), settings=profile)
