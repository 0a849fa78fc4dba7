"""What a class has on paper, read back as text: a certificate for each page, a list with a column to sign for every session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from channels.classes.given.store import Certificate
from channels.classes.training import Person, Session, TrainingClass
from content.bulletin import Purpose
from desk.classes.paper import certificates, door, roster
from tests.desk.printing.test_printing import pages

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
OFFICE = "Ủy ban nhân dân xã Sốp Cộp"
MORNING = datetime(2026, 12, 3, 1, tzinfo=UTC)
SESSIONS = tuple(
    Session(name, "c", MORNING + after, MORNING + after + timedelta(hours=3.5), "Hội trường", "")
    for name, after in (("am", timedelta()), ("pm", timedelta(hours=5.5)), ("next", timedelta(days=1)))
)
COURSE = TrainingClass(
    *("c", "", "Một cửa liên thông", "mot-cua", "", Purpose.OUTREACH, "Cán bộ", ("sms",), 0, 2, "Lan", MORNING),
    sessions=SESSIONS,
)


def somebody(name: str, *attended: str) -> Person:
    """Who came to these sessions."""
    return Person(name, "c", "phone", "+84912345678", name, attended=frozenset(attended))


def test_each_certificate_is_a_page_of_its_own() -> None:
    """With the days of whom it is for, and no number of a page; whose attendance was struck off again has no days."""
    people = [somebody("Lò Văn Muôn", "am", "pm", "next"), somebody("Vì Thị Dó", "am", "pm"), somebody("Tòng Văn A")]
    given = [(one, Certificate("g", "c", one.id, 2026, n, "ABCDE23456", MORNING)) for n, one in enumerate(people, 1)]
    three, day, none = pages(certificates(OFFICE, COURSE, given, "https://loa.example", ZONE))
    assert "từ ngày 03/12/2026 đến ngày 04/12/2026, 3 buổi, 10,5 giờ" in three
    assert "ngày 03/12/2026, 2 buổi, 7 giờ" in day and "đến ngày" not in day
    assert "buổi" not in none and "Tòng Văn A" in none
    for number, text in enumerate((three, day, none), 1):
        assert f"Số: {number}/2026/GCN" in text and "trang" not in text
        assert "https://loa.example/chung-nhan với mã ABCDE-23456" in text


def test_two_sessions_of_a_day_are_told_apart() -> None:
    """On the list that is signed, by their hours; it has lines for who comes unasked."""
    [text] = pages(roster(OFFICE, COURSE, [somebody("Lò Văn Muôn"), somebody("")], ZONE))
    for head in ("Ký, 08:00 03/12", "Ký, 13:30 03/12", "Ký, 08:00 04/12"):
        assert head in text
    assert "(không ghi tên)" in text and text.count("Lò Văn Muôn") == 1 and " 7 " in text


def test_the_sheet_at_the_door_is_one_page() -> None:
    """However long the class is called."""
    long = TrainingClass(
        *("c", "", "Giải quyết thủ tục hành chính trên môi trường điện tử " * 3, "t", "", Purpose.OUTREACH),
        *("Cán bộ", ("sms",), 0, 0, "Lan", MORNING),
        sessions=SESSIONS,
    )
    [text] = pages(door(OFFICE, long, SESSIONS[0], "AB3K7P", "https://loa.example/diem-danh/s", ZONE))
    assert "AB3 K7P" in text and "ĐIỂM DANH" in text
