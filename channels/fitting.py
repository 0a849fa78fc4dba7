"""Fitter: outlets of the configuration file together with those set up on the desk, in every process as they are now."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.http import Http
from channels.outlet import Fault, Fittings, InService, Outlets, fit_out
from channels.setting import store
from channels.setting.store import Setting
from config.clock import Clock
from config.loading import twofold
from config.logs import log
from config.words import Word
from db.database import Database, DatabaseTrouble
from db.notifier import Notifier

TOPIC = "outlets"
POLL = 1.0
TROUBLE_SECONDS = 5.0

logger = log("fitter")


class Fitter:
    """Keeps `outlets` what file and desk say. An outlet of the file is the file's alone.

    What the desk once kept and cannot be used now (its kind is gone, its key is another) stands in `broken` with the reason;
    the others go on.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notifier: Notifier,
        http: Http,
        outlets: Outlets,
        fittings: Fittings,
        configured: Mapping[str, Mapping[str, Any]],
        key: bytes,
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._http = http
        self._outlets = outlets
        self.fittings = fittings
        self.configured = configured
        self.key = key
        self._known: dict[str, int] | None = None
        self.broken: dict[str, Word] = {}

    async def follow(self, stopping: asyncio.Event) -> None:
        """See to it until the process stops: by the ring of who changes something, and by looking."""
        async with self._notifier.waiting(TOPIC, "stop") as woken:
            while not stopping.is_set():
                woken.clear()
                pause = POLL
                try:
                    await self.fit()
                except DatabaseTrouble as trouble:
                    logger.error("database_trouble", step="fit", said=trouble.en)
                    pause = TROUBLE_SECONDS
                await self._clock.wait(woken, pause)

    async def fit(self) -> bool:
        """Bring outlets up to date; whether anything was new."""
        async with self._database.glance() as connection:
            known = await store.revisions(connection)
        if known == self._known:
            return False
        async with self._database.read() as connection:
            settings = await store.settings(connection, self.key)
        self._take(settings)
        self._known = {name: one.revision for name, one in settings.items()}
        return True

    def _take(self, settings: Mapping[str, Setting]) -> None:
        tables = {name: one.table for name, one in settings.items() if name not in self.configured}
        sealed = Fault("options", twofold("niêm phong bằng khóa khác, không mở được (sealed with another key)"))
        broken = {name: sealed for name, table in tables.items() if not table}
        while True:
            sound = {name: table for name, table in tables.items() if name not in broken}
            ready, faults = fit_out({**self.configured, **sound}, self.fittings)
            new = {name: found[0] for name, found in faults.items() if name in sound}
            if not new:
                break
            broken |= new
        self._put(ready)
        told = {
            name: Word(f"{fault.key}: {fault.words}", f"{fault.key}: {fault.words.en}")
            for name, fault in broken.items()
        }
        for name, words in told.items():
            if self.broken.get(name) != words:
                logger.error("outlet_unusable", outlet=name, said=words)
        self.broken = told

    def _put(self, ready: Mapping[str, InService]) -> None:
        self._http.widen(max((at.channel.pace_of(at.outlet).at_once for at in ready.values()), default=0))
        self._outlets.change_to(ready)

    async def faults(self, connection: AsyncConnection, name: str, table: Mapping[str, Any] | None) -> list[Fault]:
        """What would be wrong if an outlet were set like this, or (None) were there no longer; also at others for its sake."""
        settings = await store.settings(connection, self.key)
        others = {
            one: other.table for one, other in settings.items() if one not in {*self.configured, name, *self.broken}
        }
        mine = {} if table is None else {name: table}
        _, faults = fit_out({**self.configured, **others, **mine}, self.fittings)
        own = faults.pop(name, [])
        return own or [
            Fault(one.key, Word(f"{other}: {one.words}", f"{other}: {one.words.en}"))
            for other, found in faults.items()
            for one in found
        ]
