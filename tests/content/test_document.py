"""Documents to drafts: the founding document, Markdown, plain text, Word; and what is not one of these."""

from __future__ import annotations

import contextlib
import io
import time
import unicodedata
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from docx import Document as WordDocument
from docx.document import Document as WordFile
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.words import BadInput
from content.bulletin import BulletinClass
from content.document import KINDS, Document, read_document
from tests.conftest import SEED

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)


def read(name: str, data: str | bytes) -> Document:
    """A document of this text."""
    return read_document(name, data.encode() if isinstance(data, str) else data, ZONE)


def refused(name: str, data: str | bytes) -> BadInput:
    """Why a document is refused; the file is always named, in both languages."""
    with pytest.raises(BadInput) as caught:
        read(name, data)
    assert caught.value.vi.startswith(f"{name}: ")
    assert caught.value.en.startswith(f"{name}: ")
    assert "file" == caught.value.field
    return caught.value


def word(build: Callable[[WordFile], Any]) -> bytes:
    """A .docx as Word would save it."""
    document = WordDocument()
    build(document)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def simple(document: WordFile) -> None:
    """A title and two paragraphs."""
    document.add_heading("Thông báo", level=1)
    document.add_paragraph("Xã tiếp dân thứ Hai.")
    document.add_paragraph("Mời bà con đến dự.")


def repacked(data: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The package with its members changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        members = {name: package.read(name) for name in package.namelist()}
    change(members)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return target.getvalue()


def test_the_founding_document_imports_cleanly() -> None:
    """Rubric and counters out, with a note of each; title, date in the site's own form, body and byline in."""
    document = read("sop-cop-2017.txt", SEED)
    assert "Sốp Cộp tăng cường tuyên truyền công tác cải cách hành chính năm 2017" == document.draft.title
    assert datetime(2017, 3, 22, 9, 0, tzinfo=UTC) == document.dated
    assert "Như Thủy" == document.draft.byline
    first, last = document.draft.body.split("\n\n")
    assert first.startswith("Ngày 23/01/2017, UBND huyện Sốp Cộp")
    assert last.endswith("hình thức phong phú.")
    for left_out in ("Cải cách hành chính", "THÔNG TIN CẢI CÁCH", "THỐNG KÊ TRUY CẬP", "41482602", "70"):
        assert any(left_out in note for note in document.dropped)
    assert 5 == len(document.dropped)


@pytest.mark.parametrize("change", [lambda text: text.replace("\n", "\r\n"), lambda text: "\ufeff" + text])
def test_the_founding_document_from_windows_is_the_same(change: Callable[[str], str]) -> None:
    """Line ends and byte order mark make no difference; nor does the Unicode form."""
    assert read("a.txt", SEED) == read("a.txt", change(SEED))
    assert read("a.txt", SEED) == read("a.txt", unicodedata.normalize("NFD", SEED))


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        ("Wed, 22/03/2017 16:00 | GMT +7", datetime(2017, 3, 22, 9, 0, tzinfo=UTC)),
        ("Thứ Tư, 22/3/2017, 16h00", datetime(2017, 3, 22, 9, 0, tzinfo=UTC)),
        ("Chủ nhật, 22.03.2017", datetime(2017, 3, 21, 17, 0, tzinfo=UTC)),
        ("22-03-2017 - 16:00 GMT+0", datetime(2017, 3, 22, 16, 0, tzinfo=UTC)),
    ],
)
def test_a_date_line_is_read_in_its_forms(line: str, moment: datetime) -> None:
    """Without a zone it is the office's."""
    assert moment == read("a.txt", f"Tiêu đề\n{line}\nNội dung của bài.").dated


@pytest.mark.parametrize("line", ["31/02/2017 10:00", "22/03/2017 25:00", "22/03/2017 10:00 | GMT +99", "00/00/0000"])
def test_a_date_that_never_was_is_refused_with_its_line(line: str) -> None:
    """The line is counted from one."""
    assert "dòng 3" in refused("a.txt", f"Chuyên mục\nTiêu đề\n{line}\nNội dung.").vi


def test_a_date_further_down_is_text() -> None:
    """Only near the top is it the site's; nothing above a date in the text gets lost."""
    lines = [f"Đoạn {number}." for number in range(8)]
    document = read("a.txt", "\n".join(["Tiêu đề", *lines, "22/03/2017", "Cuối bài."]))
    assert ("Tiêu đề", None, ()) == (document.draft.title, document.dated, document.dropped)
    assert "22/03/2017" in document.draft.body


