"""A delivery's life as a state machine with a model of exact counts: plan, claim, send, crash, rescue, cancel, receipt.

Hands (workers) turn through the real `dispatch/turn.py` on real SQLite, their requests go through the real sender and
client to a partner that answers as told. After every step the log equals the model, letter by letter and try by try.
`LOA_LIVES=5000` lives through more.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from channels.channel import Confirmation, Pace
from channels.http import Http
from channels.wire import Lost, Reply
from config.clock import FakeClock
from config.words import Conflict
from content.bulletin import Bulletin
from content.editing import Editing
from db.notifier import Notifier
from db.types import spell
from scheduler.delivery import MOVES, OF_LETTER, Parcel, State, parse_delivery_id
from scheduler.dispatch.turn import Wish, turn
from scheduler.gate import Gate
from scheduler.handling import DECISIONS, Handling
from scheduler.outcome import Job, Outcome, untouched
from scheduler.planner import Planner
from scheduler.receiver import Receiver
from scheduler.schedule import Rule
from scheduler.scheduling import Scheduling
from scheduler.scheduling import Wish as Asked
from scheduler.sender import Sender
from scheduler.sweeper import SET_ASIDE_AFTER, Sweeper
from tests.simulation.disk import Disk, InlineDatabase
from tests.simulation.loop import Loop, Process
from tests.simulation.world import START, Ground, chance_of_ids, outlets_of, quiet_of

LEASE = 30
OUTLETS = ("knows", "once", "asks")
ANSWERS = ("taken", "no", "busy", "cut", "taken_cut")


@dataclass
class One:
    """What the model knows of one delivery."""

    outlet: str
    state: State = State.PENDING
    tries: int = 0
    orphans: int = 0
    crashes: int = 0
    taken: int = 0
    risked: int = 0
    """Requests that may have been taken."""
    again: int = 0
    said: bool = False
    """Somebody else than the log's own tries said what became of it: a person, or the partner later."""

    def move(self, to: State) -> None:
        """As far as the table allows."""
        if to in MOVES[self.state]:
            self.state = to


@dataclass
class Hand:
    """A worker at one outlet."""

    owner: str
    parcels: list[Parcel] = field(default_factory=list)
    flying: list[Job] = field(default_factory=list)
    done: list[Outcome] = field(default_factory=list)


class Told(Http):
    """A client whose partner answers as it is told."""

    answer = ""
    known = False
    """What a question is answered with."""

    def _pool(self, address: Any) -> Any:
        return self

    def now(self) -> Any:
        """Of the pool: there is no waiting here."""
        return 0.0

    async def ask(self, request: bytes, deadline: float, *, headless: bool = False) -> Reply:
        """See channels.pool.Pool."""
        if self.answer in {"cut", "taken_cut"}:
            raise Lost("cut off", None)
        status = {"no": 400, "busy": 429}.get(self.answer, 200)
        named = json.loads(request.partition(b"\r\n\r\n")[2])["id"]
        body = {"reference": f"of/{named}", "taken": self.known}
        return Reply(status, {"retry-after": "7"}, json.dumps(body).encode())


