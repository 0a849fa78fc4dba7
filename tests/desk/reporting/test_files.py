"""Files of a report: Word in the form of Decree 30/2020, a spreadsheet whose texts are texts, charts whose parts are the figures."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import datetime
from typing import Any

import docx
import pytest
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from config.words import Word, in_english
from desk.app import House
from desk.foreign import VIETNAMESE
from desk.printing import issuer
from desk.reporting import charts, pdf, sheets, word
from desk.reporting.content import Chart, Content, Handed, Point
from desk.reporting.figures import ClassLine, FeedbackFigures, FeedbackLine, Figures, Line, PlanFigures, PlanLine
from desk.reporting.gathering import NO_THEME
from desk.reporting.sentences import hours_vi, number_vi
from desk.reporting.writing import content_of
from tests.desk.reporting.books import HANOI
from tests.desk.reporting.test_reporter import counted

NOW = datetime(2026, 11, 23, 8, tzinfo=HANOI)
HANDED = Handed("0" * 64, "Trần Văn Hùng", NOW, 2, "Bổ sung")
RISKY = '=HYPERLINK("http://x","a")'


def line(key: str, title: str, **outcomes: int) -> Line:
    """A line with one item."""
    return Line(key, title, 1, outcomes)


def figures(office: str = "UBND xã Sốp Cộp", title: str = "Một cửa") -> Figures:
    """Made up, so that texts can be anything."""
    whole = line("", "tháng 11 năm 2026", sent=1200, confirmed=34, failed=5, unsure=1, cancelled=10)
    return Figures(
        *(office, "month", "2026-11", "decree", "tháng 11 năm 2026", "2026-10-15", "2026-11-14", whole, 3, 400, 5400),
        stretches=(
            line("2026-10-15", "15/10 – 18/10/2026", sent=1200),
            line("2026-10-19", "19/10 – 25/10/2026", confirmed=34),
        ),
        themes=(line("mot-cua", title, sent=1200),),
        channels=(line("portal", title, sent=1200),),
        outlets=(line("portal", title, sent=1200),),
    )


def told(**more: str) -> Content:
    """What a report of these says."""
    return content_of(figures(**more), HANDED, NOW)


def opened(content: Content) -> Any:
    """The document as Word would open it."""
    return docx.Document(io.BytesIO(word.drawn(content)))


def test_the_page_is_that_of_the_decree() -> None:
    """A4 upright, margins 20, 20, 30 and 20 mm, pages numbered above from the second on."""
    page = opened(told()).sections[0]
    assert (210, 297) == (round(page.page_width.mm), round(page.page_height.mm))
    margins = (page.top_margin, page.bottom_margin, page.left_margin, page.right_margin)
    assert [20, 20, 30, 20] == [round(one.mm) for one in margins]
    assert page.different_first_page_header_footer
    (number,) = page.header.paragraphs
    assert "PAGE" in number._p.xml and WD_ALIGN_PARAGRAPH.CENTER == number.alignment
    assert "" == "".join(one.text for one in page.first_page_header.paragraphs)


def test_every_letter_is_times_new_roman() -> None:
    """13 or 14 points in the text, 11 and 12 where the decree or a table asks for less; no face of the template's theme."""
    document = opened(told())
    for name in ("Normal", "Heading 1", "Title"):
        style = document.styles[name]
        assert ("Times New Roman", Pt(14)) == (style.font.name, style.font.size)
        faces = style.element.rPr.rFonts
        assert {"Times New Roman"} == {faces.get(qn(f"w:{one}")) for one in ("ascii", "hAnsi", "eastAsia", "cs")}
        assert not [one for one in faces.attrib if one.endswith("Theme")]
    runs = [run for paragraph in everything(document) for run in paragraph.runs if run.text.strip()]
    assert {run.font.name for run in runs} == {None}
    assert {run.font.size.pt for run in runs if run.font.size} <= {11.0, 12.0, 13.0, 14.0}


def everything(document: Any) -> list[Any]:
    """Paragraphs of the body and of its tables."""
    cells = [cell for table in document.tables for row in table.rows for cell in row.cells]
    return [*document.paragraphs, *(paragraph for cell in cells for paragraph in cell.paragraphs)]


