"""One simulated world: nodes that share a database, partners, an office, and what befalls them; all drawn from a seed."""

from __future__ import annotations

import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable
from contextvars import copy_context
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from scheduler.delivery import PARCEL_SIZE
from scheduler.schedule import Schedule
from tests.simulation.disk import Disk
from tests.simulation.ground import START, Ground, outlets_of
from tests.simulation.loop import PROCESS, Loop, Process
from tests.simulation.node import Node, WorldClock
from tests.simulation.partner import FAULTS, Partner


class World:
    """Made of a seed; `run` lets it live through its faults and until everything is final."""

    def __init__(self, seed: int, ground: Ground, directory: Path) -> None:
        self.seed, self.ground = seed, ground
        self.chance = random.Random(seed)
        self.loop = Loop(random.Random(f"{seed} turns"))
        file = directory / f"{seed}.db"
        shutil.copyfile(ground.file, file)
        self.file_url = f"sqlite:///{file}"
        self.disk = Disk(file, random.Random(f"{seed} disk"))
        self.clock = WorldClock(self.loop)
        self.calm_since: float | None = None
        self.desk = Process("desk")
        self.desk.disk = self.disk  # type: ignore[attr-defined]
        self.told: list[str] = []
        self.happened: Counter[str] = Counter()
        self.steps: list[float] = []
        self.cancelled: dict[str, float] = {}
        """Deliveries that a person called off, and when that was acknowledged."""
        self.schedules: dict[str, Schedule] = {}
        self.decided: dict[str, str] = {}
        self.again: Counter[str] = Counter()
        """How often a person said to send it once more."""
        self.receipts: defaultdict[str, set[str]] = defaultdict(set)
        self.parcel_size = self.chance.choice((PARCEL_SIZE, 3))
        self._knows_the_dead = self.chance.random() < 0.5
        self._dead: set[str] = set()
        self.partners = {name: self._partner(name) for name in ("knows", "once", "asks")}
        self.outlets = outlets_of(ground.house)
        self.nodes = [Node(self, f"node{place}/0") for place in range(self.chance.choice((2, 2, 3)))]
        self.ended: list[BaseException] = []
        for node in self.nodes:
            self._run(node)

    def _partner(self, name: str) -> Partner:
        within = copy_context()
        within.run(PROCESS.set, self.desk)
        chance = random.Random(f"{self.seed} {name}")
        shares = {fault: self.chance.random() * 0.12 for fault in FAULTS if self.chance.random() < 0.4}
        return Partner(name, name == "knows", chance, within, self._partner_now, shares)

    def _partner_now(self) -> datetime:
        return START + timedelta(seconds=self.loop.time())

    def patience(self) -> float:
        """How much longer to wait between two looks, when nothing happens any more."""
        return 1.0 if self.calm_since is None else min(20.0, max(1.0, (self.loop.time() - self.calm_since) / 20))

    def is_dead(self, owner: str) -> bool:
        """What the sweeper is told of an owner: nodes on one machine see it at once, others wait for the lease."""
        return self._knows_the_dead and owner in self._dead

    # --- what befalls it ---------------------------------------------------------------------------------------------

    def tell(self, what: str, more: str = "") -> None:
        """The story, for whoever reads a failure; what happened is counted."""
        self.told.append(f"{self.loop.time():9.3f} {what} {more}")
        self.happened[what] += 1

    def sending(self) -> int | None:
        """A node that waits for a partner's answer."""
        for partner in self.partners.values():
            for place, node in enumerate(self.nodes):
                if any(one.node == node.name and not one.answered for one in partner.requests[-3:]):
                    return place
        return None

    def kill(self, place: int) -> None:
        """As by kill -9; it comes back under a name of its own."""
        node = self.nodes[place]
        if node.process.killed:
            return
        self.tell("kill", node.name)
        node.process.killed = node.process.stands_still = True
        self._dead.add(node.name)
        self.disk.killed(node.process)
        self._later(self.chance.uniform(0.2, 15), lambda: self.start(place))

    def start(self, place: int) -> None:
        """The next incarnation."""
        number, life = self.nodes[place].name.split("/")
        self.nodes[place] = node = Node(self, f"{number}/{int(life) + 1}")
        self.tell("start", node.name)
        self._run(node)

    def _run(self, node: Node) -> None:
        async def run() -> None:
            try:
                await node.run()
            except BaseException as fault:
                self.ended.append(fault)
                raise

        self.loop.begin(node.process, run)

    def freeze(self, place: int) -> None:
        """As by SIGSTOP and SIGCONT."""
        process, seconds = (
            self.nodes[place].process,
            self.chance.choice((0.3, 5, 35, 35, 35)) * self.chance.uniform(1, 1.5),
        )
        if process.stands_still:
            return
        self.tell("freeze", f"{process.name} for {seconds:.1f}")
        process.stands_still = True
        self._later(seconds, lambda: self.thaw(process))

    def thaw(self, process: Process) -> None:
        """It goes on where it was."""
        if not process.killed:
            self.tell("thaw", process.name)
            process.stands_still = False

    def set_clock(self, seconds: float) -> None:
        """Somebody sets the machines' clock."""
        self.tell("clock set back" if seconds < 0 else "clock set forward", f"{seconds:+.1f}")
        self.clock.set_by += seconds
        for node in self.nodes:
            self._later(self.chance.random(), partial(node.notifier.ring, "time"))  # it looks every second
        self.steps.append(self.loop.time())

    def lose_partner(self) -> None:
        """Nobody answers for a while."""
        partner, seconds = self.chance.choice([*self.partners.values()]), self.chance.uniform(1, 25)
        self.tell("outage", f"of {partner.name} for {seconds:.1f}")
        partner.away = True
        self._later(seconds, lambda: setattr(partner, "away", False))

    def _later(self, seconds: float, what: Callable[[], Any]) -> None:
        context = copy_context()
        context.run(PROCESS.set, self.desk)
        self.loop.call_later(seconds, what, context=context)

    def raise_fault(self) -> None:
        """What a node has ended of, if one has: it does not by itself."""
        for fault in self.ended:
            raise fault

    def count(self) -> Counter[str]:
        """How often each thing happened, to the nodes, at the partners and in the log."""
        partners = Counter(one.fault or "answered" for it in self.partners.values() for one in it.requests)
        asked = {"questions": sum(len(one.questions) for one in self.partners.values())}
        logged = dict(self.disk.look("SELECT 'logged ' || outcome, count(*) FROM attempt GROUP BY 1"))
        deeds = dict(self.disk.look("SELECT 'journal ' || verb, count(*) FROM journal WHERE person = 'Loa' GROUP BY 1"))
        ((orphans,),) = self.disk.look("SELECT count(*) FROM orphan")
        ((parts,),) = self.disk.look(
            "SELECT count(*) FROM (SELECT 1 FROM parcel GROUP BY occurrence, outlet HAVING count(*) > 1)"
        )
        more = {"orphans": orphans, "several parcels": parts}
        return self.happened + Counter(
            {f"partner {name}": n for name, n in partners.items()} | asked | logged | deeds | more
        )

    def record(self) -> list[Any]:
        """All that was sent and all that was written."""
        sent = [(one.delivery, one.at, one.node, one.fault) for name in self.partners.values() for one in name.requests]
        tables = ("SELECT id, letters FROM parcel", "SELECT * FROM attempt", "SELECT * FROM orphan")
        return [
            sent,
            *(
                self.disk.look(f"{table} ORDER BY 1, 2, 3") if "*" in table else self.disk.look(table)
                for table in tables
            ),
        ]

    def close(self) -> None:
        """The end."""
        self.loop.bury()
        self.disk.close()
