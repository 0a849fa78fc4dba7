"""Inbox: partners' calls kept durably, many in one commit: who comes while one is on its way shares the next."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from channels.seal import Seal
from channels.store import Call, store_callbacks
from db.database import Database


@dataclass
class _Batch:
    calls: list[Call] = field(default_factory=list)
    kept: bool = False


class Inbox:
    """Keeps calls until they are applied."""

    def __init__(self, database: Database, seal: Seal) -> None:
        self._database = database
        self._seal = seal
        self._open = _Batch()
        self._turn = asyncio.Lock()

    async def keep(self, call: Call) -> None:
        """Returns when the call is durable. Whoever gets the turn first writes for all of its batch.

        Should it fail or be cancelled, the next of them writes all of it again; none is answered before it is kept.
        """
        batch = self._open
        batch.calls.append(call)
        async with self._turn:
            if batch.kept:
                return
            if batch is self._open:
                self._open = _Batch()
            async with self._database.write() as tx:
                await store_callbacks(tx, self._seal, batch.calls)
            batch.kept = True
