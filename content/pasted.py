"""What is pasted from Word, a browser or a letter, as Markdown: its structure stays, the rest is left behind and named."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from config.lazy import lazily
from config.words import BadInput, Word
from content.markup import clean

if TYPE_CHECKING:
    import markdownify
    from lxml import html as trees
    from lxml.html import HtmlElement
else:
    trees, markdownify = lazily("lxml.html"), lazily("markdownify")

MOST_CHARACTERS = 4_000_000
"""Word writes some thousand characters of style for a page of text."""
LEFT_OUT = {
    "img": Word("hình ảnh", "pictures"),
    "video": Word("video", "videos"),
    "iframe": Word("khung nhúng", "embedded frames"),
    "object": Word("đối tượng nhúng", "embedded objects"),
    "form": Word("biểu mẫu", "forms"),
}
_NO_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LIST = re.compile(r"mso-list:\s*(\w+)\s+level(\d+)", re.IGNORECASE)
_NUMBERED = re.compile(r"\s*[(]?(?:\d+|[a-zA-Z]|[ivxIVX]+)[.)]")
_NOT_BOLD = re.compile(r"(?<!bidi-)font-weight:\s*normal", re.IGNORECASE)
_BOLD = re.compile(r"font-weight:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_ITALIC = re.compile(r"font-style:\s*italic", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pasted:
    """Markdown, and what was left out of it, each in words."""

    text: str
    dropped: tuple[str, ...]


def read_pasted(html: str) -> Pasted:
    """Headings, lists, tables, bold, italics and honest links of HTML. Raises BadInput when there are no words in it."""
    if len(html) > MOST_CHARACTERS:
        raise BadInput("Đoạn dán quá dài", "What was pasted is too long", field="html")
    tree = trees.document_fromstring(f"<body>{html}")  # of nothing at all no tree can be made
    found = Counter(element.tag for element in tree.iter(*LEFT_OUT))
    _name_styles(tree)
    _make_lists(tree)
    _tidy(tree)
    text = _markdown(clean(trees.tostring(tree, encoding="unicode")))
    if not text:
        raise BadInput("Đoạn dán không có chữ nào", "There are no words in what was pasted", field="html")
    return Pasted(
        text,
        tuple(
            Word(f"{found[tag]} {title}", f"{found[tag]} {title.en}") for tag, title in LEFT_OUT.items() if found[tag]
        ),
    )


def _name_styles(tree: HtmlElement) -> None:
    """What Word and Google Docs say by a style, said by a tag. The latter wrap everything into a `b` that is not bold."""
    for bold in list(tree.iter("b", "strong")):
        bold.tag = "span" if _NOT_BOLD.search(bold.get("style", "")) else "strong"
    for italic in tree.iter("i"):
        italic.tag = "em"
    for span in tree.iter("span"):
        if _BOLD.search(span.get("style", "")):
            span.tag = "strong"
        elif _ITALIC.search(span.get("style", "")):
            span.tag = "em"
    for title in tree.find_class("MsoTitle"):
        title.tag = "h2"


def _make_lists(tree: HtmlElement) -> None:
    """Word's clipboard has paragraphs with a bullet or a number written out: those that follow each other become a list."""
    for parent in dict.fromkeys(block.getparent() for block in tree.iter("p") if _place(block)[0]):
        blocks = [child for child in parent if isinstance(child.tag, str)]
        for name, run in groupby(blocks, key=lambda child: _place(child)[0]):
            if name:
                _nest(list(run))


def _place(block: HtmlElement) -> tuple[str, int]:
    """In which list Word has the paragraph, and how deep; empty: in none."""
    found = _LIST.search(block.get("style", "")) if block.tag == "p" else None
    return (found[1], int(found[2])) if found else ("", 0)


def _nest(blocks: Sequence[HtmlElement]) -> None:
    open_lists: list[tuple[int, HtmlElement]] = []
    for block in blocks:
        (_, level), marker = _place(block), _take_marker(block)
        while len(open_lists) > 1 and open_lists[-1][0] > level:
            open_lists.pop()
        if not open_lists or open_lists[-1][0] < level:
            made = trees.Element("ol" if _NUMBERED.match(marker) else "ul")
            if open_lists:
                open_lists[-1][1][-1].append(made)
            else:
                block.addprevious(made)
            open_lists.append((level, made))
        block.tag, block.tail = "li", None
        open_lists[-1][1].append(block)


def _take_marker(block: HtmlElement) -> str:
    """The written bullet or number, taken out of its paragraph."""
    for span in block.iter("span"):
        if "mso-list" in span.get("style", "").lower() and "ignore" in span.get("style", "").lower():
            marker = span.text_content()
            span.drop_tree()
            return str(marker)
    return ""


def _tidy(tree: HtmlElement) -> None:
    """Line ends of the source are blanks; a bar in a table's cell would end it."""
    for element in tree.iter():
        in_cell = any(True for _ in element.iterancestors("td", "th")) or element.tag in {"td", "th"}
        element.text = _blanks(element.text, in_cell=in_cell)
        element.tail = _blanks(element.tail, in_cell=in_cell and element.tag not in {"td", "th"})


def _blanks(text: str | None, *, in_cell: bool) -> str | None:
    if text is None:
        return None
    text = _NO_XML.sub("", re.sub(r"\s+", " ", text))
    return text.replace("|", r"\|") if in_cell else text


def _markdown(html: str) -> str:
    text = markdownify.markdownify(
        html,
        heading_style="ATX",
        bullets="-",
        escape_underscores=False,
        table_infer_header=True,
        newline_style="backslash",
    )
    text = unicodedata.normalize("NFC", text.replace("\xa0", " "))
    lines = [line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
