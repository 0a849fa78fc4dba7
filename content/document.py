"""Documents to drafts: Markdown with front matter, plain text as sites export it, and .docx."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from config.lazy import lazily
from config.words import BadInput, Word
from content.bulletin import BulletinClass, Purpose
from content.item import Draft

if TYPE_CHECKING:
    import docx
    import docx.text.paragraph
    import yaml
    from docx.document import Document as WordFile
    from docx.table import Table as WordTable
else:
    docx, yaml = lazily("docx"), lazily("yaml")

MOST_BYTES = 10 * 1024 * 1024
MOST_UNPACKED = 50 * 1024 * 1024
MOST_FILES_IN_DOCX = 2000
KINDS = (".md", ".txt", ".docx")

FRONT_MATTER = {
    "title": "title",
    "theme": "theme",
    "class": "klass",
    "purpose": "purpose",
    "source": "source",
    "author": "byline",
    "language": "language",
    "valid_from": "valid_from",
    "valid_until": "valid_until",
    "script": "script",
    "short": "short",
    "zalo": "chat",
}

SITE_DATE = re.compile(
    r"^(?:(?:mon|tue|wed|thu|fri|sat|sun)\w*|(?:thứ\s+\w+|chủ\s+nhật))?,?\s*"
    r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:\s*[,|-]?\s*(\d{1,2})[:h](\d{2}))?\s*(?:\|?\s*gmt\s*([+-]\d{1,2}))?\s*$",
    re.IGNORECASE,
)
MOST_TABLES = 100
HEAD_LINES = 6
"""A site's date stands right below the title; further down a date is part of the text."""
COUNTER = re.compile(
    r"^(?=.*(?:truy cập|lượt xem|trực tuyến|online|đang xem|thành viên))[^.!?]{3,60}:\s*[\d.,\s]+$", re.IGNORECASE
)
BYLINE = re.compile(r"^(?:tác giả|tin|bài|tin, bài|người viết)\s*:\s*", re.IGNORECASE)
LEFT_OUT = {
    "pic": Word("hình ảnh", "pictures"),
    "txbx": Word("khung chữ", "text boxes"),
    "ins": Word("đoạn thêm chưa chấp nhận (Track Changes)", "insertions not accepted (Track Changes)"),
    "sdt": Word("ô nội dung (content control)", "content controls"),
    "footnoteReference": Word("chú thích cuối trang", "footnotes"),
}


@dataclass(frozen=True, slots=True)
class Document:
    """A document read: the draft, the date it bears (aware), and what was left out, each as a sentence."""

    draft: Draft
    dated: datetime | None = None
    dropped: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())


def read_document(name: str, data: bytes, zone: ZoneInfo) -> Document:
    """The document as a draft. Raises BadInput naming the file and, where there is one, the line."""
    kind = "." + name.rsplit(".", 1)[-1].lower() if "." in name else ""
    if kind not in KINDS:
        raise _bad(name, "chỉ nhận .md, .txt và .docx", "only .md, .txt and .docx can be read")
    if len(data) > MOST_BYTES:
        raise _bad(name, f"lớn quá {MOST_BYTES // 2**20} MB", f"larger than {MOST_BYTES // 2**20} MB")
    if not data.strip():
        raise _bad(name, "tệp rỗng", "the file is empty")
    if kind == ".docx":
        return _read_docx(name, data)
    text = _decode(name, data)
    return _read_markdown(name, text, zone) if kind == ".md" else _read_text(name, text, zone)


def _bad(name: str, vi: str, en: str) -> BadInput:
    return BadInput(f"{name}: {vi}", f"{name}: {en}", field="file")


