"""Joining: the bulletins of a programme made into one file, beside the recordings and named by its content."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from channels.channel import Shelved
from channels.outlet import InService
from channels.slots import Airtime
from content.bulletin import Audio
from content.mastering import Mastered
from content.recording import keep
from content.splicing import splice


class JoinError(Exception):
    """A programme could not be joined now; `vi` says why to people."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi = vi


class Joining:
    """Makes programmes below the directory of recordings."""

    def __init__(self, recordings: Path, office: str) -> None:
        self._recordings = recordings
        self._office = office

    async def join(self, at: InService, airtime: Airtime, bulletins: Sequence[Shelved]) -> Audio:
        """One file of these bulletins in order. Raises JoinError."""
        audios = [part.audio for one in bulletins for part in one.bulletin.parts if part.audio is not None]
        try:
            return await asyncio.to_thread(self._join, audios, f"{airtime.slot.words}: {at.outlet.title}")
        except (OSError, ValueError) as error:
            raise JoinError(f"không ghép được tệp chương trình ({error})", f"cannot join: {error}") from error

    def _join(self, audios: Sequence[Audio], title: str) -> Audio:
        audio, data = splice(self._recordings, audios, title, self._office)
        keep(self._recordings, audio.name, Mastered(data, audio.bytes, audio.seconds, 0.0, 0.0, audio.sha256, 0))
        return audio
