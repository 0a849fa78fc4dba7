"""The places of the desk: what stands in the rail of whom, and what of it a phone has at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from config.words import Word

MOST_AT_HAND = 5
"""So many fit the bar of a phone with words that can be read and keys that a thumb can hit."""


@dataclass(frozen=True, slots=True)
class Place:
    """One place: the door to it, its address, word and icon; `here` is what `aria-current` says of it on the page shown.

    `beyond` are those that a phone has under “Mục khác”.
    """

    door: str
    href: str
    title: Word
    icon: str
    beyond: bool = False
    here: str = ""


PLACES = (
    Place("today", "/", Word("Hôm nay", "Today"), "today"),
    Place("items", "/items", Word("Tin bài", "Items"), "item"),
    Place("schedules", "/schedules", Word("Lịch phát", "Schedules"), "calendar", beyond=True),
    Place("calendar", "/calendar", Word("Lịch", "Calendar"), "month"),
    Place("deliveries", "/deliveries", Word("Nhật ký", "Log"), "log"),
    Place("outlets", "/outlets", Word("Điểm phát", "Outlets"), "outlet", beyond=True),
    Place("plan", "/plan", Word("Kế hoạch", "Plan"), "plan", beyond=True),
    Place("procedures", "/procedures", Word("Thủ tục", "Procedures"), "note", beyond=True),
    Place("classes", "/classes", Word("Lớp tập huấn", "Classes"), "chat", beyond=True),
    Place("contests", "/contests", Word("Cuộc thi", "Contests"), "good", beyond=True),
    Place("reports", "/reports", Word("Báo cáo", "Reports"), "chart", beyond=True),
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
