"""A report as a spreadsheet: a sheet for each of its parts, with its table and a chart that is the spreadsheet's own. Blocks."""

from __future__ import annotations

import io
from typing import Any

import xlsxwriter

from desk.cells import PLAIN_TEXT
from desk.reporting.content import Cell, Content, Section, Table

COLOURS = ("#1D6236", "#9E1B1B", "#B3740A", "#8B8171")
"""Of sent, lost, undecided and called off, in that order: those of the page in print."""
STACKED = (3, 5, 6, 7)
"""The columns of a table of lines that together are its deliveries."""
PLAIN = {"in_memory": True, "strings_to_numbers": False, **PLAIN_TEXT}


def drawn(content: Content) -> bytes:
    """The workbook; text is text, never a formula or a link, also when somebody edits the cell."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, PLAIN) as book:
        book.set_properties({"title": f"BÁO CÁO {content.about}", "author": content.office, "comments": content.digest})
        forms = _Forms(book)
        _front(book, forms, content)
        for section in content.sections:
            _part(book, forms, section)
    return file.getvalue()


class _Forms:
    """How cells look; `quote_prefix` keeps a text from becoming a formula when its cell is edited."""

    def __init__(self, book: Any) -> None:
        lines = {"border": 1, "font_name": "Times New Roman", "font_size": 12}
        self.text = book.add_format({**lines, "quote_prefix": True, "text_wrap": True, "valign": "top"})
        self.head = book.add_format(
            {**lines, "bold": True, "text_wrap": True, "align": "center", "valign": "vcenter", "quote_prefix": True}
        )
        self.whole = book.add_format({**lines, "num_format": "#,##0"})
        self.share = book.add_format({**lines, "num_format": "0.0"})
        bold = {**lines, "bold": True}
        self.foot = book.add_format({**bold, "quote_prefix": True})
        self.foot_whole = book.add_format({**bold, "num_format": "#,##0"})
        self.foot_share = book.add_format({**bold, "num_format": "0.0"})
        plain = {"font_name": "Times New Roman", "quote_prefix": True, "text_wrap": True, "valign": "top"}
        self.title = book.add_format({**plain, "bold": True, "font_size": 14, "text_wrap": False})
        self.said = book.add_format({**plain, "font_size": 12})


def _front(book: Any, forms: _Forms, content: Content) -> None:
    sheet = book.add_worksheet("Tổng hợp")
    _set_paper(sheet)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 22)
    sheet.set_column(2, 2, 40)
    sheet.write_string(0, 0, content.office, forms.title)
    sheet.write_string(1, 0, f"BÁO CÁO: {content.about}", forms.title)
    sheet.merge_range(2, 0, 2, 2, "", forms.said)
    sheet.write_string(2, 0, content.opening, forms.said)
    sheet.set_row(2, 64)
    row = 4
    for headline in content.headlines:
        for column, text in enumerate((headline.title, headline.said, headline.note)):
            sheet.write_string(row, column, text, forms.text)
        row += 1
    for text in (content.standing, f"Mã số liệu (SHA-256): {content.digest}", *content.notes):
        row += 1
        sheet.merge_range(row, 0, row, 2, "", forms.said)
        sheet.write_string(row, 0, text, forms.said)
        sheet.set_row(row, 32)


def _part(book: Any, forms: _Forms, section: Section) -> None:
    sheet = book.add_worksheet(f"{section.number}. {section.heading}"[:31])
    _set_paper(sheet)
    table = section.table
    sheet.write_string(0, 0, f"{section.number}. {section.heading}", forms.title)
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, len(table.heads) - 1, 13)
    for column, head in enumerate(table.heads):
        sheet.write_string(2, column, head, forms.head)
    for number, row in enumerate(table.rows, 3):
        _write(sheet, number, row, (forms.text, forms.whole, forms.share))
    if table.foot:
        _write(sheet, 3 + len(table.rows), table.foot, (forms.foot, forms.foot_whole, forms.foot_share))
    sheet.freeze_panes(3, 1)
    sheet.repeat_rows(2)
    if table.rows and section.chart is not None:
        _draw(book, sheet, section, section.chart.shape)


def _set_paper(sheet: Any) -> None:
    sheet.set_paper(9)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _write(sheet: Any, row: int, cells: tuple[Cell, ...], forms: tuple[Any, Any, Any]) -> None:
    text, whole, share = forms
    for column, cell in enumerate(cells):
        if isinstance(cell, str):
            sheet.write_string(row, column, cell, text)
        elif cell is None:
            sheet.write_blank(row, column, None, whole)
        else:
            sheet.write_number(row, column, cell, whole if isinstance(cell, int) else share)


def _draw(book: Any, sheet: Any, section: Section, shape: str) -> None:
    """The chart under the table, of the table's own cells."""
    table, name = section.table, sheet.get_name()
    first, last = 3, 2 + len(table.rows)
    names = [name, first, 0, last, 0]
    if shape == "ring":
        chart = book.add_chart({"type": "doughnut"})
        chart.add_series({"name": section.heading, "categories": names, "values": [name, first, 1, last, 1]})
    else:
        kind = "column" if shape == "columns" else "bar"
        chart = book.add_chart({"type": kind, "subtype": "stacked"})
        for column, colour in zip(STACKED, COLOURS, strict=True):
            values = [name, first, column, last, column]
            series = {"name": table.heads[column], "categories": names, "values": values, "fill": {"color": colour}}
            chart.add_series(series | {"gap": 60})
        if kind == "bar":
            chart.set_y_axis({"reverse": True})
    chart.set_title({"name": section.heading})
    chart.set_size({"width": 900, "height": 320 if shape != "bars" else _height(table)})
    sheet.insert_chart(last + 3, 0, chart)


def _height(table: Table) -> int:
    return 160 + 40 * min(len(table.rows), 20)
