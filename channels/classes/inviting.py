"""What invites to a class and what reminds of a session, as drafts for an officer to go on writing; pure."""

from __future__ import annotations

from calendar import day_name
from collections.abc import Sequence
from datetime import tzinfo

from channels.classes.training import Session, TrainingClass
from config.words import Word
from content.bulletin import REPLY
from content.item import Draft
from content.short import cut_at_word

SHORT = 160
DAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


def invitation(course: TrainingClass, sessions: Sequence[Session], zone: tzinfo) -> Draft:
    """An item that invites to these sessions; it is over when the last of them begins."""
    lead = f"Kính mời ông/bà dự lớp tập huấn “{course.title}”."
    about = [course.about] if course.about else []
    capacity = [f"Lớp có {course.capacity} chỗ; ai trả lời trước được xếp trước."] if course.capacity else []
    answer = "Xin trả lời dự hay không theo liên kết riêng trong tin, hoặc nhắn tin CO hay KHONG."
    body = "\n\n".join([lead, *about, "\n".join(f"- {told(one, zone)}" for one in sessions), *capacity, answer])
    return _draft(course, f"Mời dự tập huấn: {course.title}", body, "Moi du", sessions, zone)


def reminder(course: TrainingClass, session: Session, zone: tzinfo) -> Draft:
    """An item that reminds of one session; it is over when that begins."""
    body = f"Lớp tập huấn “{course.title}”: {told(session, zone)}.\n\nAi không dự được xin báo theo liên kết riêng trong tin."
    return _draft(course, f"Nhắc lịch tập huấn: {course.title}", body, "Nhac lich", [session], zone)


def _draft(course: TrainingClass, title: str, body: str, verb: str, sessions: Sequence[Session], zone: tzinfo) -> Draft:
    first = sessions[0]
    more = f" (+{len(sessions) - 1} buổi)" if len(sessions) > 1 else ""
    when = f"{first.begins_at.astimezone(zone):%H:%M %d/%m}, {first.place}{more}"
    # a link takes its room, and is no longer than 70 letters where an office has a usual address
    words = cut_at_word(f"{verb} tập huấn {course.title}: {when}", SHORT - 70)
    return Draft(
        title=title,
        body=body,
        theme=course.theme,
        short=f"{words}. Tra loi: {REPLY}",
        chat=f"{title}\n\n{body}\n\nTrả lời dự hay không: {REPLY}\nThêm vào lịch: {REPLY}/lich.ics",
        valid_until=max(one.begins_at for one in sessions),
        purpose=course.purpose,
        meetings=course.meetings(sessions),
    )


def told(session: Session, zone: tzinfo) -> Word:
    """`08:00–11:30 thứ Bảy 05/12/2026, tại Nhà văn hóa; giảng viên: bà Lò Thị Mai`."""
    begin, end = session.begins_at.astimezone(zone), session.ends_at.astimezone(zone)
    hours, date = f"{begin:%H:%M}–{end:%H:%M}", f"{begin:%d/%m/%Y}"
    words = Word(
        f"{hours} {DAYS[begin.weekday()]} {date}, tại {session.place}",
        f"{hours} {day_name[begin.weekday()]} {date}, at {session.place}",
    )
    if not session.lecturer:
        return words
    return words + Word(f"; giảng viên: {session.lecturer}", f"; lecturer: {session.lecturer}")
