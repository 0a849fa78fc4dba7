"""Rules of what comes in between: crashes and rescue, the clock, people's verbs and partners' later words."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from channels.channel import Confirmation
from config.words import Conflict
from scheduler.delivery import MOVES, State, parse_delivery_id
from scheduler.handling import DECISIONS
from scheduler.sweeper import SET_ASIDE_AFTER
from tests.simulation.living import OUTLETS, Living


class Interfering(Living):
    """What befalls them."""

    # --- crashes and rescue -------------------------------------------------------------------------------------------

    @precondition(lambda self: self.hands)
    @rule(place=st.integers(0, 1), taken=st.booleans(), seen=st.booleans())
    def crash(self, place: int, taken: bool, seen: bool) -> None:
        """A worker dies with all it has in hand; on this machine that is seen, on another the lease tells."""
        for key in [key for key in self.hands if key[0] == place]:
            hand = self.hands.pop(key)
            if seen:
                self.dead.add(hand.owner)
            for job in hand.flying:
                if job.why != "ask":
                    self.leaves(self.model[job.to.delivery], "taken_cut" if taken else "cut")
        self.lives += 1

    @rule()
    def sweep(self) -> None:
        """What a gone holder had sending is in doubt: repeated where the partner knows our id, else unsure."""
        now = self.clock.ms()
        gone = f"owner IS NOT NULL AND (lease_until < {now} OR owner IN ({', '.join(map(repr, sorted(self.dead))) or 'NULL'}))"
        parcels = {id for (id,) in self.disk.look(f"SELECT id FROM parcel WHERE {gone}")}
        waits = {(id, seq): lost for id, seq, lost in self.disk.look(f"SELECT parcel, seq, {gone} FROM waiting")}
        overdue = f"SELECT id, cursor FROM parcel WHERE state = 'open' AND until < {now}"
        untils = self.untils()
        cursors = dict(self.disk.look(f"{overdue} AND (owner IS NULL OR {gone})"))
        for id, of in self.model.items():
            parcel, seq = parse_delivery_id(id)
            if of.state is State.SENDING and waits.get((parcel, seq), parcel in parcels):
                of.tries, of.crashes = of.tries + 1, self._crashes(parcel, seq) + 1
                repeat = of.outlet == "knows" and of.crashes < SET_ASIDE_AFTER and untils[parcel] > now
                of.doubt = True
                of.state = State.PENDING if repeat else State.UNSURE
            if parcel in cursors and seq >= cursors[parcel]:
                of.move(State.MISSED)
        self.do(self.sweeper.sweep())
        for table in ("parcel", "waiting"):
            assert [] == self.disk.look(f"SELECT * FROM {table} WHERE {gone}"), "held by the dead"

    def _crashes(self, parcel: int, seq: int) -> int:
        rows = self.disk.look(f"SELECT crashes FROM waiting WHERE parcel = {parcel} AND seq = {seq}")
        return rows[0][0] if rows else 0

    @rule(seconds=st.sampled_from((1, 6, 8, 8, 31, 31, 45, 45, 200, 700, 7000, 90_000)))
    def time_passes(self, seconds: int) -> None:
        """Leases run out, tries become due, windows close."""
        self.clock.advance(seconds)

    @rule(seconds=st.sampled_from((-100, -40, 40, 5000)))
    def clock_is_set(self, seconds: int) -> None:
        """Only the wall clock."""
        self.clock.step(seconds)

    # --- people and partners' later words -----------------------------------------------------------------------------

    def chosen(self, pick: random.Random) -> str:
        """A delivery, rather one that has begun to live."""
        begun = [id for id, of in self.model.items() if of.tries or of.state is not State.PENDING]
        return pick.choice(begun if begun and pick.random() < 0.9 else [*self.model])

    @precondition(lambda self: any(of.state is not State.PENDING for of in self.model.values()))
    @rule(pick=st.randoms(use_true_random=False), verb=st.sampled_from(("cancel", "retry", *DECISIONS)))
    def decide(self, pick: random.Random, verb: str) -> None:
        """A person's word counts where the table allows it, and is refused where not."""
        id = self.chosen(pick)
        of, to = self.model[id], {"cancel": State.CANCELLED, "retry": State.PENDING}.get(verb) or DECISIONS[verb]
        allowed = to in MOVES[of.state] and (verb not in DECISIONS or of.state is State.UNSURE)
        if verb == "retry":
            allowed = of.state in {State.FAILED, State.MISSED, State.UNSURE}
        elif verb == "cancel":
            allowed = of.state is State.PENDING
        try:
            self.do(self._decide(id, verb))
            assert allowed
        except Conflict:
            assert not allowed or of.state is State.SENDING
            return
        of.said = of.said or verb not in {"cancel", "retry", "again"}
        if verb == "cancel":
            of.give_up()
        else:
            of.move(to)
        of.again += to is State.PENDING

    async def _decide(self, id: str, verb: str) -> None:
        async with self.database.write() as tx:
            if verb in DECISIONS:
                await self.handling.resolve(tx, id, verb, "Hùng")
            else:
                await getattr(self.handling, verb)(tx, id, "Hùng")

    @precondition(lambda self: any(of.tries for of in self.model.values()))
    @rule(pick=st.randoms(use_true_random=False))
    def cancel_occurrence(self, pick: random.Random) -> None:
        """All that has not gone of one occurrence, and nothing else; the count it tells is exact."""
        parcel = parse_delivery_id(self.chosen(pick))[0]
        ((occurrence,),) = self.disk.look(f"SELECT occurrence FROM parcel WHERE id = {parcel}")
        parcels = {id for (id,) in self.disk.look(f"SELECT id FROM parcel WHERE occurrence = '{occurrence}'")}
        mine = [of for id, of in self.model.items() if parse_delivery_id(id)[0] in parcels]
        for of in mine:
            if of.state is State.PENDING:
                of.give_up()
        told = self.do(self._cancel(occurrence))
        assert Counter(of.state for of in mine) == Counter(told)

    async def _cancel(self, occurrence: str) -> dict[State, int]:
        async with self.database.write() as tx:
            return await self.handling.cancel_occurrence(tx, occurrence, "Hùng")

    @precondition(lambda self: any(of.state is not State.PENDING for of in self.model.values()))
    @rule(pick=st.randoms(use_true_random=False), delivered=st.booleans(), outlet=st.sampled_from(OUTLETS))
    def receipt(self, pick: random.Random, delivered: bool, outlet: str) -> None:
        """Early, late, doubled, contradicting: only forward. Of another outlet: nothing."""
        id = self.chosen(pick)
        of = self.model[id]
        if pick.random() < 0.8:
            outlet = of.outlet
        assert (outlet == of.outlet) is self.do(self._confirm(outlet, Confirmation(delivered, delivery=id)))
        if outlet == of.outlet:
            of.move(State.CONFIRMED if delivered else State.FAILED)
            of.said = True

    async def _confirm(self, outlet: str, said: Confirmation) -> bool:
        async with self.database.write() as tx:
            return await self.receiver.confirm(tx, outlet, said, self.clock.now())
