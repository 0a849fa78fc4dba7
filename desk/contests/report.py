"""The report of a contest as a spreadsheet or a PDF: who took part by day and place, how well, each question, who won. Blocks."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any

import xlsxwriter

from config.lazy import lazily
from content.contests.contest import Contest
from content.contests.entries.store import Way
from content.contests.question import Question
from desk.cells import PLAIN_TEXT
from desk.contests.figures import Figures

if TYPE_CHECKING:
    from desk.printing import decree, issuer, paper, parts
else:
    decree, issuer = lazily("desk.printing.decree"), lazily("desk.printing.issuer")
    paper, parts = lazily("desk.printing.paper"), lazily("desk.printing.parts")

PLAIN = {"in_memory": True, "strings_to_numbers": False, **PLAIN_TEXT}
Row = list[str | int | float]
Rows = list[Row]


def drawn(
    form: str,
    one: Contest,
    counted: Figures,
    questions: Sequence[Question],
    winners: Sequence[Mapping[str, Any]],
    office: str,
    now: datetime,
    zone: tzinfo,
) -> bytes:
    """The file in the `form` xlsx or pdf."""
    tables = _tables(one, counted, questions, winners, zone)
    return _sheets(one, tables) if form == "xlsx" else _paper(one, tables, office, now.astimezone(zone))


def _tables(
    one: Contest, counted: Figures, questions: Sequence[Question], winners: Sequence[Mapping[str, Any]], zone: tzinfo
) -> list[tuple[str, Rows]]:
    """Each with its title; the first row of each is its heads."""
    opens, closes = (f"{moment.astimezone(zone):%d/%m/%Y %H:%M}" for moment in (one.plan.opens_at, one.plan.closes_at))
    whole: Rows = [
        ["Mục", "Giá trị"],
        ["Thời gian", f"{opens} đến {closes}"],
        ["Người dự thi", counted.begun],
        ["Nộp bài", counted.finished],
        ["Đúng tất cả", counted.all_right],
        ["Số câu đúng trung bình", counted.mean if counted.mean is not None else "chưa có"],
        ["Dấu của bảng kết quả", one.results or "chưa tính"],
    ]
    asked: Rows = [["Câu hỏi", "Được hỏi", "Trả lời đúng", "Tỷ lệ (%)"]]
    for each in questions:
        if each.id in counted.questions:
            right, times = counted.questions[each.id]
            asked.append([each.text, times, right, round(100 * right / times, 1)])
    won: Rows = [["Giải", "Họ tên", "Nơi", "Số điện thoại", "Số câu đúng", "Dự đoán"]]
    for row in winners:
        told = [row[name] for name in ("prize", "name", "place", "phone")]
        won.append([*told, f"{row['right']}/{row['asked']}", row["guess"]])
    ways: Rows = [["Cách xác nhận", "Người"], *_pairs({Way(way).title_vi: n for way, n in counted.by_way.items()})]
    by_day = {f"{day[8:]}/{day[5:7]}/{day[:4]}": number for day, number in counted.by_day.items()}
    days: Rows = [["Ngày", "Người"], *_pairs(by_day)]
    places: Rows = [["Nơi", "Người"], *_pairs(counted.by_place)]
    return [
        *(("Tổng hợp", whole), ("Người đạt giải", won), ("Theo ngày", days), ("Theo nơi", places)),
        *(("Theo cách xác nhận", ways), ("Từng câu hỏi", asked)),
    ]


def _pairs(counts: Mapping[str, int]) -> Rows:
    return [[name, number] for name, number in counts.items()]


def _sheets(one: Contest, tables: Sequence[tuple[str, Rows]]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, PLAIN) as book:
        bold, quiet = book.add_format({"bold": True, "quote_prefix": True}), book.add_format({"quote_prefix": True})
        book.set_properties({"title": one.title})
        for title, rows in tables:
            sheet = book.add_worksheet(title)
            sheet.set_column(0, 0, 50)
            sheet.set_column(1, 5, 22)
            for line, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, str):
                        sheet.write_string(line, column, cell, quiet if line else bold)
                    else:
                        sheet.write_number(line, column, cell)
    return file.getvalue()


def _paper(one: Contest, tables: Sequence[tuple[str, Rows]], office: str, now: datetime) -> bytes:
    told = paper.Paper(f"BÁO CÁO {one.title}", office, f"Cuộc thi {one.id}")

    def make() -> list[Any]:
        found = list(decree.heading(decree.Heading(office, now.date(), place=issuer.place(office))))
        found += decree.title("Báo cáo", f"Kết quả {one.title}")
        for number, (title, rows) in enumerate(tables, 1):
            found.append(parts.part(number, title))
            widths = (44, *[16] * (len(rows[0]) - 1))
            cells = [[str(cell) for cell in row] for row in rows]
            found.append(parts.table(cells, widths) if len(rows) > 1 else parts.paragraph("Chưa có."))
        return found

    return bytes(paper.to_pdf(told, make))
