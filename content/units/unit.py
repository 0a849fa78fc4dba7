"""Unit: a part of the office's world, of a level, from a day to a day, with those before and after it; the tree they make; pure.

The office itself is the root. It has the empty id and no row: everything belongs to it that belongs to nothing else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from config.words import BadInput, NotFound, Word
from content.item import slug_of

ROOT = ""
LONGEST_NAME = 120


class Level(StrEnum):
    """What a unit is. Districts and towns ended with June 2025 (Resolution 203/2025/QH15) and are kept as history."""

    PROVINCE = "province"
    COMMUNE = "commune"
    WARD = "ward"
    SPECIAL_ZONE = "special-zone"
    DISTRICT = "district"
    TOWN = "town"
    VILLAGE = "village"
    OFFICE = "office"

    @property
    def title_vi(self) -> Word:
        """The word on screen."""
        return TITLES[self]


TITLES = {
    Level.PROVINCE: Word("tỉnh, thành phố", "province, city"),
    Level.COMMUNE: Word("xã", "commune"),
    Level.WARD: Word("phường", "ward"),
    Level.SPECIAL_ZONE: Word("đặc khu", "special zone"),
    Level.DISTRICT: Word("huyện, thị xã (đã kết thúc)", "district (ended)"),
    Level.TOWN: Word("thị trấn (đã kết thúc)", "town (ended)"),
    Level.VILLAGE: Word("thôn, bản, tổ dân phố", "village, neighbourhood"),
    Level.OFFICE: Word("sở, phòng, trung tâm", "department, division, centre"),
}
BEGINNINGS = {
    Level.PROVINCE: ("tỉnh ", "thành phố "),
    Level.COMMUNE: ("xã ",),
    Level.WARD: ("phường ",),
    Level.SPECIAL_ZONE: ("đặc khu ",),
    Level.DISTRICT: ("huyện ", "quận ", "thị xã "),
    Level.TOWN: ("thị trấn ",),
    Level.VILLAGE: ("thôn ", "bản ", "tổ dân phố ", "khu phố ", "tiểu khu ", "ấp "),
    Level.OFFICE: ("sở ", "phòng ", "trung tâm ", "ban ", "văn phòng "),
}
"""How names of units of a level begin."""
DISTRICTS_UNTIL = date(2025, 7, 1)
"""From this day on there are two levels: province, and commune, ward or special zone."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One of them. `since` and `until` are days; `until` is the first on which it is no more; `before` are ids of what it was made of."""

    id: str
    name: str
    level: Level
    parent: str = ROOT
    code: str = ""
    since: date | None = None
    until: date | None = None
    before: tuple[str, ...] = ()

    @property
    def office(self) -> str:
        """What its office is called on paper: of a level that governs, its People's Committee."""
        governs = self.level not in {Level.VILLAGE, Level.OFFICE}
        return f"Ủy ban nhân dân {self.name[:1].lower()}{self.name[1:]}" if governs else self.name

    def is_in_force(self, day: date) -> bool:
        """Whether there is this unit on that day."""
        return (self.since is None or self.since <= day) and (self.until is None or day < self.until)


@dataclass(frozen=True)
class Tree:
    """All units; what is asked of the root is answered of the whole."""

    units: Mapping[str, Unit]

    @classmethod
    def of(cls, units: Iterable[Unit]) -> Tree:
        """The tree these make."""
        return cls({one.id: one for one in units})

    def __getitem__(self, id: str) -> Unit:
        """The unit of that id. Raises NotFound."""
        if id not in self.units:
            raise NotFound(f"Không có đơn vị {id}", f"There is no unit {id}", field="unit")
        return self.units[id]

    def below(self, id: str) -> frozenset[str]:
        """The unit and everything under it."""
        children = self._children()
        found, left = {id}, [id]
        while left:
            for child in children.get(left.pop(), ()):
                if child not in found:
                    found.add(child)
                    left.append(child)
        return frozenset(found)

    def walk(self, within: frozenset[str] | None = None) -> Iterator[tuple[int, Unit]]:
        """Each unit after what it is under, with its depth, by name without marks; only those `within`, whose tops have depth 0."""
        children = self._children()

        def under(parent: str, depth: int) -> Iterator[tuple[int, Unit]]:
            for child in sorted(children.get(parent, ()), key=lambda one: (slug_of(self.units[one].name), one)):
                inside = within is None or child in within
                if inside:
                    yield depth, self.units[child]
                yield from under(child, depth + inside)

        yield from under(ROOT, 0)

    def _children(self) -> dict[str, list[str]]:
        children: defaultdict[str, list[str]] = defaultdict(list)
        for one in self.units.values():
            children[one.parent].append(one.id)
        return dict(children)

    def after(self, id: str) -> list[Unit]:
        """What a unit became part of."""
        return [one for one in self.units.values() if id in one.before]

    def check(self, new: Unit) -> None:
        """Raise BadInput, NotFound unless the tree may have this unit, new or as it is now."""
        if not new.name or len(new.name) > LONGEST_NAME:
            raise BadInput("Ghi tên đơn vị, nhiều nhất 120 ký tự", "A name of 120 characters at most", field="name")
        if new.since and new.until and new.until <= new.since:
            raise BadInput(
                f"“{new.name}” kết thúc trước khi bắt đầu", f"{new.name} ends before it begins", field="until"
            )
        if new.parent != ROOT and self[new.parent].id in self.below(new.id):
            raise BadInput(
                f"“{new.name}” không thể trực thuộc chính nó hay đơn vị dưới nó",
                f"{new.name} cannot be under itself",
                field="parent",
            )
        for one in new.before:
            if self[one].id == new.id:
                raise BadInput(f"“{new.name}” không thể thay chính nó", f"{new.name} precedes itself", field="before")
        same = [one for one in self.units.values() if one.id != new.id and one.parent == new.parent]
        if any(one.name.casefold() == new.name.casefold() and overlap(one, new) for one in same):
            raise BadInput(f"Đã có “{new.name}” ở cùng nơi", f"There is a {new.name} there already", field="name")


def overlap(one: Unit, other: Unit) -> bool:
    """Whether there is a day on which both are."""
    begin = max(one.since or date.min, other.since or date.min)
    return begin < min(one.until or date.max, other.until or date.max)


def level_of(name: str) -> Level | None:
    """What a unit is by how its name begins; None when that says nothing."""
    lower = name.casefold()
    return next((level for level, words in BEGINNINGS.items() if lower.startswith(words)), None)


def id_of(name: str, level: Level, taken: Mapping[str, object]) -> str:
    """An id that can be read and written in a configuration file: `xa-sop-cop`, and a number when that is taken."""
    whole = name if level_of(name) or level is Level.OFFICE else f"{BEGINNINGS[level][0]}{name}"
    slug = slug_of(whole)[:40].strip("-")
    if slug not in taken:
        return slug
    return next(other for number in range(2, 10_000) if (other := f"{slug[:35]}-{number}") not in taken)
