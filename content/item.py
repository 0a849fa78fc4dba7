"""Item, Revision, Approval: one piece of public information, its unchangeable texts, who allowed them; pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum

from config.unmarked import unmarked
from config.words import BadInput, Conflict, Word
from content.bulletin import BulletinClass, Purpose, digest_of
from content.meeting import Meeting


class ItemState(StrEnum):
    """Where an item stands; the words on screen are in `TITLES`."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


TITLES = {
    ItemState.DRAFT: Word("bản nháp", "draft"),
    ItemState.IN_REVIEW: Word("chờ duyệt", "awaiting approval"),
    ItemState.APPROVED: Word("đã duyệt", "approved"),
    ItemState.WITHDRAWN: Word("đã thu hồi", "withdrawn"),
    ItemState.EXPIRED: Word("hết hiệu lực", "expired"),
}

MOVES: dict[ItemState, frozenset[ItemState]] = {
    ItemState.DRAFT: frozenset({ItemState.DRAFT, ItemState.IN_REVIEW, ItemState.WITHDRAWN}),
    ItemState.IN_REVIEW: frozenset({ItemState.DRAFT, ItemState.APPROVED, ItemState.WITHDRAWN}),
    ItemState.APPROVED: frozenset({ItemState.DRAFT, ItemState.WITHDRAWN, ItemState.EXPIRED}),
    ItemState.WITHDRAWN: frozenset(),
    ItemState.EXPIRED: frozenset({ItemState.DRAFT}),
}

LANGUAGES = {
    "vi": Word("tiếng Việt", "Vietnamese"),
    "blt": Word("tiếng Thái", "Tai Dam (Thái)"),
    "hmn": Word("tiếng Mông", "Hmong"),
    "ium": Word("tiếng Dao", "Iu Mien (Dao)"),
    "tyz": Word("tiếng Tày", "Tày"),
    "nut": Word("tiếng Nùng", "Nùng"),
    "mtq": Word("tiếng Mường", "Muong"),
    "kjg": Word("tiếng Khơ Mú", "Khmu"),
    "km": Word("tiếng Khmer", "Khmer"),
    "rad": Word("tiếng Ê Đê", "Rade (Ê Đê)"),
    "jra": Word("tiếng Gia Rai", "Jarai"),
    "bdq": Word("tiếng Ba Na", "Bahnar"),
    "cjm": Word("tiếng Chăm", "Cham"),
    "zh": Word("tiếng Hoa", "Chinese"),
    "lo": Word("tiếng Lào", "Lao"),
    "en": Word("tiếng Anh", "English"),
}
"""Languages that offices broadcast in, by ISO 639 code; another code may be given as well."""

RENDITIONS = ("article", "script", "short", "chat")

DEFAULT_THEMES = (
    ("y-nghia", "Tầm quan trọng, ý nghĩa, mục tiêu và tác động của cải cách hành chính"),
    ("chi-dao", "Văn bản chỉ đạo của Trung ương và địa phương"),
    ("chuong-trinh-tong-the", "Nội dung, kết quả chương trình tổng thể cải cách hành chính nhà nước"),
    ("nghi-quyet-dang", "Chương trình của cấp ủy thực hiện nghị quyết đại hội Đảng"),
    ("dien-hinh", "Điển hình tiên tiến, sáng kiến, mô hình thí điểm"),
    ("mot-cua", "Một cửa liên thông hiện đại và ứng dụng công nghệ thông tin"),
)
"""The six topics of the founding plan (Plan 36/KH-UBND of 23/01/2017, as the news item about it lists them)."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a writer hands in. Renditions left empty are derived from the body."""

    title: str
    body: str
    theme: str = ""
    klass: BulletinClass = BulletinClass.NORMAL
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    source: str = ""
    byline: str = ""
    language: str = "vi"
    article: str = ""
    script: str = ""
    short: str = ""
    chat: str = ""
    readings: tuple[tuple[str, str], ...] = ()
    """What is read otherwise in this text alone: (written, spoken)."""
    purpose: Purpose = Purpose.OUTREACH
    meetings: tuple[Meeting, ...] = ()
    """What the text invites to; no form has them, and a revision keeps those of the one before."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One unchangeable text of an item with its renditions. `spoken` is the script in words; `derived` names what was not edited.

    `recorded` is the key of the uploaded recording that is heard instead of a synthetic voice; empty: there is none.
    """

    id: str
    item: str
    number: int
    title: str
    body: str
    article: str
    script: str
    spoken: str
    short: str
    chat: str
    derived: tuple[str, ...]
    theme: str
    klass: BulletinClass
    valid_from: datetime | None
    valid_until: datetime | None
    source: str
    byline: str
    language: str
    writer: str
    made_at: datetime
    readings: tuple[tuple[str, str], ...] = ()
    recorded: str = ""
    purpose: Purpose = Purpose.OUTREACH
    meetings: tuple[Meeting, ...] = ()

    @property
    def digest(self) -> str:
        """What an approval belongs to: everything that can be heard, read or that says when it holds."""
        return digest_of(
            [
                *(self.title, self.article, self.script, self.spoken, self.short, self.chat),
                *(self.theme, self.klass.value, self.source, self.byline, self.language),
                *(_written(moment) for moment in (self.valid_from, self.valid_until)),
                *([self.recorded] if self.recorded else []),  # digests from before there were uploads stay right
                *([f"purpose:{self.purpose}"] if self.purpose is not Purpose.OUTREACH else []),  # likewise
                *([["meetings", *map(list, self.meetings)]] if self.meetings else []),  # likewise
            ]
        )


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of public information. `revision` is its newest text, `approved` the one in force, if any.

    `original` is the item of which this one is a version in another language, `notice_of` the withdrawn one that this one
    announces the end of. `unit` is whose it is (`content/units`); empty: the office's own.
    """

    id: str
    slug: str
    state: ItemState
    title: str
    revision: str
    approved: str | None
    klass: BulletinClass
    theme: str
    valid_until: datetime | None
    created_at: datetime
    changed_at: datetime
    original: str | None = None
    notice_of: str | None = None
    unit: str = ""

    def check_move(self, to: ItemState) -> None:
        """Raise Conflict unless the item may go there from where it is."""
        if to not in MOVES[self.state]:
            raise Conflict(
                f"Tin “{self.title}” đang ở trạng thái {TITLES[self.state]}, không chuyển sang {TITLES[to]} được",
                f"Item {self.id} is {self.state}; it cannot become {to}",
            )


@dataclass(frozen=True, slots=True)
class Approval:
    """Who allowed or sent back which digest, when, with what note; `recording` is the sha256 of the audio that was heard."""

    id: str
    thing: str
    digest: str
    verdict: str
    person: str
    at: datetime
    note: str = ""
    recording: str | None = None


def same_person(one: str, other: str) -> bool:
    """Whether two written names are one person: case, spacing, Unicode form and unseen letters tell nobody apart."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    seen = "".join(letter for letter in unicodedata.normalize("NFKC", name) if unicodedata.category(letter) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", seen.casefold()).split())


