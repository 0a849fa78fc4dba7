"""HTML that does no harm, and its words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from content.markup import clean, plain_text, to_html


def test_markdown_becomes_clean_html() -> None:
    """Headings start at two, lists, tables, emphasis and links stay."""
    html = clean(to_html("# Một\n\n**đậm** và [cổng](https://sop.vn)\n\n- a\n- b\n\n|x|y|\n|-|-|\n|1|2|\n"))
    for piece in ("<h2>Một</h2>", "<strong>đậm</strong>", "<li>a</li>", "<td>1</td>", 'href="https://sop.vn"'):
        assert piece in html
    assert 'rel="noopener nofollow"' in html


@pytest.mark.parametrize("href", ["https://sop.vn/a?b=1&amp;c=2#d", "http://sop.vn", "mailto:a@sop.vn", "tel:+842123"])
def test_honest_links_stay(href: str) -> None:
    """The address that is written is the address that is kept."""
    assert f'href="{href}"' in clean(f'<a href="{href}">x</a>')


PIECES = st.sampled_from(
    [
        "<p>",
        "</p>",
        "<div>",
        "</div>",
        "<b>",
        "<strong>",
        "</strong>",
        "<em>",
        "</em>",
        "<a href='https://x.vn/<div>'>",
        "<a href=//x>",
        "</a>",
        "<table>",
        "<tr>",
        "<td>",
        "<caption>",
        "</table>",
        "<h1>",
        "</h1>",
        "<script>",
        "</script>",
        "<style>",
        "<svg>",
        "</svg>",
        "<math>",
        "<mi>",
        "<ul>",
        "<li>",
        "<ol start=2>",
        "chữ ",
        " &lt;",
        "&amp;lt;",
        "<!--",
        "-->",
        "<![CDATA[",
        "<plaintext>",
        "<textarea>",
        "<title>",
        "<select>",
        "<option>",
        "<noscript>",
        "<template>",
        "<form>",
        "<",
        "<br>",
        "<hr>",
        "<blockquote>",
        "</blockquote>",
        "\n",
        "\x00",
        "<pre>\n",
        "<frameset>",
        "<body>",
        "<sub>",
        "<h2 ",
        "<center>",
    ]
)

HTML = st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=60)


@settings(max_examples=150, deadline=None)
@given(HTML)
def test_cleaning_twice_is_cleaning_once(html: str) -> None:
    """What is clean stays as it is, however broken it came."""
    once = clean(html)
    assert once == clean(once)


@settings(max_examples=100, deadline=None)
@given(HTML)
def test_words_come_in_lines_that_are_never_empty(html: str) -> None:
    """Whatever comes in, lines of words come out."""
    text = plain_text(html)
    assert [] == [line for line in text.split("\n") if text and (not line.strip() or line != line.strip())]


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>Một</p><p>Hai</p>", "Một\nHai"),
        ("<div>Một</div><div>Hai</div>", "Một\nHai"),
        ("<h1>Một</h1>Hai", "Một\nHai"),
        ("<H1>Một</H1>Hai", "Một\nHai"),
        ("<p>Một<br>Hai<hr>Ba</p>", "Một\nHai\nBa"),
        ("<p>Một\n  hai</p>", "Một hai"),
        ("<p>a &lt; b &amp;amp; c&nbsp;d</p>", "a < b &amp; c d"),
        ("<p>điểm a;</p><p>điểm b.</p>", "điểm a;\nđiểm b."),
        ("<table><tr><th>Ngày</th><th>Giờ</th></tr><tr><td>2</td><td>7:30</td></tr></table>", "Ngày; Giờ\n2; 7:30"),
        ("<table><tr><td><p>a</p></td><td></td><td>b</td></tr></table>", "a; b"),
        ("<ol><li>Mục tiêu</li><li>Nội dung</li></ol>", "1. Mục tiêu\n2. Nội dung"),
        ("<ol start=7><li><p>a</p><ul><li>b</li></ul></li><li>c</li></ol>", "7. a\nb\n8. c"),
        ("x<script>y</script>", "x"),
        ("", ""),
    ],
)
def test_words_of_html(html: str, words: str) -> None:
    """A line for each block; numbers of numbered points are words too."""
    assert words == plain_text(html)


def test_numbered_paragraphs_keep_their_numbers() -> None:
    """`1.` at the beginning of a line is a list to Markdown; the listener must still hear it."""
    assert "1. Mục tiêu\n2. Nội dung" == plain_text(to_html("1. Mục tiêu\n2. Nội dung"))
    assert "2017. Một năm" == plain_text(to_html("2017. Một năm"))
