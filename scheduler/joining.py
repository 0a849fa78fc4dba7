"""Joining: the bulletins of a programme made into one file by the studio, with what is said before and after them."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from channels.channel import Shelved
from channels.outlet import InService
from channels.slots import Airtime
from config.logs import log
from config.settings import RadioSettings
from content.bed.store import find_bed
from content.bulletin import Audio, Part
from content.files import keep_master
from content.formats import flac
from content.mastering import MASTER_RATE, SilentSpeech
from content.programme import Joined, Programme, Segment, announcement
from content.recording import BadScript
from content.recordings import store as recording_store
from content.sound import decoded, through
from content.studio import Studio
from content.tags import Tags
from content.voice import VoiceError
from db.database import Database

logger = log("joining")


class JoinError(Exception):
    """A programme could not be joined now; `vi` and `en` say why to people."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi
        self.en = en


@contextlib.contextmanager
def _in_words() -> Iterator[None]:
    """What stands in the way of a programme, as a JoinError."""
    try:
        yield
    except VoiceError as error:
        raise JoinError(f"không đọc được lời dẫn: {error.reason_vi}", f"cannot announce: {error}") from error
    except (BadScript, SilentSpeech) as error:
        raise JoinError(f"không đọc được lời dẫn: {error.vi}", f"cannot announce: {error.en}") from error
    except (OSError, ValueError) as error:
        raise JoinError(f"không ghép được tệp chương trình ({error})", f"cannot join: {error}") from error


class Joining:
    """Makes programmes with the office's words around them."""

    def __init__(
        self, database: Database, studio: Studio, recordings: Path, radio: RadioSettings, office: str, variant: str
    ) -> None:
        self._database = database
        self._studio = studio
        self._recordings = recordings
        self._radio = radio
        self._office = office
        self._variant = variant

    async def join(self, at: InService, airtime: Airtime, bulletins: Sequence[Shelved]) -> Joined:
        """One file of these bulletins in order, in every sound the station takes. Raises JoinError."""
        timetable = at.channel.timetable(at.outlet)
        assert timetable is not None
        parts = _once([part for one in bulletins for part in one.bulletin.parts if part.audio is not None])
        with _in_words():
            programme = await self._around(
                airtime.starts_at.astimezone(timetable.zone),
                segments=await self._segments(parts),
                tags=self._tags(at, airtime, timetable.zone),
                sounds=at.channel.sounds(at.outlet),
                target=(airtime.ends_at - airtime.starts_at).total_seconds(),
            )
            return await self._studio.join(programme)

    async def sample(self, local: datetime) -> Joined:
        """A programme without items of that moment in the office's zone, for people's ears. Raises JoinError."""
        with _in_words():
            tags = Tags("Nghe thử", office=self._office)
            return await self._studio.join(await self._around(local, segments=(), tags=tags))

    def opening(self, local: datetime) -> str:
        """What is said before the items of a programme at that moment in its own zone, in words; "" for nothing."""
        return self._words(self._radio.opening, local)

    def closing(self, local: datetime) -> str:
        """What is said after them."""
        return self._words(self._radio.closing, local)

    def _words(self, template: str, local: datetime) -> str:
        told = {"office": self._office, "sender": self._radio.sender, "variant": self._variant}
        return announcement(template, at=local, **told) if template else ""

    async def _around(self, local: datetime, **given: Any) -> Programme:
        """The items and figures given, with all that the office puts around them."""
        return Programme(
            opening=self.opening(local),
            closing=self.closing(local),
            chime=self._radio.chime,
            bed=await self._bed(),
            pause=self._radio.pause,
            **given,
        )

    async def _bed(self) -> str:
        """The office's music as the studio keeps it; a programme goes without it rather than not at all."""
        async with self._database.read() as connection:
            bed = await find_bed(connection)
        if bed is None:
            return ""
        if await asyncio.to_thread((self._recordings / bed.master).is_file):
            return bed.master
        logger.warning("bed_missing", file=bed.file, master=bed.master)
        return ""

    async def _segments(self, parts: Sequence[Part]) -> tuple[Segment, ...]:
        audios = {part.audio.sha256: part.audio for part in parts if part.audio is not None}
        async with self._database.read() as connection:
            rows = await recording_store.recordings_by_sha256(connection, list(audios))
        masters = {sha256: row.master for sha256, row in rows.items() if row.master}
        for sha256, audio in audios.items():
            if sha256 not in masters:
                masters[sha256] = await asyncio.to_thread(self._master_of, audio)
        voices = {sha256: row.voice or "" for sha256, row in rows.items()}
        return tuple(
            Segment(part.title, masters[part.audio.sha256], voices.get(part.audio.sha256, ""))
            for part in parts
            if part.audio is not None
        )

    def _master_of(self, audio: Audio) -> str:
        """A recording made before masters were kept is its own master."""
        chain = [("aresample", str(MASTER_RATE)), ("aformat", "sample_fmts=flt:channel_layouts=mono")]
        heard = decoded((self._recordings / audio.name).read_bytes())
        return keep_master(self._recordings, flac(through(heard, chain, threading.Event()), MASTER_RATE))

    def _tags(self, at: InService, airtime: Airtime, zone: ZoneInfo) -> Tags:
        local, end = (moment.astimezone(zone) for moment in (airtime.starts_at, airtime.ends_at))
        return Tags(
            title=f"{airtime.slot.words} {local:%d/%m/%Y}",
            office=self._office,
            series=at.outlet.title,
            date=f"{local:%Y-%m-%d}",
            valid_from=f"{local:%Y-%m-%d %H:%M:%S}",
            valid_until=f"{end:%Y-%m-%d %H:%M:%S}",
        )


def _once(parts: Sequence[Part]) -> list[Part]:
    """What several bulletins of a programme carry along is heard in it once, and not where it is an item of its own."""
    heard = {part.item for part in parts if not part.ride}
    kept = []
    for part in parts:
        if not part.ride or part.item not in heard:
            heard.add(part.item)
            kept.append(part)
    return kept
