"""Moments, lengths of time, numbers and rules in words, as pages tell them: in Vietnamese and in English."""

from __future__ import annotations

from calendar import month_name
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from config.clock import Clock
from config.words import Word, joined
from scheduler.schedule import Rule

DAYS = (
    Word("Thứ Hai", "Monday"),
    Word("Thứ Ba", "Tuesday"),
    Word("Thứ Tư", "Wednesday"),
    Word("Thứ Năm", "Thursday"),
    Word("Thứ Sáu", "Friday"),
    Word("Thứ Bảy", "Saturday"),
    Word("Chủ Nhật", "Sunday"),
)
MONTHS = tuple(month_name)[1:]
NEAR = {-1: Word("hôm qua", "yesterday"), 0: Word("hôm nay", "today"), 1: Word("ngày mai", "tomorrow")}
UNITS = (
    (86_400, Word("ngày", "day")),
    (3600, Word("giờ", "hour")),
    (60, Word("phút", "minute")),
    (1, Word("giây", "second")),
)
"""Units of a length of time by their seconds."""


class Moments:
    """Moments as the office's wall clock and calendar tell them."""

    def __init__(self, zone: ZoneInfo, clock: Clock) -> None:
        self.zone = zone
        self._clock = clock

    def local(self, moment: datetime) -> datetime:
        """The moment on the office's wall clock."""
        return moment.astimezone(self.zone)

    def moment(self, moment: datetime) -> Word:
        """`Thứ Hai 23/11/2026, 05:00`; the day, month and year stand in the same order in English."""
        local = self.local(moment)
        return _on_day(local, f"{local:%d/%m/%Y, %H:%M}")

    def day(self, moment: datetime) -> Word:
        """`Thứ Hai 23/11/2026`."""
        local = self.local(moment)
        return _on_day(local, f"{local:%d/%m/%Y}")

    def near(self, moment: datetime) -> Word:
        """`hôm nay 05:00`, `ngày mai 05:00`, else with day name; the year only when it is another."""
        local, today = self.local(moment), self.local(self._clock.now())
        day = NEAR.get((local.date() - today.date()).days)
        if day is not None:
            return Word(f"{day} {local:%H:%M}", f"{day.en} {local:%H:%M}")
        return _on_day(local, f"{local:%d/%m}{local:/%Y}, {local:%H:%M}".replace(f"/{today:%Y}", ""))

    def month(self, day: date) -> Word:
        """`tháng 3/2026`."""
        return Word(f"tháng {day.month}/{day.year}", f"{MONTHS[day.month - 1]} {day.year}")

    def beside(self, moment: datetime, other: datetime) -> str:
        """`08:30` where the day is told by another moment; else with its own."""
        local = self.local(moment)
        return f"{local:%H:%M}" if local.date() == self.local(other).date() else self.moment(moment)

    def ago(self, moment: datetime) -> Word:
        """`3 phút trước`, `còn 2 giờ`."""
        away = moment - self._clock.now()
        words = length_in_words(abs(away).total_seconds())
        if abs(away) < timedelta(minutes=1):
            return Word("vừa xong", "just now") if away <= timedelta() else Word("sắp tới", "any moment")
        if away < timedelta():
            return Word(f"{words} trước", f"{words.en} ago")
        return Word(f"còn {words}", f"in {words.en}")

    def rule(self, rule: Rule) -> Word:
        """When a schedule runs, as an office would say it."""
        if rule.asked:
            return Word("khi có người xin", "when somebody asks for it")
        if rule.once is not None:
            once = self.moment(rule.once)
            return Word(f"một lần, {once}", f"once, {once.en}")
        if rule.every is not None:
            every = length_in_words(rule.every.total_seconds())
            return Word(f"mỗi {every} một lần", f"every {every.en}")
        return _weekly(rule.cron) or Word(f"theo cron {rule.cron}", f"by cron {rule.cron}")


def _on_day(local: datetime, written: str) -> Word:
    day = DAYS[local.weekday()]
    return Word(f"{day} {written}", f"{day.en} {written}")


def _weekly(cron: str) -> Word | None:
    """A cron expression of one time of day, on all or some days of the week; None for every other."""
    parts = cron.split()
    if not (len(parts) == 5 and parts[0].isdigit() and parts[1].isdigit() and parts[2:4] == ["*", "*"]):
        return None
    clock = f"{int(parts[1]):02d}:{int(parts[0]):02d}"
    if parts[4] == "*":
        return Word(f"hằng ngày lúc {clock}", f"every day at {clock}")
    if parts[4] == "1-5":
        return Word(
            f"các ngày làm việc (thứ Hai đến thứ Sáu) lúc {clock}", f"on working days (Monday to Friday) at {clock}"
        )
    first, _, last = parts[4].partition("-")
    if first.isdigit() and last.isdigit() and int(first) <= 7 and int(last) <= 7:
        start, stop = DAYS[(int(first) - 1) % 7], DAYS[(int(last) - 1) % 7]
        return Word(f"{start} đến {stop} hằng tuần lúc {clock}", f"{start.en} to {stop.en} every week at {clock}")
    days = parts[4].split(",")
    if all(day.isdigit() and int(day) <= 7 for day in days):
        named = joined(DAYS[(int(day) - 1) % 7] for day in days)
        return Word(f"{named} hằng tuần lúc {clock}", f"{named.en} every week at {clock}")
    return None


def length_in_words(seconds: float) -> Word:
    """A length of time in its largest fitting unit, with the next smaller one beside it below three."""
    whole = round(seconds)
    for (size, unit), (smaller, smaller_unit) in pairwise(UNITS):
        if whole >= size:
            count, more = whole // size, whole % size // smaller if whole // size < 3 else 0
            told = counted(count, unit)
            return joined((told, counted(more, smaller_unit)), " ") if more else told
    return counted(whole, UNITS[-1][1])


def counted(number: int, unit: Word) -> Word:
    """So many of a thing whose English word makes its plural by an s."""
    return Word(f"{number} {unit}", f"{number} {unit.en}{'' if number == 1 else 's'}")


def number_in_words(number: int) -> Word:
    """`1.234.567`, in English `1,234,567`."""
    english = f"{number:,}"
    return Word(english.replace(",", "."), english)


def decimal_in_words(number: float, places: int | None = 1) -> Word:
    """`12,4`, in English `12.4`; with as many places as it has when `places` is None."""
    english = f"{number:g}" if places is None else f"{number:.{places}f}"
    return Word(english.replace(".", ","), english)


def size_in_words(number: int) -> Word:
    """How large a file is: `12,4 MB`."""
    if number < 1e5:
        return Word(f"{number / 1e3:.0f} kB", f"{number / 1e3:.0f} kB")
    size = decimal_in_words(number / 1e6)
    return Word(f"{size} MB", f"{size.en} MB")
