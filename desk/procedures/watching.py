"""Watcher: catalogues that stand in a folder or at an address, taken in by themselves whenever they are otherwise than last time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path

from channels.answer import SendError
from channels.http import Http
from channels.rows import MOST_BYTES, refusal
from config.clock import Clock
from config.logs import log
from config.settings import ProcedureSettings
from config.words import BadInput, Said
from content.procedures import store
from content.procedures.keeping import Procedures
from content.procedures.procedure import TITLES
from db.database import Database, DatabaseTrouble
from db.notifier import Notifier
from desk.procedures.table import read_procedures

SUFFIXES = {".csv", ".xlsx", ".xls", ".ods", ".json"}
AUTHOR = "Loa (theo dõi danh mục)"
"""Nobody's name: whoever approves what it drafts is a person, and whoever corrects a draft is its writer as well."""

logger = log("watcher")


class Watcher:
    """Looks every so many minutes. What is wrong with a catalogue is remembered for people to see, and changes nothing."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        notifier: Notifier,
        http: Http,
        procedures: Procedures,
        settings: ProcedureSettings,
    ) -> None:
        self._database = database
        self._clock = clock
        self._notifier = notifier
        self._http = http
        self._procedures = procedures
        self._settings = settings

    async def follow(self, stopping: asyncio.Event) -> None:
        """Look until the process stops; at once when nothing is watched."""
        if not (self._settings.folder or self._settings.address):
            return
        async with self._notifier.waiting("stop") as woken:
            while not stopping.is_set():
                try:
                    await self.look()
                except DatabaseTrouble as trouble:
                    logger.error("database_trouble", step="procedures", said=trouble.en)
                woken.clear()
                if not stopping.is_set():
                    await self._clock.wait(woken, self._settings.every * 60)

    async def look(self) -> int:
        """Once; how many catalogues were otherwise than last time."""
        taken = 0
        if self._settings.folder:
            folder = Path(self._settings.folder)
            try:
                files = await asyncio.to_thread(lambda: list(_files(folder)))
            except OSError as error:
                await self._fault(str(folder), f"Không đọc được thư mục: {error.strerror}")
                files = []
            for file in files:
                taken += await self._look_at_file(file)
        if address := self._settings.address:
            try:
                answer = await self._http.request("GET", address)
            except SendError as error:
                await self._fault(address, error.vi)
            else:
                taken += await self._take(address, answer.body)
        return taken

    async def _look_at_file(self, file: Path) -> int:
        try:
            data = await asyncio.to_thread(_read, file)
        except OSError as error:
            await self._fault(str(file), f"Không đọc được tệp: {error.strerror}")
            return 0
        except BadInput as fault:
            await self._fault(str(file), fault.vi)
            return 0
        return await self._take(str(file), data)

    async def _take(self, source: str, data: bytes) -> int:
        """One catalogue, if it is not the one that was seen there last; the same is never taken in twice."""
        digest = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
        async with self._database.read() as connection:
            if await store.seen_digest(connection, source) == digest:
                return 0
            known = await store.known(connection)
        try:
            found, faults = await asyncio.to_thread(read_procedures, data, known)
            if faults:
                raise refusal(faults, TITLES)
            async with self._database.write() as tx:
                await self._procedures.take_in(tx, found, AUTHOR, source=source)
                await store.note_source(self._database, tx, source, digest, self._clock.now(), "")
        except Said as fault:
            await self._fault(source, fault.vi, digest)
            return 0
        self._notifier.ring("item")
        logger.info("catalogue_taken_in", source=source, procedures=len(found))
        return 1

    async def _fault(self, source: str, said: str, digest: str = "") -> None:
        """Remembered with what was seen; what could not be reached is looked at again, what is bad only when it changes."""
        async with self._database.write() as tx:
            digest = digest or await store.seen_digest(tx, source)
            await store.note_source(self._database, tx, source, digest, self._clock.now(), said)
        logger.warning("catalogue_refused", source=source, said=said)


def _files(folder: Path) -> Iterator[Path]:
    """Catalogues of a folder, the oldest first, so that the newest has the last word; nothing hidden or half copied."""
    files = [one for one in folder.iterdir() if one.suffix.lower() in SUFFIXES and one.is_file()]
    yield from sorted(
        (one for one in files if one.name[0] not in ".~"), key=lambda one: (one.stat().st_mtime, one.name)
    )


def _read(file: Path) -> bytes:
    if file.stat().st_size > MOST_BYTES:
        raise BadInput("Tệp lớn quá 200 MB", "The file is larger than 200 MB", field="file")
    return file.read_bytes()
