"""Recordings for the kinds that push them: which files a bulletin is sent as, and how their bytes are read."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from channels.channel import Load, Options, Outlet, To, Unavailable
from channels.station.tracks import FURTHER, MAIN, Kind, one_line, stem_of
from config.words import Word
from content.bulletin import Audio, Bulletin, Sound

SOONEST = 5.0
SENDING_SECONDS = 600.0
"""How long one recording may take to send: 10 MB over a line of 20 kB/s."""


class PushOptions(Options):
    """What every station that is pushed to may choose."""

    sound: Literal["mp3", "low", "wav", "opus"] = Field(
        default="mp3",
        description=Word(
            "Loại tệp: mp3 128 kb/s, low (MP3 48 kb/s), wav (48 kHz, có khối cart), opus.",
            "Kind of file: mp3 128 kb/s, low (MP3 48 kb/s), wav (48 kHz, with a cart chunk), opus.",
        ),
    )
    loudness: Annotated[float, Field(ge=-30, le=-10)] | None = Field(
        default=None,
        description=Word(
            "Độ to riêng của đài, LUFS, ví dụ -23 theo EBU R128; để trống: như cơ quan ghi.",
            "Loudness of this station's own, LUFS, for example -23 for EBU R128; if empty: as the office records.",
        ),
    )

    @property
    def kind(self) -> Kind:
        """How a file is named and what it is."""
        return MAIN if self.sound == "mp3" else FURTHER[self.sound]

    @property
    def wanted(self) -> Sound:
        """The sound to be made."""
        return Sound(self.kind.format, self.loudness)


@dataclass(frozen=True, slots=True)
class Sending:
    """One file to be sent: its permanent name, its title, and what it is."""

    name: str
    title: str
    audio: Audio


def sounds_of(outlet: Outlet[Any]) -> tuple[Sound, ...]:
    """What has to be made for this outlet besides the recording that was heard."""
    wanted = outlet.options.wanted
    return () if wanted == Sound() else (wanted,)


def sendings(bulletin: Bulletin, to: To, options: PushOptions) -> Sequence[Sending]:
    """The files of a bulletin in running order. Raises Unavailable until every one of them is made."""
    found = []
    for number, part in enumerate(bulletin.parts):
        audio = part.audio
        if audio is not None and options.wanted != Sound():
            audio = audio.sounding(options.wanted)
        if audio is None:
            raise Unavailable(
                "audio_not_ready", "bản ghi âm chưa xong", "the recording is not finished", retry_after=SOONEST
            )
        name = stem_of(to.delivery, bulletin, number) + options.kind.ending
        found.append(Sending(name, one_line(part.title), audio))
    return found


def loader(directory: Path) -> Load:
    """Reads recordings of a directory, whole or not at all."""

    async def load(audio: Audio) -> bytes:
        try:
            data = await asyncio.to_thread((directory / audio.name).read_bytes)
        except OSError:
            data = b""
        if len(data) != audio.bytes or hashlib.sha256(data).hexdigest() != audio.sha256:
            raise Unavailable(
                "audio_missing", f"tệp {audio.name} thiếu hoặc hỏng", f"the file {audio.name} is missing or damaged"
            )
        return data

    return load