@pytest.mark.parametrize(
    "last",
    ["Đường dây nóng: 1022", "Số điện thoại liên hệ: 0212 3878 123", "KÍNH MỜI BÀ CON THAM DỰ", "Kinh phí: 5.000.000"],
)
def test_the_last_words_of_a_notice_are_no_furniture(last: str) -> None:
    """A telephone number or a call in capitals is what people need most."""
    assert read("a.txt", f"Tiêu đề\nNội dung của thông báo.\n{last}\n").draft.body.endswith(last)


@pytest.mark.parametrize(
    ("line", "byline"),
    [
        ("Như Thủy", "Như Thủy"),
        ("Tác giả: Nguyễn Thị Ẩn", "Nguyễn Thị Ẩn"),
        ("Tin: Đỗ Ỷ Lan", "Đỗ Ỷ Lan"),
        ("N.T. Mai", "N.T. Mai"),
        ("Trân trọng cảm ơn", ""),
        ("Hết", ""),
        ("Mời Bà Con.", ""),
    ],
)
def test_a_name_at_the_end_is_the_byline(line: str, byline: str) -> None:
    """Two to six words with capitals; anything else stays in the body."""
    draft = read("a.txt", f"Tiêu đề\nNội dung.\n{line}").draft
    assert byline == draft.byline
    assert (line in draft.body) == (not byline)


FRONT = """---
title: "Kế hoạch: tuyên truyền"
theme: mot-cua
class: urgent
source: UBND xã
author: Như Thủy
language: vi
date: 2026-11-20
valid_from: 2026-11-23 07:00
valid_until: 2026-12-31
script: Lời đọc.
short: Tin ngắn
zalo: Tin Zalo
---
Nội dung **đậm**.
"""


def test_front_matter_fills_every_field() -> None:
    """Dates are the office's; the end of validity is the end of its day; texts that look like numbers stay texts."""
    document = read("a.md", FRONT)
    draft = document.draft
    assert ("Kế hoạch: tuyên truyền", "Nội dung **đậm**.", "mot-cua") == (draft.title, draft.body, draft.theme)
    assert (BulletinClass.URGENT, "UBND xã", "Như Thủy", "vi") == (
        draft.klass,
        draft.source,
        draft.byline,
        draft.language,
    )
    assert ("Lời đọc.", "Tin ngắn", "Tin Zalo", "") == (draft.script, draft.short, draft.chat, draft.article)
    assert datetime(2026, 11, 19, 17, tzinfo=UTC) == document.dated
    assert datetime(2026, 11, 23, 0, tzinfo=UTC) == draft.valid_from
    assert datetime(2026, 12, 31, 16, 59, tzinfo=UTC) == draft.valid_until
    assert "2026" == read("a.md", "---\ntitle: 2026\nsource: 007\n---\nx").draft.title


@pytest.mark.parametrize(
    "head", ["---\n---\n", "---\n# chỉ có chú thích\n---\n", "---\ntitle:\n---\n", "---\ntitle: ~\n---\n"]
)
def test_front_matter_with_nothing_in_it_is_none(head: str) -> None:
    """The title then comes from the heading."""
    draft = read("a.md", f"{head}# Tiêu đề\n\nNội dung.").draft
    assert ("Tiêu đề", "Nội dung.") == (draft.title, draft.body)


def test_a_rule_in_the_text_is_no_front_matter() -> None:
    """`---` at the top without an end, and `----` inside, are Markdown."""
    assert "---" in read("a.md", "# T\n\na\n\n---\n\nb").draft.body
    assert "x: ----y" == read("a.md", "---\nsource: 'x: ----y'\ntitle: t\n---\nb").draft.source


@pytest.mark.parametrize(
    ("front", "said"),
    [
        ("title: a\ncolour: red\nweight: 3", "colour, weight"),
        ("title: a\nsource: [x", "dòng"),
        ("title: a: b", "dòng 2"),
        ("title: a\n\tsource: b", "dòng 3"),
        ("title: a\nvalid_until: 2026-02-30", "valid_until"),
        ("title: a\nvalid_until: mai", "valid_until"),
        ("title: a\nvalid_from: 2026-13-01 07:00", "valid_from"),
        ("title: a\ndate: 31/12/2026", "date"),
        ("title: a\nclass: high", "normal, priority"),
        ("title: [a, b]", "title"),
        ("- a\n- b", "khóa: giá trị"),
        ("chỉ là chữ", "khóa: giá trị"),
        ("title: !!python/object/apply:os.system [ls]", "title"),
        ("title: " + "[" * 3000, ""),
        ("title: " + "9" * 5000 + "\nvalid_from: " + "9" * 5000, "valid_from"),
        ("? [a, b]\n: c", "dòng"),
    ],
)
def test_bad_front_matter_is_refused_with_key_or_line(front: str, said: str) -> None:
    """Unknown keys all at once, bad YAML with its line, bad dates and classes by name; nothing is run."""
    assert said in refused("a.md", f"---\n{front}\n---\nNội dung").vi


