"""The slip of an approval on paper: who wrote, submitted and allowed which text, what was heard, and the text itself."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from reportlab.lib.units import mm

from content.item import LANGUAGES, Revision
from content.markup import plain_text
from desk.evidence.record import Approved, Record
from desk.moments import length_in_words
from desk.printing import decree, issuer, parts
from desk.printing.paper import WIDTH, Paper, to_pdf

WHOLE, BEGINNING = 4000, 1500
"""Letters: a longer rendition is printed as its beginning, beside the sum of the whole."""
RENDITIONS = (
    ("article", "Bài trên cổng thông tin"),
    ("spoken", "Lời được đọc thành tiếng"),
    ("short", "Tin SMS"),
    ("chat", "Tin Zalo"),
)


def draw(record: Record, one: Approved, zone: ZoneInfo, fingerprint: str) -> bytes:
    """The slip as PDF, the same bytes each time; `fingerprint` is the office's. Takes a while: not for the loop."""
    revision = one.revision
    foot = f"Phiếu phê duyệt tin {record.item.id}, bản {revision.number} · mã nội dung {one.approval.digest[:16]}…"
    paper = Paper(f"Phiếu phê duyệt: {revision.title}", one.office, foot)
    return to_pdf(paper, lambda: _parts(record, one, zone, fingerprint))


def _parts(record: Record, one: Approved, zone: ZoneInfo, fingerprint: str) -> list[Any]:
    day = one.approval.at.astimezone(zone).date()
    return [
        *decree.heading(decree.Heading(one.office, day, place=issuer.place(one.office))),
        *decree.title("Phiếu phê duyệt tin bài", one.revision.title),
        parts.part(1, "Tin bài"),
        parts.beside(
            parts.facts(_about(record, one, zone), WIDTH - 38 * mm), parts.qr_code(one.approval.digest, 34), 36 * mm
        ),
        parts.part(2, "Người viết, người trình"),
        *_written(record, one, zone),
        parts.part(3, "Phê duyệt"),
        parts.facts(_verdict(one, zone)),
        parts.part(4, "Bản ghi âm đã nghe khi duyệt"),
        *_heard(one),
        parts.part(5, "Nội dung đã duyệt"),
        *_texts(one.revision),
        decree.closing(
            decree.Signature(("Người trình",), one.submission.person if one.submission else ""),
            decree.Signature(("Người duyệt",), one.approval.person),
        ),
        parts.space(4),
        *_small(fingerprint),
    ]


def _about(record: Record, one: Approved, zone: ZoneInfo) -> list[tuple[str, str]]:
    revision = one.revision
    told = [
        ("Tiêu đề", revision.title),
        ("Cơ quan", one.office),
        ("Mã tin, bản số", f"{record.item.id}, bản {revision.number}"),
        ("Mã nội dung (SHA-256, mã QR)", one.approval.digest),
        ("Loại bản tin", revision.klass.title_vi),
        ("Mục đích", revision.purpose.title_vi),
        ("Hiệu lực", _validity(revision, zone)),
        ("Chủ đề", record.themes.get(revision.theme, revision.theme) or "không"),
        *(("Kèm tệp lịch", meeting.within(zone).line) for meeting in revision.meetings),
        ("Ngôn ngữ", LANGUAGES.get(revision.language, revision.language)),
        ("Nguồn", revision.source or "không ghi"),
        ("Tác giả", revision.byline or "không ghi"),
    ]
    if not one.is_as_approved:
        told.insert(0, ("CẢNH BÁO", "văn bản đang lưu KHÔNG còn khớp mã nội dung đã duyệt"))
    return told


def _validity(revision: Revision, zone: ZoneInfo) -> str:
    begin = f"từ {_moment(revision.valid_from, zone)}" if revision.valid_from else ""
    end = f"đến {_moment(revision.valid_until, zone)}" if revision.valid_until else ""
    return " ".join(word for word in (begin, end) if word) or "không hạn"


def _written(record: Record, one: Approved, zone: ZoneInfo) -> list[Any]:
    rows = [("Bản", "Người viết", "Lúc", "Mã nội dung")]
    rows += [
        (str(each.number), each.writer, _moment(each.made_at, zone), f"{each.digest[:16]}…")
        for each in record.revisions
        if each.number <= one.revision.number
    ]
    by = one.submission
    said = f"{by.person}, {_moment(by.at, zone)}" if by else "không ghi trong sổ"
    return [parts.table(rows, (1.5, 5, 5, 4)), parts.facts([("Người trình duyệt", said)])]


def _verdict(one: Approved, zone: ZoneInfo) -> list[tuple[str, str]]:
    approval = one.approval
    return [
        ("Người duyệt", f"{approval.person}, thay {one.instead_of}" if one.instead_of else approval.person),
        ("Lúc", _moment(approval.at, zone)),
        ("Kết luận", "Duyệt đúng nội dung có mã ở phần I"),
        ("Ý kiến", approval.note or "không"),
    ]


def _heard(one: Approved) -> list[Any]:
    if not one.approval.recording:
        return [parts.paragraph("Không có bản ghi âm khi duyệt.")]
    told = [("SHA-256", one.approval.recording)]
    if one.recording is None:
        return [parts.facts([*told, ("Ghi chú", "tệp này không còn trong kho bản ghi âm")])]
    row = one.recording
    told += [("Độ dài", f"{length_in_words(row.seconds)} ({_number(row.seconds)} giây)")]
    told += [("Giọng", f"máy đọc, {row.voice}" if row.voice else "giọng người, tải lên")]
    if row.loudness is not None:
        told += [("Độ to", f"{_number(row.loudness)} LUFS, đỉnh {_number(row.peak)} dBTP")]
    return [parts.facts(told)]


def _texts(revision: Revision) -> list[Any]:
    found: list[Any] = []
    for name, title in RENDITIONS:
        text = getattr(revision, name)
        shown = plain_text(text) if name == "article" else text
        found += [
            parts.subpart(title),
            parts.paragraph(_sum(text, shown), parts.SMALL),
            *parts.lines(_beginning(shown)),
        ]
    return found


def _sum(text: str, shown: str) -> str:
    told = f"SHA-256 của toàn văn (UTF-8): {hashlib.sha256(text.encode()).hexdigest()}. {len(shown)} ký tự"
    return f"{told}; dưới đây là phần đầu." if len(shown) > WHOLE else f"{told}."


def _beginning(text: str) -> str:
    return text if len(text) <= WHOLE else f"{text[:BEGINNING].rsplit(' ', 1)[0]} […]"


def _small(fingerprint: str) -> list[Any]:
    said = (
        "Phiếu này do Loa lập từ sổ điện tử; ai viết hoặc sửa tin thì không tự duyệt được tin ấy. Toàn văn, bản ghi âm và"
        " nhật ký phát nằm trong gói bằng chứng của tin, kiểm bằng lệnh “loa audit verify”. Dấu khóa của cơ quan:"
    )
    return [parts.paragraph(f"{said} {fingerprint}.", parts.SMALL)]


def _moment(moment: datetime, zone: ZoneInfo) -> str:
    """To the second, on the office's wall clock."""
    return f"{moment.astimezone(zone):%H:%M:%S ngày %d/%m/%Y}"


def _number(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")