def test_head_body_and_foot() -> None:
    """The national name and motto, issuing body, symbol, place and date; numbered parts with tables; recipients, signature."""
    document = opened(told())
    head, foot = document.tables[0], document.tables[-1]
    left, right = ([paragraph.text for paragraph in cell.paragraphs if paragraph.text] for cell in head.rows[0].cells)
    assert ["ỦY BAN NHÂN DÂN", "XÃ SỐP CỘP"] == left
    assert ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"] == right
    symbol, place = (cell.text for cell in head.rows[1].cells)
    assert symbol.startswith("Số:") and symbol.endswith("/BC-UBND")
    assert "Sốp Cộp, ngày ..... tháng ..... năm 2026" == place and head.rows[1].cells[1].paragraphs[0].runs[0].italic
    assert ["BÁO CÁO"] == [one.text for one in document.paragraphs if one.style.name == "Title"]
    headings = [one.text for one in document.paragraphs if one.style.name == "Heading 1"]
    assert ["I. KẾT QUẢ GỬI", "II. THEO TUẦN", "III. THEO CHỦ ĐỀ", "IV. THEO KÊNH", "V. THEO ĐIỂM PHÁT"] == headings
    assert 2 + len(headings) == len(document.tables)
    recipients, signature = (cell.text for cell in foot.rows[0].cells)
    assert recipients.startswith("Nơi nhận:") and "Lưu: VT" in recipients
    assert signature.startswith("TM. ỦY BAN NHÂN DÂN")
    words = "\n".join(one.text for one in document.paragraphs)
    assert "đã phát hành 1 tin trong 3 kỳ phát, tạo thành 1.250 lượt gửi" in words
    assert "Trần Văn Hùng nộp lúc 08:00 ngày 23/11/2026, bản 2; lý do nộp lại: Bổ sung." in words


def test_tables_hold_the_figures() -> None:
    """The head again on each page, numbers to the right as they are written here, the sum below."""
    table = opened(told()).tables[1]
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert ["Kết quả", "Lượt gửi", "Tỷ lệ (%)"] == rows[0] and ["Cộng", "1.250", "100,0"] == rows[-1]
    assert ["Gửi được, chưa có xác nhận", "1.200", "96,0"] in rows
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert WD_ALIGN_PARAGRAPH.RIGHT == table.rows[1].cells[1].paragraphs[0].alignment
    for table in opened(told()).tables[1:-1]:
        assert Mm(160) + 20_000 > sum(cell.width for cell in table.rows[0].cells)


@pytest.mark.parametrize(
    ("office", "body", "symbol", "place"),
    [
        ("Ủy ban nhân dân phường Tô Hiệu", ("ỦY BAN NHÂN DÂN", "PHƯỜNG TÔ HIỆU"), "UBND", "Tô Hiệu"),
        ("UBND tỉnh Sơn La", ("ỦY BAN NHÂN DÂN", "TỈNH SƠN LA"), "UBND", "Sơn La"),
        ("Sở Nội vụ", ("SỞ NỘI VỤ",), ".....", ""),
        ("Ủy ban nhân dân xã", ("ỦY BAN NHÂN DÂN", "XÃ"), "UBND", ""),
    ],
)
def test_what_the_offices_name_says(office: str, body: tuple[str, ...], symbol: str, place: str) -> None:
    """Issuing body, symbol and place, as far as it says."""
    assert (body, symbol, place) == (issuer.issuing_body(office), issuer.symbol(office), issuer.place(office))


def test_texts_are_texts_in_word() -> None:
    """Also what looks like mark-up."""
    name = "<w:p/> & Đài “A”"
    assert name in [row.cells[0].text for table in opened(told(title=name)).tables[1:-1] for row in table.rows]


def test_the_paper_says_the_same() -> None:
    """Every figure and name of the tables, the heading of the decree, dots where the office fills in; the same bytes again."""
    content = told(title="Một cửa <b>&")
    drawn = pdf.drawn(content)
    text = " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(drawn)).pages).split())
    for words in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "XÃ SỐP CỘP", "/BC-UBND", "BÁO CÁO", "TM. ỦY BAN NHÂN DÂN"):
        assert words in text, words
    assert "Sốp Cộp, ngày ..... tháng ..... năm 2026" in text and "Một cửa <b>&" in text and "0" * 64 in text
    for section in content.sections:
        assert f"{section.number}. {section.heading}" in text
        for row in section.table.rows:
            assert all(number_vi(cell) in text for cell in row if not isinstance(cell, str)), row
    assert pdf.drawn(content) == drawn


