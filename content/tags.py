"""Tags: what a sound file says of itself, written as ID3v2.3 (MP3) or as names for Ogg and FLAC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LANGUAGES = {"vi": "vie", "en": "eng", "lo": "lao", "km": "khm", "zh": "zho", "fr": "fra"}
"""ISO 639-2 of the two-letter codes that occur; three letters are taken as they are (blt: Thái Đen, hmv: Mông)."""
NO_OFFSET = b"\xff\xff\xff\xff"


@dataclass(frozen=True, slots=True)
class Chapter:
    """One stretch of a file, in seconds from its beginning."""

    title: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Tags:
    """What the file says of itself. `voice` marks that the voice is a machine's.

    `date` is YYYY-MM-DD or empty; `valid_from` and `valid_until` are the office's local time as YYYY-MM-DD HH:MM:SS or
    empty; `language` is the item's code.
    """

    title: str = ""
    office: str = ""
    series: str = ""
    date: str = ""
    comment: str = ""
    voice: str = ""
    language: str = "vi"
    valid_from: str = ""
    valid_until: str = ""
    chapters: tuple[Chapter, ...] = ()

    @property
    def tongue(self) -> str:
        """The language as three letters of ISO 639-2, `und` when it is not known."""
        base = self.language.lower().split("-")[0]
        return LANGUAGES.get(base, base if len(base) == 3 and base.isascii() and base.isalpha() else "und")


def named(tags: Tags) -> dict[str, str]:
    """Tags for Vorbis comments (Ogg, FLAC), chapters as the Xiph wiki's CHAPTERxxx."""
    said = {"title": tags.title, "artist": tags.office, "album": tags.series, "date": tags.date}
    said |= {"comment": tags.comment, "language": tags.tongue, "AI_VOICE": tags.voice}
    for number, chapter in enumerate(tags.chapters, 1):
        minutes, seconds = divmod(chapter.begin, 60)
        said[f"CHAPTER{number:03}"] = f"{int(minutes) // 60:02}:{int(minutes) % 60:02}:{seconds:06.3f}"
        said[f"CHAPTER{number:03}NAME"] = chapter.title
    return {name: text for name, text in said.items() if text}


def id3(tags: Tags) -> bytes:
    """The tags as ID3v2.3 (id3.org), texts in UTF-16, chapters by its chapter addendum (CTOC and CHAP)."""
    body = b"".join(_frames(tags))
    return b"ID3\x03\0\0" + bytes(len(body) >> shift & 127 for shift in (21, 14, 7, 0)) + body


def _frames(tags: Tags) -> Iterator[bytes]:
    year, _, day = tags.date.partition("-")
    texts = {"TIT2": tags.title, "TPE1": tags.office, "TALB": tags.series, "TYER": year}
    texts |= {"TDAT": day[3:] + day[:2], "TLAN": tags.tongue}
    yield from (_text(name, text) for name, text in texts.items() if text)
    if tags.comment:
        yield _frame("COMM", b"\x01" + tags.tongue.encode() + _utf16("") + b"\0\0" + _utf16(tags.comment))
    if tags.voice:
        yield _frame("TXXX", b"\x01" + _utf16("AI_VOICE") + b"\0\0" + _utf16(tags.voice))
    if tags.chapters:
        ids = [f"c{number}".encode() + b"\0" for number in range(1, len(tags.chapters) + 1)]
        yield _frame("CTOC", b"toc\0" + bytes((3, len(ids))) + b"".join(ids))  # 3: the top one, in order
        yield from (_chapter(id, chapter) for id, chapter in zip(ids, tags.chapters, strict=True))


def _chapter(id: bytes, chapter: Chapter) -> bytes:
    times = b"".join(round(1000 * second).to_bytes(4, "big") for second in (chapter.begin, chapter.end))
    return _frame("CHAP", id + times + 2 * NO_OFFSET + _text("TIT2", chapter.title))


def _text(name: str, text: str) -> bytes:
    return _frame(name, b"\x01" + _utf16(text))


def _utf16(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le")


def _frame(name: str, body: bytes) -> bytes:
    return name.encode() + len(body).to_bytes(4, "big") + b"\0\0" + body
