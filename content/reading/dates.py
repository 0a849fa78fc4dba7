"""Dates: 22/03/2017, ngày 3-2, từ 1/7 đến 5/7, tháng 4/2026; and when two numbers with a slash are a date at all."""

import re

from content.reading.daymonth import dash_is_date, dot_is_date, is_day, names_feast, slash_is_date, with_day
from content.reading.scene import Said, Scene
from content.reading.vocabulary import DAY_NAMED, DOCUMENTS, IN_ADDRESS, TIME_WORDS

FULL = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2((?:1[0-9]|20)[0-9]{2})(?![0-9])")
ISO = re.compile(r"((?:19|20)[0-9]{2})-([0-9]{2})-([0-9]{2})(?![0-9])")
MIXED = re.compile(r"([0-9]{1,2})-([0-9]{1,2})/((?:19|20)[0-9]{2})(?![0-9])")
SPACED = re.compile(r"([0-9]{1,2}) ?/ ?([0-9]{1,2}) ?/ ?((?:19|20)[0-9]{2})(?![0-9])")
SHORT_YEAR = re.compile(r"([0-9]{1,2})(/)([0-9]{1,2})/([0-9]{2})(?![0-9]|[/.,-][0-9])")
LETTERED = re.compile(r"([TQ])([0-9]{1,2})[/-]((?:19|20)[0-9]{2})(?![0-9]|[/.,-][0-9])")
SHORT = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})(?![0-9]|[/.,][0-9]|-[0-9]{1,3}(?![0-9/]))")
WITH_YEAR = re.compile(r"([0-9]{1,4})([/.-])((?:19|20)[0-9]{2})(?![0-9]|[/.,-][0-9])")
WEEKDAY = re.compile(r"T([2-7])(?:(?=[,)]? ?\(?(?:ngày )?[0-9]{1,2}[/-][0-9]{1,2}(?![0-9]))|(?=\)))")
OPENS_RANGE = re.compile(r"([0-9]{1,2})(?= ?- ?[0-9]{1,2}/[0-9]{1,2}(?![0-9]))")


def date(scene: Scene, at: int) -> Said | None:
    """Read a day with its month and year, in any of the usual shapes."""
    for pattern in (FULL, SPACED, ISO):
        found = pattern.match(scene.text, at)
        if found:
            return _full(scene, found, pattern is ISO)
    mixed = MIXED.match(scene.text, at)
    if mixed and scene.said() in DAY_NAMED and is_day(int(mixed[1]), int(mixed[2])):
        return _full(scene, mixed, False)
    found = SHORT_YEAR.match(scene.text, at)
    return _full(scene, found, False) if found and scene.said() not in IN_ADDRESS else None


def _full(scene: Scene, found: re.Match[str], iso: bool) -> Said | None:
    parts = [int(part) for part in found.groups() if part.isdigit()]
    year, month, day = parts if iso else reversed(parts)
    if not is_day(day, month):
        return None
    year += 2000 if year < 50 else 1900 if year < 100 else 0
    spoken = f"{with_day(scene, day)} tháng {scene.numbers.month(month)} năm {scene.numbers.cardinal(year)}"
    return Said(spoken, found.end())


def day_and_month(scene: Scene, at: int) -> Said | None:
    """Read 22/3, or 3-2 after "ngày", where the words before it speak of time."""
    found = SHORT.match(scene.text, at)
    if not found:
        return None
    day, month = int(found[1]), int(found[3])
    speaks_of_time = {"-": dash_is_date, "/": slash_is_date, ".": dot_is_date}[found[2]]
    if not (is_day(day, month) and speaks_of_time(scene, day, month, found.end())):
        return None
    said = scene.numbers.cardinal(day) if names_feast(scene) else with_day(scene, day)
    return Said(f"{said} tháng {scene.numbers.month(month)}", found.end(), "date")


def month_or_number_of_year(scene: Scene, at: int) -> Said | None:
    """Read 4/2026 after "tháng" or alone, 2/2026 after "quý", 49/2024 after the name of a kind of document."""
    found = WITH_YEAR.match(scene.text, at)
    before = scene.said()
    if (
        not found
        or before in ("trên", "năm")
        or _is_school_year(found)
        or (found[2] != "/" and (before not in ("tháng", "quý", "quí") or len(found[1]) > 2))
    ):
        return None
    number, year = int(found[1]), scene.numbers.cardinal(int(found[3]))
    if before == "tháng":
        return Said(f"{scene.numbers.month(number)} năm {year}", found.end(), "date")
    if before in DOCUMENTS or number > 12:
        return Said(f"{scene.numbers.label(found[1])} năm {year}", found.end(), "date")
    if before in ("quý", "quí", "kỳ", "tuần", "đợt"):
        return Said(f"{scene.numbers.cardinal(number)} năm {year}", found.end(), "date")
    return Said(f"tháng {scene.numbers.month(number)} năm {year}", found.end(), "date")


def _is_school_year(found: re.Match[str]) -> bool:
    return len(found[1]) == 4 and found[1] > "1900"


def month_by_letter(scene: Scene, at: int) -> Said | None:
    """Read T4/2026 as a month and Q1/2026 as a quarter."""
    found = LETTERED.match(scene.text, at)
    if not found or not 1 <= int(found[2]) <= 12:
        return None
    number, year = int(found[2]), scene.numbers.cardinal(int(found[3]))
    named = f"tháng {scene.numbers.month(number)}" if found[1] == "T" else f"quý {scene.numbers.cardinal(number)}"
    return Said(f"{named} năm {year}", found.end(), "date")


def weekday_by_letter(scene: Scene, at: int) -> Said | None:
    """Read T6 beside its date, "T6, 04/12" or "ngày 12/12 (T7)", as a day of the week."""
    found = WEEKDAY.match(scene.text, at)
    if not found or (scene.next_char(found.end()) == ")" and scene.heard(2).rule != "date"):
        return None
    return Said(f"thứ {scene.numbers.ordinal(int(found[1]))}", found.end(), "abbreviation")


def first_day_of_range(scene: Scene, at: int) -> Said | None:
    """Read the 5 of "từ 5 - 10/3": a day, though its month comes only with the second one."""
    found = OPENS_RANGE.match(scene.text, at)
    if not found or scene.said() not in TIME_WORDS or not 1 <= int(found[1]) <= 31:
        return None
    return Said(with_day(scene, int(found[1])), found.end(), "date")
