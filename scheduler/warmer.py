"""Warmer: makes recordings before they are due; a voice engine is never called at the due time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from channels.channel import Form
from channels.outlet import Outlets
from config.clock import Clock
from config.logs import log
from content import store
from content.issue import Press
from content.item import ItemState, Revision
from content.mastering import SilentSpeech, Tags
from content.recording import BadScript, Recording, Studio
from content.voice import VoiceError
from db.database import Database
from db.notifier import Notifier
from scheduler import store as scheduler_store

HORIZON = timedelta(hours=48)
LEASE = timedelta(minutes=10)
RETRY = (30, 120, 600, 1800)
"""Seconds before the next try after each failure; the last one repeats."""

logger = log("warmer")


class Warmer:
    """Records what waits for approval (so that the approver can listen) and what will be due on an audio outlet."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notifier: Notifier,
        outlets: Outlets,
        studio: Studio,
        press: Press,
        owner: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._outlets = outlets
        self._studio = studio
        self._press = press
        self._owner = owner

    async def warm(self) -> int:
        """Make every recording that is wanted and due for a try; how many were made."""
        made = 0
        for revision in await self._wanted():
            made += await self._record(revision)
        return made

    async def _wanted(self) -> list[Revision]:
        """Revisions without a finished recording: scheduled ones first, soonest first, then those in review."""
        ids: dict[str, None] = {}
        async with self._database.read() as connection:
            for schedule in await scheduler_store.coming_schedules(connection, self._clock.now() + HORIZON):
                if self._speaks(schedule.outlets):
                    ids.update(dict.fromkeys(pinned.revision for pinned in schedule.items))
            for row in await scheduler_store.open_occurrences(connection):
                if self._speaks(row.outlets):
                    ids.update(dict.fromkeys(pinned["revision"] for pinned in row.pinned))
            for item in await store.list_items(connection, states=(ItemState.IN_REVIEW,)):
                ids.setdefault(item.revision)
            revisions = {id: await store.find_revision(connection, id) for id in ids}
            keys = {id: self._key(revision) for id, revision in revisions.items()}
            known = await store.recordings(connection, [key for key in keys.values() if key])
        return [revisions[id] for id, key in keys.items() if key and self._open(known, key)]

    def _speaks(self, outlets: list[str] | tuple[str, ...]) -> bool:
        return any(name in self._outlets and self._outlets[name].channel.form is Form.AUDIO for name in outlets)

    def _key(self, revision: Revision) -> str:
        try:
            return self._press.key_of(revision)
        except BadScript:
            return ""

    def _open(self, known: Mapping[str, object], key: str) -> bool:
        row = known.get(key)
        return row is None or getattr(row, "state", "") == "wanted"

    async def _record(self, revision: Revision) -> bool:
        """One recording from claim to row; failures are told and tried again later."""
        key, now = self._press.key_of(revision), self._clock.now()
        async with self._database.write() as tx:
            if not await store.claim_recording(
                self._database, tx, key, owner=self._owner, now=now, lease_until=now + LEASE
            ):
                return False
        try:
            recording = await self._studio.record(revision.spoken, self._tags(revision))
        except (BadScript, SilentSpeech, VoiceError, OSError) as error:
            await self._failed(key, revision, error)
            return False
        await self._made(key, recording)
        return True

    def _tags(self, revision: Revision) -> Tags:
        return Tags(title=revision.title, office=self._press.office, series="Bản tin truyền thanh")

    async def _made(self, key: str, recording: Recording) -> None:
        note = "; ".join(f"{one.voice}: {one.reason_vi}" for one in recording.fallbacks)
        async with self._database.write() as tx:
            await store.save_recording(
                tx,
                key,
                self._owner,
                state="made",
                name=recording.name,
                sha256=recording.sha256,
                bytes=recording.bytes,
                seconds=recording.seconds,
                loudness=recording.lufs,
                peak=recording.true_peak_db,
                voice=recording.voice,
                note=note,
                made_at=self._clock.now(),
            )
        logger.info("recording_made", key=key, seconds=round(recording.seconds, 1), voice=recording.voice)
        self._notifier.ring("recording")
        self._notifier.ring("work")

    async def _failed(self, key: str, revision: Revision, error: Exception) -> None:
        vi = error.reason_vi if isinstance(error, VoiceError) else getattr(error, "vi", str(error))
        async with self._database.write() as tx:
            row = (await store.recordings(tx, [key]))[key]
            pause = timedelta(seconds=RETRY[min(row.tries, len(RETRY)) - 1])
            await store.save_recording(tx, key, self._owner, note=vi, next_try_at=self._clock.now() + pause)
        logger.warning("recording_failed", revision=revision.id, reason=vi)
        self._notifier.ring("recording")
