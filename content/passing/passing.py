"""Passing: an approved item handed to a unit further down, which takes it as it is, adapts it or declines it; pure.

What a unit may do follows the class (Circular 39/2020/TT-BTTTT): it is free with a normal bulletin, a priority one has its place
in the programme, and an urgent one is played at once and waits for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from config.words import Conflict, NotAllowed, Word
from content.bulletin import BulletinClass


class PassingState(StrEnum):
    """What a unit has made of an item."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    LOCALISED = "localised"
    DECLINED = "declined"


TITLES = {
    PassingState.WAITING: Word("chờ đơn vị quyết định", "waiting for the unit to decide"),
    PassingState.ACCEPTED: Word("đã nhận", "accepted"),
    PassingState.LOCALISED: Word("đã sửa thành tin của đơn vị", "adapted as the unit's own item"),
    PassingState.DECLINED: Word("không dùng", "declined"),
}

MAY = {
    BulletinClass.NORMAL: frozenset({PassingState.ACCEPTED, PassingState.LOCALISED, PassingState.DECLINED}),
    BulletinClass.PRIORITY: frozenset({PassingState.ACCEPTED, PassingState.LOCALISED}),
    BulletinClass.URGENT: frozenset[PassingState](),
}


@dataclass(frozen=True, slots=True)
class Passing:
    """One item and one unit. `local` is the unit's own item where it adapted the text; `decided_by` is empty while it waits.

    `title` and `klass` are the item's now.
    """

    id: str
    item: str
    unit: str
    state: PassingState
    passed_by: str
    passed_at: datetime
    note: str
    decided_by: str
    decided_at: datetime | None
    reason: str
    local: str
    title: str
    klass: BulletinClass

    def choices(self) -> frozenset[PassingState]:
        """What the unit may still decide."""
        return MAY[self.klass] if self.state is PassingState.WAITING else frozenset()

    def check(self, to: PassingState) -> None:
        """Raise Conflict when it is decided, NotAllowed for what the class does not leave to the unit."""
        if self.state is not PassingState.WAITING:
            raise Conflict(
                f"Tin “{self.title}” đã quyết định rồi: {TITLES[self.state]}",
                f"It is decided already: {self.state}",
            )
        if to not in MAY[self.klass]:
            raise NotAllowed(
                f"Tin {self.klass.title_vi} thì đơn vị phải phát, không chọn “{TITLES[to]}” được"
                " (Thông tư 39/2020/TT-BTTTT)",
                f"A bulletin of the class {self.klass} cannot be {to}",
            )


def first_state(klass: BulletinClass) -> PassingState:
    """As what it arrives: an urgent one is taken by rule."""
    return PassingState.WAITING if MAY[klass] else PassingState.ACCEPTED
