"""Lookout: stations that have not fetched what they are to air soon, or hold what must not be aired any more.

An alert says whom to call. It is gone when the station has fetched or aired it; nothing of it is stored but the event by
which other systems are told, where they asked for it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.channel import Programme, Shelved, Timetable
from channels.outlet import InService, Outlets
from channels.pulls import store as pull_store
from channels.shelf import store as shelf_store
from channels.shelf.fetched import Fetch, Pulled, delivery_state, part_states
from channels.station import store as station_store
from channels.station.store import Airing
from channels.station.tracks import programme_lead
from config.clock import Clock
from config.logs import log
from db.database import Database
from db.notifier import Notifier
from scheduler.events import store as event_store
from scheduler.events.event import Event, Kind

URGENT_DAY = timedelta(days=1)
"""So long an urgent bulletin that nobody fetches is called for."""
TAKEN_BACK_DAY = timedelta(days=1)
"""So long a station that holds what was taken back is to be called."""
LONGEST = timedelta(hours=12)

logger = log("lookout")


@dataclass(frozen=True, slots=True)
class Alert:
    """One station to be called: `slot` is empty for an urgent bulletin; `at` is when it airs, or since when it stands.

    `taken_back` tells that the station has fetched a bulletin that was `withdrawn` or `corrected` at that moment.
    """

    outlet: str
    slot: str
    at: datetime
    title: str
    phone: str
    deliveries: tuple[str, ...]
    taken_back: str = ""

    @property
    def is_urgent(self) -> bool:
        """Whether it is an urgent bulletin, to be aired at once."""
        return not self.slot and not self.taken_back

    @property
    def kind(self) -> str:
        """`slot`, `urgent`, `withdrawn` or `corrected`."""
        return self.taken_back or ("urgent" if self.is_urgent else "slot")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of some deliveries."""

    pulls: Mapping[str, Sequence[Pulled]]
    airings: Mapping[str, Sequence[Airing]]

    def aired(self, delivery: str, since: datetime) -> bool:
        """Whether somebody said so from a moment on."""
        return any(one.at >= since for one in self.airings.get(delivery, ()))

    def fetched(self, delivery: str, parts: int) -> bool:
        """Whether every part has gone out whole, by any file."""
        states = part_states(self.pulls.get(delivery, ()), parts)
        return delivery_state(states) is Fetch.COMPLETE

    def holds(self, delivery: str) -> bool:
        """Whether something of it has gone out, or somebody has aired it."""
        return any(pull.ranges for pull in self.pulls.get(delivery, ())) or delivery in self.airings


class Lookout:
    """Looks at all stations, and rings when what is to be told has changed."""

    def __init__(self, database: Database, clock: Clock, notifier: Notifier, outlets: Outlets) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._outlets = outlets
        self._told: set[Alert] = set()

    async def look(self) -> int:
        """A look; how many alerts there are."""
        now = self._clock.now()
        async with self._database.read() as connection:
            found = set(await alerts(connection, self._outlets, now))
            is_wanted = bool(found - self._told) and Kind.STATION_LATE in await event_store.wanted(connection)
        if is_wanted:
            async with self._database.write() as tx:
                await event_store.add(self._database, tx, [_event_of(one, now) for one in found - self._told])
            self._notifier.ring("event")
        for one in found - self._told:
            logger.warning(
                "station_to_be_called", outlet=one.outlet, slot=one.slot or one.taken_back or "urgent", title=one.title
            )
        if found != self._told:
            self._told = found
            self._notifier.ring("alert")
        return len(found)


def _event_of(one: Alert, now: datetime) -> Event:
    """The same alert is the same event for every process that sees it, also after a restart."""
    what = [one.outlet, one.slot, one.at.isoformat(), one.taken_back, *([] if one.slot else one.deliveries)]
    mark = hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]
    about = {
        "outlet": one.outlet,
        "kind": one.kind,
        "slot": one.slot or None,
        "at": one.at.isoformat(),
        "title": one.title,
        "deliveries": list(one.deliveries),
    }
    return Event(f"late-{mark}", Kind.STATION_LATE, now, f"outlet/{one.outlet}", about)


