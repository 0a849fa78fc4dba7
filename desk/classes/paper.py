"""What a class has on paper: the list to be ticked, the sheet at the door, certificates; as PDF."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import PageBreak

from channels.classes.given.store import Certificate
from channels.classes.inviting import told
from channels.classes.training import Person, Session, TrainingClass
from desk.printing import decree, issuer, parts
from desk.printing.paper import Paper, fitted_pdf, to_pdf

EMPTY_ROWS = 5
"""Lines at the end of a list for who comes without being on it."""
QR_SIDE = 80.0
LARGEST = ParagraphStyle("class-largest", parent=parts.CENTRED, fontSize=28, leading=38, spaceAfter=8)
LARGE = ParagraphStyle("class-large", parent=parts.CENTRED, fontSize=20, leading=28, spaceAfter=8)
MIDDLE = ParagraphStyle("class-middle", parent=parts.CENTRED, fontSize=14, leading=20, spaceAfter=6)


def roster(office: str, course: TrainingClass, people: Sequence[Person], zone: ZoneInfo) -> bytes:
    """The list with a column to sign for every session. Takes a while: not for the loop."""
    begins = [one.begins_at.astimezone(zone) for one in course.sessions[:6]]
    rows = [["TT", "Họ và tên", "Trả lời", *(f"Ký, {begin:%H:%M} {begin:%d/%m}" for begin in begins)]]
    rows += [
        [str(number), one.name or "(không ghi tên)", one.answer.title_vi if one.answer else "", *([""] * len(begins))]
        for number, one in enumerate(people, 1)
    ]
    rows += [[str(len(people) + number), "", "", *([""] * len(begins))] for number in range(1, EMPTY_ROWS + 1)]
    about = Paper(f"Danh sách lớp {course.title}", office, f"Danh sách lớp · {course.title}")

    def make() -> list[Any]:
        return [
            *_heading(office, course.sessions[0].begins_at.astimezone(zone).date()),
            *decree.title("Danh sách", f"Dự lớp tập huấn “{course.title}”"),
            *(parts.paragraph(told(one, zone), parts.PLAIN) for one in course.sessions),
            parts.space(4),
            parts.table(rows, [1.2, 5, 2.5, *([3] * len(begins))], tall=True),
            decree.closing(decree.Signature(("Người lập danh sách",), "")),
        ]

    return to_pdf(about, make)


def door(office: str, course: TrainingClass, session: Session, code: str, address: str, zone: ZoneInfo) -> bytes:
    """The sheet at the door of a session: its code large enough to be scanned from some steps away."""
    about = Paper(f"Điểm danh {course.title}", office, f"Điểm danh · {course.title}")

    def make(size: float) -> list[Any]:
        head = ParagraphStyle("class-head", parent=LARGE, fontSize=size, leading=size * 1.35)
        return [
            *_heading(office, session.begins_at.astimezone(zone).date()),
            parts.paragraph("ĐIỂM DANH", LARGE, bold=True),
            parts.paragraph(course.title, head, bold=True),
            parts.paragraph(told(session, zone), MIDDLE),
            _centred(parts.qr_code(address, QR_SIDE)),
            parts.paragraph("Quét mã, rồi ghi số điện thoại hoặc thư điện tử đã được mời.", MIDDLE),
            parts.paragraph("Đã có liên kết riêng trong tin mời thì mở liên kết ấy và ghi mã:", MIDDLE),
            parts.paragraph(f"{code[:3]} {code[3:]}", LARGE, bold=True),
            parts.paragraph("Mã dùng được từ một giờ trước đến nửa giờ sau buổi học.", MIDDLE, italic=True),
        ]

    return fitted_pdf(about, make, (24.0, 20.0, 16.0))


def certificates(
    office: str, course: TrainingClass, given: Sequence[tuple[Person, Certificate]], base: str, zone: ZoneInfo
) -> bytes:
    """A page for each, with its number and the code by which anybody can check it."""
    about = Paper(f"Giấy chứng nhận {course.title}", office, loose=True)

    def make() -> list[Any]:
        pages: list[Any] = []
        for place, (person, one) in enumerate(given):
            pages += [PageBreak()] if place else []
            pages += _certificate(office, course, person, one, base, zone)
        return pages

    return to_pdf(about, make)


def _certificate(
    office: str, course: TrainingClass, person: Person, one: Certificate, base: str, zone: ZoneInfo
) -> list[Any]:
    came = [each for each in course.sessions if each.id in person.attended]
    address = f"{base}/chung-nhan/{one.code}"
    checked = f"Kiểm tra tại {base}/chung-nhan với mã {one.code[:5]}-{one.code[5:]}"
    return [
        *_heading(office, one.at.astimezone(zone).date(), number_of(one)),
        parts.space(28),
        parts.paragraph("GIẤY CHỨNG NHẬN", LARGEST, bold=True),
        parts.space(8),
        parts.paragraph("Chứng nhận ông/bà", MIDDLE),
        parts.paragraph(person.name, LARGE, bold=True),
        parts.paragraph("đã tham dự lớp tập huấn", MIDDLE),
        parts.paragraph(f"“{course.title}”", MIDDLE, bold=True),
        *([parts.paragraph(_came(came, zone), MIDDLE)] if came else []),
        parts.space(12),
        decree.closing(
            decree.Signature(
                (issuer.signing(office), "Chủ tịch" if issuer.symbol(office) == "UBND" else "Thủ trưởng"), ""
            )
        ),
        parts.space(28),
        parts.beside(parts.paragraph(checked, parts.SMALL), parts.qr_code(address, 26), 30 * 2.835),
    ]


def _came(sessions: Sequence[Session], zone: ZoneInfo) -> str:
    """When and how long, as in `từ ngày 03/12/2026 đến ngày 04/12/2026, 3 buổi, 10 giờ`."""
    first, last = (sessions[place].begins_at.astimezone(zone).date() for place in (0, -1))
    when = f"ngày {first:%d/%m/%Y}" if first == last else f"từ ngày {first:%d/%m/%Y} đến ngày {last:%d/%m/%Y}"
    hours = sum((one.ends_at - one.begins_at).total_seconds() for one in sessions) / 3600
    return f"{when}, {len(sessions)} buổi, {_hours(hours)} giờ"


def number_of(one: Certificate) -> str:
    """As it is cited: `12/2026/GCN`."""
    return f"{one.number}/{one.year}/GCN"


def _hours(hours: float) -> str:
    return f"{hours:.1f}".removesuffix(".0").replace(".", ",")


def _heading(office: str, day: date, number: str = "") -> list[Any]:
    return decree.heading(decree.Heading(office, day, symbol=number, place=issuer.place(office)))


def _centred(drawing: Any) -> Any:
    drawing.hAlign = "CENTER"
    return drawing
