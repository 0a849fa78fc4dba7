"""A sheet for a notice board as PDF: the office's heading as Decree 30/2020 has it, the text in large type, QR codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER, TA_LEFT
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Table

from channels.board.screen import paragraphs
from channels.board.sheet import Sheet, written
from content.bulletin import Bulletin, BulletinClass
from desk.boards.wall import Links
from desk.printing import decree, issuer, parts
from desk.printing.fonts import SANS
from desk.printing.paper import WIDTH, Paper, fitted_pdf

SIZES = (26.0, 23.0, 20.0, 18.0, 16.0, 14.0)
"""Of the text, in points on A4; the largest that leaves it on one page is taken, and none is under the decree's 14."""
LARGER = {"a4": 1.0, "a3": 2**0.5}
"""A3 is A4 and half as large again in each direction by the root of two (ISO 216): the same page, magnified."""
QR_SIDE = 30.0


def draw(sheet: Sheet, links: Links, zone: ZoneInfo, paper: str) -> bytes:
    """The sheet on `a4` or `a3`; the same bytes each time. Takes a while: not for the loop."""
    bulletin = sheet.shelved.bulletin
    about = Paper(bulletin.title, bulletin.office, f"Mã tờ {written(links.code)} · {bulletin.title}", LARGER[paper])
    return fitted_pdf(about, partial(_parts, sheet, links, zone), SIZES)


def _parts(sheet: Sheet, links: Links, zone: ZoneInfo, size: float) -> list[Any]:
    bulletin = sheet.shelved.bulletin
    day = bulletin.issued_at.astimezone(zone).date()
    text = ParagraphStyle("poster", parent=parts.BODY, fontSize=size, leading=size * 1.4, spaceAfter=size * 0.4)
    text = ParagraphStyle("poster-left", parent=text, alignment=TA_LEFT, firstLineIndent=0)
    return [
        *decree.heading(decree.Heading(bulletin.office, day, place=issuer.place(bulletin.office))),
        *_urgent(bulletin, size),
        *_texts(bulletin, text),
        parts.together(parts.space(3), *_until(sheet, zone, text), *_contest(links, text), _codes(links)),
    ]


def _urgent(bulletin: Bulletin, size: float) -> list[Any]:
    if bulletin.klass is BulletinClass.NORMAL:
        return []
    white = ParagraphStyle("band", parent=parts.CENTRED, fontSize=size, leading=size * 1.4, textColor=colors.white)
    urgent = bulletin.klass is BulletinClass.URGENT
    band = parts.paragraph("KHẨN CẤP" if urgent else "ƯU TIÊN", white, bold=True)
    shade = colors.HexColor("#9e1b1b") if urgent else colors.HexColor("#0b5a59")
    style = [("BACKGROUND", (0, 0), (-1, -1), shade), ("BOTTOMPADDING", (0, 0), (-1, -1), 8)]
    return [Table([[band]], [WIDTH], style=style), parts.space(3)]


def _texts(bulletin: Bulletin, text: ParagraphStyle) -> list[Any]:
    large = text.fontSize * 1.3
    head = ParagraphStyle("poster-head", parent=text, fontSize=large, leading=large * 1.3, alignment=TA_CENTER)
    head = ParagraphStyle("poster-title", parent=head, spaceBefore=6, spaceAfter=large * 0.5, keepWithNext=1)
    found: list[Any] = []
    for one in bulletin.parts:
        found.append(parts.paragraph(one.title, head, bold=True))
        found += [parts.paragraph(line, text) for line in paragraphs(one.article)]
    return found


def _until(sheet: Sheet, zone: ZoneInfo, text: ParagraphStyle) -> list[Any]:
    ends = [end for end in (sheet.shelved.until, sheet.shelved.bulletin.valid_until) if end is not None]
    if not ends:
        return []
    words = _moment(min(ends), zone)
    small = ParagraphStyle("poster-until", parent=text, fontSize=14, leading=19)
    return [parts.paragraph(f"Có hiệu lực đến {words}.", small, italic=True)]


def _contest(links: Links, text: ParagraphStyle) -> list[Any]:
    if not links.contest:
        return []
    plain = ParagraphStyle("poster-contest", parent=text, alignment=TA_CENTER)
    return [parts.paragraph(f"Mã dự thi tại bảng tin này: {links.contest}", plain, bold=True)]


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%H giờ %M ngày %d/%m/%Y}"


def _codes(links: Links) -> Any:
    """In a row at the foot: for whoever reads, and for whoever posts."""
    told = [
        ("Đọc trên cổng thông tin", links.portal),
        ("Nghe bản tin", links.recording),
        (f"Cán bộ dán, gỡ: {written(links.code)}", links.door),
    ]
    cells = [(title, address) for title, address in told if address]
    small = ParagraphStyle("code", parent=parts.CENTRED, fontName=SANS, fontSize=10, leading=13)
    drawn = [parts.qr_code(address, QR_SIDE) for _, address in cells]
    captions = [parts.paragraph(title, small) for title, _ in cells]
    style: list[tuple[Any, ...]] = [("ALIGN", (0, 0), (-1, -1), "CENTER"), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    style += [("LINEABOVE", (0, 0), (-1, 0), 0.7, colors.black)]
    widths: Sequence[float] = [WIDTH / len(cells)] * len(cells)
    return Table([drawn, captions], widths, style=style)
