"""Rows of a list as offices keep it: CSV, or the first sheet of a workbook (XLSX, XLS, ODS); each with its line in the file."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from config.lazy import lazily
from config.unmarked import unmarked
from config.words import BadInput, Conflict

if TYPE_CHECKING:
    import python_calamine
else:
    python_calamine = lazily("python_calamine")

MOST_BYTES = 200 * 1024 * 1024
EXACT = 2**53
"""Whole numbers beyond it are not what was typed any more: spreadsheets keep 15 digits."""
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How a zip (XLSX, ODS) and an old workbook (XLS) begin."""

Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class RowFault:
    """One thing wrong with one line of the file."""

    line: int
    column: str
    vi: str
    en: str


def refusal(faults: Sequence[RowFault], titles: Mapping[str, str]) -> Conflict:
    """What is said of a file with bad rows, of which nothing is taken in: how many, and the first, its column by its title."""
    first, count = faults[0], len(faults)
    vi = f"Tệp có {count} dòng lỗi nên chưa nhận gì; dòng {first.line}, cột {titles[first.column]}: {first.vi}"
    en = f"{count} rows are wrong and nothing was taken in; line {first.line}, column {first.column}: {first.en}"
    return Conflict(vi, en)


def places_of(header: Sequence[str], columns: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Where each of the columns stands that the header names by one of its words, which are without marks; the first of two."""
    titles = [unmarked(title) for title in header]
    named = {key: next((titles.index(word) for word in words if word in titles), -1) for key, words in columns.items()}
    return {key: place for key, place in named.items() if place >= 0}


def day_of(written: str, field: str) -> date | None:
    """`1/7/2025` (or with dashes or full stops) or ISO 8601; None for nothing. Raises BadInput."""
    if not written:
        return None
    day = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", written, re.ASCII)
    try:
        return date(int(day[3]), int(day[2]), int(day[1])) if day else date.fromisoformat(written[:10])
    except ValueError:
        raise BadInput(f"không có ngày “{written[:20]}”", f"there is no day {written[:20]!r}", field=field) from None


def read_rows(data: bytes) -> Iterator[Row]:
    """Every row with something in it. Raises BadInput, also half-way, when the file is none of these; takes a while."""
    if len(data) > MOST_BYTES:
        raise BadInput("Tệp lớn quá 200 MB", "The file is larger than 200 MB", field="file")
    rows = _of_workbook(data) if data.startswith(WORKBOOKS) else _of_csv(data)
    return ((line, row) for line, row in rows if any(cell.strip() for cell in row))


def _of_csv(data: bytes) -> Iterator[Row]:
    """Comma, semicolon or tab, whichever the first line has most of; UTF-8."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInput(f"Tệp không phải UTF-8 (dòng {line})", f"Not UTF-8 (line {line})", field="file") from None
    if "\0" in text:
        raise BadInput("Tệp không phải CSV", "The file is no CSV", field="file")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    before = len(text) - len(text.lstrip("\n"))
    head = text[before:].split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text[before:]), delimiter=max(",;\t", key=head.count))
    try:
        for row in rows:
            yield before + rows.line_num, row
    except csv.Error:  # a quote that is never closed swallows the rest of the file
        line = before + rows.line_num
        raise BadInput(f"Dòng {line} không phải CSV", f"Line {line} is no CSV", field="file") from None


def _of_workbook(data: bytes) -> Iterator[Row]:
    """The first sheet. What would be far larger than it looks is not opened."""
    try:
        if data.startswith(WORKBOOKS[0]):
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                if sum(one.file_size for one in packed.infolist()) > MOST_BYTES:
                    raise BadInput("Bảng tính lớn quá 200 MB", "The workbook is larger than 200 MB", field="file")
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        cells = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except python_calamine.PasswordError:
        raise BadInput("Bảng tính có mật khẩu; hãy bỏ mật khẩu", "The workbook has a password", field="file") from None
    except (python_calamine.CalamineError, zipfile.BadZipFile, OSError, NotImplementedError):
        raise BadInput("Bảng tính hỏng hoặc không đọc được", "The workbook cannot be read", field="file") from None
    for line, row in enumerate(cells, 1):
        yield line, [_written(cell) for cell in row]


def _written(cell: object) -> str:
    """A cell as it was typed, as far as the file still knows: a number has lost its leading zero, a long one its end."""
    if isinstance(cell, float) and cell.is_integer():
        return f"{cell:.0f}" if abs(cell) < EXACT else f"{cell:.0e}"
    return f"{cell:%d/%m/%Y}" if isinstance(cell, date) else str(cell)
