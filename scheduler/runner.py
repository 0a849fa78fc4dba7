"""Runner: the loops in one task group; APScheduler as the in-process alarm clock; orderly stop.

APScheduler keeps nothing but alarms in memory: what is due is always a query. Each loop also looks by itself every second
on the wall clock, so a stepped clock or a lost ring costs a second at most.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from config.clock import Clock
from config.logs import log
from db.database import DatabaseTrouble
from db.notifier import Notifier
from scheduler.chronicler import Chronicler
from scheduler.director import Director
from scheduler.diverter import Diverter
from scheduler.herald import Herald
from scheduler.inquirer import Inquirer
from scheduler.listener import Listener
from scheduler.lookout import Lookout
from scheduler.planner import Planner
from scheduler.receiver import Receiver
from scheduler.retractor import Retractor
from scheduler.sweeper import Sweeper
from scheduler.timekeeper import Timekeeper
from scheduler.warmer import Warmer
from scheduler.worker import Worker

ROLES = ("planner", "worker", "warmer", "sweeper")
POLL = 1.0
SWEEP_SECONDS = 5
RENEW_SECONDS = 10
AHEAD_SECONDS = 10
WARM_SECONDS = 10
DIRECT_SECONDS = 5
LOOK_SECONDS = 5
RETRACT_SECONDS = 5
LISTEN_SECONDS = 10
TROUBLE_SECONDS = 5.0

logger = log("runner")


class Runner:
    """Runs the actors of some roles until `stopping` is set, or once until nothing is due (`drain`)."""

    def __init__(
        self,
        clock: Clock,
        notifier: Notifier,
        stopping: asyncio.Event,
        *,
        planner: Planner,
        worker: Worker,
        warmer: Warmer,
        director: Director,
        lookout: Lookout,
        sweeper: Sweeper,
        receiver: Receiver,
        retractor: Retractor,
        inquirer: Inquirer,
        diverter: Diverter,
        listener: Listener,
        chronicler: Chronicler,
        herald: Herald,
        timekeeper: Timekeeper,
    ) -> None:
        self._clock = clock
        self._notifier = notifier
        self._stopping = stopping
        self._planner = planner
        self._worker = worker
        self._warmer = warmer
        self._director = director
        self._lookout = lookout
        self._sweeper = sweeper
        self._receiver = receiver
        self._retractor = retractor
        self._inquirer = inquirer
        self._diverter = diverter
        self._listener = listener
        self._chronicler = chronicler
        self._herald = herald
        self._timekeeper = timekeeper

    async def run(self, roles: tuple[str, ...] = ROLES) -> None:
        """Until `stopping`: every loop ends after what it has in hand."""
        await self._outlast("rescue", self._sweeper.rescue)
        await self._outlast("rescue", self._warmer.rescue)
        alarm = AsyncIOScheduler(timezone=UTC)
        alarm.start()
        try:
            async with asyncio.TaskGroup() as loops:
                loops.create_task(self._loop(alarm, "time", self._timekeeper.look, "time"))
                if "planner" in roles:
                    loops.create_task(
                        self._loop(alarm, "plan", self._planner.plan, "schedule", next_moment=self._planner.next_moment)
                    )
                if "warmer" in roles:
                    loops.create_task(
                        self._loop(alarm, "warm", self._warmer.warm, "item", "schedule", poll=WARM_SECONDS)
                    )
                    loops.create_task(
                        self._loop(alarm, "film", self._warmer.film, "recording", "schedule", poll=WARM_SECONDS)
                    )
                    loops.create_task(self._loop(alarm, "direct", self._director.direct, "direct", poll=DIRECT_SECONDS))
                if "sweeper" in roles:
                    loops.create_task(self._loop(alarm, "sweep", self._sweeper.sweep, "sweep", poll=SWEEP_SECONDS))
                    loops.create_task(self._loop(alarm, "divert", self._diverter.divert, "outlet"))
                    loops.create_task(self._loop(alarm, "hear", self._listener.listen, "hear", poll=LISTEN_SECONDS))
                    loops.create_task(self._loop(alarm, "look", self._lookout.look, "look", poll=LOOK_SECONDS))
                    loops.create_task(self._loop(alarm, "receive", self._receiver.receive, "callback"))
                    loops.create_task(self._loop(alarm, "chronicle", self._chronicler.collect, "event"))
                if "worker" in roles:
                    loops.create_task(
                        self._loop(alarm, "retract", self._retractor.retract, "item", poll=RETRACT_SECONDS)
                    )
                    loops.create_task(self._loop(alarm, "inquire", self._inquirer.inquire, "inquire"))
                    loops.create_task(self._loop(alarm, "announce", self._herald.announce, "herald"))
                    loops.create_task(self._loop(alarm, "renew", self._worker.renew, "renew", poll=RENEW_SECONDS))
                    loops.create_task(self._loop(alarm, "ahead", self._worker.look_ahead, "ahead", poll=AHEAD_SECONDS))
                    await self._work(alarm)
        finally:
            alarm.shutdown(wait=False)

    async def _work(self, alarm: AsyncIOScheduler) -> None:
        async with asyncio.TaskGroup() as lanes:

            async def work() -> int:
                return await self._worker.work(lanes)

            await self._loop(alarm, "work", work, "work", next_moment=self._worker.next_moment)

    async def _loop(
        self,
        alarm: AsyncIOScheduler,
        name: str,
        step: Callable[[], Awaitable[object]],
        *topics: str,
        next_moment: Callable[[], Awaitable[datetime | None]] | None = None,
        poll: float = POLL,
    ) -> None:
        """Step, then wait for a ring, the alarm, or the next look. Trouble with the database is waited out, not died of."""
        async with self._notifier.waiting(*topics, f"alarm-{name}", "stop") as woken:
            while not self._stopping.is_set():
                woken.clear()
                pause = poll
                try:
                    await step()
                    if next_moment is not None:
                        self._set_alarm(alarm, name, await next_moment())
                except DatabaseTrouble as trouble:
                    logger.error("database_trouble", step=name, said=trouble.en)
                    pause = TROUBLE_SECONDS
                except Exception as fault:  # noqa: BLE001 (a loop outlives any fault of one step)
                    logger.error("step_failed", error=fault, step=name)
                    pause = TROUBLE_SECONDS
                if not self._stopping.is_set():
                    await self._clock.wait(woken, pause)

    def _set_alarm(self, alarm: AsyncIOScheduler, name: str, moment: datetime | None) -> None:
        """Be woken at the very moment; the loop's own look is the guarantee, this is for punctuality."""
        if moment is None or moment <= self._clock.now() or moment > self._clock.now() + timedelta(hours=1):
            return
        options: dict[str, Any] = {"misfire_grace_time": None, "coalesce": True, "replace_existing": True}
        alarm.add_job(self._notifier.ring, "date", [f"alarm-{name}"], run_date=moment, id=name, **options)

    async def drain(self) -> None:
        """Plan and send what is due, and return when nothing due is left."""
        await self._outlast("time", self._timekeeper.set_right)
        await self._outlast("rescue", self._sweeper.rescue)
        await self._outlast("rescue", self._warmer.rescue)
        while not self._stopping.is_set():
            planned = await self._outlast("plan", self._planner.plan)
            made = await self._outlast("warm", self._warmer.warm)
            made += await self._outlast("film", self._warmer.film)
            started = await self._drain_lanes()
            directed = await self._outlast("direct", self._director.direct)
            received = await self._outlast("receive", self._receiver.receive)
            await self._outlast("hear", self._listener.listen)
            swept = await self._outlast("sweep", self._sweeper.sweep)
            retracted = await self._outlast("retract", self._retractor.retract)
            diverted = await self._outlast("divert", self._diverter.divert)
            asked = await self._outlast("inquire", self._inquirer.inquire)
            told = await self._outlast("chronicle", self._chronicler.collect)
            told += await self._outlast("announce", self._herald.announce)
            if not any((planned, made, started, directed, received, swept, retracted, diverted, asked, told)):
                return

    async def _drain_lanes(self) -> int:
        """Until no lane is left; how many there were at most."""
        async with self._notifier.waiting("lane", "stop") as woken, asyncio.TaskGroup() as lanes:

            async def work() -> int:
                return await self._worker.work(lanes)

            started = await self._outlast("work", work)
            while left := await self._outlast("work", work):
                started = max(started, left)
                woken.clear()
                await self._clock.wait(woken, POLL)
                await self._outlast("renew", self._worker.renew)
        return started

    async def _outlast(self, name: str, step: Callable[[], Awaitable[int]]) -> int:
        """What the step answers, once the database lets it; 0 when the process is to stop before that."""
        async with self._notifier.waiting("stop") as woken:
            while True:
                try:
                    return await step()
                except DatabaseTrouble as trouble:
                    logger.error("database_trouble", step=name, said=trouble.en)
                    if self._stopping.is_set():
                        return 0
                    await self._clock.wait(woken, TROUBLE_SECONDS)
