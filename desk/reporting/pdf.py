"""A report on paper: PDF in the form of Decree 30/2020/NĐ-CP, Annex I, as the Word document has it. Everything here blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from desk.printing import decree, parts
from desk.printing.decree import Heading, Signature
from desk.printing.issuer import DOTS, issuing_body, place, signing, symbol
from desk.printing.paper import Paper, to_pdf
from desk.reporting.content import Cell, Content, Section
from desk.reporting.sentences import number_vi

NAME, NUMBER = 44, 16
"""Shares of a table's width: of its first column and of each other."""


def drawn(content: Content) -> bytes:
    """The document."""
    paper = Paper(f"BÁO CÁO {content.about}", content.office, f"SHA-256 {content.digest}")
    return to_pdf(paper, lambda: list(_parts(content)))


def _parts(content: Content) -> Sequence[Any]:
    *over, office = issuing_body(content.office)
    of = f"       /BC-{symbol(content.office)}"
    told = Heading(office, content.year, " ".join(over), of, place(content.office) or DOTS[:10])
    found = [*decree.heading(told), *decree.title("Báo cáo", content.about), parts.paragraph(content.opening)]
    for number, section in enumerate(content.sections, 1):
        found += _section(number, section)
    found += [parts.subpart("Cách tính"), *(parts.paragraph(f"- {note}", parts.SMALL) for note in content.notes)]
    found.append(parts.paragraph(content.standing, parts.SMALL))
    signature = Signature((signing(content.office), DOTS), DOTS)
    return [*found, decree.closing(signature, receivers=(f"{DOTS};", f"{DOTS};", "Lưu: VT."))]


def _section(number: int, section: Section) -> list[Any]:
    found = [parts.part(number, section.heading), *map(parts.paragraph, section.said)]
    told = section.table
    if told.rows:
        feet = [told.foot] if told.foot else []
        rows = [told.heads, *(_row(row) for row in (*told.rows, *feet))]
        widths = (NAME, *[NUMBER] * (len(told.heads) - 1))
        found.append(parts.table(rows, widths, feet=len(feet), right=True))
    elif not section.said:
        found.append(parts.paragraph("Không có lượt gửi nào trong kỳ."))
    return found


def _row(cells: Sequence[Cell]) -> list[str]:
    return [cell if isinstance(cell, str) else number_vi(cell) for cell in cells]
