"""Pasting: what Word, Google Docs and browsers put on the clipboard becomes Markdown that says the same."""

from __future__ import annotations

import pytest

from config.words import BadInput
from content.markup import plain_text, to_html
from content.pasted import MOST_CHARACTERS, read_pasted

WORD = """<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!-- p {margin:0} --></style></head><body lang=VI>
<!--StartFragment-->
<p class=MsoTitle>THÔNG BÁO<o:p></o:p></p>
<h2>I. Mục đích</h2>
<p class=MsoNormal><b style='mso-bidi-font-weight:normal'>Từ ngày 01/12/2026</b>, xã nhận
hồ sơ theo Kế hoạch 36/KH-UBND.<o:p></o:p></p>
<p class=MsoNormal><o:p>&nbsp;</o:p></p>
<p class=MsoListParagraph style='text-indent:-18pt;mso-list:l0 level1 lfo1'><!--[if !supportLists]--><span><span
style='mso-list:Ignore'>·<span>&nbsp;&nbsp; </span></span></span><!--[endif]-->Giấy khai sinh</p>
<p class=MsoListParagraph style='mso-list:l0 level2 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>o</span><![endif]>bản chính</p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·</span>Căn cước</p>
<p class=MsoNormal style='mso-list:l1 level1 lfo2'><span style='mso-list:Ignore'>1.<span>&nbsp;</span></span>Nộp</p>
<p class=MsoNormal style='mso-list:l1 level1 lfo2'><span style='mso-list:Ignore'>2.</span>Nhận</p>
<p class=MsoNormal><i>Ghi chú</i> (*) <a href="https://soncop.gov.vn/x">trang</a> <a href="javascript:alert(1)">xấu</a><img src=x></p>
<table class=MsoTableGrid><tr><td><p>Thủ tục</p></td><td><p>Phí|lệ phí</p></td></tr><tr><td>Khai sinh</td><td>0 đồng</td></tr></table>
<script>alert(1)</script>
<!--EndFragment--></body></html>"""

MARKDOWN = r"""## THÔNG BÁO

## I. Mục đích

**Từ ngày 01/12/2026**, xã nhận hồ sơ theo Kế hoạch 36/KH-UBND.

- Giấy khai sinh
  - bản chính
- Căn cước

1. Nộp
2. Nhận

*Ghi chú* (\*) [trang](https://soncop.gov.vn/x) xấu

| Thủ tục | Phí\|lệ phí |
| --- | --- |
| Khai sinh | 0 đồng |"""


def test_word_keeps_its_structure_and_loses_its_rubbish() -> None:
    """Headings, lists in lists, numbers, bold, links, a table; no styles, scripts, images or links that run."""
    read = read_pasted(WORD)
    assert read.text == MARKDOWN
    assert read.dropped == ("1 hình ảnh",)
    words = plain_text(to_html(read.text))
    assert "Phí|lệ phí" in words and "(*)" in words and "alert" not in words


def test_google_docs_wraps_all_in_bold_that_is_none() -> None:
    """And says bold by a style."""
    html = (
        '<meta charset="utf-8"><b style="font-weight:normal;" id="docs-internal-guid-1"><p><span style="font-weight:700">Đậm</span>'
        '<span style="font-style:italic"> nghiêng</span></p><ul><li><p>một</p></li><li>hai</li></ul></b>'
    )
    assert read_pasted(html).text == "**Đậm** *nghiêng*\n\n- một\n- hai"


@pytest.mark.parametrize(
    "html", ["", "  ", "<p></p>", "<!-- x -->", "<style>p {}</style>", "<p>&nbsp;</p>", "<img src=x>"]
)
def test_nothing_is_told(html: str) -> None:
    """There must be a word."""
    with pytest.raises(BadInput, match="no words") as caught:
        read_pasted(html)
    assert caught.value.field == "html"


def test_characters_that_no_markup_may_hold_are_left_out() -> None:
    """Raw or by number: control characters come along from old programs."""
    assert "một hai ba" == read_pasted("<p>m\x01ột&#2; hai\x0bba\ufffe</p>").text


def test_too_much_is_refused() -> None:
    """Before it is taken apart."""
    with pytest.raises(BadInput, match="too long"):
        read_pasted("x" * (MOST_CHARACTERS + 1))
