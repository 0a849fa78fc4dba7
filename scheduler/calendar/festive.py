"""Vietnam's public holidays, day by day, with Tết and the Hùng Kings' day by the lunar calendar."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from config.lazy import lazily
from config.words import Word

holidays = lazily("holidays")
_AMERICAN = re.compile(r"\b(\d\d)/(\d\d)/(\d{4})\b")
"""The library writes the month first where a day off stands for another."""


def holiday(day: date) -> Word:
    """What a public holiday is called; empty on any other day."""
    return _year(day.year).get(day, Word("", ""))


@lru_cache(16)
def _year(year: int) -> dict[date, Word]:
    english = holidays.Vietnam(years=year, language="en_US")
    named = holidays.Vietnam(years=year, language="vi").items()
    return {day: Word(name, _AMERICAN.sub(r"\2/\1/\3", english[day])) for day, name in named}
