"""Renditions of one text: article, radio script, short text, Zalo text; derived from the body, checked against limits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from config.lazy import lazily
from config.words import BadInput
from content.advert import (
    LABEL_LAW,
    LABELS,
    MARKED_ROOM,
    PLAIN_ROOM,
    REFUSAL_LAW,
    advert_length,
    is_labelled,
    tells_how_to_refuse,
)
from content.bulletin import Purpose
from content.item import RENDITIONS, Draft, Revision, check_draft
from content.reading import Entry, Lexicon, Piece, Reading, load_lexicon, read
from content.short import SmsLength, cut_at_word, misread, sms_length, unaccented

if TYPE_CHECKING:
    import markdown_it
    import nh3
else:
    markdown_it, nh3 = lazily("markdown_it"), lazily("nh3")

SHORT_CHARACTERS = 160
CHAT_CHARACTERS = 2000
"""Zalo's limit for a consultation text message."""
SMS_SEGMENTS = 3
MISREADINGS = 5
"""So many are told; who has more writes another text."""
SCRIPT_CHARACTERS = 30_000
CLEANED_AGAIN = 5
CELL, POINT = "\x01", "\x02"
INLINE = {"strong", "em", "u", "s", "sub", "sup", "a"}
TEXTS = ("title", "body", *RENDITIONS, "source", "byline")

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


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one rendition that a person should know; `bad` stops a submission."""

    rendition: str
    bad: bool
    vi: str
    en: str


def render(
    draft: Draft,
    *,
    id: str,
    item: str,
    number: int,
    writer: str,
    made_at: datetime,
    variant: str = "north",
    lexicon: Lexicon | None = None,
) -> Revision:
    """A revision of the draft with every rendition filled in. Raises BadInput when the draft cannot stand."""
    check_draft(draft)
    texts: dict[str, Any] = {name: unicodedata.normalize("NFC", getattr(draft, name)) for name in TEXTS}
    draft = replace(draft, **texts)
    written = {name: getattr(draft, name).strip() for name in RENDITIONS}
    derived = tuple(name for name in RENDITIONS if not written[name])
    article = clean(written["article"] or to_html(draft.body))
    plain = plain_text(article)
    if not plain:
        field = "article" if written["article"] else "body"
        raise BadInput("Nội dung không có chữ nào dùng được", "There are no words to publish in it", field=field)
    script = written["script"] or f"{draft.title.strip().rstrip('.')}.\n\n{plain}"
    return Revision(
        id=id,
        item=item,
        number=number,
        title=" ".join(draft.title.split()),
        body=draft.body.strip(),
        article=article,
        script=script,
        spoken=read_script(script, draft.readings, lexicon, variant).text,
        short=written["short"] or derive_short(draft.title, plain, draft.purpose),
        chat=written["chat"] or derive_chat(draft.title, plain),
        derived=derived,
        theme=draft.theme,
        klass=draft.klass,
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        source=draft.source.strip(),
        byline=draft.byline.strip(),
        language=draft.language,
        writer=writer,
        made_at=made_at,
        readings=draft.readings,
        purpose=draft.purpose,
    )


def read_script(
    script: str, readings: Iterable[tuple[str, str]], lexicon: Lexicon | None = None, variant: str = "north"
) -> Reading:
    """A script as it is read aloud; `readings` (written, spoken) hold in it before everything else. Raises BadInput."""
    own = [Entry(written, spoken) for written, spoken in readings]
    lexicon = lexicon or load_lexicon()
    return read(script, lexicon.with_entries(own) if own else lexicon, variant=variant)


def reading_of(revision: Revision, lexicon: Lexicon | None = None, variant: str = "north") -> Reading | None:
    """How the script of a revision became words; None when it would become others today than those that were approved."""
    reading = read_script(revision.script, revision.readings, lexicon, variant)
    return reading if reading.text == revision.spoken else None


def stretches(script: str, reading: Reading) -> list[tuple[str, Piece | None]]:
    """The whole script in order: text that is said as it is written, and pieces that are said otherwise."""
    parts: list[tuple[str, Piece | None]] = []
    end = 0
    for piece in reading.pieces:
        if piece.is_changed:
            parts += [(script[end : piece.start], None), (piece.written, piece)]
            end = piece.end
    return [part for part in (*parts, (script[end:], None)) if part[0]]


def draft_of(revision: Revision) -> Draft:
    """The revision as a draft to go on from; renditions that were derived are derived anew."""
    draft = Draft(title=revision.title, body=revision.body)
    copied = ("theme", "klass", "valid_from", "valid_until", "source", "byline", "language", "readings", "purpose")
    kept = [name for name in RENDITIONS if name not in revision.derived]
    return replace(draft, **{name: getattr(revision, name) for name in (*copied, *kept)})


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


def derive_short(title: str, plain: str, purpose: Purpose = Purpose.OUTREACH) -> str:
    """Title and as much of the first sentence as 160 characters hold, cut at a word; an advertisement's label before it."""
    title = " ".join(title.split()).rstrip(".")
    first = re.split(r"(?<=[.!?…])\s", plain.split("\n", maxsplit=1)[0] if plain else "")[0]
    whole = f"{title}. {first}" if first and not first.startswith(title) else title
    label = f"{LABELS[0]} " if purpose is Purpose.ADVERTISING and not is_labelled(whole) else ""
    return label + cut_at_word(whole, SHORT_CHARACTERS - len(label))