def test_a_yaml_bomb_does_not_go_off() -> None:
    """Nine levels of aliases are seen as what they are, at once."""
    rows = ["a: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    rows += [f"b{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    begun = time.monotonic()
    refused("a.md", "---\n" + "\n".join(rows) + "\ntitle: *a9\n---\nx")
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("# Một\nHai", "Một", "Hai"),
        ("## Một ##\n\nHai", "Một", "Hai"),
        ("**Một**\n\nHai", "Một", "Hai"),
        ("Một\nHai\nBa", "Một", "Hai\nBa"),
    ],
)
def test_a_title_is_found_in_markdown(text: str, title: str, body: str) -> None:
    """A heading, or the first line."""
    draft = read("a.md", text).draft
    assert (title, body) == (draft.title, draft.body)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("data", [b"", b" \n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n\n", "\u00a0\n".encode()])
def test_an_empty_file_is_refused(kind: str, data: bytes) -> None:
    """Also one that only looks filled."""
    refused(f"a{kind}", data)


@pytest.mark.parametrize("kind", KINDS)
def test_twenty_megabytes_are_refused(kind: str) -> None:
    """With the limit."""
    assert "10 MB" in refused(f"a{kind}", b"a" * 20 * 2**20).vi


@pytest.mark.parametrize("name", ["a.pdf", "a.doc", "a", "docx", "a.docx.exe", "a.txt "])
def test_other_kinds_are_refused(name: str) -> None:
    """What can be read is listed."""
    assert ".md, .txt" in refused(name, SEED).vi


@pytest.mark.parametrize("kind", [".md", ".txt"])
def test_text_in_another_encoding_is_refused_with_its_line(kind: str) -> None:
    """TCVN3 or Windows-1258 is not guessed at; UTF-16 neither; a NUL is no text."""
    assert "dòng 3" in refused(f"a{kind}", b"Mot\n\nTh\xf4ng b\xe1o\n").vi
    assert "UTF-8" in refused(f"a{kind}", "Thông báo".encode("utf-16")).vi
    refused(f"a{kind}", b"Mot\nT\0i\n")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "# Chỉ có tiêu đề"),
        ("a.md", "---\ntitle: a\n---\n"),
        ("a.md", "một dòng"),
        ("a.txt", "một dòng"),
        ("a.txt", "22/03/2017\nNội dung không có tiêu đề."),
        ("a.txt", "Tiêu đề\n22/03/2017\n\nSố lượt truy cập: 12"),
        ("a.docx", word(lambda document: document.add_heading("Chỉ có tiêu đề"))),
        ("a.docx", word(lambda document: None)),
    ],
)
def test_a_document_without_title_or_text_is_refused(name: str, text: str | bytes) -> None:
    """Half an item is none."""
    refused(name, text)


