"""One simulated world: nodes that share a database, partners, an office, and what befalls them; all drawn from a seed."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import db.types
from channels.channel import Confirmation, Outlet, To
from channels.http import Http
from channels.kinds.sms_http import SmsHttp
from channels.outlet import InService, Outlets
from config.clock import to_millisecond
from content.editing import Editing
from db.database import DatabaseTrouble
from db.notifier import Notifier
from db.types import to_ms
from desk.app import House
from scheduler.gate import Gate
from scheduler.meter import Meter
from scheduler.planner import Planner
from scheduler.receiver import Receiver
from scheduler.recorder import Recorder
from scheduler.schedule import QuietHours, Schedule
from scheduler.sender import Sender
from scheduler.sweeper import Sweeper
from scheduler.worker import Worker
from tests.simulation.disk import Disk, InlineDatabase
from tests.simulation.loop import PROCESS, Loop, Process
from tests.simulation.partner import FAULTS, Line, Partner

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
TROUBLE_SECONDS = 5.0


class AskingSms(SmsHttp):
    """A gateway that does not deduplicate but can be asked."""

    async def ask(self, to: To, reference: str, outlet: Outlet[Any], http: Http) -> Confirmation | None:
        """See Channel.ask."""
        body = f'{{"id": "{to.delivery}", "to": "{to.address}"}}'.encode()
        answer = await http.request("POST", outlet.options.url.replace("/send", "/asked"), body=body)
        return Confirmation(bool(answer.json()["taken"]), delivery=to.delivery)


@dataclass(frozen=True)
class Ground:
    """What all worlds of a test process begin with: a database with approved items and audiences, and a house's parts."""

    file: Path
    house: House
    items: dict[str, str]
    """Item ids by class."""
    audiences: dict[str, int]
    """Sizes by name."""


class WorldClock:
    """The machine's clock of all nodes: it may be set, virtual time goes on."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self.set_by = 0.0

    def now(self) -> datetime:
        """See Clock.now."""
        return to_millisecond(START + timedelta(seconds=self._loop.time() + self.set_by))

    def ms(self) -> int:
        """See Clock.ms."""
        return to_ms(self.now())

    def steady(self) -> float:
        """See Clock.steady."""
        return self._loop.time()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """See Clock.wait."""
        try:
            async with asyncio.timeout(max(0.0, seconds)):
                await event.wait()
        except TimeoutError:
            pass
        return event.is_set()


class Ordered(dict[Any, None]):
    """A set that is gone through in order of age: what happens must not hang on addresses in memory."""

    def add(self, one: Any) -> None:
        """See set.add."""
        self[one] = None

    def discard(self, one: Any) -> None:
        """See set.discard."""
        self.pop(one, None)


class Node:
    """Planner, worker, sweeper and receiver as the product's runner has them, in one process that may die at any await."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.name = world, name
        self.plans = not name.startswith("node2")
        """The third only sends."""
        self.process = Process(name)
        self.process.disk = world.disk  # type: ignore[attr-defined]
        ground, clock, outlets = world.ground.house, world.clock, world.outlets
        self.database = database = InlineDatabase(str(world.file_url), clock, world.disk)
        self.notifier = notifier = Notifier()
        notifier._waiters = _Topics()  # type: ignore[assignment]
        self.editing = Editing(database, ground.journal, clock)
        quiet = quiet_of(ground)
        self.planner = Planner(
            *(database, clock, notifier, outlets, quiet),
            catch_up=timedelta(hours=12),
            catch_up_urgent=timedelta(minutes=15),
        )
        self.worker = Worker(
            *(database, clock, notifier, outlets, Gate(database, clock, notifier, ground.press, quiet)),
            *(Sender(clock, Line(clock, world.partners)), Recorder(database, clock, notifier, ground.journal)),
            *(name, Meter(clock, "simulated"), asyncio.Event()),
        )
        self.sweeper = Sweeper(database, clock, notifier, outlets, self.editing, ground.journal, name, world.is_dead)
        self.receiver = Receiver(database, clock, notifier)

    async def run(self) -> None:
        """The loops of the runner; polls are longer, since the clock jumps and every look costs."""
        await self._bear(self.sweeper.rescue)
        patience = self.world.patience
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._rounds(self.worker.renew, "renew", lambda: 10.0))
            if self.plans:
                plan, moment = self.planner.plan, self.planner.next_moment
                loops.create_task(self._rounds(plan, "schedule", lambda: 15 * patience(), moment))
                loops.create_task(self._rounds(self.sweeper.sweep, "sweep", lambda: 12 * patience()))
                loops.create_task(self._rounds(self.receiver.receive, "callback", lambda: 45 * patience()))
            await self._rounds(lambda: self.worker.work(loops), "work", lambda: 8 * patience(), self.worker.next_moment)

    async def _rounds(
        self,
        step: Callable[[], Awaitable[object]],
        topic: str,
        poll: Callable[[], float],
        next_moment: Callable[[], Awaitable[datetime | None]] | None = None,
    ) -> None:
        clock = self.world.clock
        async with self.notifier.waiting(topic) as woken:
            while True:
                woken.clear()
                pause = poll() if await self._bear(step) else TROUBLE_SECONDS
                if next_moment is not None and (moment := await self._moment(next_moment)) > 0:
                    pause = min(pause, moment)
                await clock.wait(woken, pause)

    async def _moment(self, next_moment: Callable[[], Awaitable[datetime | None]]) -> float:
        moment = await next_moment()
        return 0.0 if moment is None else (moment - self.world.clock.now()).total_seconds()

    async def _bear(self, step: Callable[[], Awaitable[object]]) -> bool:
        try:
            await step()
        except DatabaseTrouble:
            return False
        return True


