"""What a report says, as plain values: the page, Word and Excel (and whatever prints) only draw it; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from channels.feedback.feedback import Source
from desk.printing.roman import ROMAN
from desk.reporting.figures import ClassLine, FeedbackFigures, Figures, Line, PlanFigures
from desk.reporting.period import Basis
from scheduler.delivery import State

Cell = str | int | float | None
PARTS = (("good", "Gửi được"), ("bad", "Không gửi được"), ("ask", "Chưa xong, chưa rõ"), ("rest", "Đã hủy"))
"""What a chart tells apart, by the mark each has on every page."""
COLUMNS = (
    *("Tin", "Lượt gửi", "Gửi được", "Có xác nhận", "Không gửi được"),
    *("Chưa xong, chưa rõ", "Đã hủy", "Tỷ lệ gửi được (%)"),
)
PLAN_NOTES = (
    "Thực hiện kế hoạch: mỗi tin ở mỗi kỳ phát gửi được qua hình thức của nhiệm vụ, đúng chủ đề, tính một lần. Chỉ tiêu của kỳ báo cáo"
    " chia theo số tháng, của việc có hạn chia theo số ngày.",
)
UNIT_NOTES = ("Theo đơn vị: lượt gửi tính cho đơn vị đã lập lịch phát, kể cả khi phát tin của cấp trên chuyển xuống.",)
DAYS = {
    Basis.DECREE: "chốt số liệu ngày 14 (Điều 12 Nghị định 09/2019/NĐ-CP)",
    Basis.CALENDAR: "tròn tháng theo lịch",
}
OUTCOMES = {
    State.CONFIRMED: "Gửi được, có xác nhận",
    State.SENT: "Gửi được, chưa có xác nhận",
    State.FAILED: "Không gửi được",
    State.MISSED: "Lỡ giờ",
    State.UNSURE: "Chưa rõ kết quả",
    State.SENDING: "Đang gửi",
    State.PENDING: "Chờ gửi",
    State.CANCELLED: "Đã hủy",
}


class Headline(NamedTuple):
    """One figure in large type: what it is, how much in words, and what that means."""

    title: str
    said: str
    note: str = ""


class Point(NamedTuple):
    """One bar: its name, a short one, and how much of each of PARTS it has."""

    title: str
    short: str
    values: tuple[int, ...]

    @property
    def total(self) -> int:
        """All parts together."""
        return sum(self.values)


@dataclass(frozen=True, slots=True)
class Chart:
    """Points to be drawn as `columns` (time), `bars` (kinds of things) or a `ring` (one point, its parts)."""

    shape: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Text in the first column, numbers in the others; None where there is no number. `foot` is the sum, or empty."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    foot: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A numbered part of the body: sentences, then the chart, if it has one, then its figures as a table."""

    number: str
    heading: str
    said: tuple[str, ...]
    chart: Chart | None
    table: Table


@dataclass(frozen=True, slots=True)
class Content:
    """A whole report. `standing` says who handed it in, or that nobody has; `year` is that of its date."""

    office: str
    about: str
    opening: str
    headlines: tuple[Headline, ...]
    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    standing: str
    digest: str
    year: int


@dataclass(frozen=True, slots=True)
class Handed:
    """Of a report that was handed in: under which digest, by whom, when (in the office's zone), as which version, why again."""

    digest: str
    person: str
    at: datetime
    version: int
    reason: str


def content_of(figures: Figures, handed: Handed | None, now: datetime) -> Content:
    """The report of these figures. `now` is the moment in the office's zone."""
    basis, of_weeks = Basis(figures.basis), "tuần" if figures.kind in {"month", "quarter"} else "tháng"
    sections: list[tuple[str, tuple[str, ...], Chart | None, Table]] = [
        ("Kết quả gửi", _of_outcomes(figures.whole), _ring(figures.whole), _outcomes(figures.whole)),
        (f"Theo {of_weeks}", _of_time(figures, of_weeks), *_lines("columns", figures.stretches, figures.whole, "Kỳ")),
        ("Theo chủ đề", _of_themes(figures), *_lines("bars", figures.themes, None, "Chủ đề")),
        ("Theo kênh", _of_channels(figures), *_lines("bars", figures.channels, figures.whole, "Kênh")),
        ("Theo điểm phát", (), *_lines("bars", figures.outlets, figures.whole, "Điểm phát")),
    ]
    if figures.units:
        most = _first_of(figures.units, "Đơn vị có nhiều lượt gửi nhất")
        sections.append(("Theo đơn vị", most, *_lines("bars", figures.units, figures.whole, "Đơn vị")))
    if figures.feedback is not None:
        sections.append(("Hỏi đáp, góp ý", _of_feedback(figures.feedback), None, _asked(figures.feedback)))
    if figures.classes:
        sections.append(("Lớp tập huấn", _of_classes(figures.classes), None, _taught(figures.classes)))
    if figures.plan is not None:
        sections.append(("Thực hiện kế hoạch", _of_plan(figures.plan), None, _tasks(figures.plan)))
    return Content(
        office=figures.office,
        about=f"Kết quả thông tin, tuyên truyền {figures.title}",
        opening=_opening(figures),
        headlines=_headlines(figures),
        sections=tuple(Section(number, *one) for number, one in zip(ROMAN[1:], sections, strict=False)),
        notes=(*_notes(basis), *(UNIT_NOTES if figures.units else ()), *(PLAN_NOTES if figures.plan else ())),
        standing=_standing(handed, now),
        digest=handed.digest if handed else figures.digest,
        year=(handed.at if handed else now).year,
    )


