"""What a report says in sentences, in both languages; numbers and lengths as they are written; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from channels.feedback.feedback import Source
from config.words import Word, in_english, joined
from desk.reporting.content import Handed, Headline
from desk.reporting.figures import ClassLine, FeedbackFigures, Figures, Line, PlanFigures
from desk.reporting.period import Basis
from desk.reporting.tables import DELIVERIES

PLAN_NOTE = Word(
    "Thực hiện kế hoạch: mỗi tin ở mỗi kỳ phát gửi được qua hình thức của nhiệm vụ, đúng chủ đề, tính một lần."
    " Chỉ tiêu của kỳ báo cáo chia theo số tháng, của việc có hạn chia theo số ngày.",
    "Progress of the plan: each item counts once for each run in which it was sent in the task’s form and on its theme."
    " The target of the period is a share by months, that of a task with a deadline a share by days.",
)
UNIT_NOTE = Word(
    "Theo đơn vị: lượt gửi tính cho đơn vị đã lập lịch phát, kể cả khi phát tin của cấp trên chuyển xuống.",
    "By unit: a delivery counts for the unit that made the schedule, also when it sends an item passed down from above.",
)
DAYS = {
    Basis.DECREE: Word(
        "chốt số liệu ngày 14 (Điều 12 Nghị định 09/2019/NĐ-CP)",
        "figures closed on the 14th (Article 12 of Decree 09/2019)",
    ),
    Basis.CALENDAR: Word("tròn tháng theo lịch", "by calendar month"),
}
_SWAPPED = str.maketrans(",.", ".,")


def number_vi(value: float | None) -> Word:
    """A number as it is written here: 1.234 and 97,2, in English 1,234 and 97.2; a dash for none."""
    if value is None:
        return Word("–", "–")
    english = f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
    return Word(english.translate(_SWAPPED), english)


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


def opening(figures: Figures) -> Word:
    """The first sentence: how much went out, to how many people."""
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


def headlines(figures: Figures) -> tuple[Headline, ...]:
    """The figures in large type."""
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


def of_outcomes(whole: Line) -> tuple[Word, ...]:
    """How it ended."""
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


def of_time(figures: Figures) -> tuple[Word, ...]:
    """When there was most."""
    best = max(figures.stretches, key=lambda line: line.total, default=None)
    if best is None or not best.total:
        return ()
    name = f"tuần {best.title}" if figures.by_week else best.title[:1].lower() + best.title[1:]
    english = f"the week {best.title}" if figures.by_week else in_english(best.title)
    return (
        Word(f"Nhiều nhất: {name}, {number_vi(best.total)} lượt gửi.", f"Most: {english}, {_deliveries(best.total)}."),
    )


def of_themes(themes: Sequence[Line]) -> tuple[Word, ...]:
    """Which theme had most."""
    return _first_of(themes, Word("Chủ đề có nhiều lượt gửi nhất", "Theme with most deliveries"))


def of_channels(channels: Sequence[Line]) -> tuple[Word, ...]:
    """Which channel had most."""
    return _first_of(channels, Word("Kênh có nhiều lượt gửi nhất", "Channel with most deliveries"))


def of_units(units: Sequence[Line]) -> tuple[Word, ...]:
    """Which unit had most."""
    return _first_of(units, Word("Đơn vị có nhiều lượt gửi nhất", "Unit with most deliveries"))


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


def of_plan(plan: PlanFigures) -> tuple[Word, ...]:
    """How many tasks are where they should be."""
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


def of_feedback(feedback: FeedbackFigures) -> tuple[Word, ...]:
    """What people wrote, and what became of it."""
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


def of_classes(classes: Sequence[ClassLine]) -> tuple[Word, ...]:
    """How much was taught, and to how many."""
    held, came = sum(one.sessions for one in classes), sum(one.attended for one in classes)
    return (
        Word(
            f"Đã tổ chức {number_vi(held)} buổi của {number_vi(len(classes))} lớp, {number_vi(came)} lượt người dự.",
            f"{_some(held, 'session')} of {_some(len(classes), 'class', 'classes')} held, with an attendance of {number_vi(came).en}.",
        ),
    )


def notes(figures: Figures) -> tuple[Word, ...]:
    """What the figures mean, one sentence or two on each."""
    days = DAYS[Basis(figures.basis)]
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
        *((UNIT_NOTE,) if figures.units else ()),
        *((PLAN_NOTE,) if figures.plan else ()),
    )


def standing(handed: Handed | None, now: datetime) -> Word:
    """Who handed it in and when, or that nobody has."""
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
