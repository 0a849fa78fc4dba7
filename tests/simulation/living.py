"""What a model knows of deliveries, and the machine that lives through them: the base of the state machine's stories.

Hands (workers) turn through the real `dispatch/turn.py` on real SQLite; their requests go through the real sender and
client to a partner that answers as told.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from channels.http import Http
from channels.wire import Lost, Reply
from config.clock import FakeClock
from content.editing import Editing
from content.glossary.keeping import Glossary
from db.notifier import Notifier
from db.types import spell
from scheduler.delivery import MOVES, OF_LETTER, Parcel, State
from scheduler.farewell import Farewell
from scheduler.forgetting import Forgetting
from scheduler.gate import Gate
from scheduler.handling import Handling
from scheduler.outcome import Job, Outcome
from scheduler.planner import Planner
from scheduler.postbox import Postbox
from scheduler.receiver import Receiver
from scheduler.scheduling import Scheduling
from scheduler.sealing import Sealing
from scheduler.sender import Sender
from scheduler.sweeper import Sweeper
from tests.simulation.disk import Disk, InlineDatabase
from tests.simulation.ground import START, Ground, chance_of_ids, outlets_of, quiet_of
from tests.simulation.loop import Loop, Process

OUTLETS = ("knows", "once", "asks")


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
    doubt: bool = False
    """Some try may have been taken, and nobody has said that none was."""
    said: bool = False
    """Somebody else than the log's own tries said what became of it: a person, or the partner later."""

    def move(self, to: State) -> None:
        """As far as the table allows."""
        if to in MOVES[self.state]:
            self.state, self.doubt = to, self.doubt and to not in {State.FAILED, State.MISSED}

    def give_up(self) -> None:
        """It is not tried any more, unless somebody knows already what became of it."""
        if self.state in {State.PENDING, State.SENDING}:
            self.state = State.UNSURE if self.doubt else State.CANCELLED


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


class Living(RuleBasedStateMachine):
    """A database, the house's actors on it, and what the model says of every delivery."""

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
        self.gate = Gate(database, clock, notifier, ground.house.press, quiet, ground.house.policy, ground.house.seal)
        late = ground.house.settings.schedule.catch_up
        self.planner = Planner(database, clock, notifier, self.outlets, quiet, catch_up=late, catch_up_urgent=late)
        editing = Editing(database, journal, clock, Glossary(database, journal, clock))
        self.sweeper = Sweeper(
            *(database, clock, notifier, self.outlets, editing, journal, Sealing(database, ground.house.seal)),
            *(Forgetting(database, journal, clock, ground.house.seal), "sweeper", lambda it: it in self.dead),
        )
        handling = Handling(database, journal, clock, self.outlets, ground.house.seal)
        farewell = Farewell(clock, self.outlets, self.http, "Xã")
        postbox = Postbox(database, clock, self.outlets, ground.house.seal, ground.house.inviting)
        self.receiver = Receiver(
            database, clock, notifier, self.outlets, handling, farewell, ground.house.seal, postbox
        )
        self.handling = handling
        self.scheduling = Scheduling(database, journal, clock, self.outlets, "Asia/Ho_Chi_Minh", ground.house.policy)
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

    def untils(self) -> dict[int, int]:
        """Until when parcels may be tried; cancelled ones no longer than until then."""
        return dict(self.disk.look("SELECT id, until FROM parcel"))

    def hand(self, place: int, outlet: str) -> Hand:
        """Two workers, each with a lane an outlet."""
        return self.hands.setdefault((place, outlet), Hand(f"worker/{place}/{self.lives}"))

    def leaves(self, of: One, answer: str) -> None:
        """The partner has it before it."""
        of.risked += answer in {"taken", "cut", "taken_cut"}
        if answer in {"taken", "taken_cut"} and not (of.outlet == "knows" and of.taken):
            of.taken += 1

    def log(self) -> dict[str, tuple[str, State]]:
        """Outlet and state of every delivery."""
        rows = self.disk.look("SELECT id, outlet, letters FROM parcel ORDER BY id")
        return {
            f"{spell(id)}-{seq}": (outlet, OF_LETTER[one]) for id, outlet, line in rows for seq, one in enumerate(line)
        }
