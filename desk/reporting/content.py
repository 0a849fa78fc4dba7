"""What a report says, as plain values: the page, Word and Excel (and whatever prints) only draw it; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from channels.feedback.feedback import Source
from config.words import Word, in_english, joined
from desk.moments import MONTHS
from desk.printing.roman import ROMAN
from desk.reporting.figures import ClassLine, FeedbackFigures, Figures, Line, PlanFigures
from desk.reporting.period import Basis
from scheduler.delivery import State

Cell = str | int | float | None
PARTS = (
    ("good", Word("Gửi được", "Sent")),
    ("bad", Word("Không gửi được", "Not sent")),
    ("ask", Word("Chưa xong, chưa rõ", "Not finished, unsure")),
    ("rest", Word("Đã hủy", "Cancelled")),
)
"""What a chart tells apart, by the mark each has on every page."""
DELIVERIES, SHARE, SUM = Word("Lượt gửi", "Deliveries"), Word("Tỷ lệ (%)", "Share (%)"), Word("Cộng", "Total")
COLUMNS = (
    *(Word("Tin", "Items"), DELIVERIES, PARTS[0][1], Word("Có xác nhận", "Confirmed")),
    *(title for _, title in PARTS[1:]),
    Word("Tỷ lệ gửi được (%)", "Share sent (%)"),
)
PLAN_NOTES = (
    Word(
        "Thực hiện kế hoạch: mỗi tin ở mỗi kỳ phát gửi được qua hình thức của nhiệm vụ, đúng chủ đề, tính một lần."
        " Chỉ tiêu của kỳ báo cáo chia theo số tháng, của việc có hạn chia theo số ngày.",
        "Progress of the plan: each item counts once for each run in which it was sent in the task’s form and on its theme."
        " The target of the period is a share by months, that of a task with a deadline a share by days.",
    ),
)
UNIT_NOTES = (
    Word(
        "Theo đơn vị: lượt gửi tính cho đơn vị đã lập lịch phát, kể cả khi phát tin của cấp trên chuyển xuống.",
        "By unit: a delivery counts for the unit that made the schedule, also when it sends an item passed down from above.",
    ),
)
DAYS = {
    Basis.DECREE: Word(
        "chốt số liệu ngày 14 (Điều 12 Nghị định 09/2019/NĐ-CP)",
        "figures closed on the 14th (Article 12 of Decree 09/2019)",
    ),
    Basis.CALENDAR: Word("tròn tháng theo lịch", "by calendar month"),
}
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
    basis, by_week = Basis(figures.basis), figures.kind in {"month", "quarter"}
    over_time = Word("Theo tuần", "By week") if by_week else Word("Theo tháng", "By month")
    theme, channel = Word("Chủ đề", "Theme"), Word("Kênh", "Channel")
    outlet, unit = Word("Điểm phát", "Outlet"), Word("Đơn vị", "Unit")
    sections: list[tuple[str, tuple[str, ...], Chart | None, Table]] = [
        (
            Word("Kết quả gửi", "What was sent"),
            _of_outcomes(figures.whole),
            _ring(figures.whole),
            _outcomes(figures.whole),
        ),
        (
            over_time,
            _of_time(figures, by_week=by_week),
            *_lines("columns", figures.stretches, figures.whole, Word("Kỳ", "Period")),
        ),
        (Word("Theo chủ đề", "By theme"), _of_themes(figures), *_lines("bars", figures.themes, None, theme)),
        (
            Word("Theo kênh", "By channel"),
            _of_channels(figures),
            *_lines("bars", figures.channels, figures.whole, channel),
        ),
        (Word("Theo điểm phát", "By outlet"), (), *_lines("bars", figures.outlets, figures.whole, outlet)),
    ]
    if figures.units:
        most = _first_of(figures.units, Word("Đơn vị có nhiều lượt gửi nhất", "Unit with most deliveries"))
        sections.append((Word("Theo đơn vị", "By unit"), most, *_lines("bars", figures.units, figures.whole, unit)))
    if figures.feedback is not None:
        heading = Word("Hỏi đáp, góp ý", "Questions and remarks")
        sections.append((heading, _of_feedback(figures.feedback), None, _asked(figures.feedback)))
    if figures.classes:
        heading = Word("Lớp tập huấn", "Training classes")
        sections.append((heading, _of_classes(figures.classes), None, _taught(figures.classes)))
    if figures.plan is not None:
        heading = Word("Thực hiện kế hoạch", "Progress of the plan")
        sections.append((heading, _of_plan(figures.plan), None, _tasks(figures.plan)))
    return Content(
        office=figures.office,
        about=Word(
            f"Kết quả thông tin, tuyên truyền {figures.title}",
            f"Results of public information, {in_english(figures.title)}",
        ),
        opening=_opening(figures),
        headlines=_headlines(figures),
        sections=tuple(Section(number, *one) for number, one in zip(ROMAN[1:], sections, strict=False)),
        notes=(*_notes(basis), *(UNIT_NOTES if figures.units else ()), *(PLAN_NOTES if figures.plan else ())),
        standing=_standing(handed, now),
        digest=handed.digest if handed else figures.digest,
        year=(handed.at if handed else now).year,
    )


# --- sentences ---------------------------------------------------------------------------------------------------------


def number_vi(value: float | None) -> Word:
    """A number as it is written here: 1.234 and 97,2, in English 1,234 and 97.2; a dash for none."""
    if value is None:
        return Word("–", "–")
    english = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    return Word(english.translate(str.maketrans(",.", ".,")), english)


def hours_vi(seconds: int) -> Word:
    """A length of sound in hours and minutes."""
    minutes = round(seconds / 60)
    hours, rest = divmod(minutes, 60)
    if not hours:
        return Word(f"{minutes} phút", _some(minutes, "minute"))
    told = Word(f"{number_vi(hours)} giờ", _some(hours, "hour"))
    return told + Word(f" {rest} phút", f" {_some(rest, 'minute')}") if rest else told


def _some(number: int, one: str, more: str = "") -> str:
    """So many of a thing, in English."""
    return f"{number_vi(number).en} {one if number == 1 else more or one + 's'}"


def _deliveries(number: int) -> str:
    return _some(number, "delivery", "deliveries")


def _share(whole: Line) -> Word:
    return number_vi(whole.share) + "%"


def _opening(figures: Figures) -> Word:
    whole, audio = figures.whole, hours_vi(figures.audio_seconds)
    begin, end = (f"{date.fromisoformat(day):%d/%m/%Y}" for day in (figures.begin, figures.end))
    said = Word(f"Từ ngày {begin} đến hết ngày {end}, ", f"From {begin} to {end}, ") + figures.office
    if not whole.total:
        return said + Word(" chưa phát hành tin nào qua hệ thống.", " sent nothing through the system.")
    said += Word(
        f" đã phát hành {number_vi(whole.items)} tin trong {number_vi(figures.runs)} kỳ phát, tạo thành"
        f" {number_vi(whole.total)} lượt gửi; {number_vi(whole.sent)} lượt gửi được",
        f" sent out {_some(whole.items, 'item')} in {_some(figures.runs, 'run')}, which made"
        f" {_deliveries(whole.total)}; {_deliveries(whole.sent)} sent",
    )
    if whole.share is not None:
        said += Word(f" ({_share(whole)})", f" ({_share(whole).en})")
    if figures.people:
        said += Word(
            f", đến khoảng {number_vi(figures.people)} người nhận trực tiếp",
            f", to about {_some(figures.people, 'person', 'people')} directly",
        )
    if figures.audio_seconds:
        said += Word(f"; các đài đã lấy về {audio} âm thanh", f"; stations fetched {audio.en} of sound")
    return said + "."


def _headlines(figures: Figures) -> tuple[Headline, ...]:
    whole, runs = figures.whole, figures.runs
    return (
        Headline(
            Word("Tin đã phát hành", "Items sent out"),
            number_vi(whole.items),
            Word(f"trong {number_vi(runs)} kỳ phát", f"in {_some(runs, 'run')}"),
        ),
        Headline(
            DELIVERIES,
            number_vi(whole.total),
            Word(f"{number_vi(whole.sent)} gửi được", f"{number_vi(whole.sent).en} sent"),
        ),
        Headline(
            Word("Tỷ lệ gửi được", "Share sent"),
            _share(whole) if whole.share is not None else number_vi(None),
            Word("không kể lượt đã hủy", "without those cancelled"),
        ),
        Headline(
            Word("Người đã nhận", "People reached"),
            number_vi(figures.people),
            Word("tin nhắn SMS, Zalo", "SMS and Zalo messages"),
        ),
        Headline(
            Word("Âm thanh đài đã lấy", "Sound fetched by stations"),
            hours_vi(figures.audio_seconds),
            Word("tải trọn bản tin", "bulletins downloaded in full"),
        ),
    )


def _of_outcomes(whole: Line) -> tuple[Word, ...]:
    if not whole.total:
        return (Word("Không có lượt gửi nào trong kỳ.", "No deliveries in this period."),)
    said = Word(
        f"{number_vi(whole.sent)} lượt gửi được, trong đó {number_vi(whole.confirmed)} lượt có xác nhận của nơi nhận"
        f"; {number_vi(whole.lost)} lượt không gửi được hoặc lỡ giờ",
        f"{_deliveries(whole.sent)} sent, of which {number_vi(whole.confirmed).en} confirmed by whoever received them"
        f"; {number_vi(whole.lost).en} not sent or missed",
    )
    if whole.undecided:
        undecided = number_vi(whole.undecided)
        said += Word(f"; {undecided} lượt chưa xong hoặc chưa rõ", f"; {undecided.en} not finished or unsure")
    if whole.cancelled:
        said += Word(f"; {number_vi(whole.cancelled)} lượt đã hủy", f"; {number_vi(whole.cancelled).en} cancelled")
    return (said + ".",)


def _of_time(figures: Figures, *, by_week: bool) -> tuple[Word, ...]:
    best = max(figures.stretches, key=lambda line: line.total, default=None)
    if best is None or not best.total:
        return ()
    name = f"tuần {best.title}" if by_week else best.title[:1].lower() + best.title[1:]
    english = f"the week {best.title}" if by_week else in_english(best.title)
    return (
        Word(f"Nhiều nhất: {name}, {number_vi(best.total)} lượt gửi.", f"Most: {english}, {_deliveries(best.total)}."),
    )


def _of_themes(figures: Figures) -> tuple[Word, ...]:
    return _first_of(figures.themes, Word("Chủ đề có nhiều lượt gửi nhất", "Theme with most deliveries"))


def _of_channels(figures: Figures) -> tuple[Word, ...]:
    return _first_of(figures.channels, Word("Kênh có nhiều lượt gửi nhất", "Channel with most deliveries"))


def _first_of(lines: Sequence[Line], lead: Word) -> tuple[Word, ...]:
    if not lines:
        return ()
    best = lines[0]
    return (
        Word(
            f"{lead}: {best.title} ({number_vi(best.total)} lượt, {number_vi(best.items)} tin).",
            f"{lead.en}: {in_english(best.title)} ({_deliveries(best.total)}, {_some(best.items, 'item')}).",
        ),
    )


def _of_plan(plan: PlanFigures) -> tuple[Word, ...]:
    name = in_english(plan.name)
    if not plan.tasks:
        said = (
            f"{plan.name} không có nhiệm vụ nào tính trong kỳ này.",
            f"{name} has no task that counts in this period.",
        )
        return (Word(*said),)
    reached, all = sum(one.done >= one.target for one in plan.tasks), len(plan.tasks)
    return (
        Word(
            f"{plan.name}: {number_vi(reached)} trên {number_vi(all)} nhiệm vụ đạt chỉ tiêu của kỳ.",
            f"{name}: {number_vi(reached).en} of {_some(all, 'task')} reached the target of the period.",
        ),
    )


def _of_feedback(feedback: FeedbackFigures) -> tuple[Word, ...]:
    whole = feedback.whole
    named = [(Source(one).title_vi, number_vi(count)) for one, count in feedback.sources.items()]
    sources = joined(Word(f"{title} {count}", f"{in_english(title)} {count.en}") for title, count in named)
    said = Word(
        f"Nhận {number_vi(whole.received)} câu hỏi, góp ý của người dân ({sources}): đã trả lời {number_vi(whole.answered)}",
        f"{_some(whole.received, 'question or remark', 'questions and remarks')} came from the public ({sources.en}):"
        f" {number_vi(whole.answered).en} answered",
    )
    if whole.closed:
        closed = number_vi(whole.closed)
        said += Word(f", không cần trả lời {closed}", f", {closed.en} with no answer needed")
    waiting = number_vi(whole.waiting)
    return (said + Word(f", chưa trả lời {waiting}.", f", {waiting.en} not answered yet."),)


def _asked(feedback: FeedbackFigures) -> Table:
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


def _of_classes(classes: Sequence[ClassLine]) -> tuple[Word, ...]:
    held, came = sum(one.sessions for one in classes), sum(one.attended for one in classes)
    return (
        Word(
            f"Đã tổ chức {number_vi(held)} buổi của {number_vi(len(classes))} lớp, {number_vi(came)} lượt người dự.",
            f"{_some(held, 'session')} of {_some(len(classes), 'class', 'classes')} held, with an attendance of {number_vi(came).en}.",
        ),
    )


def _taught(classes: Sequence[ClassLine]) -> Table:
    lines = tuple((one.title, one.sessions, one.attended) for one in classes)
    foot = (SUM, sum(one.sessions for one in classes), sum(one.attended for one in classes))
    return Table((Word("Lớp", "Class"), Word("Số buổi", "Sessions"), Word("Lượt người dự", "Attendance")), lines, foot)


def _notes(basis: Basis) -> tuple[Word, ...]:
    days = DAYS[basis]
    return (
        Word(
            f"Kỳ báo cáo: {days}. Một lượt gửi tính vào kỳ có giờ phát của nó.",
            f"Period: {days.en}. A delivery counts in the period in which it was due.",
        ),
        Word(
            "Gửi được: đối tác hoặc kệ của đài, của cổng đã nhận; có xác nhận: có báo cáo phát tin, hoặc đã được lấy về trọn vẹn."
            " Tỷ lệ tính trên số lượt không bị hủy.",
            "Sent: taken over by the partner, or by the shelf of the station or the portal; confirmed: there is a delivery report,"
            " or it was fetched in full. Shares are of the deliveries that were not cancelled.",
        ),
        Word(
            "Tin đã phát hành: tin có ít nhất một lượt gửi được. Bản tin gồm nhiều chủ đề được tính ở từng chủ đề, vì vậy các chủ đề"
            " cộng lại có thể hơn tổng số.",
            "Items sent out: items with at least one delivery sent. A bulletin of several themes counts under each of them, so the"
            " themes may add up to more than the total.",
        ),
        Word(
            "Người đã nhận: của mỗi nhóm nhận lấy kỳ phát đến được nhiều người nhất, qua tin nhắn SMS hoặc Zalo; người có tên ở hai"
            " nhóm được tính hai lần.",
            "People reached: of each audience the run that reached most people, by SMS or Zalo message; whoever is in two audiences"
            " counts twice.",
        ),
        Word(
            "Âm thanh đài đã lấy: mỗi bản tin gửi trong kỳ được một đài tải trọn thì tính một lần.",
            "Sound fetched by stations: each bulletin sent in the period counts once for each station that downloaded it in full.",
        ),
    )


def _standing(handed: Handed | None, now: datetime) -> Word:
    if handed is None:
        return Word(
            f"Số liệu tính đến {now:%H:%M} ngày {now:%d/%m/%Y}; báo cáo chưa nộp.",
            f"Figures as of {now:%d/%m/%Y, %H:%M}; the report has not been handed in.",
        )
    said = Word(
        f"{handed.person} nộp lúc {handed.at:%H:%M} ngày {handed.at:%d/%m/%Y}, bản {handed.version}",
        f"Handed in by {handed.person} on {handed.at:%d/%m/%Y, %H:%M}, version {handed.version}",
    )
    if handed.reason:
        said += Word(f"; lý do nộp lại: {handed.reason}", f"; reason for handing in again: {handed.reason}")
    return said + "."


# --- charts and tables -------------------------------------------------------------------------------------------------


def _parts(line: Line) -> tuple[int, ...]:
    return line.sent, line.lost, line.undecided, line.cancelled


def _ring(whole: Line) -> Chart:
    return Chart("ring", (Point(whole.title, "", _parts(whole)),))


def _outcomes(whole: Line) -> Table:
    told = [(title, whole.outcomes.get(state.value, 0)) for state, title in OUTCOMES.items()]
    rows = tuple((title, count, _percent(count, whole.total)) for title, count in told if count)
    foot = (SUM, whole.total, _percent(whole.total, whole.total)) if rows else ()
    return Table((Word("Kết quả", "Outcome"), DELIVERIES, SHARE), rows, foot)


def _percent(count: int, total: int) -> float | None:
    return round(100 * count / total, 1) if total else None


def _tasks(plan: PlanFigures) -> Table:
    """Those who see to a task stand under its words: what follows the first column are numbers."""
    named = (f"{one.title} ({one.owner})" if one.owner else one.title for one in plan.tasks)
    rows = ((name, one.target, one.done, one.share) for name, one in zip(named, plan.tasks, strict=True))
    heads = (
        Word("Nhiệm vụ", "Task"),
        Word("Chỉ tiêu trong kỳ", "Target in the period"),
        Word("Đã thực hiện", "Done"),
        SHARE,
    )
    return Table(heads, tuple(rows))


def _lines(shape: str, lines: tuple[Line, ...], whole: Line | None, name: str) -> tuple[Chart, Table]:
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