def derive_chat(title: str, plain: str) -> str:
    """Title, then whole paragraphs as far as Zalo's limit allows."""
    title = " ".join(title.split())
    text = f"{title}\n\n{plain}"
    if len(text) <= CHAT_CHARACTERS:
        return text
    kept = text[: CHAT_CHARACTERS - 1]
    end = max(kept.rfind("\n"), kept.rfind(". ") + 1)
    if end <= len(title) + 2:  # not even one sentence: whole words
        end = kept.rfind(" ") if kept.rfind(" ") > len(title) + 2 else len(kept)
    return kept[:end].rstrip() + "…"


def findings(revision: Revision, lexicon: Lexicon | None = None) -> list[Finding]:
    """What a person should know before this revision goes on: limits kept or broken, texts shortened, words unknown."""
    adverts = _advert_findings(revision) if revision.purpose is Purpose.ADVERTISING else ()
    return [*_short_findings(revision), *adverts, *_chat_findings(revision), *_script_findings(revision, lexicon)]


def lengths_of(revision: Revision, short: str = "") -> tuple[SmsLength, SmsLength]:
    """What its SMS text, or `short` with everything filled in, costs with marks and without, by what it is for."""
    length, text = advert_length if revision.purpose is Purpose.ADVERTISING else sms_length, short or revision.short
    return length(text), length(unaccented(text))


def _short_findings(revision: Revision) -> Iterator[Finding]:
    marked, bare = lengths_of(revision)
    yield Finding(
        "short",
        False,
        f"{len(revision.short)} ký tự: {marked.segments} tin có dấu, {bare.segments} tin không dấu",
        f"{len(revision.short)} characters: {marked.segments} segments with accents, {bare.segments} without",
    )
    if ambiguous := misread(revision.short)[:MISREADINGS]:
        told = "; ".join(f"“{one.written}” thành “{one.bare}” ({one.read_as})" for one in ambiguous)
        better = ", ".join(one.instead for one in ambiguous if one.instead)
        yield Finding(
            "short",
            False,
            f"Bỏ dấu dễ hiểu nhầm: {told}" + (f"; nên viết: {better}" if better else ""),
            f"Easily misread without accents: {', '.join(one.written for one in ambiguous)}",
        )
    if bare.segments > SMS_SEGMENTS:
        yield Finding(
            "short",
            True,
            f"Tin SMS dài {bare.segments} tin, tối đa {SMS_SEGMENTS}",
            f"The SMS text takes {bare.segments} segments, at most {SMS_SEGMENTS}",
        )
    if "short" in revision.derived and revision.short.endswith("…"):
        yield Finding(
            "short", False, "Tin SMS được rút gọn từ bài, nên viết lại", "The SMS text was cut; better write it"
        )


def _advert_findings(revision: Revision) -> Iterator[Finding]:
    marked, bare = lengths_of(revision)
    yield Finding(
        "short",
        False,
        f"Quảng cáo, 1/2/3 tin: {PLAIN_ROOM} ký tự không dấu (đang có {bare.units}), {MARKED_ROOM} có dấu"
        f" (đang có {marked.units}); nhà mạng thêm nhãn của họ",
        f"Advertising, 1/2/3 segments: {PLAIN_ROOM} characters without accents (now {bare.units}), {MARKED_ROOM} with"
        f" (now {marked.units}); the operator adds its label",
    )
    if not is_labelled(revision.short):
        vi = f"Tin quảng cáo phải bắt đầu bằng {' hoặc '.join(LABELS)} ({LABEL_LAW})"
        yield Finding("short", True, vi, f"Advertising begins with {' or '.join(LABELS)} ({LABEL_LAW})")
    if not tells_how_to_refuse(revision.short):
        yield Finding(
            "short",
            True,
            f"Tin quảng cáo phải chỉ cách từ chối, ví dụ “Từ chối: soạn TC gửi 1234” ({REFUSAL_LAW})",
            f"Advertising says how to refuse it, for instance “Từ chối: soạn TC gửi 1234” ({REFUSAL_LAW})",
        )


def _chat_findings(revision: Revision) -> Iterator[Finding]:
    length = len(revision.chat)
    if length > CHAT_CHARACTERS:
        yield Finding(
            "chat",
            True,
            f"Tin Zalo {length} ký tự, tối đa {CHAT_CHARACTERS}",
            f"The Zalo text has {length} characters, at most {CHAT_CHARACTERS}",
        )
    elif "chat" in revision.derived and revision.chat.endswith("…"):
        yield Finding("chat", False, "Tin Zalo được rút gọn từ bài", "The Zalo text was cut from the body")


def _script_findings(revision: Revision, lexicon: Lexicon | None) -> Iterator[Finding]:
    if len(revision.script) > SCRIPT_CHARACTERS:
        yield Finding(
            "script",
            True,
            f"Lời đọc {len(revision.script)} ký tự, tối đa {SCRIPT_CHARACTERS}",
            f"The script has {len(revision.script)} characters, at most {SCRIPT_CHARACTERS}",
        )
    if revision.language.lower().split("-")[0] != "vi" and not revision.recorded:
        yield Finding(
            "script",
            False,
            "Tin không phải tiếng Việt: cần tải lên bản ghi âm giọng người thì đài mới phát được",
            "Not in Vietnamese: stations need the recording of a person, to be uploaded",
        )
    unknown = read_script(revision.script, revision.readings, lexicon).unknown
    if unknown:
        listed = ", ".join(unknown[:10])
        yield Finding(
            "script", False, f"Chữ viết tắt chưa biết, đọc từng chữ cái: {listed}", f"Unknown, spelled out: {listed}"
        )