class _Topics(dict[str, Ordered]):
    def __missing__(self, topic: str) -> Ordered:
        return self.setdefault(topic, Ordered())


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
        self.steps: list[float] = []
        self.cancelled: dict[str, float] = {}
        """Deliveries that a person called off, and when that was acknowledged."""
        self.schedules: dict[str, Schedule] = {}
        self.decided: dict[str, str] = {}
        self.again: Counter[str] = Counter()
        """How often a person said to send it once more."""
        self.receipts: defaultdict[str, set[str]] = defaultdict(set)
        self._knows_the_dead = self.chance.random() < 0.5
        self._dead: set[str] = set()
        self.partners = {name: self._partner(name) for name in ("knows", "once", "asks")}
        self.outlets = outlets_of(ground.house)
        self.nodes = [Node(self, f"node{place}/0") for place in range(self.chance.choice((2, 2, 3)))]
        self.tasks = [self.loop.begin(node.process, node.run) for node in self.nodes]

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
        return 1.0 if self.calm_since is None else max(1.0, (self.loop.time() - self.calm_since) / 20)

    def is_dead(self, owner: str) -> bool:
        """What the sweeper is told of an owner: nodes on one machine see it at once, others wait for the lease."""
        return self._knows_the_dead and owner in self._dead

    # --- what befalls it ---------------------------------------------------------------------------------------------

    def tell(self, what: str) -> None:
        """The story, for whoever reads a failure."""
        self.told.append(f"{self.loop.time():9.3f} {what}")

    def kill(self, place: int) -> None:
        """As by kill -9; it comes back under a name of its own."""
        node = self.nodes[place]
        if node.process.killed:
            return
        self.tell(f"kill {node.name}")
        node.process.killed = node.process.stands_still = True
        self._dead.add(node.name)
        self.disk.killed(node.process)
        self._later(self.chance.uniform(0.2, 15), lambda: self.start(place))

    def start(self, place: int) -> None:
        """The next incarnation."""
        number, life = self.nodes[place].name.split("/")
        self.nodes[place] = node = Node(self, f"{number}/{int(life) + 1}")
        self.tell(f"start {node.name}")
        self.tasks[place] = self.loop.begin(node.process, node.run)

    def freeze(self, place: int) -> None:
        """As by SIGSTOP and SIGCONT."""
        process, seconds = (
            self.nodes[place].process,
            self.chance.choice((0.3, 1, 5, 15, 30)) * self.chance.uniform(1, 2),
        )
        if process.stands_still:
            return
        self.tell(f"freeze {process.name} for {seconds:.1f}")
        process.stands_still = True
        self._later(seconds, lambda: self.thaw(process))

    def thaw(self, process: Process) -> None:
        """It goes on where it was."""
        if not process.killed:
            self.tell(f"thaw {process.name}")
            process.stands_still = False

    def set_clock(self) -> None:
        """Somebody sets the machines' clock."""
        seconds = self.chance.choice((-900, -60, -3, 3, 40, 600, 7200)) * self.chance.uniform(0.5, 1)
        self.tell(f"clock {seconds:+.1f}")
        self.clock.set_by += seconds
        self.steps.append(self.loop.time())

    def lose_partner(self) -> None:
        """Nobody answers for a while."""
        partner, seconds = self.chance.choice([*self.partners.values()]), self.chance.uniform(1, 25)
        self.tell(f"outage of {partner.name} for {seconds:.1f}")
        partner.away = True
        self._later(seconds, lambda: setattr(partner, "away", False))

    def _later(self, seconds: float, what: Callable[[], Any]) -> None:
        context = copy_context()
        context.run(PROCESS.set, self.desk)
        self.loop.call_later(seconds, what, context=context)

    def has_fault(self) -> bool:
        """Whether a node has ended by itself."""
        return any(task.done() for task in self.tasks)

    def raise_fault(self) -> None:
        """What a node has ended of."""
        for task in self.tasks:
            if task.done():
                task.result()

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


@contextmanager
def chance_of_ids(seed: int) -> Iterator[None]:
    """Numbers of parcels and occurrences come from the seed too."""
    before, own = db.types.secrets, random.Random(f"{seed} ids")
    db.types.secrets = SimpleNamespace(randbits=own.getrandbits)  # type: ignore[assignment]
    try:
        yield
    finally:
        db.types.secrets = before


def outlets_of(house: House) -> Outlets:
    """The three partners: one deduplicates, one does not, one can be asked."""
    plain = {name: house.outlets[name] for name in ("knows", "once", "asks")}
    return Outlets({**plain, "asks": InService(AskingSms(), plain["asks"].outlet)})


def quiet_of(house: House) -> QuietHours:
    """As the settings say."""
    told = house.settings.schedule
    return QuietHours(
        time.fromisoformat(told.quiet_from), time.fromisoformat(told.quiet_to), house.settings.office.zone
    )
