"""Visitors of public sites counted, robots left out, nothing of anybody kept: a keyed mark for half an hour, then a number."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import Counter
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Visits
from channels.site import store
from config.clock import Clock
from config.logs import log
from db.database import Database, DatabaseTrouble

AWAY_SECONDS = 1800.0
"""Who comes back after so long without a page makes another visit."""
NOW_SECONDS = 300.0
WRITE_SECONDS, WRITE_AT = 10.0, 100
FRESH_SECONDS = 60.0
"""How long what other processes counted may be unknown here."""
MOST_MARKS = 100_000
logger = log("visitors")
_ROBOT = re.compile(
    r"bot\b|bot[/;_-]|crawl|spider|slurp|preview|scan|monitor|headless|lighthouse|archiver|facebookexternalhit|feed",
    re.IGNORECASE,
)


class Visitors:
    """Visits of all public sites of this process; what is not written yet is lost with it, ten seconds at most."""

    def __init__(self, database: Database, clock: Clock, zone: ZoneInfo) -> None:
        self._database = database
        self._clock = clock
        self._zone = zone
        self._key = secrets.token_bytes(16)
        self._seen: dict[str, dict[bytes, float]] = {}
        self._new: Counter[tuple[str, date]] = Counter()
        self._known: dict[str, tuple[float, date, Visits]] = {}
        self._written = clock.steady()

    async def note(self, outlet: str, request: web.Request) -> None:
        """Somebody has opened a page. Robots, and what a browser fetches ahead, are nobody."""
        agent = request.headers.get("User-Agent", "")
        ahead = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
        if request.method != "GET" or "Mozilla/" not in agent or _ROBOT.search(agent) or "prefetch" in ahead:
            return
        now, seen = self._clock.steady(), self._seen.setdefault(outlet, {})
        mark = hashlib.blake2b(f"{request.remote}\n{agent}".encode(), key=self._key, digest_size=8).digest()
        last = seen.pop(mark, None)
        seen[mark] = now  # the latest stand last
        if last is None or now - last > AWAY_SECONDS:
            self._new[outlet, self._today()] += 1
        self._forget(seen, now)
        if self._new.total() >= WRITE_AT or (self._new and now - self._written > WRITE_SECONDS):
            await self.write()

    async def write(self) -> None:
        """Put what was counted into the database; when it is in trouble, the pages are read all the same."""
        new, self._new = self._new, Counter()
        self._written = self._clock.steady()
        if not new:
            return
        try:
            async with self._database.write() as tx:
                for (outlet, day), count in new.items():
                    await store.add_visits(self._database, tx, outlet, day, count)
        except DatabaseTrouble as trouble:
            self._new.update(new)
            logger.warning("visits_not_written", said=trouble.en)
        self._known.clear()

    async def of(self, connection: AsyncConnection, outlet: str) -> Visits:
        """The numbers of a site."""
        now, today = self._clock.steady(), self._today()
        known = self._known.get(outlet)
        if known is None or now - known[0] > FRESH_SECONDS or known[1] != today:
            known = self._known[outlet] = (now, today, await store.visits_of(connection, outlet, today))
        counted, mine = known[2], self._new[outlet, today]
        reading = sum(now - last <= NOW_SECONDS for last in self._seen.get(outlet, {}).values())
        return replace(counted, today=counted.today + mine, total=counted.total + mine, now=reading)

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()

    @staticmethod
    def _forget(seen: dict[bytes, float], now: float) -> None:
        """Drop who has been away too long, and the longest away when there are too many."""
        while seen and (len(seen) > MOST_MARKS or now - next(iter(seen.values())) > AWAY_SECONDS):
            del seen[next(iter(seen))]