def test_a_word_file_is_read_in_order() -> None:
    """Title, headings, lists, table rows; marked-up line ends and the writer's name."""

    def build(document: WordFile) -> None:
        document.add_heading("Thông  báo", level=1)
        document.add_paragraph("Đoạn một.\nCùng đoạn.")
        document.add_heading("Nội dung", level=2)
        document.add_paragraph("việc một", style="List Bullet")
        document.add_paragraph("")
        table = document.add_table(rows=2, cols=3)
        for row, texts in zip(table.rows, (("Ngày", "Giờ", "Nơi"), ("25/11", "", "Hội trường")), strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
        document.add_paragraph("Như Thủy")

    document = read("a.docx", word(build))
    assert ("Thông báo", "Như Thủy", ()) == (document.draft.title, document.draft.byline, document.dropped)
    assert [
        "Đoạn một. Cùng đoạn.",
        "## Nội dung",
        "- việc một",
        "Ngày; Giờ; Nơi",
        "25/11; Hội trường",
    ] == document.draft.body.split("\n\n")


def test_a_merged_cell_is_said_once() -> None:
    """Over columns and over rows."""

    def build(document: WordFile) -> None:
        simple(document)
        table = document.add_table(rows=2, cols=3)
        table.cell(0, 0).merge(table.cell(0, 1)).text = "rộng"
        table.cell(0, 2).merge(table.cell(1, 2)).text = "cao"
        table.cell(1, 0).text = "nhỏ"

    assert read("a.docx", word(build)).draft.body.endswith("rộng; cao\n\nnhỏ")


def test_what_a_word_file_holds_beside_text_is_noted() -> None:
    """Pictures and text that is not accepted yet are left out, counted."""

    def build(document: WordFile) -> None:
        simple(document)
        document.add_picture(io.BytesIO(PIXEL))
        inserted = OxmlElement("w:ins")
        inserted.append(parse_xml(f"<w:r {nsdecls('w')}><w:t>lén thêm</w:t></w:r>"))
        document.paragraphs[1]._p.append(inserted)

    document = read("a.docx", word(build))
    assert ["1 hình", "1 đoạn"] == [note[:6] for note in document.dropped]
    assert "lén thêm" not in document.draft.body


def test_text_of_a_word_file_is_in_one_unicode_form() -> None:
    """Word for Mac writes NFD."""
    data = word(
        lambda document: [document.add_paragraph(unicodedata.normalize("NFD", text)) for text in ("Sốp", "Cộp.")]
    )
    assert ("Sốp", "Cộp.") == (read("a.docx", data).draft.title, read("a.docx", data).draft.body)


def _without(name: str) -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.__delitem__(name)


def _with(name: str, content: bytes) -> Callable[[dict[str, bytes]], None]:
    return lambda members: members.__setitem__(name, content)


@pytest.mark.parametrize(
    "change",
    [
        lambda members: members.clear(),
        _without("word/document.xml"),
        _without("[Content_Types].xml"),
        _without("_rels/.rels"),
        _with("word/document.xml", b""),
        _with("word/document.xml", b"<a/>"),
        _with("word/document.xml", b"<w:document"),
        _with("word/styles.xml", b"\xff\xfe"),
        _with("[Content_Types].xml", b"<Types/>"),
        _with("word/document.xml", f"<w:document {nsdecls('w')}/>".encode()),
    ],
)
def test_a_damaged_or_renamed_package_is_refused(change: Callable[[dict[str, bytes]], None]) -> None:
    """Whatever part is missing or broken."""
    refused("a.docx", repacked(word(simple), change))


def test_a_renamed_zip_is_told_as_such() -> None:
    """And so is text or HTML that was renamed."""
    assert "đổi tên" in refused("a.docx", repacked(word(simple), _without("word/document.xml"))).vi
    assert "Word" in refused("a.docx", "<html>Word nào cũng lưu được</html>").vi


def test_a_zip_bomb_is_not_unpacked() -> None:
    """Sixty megabytes of nothing, or two thousand files, are seen in the table of contents."""
    begun = time.monotonic()
    assert "quá lớn" in refused("a.docx", repacked(word(simple), _with("word/x.xml", b" " * 60 * 2**20))).vi
    many = repacked(word(simple), lambda members: members.update({f"word/{n}": b"" for n in range(2001)}))
    assert "quá lớn" in refused("a.docx", many).vi
    assert time.monotonic() - begun < 5


def test_entities_are_not_expanded() -> None:
    """Neither a thousand laughs nor a file of this machine."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE x [<!ENTITY l0 "ha">{laughs}<!ENTITY f SYSTEM "file:///etc/passwd">]>'

    def change(members: dict[str, bytes]) -> None:
        xml = members["word/document.xml"].decode()
        head, rest = xml.split("?>", 1)
        members["word/document.xml"] = f"{head}?>{doctype}{rest.replace('Mời bà con', '&l9;&f;Mời')}".encode()

    try:
        body = read("a.docx", repacked(word(simple), change)).draft.body
    except BadInput:
        return
    assert "haha" not in body
    assert "root:" not in body


SAVED = word(simple)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(0, len(SAVED) - 1), st.integers(0, 255)), min_size=1, max_size=6), st.integers(0, 9)
)
def test_a_file_damaged_on_its_way_is_read_or_refused(damage: list[tuple[int, int]], cut: int) -> None:
    """Flipped bytes and cut ends never come out as anything but BadInput."""
    data = bytearray(SAVED)
    for place, value in damage:
        data[place] = value
    with contextlib.suppress(BadInput):
        read("a.docx", bytes(data[: len(data) - cut]))


LINES = ["---\n", "title: a\n", "a: &x [*x]\n", "22/03/2017\n", "# \n", "x: 1\n", "\n", "Truy cập: 1\n"]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([".md", ".txt"]),
    st.text(max_size=80) | st.lists(st.sampled_from(LINES), max_size=8).map("".join),
)
def test_any_text_is_read_or_refused(kind: str, text: str) -> None:
    """A draft that is read has a title and a body."""
    try:
        draft = read(f"a{kind}", text.encode("utf-8", "replace")).draft
    except BadInput:
        return
    assert draft.title.strip()
    assert draft.body.strip()
