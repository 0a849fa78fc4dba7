"""The page itself: A4 with the margins of Decree 30/2020/NĐ-CP, its number above, what it belongs to at its foot."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import SimpleDocTemplate

from desk.printing.fonts import SANS, SERIF, seen

TOP, BOTTOM, LEFT, RIGHT = 20 * mm, 20 * mm, 30 * mm, 20 * mm
"""Annex I: 20 to 25 mm above and below, 30 to 35 left, 15 to 20 right."""
WIDTH = A4[0] - LEFT - RIGHT
"""Of what is written, in points."""
_PADDING = 6
_ONE_AT_A_TIME = threading.Lock()
"""A font's file is read from one place: two drawings at once would move it under each other."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What a document says of itself: its title, by whom, the words at the foot of each page; how much larger than A4 it is.

    Pages that go to different people are `loose`: each has a frame, and neither a number nor a foot.
    """

    title: str
    author: str
    foot: str = ""
    larger: float = 1.0
    loose: bool = False


def to_pdf(paper: Paper, make: Callable[[], Sequence[Any]]) -> bytes:
    """The document of the parts that `make` gives; it is asked twice, as each page says how many there are.

    The same parts give the same bytes, whenever they are drawn. Takes a while: not for the loop.
    """
    with _ONE_AT_A_TIME:
        _, pages = _drawn(paper, make(), 0)
        drawn, _ = _drawn(paper, make(), pages)
    return drawn


def fitted_pdf(paper: Paper, make: Callable[[float], Sequence[Any]], sizes: Sequence[float]) -> bytes:
    """The same in the largest of these sizes of type that leaves it on one page; in the last one when none does."""
    with _ONE_AT_A_TIME:
        for size in sizes:
            drawn, pages = _drawn(paper, make(size), 1)
            if pages == 1:
                return drawn
        return _drawn(paper, make(sizes[-1]), pages)[0]


def _drawn(paper: Paper, parts: Sequence[Any], pages: int) -> tuple[bytes, int]:
    """The bytes, and of how many pages."""
    file = io.BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        topMargin=TOP - _PADDING,
        bottomMargin=BOTTOM - _PADDING,
        leftMargin=LEFT - _PADDING,
        rightMargin=RIGHT - _PADDING,
        title=seen(paper.title),
        author=seen(paper.author),
        creator="Loa",
        lang="vi",
        invariant=1,
    )
    around = partial(_draw_around, paper, pages)
    document.build(list(parts), onFirstPage=around, onLaterPages=around)
    return file.getvalue(), int(document.page)


def _draw_around(paper: Paper, pages: int, canvas: Any, document: Any) -> None:
    """The number of the page, which the first has not, and the foot; of a loose page the frame."""
    if paper.larger != 1.0:
        canvas.setPageSize((A4[0] * paper.larger, A4[1] * paper.larger))
        canvas.scale(paper.larger, paper.larger)  # holds until the page ends
    canvas.saveState()
    if paper.loose:
        _draw_frame(canvas)
    else:
        _draw_numbers(paper, document.page, pages, canvas)
    canvas.restoreState()


def _draw_frame(canvas: Any) -> None:
    for inset, width in ((11 * mm, 1.6), (12.4 * mm, 0.5)):
        canvas.setLineWidth(width)
        canvas.rect(inset, inset, A4[0] - 2 * inset, A4[1] - 2 * inset)


def _draw_numbers(paper: Paper, page: int, pages: int, canvas: Any) -> None:
    if page > 1:
        canvas.setFont(SERIF, 13)
        canvas.drawCentredString(A4[0] / 2, A4[1] - 12 * mm, str(page))
    canvas.setFont(SANS, 7.5)
    canvas.setFillGray(0.35)
    place = f"trang {page}/{pages}"
    canvas.drawRightString(A4[0] - RIGHT, 11 * mm, place)
    canvas.drawString(
        LEFT, 11 * mm, fitting(seen(paper.foot, SANS), WIDTH - stringWidth(place, SANS, 7.5) - 12, SANS, 7.5)
    )


def fitting(text: str, width: float, font: str, size: float) -> str:
    """As much of a line as there is room for, in points."""
    if stringWidth(text, font, size) <= width:
        return text
    while text and stringWidth(f"{text}…", font, size) > width:
        text = text[:-1]
    return f"{text.rstrip()}…"
