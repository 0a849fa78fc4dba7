"""Clips: what a television desk fetches of a track: the film, its subtitles, the crawl, the script; pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from channels.station.tracks import Addresses, Track, cleared, to_air
from config.words import Word
from content.bulletin import Audio, Part
from content.film import CLIP, SRT, VTT


@dataclass(frozen=True, slots=True)
class File:
    """One file: its path on the shelf, its name on screen, its media type; `made` is where it is kept, None of what is drawn."""

    path: str
    title: Word
    media: str
    made: Audio | None = None


def files_of(track: Track) -> list[File]:
    """All there are of a track now, the clip first; none while the clip is being made."""
    made = {sound: track.audio.sounding(sound) for sound in (CLIP, SRT, VTT)}
    if None in made.values():
        return []
    stem = track.stem
    return [
        File(f"clip/{stem}.mp4", Word("Clip 1080p25", "Clip 1080p25"), "video/mp4", made[CLIP]),
        File(
            f"phu-de/{stem}.srt", Word("Phụ đề SRT", "Subtitles SRT"), "application/x-subrip; charset=utf-8", made[SRT]
        ),
        File(f"phu-de/{stem}.vtt", Word("Phụ đề WebVTT", "Subtitles WebVTT"), "text/vtt; charset=utf-8", made[VTT]),
        File(f"chu-chay/{stem}.txt", Word("Chữ chạy", "News crawl"), "text/plain; charset=utf-8"),
        File(f"kich-ban/{stem}.pdf", Word("Kịch bản hai cột", "Script in two columns"), "application/pdf"),
    ]


def crawl(part: Part, most: int) -> str:
    """The crawl of an item: its title and short text in lines of at most `most` letters, cut at sentences, else at words."""
    lines: list[str] = []
    for sentence in _sentences(f"{part.title.rstrip('.')}. {part.short}"):
        for piece in _cut(sentence, most):
            if lines and len(lines[-1]) + 1 + len(piece) <= most:
                lines[-1] += f" {piece}"
            else:
                lines.append(piece)
    return "".join(f"{line}\r\n" for line in lines)


def _sentences(text: str) -> Iterator[str]:
    held: list[str] = []
    for word in cleared(text).split():
        held.append(word)
        if word[-1] in ".!?…":
            yield " ".join(held)
            held = []
    if held:
        yield " ".join(held)


def _cut(sentence: str, most: int) -> Iterator[str]:
    """At words; a word longer than a line is cut within."""
    held = ""
    for word in sentence.split():
        for begin in range(0, len(word), most):
            piece = word[begin : begin + most]
            if held and len(held) + 1 + len(piece) > most:
                yield held
                held = ""
            held = f"{held} {piece}" if held else piece
    if held:
        yield held


def listing(tracks: Sequence[Track], at: Addresses, keep: timedelta) -> bytes:
    """Everything that stands there, in the order to air, as JSON for playout and scripts."""
    found = [
        {
            "delivery": track.guid,
            "title": track.part.title,
            "class": track.klass.value,
            "seconds": round(made.seconds, 2),
            "bytes": made.bytes,
            "sha256": made.sha256,
            "since": track.at.isoformat(),
            "until": track.end(keep).isoformat(),
            "files": {file.title: at(file.path) for file in files},
        }
        for track in to_air(tracks)
        if (files := files_of(track)) and (made := files[0].made)
    ]
    return json.dumps({"clips": found}, ensure_ascii=False, indent=1).encode()