def test_the_plan_is_the_last_section_of_every_file() -> None:
    """Its tasks with target, what was done and the share, without a chart; how it is counted stands with the notes."""
    lines = (PlanLine("a", "Bản tin", "Chị Lan", 2.4, 2), PlanLine("b", RISKY, "", 12, 15))
    plan = PlanFigures("Kế hoạch số 36/KH-UBND", lines)
    content = content_of(replace(figures(), plan=plan), HANDED, NOW)
    section = content.sections[-1]
    assert ("VI", "Thực hiện kế hoạch", None) == (section.number, section.heading, section.chart)
    assert ("Kế hoạch số 36/KH-UBND: 1 trên 2 nhiệm vụ đạt chỉ tiêu của kỳ.",) == section.said
    assert content.notes[-1].startswith("Thực hiện kế hoạch")
    rows = [[cell.text for cell in row.cells] for row in opened(content).tables[-2].rows]
    assert [["Bản tin (Chị Lan)", "2,4", "2", "83,3"], [RISKY, "12", "15", "125,0"]] == rows[1:]
    data = sheets.drawn(content)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_name("VI. Thực hiện kế hoạch")
    assert [["Bản tin (Chị Lan)", 2.4, 2.0, 83.3], [RISKY, 12.0, 15.0, 125.0]] == sheet.to_python()[3:]
    text = " ".join(" ".join(one.extract_text() for one in PdfReader(io.BytesIO(pdf.drawn(content))).pages).split())
    assert "VI. Thực hiện kế hoạch" in text and "Bản tin (Chị Lan) 2,4 2 83,3" in text
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert 5 == len([name for name in package.namelist() if name.startswith("xl/charts/chart")])


def test_a_spreadsheet_holds_the_same() -> None:
    """A sheet for each part with its table, and the spreadsheet's own chart."""
    data = sheets.drawn(told())
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert ["Tổng hợp", "I. Kết quả gửi", "II. Theo tuần", "III. Theo chủ đề"] == book.sheet_names[:4]
    rows = book.get_sheet_by_name("I. Kết quả gửi").to_python()
    assert ["Cộng", 1250.0, 100.0] == rows[-1] and "Gửi được, chưa có xác nhận" in [row[0] for row in rows]
    weeks = book.get_sheet_by_name("II. Theo tuần").to_python()
    assert ["15/10 – 18/10/2026", 1.0, 1200.0, 1200.0] == weeks[3][:4]
    front = [row[0] for row in book.get_sheet_by_name("Tổng hợp").to_python()]
    assert "UBND xã Sốp Cộp" == front[0] and any("SHA-256" in str(one) for one in front)
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        assert 5 == len([name for name in package.namelist() if name.startswith("xl/charts/chart")])


@pytest.mark.parametrize("title", [RISKY, "+1", "@x", "https://example.vn/", "0123"])
def test_no_text_becomes_a_formula(title: str) -> None:
    """Neither when it is opened nor when somebody edits the cell; links and numbers stay texts too."""
    data = sheets.drawn(told(title=title, office=title))
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    assert title == book.get_sheet_by_name("III. Theo chủ đề").to_python()[3][0]
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = [package.read(name).decode() for name in package.namelist() if name.startswith("xl/worksheets/sheet")]
        assert not any("<f>" in part or "<hyperlink" in part for part in parts)
        assert "quotePrefix" in package.read("xl/styles.xml").decode()


async def test_an_empty_period_has_files_too(house: House) -> None:
    """It says that there was nothing."""
    content = content_of(await counted(house, "2026-11"), None, NOW)
    assert "chưa phát hành tin nào" in content.opening and "chưa nộp" in content.standing
    assert 2 < len(opened(content).tables) and sheets.drawn(content)
    drawn = charts.columns(content.sections[1].chart)
    assert ((), ["0", "1"]) == (drawn.boxes, [mark.word for mark in drawn.axis])
    assert [] == charts.ring(content.sections[0].chart) == charts.bars(content.sections[2].chart)


def test_numbers_and_lengths_are_written_as_here() -> None:
    """Dots in thousands, a comma before decimals, hours and minutes."""
    assert ["1.234.567", "97,2", "1.234,5", "0", "–"] == [number_vi(one) for one in (1234567, 97.2, 1234.5, 0, None)]
    assert ["0 phút", "59 phút", "1 giờ", "1.000 giờ 1 phút"] == [hours_vi(one) for one in (0, 3540, 3600, 3600060)]


