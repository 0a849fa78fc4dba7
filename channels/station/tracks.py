"""Tracks: the recordings of a shelf as a station fetches them, each with a name, a file name and a date for ever."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from urllib.parse import urlencode

from channels.channel import Outlet, Page, Proof, Pull, Shelved
from channels.shelf.fetched import PROGRAMME
from channels.slots import Programme
from config.unmarked import unmarked
from content.bulletin import Audio, Bulletin, BulletinClass, Part, Sound

# Vietnam has no summer time; a file's name must not change when a setting does.
HANOI = timezone(timedelta(hours=7))
_FORBIDDEN = re.compile(r"[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


OVER = Page("text/plain; charset=utf-8", "Bản tin đã hết hạn.\n".encode(), status=410)
"""What is fetched when its time is over."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a station takes its recordings: in LUFS (None: as the office records), in which further sounds; days without an end."""

    lufs: float | None
    sounds: tuple[str, ...]
    keep: timedelta


@dataclass(frozen=True, slots=True)
class Kind:
    """One way a recording is offered: what its file name ends in, the format it is kept in, its media type."""

    ending: str
    format: str
    media: str


MAIN = Kind(".mp3", "mp3", "audio/mpeg")
FURTHER = {
    "low": Kind("-low.mp3", "mp3-low", "audio/mpeg"),
    "wav": Kind(".wav", "wav", "audio/wav"),
    "opus": Kind(".opus", "opus", "audio/ogg"),
}


@dataclass(frozen=True, slots=True)
class Track:
    """One recording a station can fetch: `at` is its publication, strictly rising along the shelf."""

    shelved: Shelved
    part: Part
    number: int
    audio: Audio
    stem: str
    at: datetime

    @property
    def guid(self) -> str:
        """The name a feed reader knows it by."""
        return self.shelved.delivery if self.number == 0 else f"{self.shelved.delivery}.{self.number + 1}"

    @property
    def proof(self) -> Proof:
        """What its file proves."""
        return Proof(self.shelved.delivery, self.number, len(self.shelved.bulletin.parts))

    @property
    def klass(self) -> BulletinClass:
        """The class of its bulletin."""
        return self.shelved.bulletin.klass

    def end(self, keep: timedelta) -> datetime:
        """When it is over: by the shelf, by the bulletin, or for its age."""
        ends = [moment for moment in (self.shelved.until, self.shelved.bulletin.valid_until) if moment is not None]
        return min(ends, default=self.shelved.since + keep)

    def is_over(self, now: datetime) -> bool:
        """Whether the shelf or the bulletin says that it no longer holds."""
        ends = (self.shelved.until, self.shelved.bulletin.valid_until)
        return any(end is not None and end <= now for end in ends)

    def files(self, wanted: Wanted) -> dict[str, tuple[Kind, Audio]]:
        """Every file of it that is there now, by file name; the one to be listed first.

        A file's name is for ever, so a loudness of the station's own is a name of its own.
        """
        return files_of(self.stem, self.audio, wanted)


def files_of(stem: str, audio: Audio, wanted: Wanted) -> dict[str, tuple[Kind, Audio]]:
    """The files of a recording by name, each under `stem`; the first is the main one."""
    kinds = [FURTHER[name] for name in wanted.sounds]
    if wanted.lufs is not None:
        kinds.insert(0, Kind(f"{wanted.lufs:g}lufs.mp3", "mp3", "audio/mpeg"))
    made = {stem + kind.ending: (kind, audio.sounding(Sound(kind.format, wanted.lufs))) for kind in kinds}
    found = {name: (kind, file) for name, (kind, file) in made.items() if file is not None}
    loud = {name: one for name, one in found.items() if one[0].format == "mp3"}
    return {**loud, stem + MAIN.ending: (MAIN, audio), **found}


def tracks_of(shelf: Sequence[Shelved]) -> Iterator[Track]:
    """All recordings of the shelf, oldest first, also those no longer listed: later dates must not depend on them going."""
    before = datetime.min.replace(tzinfo=UTC)
    for shelved in sorted(shelf, key=lambda each: (each.since, each.delivery)):
        for number, part in enumerate(shelved.bulletin.parts):
            # A reader that takes only what is newer than its newest would skip a second item of the same second.
            at = max(shelved.since.astimezone(UTC).replace(microsecond=0), before + timedelta(seconds=1))
            before = at
            if part.audio is not None:
                stem = stem_of(shelved.delivery, shelved.bulletin, number)
                yield Track(shelved, part, number, part.audio, stem, at)


def to_air(tracks: Sequence[Track]) -> list[Track]:
    """In the order to air: urgent, priority, normal; older before newer within a class."""
    return sorted(tracks, key=lambda each: (each.klass.rank, each.at))


def changed_at(tracks: Sequence[Track], now: datetime, keep: timedelta) -> datetime | None:
    """When the lists last changed: something came, or something went by itself."""
    moments = [track.at for track in tracks]
    moments += [end for track in tracks if (end := track.end(keep)) <= now]
    return max(moments, default=None)


def stem_of(delivery: str, bulletin: Bulletin, number: int) -> str:
    """The file name without its ending: words, day in Vietnam, and a mark of its own; the same for ever."""
    words = _words(bulletin.parts[number].slug or bulletin.parts[number].title)[:60].strip("-") or "ban-tin"
    mark = hashlib.sha256(f"{delivery}|{number}".encode()).hexdigest()[:8]
    return f"{words}-{bulletin.issued_at.astimezone(HANOI):%Y%m%d}-{mark}"


def _words(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", unmarked(text))


def dated_stem(programme: Programme, zone: tzinfo) -> str:
    """A programme's address by its moment on the station's wall clock, such as `2026-01-31-0500`."""
    return f"{programme.starts_at.astimezone(zone):%Y-%m-%d-%H%M}"


def programme_file(programme: Programme, audio: Audio, kind: Kind) -> str:
    """The name a programme is accounted by: one version of one slot of one day, in one sound."""
    return f"{programme_lead(programme)}{audio.sha256[:8]}{kind.ending}"


def programme_lead(programme: Programme) -> str:
    """What the names of all versions of a programme begin with."""
    return f"{PROGRAMME}{programme.slot}/{programme.starts_at.astimezone(HANOI):%Y%m%d-%H%M}-"


def programme_proofs(programme: Programme) -> tuple[Proof, ...]:
    """What a programme proves when it has gone out whole: every part of every bulletin in it."""
    return tuple(Proof(delivery, number, parts) for delivery, parts in programme.holds for number in range(parts))


def cleared(text: str) -> str:
    """Without what XML and players cannot take."""
    return _FORBIDDEN.sub("", text)


def one_line(text: str) -> str:
    """On one line, and without the mark at which players split artist from title."""
    return re.sub(r" [-‐‑‒–—―]+ ", ": ", " ".join(cleared(text).split()))


@dataclass(frozen=True, slots=True)
class Addresses:
    """How addresses are written for whoever asks: with the key that let them in, in the path or in the query."""

    root: str
    ask: str

    @classmethod
    def of(cls, outlet: Outlet[Any], pull: Pull) -> Addresses:
        """As this request came."""
        ask = f"?{urlencode({'token': pull.query['token']})}" if pull.query.get("token") else ""
        return cls(f"{outlet.base_url.rstrip('/')}/{pull.key}", ask)

    def __call__(self, path: str) -> str:
        """The address of something on the shelf."""
        return f"{self.root}{path}{self.ask}"
