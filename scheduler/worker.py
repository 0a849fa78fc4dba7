"""Worker: a lane for every outlet that has something due, so that a slow one delays no other; and their leases."""

from __future__ import annotations

import asyncio
from datetime import datetime
from zoneinfo import ZoneInfo

from channels import store as channels_store
from channels.outlet import InService, Outlets
from channels.seal import Seal
from config.clock import Clock
from db.database import Database
from db.notifier import Notifier
from scheduler.dispatch import store as dispatch
from scheduler.dispatch.store import Claim
from scheduler.diversion import store as diversion_store
from scheduler.gate import Gate
from scheduler.lane import LEASE, Lane, Solo
from scheduler.meter import Meter
from scheduler.outcome import Breaker
from scheduler.recorder import Recorder
from scheduler.sender import Sender


class Worker:
    """Sends what is due. `owner` names this process in leases; `stopping` ends every lane after what it has out."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notifier: Notifier,
        outlets: Outlets,
        gate: Gate,
        sender: Sender,
        recorder: Recorder,
        owner: str,
        meter: Meter,
        stopping: asyncio.Event,
        zone: ZoneInfo,
        seal: Seal,
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._outlets = outlets
        self._gate = gate
        self._sender = sender
        self._recorder = recorder
        self._owner = owner
        self._meter = meter
        self._stopping = stopping
        self._zone = zone
        self._seal = seal
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._breakers: dict[str, Breaker] = {}
        self._solo = Solo()

    async def work(self, lanes: asyncio.TaskGroup) -> int:
        """Start a lane for every outlet that has something due; how many are running."""
        if self._stopping.is_set():
            return len(self._lanes)
        now = self._clock.now()
        async with self._database.glance() as connection:
            busy = await dispatch.busy_outlets(connection, now)
            rows = await channels_store.outlet_rows(connection)
            with_fallback = any(at.fallback for at in self._outlets)
            diverted = await diversion_store.diversions(connection) if with_fallback else {}
        for name in busy:
            paused = name in rows and rows[name].paused_at is not None
            paused = paused or (name in diverted and diverted[name].rests(now))
            if name in self._lanes or name not in self._outlets or paused or self._breaker(name).resting(now):
                continue
            self._lanes[name] = lanes.create_task(self._lane(self._outlets[name]), name=f"lane {name}")
        return len(self._lanes)

    async def next_moment(self) -> datetime | None:
        """When there will be something to send."""
        async with self._database.glance() as connection:
            return await dispatch.next_work(connection)

    async def renew(self) -> int:
        """Lengthen the lease of all that is in hand, called more often than a lease lasts; how many lanes hold something."""
        await self._database.look_at_clock()
        if self._lanes:
            now = self._clock.now() + self._database.ahead
            async with self._database.write() as tx:
                await dispatch.renew(tx, Claim(self._owner, now, now + LEASE))
        return len(self._lanes)

    async def look_ahead(self) -> int:
        """Have what is due soon at hand, called more often than that is ahead; how many texts that are."""
        return await self._gate.look_ahead()

    def _breaker(self, name: str) -> Breaker:
        if name not in self._breakers:
            self._breakers[name] = Breaker()
            self._meter.watch(name, self._breakers[name])
        return self._breakers[name]

    async def _lane(self, at: InService) -> None:
        lane = Lane(
            *(at, self._owner, self._breaker(at.name), self._solo, self._stopping),
            zone=self._zone,
            database=self._database,
            clock=self._clock,
            notifier=self._notifier,
            gate=self._gate,
            sender=self._sender,
            recorder=self._recorder,
            meter=self._meter.lane(at.name),
            seal=self._seal,
        )
        try:
            await lane.run()
        finally:
            self._lanes.pop(at.name, None)
            self._notifier.ring("lane")
