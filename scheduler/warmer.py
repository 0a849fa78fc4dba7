"""Warmer: makes recordings before they are due; a voice engine is never called at the due time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Row

from channels.channel import Form
from channels.outlet import Outlets
from config.clock import Clock
from config.logs import log
from content import store
from content.bulletin import Sound
from content.files import File
from content.film import CLIP, SRT, VTT
from content.film.making import Kept, NothingToShow
from content.issue import Press
from content.item import ItemState, Revision
from content.mastering import SilentSpeech
from content.recording import BadScript, Recording
from content.recordings import store as recording_store
from content.studio import Studio
from content.voice import VoiceError
from db.database import Database, DatabaseTrouble
from db.notifier import Notifier
from scheduler import store as scheduler_store
from scheduler.owner import is_dead
from scheduler.ride import store as ride_store

T = TypeVar("T")

HORIZON = timedelta(hours=48)
DAY = timedelta(days=1)
LEASE = timedelta(minutes=10)
TELL_SECONDS = 2.0
"""How often it is told how far a clip is."""
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
        stopping: asyncio.Event,
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._outlets = outlets
        self._studio = studio
        self._press = press
        self._owner = owner
        self._stopping = stopping

    async def rescue(self) -> int:
        """Free what makers claimed that surely live no more; how many. A lease would run for minutes yet."""
        async with self._database.read() as connection:
            dead = [owner for owner in await recording_store.makers(connection) if is_dead(owner)]
        if dead:
            async with self._database.write() as tx:
                await recording_store.free_recordings(tx, dead)
        return len(dead)

    async def film(self) -> int:
        """Make every clip that is wanted, one after the other, looking anew before each; how many were made.

        It ends soon when the house stops: a clip takes minutes, and is made again.
        """
        made, tried = 0, set[str]()
        while not self._stopping.is_set():
            wanted = await self._unvaried({id: sounds & {CLIP} for id, sounds in (await self._coming()).items()})
            job = next((one for one in wanted if one[0].id not in tried), None)
            if job is None:
                break
            tried.add(job[0].id)
            made += await self._further(*job)
        return made

    async def warm(self) -> int:
        """Make every recording that is wanted and due for a try, then their other sounds; how many were made.

        Clips are another step's business, so that no recording waits for one.
        """
        sounds = {id: wanted - {CLIP} for id, wanted in (await self._coming()).items()}
        made = await self._each([partial(self._record, revision) for revision in await self._unmade(sounds)])
        return made + await self._each([partial(self._further, *one) for one in await self._unvaried(sounds)])

    async def _coming(self) -> dict[str, set[Sound]]:
        """Revisions that are to be heard, soonest first, then those in review, with the sounds their outlets take."""
        coming: dict[str, set[Sound]] = {}
        async with self._database.read() as connection:
            for schedule in await scheduler_store.coming_schedules(connection, self._clock.now() + HORIZON):
                if self._speaks(schedule.outlets):
                    for pinned in schedule.items:
                        coming.setdefault(pinned.revision, set()).update(self._sounds(schedule.outlets))
            for row in await scheduler_store.open_occurrences(connection):
                if self._speaks(row.outlets):
                    for pinned in row.pinned:
                        coming.setdefault(pinned["revision"], set()).update(self._sounds(row.outlets))
            now = self._clock.now()
            for ride in await ride_store.running(connection, (now - DAY).date(), (now + HORIZON + DAY).date()):
                if self._speaks(ride.outlets):
                    coming.setdefault(ride.revision, set()).update(self._sounds(ride.outlets))
            for item in await store.list_items(connection, states=(ItemState.IN_REVIEW,)):
                coming.setdefault(item.revision, set())
        return coming

    def _speaks(self, outlets: Sequence[str]) -> bool:
        return any(name in self._outlets and self._outlets[name].channel.form is Form.AUDIO for name in outlets)

    def _sounds(self, outlets: Sequence[str]) -> set[Sound]:
        """What these outlets take besides the recording itself."""
        named = [self._outlets[name] for name in outlets if name in self._outlets]
        asked = {sound for at in named if at.channel.form is Form.AUDIO for sound in at.channel.sounds(at.outlet)}
        return asked - {Sound()}

    async def _unmade(self, ids: Collection[str]) -> list[Revision]:
        """Those a synthetic voice has to read that are not read yet."""
        async with self._database.read() as connection:
            revisions = await store.revisions_by_id(connection, ids)
            rows = await self._press.recordings(connection, list(revisions.values()))
        return [revisions[id] for id in ids if rows[id] is None and self._readable(revisions[id])]

    def _readable(self, revision: Revision) -> bool:
        try:
            return bool(self._press.key_of(revision)) and not revision.recorded
        except BadScript:
            return False

    async def _unvaried(self, sounds: Mapping[str, set[Sound]]) -> list[tuple[Revision, Row[Any], Sound]]:
        """The sounds that made recordings still lack."""
        ids = [id for id, wanted in sounds.items() if wanted]
        async with self._database.read() as connection:
            revisions = await store.revisions_by_id(connection, ids)
            rows = await self._press.recordings(connection, list(revisions.values()))
            audios = await self._press.audios(connection, ids)
        return [
            (revisions[id], row, sound)
            for id, audio in audios.items()
            if isinstance(row := rows[id], Row) and row.master
            for sound in sorted(sounds[id], key=str)
            if audio.sounding(sound) is None
        ]

    async def _each(self, jobs: Sequence[Callable[[], Awaitable[bool]]]) -> int:
        """Do jobs in order, as many at a time as the studio can; how many succeeded."""
        queue, made = iter(jobs), 0

        async def take() -> None:
            nonlocal made
            for job in queue:
                done = await job()  # the sum may have changed meanwhile
                made += done

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self._studio.at_once, len(jobs))):
                group.create_task(take())
        return made

    async def _record(self, revision: Revision) -> bool:
        """One recording from claim to row; failures are told and tried again later."""
        key = self._press.key_of(revision)
        if not await self._claim(key):
            return False
        try:
            async with self._held(key):
                recording = await self._studio.record(self._press.script_of(revision), self._press.tags_of(revision))
        except (BadScript, SilentSpeech, VoiceError, OSError) as error:
            await self._failed(key, revision, error)
            return False
        await self._made(key, recording)
        return True

    async def _further(self, revision: Revision, row: Row[Any], sound: Sound) -> bool:
        """One further file of a recording, made from its master, so that it is what was heard."""
        key = self._press.variant_key(revision, row.sha256, sound, row.voice or "")
        if not await self._claim(key):
            return False
        make = self._film if sound == CLIP else self._vary
        return await make(key, revision, row, sound)

    async def _film(self, key: str, revision: Revision, row: Row[Any], sound: Sound) -> bool:
        """A clip with its subtitles; how far it is stands in its row meanwhile."""
        film = await asyncio.to_thread(self._press.film_of, revision, row.voice or "")
        told_at = self._clock.steady()

        async def progress(done: float) -> None:
            nonlocal told_at
            if self._clock.steady() - told_at >= TELL_SECONDS:
                told_at = self._clock.steady()
                await self._tell(key, f"đang dựng clip, được {done:.0%}")

        try:
            async with self._held(key):
                made = await self._unless_stopped(self._studio.film(row.master, film, progress))
        except (NothingToShow, OSError) as error:
            await self._failed(key, revision, error)
            return False
        if made is None:
            await self._free(key)
            return False
        about = {"voice": row.voice or "", "variant_of": row.sha256, "master": row.master}
        for subtitle in (SRT, VTT):
            await self._add(
                self._press.variant_key(revision, row.sha256, subtitle, row.voice or ""), subtitle, made, about
            )
        await self._save(key, made[CLIP], format=sound.format, lufs=sound.lufs, note="", **about)
        logger.info("clip_made", key=key, seconds=round(made[CLIP].seconds, 1))
        return True

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What comes of the work; None when the house is to stop before it is done."""
        job, stop = asyncio.ensure_future(work), asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({job, stop}, return_when=asyncio.FIRST_COMPLETED)
            return job.result() if job.done() else None
        finally:
            for task in (job, stop):
                task.cancel()
            await asyncio.shield(asyncio.wait({job, stop}))

    async def _free(self, key: str) -> None:
        """Whoever comes next may begin at once."""
        async with self._database.write() as tx:
            await recording_store.save_recording(tx, key, self._owner, note="")

    async def _tell(self, key: str, note: str) -> None:
        """How far something is, for whoever looks; nothing is lost if it cannot be told."""
        with contextlib.suppress(DatabaseTrouble):
            async with self._database.write() as tx:
                lease = self._clock.now() + LEASE
                await recording_store.renew_recording(tx, key, self._owner, lease, note=note)
            self._notifier.ring("recording")

    async def _add(self, key: str, sound: Sound, made: Mapping[Sound, Kept], about: Mapping[str, Any]) -> None:
        one = made[sound]
        file = {"name": one.name, "sha256": one.sha256, "bytes": one.bytes, "seconds": one.seconds}
        more = {"format": sound.format, "lufs": sound.lufs, "made_at": self._clock.now()}
        async with self._database.write() as tx:
            await recording_store.add_recording(self._database, tx, key, **file, **more, **about)

    async def _vary(self, key: str, revision: Revision, row: Row[Any], sound: Sound) -> bool:
        """Another format or loudness, from claim to row."""
        voice = row.voice or ""
        origin = self._press.origin_of(revision, voice)
        try:
            async with self._held(key):
                file = await self._studio.vary(row.master, sound, self._press.tags_of(revision), origin)
        except OSError as error:
            await self._failed(key, revision, error)
            return False
        more = {"voice": voice, "variant_of": row.sha256, "format": sound.format, "lufs": sound.lufs}
        await self._save(key, file, master=row.master, **more)
        logger.info("variant_made", key=key, format=sound.format, lufs=sound.lufs)
        return True

    async def _claim(self, key: str) -> bool:
        now = self._clock.now()
        async with self._database.write() as tx:
            return await recording_store.claim_recording(
                self._database, tx, key, owner=self._owner, now=now, lease_until=now + LEASE
            )

    @asynccontextmanager
    async def _held(self, key: str) -> AsyncIterator[None]:
        """The claim, renewed as long as the making takes: half an hour of speech on an old core outlasts any lease."""
        done = asyncio.Event()

        async def renew() -> None:
            while not await self._clock.wait(done, LEASE.total_seconds() / 3):
                with contextlib.suppress(DatabaseTrouble):  # there are two more turns before the lease is over
                    async with self._database.write() as tx:
                        await recording_store.renew_recording(tx, key, self._owner, self._clock.now() + LEASE)

        renewing = asyncio.ensure_future(renew())
        try:
            yield
        finally:
            done.set()
            await renewing

    async def _made(self, key: str, recording: Recording) -> None:
        note = "; ".join(f"{one.voice}: {one.reason_vi}" for one in recording.fallbacks)
        await self._save(key, recording, master=recording.master, voice=recording.voice, note=note)
        logger.info("recording_made", key=key, seconds=round(recording.seconds, 1), voice=recording.voice)

    async def _save(self, key: str, made: Recording | File | Kept, **more: Any) -> None:
        figures = {"seconds": made.seconds, "loudness": made.lufs, "peak": made.true_peak_db}
        file = {"name": made.name, "sha256": made.sha256, "bytes": made.bytes, "made_at": self._clock.now()}
        async with self._database.write() as tx:
            await recording_store.save_recording(tx, key, self._owner, state="made", **file, **figures, **more)
        self._notifier.ring("recording")
        self._notifier.ring("work")

    async def _failed(self, key: str, revision: Revision, error: Exception) -> None:
        vi = error.reason_vi if isinstance(error, VoiceError) else getattr(error, "vi", str(error))
        async with self._database.write() as tx:
            row = (await recording_store.recordings(tx, [key]))[key]
            pause = timedelta(seconds=RETRY[min(row.tries, len(RETRY)) - 1])
            await recording_store.save_recording(tx, key, self._owner, note=vi, next_try_at=self._clock.now() + pause)
        logger.warning("recording_failed", revision=revision.id, reason=vi)
        self._notifier.ring("recording")