def _decode(name: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _bad(
            name,
            f"không phải UTF-8 (dòng {line}); hãy lưu lại với bảng mã UTF-8",
            f"not UTF-8 (line {line}); save it as UTF-8",
        ) from None
    if "\0" in text:
        raise _bad(name, "không phải tệp văn bản", "not a text file")
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    if not text.strip():
        raise _bad(name, "tệp rỗng", "the file is empty")
    return text


def _read_markdown(name: str, text: str, zone: ZoneInfo) -> Document:
    front: dict[str, Any] = {}
    found = re.match(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", text, re.DOTALL | re.MULTILINE)
    if found:
        front, text = _front_matter(name, found.group(1)), text[found.end() :]
    unknown = sorted(str(key) for key in front if key not in {*FRONT_MATTER, "date"})
    if unknown:
        listed = ", ".join(unknown)
        raise _bad(name, f"phần đầu có khóa lạ: {listed}", f"unknown keys in the front matter: {listed}")
    values = {FRONT_MATTER[key]: value for key, value in front.items() if key != "date"}
    if not values.get("title"):
        values["title"], text = _title_from_heading(name, text)
    if not text.strip():
        raise _bad(name, "không có nội dung", "there is no text")
    return Document(_draft(name, values, text, zone), _moment(name, "date", front.get("date"), zone))


def _front_matter(name: str, head: str) -> dict[str, str]:
    """Keys with their values as written: what looks like a date or a number is not made one by YAML."""
    depth = 0
    try:
        for event in yaml.parse(head, yaml.BaseLoader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            if depth > MOST_TABLES:
                raise _bad(name, "phần đầu có quá nhiều danh sách", "there are too many lists in the front matter")
        front = yaml.load(head, yaml.BaseLoader) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        raise _bad(name, f"phần đầu sai cú pháp YAML ở dòng {line}", f"bad YAML on line {line}") from None
    if not isinstance(front, dict):
        raise _bad(name, "phần đầu phải là các cặp khóa: giá trị", "the front matter must be key: value pairs")
    for key, value in front.items():
        if not isinstance(value, str):
            raise _bad(name, f"{key} phải là một dòng chữ, không phải danh sách", f"{key} must be text, not a list")
    return {str(key): "" if value in {"~", "null"} else value for key, value in front.items()}


def _title_from_heading(name: str, text: str) -> tuple[str, str]:
    found = re.match(r"\s*#{1,2}\s+(.+?)\s*#*\n", text + "\n")
    if found:
        return found.group(1), text[found.end() :]
    first, _, rest = text.strip().partition("\n")
    if not rest.strip():
        raise _bad(name, "thiếu tiêu đề", "there is no title")
    return first.strip("*_ "), rest


def _draft(name: str, values: dict[str, Any], body: str, zone: ZoneInfo) -> Draft:
    texts: dict[str, Any] = {
        key: str(value) for key, value in values.items() if key not in {"klass", "purpose", "valid_from", "valid_until"}
    }
    try:
        klass = BulletinClass(str(values.get("klass") or "normal"))
    except ValueError:
        raise _bad(
            name, "class phải là normal, priority hoặc urgent", "class must be normal, priority or urgent"
        ) from None
    try:
        purpose = Purpose(str(values.get("purpose") or Purpose.OUTREACH))
    except ValueError:
        listed = ", ".join(Purpose)
        raise _bad(name, f"purpose phải là một trong: {listed}", f"purpose must be one of: {listed}") from None
    return Draft(
        **texts,
        body=body.strip(),
        klass=klass,
        purpose=purpose,
        valid_from=_moment(name, "valid_from", values.get("valid_from"), zone),
        valid_until=_moment(name, "valid_until", values.get("valid_until"), zone),
    )


def _moment(name: str, key: str, value: str | None, zone: ZoneInfo) -> datetime | None:
    if not value:
        return None
    try:
        if len(value) == len("2026-11-23"):
            day = date.fromisoformat(value)
            return datetime.combine(day, time(23, 59) if key == "valid_until" else time(0), zone)
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _bad(name, f"{key} không phải ngày giờ: {value}", f"{key} is no date: {value}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _read_text(name: str, text: str, zone: ZoneInfo) -> Document:
    """Plain text as news sites export it: rubric, title, date line, paragraphs, byline, page furniture."""
    lines = [" ".join(line.split()) for line in text.split("\n")]
    dropped: list[str] = []
    filled = [line for line in lines if line]
    top = [number for number, line in enumerate(lines) if line][:HEAD_LINES]
    at = next((number for number in top if SITE_DATE.match(lines[number])), None)
    dated = None
    if at is not None:
        dated = _site_date(name, at + 1, lines[at], zone)
        head = [line for line in lines[:at] if line]
        lines = lines[at + 1 :]
    else:
        head, lines = filled[:1], lines[lines.index(filled[0]) + 1 :]
    if not head:
        raise _bad(name, "thiếu tiêu đề trước dòng ngày", "there is no title above the date")
    dropped += [Word(f"chuyên mục “{line}”", f"section “{line}”") for line in head[:-1]]
    body = _without_furniture(lines, dropped)
    byline = _byline(body[-1]) if len(body) > 1 else ""
    body = body[:-1] if byline else body
    if not body:
        raise _bad(name, "không có nội dung", "there is no text")
    return Document(Draft(title=head[-1], body="\n\n".join(body), byline=byline), dated, tuple(dropped))


def _site_date(name: str, line: int, text: str, zone: ZoneInfo) -> datetime:
    found = SITE_DATE.match(text)
    assert found is not None
    day, month, year, hour, minute, offset = found.groups()
    try:
        place = timezone(timedelta(hours=int(offset))) if offset else zone
        return datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), tzinfo=place)
    except ValueError:
        raise _bad(name, f"dòng {line}: ngày không có thật: {text}", f"line {line}: no such date: {text}") from None


def _without_furniture(lines: list[str], dropped: list[str]) -> list[str]:
    """Paragraphs without what the site put below them: visitor counters and the headings in capitals above these."""
    body = [line for line in lines if line]
    if not body or not COUNTER.match(body[-1]):
        return body
    while body and (COUNTER.match(body[-1]) or (body[-1].isupper() and len(body[-1]) < 80)):
        line = body.pop()
        dropped.insert(0, Word(f"phần cuối trang “{line}”", f"foot of the page “{line}”"))
    return body


def _byline(line: str) -> str:
    """The writer's name if the line is one: two to six words, each beginning with a capital; else nothing."""
    name = BYLINE.sub("", line).strip()
    words = name.replace(".", ". ").split()
    named = all(word[0].isupper() and word.removesuffix(".").isalpha() for word in words)
    return (
        name if 2 <= len(words) <= 6 and len(name) <= 60 and name[-1].isalpha() and named and not name.isupper() else ""
    )


def _read_docx(name: str, data: bytes) -> Document:
    _check_package(name, data)
    try:
        word = docx.Document(io.BytesIO(data))
        dropped = _left_out(word)
        blocks = [block for block in _blocks(word) if block[1]]
    except Exception:  # noqa: BLE001 (a damaged file fails wherever the zip, XML and Word readers first stumble over it)
        raise _bad(name, "không phải tệp Word (.docx) hợp lệ", "not a proper Word (.docx) file") from None
    if not blocks:
        raise _bad(name, "không có nội dung", "there is no text")
    title = next((text for style, text in blocks if style in {"Title", "Heading 1"}), blocks[0][1])
    rest = list(blocks)
    rest.remove(next(block for block in blocks if block[1] == title))
    byline = _byline(rest[-1][1]) if len(rest) > 1 else ""
    rest = rest[:-1] if byline else rest
    if not rest:
        raise _bad(name, "không có nội dung dưới tiêu đề", "there is no text below the title")
    body = "\n\n".join(_as_markdown(style, text) for style, text in rest)
    return Document(Draft(title=title, body=body, byline=byline), None, tuple(dropped))


def _check_package(name: str, data: bytes) -> None:
    """Look at the package's table of contents before anything is unpacked: a bomb never gets that far."""
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except zipfile.BadZipFile:
        raise _bad(name, "không phải tệp Word (.docx)", "not a Word (.docx) file") from None
    if sum(member.file_size for member in members) > MOST_UNPACKED or len(members) > MOST_FILES_IN_DOCX:
        raise _bad(name, "giải nén ra quá lớn, không mở", "it unpacks to far too much and was not opened")
    if "word/document.xml" not in {member.filename for member in members}:
        raise _bad(name, "là tệp .zip đổi tên, không phải Word", "a renamed .zip, not a Word file")


def _left_out(word: WordFile) -> list[str]:
    """What is in the file and cannot be taken over, counted."""
    found = Counter(str(element.tag).rsplit("}", 1)[-1] for element in word.element.body.iter())
    return [Word(f"{found[tag]} {title}", f"{found[tag]} {title.en}") for tag, title in LEFT_OUT.items() if found[tag]]


def _blocks(word: WordFile) -> list[tuple[str, str]]:
    blocks: list[tuple[str, str]] = []
    for block in word.iter_inner_content():
        if isinstance(block, docx.text.paragraph.Paragraph):
            style = block.style.name if block.style is not None else ""
            blocks.append((style or "", _line(block.text)))
        elif isinstance(block, docx.table.Table):
            blocks += [("", row) for row in _rows(block)]
    return blocks


def _rows(table: WordTable) -> list[str]:
    """A line for each row; a merged cell is said once, not for each place it covers."""
    seen: set[object] = set()
    rows = []
    for row in table.rows:
        fresh = {cell._tc: cell.text for cell in row.cells if cell._tc not in seen}  # noqa: SLF001 (a cell's only identity)
        seen |= fresh.keys()
        rows.append("; ".join(filter(None, map(_line, fresh.values()))))
    return rows


def _line(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _as_markdown(style: str, text: str) -> str:
    if style.startswith("Heading"):
        return f"## {text}"
    return f"- {text}" if style.startswith("List") else text
