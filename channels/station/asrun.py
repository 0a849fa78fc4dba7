"""As-run logs of stations' software read into lines, and each line matched with what the station was given; pure.

LibreTime's and AzuraCast's history as CSV, OpenBroadcaster's play log as XML, and any CSV with a time and a title.
What cannot be matched surely is said, never guessed.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from xml.etree import ElementTree

from channels.slots import Programme
from channels.station.tracks import Track, dated_stem, one_line, programme_lead
from config.words import BadInput, Word, in_english
from content.short import unaccented

MOST_BYTES = 8 * 2**20
MOST_LINES = 50_000
LATE = timedelta(days=1)
"""So long after a bulletin's time it may still have been aired by somebody who had fetched it."""
NAMES = {
    "at": (
        "start time",
        "starts",
        "start",
        "date/time",
        "datetime",
        "played at",
        "played_at",
        "thoi diem",
        "bat dau",
        "at",
    ),
    "date": ("date", "ngay"),
    "time": ("time", "gio", "gio phat"),
    "end": ("end time", "ends", "end", "ket thuc"),
    "length": ("duration", "length", "thoi luong"),
    "title": ("title", "track title", "track", "song", "song title", "tieu de", "ten bai", "tin"),
    "file": ("filename", "file name", "file", "path", "tep"),
    "slot": ("playlist", "show", "slot", "chuong trinh"),
    "presenter": ("presenter", "streamer", "host", "nguoi doc", "nguoi phat thanh"),
}
FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d-%m-%Y %H:%M:%S")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log: when it began (aware UTC), what the software called it, and the line itself."""

    at: datetime
    title: str
    file: str = ""
    seconds: float | None = None
    slot: str = ""
    presenter: str = ""
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Matched:
    """Which part (from 0; -1 for all) of which delivery a line is about."""

    delivery: str
    part: int
    parts: int


def read_log(data: bytes, zone: tzinfo) -> tuple[list[Line], list[Word]]:
    """The lines of a log, and why others could not be read. Times without a zone are the station's. Raises BadInput."""
    if len(data) > MOST_BYTES:
        raise BadInput("Tệp lớn quá 8 MB", "The file is over 8 MB", field="file")
    text = _decoded(data)
    rows = _xml_rows(text) if text.lstrip().startswith("<") else _csv_rows(text)
    lines, faults = list[Line](), list[Word]()
    for number, row in enumerate(rows, 1):
        if number > MOST_LINES:
            raise BadInput(f"Tệp dài quá {MOST_LINES} dòng", f"The file has over {MOST_LINES} lines", field="file")
        try:
            lines.append(_line(row, zone))
        except ValueError as error:
            why = error.args[0]
            faults.append(Word(f"dòng {number}: {why}", f"line {number}: {in_english(why)}"))
    return lines, faults


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1258"):
        try:
            return data.decode(encoding).replace("\0", "")
        except UnicodeDecodeError:
            continue
    raise BadInput("Tệp không phải văn bản UTF-8", "The file is no UTF-8 text", field="file")


def _csv_rows(text: str) -> Iterator[dict[str, str]]:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = [_name(name) for name in next(rows, [])]
    if "title" not in header and "file" not in header:
        raise BadInput(
            "Dòng đầu phải có tên cột, ít nhất một cột thời gian (Start Time) và một cột tên (Title)",
            "The first line must name a column of times (Start Time) and one of titles (Title)",
            field="file",
        )
    for row in rows:
        if any(cell.strip() for cell in row):
            yield {**dict(zip(header, row, strict=False)), "raw": delimiter.join(row)}


def _name(written: str) -> str:
    plain = unaccented(written).strip().lower()
    return next((name for name, known in NAMES.items() if plain in known), plain)


def _xml_rows(text: str) -> Iterator[dict[str, str]]:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise BadInput("Tệp XML có khai báo DOCTYPE nên không nhận", "XML with a DOCTYPE is refused", field="file")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 (without a DOCTYPE there is nothing to expand)
    except ElementTree.ParseError:
        raise BadInput("Tệp XML bị hỏng", "The XML cannot be read", field="file") from None
    for entry in root.iter():
        cells = {_name(child.tag): (child.text or "").strip() for child in entry}
        if "at" in cells and "title" in cells:
            yield {**cells, "raw": " ".join(f"{name}={value}" for name, value in cells.items() if value)}


def _line(row: Mapping[str, str], zone: tzinfo) -> Line:
    given = {name: (row.get(name) or "").strip() for name in (*NAMES, "raw")}
    written = given["at"] or f"{given['date']} {given['time']}".strip()
    at = moment_of(written, zone)
    if not given["title"] and not given["file"]:
        raise ValueError(Word("không có tên bài", "there is no title"))
    seconds = _length(given["length"])
    if seconds is None and given["end"]:
        seconds = max(0.0, (moment_of(given["end"], zone) - at).total_seconds())
    words = (given["slot"][:100], given["presenter"][:100], given["raw"][:500])
    return Line(at, given["title"], given["file"], seconds, *words)


def moment_of(written: str, zone: tzinfo) -> datetime:
    """A moment as stations' software writes it: ISO 8601, seconds since 1970, or day and time. Raises ValueError."""
    if re.fullmatch(r"\d{9,11}(\.\d+)?", written):
        return datetime.fromtimestamp(float(written), UTC)
    moment = _read(written)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _read(written: str) -> datetime:
    with contextlib.suppress(ValueError):
        return datetime.fromisoformat(written)
    for form in FORMS:
        with contextlib.suppress(ValueError):
            return datetime.strptime(written, form)  # noqa: DTZ007 (the zone is given by whoever asks)
    raise ValueError(Word(f"không hiểu thời điểm “{written[:40]}”", f"not a time: “{written[:40]}”"))


def _length(written: str) -> float | None:
    """Seconds, or hours, minutes and seconds between colons."""
    if not re.fullmatch(r"[\d:.]+", written):
        return None
    total = 0.0
    for piece in written.split(":"):
        total = total * 60 + float(piece or 0)
    return total


def match(
    line: Line, tracks: Sequence[Track], programmes: Sequence[Programme], zone: tzinfo, keep: timedelta
) -> list[Matched]:
    """What a line is about; nothing when it is none of ours, or could be two different things."""
    for programme in programmes:
        names = (dated_stem(programme, zone), programme_lead(programme).replace("/", "-"))
        if any(name in line.file for name in names):
            return [Matched(delivery, -1, parts) for delivery, parts in programme.holds]
    by_file = [track for track in tracks if track.stem in line.file]
    fit = by_file or [track for track in tracks if _same_title(line.title, track) and _in_time(line, track, keep)]
    if not fit or len({track.part.revision for track in fit}) > 1:
        return []
    # One text that was sent again and again: what was aired is the last that had been sent by then.
    sent = [track for track in fit if track.at <= line.at] or fit
    last = max(sent, key=lambda track: track.at)
    parts = last.proof.parts
    return [Matched(last.shelved.delivery, last.number if parts > 1 else -1, parts)]


def _in_time(line: Line, track: Track, keep: timedelta) -> bool:
    return track.at - timedelta(minutes=1) <= line.at <= track.end(keep) + LATE


def _same_title(written: str, track: Track) -> bool:
    """As written, without marks (some software keeps ASCII alone), or after `artist - `."""
    ours = {_plain(track.part.title), _plain(one_line(track.part.title))}
    return _plain(written) in ours or _plain(written.partition(" - ")[2]) in ours


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^a-z0-9]+", " ", unaccented(text).lower()).split())
