"""A report as a Word document in the form of Decree 30/2020/NĐ-CP, Annex I. Everything here blocks.

A4, margins 20, 20, 30 and 20 mm, Times New Roman; the national name and motto beside the issuing body, number and symbol beside
place and date, BÁO CÁO, a body in numbered parts, recipients beside the signature. What only the office knows is dotted.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import docx
from docx.document import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from desk.printing import issuer
from desk.printing.issuer import DOTS, MOTTO, NATION, issuing_body, signing, symbol
from desk.reporting.content import Cell, Content, Section, Table
from desk.reporting.sentences import number_vi

FACE = "Times New Roman"
BODY, HEAD, CELL, LIST = Pt(14), Pt(13), Pt(11), Pt(11)
LEFT, MIDDLE, RIGHT = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT
NAME_WIDTH, BODY_WIDTH = 44.0, 160.0


def drawn(content: Content) -> bytes:
    """The document."""
    document = docx.Document()
    _set_page(document)
    _set_styles(document)
    _head(document, content)
    _title(document, content)
    _say(document, content.opening)
    for section in content.sections:
        _part(document, section)
    _notes(document, content)
    _foot(document, content)
    told = document.core_properties
    told.title, told.author, told.language = f"BÁO CÁO {content.about}", content.office, "vi-VN"
    told.comments = f"SHA-256 {content.digest}"
    told.created = told.modified = datetime(content.year, 1, 1, tzinfo=UTC)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _set_page(document: Document) -> None:
    page = document.sections[0]
    page.orientation = WD_ORIENT.PORTRAIT
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin, page.left_margin, page.right_margin = Mm(20), Mm(20), Mm(30), Mm(20)
    page.header_distance = Mm(10)
    page.different_first_page_header_footer = True
    number = page.header.paragraphs[0]
    number.alignment = MIDDLE
    _page_number(number)


def _page_number(paragraph: Paragraph) -> None:
    """A field that Word fills in: pages are numbered in the middle of the upper margin, but for the first."""
    run = paragraph.add_run()
    run.font.name, run.font.size = FACE, HEAD
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)  # noqa: SLF001 (python-docx has no fields of its own)


def _set_styles(document: Document) -> None:
    for name, bold in (("Normal", False), ("Heading 1", True), ("Title", True)):
        style: Any = document.styles[name]
        style.font.name, style.font.size, style.font.bold = FACE, BODY, bold
        style.font.color.rgb = RGBColor(0, 0, 0)
        faces = style.element.rPr.rFonts
        # the template's faces by theme would win over the name
        for attribute in [key for key in faces.attrib if key.endswith("Theme")]:
            del faces.attrib[attribute]
        for script in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
            faces.set(qn(script), FACE)
    normal: Any = document.styles["Normal"]
    normal.paragraph_format.space_after = Pt(0)
    heading: Any = document.styles["Heading 1"]
    heading.paragraph_format.space_before, heading.paragraph_format.space_after = Pt(12), Pt(6)
    heading.paragraph_format.keep_with_next = True
    for border in document.styles["Title"].element.iter(qn("w:pBdr")):
        border.getparent().remove(border)


# --- head --------------------------------------------------------------------------------------------------------------


def _head(document: Document, content: Content) -> None:
    table = _bare(document, (62, 98))
    left, right = table.rows[0].cells
    body = issuing_body(content.office)
    for line in body:
        _line(left, line, HEAD, bold=line == body[-1])
    _rule(left, Mm(20))
    _line(right, NATION, HEAD, bold=True)
    _line(right, MOTTO, BODY, bold=True)
    _rule(right, Mm(18))
    left, right = table.add_row().cells
    _line(left, f"Số:        /BC-{symbol(content.office)}", HEAD)
    _line(
        right,
        f"{issuer.place(content.office) or DOTS[:10]}, ngày ..... tháng ..... năm {content.year}",
        BODY,
        italic=True,
    )


def _bare(document: Document, widths: tuple[float, float]) -> Any:
    table: Any = document.add_table(1, 2)
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    return table


def _line(cell: _Cell, text: str, size: Pt, *, bold: bool = False, italic: bool = False, at: Any = MIDDLE) -> None:
    """A line of a cell; the first takes the place of the empty one that every cell begins with."""
    first = cell.paragraphs[0]
    paragraph = first if not first.runs and len(cell.paragraphs) == 1 else cell.add_paragraph()
    paragraph.alignment = at
    _run(paragraph, text, size, bold=bold, italic=italic)


def _run(paragraph: Paragraph, text: str, size: Pt, *, bold: bool = False, italic: bool = False) -> None:
    run = paragraph.add_run(text)
    run.font.size, run.bold, run.italic = size, bold, italic


def _rule(cell: _Cell, inset: Mm) -> None:
    """The line under a name: shorter than the cell, in its middle."""
    paragraph = cell.add_paragraph()
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = inset
    _underline(paragraph)


def _underline(paragraph: Paragraph) -> None:
    run = paragraph.add_run()
    run.font.size = Pt(2)
    borders, top = OxmlElement("w:pBdr"), OxmlElement("w:top")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "1"), ("color", "000000")):
        top.set(qn(f"w:{name}"), value)
    borders.append(top)
    properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001 (python-docx has no borders of its own)
    properties.insert_element_before(borders, "w:shd", "w:spacing", "w:ind", "w:jc", "w:rPr")


def _title(document: Document, content: Content) -> None:
    title = document.add_paragraph("BÁO CÁO", style="Title")
    title.alignment = MIDDLE
    title.paragraph_format.space_before, title.paragraph_format.space_after = Pt(18), Pt(0)
    about = document.add_paragraph()
    about.alignment = MIDDLE
    _run(about, content.about, BODY, bold=True)
    rule = document.add_paragraph()
    rule.paragraph_format.left_indent = rule.paragraph_format.right_indent = Mm(55)
    rule.paragraph_format.space_after = Pt(12)
    _underline(rule)


# --- body --------------------------------------------------------------------------------------------------------------


def _say(document: Document, text: str, size: Pt = BODY) -> None:
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    form = paragraph.paragraph_format
    form.first_line_indent, form.space_after, form.line_spacing = Mm(10), Pt(6), 1.15
    _run(paragraph, text, size)


def _part(document: Document, section: Section) -> None:
    document.add_heading(f"{section.number}. {section.heading.upper()}", level=1)
    for sentence in section.said:
        _say(document, sentence)
    if section.table.rows:
        _table(document, section.table)
    elif not section.said:
        _say(document, "Không có lượt gửi nào trong kỳ.")


def _table(document: Document, told: Table) -> None:
    table = document.add_table(0, len(told.heads), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    rest = (BODY_WIDTH - NAME_WIDTH) / (len(told.heads) - 1)
    widths = [Mm(NAME_WIDTH)] + [Mm(rest)] * (len(told.heads) - 1)
    _row(table, told.heads, widths, bold=True, head=True)
    for row in told.rows:
        _row(table, row, widths)
    if told.foot:
        _row(table, told.foot, widths, bold=True)
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    document.add_paragraph()


def _row(table: Any, cells: Sequence[Cell], widths: Sequence[Mm], *, bold: bool = False, head: bool = False) -> None:
    row = table.add_row()
    for place, (cell, value) in enumerate(zip(row.cells, cells, strict=True)):
        cell.width = widths[place]
        at = MIDDLE if head else RIGHT if place else LEFT
        _line(cell, value if isinstance(value, str) else number_vi(value), CELL, bold=bold, at=at)
    properties = row._tr.get_or_add_trPr()  # noqa: SLF001 (python-docx has no such properties of a row)
    properties.append(OxmlElement("w:cantSplit"))
    if head:
        properties.append(OxmlElement("w:tblHeader"))


def _notes(document: Document, content: Content) -> None:
    _say(document, "Cách tính:", LIST)
    for note in content.notes:
        _say(document, f"- {note}", LIST)
    _say(document, f"{content.standing} Mã số liệu (SHA-256): {content.digest}.", LIST)


# --- foot --------------------------------------------------------------------------------------------------------------


def _foot(document: Document, content: Content) -> None:
    table = _bare(document, (80, 80))
    left, right = table.rows[0].cells
    _line(left, "Nơi nhận:", Pt(12), bold=True, italic=True, at=LEFT)
    for recipient in (f"- {DOTS};", f"- {DOTS};", "- Lưu: VT."):
        _line(left, recipient, LIST, at=LEFT)
    _line(right, signing(content.office), BODY, bold=True)
    _line(right, DOTS, BODY, bold=True)
    for _ in range(4):
        right.add_paragraph()
    right.add_paragraph().alignment = MIDDLE
    _run(right.paragraphs[-1], DOTS, BODY, bold=True)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))  # noqa: SLF001 (as above)