# --- sentences ---------------------------------------------------------------------------------------------------------


def number_vi(value: float | None) -> str:
    """A number as it is written here: 1.234 and 97,2; a dash for none."""
    if value is None:
        return "–"
    written = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    return written.translate(str.maketrans(",.", ".,"))


def hours_vi(seconds: int) -> str:
    """A length of sound in hours and minutes."""
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} phút"
    hours, rest = divmod(minutes, 60)
    return f"{number_vi(hours)} giờ" + (f" {rest} phút" if rest else "")


def _opening(figures: Figures) -> str:
    whole = figures.whole
    begin, end = (f"{date.fromisoformat(day):%d/%m/%Y}" for day in (figures.begin, figures.end))
    said = f"Từ ngày {begin} đến hết ngày {end}, {figures.office}"
    if not whole.total:
        return f"{said} chưa phát hành tin nào qua hệ thống."
    said += f" đã phát hành {number_vi(whole.items)} tin trong {number_vi(figures.runs)} kỳ phát, tạo thành"
    said += f" {number_vi(whole.total)} lượt gửi; {number_vi(whole.sent)} lượt gửi được"
    said += f" ({number_vi(whole.share)}%)" if whole.share is not None else ""
    said += f", đến khoảng {number_vi(figures.people)} người nhận trực tiếp" if figures.people else ""
    said += f"; các đài đã lấy về {hours_vi(figures.audio_seconds)} âm thanh" if figures.audio_seconds else ""
    return f"{said}."


def _headlines(figures: Figures) -> tuple[Headline, ...]:
    whole = figures.whole
    return (
        Headline("Tin đã phát hành", number_vi(whole.items), f"trong {number_vi(figures.runs)} kỳ phát"),
        Headline("Lượt gửi", number_vi(whole.total), f"{number_vi(whole.sent)} gửi được"),
        Headline(
            "Tỷ lệ gửi được", f"{number_vi(whole.share)}%" if whole.share is not None else "–", "không kể lượt đã hủy"
        ),
        Headline("Người đã nhận", number_vi(figures.people), "tin nhắn SMS, Zalo"),
        Headline("Âm thanh đài đã lấy", hours_vi(figures.audio_seconds), "tải trọn bản tin"),
    )


def _of_outcomes(whole: Line) -> tuple[str, ...]:
    if not whole.total:
        return ("Không có lượt gửi nào trong kỳ.",)
    said = f"{number_vi(whole.sent)} lượt gửi được, trong đó {number_vi(whole.confirmed)} lượt có xác nhận của nơi nhận"
    said += f"; {number_vi(whole.lost)} lượt không gửi được hoặc lỡ giờ"
    said += f"; {number_vi(whole.undecided)} lượt chưa xong hoặc chưa rõ" if whole.undecided else ""
    said += f"; {number_vi(whole.cancelled)} lượt đã hủy" if whole.cancelled else ""
    return (f"{said}.",)


def _of_time(figures: Figures, unit: str) -> tuple[str, ...]:
    best = max(figures.stretches, key=lambda line: line.total, default=None)
    if best is None or not best.total:
        return ()
    name = best.title if unit == "tuần" else best.title[:1].lower() + best.title[1:]
    return (f"Nhiều nhất: {unit + ' ' if unit == 'tuần' else ''}{name}, {number_vi(best.total)} lượt gửi.",)


def _of_themes(figures: Figures) -> tuple[str, ...]:
    return _first_of(figures.themes, "Chủ đề có nhiều lượt gửi nhất")


def _of_channels(figures: Figures) -> tuple[str, ...]:
    return _first_of(figures.channels, "Kênh có nhiều lượt gửi nhất")


def _first_of(lines: Sequence[Line], lead: str) -> tuple[str, ...]:
    if not lines:
        return ()
    best = lines[0]
    return (f"{lead}: {best.title} ({number_vi(best.total)} lượt, {number_vi(best.items)} tin).",)


def _of_plan(plan: PlanFigures) -> tuple[str, ...]:
    if not plan.tasks:
        return (f"{plan.name} không có nhiệm vụ nào tính trong kỳ này.",)
    reached = sum(one.done >= one.target for one in plan.tasks)
    return (f"{plan.name}: {number_vi(reached)} trên {number_vi(len(plan.tasks))} nhiệm vụ đạt chỉ tiêu của kỳ.",)


def _of_feedback(feedback: FeedbackFigures) -> tuple[str, ...]:
    whole = feedback.whole
    sources = ", ".join(f"{Source(one).title_vi} {number_vi(count)}" for one, count in feedback.sources.items())
    said = f"Nhận {number_vi(whole.received)} câu hỏi, góp ý của người dân ({sources}): đã trả lời {number_vi(whole.answered)}"
    said += f", không cần trả lời {number_vi(whole.closed)}" if whole.closed else ""
    return (f"{said}, chưa trả lời {number_vi(whole.waiting)}.",)


