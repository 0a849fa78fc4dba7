"""Gate: whether a parcel in hand may go out now, and what becomes of one that may not."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.channel import Form
from channels.outlet import InService
from channels.seal import Seal
from config.clock import Clock
from config.logs import log
from content.bulletin import Bulletin, BulletinClass, Part, Pinned
from content.issue import Cleared, NotApproved, Press
from db.database import Database
from db.notifier import Notifier
from db.types import from_ms, to_ms
from scheduler import store
from scheduler.delivery import Parcel, State
from scheduler.dispatch import holds
from scheduler.dispatch import store as dispatch
from scheduler.dispatch.allot import allot
from scheduler.outcome import Job, Outcome, given_up, job, untouched
from scheduler.policy import ALLOTTED_FOR, Policy, Verdict
from scheduler.schedule import QuietHours

AUDIO_PAUSE = timedelta(seconds=5)
CHECK_SECONDS = 0.5
"""So long a ruling holds, here and again in a lane's hand: what is withdrawn stops within two seconds."""

AHEAD = timedelta(seconds=30)
MOST_AHEAD, FEW = 100, 4
"""Texts looked at before they are due, and how many of them while nothing else can be done."""

logger = log("gate")


@dataclass(frozen=True, slots=True)
class Later:
    """Not before this moment; `rule` is the policy's that says so, if it is one."""

    moment: datetime
    rule: Verdict | None = None


@dataclass(frozen=True, slots=True)
class Never:
    """Not at all: the state of what has not been sent, and why; `rule` as in Later."""

    state: State
    reason: str = ""
    rule: Verdict | None = None


Ruling = Bulletin | Later | Never


