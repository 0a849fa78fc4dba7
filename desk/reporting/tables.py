"""A report's charts and tables; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from config.words import Word
from desk.moments import MONTHS
from desk.reporting.content import PARTS, Cell, Chart, Point, Table
from desk.reporting.figures import ClassLine, FeedbackFigures, Line, PlanFigures
from scheduler.delivery import State

DELIVERIES, SHARE, SUM = Word("Lượt gửi", "Deliveries"), Word("Tỷ lệ (%)", "Share (%)"), Word("Cộng", "Total")
COLUMNS = (
    *(Word("Tin", "Items"), DELIVERIES, PARTS[0][1], Word("Có xác nhận", "Confirmed")),
    *(title for _, title in PARTS[1:]),
    Word("Tỷ lệ gửi được (%)", "Share sent (%)"),
)
OUTCOMES = {
    State.CONFIRMED: Word("Gửi được, có xác nhận", "Sent, confirmed"),
    State.SENT: Word("Gửi được, chưa có xác nhận", "Sent, not confirmed yet"),
    State.FAILED: PARTS[1][1],
    State.MISSED: Word("Lỡ giờ", "Missed"),
    State.UNSURE: Word("Chưa rõ kết quả", "Unsure"),
    State.SENDING: Word("Đang gửi", "Being sent"),
    State.PENDING: Word("Chờ gửi", "Waiting"),
    State.CANCELLED: PARTS[3][1],
}


def ring(whole: Line) -> Chart:
    """How all of it ended."""
    return Chart("ring", (Point(whole.title, "", _parts(whole)),))


def of_outcomes(whole: Line) -> Table:
    """How many ended how, and which share that is."""
    told = [(title, whole.outcomes.get(state.value, 0)) for state, title in OUTCOMES.items()]
    rows = tuple((title, count, _percent(count, whole.total)) for title, count in told if count)
    foot = (SUM, whole.total, _percent(whole.total, whole.total)) if rows else ()
    return Table((Word("Kết quả", "Outcome"), DELIVERIES, SHARE), rows, foot)


def _percent(count: int, total: int) -> float | None:
    return round(100 * count / total, 1) if total else None


def of_lines(shape: str, lines: Sequence[Line], whole: Line | None, name: str) -> tuple[Chart, Table]:
    """Lines drawn in a shape of Chart, and their figures under that name; summed up where a `whole` is given."""
    points = (Point(line.title, _short(line) if shape == "columns" else "", _parts(line)) for line in lines)
    foot = (SUM, *_numbers(whole)) if whole is not None and whole.total else ()
    rows = tuple((line.title, *_numbers(line)) for line in lines)
    return Chart(shape, tuple(points)), Table((name, *COLUMNS), rows, foot)


def _short(line: Line) -> str:
    """What stands under a column: `T3` of a month, in English `Mar`, or `15/10` of a week, by its first day."""
    begin = date.fromisoformat(line.key)
    if not line.title.startswith("Tháng "):
        return f"{begin.day}/{begin.month}"
    month = line.title.removeprefix("Tháng ").partition("/")[0]
    return Word(f"T{month}", MONTHS[int(month) - 1][:3])


def _numbers(line: Line) -> tuple[Cell, ...]:
    counts = (line.items, line.total, line.sent, line.confirmed, line.lost, line.undecided, line.cancelled)
    return (*counts, line.share)


def _parts(line: Line) -> tuple[int, ...]:
    return line.sent, line.lost, line.undecided, line.cancelled


def of_feedback(feedback: FeedbackFigures) -> Table:
    """What people wrote, by theme."""
    lines = [(one.title, one.received, one.answered, one.closed, one.waiting) for one in feedback.themes]
    whole = feedback.whole
    heads = (
        Word("Chủ đề", "Theme"),
        Word("Đã nhận", "Received"),
        Word("Đã trả lời", "Answered"),
        Word("Không cần trả lời", "No answer needed"),
        Word("Chưa trả lời", "Not answered yet"),
    )
    return Table(heads, tuple(lines), (SUM, whole.received, whole.answered, whole.closed, whole.waiting))


def of_classes(classes: Sequence[ClassLine]) -> Table:
    """Sessions held, by class."""
    lines = tuple((one.title, one.sessions, one.attended) for one in classes)
    foot = (SUM, sum(one.sessions for one in classes), sum(one.attended for one in classes))
    return Table((Word("Lớp", "Class"), Word("Số buổi", "Sessions"), Word("Lượt người dự", "Attendance")), lines, foot)


def of_tasks(plan: PlanFigures) -> Table:
    """How far each task has come. Those who see to a task stand under its words: what follows the first column are numbers."""
    named = (f"{one.title} ({one.owner})" if one.owner else one.title for one in plan.tasks)
    rows = ((name, one.target, one.done, one.share) for name, one in zip(named, plan.tasks, strict=True))
    heads = (
        Word("Nhiệm vụ", "Task"),
        Word("Chỉ tiêu trong kỳ", "Target in the period"),
        Word("Đã thực hiện", "Done"),
        SHARE,
    )
    return Table(heads, tuple(rows))
