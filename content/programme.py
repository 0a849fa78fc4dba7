"""Programme: several recordings in running order joined to one, without loss, with the times of its chapters.

A station's slot asks for one with `await studio.join(Programme(...)) -> Joined` (`content.studio.Studio`). What is
in it and when it goes out is decided elsewhere; the same programme always gives the same bytes.

    chime  pause  opening  pause  segment  pause  segment ...  pause  closing
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from content.bulletin import Audio, Sound
from content.chime import chime
from content.formats import flac
from content.mastering import MASTER_RATE, MasteringStopped
from content.reading import read
from content.sound import decoded, frames, in_turn, silence
from content.tags import Chapter, Tags

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame


FIELDS = ("office", "sender", "session", "weekday", "date")
WEEKDAYS = ("thứ hai", "thứ ba", "thứ tư", "thứ năm", "thứ sáu", "thứ bảy", "chủ nhật")
SESSIONS = (("sáng", 11), ("trưa", 14), ("chiều", 18), ("tối", 24))
"""Each part of the day with the hour at which it is over."""
LONGEST_PAUSE = 1.3
OPENING, CLOSING = "Mở đầu", "Kết thúc"


@dataclass(frozen=True, slots=True)
class Segment:
    """One recording of a programme: the title of its chapter, the name of its master, and the mark of its voice.

    The mark is empty for a person's voice.
    """

    title: str
    master: str
    voice: str = ""


@dataclass(frozen=True, slots=True)
class Programme:
    """What is to be joined: segments in running order with `pause` seconds between them.

    `opening` and `closing` are words to be spoken by the studio's voices (see `announcement`), or empty; `bed` is the
    name of a kept bed (`Studio.take_bed`) to be laid under everything, or empty. `tags` are those of the whole file
    (title, office, series, date, validity); chapters and voice are filled in. `sounds` are wanted besides the studio's
    own. `target` is the length in seconds it should not exceed; 0: none.
    """

    segments: tuple[Segment, ...]
    tags: Tags = field(default_factory=Tags)
    sounds: tuple[Sound, ...] = ()
    opening: str = ""
    closing: str = ""
    chime: bool = False
    bed: str = ""
    pause: float = 1.0
    target: float = 0.0

    def __post_init__(self) -> None:
        if not (self.segments or self.opening or self.closing):
            raise ValueError("a programme needs something to be said")
        if not 0 <= self.pause <= LONGEST_PAUSE:
            raise ValueError(f"a pause of {self.pause} s would be a gap")


@dataclass(frozen=True, slots=True)
class Joined:
    """A finished programme: its file with its variants, its master, its figures as measured, its chapters.

    `over` is how many seconds it is longer than its target; 0 when it fits or has none.
    """

    audio: Audio
    master: str
    lufs: float
    true_peak_db: float
    chapters: tuple[Chapter, ...]
    voice: str = ""
    over: float = 0.0


def announcement(template: str, *, office: str, at: datetime, sender: str = "", variant: str = "north") -> str:
    """The words of an opening or closing, ready to be spoken.

    `template` may hold the names of FIELDS in braces; `at` is when it goes out, in the office's time.
    """
    said = {
        "office": office,
        "sender": sender or office,
        "session": next(name for name, until in SESSIONS if at.hour < until),
        "weekday": WEEKDAYS[at.weekday()],
        "date": f"{at:%d/%m/%Y}",
    }
    return read(template.format_map(said), variant=variant).text


Piece = tuple[str, Iterable["AudioFrame"]]
"""A stretch of a programme's master; with a title it begins a chapter, without it belongs to the one before."""


def laid_out(pieces: Iterable[Piece], air: float, stop: threading.Event) -> tuple[bytes, tuple[Chapter, ...]]:
    """The master of all pieces, and its chapters in a file with `air` seconds at either end. Raises MasteringStopped."""
    titles: list[str] = []
    begins: list[float] = []
    length = 0

    def heard() -> Iterator[AudioFrame]:
        nonlocal length
        for title, sound in pieces:
            if title:
                titles.append(title)
                begins.append(air + length / MASTER_RATE)
            for frame in sound:
                if stop.is_set():
                    raise MasteringStopped
                length += frame.samples
                yield frame

    master = flac(in_turn(heard()), MASTER_RATE)
    ends = [*begins[1:], length / MASTER_RATE + 2 * air]
    return master, tuple(map(Chapter, titles, [0.0, *begins[1:]], ends))


def pieces_of(programme: Programme, directory: Path) -> Iterator[Piece]:
    """Chime and segments with pauses between them, read when they are reached. Raises OSError."""
    if programme.chime:
        yield "", frames(chime())
    for number, segment in enumerate(programme.segments):
        if number or programme.chime:
            yield "", silence(programme.pause, MASTER_RATE)
        yield segment.title, decoded((directory / segment.master).read_bytes())