class Gate:
    """Knows the hours of rest, the approvals, and the rules of the policy."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notifier: Notifier,
        press: Press,
        quiet: QuietHours,
        policy: Policy,
        seal: Seal,
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._press = press
        self._quiet = quiet
        self._policy = policy
        self._seal = seal
        self._cleared: dict[Pinned, tuple[float, Cleared | NotApproved]] = {}
        self._asked: set[Pinned] = set()

    async def rule(self, at: InService, parcels: Sequence[Parcel]) -> list[Ruling]:
        """Of each parcel its bulletin as approved if it may go out now, else what keeps it."""
        now = self._clock.now()
        early = [self._untimely(at, parcel, now) for parcel in parcels]
        asked = [parcel for parcel, ruling in zip(parcels, early, strict=True) if ruling is None]
        cleared = await self._clear({one for parcel in asked for one in parcel.order.texts}, now)
        rulings = [
            ruling or self._judged(at, self._press.issue(parcel.order, cleared), now)
            for parcel, ruling in zip(parcels, early, strict=True)
        ]
        for parcel, ruling in zip(parcels, rulings, strict=True):
            if isinstance(ruling, Bulletin):
                await self._look_at_people(at, parcel, ruling, now)
        return rulings

    async def look_ahead(self) -> int:
        """Have texts at hand that will be due within half a minute; how many. What is due at its second then waits for none.

        Whether they may go out is asked again when they go.
        """
        now = self._clock.now()
        async with self._database.read() as connection:
            coming = (await store.coming_texts(connection, now + AHEAD, MOST_AHEAD))[:MOST_AHEAD]
        for begin in range(0, len(coming), FEW):
            async with self._database.glance() as connection:
                await self._press.clear(connection, coming[begin : begin + FEW], now)
            await asyncio.sleep(0)
        return len(coming)

    def _untimely(self, at: InService, parcel: Parcel, now: datetime) -> Later | Never | None:
        if now > from_ms(parcel.until):
            return Never(State.MISSED)
        disturbing = at.channel.quiet_hours and parcel.rank != BulletinClass.URGENT.rank
        if disturbing and (opening := self._quiet.opening(now)) > now:
            return Later(opening)
        return None

    async def _clear(self, pinned: AbstractSet[Pinned], now: datetime) -> dict[Pinned, Cleared | NotApproved]:
        """Each text checked anew twice a second: many parcels of many occurrences go out meanwhile."""
        steady = self._clock.steady()
        self._asked |= pinned
        if any(one not in self._cleared or steady - self._cleared[one][0] >= CHECK_SECONDS for one in pinned):
            # With them all that was asked for lately: they would be a query each soon.
            asked, self._asked = self._asked, set(pinned)
            async with self._database.glance() as connection:
                cleared = await self._press.clear(connection, asked, now)
            fresh = {one: known for one, known in self._cleared.items() if steady - known[0] < CHECK_SECONDS}
            self._cleared = fresh | {one: (steady, said) for one, said in cleared.items()}
        return {one: self._cleared[one][1] for one in pinned}

    def _judged(self, at: InService, issued: Bulletin | NotApproved, now: datetime) -> Ruling:
        if isinstance(issued, NotApproved):
            return Never(State.CANCELLED, issued.vi)
        if rule := self._policy.refusal(at, issued.purposes):
            return Never(State.CANCELLED, rule=rule)
        if waits := self._policy.opening(at, issued.purposes, now):
            return Later(*waits)
        issued = _fitting(at, issued)
        if at.channel.form is Form.AUDIO and not all(_is_ready(at, part) for part in issued.parts):
            return Later(now + AUDIO_PAUSE)
        if not at.channel.scheme and issued.asks_own:
            return issued.with_own("", "", "")  # a public place has no reader of its own
        return issued

    async def _look_at_people(self, at: InService, parcel: Parcel, bulletin: Bulletin, now: datetime) -> None:
        """Where something is asked of each recipient: places for what is left, again when they are old or of another day."""
        asked = self._policy.personal(at, bulletin.purposes, bulletin.klass, now)
        since = parcel.allotted_at
        if asked is None or (
            since is not None
            and timedelta() <= now - since < ALLOTTED_FOR
            and self._policy.day_of(since) == self._policy.day_of(now)
        ):
            return
        held = await self._database.run(allot(self._database, self._seal, parcel, at.channel.scheme, asked, to_ms(now)))
        parcel.allotted_at = now
        if held:
            logger.info("held_back", outlet=at.name, parcel=parcel.id, rules=held)
            self._notifier.ring("delivery")

    async def turn_away(self, parcel: Parcel, ruling: Later | Never) -> list[Outcome]:
        """Let go of a parcel of which nothing is under way; of further tries, their outcomes."""
        if not parcel.first:
            jobs = [job(parcel, *place) for place in parcel.todo[parcel.at :]]
            if ruling.rule:
                await self._note_repeats(parcel, ruling.rule, jobs, never=isinstance(ruling, Never))
            parcel.at, parcel.out = len(parcel.todo), {job.seq for job in jobs}
            if isinstance(ruling, Later):
                return [untouched(one, ruling.moment) for one in jobs]
            return [given_up(one, one.why, ruling.state) for one in jobs]
        free = {"owner": None, "lease_until": None}
        async with self._database.write() as tx:
            if isinstance(ruling, Later):
                moment = {"due_at": ruling.moment}
                ours = await dispatch.settle(self._database, tx, parcel.id, {}, epoch=parcel.epoch, **free, **moment)
            else:
                if ruling.reason:
                    await store.change_occurrence(tx, parcel.order.id, reason=ruling.reason)
                rest = dict.fromkeys((seq for seq, _, _ in parcel.todo[parcel.at :]), ruling.state)
                whole = {"cursor": len(parcel.people)}
                ours = await dispatch.settle(self._database, tx, parcel.id, rest, epoch=parcel.epoch, **free, **whole)
            if ruling.rule and ours:
                held = parcel.left if isinstance(ruling, Never) else 0
                note = (ruling.rule.rule, ruling.rule.reason_vi, self._clock.now())
                await holds.hold(self._database, tx, parcel.id, {holds.ALL_LEFT: held}, *note)
                logger.info("held_by_rule", outlet=ruling.rule.outlet, parcel=parcel.id, rule=ruling.rule.rule)
        self._notifier.ring("delivery")
        return []

    async def _note_repeats(self, parcel: Parcel, rule: Verdict, jobs: Sequence[Job], *, never: bool) -> None:
        """Why these repeats do not go, or not yet; what may have arrived is unsure, and not held back."""
        counts = {one.seq: int(never) for one in jobs if one.why != "doubt"}
        async with self._database.write() as tx:
            note = (rule.rule, rule.reason_vi, self._clock.now())
            await holds.hold(self._database, tx, parcel.id, counts, *note)


def _fitting(at: InService, issued: Bulletin) -> Bulletin:
    """The bulletin without what cannot go along after all: its own texts neither wait for that nor make room."""
    for one in [part for part in reversed(issued.parts) if part.ride]:
        if not _has_room(at, issued, one):
            logger.info("ride_left_out", outlet=at.name, occurrence=issued.id, item=one.item)
            issued = issued.without(one.item)
    return issued


def _has_room(at: InService, issued: Bulletin, one: Part) -> bool:
    """Whether a text that goes along is recorded, and the message not too long with it."""
    if at.channel.form is Form.AUDIO:
        return _is_ready(at, one)
    text = {Form.SHORT: issued.short, Form.CHAT: issued.chat}.get(at.channel.form, "")
    return not at.channel.limit or len(text) <= at.channel.limit


def _is_ready(at: InService, one: Part) -> bool:
    """Whether a text is recorded, in every sound that the outlet does not go without."""
    return one.audio is not None and all(one.audio.sounding(sound) for sound in at.channel.waits_for)
