"""Postbox: takes in what people write to the office, from whichever side, once."""

from __future__ import annotations

import hashlib

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Wrote
from channels.feedback import store
from channels.feedback.feedback import LONGEST, Feedback, Source, Standing, checked
from channels.outlet import InService, Outlets
from channels.seal import Seal
from config.clock import Clock
from config.words import BadInput
from content.item import Item
from db.database import Database
from db.types import new_id
from scheduler.inviting import Inviting

SOURCES = {"phone": Source.SMS, "zalo": Source.ZALO}


class Postbox:
    """Keeps what comes; the same from the same person on one day is one."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        outlets: Outlets,
        seal: Seal,
        inviting: Inviting,
        *,
        replies: bool = True,
    ) -> None:
        self._database = database
        self._clock = clock
        self._outlets = outlets
        self._seal = seal
        self._inviting = inviting
        self._replies = replies

    async def hear(self, tx: AsyncConnection, said: Wrote, outlet: str) -> bool:
        """Keep what somebody wrote to an outlet; False when it was kept before, is empty, or replies are not kept here.

        Whoever is invited to a class answers by CO or KHONG, which is no question for the office.
        """
        at = self._outlets.get(outlet)
        if await self._inviting.hear(tx, said):
            return True
        if not self._replies or at is None:
            return False
        try:
            text, _ = checked(said.text[:LONGEST])
        except BadInput:
            return False
        now = self._clock.now()
        told = said.message or f"{text} {now.date()}"
        mark = hashlib.sha256(f"{said.scheme} {said.address} {told}".encode()).hexdigest()
        whose = (at.unit, SOURCES.get(said.scheme, Source.SMS), outlet, said.scheme, said.address)
        new = Feedback(new_id(now), *whose, "", text, "", "", now, Standing.OPEN)
        return await store.add(self._database, tx, self._seal, new, mark)

    async def ask(
        self,
        tx: AsyncConnection,
        at: InService,
        text: str,
        name: str,
        phone: str,
        about: Item | None,
        procedure: str = "",
    ) -> Feedback:
        """Keep what somebody wrote on a portal; `phone` (+84...) is by which they want to be answered. Raises BadInput."""
        said, named = checked(text, name)
        now = self._clock.now()
        whose = (at.unit, Source.PORTAL, at.name, "phone" if phone else "", phone)
        of = (about.id, about.theme) if about else ("", "")
        new = Feedback(new_id(now), *whose, named, said, *of, now, Standing.OPEN, procedure=procedure)
        told = f"{at.name} {named} {phone} {said} {now.date()}"
        await store.add(self._database, tx, self._seal, new, hashlib.sha256(told.encode()).hexdigest())
        return new
