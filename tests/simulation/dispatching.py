"""Rules of dispatch: schedules are planned, lanes claim and begin, answers come or do not."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from channels.answer import Unsure
from channels.channel import Pace
from content.bulletin import Bulletin
from scheduler.delivery import State
from scheduler.dispatch.turn import turn
from scheduler.dispatch.wish import Wish
from scheduler.outcome import Job, untouched
from scheduler.schedule import Rule
from scheduler.scheduling import Wish as Asked
from tests.simulation.living import OUTLETS, Hand, Living, One

LEASE = 30
ANSWERS = ("taken", "no", "busy", "cut", "taken_cut")


class Dispatching(Living):
    """What workers do."""

    @initialize()
    def begin(self) -> None:
        """Something to live."""
        self.plan_for({*OUTLETS}, "Bản B")
        self.turn(0, "knows", 0)
        self.turn(0, "knows", 2)

    @precondition(lambda self: len(self.model) < 12)
    @rule(outlets=st.sets(st.sampled_from(OUTLETS), min_size=1), audience=st.sampled_from(("Bản A", "Bản B")))
    def plan(self, outlets: set[str], audience: str) -> None:
        """More."""
        self.plan_for(outlets, audience)

    def plan_for(self, outlets: set[str], audience: str) -> None:
        """Every recipient has exactly one letter at each outlet."""
        self.do(self._plan(tuple(sorted(outlets)), audience))
        new = {id: outlet for id, (outlet, _) in self.log().items() if id not in self.model}
        expected = Counter(dict.fromkeys(outlets, self.ground.audiences[audience]))
        assert expected == Counter(new.values())
        self.model |= {id: One(outlet) for id, outlet in new.items()}

    async def _plan(self, outlets: tuple[str, ...], audience: str) -> None:
        asked = Asked((self.ground.items["urgent"],), outlets, Rule(once=self.clock.now()), audience=audience)
        async with self.database.write() as tx:
            await self.scheduling.add(tx, asked, "Hùng", may_approve=True)
        await self.planner.plan()

    @rule(place=st.integers(0, 1), outlet=st.sampled_from(OUTLETS), room=st.integers(0, 3), unheard=st.booleans())
    def work(self, place: int, outlet: str, room: int, unheard: bool) -> None:
        """A lane claims, and then begins."""
        self.turn(place, outlet, 0)
        if room:
            self.turn(place, outlet, room, unheard=unheard)

    @precondition(lambda self: any(hand.parcels or hand.done for hand in self.hands.values()))
    @rule(pick=st.randoms(use_true_random=False), room=st.integers(0, 4), unheard=st.booleans())
    def go_on(self, pick: random.Random, room: int, unheard: bool) -> None:
        """A lane that has something in hand goes on."""
        place, outlet = pick.choice([key for key, hand in self.hands.items() if hand.parcels or hand.done])
        self.turn(place, outlet, room, unheard=unheard)

    def turn(self, place: int, outlet: str, room: int, *, unheard: bool = False) -> None:
        """Outcomes count if the claim holds, else they are set apart; what leaves was pending, and is `sending` first."""
        hand, now = self.hand(place, outlet), self.clock.ms()
        ours, untils = [self._holds(hand, one.job) for one in hand.done], self.untils()
        wish = Wish(outlet, hand.owner, now, now + LEASE * 1000, Pace(1_000_000, 64), room, 4, alone=not hand.parcels)
        if unheard:  # it is on disk, and the lane was never told
            self.do(self.database.run(turn(self.database, wish, hand.parcels, hand.done)))
            wish = replace(wish, repair=True)
        done = self.do(self.database.run(turn(self.database, wish, hand.parcels, hand.done)))
        for one, mine in zip(hand.done, ours, strict=True):
            of = self.model[one.job.to.delivery]
            of.tries += mine and one.tried is not None
            of.orphans += not mine and one.tried is not None
            of.doubt = of.doubt or (mine and isinstance(one.error, Unsure))
            if mine and one.state is State.PENDING and untils[one.job.parcel.id] < one.job.parcel.until:
                of.give_up()
            elif mine:
                of.move(one.state)
            one.job.parcel.out.discard(one.job.seq)
        hand.done.clear()
        for parcel, seq in done.anew:
            parcel.out.discard(seq)
        for parcel, at in done.taken:
            parcel.at = at
        for job in done.jobs:
            of = self.model[job.to.delivery]
            assert of.state is (State.UNSURE if job.why == "ask" else State.PENDING)
            of.state = State.UNSURE if job.why == "ask" else State.SENDING
            job.parcel.out.add(job.seq)
        hand.flying += done.jobs
        kept = [one for one in hand.parcels if (one.left or one.out) and not (one.first and one.id in done.lost)]
        hand.parcels = kept + done.claimed
        self.do(self._check(hand, outlet))

    async def _check(self, hand: Hand, outlet: str) -> None:
        for parcel in list(hand.parcels):
            if parcel.asks or not parcel.left:
                continue
            [ruling] = await self.gate.rule(self.outlets[outlet], [parcel])
            if isinstance(ruling, Bulletin):
                parcel.bulletin = ruling
            else:
                parcel.bulletin = None

    def _holds(self, hand: Hand, job: Job) -> bool:
        parcel = job.parcel
        if parcel.first:
            return [(hand.owner, parcel.epoch)] == self.disk.look(
                f"SELECT owner, epoch FROM parcel WHERE id = {parcel.id}"
            )
        place = f"parcel = {parcel.id} AND seq = {job.seq}"
        return job.seq in parcel.out and [(hand.owner,)] == self.disk.look(f"SELECT owner FROM waiting WHERE {place}")

    @precondition(lambda self: any(hand.flying for hand in self.hands.values()))
    @rule(pick=st.randoms(use_true_random=False), answers=st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=4))
    def answer(self, pick: random.Random, answers: list[str]) -> None:
        """Some requests go out and come back, or do not."""
        for answer in answers:
            if any(hand.flying for hand in self.hands.values()):
                self.answer_one(pick, answer)

    def answer_one(self, pick: random.Random, answer: str) -> None:
        """Written by the next turn, if its claim still holds."""
        (_, outlet), hand = pick.choice([one for one in self.hands.items() if one[1].flying])
        job = hand.flying.pop(pick.randrange(len(hand.flying)))
        if job.why != "ask" and job.parcel.bulletin is None:
            hand.done.append(untouched(job, self.clock.now()))  # as the lane does: it may not go out any more
            return
        of = self.model[job.to.delivery]
        if job.why != "ask":
            self.leaves(of, answer)
        self.http.answer, self.http.known = answer, of.taken > 0
        hand.done.append(self.do(self.sender.send(self.outlets[outlet], job)))
