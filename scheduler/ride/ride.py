"""Ride: an approved text that goes along in other bulletins by a rule (theme, weeks, share), approved by itself; pure.

A bulletin that carries it is its host. What the host's approver allowed is not touched: the text rides behind it, and where
it may not go any more the host goes without.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from config.words import BadInput, Word
from content.bulletin import BulletinClass, Pinned, digest_of

LONGEST = timedelta(days=366)
MOST_WEEKS = 4
MOST_RIDERS = 2
"""How many texts one run carries at most: a bulletin is its own before it is anybody's vehicle."""


class RideState(StrEnum):
    """Where a ride stands; one whose days are over is still approved, and takes nothing."""

    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SENT_BACK = "sent_back"
    ENDED = "ended"


TITLES = {
    RideState.IN_REVIEW: Word("chờ duyệt", "awaiting approval"),
    RideState.APPROVED: Word("đang chạy", "running"),
    RideState.SENT_BACK: Word("bị trả lại", "sent back"),
    RideState.ENDED: Word("đã dừng", "stopped"),
}


@dataclass(frozen=True, slots=True)
class Host:
    """A run that could carry something: its class, its texts' items and themes, its outlets, its unit, and its day."""

    klass: BulletinClass
    items: frozenset[str]
    themes: frozenset[str]
    outlets: tuple[str, ...]
    unit: str
    day: date


@dataclass(frozen=True, slots=True)
class Ride:
    """The rule. Hosts are runs of `themes` (any, when there are none) to `outlets` of the same unit, from `begins` to `ends`.

    `weeks`: in every such week, the first being that of `begins`. `share`: so many of a hundred hosts carry it, evenly.
    `seen` counts hosts so far, `carried` those that carry it. `by` is who decided, `note` what they said to it.
    """

    id: str
    item: str
    revision: str
    text: str
    outlets: tuple[str, ...]
    themes: tuple[str, ...]
    begins: date
    ends: date
    weeks: int
    share: int
    unit: str
    state: RideState
    made_by: str
    made_at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None
    note: str = ""
    seen: int = 0
    carried: int = 0

    @property
    def pinned(self) -> Pinned:
        """The text, by the digest that was approved."""
        return Pinned(self.item, self.revision, self.text)

    @property
    def digest(self) -> str:
        """What an approval belongs to: which text, in what, where, when and how often."""
        days = [self.begins.isoformat(), self.ends.isoformat()]
        rule = [sorted(self.outlets), sorted(self.themes), *days, self.weeks, self.share, self.unit]
        return digest_of([self.text, *rule])

    def is_on(self, day: date) -> bool:
        """Whether it rides on this day."""
        monday = self.begins - timedelta(days=self.begins.weekday())
        return self.begins <= day <= self.ends and (day - monday).days // 7 % self.weeks == 0

    def fits(self, host: Host) -> bool:
        """Whether a run is one of its hosts. Urgent and priority bulletins carry nothing, and none carries itself."""
        return (
            host.klass is BulletinClass.NORMAL
            and self.item not in host.items
            and self.unit == host.unit
            and self.is_on(host.day)
            and (not self.themes or not host.themes.isdisjoint(self.themes))
            and not set(self.outlets).isdisjoint(host.outlets)
        )

    def takes(self, seen: int) -> bool:
        """Whether the host after `seen` others carries it: the first does, the rest follow evenly."""
        return -(-(seen + 1) * self.share // 100) > -(-seen * self.share // 100)


def check(one: Ride, outlets: Collection[str]) -> None:
    """Raise BadInput for a rule that cannot be, naming the field; `outlets` are those that can carry something."""
    if not one.outlets:
        raise BadInput("Chọn ít nhất một điểm phát", "Choose at least one outlet", field="outlet")
    if strange := [name for name in one.outlets if name not in outlets]:
        vi = f"Điểm phát {strange[0]} không nhận bài lồng ghép"
        raise BadInput(vi, f"Outlet {strange[0]} carries nothing along", field="outlet")
    if one.ends < one.begins:
        raise BadInput("Ngày cuối phải sau ngày đầu", "The last day comes before the first", field="ends")
    if one.ends - one.begins > LONGEST:
        raise BadInput("Lồng ghép dài nhất một năm", "A ride lasts a year at most", field="ends")
    if not 1 <= one.weeks <= MOST_WEEKS:
        raise BadInput(f"Số tuần từ 1 đến {MOST_WEEKS}", f"From 1 to {MOST_WEEKS} weeks", field="weeks")
    if not 1 <= one.share <= 100:
        raise BadInput("Tỷ lệ từ 1 đến 100 %", "The share is from 1 to 100 %", field="share")