def _asked(feedback: FeedbackFigures) -> Table:
    lines = [(one.title, one.received, one.answered, one.closed, one.waiting) for one in feedback.themes]
    whole = feedback.whole
    foot = ("Cộng", whole.received, whole.answered, whole.closed, whole.waiting)
    return Table(("Chủ đề", "Đã nhận", "Đã trả lời", "Không cần trả lời", "Chưa trả lời"), tuple(lines), foot)


def _of_classes(classes: Sequence[ClassLine]) -> tuple[str, ...]:
    held, came = sum(one.sessions for one in classes), sum(one.attended for one in classes)
    return (f"Đã tổ chức {number_vi(held)} buổi của {number_vi(len(classes))} lớp, {number_vi(came)} lượt người dự.",)


def _taught(classes: Sequence[ClassLine]) -> Table:
    lines = tuple((one.title, one.sessions, one.attended) for one in classes)
    foot = ("Cộng", sum(one.sessions for one in classes), sum(one.attended for one in classes))
    return Table(("Lớp", "Số buổi", "Lượt người dự"), lines, foot)


def _notes(basis: Basis) -> tuple[str, ...]:
    return (
        f"Kỳ báo cáo: {DAYS[basis]}. Một lượt gửi tính vào kỳ có giờ phát của nó.",
        "Gửi được: đối tác hoặc kệ của đài, của cổng đã nhận; có xác nhận: có báo cáo phát tin, hoặc đã được lấy về trọn vẹn."
        " Tỷ lệ tính trên số lượt không bị hủy.",
        "Tin đã phát hành: tin có ít nhất một lượt gửi được. Bản tin gồm nhiều chủ đề được tính ở từng chủ đề, vì vậy các chủ đề"
        " cộng lại có thể hơn tổng số.",
        "Người đã nhận: của mỗi nhóm nhận lấy kỳ phát đến được nhiều người nhất, qua tin nhắn SMS hoặc Zalo; người có tên ở hai nhóm"
        " được tính hai lần.",
        "Âm thanh đài đã lấy: mỗi bản tin gửi trong kỳ được một đài tải trọn thì tính một lần.",
    )


def _standing(handed: Handed | None, now: datetime) -> str:
    if handed is None:
        return f"Số liệu tính đến {now:%H:%M} ngày {now:%d/%m/%Y}; báo cáo chưa nộp."
    said = f"{handed.person} nộp lúc {handed.at:%H:%M} ngày {handed.at:%d/%m/%Y}, bản {handed.version}"
    return f"{said}; lý do nộp lại: {handed.reason}." if handed.reason else f"{said}."


# --- charts and tables -------------------------------------------------------------------------------------------------


def _parts(line: Line) -> tuple[int, ...]:
    return line.sent, line.lost, line.undecided, line.cancelled


def _ring(whole: Line) -> Chart:
    return Chart("ring", (Point(whole.title, "", _parts(whole)),))


def _outcomes(whole: Line) -> Table:
    told = [(title, whole.outcomes.get(state.value, 0)) for state, title in OUTCOMES.items()]
    rows = tuple((title, count, _percent(count, whole.total)) for title, count in told if count)
    foot = ("Cộng", whole.total, _percent(whole.total, whole.total)) if rows else ()
    return Table(("Kết quả", "Lượt gửi", "Tỷ lệ (%)"), rows, foot)


def _percent(count: int, total: int) -> float | None:
    return round(100 * count / total, 1) if total else None


def _tasks(plan: PlanFigures) -> Table:
    """Those who see to a task stand under its words: what follows the first column are numbers."""
    named = (f"{one.title} ({one.owner})" if one.owner else one.title for one in plan.tasks)
    rows = ((name, one.target, one.done, one.share) for name, one in zip(named, plan.tasks, strict=True))
    return Table(("Nhiệm vụ", "Chỉ tiêu trong kỳ", "Đã thực hiện", "Tỷ lệ (%)"), tuple(rows))


def _lines(shape: str, lines: tuple[Line, ...], whole: Line | None, name: str) -> tuple[Chart, Table]:
    points = (Point(line.title, _short(line) if shape == "columns" else "", _parts(line)) for line in lines)
    foot = ("Cộng", *_numbers(whole)) if whole is not None and whole.total else ()
    rows = tuple((line.title, *_numbers(line)) for line in lines)
    return Chart(shape, tuple(points)), Table((name, *COLUMNS), rows, foot)


def _short(line: Line) -> str:
    """What stands under a column: `T3` of a month, `15/10` of a week, by its first day."""
    begin = date.fromisoformat(line.key)
    month = line.title.removeprefix("Tháng ")
    return f"{begin.day}/{begin.month}" if month == line.title else "T" + month.partition("/")[0]


def _numbers(line: Line) -> tuple[Cell, ...]:
    counts = (line.items, line.total, line.sent, line.confirmed, line.lost, line.undecided, line.cancelled)
    return (*counts, line.share)
