"""HTML as it goes out: written from Markdown, cleaned of what runs, tracks or misleads, and the words in it."""

from __future__ import annotations

import re
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING

from config.lazy import lazily

if TYPE_CHECKING:
    import markdown_it
    import nh3
else:
    markdown_it, nh3 = lazily("markdown_it"), lazily("nh3")

CLEANED_AGAIN = 5
CELL, POINT = "\x01", "\x02"
INLINE = {"strong", "em", "u", "s", "sub", "sup", "a"}

TAGS = {
    *("p", "br", "h2", "h3", "h4", "strong", "em", "u", "s", "sub", "sup", "blockquote", "ul", "ol", "li", "hr"),
    *("a", "table", "thead", "tbody", "tr", "th", "td", "caption"),
}
BLOCKS = {
    *("div", "section", "article", "header", "footer", "main", "aside", "nav", "address", "figure", "figcaption"),
    *("h5", "h6", "pre", "center", "dl", "dt", "dd", "form", "fieldset", "details", "summary", "option", "button"),
}
"""Left out, but what stands in them stays apart from what stands around."""
_blocks = re.compile(rf"<(/?)(?:{'|'.join(sorted(BLOCKS))})(?![\w-])[^<>]*>", re.IGNORECASE)
ATTRIBUTES = {"a": {"href"}, "th": {"colspan", "rowspan", "scope"}, "td": {"colspan", "rowspan"}, "ol": {"start"}}


def to_html(body: str) -> str:
    """Markdown (plain text is Markdown too) as HTML, not yet cleaned."""
    return str(_markdown().render(body))


@cache
def _markdown() -> markdown_it.MarkdownIt:
    return (
        markdown_it.MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table").enable("strikethrough")
    )


def clean(html: str) -> str:
    """HTML with nothing that runs, tracks or misleads: known tags only, http(s), mailto and tel links, no images."""
    html = re.sub(r"(?i)<(/?)h1(?![\w-])", r"<\1h2", html)
    html = _cleaned(_blocks.sub(r"<\1p>", html))
    for _ in range(CLEANED_AGAIN):  # what a parser mends may have to be mended again
        again = _cleaned(html)
        if again == html:
            break
        html = again
    return html


def _cleaned(html: str) -> str:
    html = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener nofollow",
        attribute_filter=_honest_link,
        clean_content_tags={"script", "style", "iframe", "object", "template", "svg", "math", "noscript"},
    )
    return re.sub(r"<p>\s*</p>\n?", "", html).strip()


def _honest_link(tag: str, attribute: str, value: str) -> str | None:
    """A link must name its scheme: `//host` and relative ones lead elsewhere than the writer saw."""
    if attribute == "href" and not re.fullmatch(r"(?i)(https?://[^\s/\\]|mailto:|tel:)[^\s<>\"]*", value.strip()):
        return None
    return value


def plain_text(html: str) -> str:
    """The words of HTML: a line for each block, list point (with its number, if it has one) and table row."""
    words = _Words()
    words.feed(clean(html))
    words.close()
    text = re.sub(rf"\s*(?:{CELL}\s*)+", "; ", re.sub(rf"{POINT}\s*", " ", "".join(words.said)))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


class _Words(HTMLParser):
    """Gathers text; line ends of the source are spaces, blocks are lines, cells are parted by semicolons."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._numbers: list[int | None] = []
        self._cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"ul", "ol"}:
            start = dict(attrs).get("start") or "1"
            number = int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 1
            self._numbers.append(number if tag == "ol" else None)
        if tag == "tr":
            self._cells = 0
        if tag in {"td", "th"}:
            self.said.append(CELL if self._cells else "")
            self._cells += 1
        elif tag not in INLINE:
            self.said.append("\n")
        if tag == "li" and self._numbers and self._numbers[-1] is not None:
            self.said.append(f"{self._numbers[-1]}.{POINT}")
            self._numbers[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in {"ul", "ol"} and self._numbers:
            self._numbers.pop()
        if tag not in INLINE | {"td", "th"}:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        self.said.append(re.sub(rf"[\s{CELL}{POINT}]", " ", data))
