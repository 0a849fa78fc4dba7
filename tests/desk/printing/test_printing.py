"""Documents on paper, read back as text: Vietnamese whole, the form of Decree 30/2020, tables over pages, nothing run."""

from __future__ import annotations

import io
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from pypdf import PdfReader
from reportlab.lib.units import mm

from desk.printing import decree, issuer, parts
from desk.printing.fonts import seen
from desk.printing.paper import Paper, to_pdf

LETTERS = (
    "aàáảãạăằắẳẵặâầấẩẫậeèéẻẽẹêềếểễệiìíỉĩịoòóỏõọôồốổỗộơờớởỡợuùúủũụưừứửữựyỳýỷỹỵđ"
    "AÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬEÈÉẺẼẸÊỀẾỂỄỆIÌÍỈĨỊOÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢUÙÚỦŨỤƯỪỨỬỮỰYỲÝỶỸỴĐ"
)
PAPER = Paper("Báo cáo kỳ", "UBND xã Sốp Cộp", "chân trang ữ ợ ế")


def pages(drawn: bytes) -> list[str]:
    """The words of each page."""
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(drawn)).pages]


def drawn(*made: Any) -> list[str]:
    """The words of a document of these paragraphs' texts."""
    return pages(to_pdf(PAPER, lambda: [parts.paragraph(text) for text in made]))


@pytest.mark.parametrize(("bold", "italic"), [(False, False), (True, False), (False, True), (True, True)])
def test_every_vietnamese_letter(bold: bool, italic: bool) -> None:
    """In every face, composed or written in pieces, and in the small one at the foot."""
    said = " ".join(LETTERS[place : place + 12] for place in range(0, len(LETTERS), 12))
    pieces = unicodedata.normalize("NFD", said)

    def make() -> list[Any]:
        return [
            *(parts.paragraph(text, parts.PLAIN, bold=bold, italic=italic) for text in (said, pieces)),
            parts.paragraph(said, parts.SMALL),
        ]

    [text] = pages(to_pdf(PAPER, make))
    assert 3 == text.count(said) and "chân trang ữ ợ ế" in text and "trang 1/1" in text


def test_nothing_in_a_text_is_markup() -> None:
    """Tags and entities stand as they were written; nothing is fetched or drawn by them."""
    told = '<img src="file:///etc/passwd"/> <b>đậm</b> &amp; &#65; a < b <para/> </font> <a href="x">'
    assert told in drawn(told)[0]


def test_letters_that_no_font_has_are_boxes() -> None:
    """Another script, a picture, a control character: a sign that something stands there, never a fault."""
    assert "ab" == seen("a\u200bb") and "a b" == seen("a\tb")
    for letter in ("漢", "ꪀ", "😀", "\ue000"):
        assert seen(letter) not in {"", letter} and 1 == len(seen(letter))
    assert drawn("漢ꪀ😀 chữ")[0].count("chữ")


def test_the_heading_of_the_decree() -> None:
    """Whose it is on the left, the nation and the motto on the right, place and day; what is unknown is left out."""
    told = decree.Heading("UBND xã Sốp Cộp", date(2026, 2, 5), "UBND tỉnh Sơn La", "36/KH-UBND", "Sốp Cộp")
    [text] = pages(to_pdf(PAPER, lambda: [*decree.heading(told), *decree.title("Kế hoạch", "Về việc tuyên truyền")]))
    for words in (issuer.NATION, issuer.MOTTO, "UBND TỈNH SƠN LA", "UBND XÃ SỐP CỘP", "Số: 36/KH-UBND", "KẾ HOẠCH"):
        assert words in text
    assert "Sốp Cộp, ngày 05 tháng 02 năm 2026" in text
    bare = decree.Heading("UBND xã", date(2026, 11, 23))
    [text] = pages(to_pdf(PAPER, lambda: decree.heading(bare)))
    assert "Ngày 23 tháng 11 năm 2026" in text and "Số:" not in text


@pytest.mark.parametrize(
    ("office", "place"),
    [
        ("UBND xã Sốp Cộp", "Sốp Cộp"),
        ("Ủy ban nhân dân xã Sốp Cộp, tỉnh Sơn La", "Sốp Cộp"),
        ("UBND phường Chiềng Sinh tỉnh Sơn La", "Chiềng Sinh"),
        ("ỦY BAN NHÂN DÂN TỈNH SƠN LA", "SƠN LA"),
        ("Ủy ban nhân dân xã", ""),
        ("Trung tâm Truyền thông", ""),
    ],
)
def test_places(office: str, place: str) -> None:
    """The name of a place is what follows its kind in the office's."""
    assert place == issuer.place(office)


def test_signatures() -> None:
    """Two side by side, or one on the right with whom it goes to on the left."""
    one, other = decree.Signature(("Người trình",), "Lò Thị Mai"), decree.Signature(("TM. UBND", "Chủ tịch"), "Hùng")
    [text] = pages(to_pdf(PAPER, lambda: [decree.closing(one, other)]))
    assert all(words in text for words in ("NGƯỜI TRÌNH", "Lò Thị Mai", "TM. UBND", "CHỦ TỊCH", "Hùng"))
    [text] = pages(to_pdf(PAPER, lambda: [decree.closing(other, receivers=("Như trên;", "Lưu: VT."))]))
    assert "Nơi nhận: - Như trên; - Lưu: VT." in text and "CHỦ TỊCH" in text


def test_a_table_goes_on_over_pages() -> None:
    """Its head stands on each, no row is lost, also one that is longer than a page; pages are numbered from the second on."""
    rows = [("Số", "Nội dung"), *((str(n), f"Dòng thứ {n} của bảng") for n in range(120)), ("dài", "chữ " * 3000)]
    found = pages(to_pdf(PAPER, lambda: [parts.part(1, "Số liệu"), parts.table(rows, (1, 6))]))
    assert len(found) > 5 and "I. Số liệu" in found[0]
    for number, text in enumerate(found, 1):
        assert "Số Nội dung" in text and f"trang {number}/{len(found)}" in text
        assert (number > 1) == text.startswith(f"{number} "), text[:60]
    whole = " ".join(found)
    assert all(f"Dòng thứ {n} của bảng" in whole for n in range(120))
    assert 3000 == whole.split().count("chữ")


def test_the_page_is_as_the_decree_has_it() -> None:
    """A4 with its margins: nothing is written outside of them but the number and the foot."""
    reader = PdfReader(io.BytesIO(to_pdf(PAPER, lambda: [parts.paragraph("chữ " * 2000)])))
    spots: list[tuple[float, float]] = []

    def look(text: str, page: Any, line: Any, _: Any, size: float) -> None:
        if text.strip() and size > 8:
            spots.append((page[4] + line[4], page[5] + line[5]))

    for page in reader.pages[1:]:
        assert (595, 842) == (round(page.mediabox.width), round(page.mediabox.height))
        page.extract_text(visitor_text=look)
    assert reader.metadata is not None and "Báo cáo kỳ" == reader.metadata.title
    assert min(x for x, _ in spots) >= 30 * mm - 1
    body = [y for _, y in spots if y < 842 - 20 * mm]
    assert min(body) >= 20 * mm - 1 and len(body) > len(spots) / 2


def test_the_same_words_are_the_same_bytes() -> None:
    """Drawn again, and by several threads at once."""

    def draw(_: int) -> bytes:
        return to_pdf(PAPER, lambda: [parts.paragraph(LETTERS), parts.qr_code("a" * 64, 30)])

    with ThreadPoolExecutor(4) as pool:
        assert 1 == len(set(pool.map(draw, range(12))))
