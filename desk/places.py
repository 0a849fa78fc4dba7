"""The places of the desk: what stands in the rail of whom, and what of it a phone has at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

MOST_AT_HAND = 5
"""So many fit the bar of a phone with words that can be read and keys that a thumb can hit."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place: the door to it, its address, word and icon; `here` is what `aria-current` says of it on the page shown.

    `beyond` are those that a phone has under “Thêm”.
    """

    door: str
    href: str
    title: str
    icon: str
    beyond: bool = False
    here: str = ""


PLACES = (
    Place("today", "/", "Hôm nay", "today"),
    Place("items", "/items", "Tin bài", "item"),
    Place("schedules", "/schedules", "Lịch phát", "calendar", beyond=True),
    Place("calendar", "/calendar", "Lịch", "month"),
    Place("deliveries", "/deliveries", "Nhật ký", "log"),
    Place("outlets", "/outlets", "Điểm phát", "outlet", beyond=True),
    Place("plan", "/plan", "Kế hoạch", "plan", beyond=True),
    Place("procedures", "/procedures", "Thủ tục", "note", beyond=True),
    Place("classes", "/classes", "Lớp tập huấn", "chat", beyond=True),
    Place("contests", "/contests", "Cuộc thi", "good", beyond=True),
    Place("reports", "/reports", "Báo cáo", "chart", beyond=True),
)


def places_of(may: Callable[[str], bool], path: str) -> list[Place]:
    """Those that open to whoever `may`, as they stand on the page at `path`; none is beyond while all fit a phone."""
    open_places = [one for one in PLACES if may(one.door)]
    few = len(open_places) <= MOST_AT_HAND
    return [replace(one, beyond=one.beyond and not few, here=_here(one.href, path)) for one in open_places]


def _here(href: str, path: str) -> str:
    if path == href:
        return "page"
    return "true" if href != "/" and path.startswith(f"{href}/") else ""
