"""Procedures of a file (CSV, a workbook, JSON): every row checked, every fault told with its line and column."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from channels.rows import MOST_BYTES, RowFault, day_of, places_of, read_rows
from config.unmarked import unmarked
from config.words import BadInput
from content.procedures.procedure import TITLES, Procedure, Status, check

COLUMNS = {
    "code": ("code", "ma", "ma thu tuc", "ma tthc", "ma so", "ma so tthc"),
    "name": ("name", "ten", "ten thu tuc", "ten thu tuc hanh chinh", "ten tthc"),
    "field": ("field", "linh vuc"),
    "level": ("level", "cap", "cap thuc hien"),
    "authority": ("authority", "co quan", "co quan thuc hien", "noi nop", "noi nop ho so"),
    "time_limit": ("time_limit", "thoi han", "thoi han giai quyet"),
    "fee": ("fee", "phi", "le phi", "phi, le phi", "phi le phi"),
    "dossier": ("dossier", "ho so", "thanh phan ho so"),
    "legal_basis": ("legal_basis", "can cu", "can cu phap ly"),
    "decision": ("decision", "quyet dinh", "so quyet dinh", "quyet dinh cong bo"),
    "effective": ("effective", "hieu luc", "ngay hieu luc", "ngay co hieu luc", "hieu luc tu"),
    "status": ("status", "tinh trang", "trang thai"),
}
STATUSES = {
    Status.NEW: ("new", "moi", "moi ban hanh", "ban hanh moi"),
    Status.AMENDED: ("amended", "sua doi", "sua doi, bo sung", "sua doi bo sung"),
    Status.REPLACED: ("replaced", "thay the", "duoc thay the", "bi thay the"),
    Status.ABOLISHED: ("abolished", "bai bo", "bi bai bo", "huy bo"),
}
MOST = 20_000


Written = Mapping[str, str]


def read_procedures(
    data: bytes, known: Mapping[str, Procedure] | None = None
) -> tuple[list[Procedure], list[RowFault]]:
    """The procedures of a file and what is wrong with it. Raises BadInput when it is no catalogue at all.

    A fault's line is its line in a table, its number in JSON.
    Of a procedure in `known`, columns that the file does not have stay as they are. Takes a while.
    """
    found: list[Procedure] = []
    faults: list[RowFault] = []
    lines: dict[str, int] = {}
    for number, (line, row) in enumerate(_of_json(data) if _is_json(data) else _of_table(data)):
        if number == MOST:
            raise BadInput(f"Nhiều hơn {MOST} thủ tục", f"More than {MOST} procedures", field="file")
        try:
            one = _procedure(row, known or {})
            if one.code in lines:
                first = lines[one.code]
                raise BadInput(
                    f"mã {one.code} đã có ở dòng {first}", f"{one.code} is on line {first} already", field="code"
                )
            check(one)
        except BadInput as fault:
            faults.append(RowFault(line, fault.field or "code", fault.vi, fault.en))
            continue
        lines[one.code] = line
        found.append(one)
    if not found and not faults:
        raise BadInput("Tệp không có thủ tục nào", "There is no procedure in the file", field="file")
    return found, faults


def _is_json(data: bytes) -> bool:
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"[", b"{")


def _of_json(data: bytes) -> Iterator[tuple[int, Written]]:
    """A list of objects, or an object with such a list under `procedures` or `items`; the first entry is 1."""
    if len(data) > MOST_BYTES:
        raise BadInput("Tệp lớn quá 200 MB", "The file is larger than 200 MB", field="file")
    try:
        given = json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        vi, en = (
            f"JSON sai ở dòng {error.lineno}, cột {error.colno}",
            f"Bad JSON, line {error.lineno}, column {error.colno}",
        )
        raise BadInput(vi, en, field="file") from None
    except (UnicodeDecodeError, RecursionError, ValueError):
        raise BadInput("Tệp JSON không đọc được", "The JSON cannot be read", field="file") from None
    if isinstance(given, dict):
        given = given.get("procedures", given.get("items"))
    if not isinstance(given, list):
        raise BadInput("JSON phải là danh sách thủ tục", "The JSON must be a list of procedures", field="file")
    for number, entry in enumerate(given, 1):
        if not isinstance(entry, dict):
            raise BadInput(f"Mục {number} không phải một thủ tục", f"Entry {number} is no procedure", field="file")
        values = list(entry.values())
        yield number, {name: _text(values[at]) for name, at in places_of(list(entry), COLUMNS).items()}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "\n".join(_text(each) for each in value if not isinstance(each, list | dict))
    return "" if value is None or isinstance(value, dict) else str(value)


def _of_table(data: bytes) -> Iterator[tuple[int, Written]]:
    rows = read_rows(data)
    _, header = next(rows, (0, []))
    places = places_of(header, COLUMNS)
    for name in ("code", "name"):
        if name not in places:
            raise BadInput(f"Tệp thiếu cột “{TITLES[name]}”", f"The column “{name}” is missing", field="file")
    for line, row in rows:
        yield line, {name: row[at] if at < len(row) else "" for name, at in places.items()}


def _procedure(row: Written, known: Mapping[str, Procedure]) -> Procedure:
    """Raises BadInput with its column."""
    code = _code(row.get("code", ""))
    texts = {name: _tidy(text, name) for name, text in row.items() if name not in {"code", "effective", "status"}}
    given: dict[str, Any] = dict(texts)
    if "effective" in row:
        given["effective"] = day_of(row["effective"].strip(), "effective")
    if "status" in row:
        given["status"] = _status(row["status"].strip())
    return replace(known.get(code, Procedure(code, "")), **given)


def _code(written: str) -> str:
    """Spreadsheets take a code for a number and drop the zeros at its end: 1.001190 is kept as 1.00119."""
    written = written.strip()
    short = re.fullmatch(r"(\d)\.(\d{1,5})", written, re.ASCII)
    return f"{short[1]}.{short[2]:0<6}" if short else written


def _tidy(text: str, name: str) -> str:
    """One line of most fields; a dossier and its basis keep theirs."""
    if name in {"dossier", "legal_basis"}:
        return "\n".join(line for each in text.splitlines() if (line := " ".join(each.split())))
    return " ".join(text.split())


def _status(written: str) -> Status:
    if not written:
        return Status.NEW
    for status, words in STATUSES.items():
        if unmarked(written) in words:
            return status
    raise BadInput(
        f"không hiểu tình trạng “{written[:40]}” (mới, sửa đổi, thay thế, bãi bỏ)",
        f"not a status: {written[:40]!r} (new, amended, replaced, abolished)",
        field="status",
    )