class Life(RuleBasedStateMachine):
    """The rules are what can happen to deliveries; the invariants what must hold whatever happens."""

    def __init__(self, ground: Ground, directory: Path) -> None:
        super().__init__()
        self.ids = chance_of_ids(0)
        self.ids.__enter__()
        self.loop, self.process = Loop(random.Random(0)), Process("life")
        file = directory / "life.db"
        for old in directory.glob("life.db*"):
            old.unlink()
        shutil.copyfile(ground.file, file)
        self.disk = self.process.disk = Disk(file, random.Random(0))  # type: ignore[attr-defined]
        self.ground, self.clock, self.outlets = ground, FakeClock(START), outlets_of(ground.house)
        self.database = database = InlineDatabase(f"sqlite:///{file}", self.clock, self.disk)
        clock, journal, notifier, quiet = self.clock, ground.house.journal, Notifier(), quiet_of(ground.house)
        self.http = Told(clock)
        self.sender = Sender(clock, self.http)
        self.gate = Gate(database, clock, notifier, ground.house.press, quiet)
        late = ground.house.settings.schedule.catch_up
        self.planner = Planner(database, clock, notifier, self.outlets, quiet, catch_up=late, catch_up_urgent=late)
        editing = Editing(database, journal, clock)
        self.sweeper = Sweeper(
            database, clock, notifier, self.outlets, editing, journal, "sweeper", lambda it: it in self.dead
        )
        self.receiver = Receiver(database, clock, notifier)
        self.handling = Handling(database, journal, clock)
        self.scheduling = Scheduling(database, journal, clock, self.outlets, "Asia/Ho_Chi_Minh")
        self.dead: set[str] = set()
        self.lives = 0
        self.hands: dict[tuple[int, str], Hand] = {}
        self.model: dict[str, One] = {}
        self.before: dict[str, State] = {}

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run it to its end."""
        task = self.loop.begin(self.process, lambda: work)
        self.loop.run(task.done)
        return task.result()

    def teardown(self) -> None:
        """See RuleBasedStateMachine."""
        self.loop.bury()
        self.disk.close()
        self.ids.__exit__(None, None, None)

    def hand(self, place: int, outlet: str) -> Hand:
        """Two workers, each with a lane an outlet."""
        return self.hands.setdefault((place, outlet), Hand(f"worker/{place}/{self.lives}"))

    # --- planning, turning, answering ---------------------------------------------------------------------------------

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

    @rule(place=st.integers(0, 1), outlet=st.sampled_from(OUTLETS), room=st.integers(0, 3))
    def work(self, place: int, outlet: str, room: int) -> None:
        """A lane claims, and then begins."""
        self.turn(place, outlet, 0)
        if room:
            self.turn(place, outlet, room)

    @precondition(lambda self: any(hand.parcels or hand.done for hand in self.hands.values()))
    @rule(pick=st.randoms(use_true_random=False), room=st.integers(0, 4))
    def go_on(self, pick: random.Random, room: int) -> None:
        """A lane that has something in hand goes on."""
        place, outlet = pick.choice([key for key, hand in self.hands.items() if hand.parcels or hand.done])
        self.turn(place, outlet, room)

    def turn(self, place: int, outlet: str, room: int) -> None:
        """Outcomes count if the claim holds, else they are set apart; what leaves was pending, and is `sending` first."""
        hand, now = self.hand(place, outlet), self.clock.ms()
        ours = [self._holds(hand, one.job) for one in hand.done]
        wish = Wish(outlet, hand.owner, now, now + LEASE * 1000, Pace(1_000_000, 64), room, 4, alone=not hand.parcels)
        done = self.do(self.database.run(turn(self.database, wish, hand.parcels, hand.done)))
        for one, mine in zip(hand.done, ours, strict=True):
            of = self.model[one.job.to.delivery]
            of.tries += mine and one.tried is not None
            of.orphans += not mine and one.tried is not None
            if mine:
                of.move(one.state)
            one.job.parcel.out -= 1
        hand.done.clear()
        for parcel, at in done.taken:
            parcel.at = at
        for job in done.jobs:
            of = self.model[job.to.delivery]
            assert of.state is (State.UNSURE if job.why == "ask" else State.PENDING)
            of.state = State.UNSURE if job.why == "ask" else State.SENDING
            job.parcel.out += 1
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
        return [(hand.owner,)] == self.disk.look(f"SELECT owner FROM waiting WHERE {place}")

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

    def leaves(self, of: One, answer: str) -> None:
        """The partner has it before it."""
        of.risked += answer in {"taken", "cut", "taken_cut"}
        if answer in {"taken", "taken_cut"} and not (of.outlet == "knows" and of.taken):
            of.taken += 1

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
        cursors = dict(self.disk.look(f"{overdue} AND (owner IS NULL OR {gone})"))
        for id, of in self.model.items():
            parcel, seq = parse_delivery_id(id)
            if of.state is State.SENDING and waits.get((parcel, seq), parcel in parcels):
                of.tries, of.crashes = of.tries + 1, self._crashes(parcel, seq) + 1
                repeat = of.outlet == "knows" and of.crashes < SET_ASIDE_AFTER
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
        of.state, of.said = to, of.said or verb not in {"cancel", "retry", "again"}
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
            of.state = State.CANCELLED if of.state is State.PENDING else of.state
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

    # --- what must hold -----------------------------------------------------------------------------------------------

    def log(self) -> dict[str, tuple[str, State]]:
        """Outlet and state of every delivery."""
        rows = self.disk.look("SELECT id, outlet, letters FROM parcel ORDER BY id")
        return {
            f"{spell(id)}-{seq}": (outlet, OF_LETTER[one]) for id, outlet, line in rows for seq, one in enumerate(line)
        }

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
            assert state is was or state in MOVES[was], f"{id} went from {was} to {state}"
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
