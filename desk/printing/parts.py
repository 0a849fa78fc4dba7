"""What stands on a page: paragraphs, numbered parts, tables that go on over pages, QR codes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import segno
from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Paragraph, Spacer, Table

from desk.printing.fonts import SANS, SERIF, seen
from desk.printing.paper import WIDTH
from desk.printing.roman import ROMAN

BODY = ParagraphStyle(
    "body", fontName=SERIF, fontSize=13, leading=18, alignment=TA_JUSTIFY, firstLineIndent=10 * mm, spaceAfter=6
)
"""Annex I: size 13 to 14, first line in by 1 cm or 1.27, at least 6 pt between paragraphs."""
PLAIN = ParagraphStyle("plain", parent=BODY, firstLineIndent=0, alignment=0, spaceAfter=0)
CENTRED = ParagraphStyle("centred", parent=PLAIN, alignment=TA_CENTER)
CELL = ParagraphStyle("cell", parent=PLAIN, fontSize=11, leading=15)
NUMBER = ParagraphStyle("number", parent=CELL, alignment=TA_RIGHT)
SMALL = ParagraphStyle("small", parent=PLAIN, fontName=SANS, fontSize=8.5, leading=12, spaceAfter=3)
QUOTED = ParagraphStyle("quoted", parent=CELL, leftIndent=5 * mm, spaceAfter=3)


def words(text: str, font: str = SERIF, *, bold: bool = False, italic: bool = False) -> str:
    """Text as a paragraph takes it: nothing in it is markup."""
    marked = escape(seen(text, font), quote=False)
    marked = f"<b>{marked}</b>" if bold else marked
    return f"<i>{marked}</i>" if italic else marked


def paragraph(text: str, style: ParagraphStyle = BODY, *, bold: bool = False, italic: bool = False) -> Any:
    """One paragraph."""
    return Paragraph(words(text, style.fontName, bold=bold, italic=italic), style)


def lines(text: str, style: ParagraphStyle = QUOTED) -> list[Any]:
    """A text of several lines, each a paragraph."""
    return [paragraph(line, style) for line in text.splitlines() if line.strip()]


def part(number: int, title: str) -> Any:
    """The title of a numbered part (`I. ...`); it does not stand alone at the end of a page."""
    style = ParagraphStyle("part", parent=PLAIN, spaceBefore=8, spaceAfter=5, keepWithNext=1)
    return paragraph(f"{ROMAN[number]}. {title}", style, bold=True)


def subpart(title: str) -> Any:
    """The title of something within a part."""
    style = ParagraphStyle("subpart", parent=PLAIN, fontSize=12, spaceBefore=6, spaceAfter=3, keepWithNext=1)
    return paragraph(title, style, bold=True)


def table(
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    *,
    heads: int = 1,
    feet: int = 0,
    right: bool = False,
    tall: bool = False,
) -> Any:
    """A ruled table of texts; `widths` are shares of the page's, and the first `heads` rows stand again on every page.

    `feet` rows at the end are sums; `right`: all but the first column are numbers; `tall`: with room to write by hand.
    """
    last = len(rows) - feet
    cells = [
        [
            paragraph(cell, NUMBER if right and column else CELL, bold=not heads <= place < last)
            for column, cell in enumerate(row)
        ]
        for place, row in enumerate(rows)
    ]
    style = [
        ("GRID", (0, 0), (-1, -1), 0.5, colors.black),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 8 if tall else 4),
    ]
    whole = sum(widths)
    wide = [WIDTH * width / whole for width in widths]
    return Table(cells, wide, style=style, repeatRows=heads, splitInRow=1, spaceBefore=2, spaceAfter=6)


def facts(pairs: Sequence[tuple[str, str]], width: float = WIDTH) -> Any:
    """Names with their values, one a line, without rules; `width` in points."""
    rows = [
        [paragraph(name, CELL), paragraph(value, CELL, bold=not place)] for place, (name, value) in enumerate(pairs)
    ]
    style = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]
    style += [("TOPPADDING", (0, 0), (-1, -1), 0), ("BOTTOMPADDING", (0, 0), (-1, -1), 2)]
    return Table(rows, [38 * mm, width - 38 * mm], style=style, splitInRow=1, hAlign="LEFT")


def beside(left: Any, right: Any, width: float) -> Any:
    """Two things side by side; `width` of the right one in points."""
    style: list[tuple[Any, ...]] = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("ALIGN", (1, 0), (1, 0), "RIGHT")]
    style += [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]
    return Table([[left, right]], [WIDTH - width, width], style=style)


def together(*parts: Any) -> Any:
    """What is not to be parted by the end of a page."""
    return KeepTogether(list(parts))


def space(height: float) -> Any:
    """Nothing, so high in millimetres."""
    return Spacer(1, height * mm)


def qr_code(text: str, side: float) -> Any:
    """The text as a QR code of medium correction with its quiet zone, `side` in millimetres."""
    code = segno.make(text, error="m", micro=False)
    matrix = list(code.matrix_iter(border=4))
    one = side * mm / len(matrix)
    drawing = Drawing(side * mm, side * mm)
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            if dark:
                place = (x * one, (len(matrix) - 1 - y) * one)
                drawing.add(Rect(*place, one, one, fillColor=colors.black, strokeColor=None, strokeWidth=0))
    return drawing