def test_every_sentence_has_its_english() -> None:
    """Of a report with all there can be, and none of it is in Vietnamese but names; what was stored gets it back."""
    plan = PlanFigures("Plan", (PlanLine("a", "Task", "", 2.4, 2),))
    feedback = FeedbackFigures(FeedbackLine("", "", 4, 1, 2), {"zalo": 4}, (FeedbackLine("", str(NO_THEME), 4, 1, 2),))
    units, classes = (line("", "Office", sent=2),), (ClassLine("Class", 1, 12),)
    whole = replace(figures("Office", "Theme"), plan=plan, feedback=feedback, units=units, classes=classes, kind="half")
    months = (line("2026-10-15", "Tháng 11/2026", sent=1, pending=1),)
    stored = Figures.from_record(replace(whole, stretches=months).record())
    known = (NO_THEME, Word("Tháng 11/2026", "November 2026"), Word("tháng 11 năm 2026", "November 2026"))
    content = content_of(stored.with_words(known), replace(HANDED, person="Hung", reason="More"), NOW)
    said = [
        content.about,
        content.opening,
        content.standing,
        *content.notes,
        *(w for h in content.headlines for w in h),
    ]
    for section in content.sections:
        said += [section.heading, *section.said, *section.table.heads]
        said += [cell for row in (*section.table.rows, section.table.foot) for cell in row if isinstance(cell, str)]
        said += [point.title + point.short for point in section.chart.points] if section.chart else []
    assert [] == [text for text in map(str, map(in_english, said)) if VIETNAMESE.search(text)]
    assert (
        "From 15/10/2026 to 14/11/2026, Office sent out 1 item in 3 runs, which made 1,250 deliveries;"
        " 1,234 deliveries sent (99.5%), to about 400 people directly; stations fetched 1 hour 30 minutes of sound."
    ) == in_english(content.opening)
    assert ("Most: November 2026, 2 deliveries.",) == tuple(map(in_english, content.sections[1].said))
    time = content.sections[1].chart
    assert time and ["T11", "Nov"] == [one(time.points[0].short) for one in (str, in_english)]
    assert ["0", "1.5m"] == [in_english(charts.brief(one)) for one in (0, 1_500_000)]
    assert stored.digest == stored.with_words(known).digest


def test_columns_stand_in_their_field() -> None:
    """One on the other from the bottom, the highest below the top; not more names than there is room for."""
    points = tuple(Point(f"Tuần {number}", str(number), (number * 100, 7, 0, 1)) for number in range(1, 15))
    drawn = charts.columns(Chart("columns", points))
    assert {charts.BOTTOM} == {round(box.y + box.height) for box in drawn.boxes if box.mark == "good"}
    assert all(charts.TOP <= box.y and charts.LEFT <= box.x <= charts.RIGHT - box.width for box in drawn.boxes)
    assert charts.MOST_LABELS >= len(drawn.names) and ["0", "750", "1.500"] == [mark.word for mark in drawn.axis]
    assert [1, 1, 4, 10, 20, 150, 1_500_000] == [charts.round_up(one) for one in (0, 1, 3, 9, 11, 101, 1_234_567)]
    assert ["500.000", "1 tr", "1,5 tr", "20 tr"] == [
        charts.brief(one) for one in (500_000, 10**6, 1_500_000, 2 * 10**7)
    ]


def test_bars_and_rings_are_their_figures() -> None:
    """The longest bar is whole, what is not nothing is seen, a ring is closed."""
    points = (Point("Một", "", (999_999, 1, 0, 0)), Point("Hai", "", (0, 0, 0, 0)), Point("Ba", "", (0, 0, 5, 5)))
    first, second, third = charts.bars(Chart("bars", points))
    assert pytest.approx(100, abs=0.1) == sum(box.width for box in first)
    assert () == second and ["ask", "rest"] == [box.mark for box in third] and all(box.width > 0.5 for box in third)
    arcs = charts.ring(Chart("ring", (replace_values(points[0], (3, 1, 0, 0)),)))
    assert pytest.approx(charts.AROUND, abs=0.01) == sum(arc.length for arc in arcs)
    assert pytest.approx(arcs[0].length, abs=0.01) == arcs[1].begin
    assert [("good", 999_999), ("bad", 1), ("ask", 5), ("rest", 5)] == [
        (mark, count) for mark, _, count in charts.parts(Chart("bars", points))
    ]


def replace_values(point: Point, values: tuple[int, ...]) -> Point:
    """The point with other values."""
    return point._replace(values=values)


def test_figures_come_back_from_their_record() -> None:
    """And have the digest they had; another figure has another."""
    one = figures()
    again = Figures.from_record(one.record())
    assert (one, one.digest) == (again, again.digest)
    assert one.digest != replace(one, people=401).digest
