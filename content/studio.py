"""Studio: scripts spoken, uploads taken in, other sounds and programmes made; each kept beside its lossless master.

Other sounds of a recording, and programmes of several, are made from the masters, so that what was approved is never
spoken again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import IO, TypeVar

from config.words import BadInput
from content.bed.mixing import tuned, under
from content.bulletin import Audio, Sound, Variant
from content.files import SYNTHETIC, File, Origin, keep, keep_finished, keep_master
from content.film.making import Film, Kept, Progress
from content.film.making import make as make_film
from content.mastering import Mastered, Mastering, SilentSpeech, Tags, finish, shape
from content.programme import CLOSING, OPENING, Joined, Programme, Segment, laid_out, pieces_of
from content.recording import Recording, canonical, recording_key, script_digest, upload_key
from content.upload import decode
from content.voice import Fallback, Speech, Voice, speak

T = TypeVar("T")


class Studio:
    """Makes recordings in `directory` with `voices` in order of preference; `at_once` of them mastered in parallel.

    The studio owns its threads, not the voices. What is asked for twice at the same time is made once, with the tags of
    the first who asked.
    """

    def __init__(
        self, voices: Sequence[Voice], directory: Path, mastering: Mastering | None = None, *, at_once: int = 1
    ) -> None:
        self._voices = tuple(voices)
        self._directory = directory
        self._mastering = mastering or Mastering()
        self.at_once = at_once
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="loa-studio")
        self._making: dict[str, _Job] = {}
        self._decoding = asyncio.Semaphore(1)

    def key(self, script: str) -> str:
        """The key a recording of `script` would have here. Raises BadScript."""
        return recording_key(script, [voice.mark for voice in self._voices], self._mastering)

    def path(self, recording: Recording) -> Path:
        """Where the file of a recording is, or would be."""
        return self._directory / recording.name

    async def record(
        self, script: str, tags: Tags | None = None, *, on_fallback: Callable[[Fallback], None] | None = None
    ) -> Recording:
        """Speak, master and keep `script`; the file is whole and on disk when this returns.

        Raises BadScript, VoiceUnavailable, VoiceRefused, SilentSpeech or OSError (disk). Cancelling leaves nothing
        behind, unless another caller waits for the same key.
        """
        key = self.key(script)
        job = self._making.get(key)
        if job is None:
            task = asyncio.ensure_future(self._make(key, canonical(script), tags or Tags(), on_fallback))
            job = self._making[key] = _Job(task)
            task.add_done_callback(lambda _: self._forget(key, task))
        job.waiting += 1
        try:
            return await asyncio.shield(job.task)
        except asyncio.CancelledError:
            if job.waiting == 1 and not job.task.done():
                self._making.pop(key, None)  # whoever comes now begins anew
                job.task.cancel()
                await asyncio.wait([job.task])
            raise
        finally:
            job.waiting -= 1

    async def take_in(self, file: IO[bytes], tags: Tags) -> Recording:
        """A person's recording from an open file, shaped, mastered and kept like a voice's. Raises BadInput, OSError."""
        key = upload_key(await asyncio.to_thread(_digest, file), self._mastering)
        async with self._decoding:  # each may take much memory
            speech = await decode(file)
        try:
            master, made = await self._produce(speech, tags, Origin())
        except SilentSpeech as error:
            raise BadInput(f"Tệp ghi âm: {error.vi}", f"The recording: {error.en}", field="recording") from None
        figures = (made.sha256, made.bytes, made.seconds, made.lufs, made.true_peak_db)
        return Recording(key, made.name, *figures, "", master)

    async def take_bed(self, file: IO[bytes]) -> str:
        """Music from an open file, kept for `Programme.bed`; what it is called there. Raises BadInput, OSError.

        A file that was taken before is known again and not decoded.
        """
        place = f"beds/{await asyncio.to_thread(_digest, file)}.json"
        known = await asyncio.to_thread(_remembered, self._directory, place)
        if known is None:
            stop = threading.Event()
            try:
                async with self._decoding:
                    music = await decode(file)
                name = await self._off_loop(stop, lambda: keep_master(self._directory, tuned(music, stop)))
            except (BadInput, SilentSpeech) as error:
                raise BadInput(f"Nhạc nền: {error.vi}", f"The bed: {error.en}", field="music") from None
            known = {"master": name}
            await asyncio.to_thread(keep, self._directory, place, json.dumps(known).encode())
        return known["master"]

    async def vary(self, master: str, sound: Sound, tags: Tags, origin: Origin) -> File:
        """The recording of a kept master in another sound, kept too. Raises OSError (also when the master is gone)."""
        stop, tags = threading.Event(), _marked(tags, origin.voice)

        def make() -> File:
            data = (self._directory / master).read_bytes()
            mastering = self._mastering.sounding(sound)
            return keep_finished(self._directory, finish(data, mastering, tags, stop), mastering, origin, master)

        return await self._off_loop(stop, make)

    async def film(self, master: str, film: Film, progress: Progress) -> dict[Sound, Kept]:
        """The clip of a kept master and its subtitles, kept too. Raises NothingToShow, OSError; see `content.film.making`."""
        return await make_film(self._directory, master, film, progress)

    async def join(self, programme: Programme) -> Joined:
        """Join recordings to one, finish it in every sound and keep it with its master.

        The studio's own sound is the file, the others are its variants. Announcements are spoken once and remembered.
        Raises what `record` raises for them, and OSError (also when a master is gone).
        """
        stop, air = threading.Event(), self._mastering.air
        programme = replace(programme, segments=await self._announced(programme))
        pieces = pieces_of(programme, self._directory)
        master, chapters = await self._off_loop(stop, laid_out, pieces, air, stop)
        if programme.bed:
            bed = await asyncio.to_thread((self._directory / programme.bed).read_bytes)
            master = await self._off_loop(stop, under, master, bed, stop)
        voice = ", ".join(dict.fromkeys(segment.voice for segment in programme.segments if segment.voice))
        tags = _marked(replace(programme.tags, chapters=chapters), voice)
        async with asyncio.TaskGroup() as group:
            made = {
                sound: group.create_task(
                    self._off_loop(stop, finish, master, self._mastering.sounding(sound), tags, stop)
                )
                for sound in dict.fromkeys((Sound(), *programme.sounds))
            }
        finished = {sound: task.result() for sound, task in made.items()}
        name, files = await self._off_loop(stop, self._keep, master, finished, Origin(voice))
        main = files.pop(Sound())
        variants = tuple(Variant(sound, file.name, file.bytes, file.sha256) for sound, file in files.items())
        audio = Audio(main.name, main.bytes, main.seconds, main.sha256, variants)
        over = max(0.0, main.seconds - programme.target) if programme.target else 0.0
        return Joined(audio, name, main.lufs, main.true_peak_db, chapters, voice, over)

    async def _announced(self, programme: Programme) -> tuple[Segment, ...]:
        """The segments with the opening before and the closing behind them."""
        opening = [await self._say(OPENING, programme.opening)] if programme.opening else []
        closing = [await self._say(CLOSING, programme.closing)] if programme.closing else []
        return (*opening, *programme.segments, *closing)

    async def _say(self, title: str, words: str) -> Segment:
        """An announcement as a segment; its key is remembered on disk, so that it is spoken once for all programmes."""
        place = f"spoken/{self.key(words)}.json"
        known = await asyncio.to_thread(_remembered, self._directory, place)
        if known is None:
            made = await self.record(words, Tags(title=title))
            known = {"master": made.master, "voice": made.voice}
            await asyncio.to_thread(keep, self._directory, place, json.dumps(known, ensure_ascii=False).encode())
        return Segment(title, known["master"], known["voice"])

    async def aclose(self) -> None:
        """Stop what is being made and end the threads."""
        tasks = [job.task for job in self._making.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._pool.shutdown()

    def _forget(self, key: str, task: asyncio.Task[Recording]) -> None:
        if key in self._making and self._making[key].task is task:
            del self._making[key]
        if not task.cancelled():
            task.exception()  # heard, even if nobody waits any more

    async def _make(
        self, key: str, script: str, tags: Tags, on_fallback: Callable[[Fallback], None] | None
    ) -> Recording:
        spoken = await speak(script, self._voices, on_fallback=on_fallback)
        origin = Origin(spoken.voice, script_digest(script))
        master, file = await self._produce(spoken.speech, _marked(tags, spoken.voice), origin)
        figures = (file.sha256, file.bytes, file.seconds, file.lufs, file.true_peak_db)
        return Recording(key, file.name, *figures, spoken.voice, master, spoken.fallbacks)

    async def _produce(self, speech: Speech, tags: Tags, origin: Origin) -> tuple[str, File]:
        """Speech shaped, finished and kept: the name of its master, and its file."""
        stop = threading.Event()

        def make() -> tuple[str, File]:
            master = shape(speech, stop)
            made = finish(master, self._mastering, tags, stop)
            name, files = self._keep(master, {Sound(): made}, origin)
            return name, files[Sound()]

        return await self._off_loop(stop, make)

    def _keep(self, master: bytes, finished: Mapping[Sound, Mastered], origin: Origin) -> tuple[str, dict[Sound, File]]:
        """A master and its finished files on disk, once all of them are made."""
        name = keep_master(self._directory, master)
        return name, {
            sound: keep_finished(self._directory, made, self._mastering.sounding(sound), origin, name)
            for sound, made in finished.items()
        }

    async def _off_loop(self, stop: threading.Event, work: Callable[..., T], *arguments: object) -> T:
        """`work` in a thread of ours; when cancelled, it is told to stop and waited for."""
        job = self._pool.submit(work, *arguments)
        done = asyncio.wrap_future(job)
        try:
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            stop.set()
            if not job.cancel():
                await asyncio.wait([done])
                done.exception()  # heard; the cancelling is what counts
            raise


def _digest(file: IO[bytes]) -> str:
    """The sha256 of an open file in hex."""
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(2**20):
        digest.update(piece)
    return digest.hexdigest()


def _marked(tags: Tags, voice: str) -> Tags:
    """Tags with the mark of a machine's voice, for machines and for people."""
    if not voice:
        return tags
    return replace(tags, voice=f"synthetic voice, giọng đọc máy: {voice}", comment=tags.comment or SYNTHETIC)


def _remembered(directory: Path, place: str) -> dict[str, str] | None:
    """What is known of an announcement or a bed, if its master is still there."""
    try:
        known: dict[str, str] = json.loads((directory / place).read_bytes())
    except FileNotFoundError:
        return None
    return known if (directory / known["master"]).is_file() else None


class _Job:
    """A recording under way and how many wait for it."""

    def __init__(self, task: asyncio.Task[Recording]) -> None:
        self.task = task
        self.waiting = 0
