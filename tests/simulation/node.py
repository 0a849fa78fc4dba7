"""A node of a simulated world: the product's actors in one process that may die at any await, and its machine's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from config.clock import to_millisecond
from content.editing import Editing
from content.glossary.keeping import Glossary
from db.database import DatabaseTrouble
from db.notifier import Notifier
from db.types import from_ms, to_ms
from scheduler.farewell import Farewell
from scheduler.forgetting import Forgetting
from scheduler.gate import Gate
from scheduler.handling import Handling
from scheduler.meter import Meter
from scheduler.planner import Planner
from scheduler.postbox import Postbox
from scheduler.receiver import Receiver
from scheduler.recorder import Recorder
from scheduler.sealing import Sealing
from scheduler.sender import Sender
from scheduler.sweeper import Sweeper
from scheduler.timekeeper import Timekeeper
from scheduler.worker import Worker
from tests.simulation.disk import InlineDatabase
from tests.simulation.ground import START, quiet_of
from tests.simulation.loop import Loop, Process
from tests.simulation.partner import Line

if TYPE_CHECKING:
    from tests.simulation.world import World

TROUBLE_SECONDS = 5.0

HELD = "SELECT 1 FROM parcel WHERE owner IS NOT NULL UNION ALL SELECT 1 FROM waiting WHERE owner IS NOT NULL"
TO_PLAN = "SELECT 1 FROM schedule WHERE state = 'approved' UNION ALL SELECT 1 FROM occurrence WHERE state = 'planning'"
UNCLAIMED = (
    "SELECT due_at FROM parcel WHERE state = 'open' AND owner IS NULL"
    " UNION ALL SELECT due_at FROM waiting WHERE owner IS NULL"
)
TO_RECEIVE = "SELECT 1 FROM callback WHERE state = 'new'"
TO_SWEEP = (
    f"{HELD} UNION ALL SELECT 1 FROM parcel WHERE state = 'open' UNION ALL SELECT 1 FROM occurrence WHERE state = 'open'"
    " AND NOT EXISTS (SELECT 1 FROM parcel WHERE occurrence = occurrence.id AND state <> 'done')"
)


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
        self.editing = Editing(database, ground.journal, clock, Glossary(database, ground.journal, clock))
        quiet = quiet_of(ground)
        self.planner = Planner(
            *(database, clock, notifier, outlets, quiet),
            catch_up=timedelta(hours=12),
            catch_up_urgent=timedelta(minutes=15),
            parcel_size=world.parcel_size,
        )
        meter = Meter(clock, "simulated")
        self.timekeeper = Timekeeper(database, clock, ground.journal, meter)
        self.worker = Worker(
            *(
                database,
                clock,
                notifier,
                outlets,
                Gate(database, clock, notifier, ground.press, quiet, ground.policy, ground.seal),
            ),
            *(Sender(clock, Line(clock, world.partners)), Recorder(database, clock, notifier, ground.journal)),
            *(name, meter, asyncio.Event(), quiet.zone, ground.seal),
        )
        self.sweeper = Sweeper(
            *(database, clock, notifier, outlets, self.editing, ground.journal, Sealing(database, ground.seal)),
            *(Forgetting(database, ground.journal, clock, ground.seal), name, world.is_dead),
        )
        handling = Handling(database, ground.journal, clock, outlets, ground.seal)
        farewell = Farewell(clock, outlets, Line(clock, world.partners), "Xã")
        postbox = Postbox(database, clock, outlets, ground.seal, ground.inviting)
        self.receiver = Receiver(database, clock, notifier, outlets, handling, farewell, ground.seal, postbox)

    async def run(self) -> None:
        """The loops of the runner; polls are longer, since the clock jumps and every look costs."""
        await self._bear(self.sweeper.rescue)
        patience = self.world.patience
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._rounds(self.timekeeper.look, "time", lambda: 6 * patience(), when=self._to_look))
            loops.create_task(self._rounds(self.worker.renew, "renew", lambda: 10.0, when=lambda: HELD))
            if self.plans:
                plan, moment = self.planner.plan, self.planner.next_moment
                loops.create_task(self._rounds(plan, "schedule", lambda: 15 * patience(), moment, when=lambda: TO_PLAN))
                loops.create_task(
                    self._rounds(self.sweeper.sweep, "sweep", lambda: 14 * patience(), when=lambda: TO_SWEEP)
                )
                receive = self.receiver.receive
                loops.create_task(self._rounds(receive, "callback", lambda: 45 * patience(), when=lambda: TO_RECEIVE))
            work = partial(self.worker.work, loops)
            await self._rounds(work, "work", lambda: 8 * patience(), self._next_work, when=self._to_send)

    async def _rounds(
        self,
        step: Callable[[], Awaitable[object]],
        topic: str,
        poll: Callable[[], float],
        next_moment: Callable[[], Awaitable[datetime | None]] | None = None,
        *,
        when: Callable[[], str],
    ) -> None:
        """Step, then wait. `when` is a cheaper look than the product's: with no row of it, nothing could be done."""
        clock, look = self.world.clock, self.world.disk.look
        async with self.notifier.waiting(topic) as woken:
            while True:
                woken.clear()
                pause = poll()
                if look(when()) and not await self._bear(step):
                    pause = TROUBLE_SECONDS
                if next_moment is not None and (moment := await self._moment(next_moment)) > 0:
                    pause = min(pause, moment)
                await clock.wait(woken, pause)

    def _to_send(self) -> str:
        return f"SELECT 1 FROM ({UNCLAIMED}) WHERE due_at <= {self.world.clock.ms()}"

    async def _next_work(self) -> datetime | None:
        ((due,),) = self.world.disk.look(
            f"SELECT min(due_at) FROM ({UNCLAIMED}) WHERE due_at > {self.world.clock.ms()}"
        )
        return None if due is None else from_ms(due)

    def _to_look(self) -> str:
        """The mark lags, or time went back behind it; when all is calm nobody sets the clock back any more."""
        now = self.world.clock.ms()
        lags = "" if self.world.calm_since is not None else f" OR at < {now - 5000}"
        return f"SELECT 1 FROM clock_mark WHERE at > {now + 2000}{lags}"

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
