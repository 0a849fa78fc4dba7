"""The texts of a contest: its announcement, reminders, the message with a code, results, the word to winners; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from content.bulletin import CODE, Purpose
from content.contests.contest import Contest
from content.contests.marking import Results
from content.item import Draft

ANNOUNCE, REMIND, MESSAGE, RESULT, WINNER = "announce", "remind", "code", "result", "winner"
SPOKEN = 5
"""So many winners are read out; of the rest it is said where they are found."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a contest: what it is for, and when it goes out (None: whenever somebody asks)."""

    role: str
    draft: Draft
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Winner:
    """A winner as people read it: the number is masked already."""

    prize: str
    name: str
    place: str
    phone: str
    right: int
    asked: int
    guess: int


def texts_of(contest: Contest, address: str, office: str, zone: tzinfo) -> list[Text]:
    """All that goes out by itself once it is approved; `address` is where people take part."""
    plan = contest.plan
    found = [Text(ANNOUNCE, _announcement(contest, address, zone), plan.opens_at)]
    for day in plan.remind_days:
        at = _before(plan.closes_at, day, plan.remind_at, zone)
        if plan.opens_at < at < plan.closes_at:
            found.append(Text(f"{REMIND}-{day}", _reminder(contest, day, address, zone), at))
    if plan.code_outlet:
        found.append(Text(MESSAGE, _message(contest, office), None))
    return found


def _before(closes: datetime, days: int, clock: str, zone: tzinfo) -> datetime:
    day = (closes.astimezone(zone) - timedelta(days=days)).date()
    return datetime.combine(day, time.fromisoformat(clock), zone)


def _announcement(contest: Contest, address: str, zone: tzinfo) -> Draft:
    plan = contest.plan
    begin, end = _moment(plan.opens_at, zone), _moment(plan.closes_at, zone)
    parts = [
        f"Cuộc thi mở từ {begin} đến {end}. Mỗi số điện thoại dự thi một lần, trả lời {plan.count} câu trong "
        f"{plan.minutes} phút và dự đoán có bao nhiêu người trả lời đúng tất cả.",
        "## Thể lệ",
        plan.rules.strip(),
        "## Giải thưởng",
        "\n".join(f"- {name}: {number}" for name, number in plan.prizes),
        "## Cách dự thi",
        f"Mở trang [{address}]({address}) trên điện thoại. {_ways(contest)}",
        f"Họ tên, số điện thoại của người dự thi chỉ dùng để xét và trao giải, được xóa sau ngày {_day(contest.erase_at, zone)}.",
    ]
    script = (
        f"{plan.title}. Cuộc thi mở từ {begin} đến {end}. Mỗi số điện thoại dự thi một lần, trả lời {plan.count} câu "
        f"trong {plan.minutes} phút. Mời bà con dự thi trên cổng thông tin, hoặc hỏi cán bộ xã để được hướng dẫn."
    )
    short = f"{plan.title}: thi từ {_day(plan.opens_at, zone)} đến {_day(plan.closes_at, zone)} tại {address}"
    return Draft(
        title=plan.title,
        body="\n\n".join(parts),
        script=script,
        short=short,
        theme=plan.themes[0] if len(plan.themes) == 1 else "",
        valid_until=plan.closes_at,
    )


def _ways(contest: Contest) -> str:
    ways = ["mã gửi về điện thoại"] if contest.plan.code_outlet else []
    ways += ["mã in ở bảng tin"] if contest.plan.board else []
    return f"Xác nhận số điện thoại bằng {' hoặc '.join(ways)}."


def _reminder(contest: Contest, days: int, address: str, zone: tzinfo) -> Draft:
    plan, end = contest.plan, _moment(contest.plan.closes_at, zone)
    title = f"Còn {days} ngày để dự thi: {plan.title}"[:300]
    return Draft(
        title=title,
        body=f"{plan.title} kết thúc lúc {end}. Ai chưa dự thi, mời mở trang [{address}]({address}).",
        script=f"{title}. Cuộc thi kết thúc lúc {end}. Ai chưa dự thi, mời bà con dự thi trên cổng thông tin.",
        short=f"{title}. {address}",
        theme=plan.themes[0] if len(plan.themes) == 1 else "",
        valid_until=plan.closes_at,
    )


def _message(contest: Contest, office: str) -> Draft:
    """What goes to each who asks: about their own dealing with the office, and nothing else."""
    return Draft(
        title=f"Mã dự thi: {contest.title}"[:300],
        body=f"Tin nhắn gửi riêng cho người xin mã dự thi {contest.title}; dãy số được điền khi gửi.",
        short=f"{office}: ma du thi cua ban la {CODE}, dung trong 10 phut. Khong dua ma cho nguoi khac.",
        chat=f"{office}: mã dự thi của bạn là {CODE}, dùng trong 10 phút. Không đưa mã cho người khác.",
        valid_until=contest.plan.closes_at,
        purpose=Purpose.CARE,
    )


def results_of(contest: Contest, results: Results, winners: Sequence[Winner], took_part: int, zone: tzinfo) -> Draft:
    """The announcement of who won, with all that is needed to count again."""
    title = f"Kết quả cuộc thi: {contest.title}"[:300]
    body = [
        f"{took_part} người dự thi, {len(results.marks)} người nộp bài, {results.all_right} người trả lời đúng tất cả.",
        "## Người đạt giải" if winners else "Không có người đạt giải.",
        "\n".join(_lines(winners)),
        "Xếp theo số câu đúng; bằng nhau thì dự đoán gần hơn, rồi nộp bài sớm hơn, rồi rút thăm bằng hạt giống đã định trước.",
        f"Hạt giống: {contest.seed}. Dấu của bảng kết quả: {results.digest[:16]}.",
    ]
    spoken = [f"{one.prize}: {one.name}{f', {one.place}' if one.place else ''}." for one in winners[:SPOKEN]]
    if len(winners) > SPOKEN:
        spoken.append(f"Còn {len(winners) - SPOKEN} người đạt giải khác, mời xem trên cổng thông tin.")
    return Draft(
        title=title,
        body="\n\n".join(part for part in body if part),
        script="\n\n".join([f"{title}. Có {len(results.marks)} người nộp bài.", *spoken]),
        short=f"{title}. Xem cổng thông tin.",
        theme=contest.plan.themes[0] if len(contest.plan.themes) == 1 else "",
        valid_until=contest.erase_at,
    )


def _lines(winners: Sequence[Winner]) -> Iterator[str]:
    for one in winners:
        place = f", {one.place}" if one.place else ""
        yield f"- {one.prize}: {one.name}{place}, {one.phone}: đúng {one.right}/{one.asked} câu, dự đoán {one.guess} người"


def congratulation(contest: Contest, address: str, office: str) -> Draft:
    """The word to every winner over the channel they confirmed their number by."""
    return Draft(
        title=f"Báo người đạt giải: {contest.title}"[:300],
        body=f"Chúc mừng ông/bà đã đạt giải cuộc thi {contest.title}. Xem giải và cách nhận tại {address}.",
        short=f"{office}: chúc mừng ông/bà đạt giải cuộc thi {contest.title}. Xem giải tại {address}",
        valid_until=contest.erase_at,
        purpose=Purpose.CARE,
    )


def _moment(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%H:%M ngày %d/%m/%Y}"


def _day(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%d/%m/%Y}"
