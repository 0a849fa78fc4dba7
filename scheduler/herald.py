"""Herald: sends events to who subscribes, again and again on the schedule of Standard Webhooks until each is taken.

One process at a time sends to a receiver. What was sent and not noted when it died is sent again, under the same id.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from channels.answer import SendError, retry_after
from channels.http import Http
from config.clock import Clock
from config.logs import log
from config.words import Word, joined
from db.database import Database
from db.journal import Journal
from db.notifier import Notifier
from db.types import new_id
from scheduler.events import store as event_store
from scheduler.events.event import KEPT, TEST, Event, body_of
from scheduler.retry import LONG_STEPS, next_try
from scheduler.subscription import store
from scheduler.subscription.keys import Keys, signed
from scheduler.subscription.store import LOA, Due, Subscription

AT_ONCE = 8
TURN_SECONDS = 5.0
LEASE = timedelta(minutes=1)
"""Longer than one batch can take."""
DISABLED_AFTER = timedelta(days=5)
LONGEST_HINT = timedelta(days=1).total_seconds()
GONE = 410
ANY_STATUS = range(100, 1000)
SHOWN = 200
UNOPENED = Word(
    "khóa ký không mở được bằng khóa của Loa này; hãy cấp khóa mới",
    "the signing key cannot be opened with this Loa's key; issue a new one",
)

logger = log("herald")


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a try: the status and the first words of the answer, or why there was none; `hint`: seconds to wait."""

    status: int | None
    words: str
    hint: float | None = None

    @property
    def good(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


class Herald:
    """Sends what is due; several processes share the receivers. `source` is the address of this Loa."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notifier: Notifier,
        http: Http,
        journal: Journal,
        stopping: asyncio.Event,
        keys: Keys,
        source: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._http = http
        self._journal = journal
        self._stopping = stopping
        self._keys = keys
        self._source = source

    async def announce(self) -> int:
        """Send what is due to each receiver, for some seconds; how many requests that were."""
        async with self._database.glance() as connection:
            due = await store.due(connection, self._clock.now())
        try:
            async with asyncio.TaskGroup() as sending:
                sent = [sending.create_task(self._serve(id)) for id in due]
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
        return sum(one.result() for one in sent)

    async def try_out(self, to: Subscription) -> Tried:
        """Send an event that tells of nothing, once, whether the receiver is paused or not; nothing of it is kept."""
        now = self._clock.now()
        return await self._send(to, Event(f"test-{new_id(now)}", TEST, now, f"subscription/{to.id}", {}))

    async def _serve(self, id: str) -> int:
        begun, count, now = self._clock.steady(), 0, self._clock.now()
        async with self._database.write() as tx:
            held = await store.claim(tx, id, now, now + LEASE)
        while held is not None:
            async with self._database.read() as connection:
                due = await store.batch(connection, id, self._clock.now(), AT_ONCE)
                events = await event_store.events_by_id(connection, [one.event for one in due])
            if not due or held.paused_at is not None or self._is_late(begun):
                async with self._database.write() as tx:
                    await store.hold_on(tx, held, None)
                break
            kept = [one for one in due if one.event in events]
            tried = await asyncio.gather(*(self._send(held, events[one.event]) for one in kept))
            held = await self._note(held, due, dict(zip(kept, tried, strict=True)))
            count += len(due)
        return count

    def _is_late(self, begun: float) -> bool:
        return self._stopping.is_set() or self._clock.steady() - begun >= TURN_SECONDS

    async def _send(self, to: Subscription, event: Event) -> Tried:
        now, body = self._http.now(), body_of(event, self._source)
        keys = self._keys.of(to, now)
        if not keys:
            return Tried(None, UNOPENED)
        headers = signed(keys, event.id, now, body)
        try:
            answer = await self._http.request(
                "POST", to.url, headers=headers, body=body.encode(), accept=ANY_STATUS, hide=keys
            )
        except SendError as error:
            return Tried(None, Word(error.vi[:SHOWN], error.en[:SHOWN]))
        return Tried(answer.status, answer.shown()[:SHOWN], retry_after(answer.headers, now))

    async def _note(self, held: Subscription, due: Sequence[Due], tried: dict[Due, Tried]) -> Subscription | None:
        """Write what came of a batch; the receiver while it is still ours to send to."""
        now, answers = self._clock.now(), list(tried.values())
        health = _health(held, answers, now)
        why = _why_disabled(answers, health.get("failing_since", held.failing_since), now)
        async with self._database.write() as tx:
            kept = await store.hold_on(tx, held, None if why else now + LEASE, **health)
            for one in due:
                how = tried.get(one)
                if how is None or how.good:  # of what is too old to be kept nothing was sent
                    await store.taken(tx, held.id, one)
                else:
                    await store.put_off(tx, held.id, one, _again(held.id, one, how, now))
            disabled = bool(why) and await store.pause(tx, held.id, now, LOA, why)
            if disabled:
                thing = f"subscription/{held.id}"
                await self._journal.note(tx, now, LOA, "pause_subscription", thing, title=held.title, reason=why)
        if disabled:
            logger.error("subscription_disabled", subscription=held.id, reason=why)
        if disabled or "failing_since" in health:
            self._notifier.ring("outlet")
        return None if why else kept


def _health(held: Subscription, tried: Sequence[Tried], now: datetime) -> dict[str, Any]:
    """How the receiver does after these; `failing_since` only where that has changed."""
    health: dict[str, Any] = {}
    bad = [one for one in tried if not one.good]
    if len(bad) < len(tried):
        health["worked_at"] = now
    if bad:
        health |= {"failed_at": now, "failed_status": bad[-1].status, "failed_words": bad[-1].words}
    if tried:
        since = None if len(bad) < len(tried) else held.failing_since or now
        health |= {"failing_since": since} if since != held.failing_since else {}
    return health


def _why_disabled(tried: Sequence[Tried], since: datetime | None, now: datetime) -> str:
    """Why nothing more is to be sent there until a person has looked; empty: there is no reason."""
    if any(one.status == GONE for one in tried):
        return "nơi nhận trả lời 410: không nhận nữa"
    if since is not None and now - since >= DISABLED_AFTER:
        last = next(one for one in reversed(tried) if not one.good)
        return f"không nhận được gì trong {DISABLED_AFTER.days} ngày liền; lần cuối: {said(last.status, last.words)}"
    return ""


def said(status: int | None, words: str) -> Word:
    """An answer in a few words: `500 Internal Server Error`, or why there was none."""
    return joined((part for part in (str(status or ""), words) if part), " ")


def _again(id: str, one: Due, how: Tried, now: datetime) -> datetime | None:
    """The moment of the next try; those that failed together are set apart, always in the same way."""
    mark = hashlib.sha256(f"{id} {one.event} {one.tries}".encode()).digest()
    hint = None if how.hint is None else min(how.hint, LONGEST_HINT)
    spread = int.from_bytes(mark[:4]) / 2**32
    return next_try(one.tries + 1, now, now + KEPT, hint=hint, spread=spread, steps=LONG_STEPS)
