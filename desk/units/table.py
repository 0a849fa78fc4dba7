"""Units of a table (CSV or a workbook): every row checked, every fault told with its line and column; pure but for reading."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from channels.rows import read_rows
from config.words import BadInput, NotFound
from content.units.unit import LONGEST_NAME, ROOT, TITLES, Level, Tree, Unit, id_of, level_of

COLUMNS = {
    "name": ("name", "ten", "ten don vi", "don vi"),
    "level": ("level", "cap", "loai"),
    "code": ("code", "ma", "ma don vi", "ma so"),
    "parent": ("parent", "truc thuoc", "cap tren", "thuoc"),
    "since": ("since", "tu ngay", "bat dau", "ngay thanh lap"),
    "until": ("until", "den ngay", "ket thuc", "ngay ket thuc"),
    "before": ("before", "tien than", "sap nhap tu", "duoc lap tu"),
}
MOST = 20_000


@dataclass(frozen=True, slots=True)
class RowFault:
    """One thing wrong with one line of the file."""

    line: int
    column: str
    vi: str
    en: str


def read_units(data: bytes, known: Tree) -> tuple[list[Unit], list[RowFault]]:
    """The units of a file, each after what it is under, and what is wrong. Raises BadInput when it is no such file.

    A row is about a known unit when it has its code, or its name under the same one. `parent` and `before` name units by
    name, code or id, known ones or of rows before; several of `before` are parted by semicolons. Takes a while.
    """
    rows = read_rows(data)
    _, header = next(rows, (0, []))
    columns = {_folded(title): place for place, title in enumerate(header)}
    places = {name: next((columns[one] for one in words if one in columns), None) for name, words in COLUMNS.items()}
    if places["name"] is None:
        raise BadInput("Tệp thiếu cột “tên”", "The column “name” is missing", field="file")
    reading = _Reading(known)
    for number, (line, row) in enumerate(rows):
        if number == MOST:
            raise BadInput(f"Nhiều hơn {MOST} dòng", f"More than {MOST} rows", field="file")
        written = {name: row[at].strip() if at is not None and at < len(row) else "" for name, at in places.items()}
        reading.take(line, written)
    return reading.found, reading.faults


class _Reading:
    """What has been read so far: rows may name units of rows before them."""

    def __init__(self, known: Tree) -> None:
        self.units = dict(known.units)
        self.found: list[Unit] = []
        self.faults: list[RowFault] = []
        self._lines: dict[str, int] = {}
        self._named: dict[str, list[str]] = {}
        for one in known.units.values():
            self._name(one)

    def _name(self, one: Unit) -> None:
        for word in {one.id, _folded(one.name), one.code} - {""}:
            if one.id not in self._named.setdefault(word, []):
                self._named[word].append(one.id)

    def take(self, line: int, written: Mapping[str, str]) -> None:
        column = "name"
        try:
            name = " ".join(written["name"].split())
            if not name or len(name) > LONGEST_NAME:
                raise BadInput("thiếu tên, hoặc tên dài quá 120 ký tự", "no name, or a longer one than 120 characters")
            column = "level"
            level = _level(written["level"], name)
            column = "parent"
            parent = self._one(written["parent"]) if written["parent"] else ROOT
            column = "before"
            before = tuple(sorted(self._one(part.strip()) for part in written["before"].split(";") if part.strip()))
            column = "since"
            since = _day(written["since"])
            column = "until"
            until = _day(written["until"])
            column = "code"
            id = self._known(written["code"], name, parent) or id_of(name, level, self.units)
            if id in self._lines:
                raise BadInput(f"trùng với dòng {self._lines[id]}", f"the same as line {self._lines[id]}")
            one = Unit(id, name, level, parent, written["code"], since, until, before)
            Tree(self.units).check(one)
        except (BadInput, NotFound) as fault:
            self.faults.append(RowFault(line, fault.field or column, fault.vi, fault.en))
            return
        self.units[id] = one
        self._lines[id] = line
        self.found.append(one)
        self._name(one)

    def _known(self, code: str, name: str, parent: str) -> str:
        for word in (code, _folded(name)):
            same = [id for id in self._named.get(word, ()) if word]
            if word != code:
                same = [id for id in same if self.units[id].parent == parent]
            if len(same) == 1:
                return same[0]
        return ""

    def _one(self, word: str) -> str:
        found = self._named.get(word) or self._named.get(_folded(word)) or []
        if not found:
            raise NotFound(f"không có đơn vị “{word[:60]}” ở trên hay trong Loa", f"there is no unit {word[:60]!r}")
        if len(found) > 1:
            raise BadInput(
                f"có {len(found)} đơn vị tên “{word[:60]}”: ghi mã", f"several units are called {word[:60]!r}"
            )
        return found[0]


def _level(written: str, name: str) -> Level:
    """Of its word, or of how the name begins."""
    if not written:
        if (level := level_of(name)) is None:
            raise BadInput("thiếu cấp, và tên không cho biết", "no level, and the name does not tell")
        return level
    word = _folded(written)
    for level, title in TITLES.items():
        if word == level.value or word in (_folded(part) for part in title.split(" (")[0].split(",")):
            return level
    raise BadInput(f"không hiểu cấp “{written[:40]}”", f"not a level: {written[:40]!r}")


def _day(written: str) -> date | None:
    if not written:
        return None
    day = re.fullmatch(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})", written)
    with contextlib.suppress(ValueError):
        return date(int(day[3]), int(day[2]), int(day[1])) if day else date.fromisoformat(written)
    raise BadInput(f"không có ngày “{written[:20]}”", f"not a day: {written[:20]!r}")


def _folded(written: str) -> str:
    """Without marks, in lower case, spaces alike: as titles of columns and names are compared."""
    plain = unicodedata.normalize("NFD", written.lower().replace("đ", "d"))
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())
