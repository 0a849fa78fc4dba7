"""Finding: one thing `loa doctor` has looked at; and sizes and spans as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether it is well, what was seen, what to do if not."""

    name: str
    well: bool
    seen: str
    do: str = ""


def long(span: timedelta) -> str:
    """How long, in the unit people would use."""
    seconds = round(span.total_seconds())
    if seconds < 120:
        return f"{seconds} giây"
    return f"{seconds // 60} phút" if seconds < 7200 else f"{seconds // 3600} giờ"


def size(count: int) -> str:
    """Bytes in MB or GB."""
    return f"{count / 2**20:.0f} MB" if count < 2**30 else f"{count / 2**30:.1f} GB"
