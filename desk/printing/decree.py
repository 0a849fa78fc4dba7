"""The form of a document by Decree 30/2020/NĐ-CP, Annex I: whose it is, of which day, what it is called, who signs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reportlab.graphics.shapes import Drawing, Line
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Table

from desk.printing.fonts import SERIF_BOLD, seen
from desk.printing.issuer import MOTTO, NATION
from desk.printing.paper import WIDTH
from desk.printing.parts import CENTRED, PLAIN, paragraph, space, together

_HEAD = ParagraphStyle("head", parent=CENTRED, fontSize=12, leading=16)
_NONE = [(f"{side}PADDING", (0, 0), (-1, -1), 0) for side in ("LEFT", "RIGHT", "TOP", "BOTTOM")]


@dataclass(frozen=True, slots=True)
class Heading:
    """Who issues the document and when: `over` is the body above the office, `symbol` as 36/KH-UBND, `place` a place's name.

    What is empty is left out; of a `day` that is a year alone, day and month are dotted.
    """

    office: str
    day: date | int
    over: str = ""
    symbol: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs, with what stands above the name, line by line."""

    titles: tuple[str, ...]
    name: str


def heading(told: Heading) -> list[Any]:
    """The office on the left, the nation's name and motto on the right, the place and the day beneath."""
    right = stringWidth(NATION, SERIF_BOLD, 12) + 8
    office = [paragraph(told.over.upper(), _HEAD)] if told.over else []
    office += [paragraph(told.office.upper(), _HEAD, bold=True), _rule(0.4 * (WIDTH - right), WIDTH - right - 6)]
    office += [paragraph(f"Số: {told.symbol}", _HEAD)] if told.symbol else []
    motto = ParagraphStyle("motto", parent=_HEAD, fontSize=13, leading=17)
    nation = [paragraph(NATION, _HEAD, bold=True), paragraph(MOTTO, motto, bold=True)]
    nation += [
        _rule(stringWidth(MOTTO, SERIF_BOLD, 13), right),
        space(3),
        paragraph(dated(told.place, told.day), motto, italic=True),
    ]
    style = [*_NONE, ("VALIGN", (0, 0), (-1, -1), "TOP"), ("RIGHTPADDING", (0, 0), (0, 0), 6)]
    return [Table([[office, nation]], [WIDTH - right, right], style=style), space(6)]


def dated(place: str, day: date | int) -> str:
    """`Sốp Cộp, ngày 05 tháng 02 năm 2026`: days below ten and the months one and two with a nought."""
    if isinstance(day, int):
        written = f"ngày ..... tháng ..... năm {day}"
    else:
        month = f"{day.month:02d}" if day.month < 3 else str(day.month)
        written = f"ngày {day.day:02d} tháng {month} năm {day.year}"
    return f"{place}, {written}" if place else written.capitalize()


def title(kind: str, about: str) -> list[Any]:
    """What kind of document it is and what it is about, with the line beneath."""
    large = ParagraphStyle("title", parent=CENTRED, fontSize=14, leading=19)
    said = [paragraph(kind.upper(), large, bold=True), paragraph(about, large, bold=True)]
    return [*said, _rule(WIDTH * 0.15, WIDTH), space(5)]


def _rule(width: float, within: float) -> Any:
    """A line in the middle of what is so wide, in points."""
    drawing = Drawing(within, 5)
    drawing.add(Line((within - width) / 2, 2, (within + width) / 2, 2, strokeWidth=0.7))
    return drawing


def closing(*signatures: Signature, receivers: Sequence[str] = ()) -> Any:
    """One or two signatures with room to sign, the last one on the right; on the left of one alone whom it goes to."""
    blocks = [_signed(one) for one in signatures]
    if len(blocks) == 1:
        blocks.insert(0, _received(receivers))
    style = [*_NONE, ("VALIGN", (0, 0), (-1, -1), "TOP")]
    return together(space(6), Table([blocks], [WIDTH / 2, WIDTH / 2], style=style))


def _signed(one: Signature) -> list[Any]:
    bold = [paragraph(line.upper(), CENTRED, bold=True) for line in one.titles]
    return [*bold, space(20), paragraph(one.name, CENTRED, bold=True)]


def _received(receivers: Sequence[str]) -> list[Any]:
    small = ParagraphStyle("receivers", parent=PLAIN, fontSize=11, leading=14, leftIndent=2 * mm)
    head = ParagraphStyle("receivers-head", parent=PLAIN, fontSize=12, leading=16)
    said = [paragraph(f"- {seen(one)}", small) for one in receivers]
    return [paragraph("Nơi nhận:", head, bold=True, italic=True), *said] if said else []
