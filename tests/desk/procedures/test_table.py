"""Catalogues read from files: as offices write them, and what is wrong with a row named by line and column."""

from __future__ import annotations

import io
import json
from datetime import date

import pytest
import xlsxwriter

from config.words import BadInput
from content.procedures.procedure import Procedure, Status
from desk.procedures.table import read_procedures

HEAD = "Mã,Tên thủ tục,Lĩnh vực,Thời hạn,Ngày có hiệu lực,Tình trạng\n"
GOOD = "1.001193,Đăng ký khai sinh,Hộ tịch,1 ngày,01/12/2026,Sửa đổi\n"
WANTED = Procedure(
    "1.001193", "Đăng ký khai sinh", "Hộ tịch", time_limit="1 ngày", effective=date(2026, 12, 1), status=Status.AMENDED
)


def test_the_three_kinds_of_file_say_the_same() -> None:
    """CSV, a workbook with a true date and a code that became a number, JSON in either language."""
    book = io.BytesIO()
    with xlsxwriter.Workbook(book, {"in_memory": True}) as made:
        sheet, day = made.add_worksheet(), made.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, HEAD.strip().split(","))
        sheet.write_row(1, 0, [1.001193, "Đăng ký khai sinh", "Hộ tịch", "1 ngày"])
        sheet.write_datetime(1, 4, date(2026, 12, 1), day)
        sheet.write_string(1, 5, "sửa đổi, bổ sung")
    plain = {"code": "1.001193", "name": "Đăng ký khai sinh", "field": "Hộ tịch", "time_limit": "1 ngày"}
    plain |= {"effective": "2026-12-01", "status": "amended"}
    vietnamese = {"Mã": "1.001193", "Tên": "Đăng ký khai sinh", "Lĩnh vực": "Hộ tịch", "Thời hạn": "1 ngày"}
    vietnamese |= {"Hiệu lực": "01-12-2026", "Tình trạng": "sửa đổi"}
    files = [(HEAD + GOOD).encode(), book.getvalue()]
    files += [json.dumps([plain]).encode(), json.dumps({"procedures": [vietnamese]}).encode()]
    for data in files:
        assert read_procedures(data) == ([WANTED], [])


def test_zeros_that_a_spreadsheet_dropped_come_back() -> None:
    """1.001190 as a number is 1.00119."""
    [one], _ = read_procedures("mã,tên\n1.00119,Tên\n".encode())
    assert one.code == "1.001190"


def test_every_bad_row_is_named() -> None:
    """Doubled codes, impossible dates, unknown words, no name: each with its line and column."""
    rows = [
        GOOD,
        "1.001193,Lại,,,,\n",
        "1.000002,Tên,,,31/02/2026,\n",
        "1.000003,Tên,,,,lạ\n",
        "1.000004,,,,,\n",
        "x,T,,,,\n",
    ]
    rows += ["1.000005,Tên,,,01/01/9999,\n"]
    found, faults = read_procedures((HEAD + "".join(rows)).encode())
    assert found == [WANTED]
    assert [(one.line, one.column) for one in faults] == [
        (3, "code"),
        (4, "effective"),
        (5, "status"),
        (6, "name"),
        (7, "code"),
        (8, "effective"),
    ]
    assert "dòng 2" in faults[0].vi and "31/02/2026" in faults[1].vi


def test_columns_that_the_file_has_not_stay() -> None:
    """A shorter table changes nothing but what it says; an empty cell is empty."""
    known = {WANTED.code: WANTED}
    [one], _ = read_procedures("mã,tên,lĩnh vực\n1.001193,Khai sinh,\n".encode(), known)
    assert (one.name, one.field, one.time_limit, one.status) == ("Khai sinh", "", "1 ngày", Status.AMENDED)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7\n\xff\xfe",
        "tên\nKhai sinh\n".encode(),
        b"[",
        b"{}",
        b"[1]",
        b"[" * 100_000,
        b"[]",
        "mã,tên\n".encode(),
    ],
)
def test_what_is_no_catalogue_is_refused(data: bytes) -> None:
    """With the file named, not a traceback."""
    with pytest.raises(BadInput) as told:
        read_procedures(data)
    assert told.value.field == "file"
