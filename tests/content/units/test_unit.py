"""The tree of units: what is under what, on which day, what came of what; which units cannot be."""

from __future__ import annotations

from datetime import date

import pytest

from config.words import BadInput, NotFound
from content.units.unit import DISTRICTS_UNTIL, Level, Tree, Unit, id_of, level_of

DISTRICT = Unit("huyen-sop-cop", "Huyện Sốp Cộp", Level.DISTRICT, since=date(2003, 12, 1), until=DISTRICTS_UNTIL)
COMMUNES = [
    Unit(id, name, Level.COMMUNE, since=DISTRICTS_UNTIL, before=("huyen-sop-cop",))
    for id, name in (("xa-sop-cop", "Xã Sốp Cộp"), ("xa-pung-banh", "Xã Púng Bánh"))
]
VILLAGE = Unit("ban-sop-nam", "Bản Sốp Nặm", Level.VILLAGE, "xa-sop-cop")
TREE = Tree.of([DISTRICT, *COMMUNES, VILLAGE])


def test_below_a_unit() -> None:
    """Itself and everything under it; under the office is everything."""
    assert TREE.below("xa-sop-cop") == {"xa-sop-cop", "ban-sop-nam"}
    assert TREE.below("") == {"", *TREE.units}


def test_a_walk_has_each_unit_after_what_it_is_under() -> None:
    """By name, with how deep it lies; of a part of the tree the tops lie at nought."""
    assert [(depth, one.id) for depth, one in TREE.walk()] == [
        (0, "huyen-sop-cop"),
        (0, "xa-pung-banh"),
        (0, "xa-sop-cop"),
        (1, "ban-sop-nam"),
    ]
    assert [(depth, one.id) for depth, one in TREE.walk(frozenset({"ban-sop-nam"}))] == [(0, "ban-sop-nam")]


def test_the_district_ended_and_lives_on_in_its_communes() -> None:
    """On 30 June 2025 it still was, on 1 July it was not."""
    assert DISTRICT.is_in_force(date(2025, 6, 30))
    assert not DISTRICT.is_in_force(date(2025, 7, 1))
    assert COMMUNES[0].is_in_force(date(2025, 7, 1))
    assert {one.id for one in TREE.after("huyen-sop-cop")} == {"xa-sop-cop", "xa-pung-banh"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (Unit("", "", Level.COMMUNE), "name"),
        (Unit("", "Xã Sốp Cộp", Level.COMMUNE), "name"),
        (Unit("x", "Xã Mới", Level.COMMUNE, since=date(2026, 1, 1), until=date(2026, 1, 1)), "until"),
        (Unit("xa-sop-cop", "Xã Sốp Cộp", Level.COMMUNE, "ban-sop-nam"), "parent"),
        (Unit("xa-sop-cop", "Xã Sốp Cộp", Level.COMMUNE, before=("xa-sop-cop",)), "before"),
    ],
)
def test_what_cannot_be(wrong: Unit, field: str) -> None:
    """Is refused by the field that is wrong."""
    with pytest.raises(BadInput) as refused:
        TREE.check(wrong)
    assert refused.value.field == field


def test_a_name_may_come_back_later() -> None:
    """After the unit that had it has ended, and elsewhere at any time."""
    TREE.check(Unit("x", "Huyện Sốp Cộp", Level.DISTRICT, since=DISTRICTS_UNTIL))
    TREE.check(Unit("x", "Bản Sốp Nặm", Level.VILLAGE, "xa-pung-banh"))


def test_a_parent_that_is_not_there() -> None:
    """Is told by name."""
    with pytest.raises(NotFound, match="xa-khac"):
        TREE.check(Unit("x", "Xã Mới", Level.COMMUNE, "xa-khac"))


def test_ids_can_be_read() -> None:
    """They say the level, and a number tells those of one name apart."""
    assert id_of("Xã Sốp Cộp", Level.COMMUNE, {}) == "xa-sop-cop"
    assert id_of("Sốp Cộp", Level.DISTRICT, {}) == "huyen-sop-cop"
    assert id_of("Xã Sốp Cộp", Level.COMMUNE, TREE.units) == "xa-sop-cop-2"


def test_levels_are_told_by_the_name() -> None:
    """Of what says nothing of its level, none is."""
    assert level_of("Phường Tô Hiệu") is Level.WARD
    assert level_of("Đặc khu Côn Đảo") is Level.SPECIAL_ZONE
    assert level_of("Thị trấn Ít Ong") is Level.TOWN
    assert level_of("Sốp Cộp") is None
