"""Vietnam's public holidays, day by day, with Tết and the Hùng Kings' day by the lunar calendar."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from config.lazy import lazily

holidays = lazily("holidays")


def holiday(day: date) -> str:
    """What a public holiday is called in Vietnamese; empty on any other day."""
    return _year(day.year).get(day, "")


@lru_cache(16)
def _year(year: int) -> dict[date, str]:
    return dict(holidays.Vietnam(years=year, language="vi"))