async def alerts(connection: AsyncConnection, outlets: Outlets, now: datetime) -> list[Alert]:
    """Every station that is to be called now, urgent bulletins first, then by when they air."""
    stations = {at.name: (at, table) for at in outlets if (table := at.channel.timetable(at.outlet)) is not None}
    if not stations:
        return []
    urgent = await shelf_store.urgent_since(connection, list(stations), now - URGENT_DAY)
    urgent = [(name, one) for name, one in urgent if one.until is None or one.until > now]
    programmes = await station_store.open_programmes(connection, now, now + LONGEST)
    gone = await shelf_store.taken_back_since(connection, list(stations), now - TAKEN_BACK_DAY)
    shelves = {name: await shelf_store.on_shelf(connection, name, now) for name in {name for name, _ in gone}}
    later = [one for shelf in shelves.values() for one in shelf]
    ids = {one.delivery for one in [*later, *(one for _, one in (*urgent, *gone))]}
    ids |= {delivery for one in programmes for delivery, _ in one.holds}
    known = Known(
        await pull_store.pulls_of(connection, list(ids)), await station_store.airings_of(connection, list(ids))
    )
    found = [_of_urgent(*stations[name], one, known, now) for name, one in urgent]
    found += [_of_taken_back(*stations[name], one, shelves[name], known) for name, one in gone]
    found += [_of_slot(*stations[one.outlet], one, known, now) for one in programmes if one.outlet in stations]
    return sorted((one for one in found if one), key=lambda one: (not one.is_urgent, one.at, one.outlet))


def _of_urgent(at: InService, timetable: Timetable, one: Shelved, known: Known, now: datetime) -> Alert | None:
    parts = len(one.bulletin.parts)
    if now - one.since < timetable.urgent_alert or known.fetched(one.delivery, parts):
        return None
    if known.aired(one.delivery, one.since):
        return None
    return Alert(at.name, "", one.since, one.bulletin.title, timetable.phone, (one.delivery,))


def _of_taken_back(
    at: InService, timetable: Timetable, one: Shelved, shelf: Sequence[Shelved], known: Known
) -> Alert | None:
    """A station holds what was taken back, and not yet what came in its place."""
    assert one.withdrawn_at is not None
    items = {part.item for part in one.bulletin.parts}
    later = [two for two in shelf if two.since > one.since and items & {part.item for part in two.bulletin.parts}]
    if not known.holds(one.delivery) or any(known.fetched(two.delivery, len(two.bulletin.parts)) for two in later):
        return None
    what = "corrected" if later else "withdrawn"
    return Alert(at.name, "", one.withdrawn_at, one.bulletin.title, timetable.phone, (one.delivery,), what)


def _of_slot(at: InService, timetable: Timetable, one: Programme, known: Known, now: datetime) -> Alert | None:
    """A programme counts as fetched by its own file as it is now, or by the files of all that is in it."""
    if now < one.starts_at - timetable.alert or not one.holds or one.state == "broken":
        return None
    if _has_programme(one, known) or all(_has_items(delivery, parts, known) for delivery, parts in one.holds):
        return None
    if all(known.aired(delivery, one.starts_at - timetable.ready) for delivery, _ in one.holds):
        return None
    title = next((slot.words for slot in timetable.slots if slot.name == one.slot), one.slot)
    deliveries = tuple(delivery for delivery, _ in one.holds)
    return Alert(at.name, one.slot, one.starts_at, title, timetable.phone, deliveries)


def _has_programme(one: Programme, known: Known) -> bool:
    if one.audio is None:
        return False
    marks = {one.audio.sha256[:8], *(variant.sha256[:8] for variant in one.audio.variants)}
    files = [pull for delivery, _ in one.holds for pull in known.pulls.get(delivery, ())]
    mine = [pull for pull in files if pull.file.startswith(programme_lead(one))]
    return any(pull.complete_at and any(mark in pull.file for mark in marks) for pull in mine)


def _has_items(delivery: str, parts: int, known: Known) -> bool:
    """By files that may be played again: yesterday's programme does not count for today's."""
    pulls = [pull for pull in known.pulls.get(delivery, ()) if not pull.is_programme]
    return delivery_state(part_states(pulls, parts)) is Fetch.COMPLETE
