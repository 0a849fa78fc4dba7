"""A script as PDF in two columns, as a television desk reads it: what is seen, and what is heard, by time."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from channels.station.tracks import Track
from content.film.cues import Cue
from desk.printing import decree, issuer, parts
from desk.printing.paper import Paper, to_pdf

WIDTHS = (12, 30, 58)
"""Of the columns: time, what is seen, what is heard."""


def draw(track: Track, cues: Sequence[Cue], zone: ZoneInfo) -> bytes:
    """The script of a clip; the same bytes each time. Takes a while: not for the loop."""
    bulletin, part = track.shelved.bulletin, track.part
    day = bulletin.issued_at.astimezone(zone).date()

    def made() -> list[object]:
        rows = [("Giờ", "HÌNH", "TIẾNG"), *_rows(track, cues)]
        return [
            *decree.heading(decree.Heading(bulletin.office, day, place=issuer.place(bulletin.office))),
            parts.paragraph("KỊCH BẢN TRUYỀN HÌNH", parts.CENTRED, bold=True),
            parts.paragraph(part.title, parts.CENTRED, bold=True),
            parts.space(4),
            parts.table(rows, WIDTHS),
        ]

    return to_pdf(Paper(part.title, bulletin.office, f"{part.title} · {track.stem}"), made)


def _rows(track: Track, cues: Sequence[Cue]) -> list[tuple[str, str, str]]:
    begin, end = (cues[0].begin, cues[-1].end) if cues else (0.0, 0.0)
    spoken = [(_clock(cue.begin), "Phụ đề trên nền cơ quan", " ".join(cue.lines)) for cue in cues]
    first = (_clock(0.0), f"Bảng chữ mở đầu: {track.part.title}", f"(im lặng {begin:.0f} giây)")
    return [first, *spoken, (_clock(end), "Bảng chữ kết: cơ quan, nguồn tin", "(im lặng)")]


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:02}:{int(seconds) % 60:02}"
