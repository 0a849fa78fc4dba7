"""Units of a table (CSV or a workbook): every row checked, every fault told with its line and column; pure but for reading."""

from __future__ import annotations

from collections.abc import Mapping

from channels.rows import RowFault, day_of, places_of, read_rows
from config.unmarked import unmarked
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
COLUMN_TITLES = {
    "name": "tên",
    "level": "cấp",
    "code": "mã",
    "parent": "trực thuộc",
    "since": "từ ngày",
    "until": "đến ngày",
    "before": "tiền thân",
}
MOST = 20_000


def read_units(data: bytes, known: Tree) -> tuple[list[Unit], list[RowFault]]:
    """The units of a file, each after what it is under, and what is wrong. Raises BadInput when it is no such file.

    A row is about a known unit when it has its code, or its name under the same one. `parent` and `before` name units by
    name, code or id, known ones or of rows before; several of `before` are parted by semicolons. Takes a while.
    """
    rows = read_rows(data)
    _, header = next(rows, (0, []))
    places = places_of(header, COLUMNS)
    if "name" not in places:
        raise BadInput("Tệp thiếu cột “tên”", "The column “name” is missing", field="file")
    reading = _Reading(known)
    for number, (line, row) in enumerate(rows):
        if number == MOST:
            raise BadInput(f"Nhiều hơn {MOST} dòng", f"More than {MOST} rows", field="file")
        cells = {name: row[at].strip() for name, at in places.items() if at < len(row)}
        reading.take(line, dict.fromkeys(COLUMNS, "") | cells)
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
        for word in {one.id, unmarked(one.name), one.code} - {""}:
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
            since, until = day_of(written["since"], "since"), day_of(written["until"], "until")
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
        for word in (code, unmarked(name)):
            same = [id for id in self._named.get(word, ()) if word]
            if word != code:
                same = [id for id in same if self.units[id].parent == parent]
            if len(same) == 1:
                return same[0]
        return ""

    def _one(self, word: str) -> str:
        found = self._named.get(word) or self._named.get(unmarked(word)) or []
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
    word = unmarked(written)
    for level, title in TITLES.items():
        if word == level.value or word in (unmarked(part) for part in title.split(" (")[0].split(",")):
            return level
    raise BadInput(f"không hiểu cấp “{written[:40]}”", f"not a level: {written[:40]!r}")