def _written(moment: datetime | None) -> str | None:
    """A moment the same before and after the database has kept it: in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds") if moment else None


def check_draft(draft: Draft) -> None:
    """Raise BadInput naming the first field that cannot stand."""
    _check_letters(draft)
    if not draft.title.strip():
        raise BadInput("Thiếu tiêu đề", "The title is missing", field="title")
    if len(draft.title) > 300:
        vi = f"Tiêu đề dài {len(draft.title)} ký tự, nhiều nhất 300: hãy rút gọn (ở tệp văn bản, tiêu đề là dòng đầu)"
        raise BadInput(vi, "The title is longer than 300 characters; in a file it is the first line", field="title")
    if not draft.body.strip():
        raise BadInput("Thiếu nội dung", "The body is missing", field="body")
    if len(draft.body) > 200_000:
        long = f"{len(draft.body):,}".replace(",", ".")
        vi = f"Nội dung dài {long} ký tự, nhiều nhất 200.000: hãy chia thành nhiều tin, hoặc tóm tắt và dẫn liên kết"
        en = "The body is longer than 200,000 characters; make several items of it, or a summary with a link"
        raise BadInput(vi, en, field="body")
    for name, title in LIMITED.items():
        if len(getattr(draft, name)) > LIMITS.get(name, 300):
            raise BadInput(f"{title} dài quá {LIMITS.get(name, 300)} ký tự", f"The {name} is too long", field=name)
    for name in ("valid_from", "valid_until"):
        moment = getattr(draft, name)
        if moment and not 1900 <= moment.year <= 9000:
            raise BadInput("Năm hiệu lực không có thật", "No such year of validity", field=name)
    if draft.valid_from and draft.valid_until and draft.valid_until <= draft.valid_from:
        raise BadInput(
            "Thời điểm hết hiệu lực phải sau thời điểm bắt đầu",
            "The end of validity must be after its beginning",
            field="valid_until",
        )


LIMITED = {
    "article": "Bài viết",
    "script": "Lời đọc",
    "short": "Tin SMS",
    "chat": "Tin Zalo",
    "source": "Nguồn",
    "byline": "Tên tác giả",
    "language": "Mã ngôn ngữ",
}
LIMITS = {"article": 200_000, "script": 200_000, "short": 20_000, "chat": 20_000, "language": 35}


def _check_letters(draft: Draft) -> None:
    """No text may hold what cannot be stored or shown: NUL and other control characters, halves of surrogate pairs."""
    for field in fields(draft):
        value = getattr(draft, field.name)
        found = re.search(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]", value) if isinstance(value, str) else None
        if found:
            code = f"U+{ord(found.group()):04X}"
            raise BadInput(
                f"Có ký tự không dùng được ({code}), hãy xóa đi",
                f"There is a character that cannot be used ({code})",
                field=field.name,
            )


def slug_of(title: str) -> str:
    """The title as the end of a web address: no marks, lower case, at most 80 letters, cut at a word."""
    words = re.findall(r"[a-z0-9]+", unmarked(title))
    slug = ""
    for word in words:
        if slug and len(slug) + 1 + len(word) > 80:
            break
        slug = f"{slug}-{word}" if slug else word[:80]
    return slug or "tin"
