"""Farewell: one answer to who has just refused further messages, where the outlet is configured so.

A courtesy, sent once or not at all: what fails, or is owed when the process ends, is not made up for.
"""

from __future__ import annotations

import hashlib
from collections import deque

from channels.answer import SendError
from channels.channel import Heard, To
from channels.http import Http
from channels.options import Answering
from channels.outlet import Outlets
from config.clock import Clock
from config.logs import log
from content.bulletin import Bulletin, BulletinClass, Part

logger = log("farewell")


class Farewell:
    """Owed by whoever hears a refusal, paid by the listener's loop: no report waits for it."""

    def __init__(self, clock: Clock, outlets: Outlets, http: Http, office: str) -> None:
        self._clock = clock
        self._outlets = outlets
        self._http = http
        self._office = office
        self._owed: deque[tuple[Heard, str, str]] = deque()

    def owe(self, said: Heard, outlet: str) -> bool:
        """Somebody has just refused, by this outlet; whether that is answered there."""
        at = self._outlets.get(outlet)
        text = at.outlet.options.stop_answer if at is not None and isinstance(at.outlet.options, Answering) else ""
        if text and not said.wants:
            self._owed.append((said, outlet, text))
        return bool(text)

    async def pay(self) -> int:
        """Send what is owed; how many were taken."""
        taken = 0
        while self._owed:
            said, outlet, text = self._owed.popleft()
            at, now = self._outlets[outlet], self._clock.now()
            name = f"bye-{hashlib.sha256(f'{said.address} {now.isoformat()}'.encode()).hexdigest()[:16]}"
            part = Part(
                item=name, revision=name, digest="", slug="", title="", article="", script="", short=text, chat=text
            )
            bulletin = Bulletin(name, BulletinClass.NORMAL, self._office, now, None, (part,))
            try:
                await at.channel.send(bulletin, at.outlet, To(name, said.address), self._http)
                taken += 1
            except SendError as error:
                logger.warning("farewell_not_sent", outlet=outlet, reason=error.reason)
        return taken
