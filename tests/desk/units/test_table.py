"""Units from a file: what a row says, every fault with its line and column; and from the country's register."""

from __future__ import annotations

from datetime import date

import pytest

from config.words import BadInput, NotFound
from content.units.unit import DISTRICTS_UNTIL, Level, Tree, Unit
from desk.units import register
from desk.units.table import read_units

GOOD = """tên;cấp;mã;trực thuộc;từ ngày;đến ngày;tiền thân
Huyện Sốp Cộp;huyện;;;;01/07/2025;
Xã Sốp Cộp;;04231;;01/07/2025;;Huyện Sốp Cộp
Xã Púng Bánh;xã;04228;;2025-07-01;;huyen sop cop
Bản Sốp Nặm;thôn;;04231;;;
"""


def test_a_file_is_read() -> None:
    """With units named by name or code, marks or not, of rows before."""
    found, faults = read_units(GOOD.encode(), Tree.of([]))
    assert faults == []
    assert found == [
        Unit("huyen-sop-cop", "Huyện Sốp Cộp", Level.DISTRICT, until=DISTRICTS_UNTIL),
        Unit("xa-sop-cop", "Xã Sốp Cộp", Level.COMMUNE, "", "04231", DISTRICTS_UNTIL, None, ("huyen-sop-cop",)),
        Unit("xa-pung-banh", "Xã Púng Bánh", Level.COMMUNE, "", "04228", DISTRICTS_UNTIL, None, ("huyen-sop-cop",)),
        Unit("ban-sop-nam", "Bản Sốp Nặm", Level.VILLAGE, "xa-sop-cop"),
    ]


def test_known_units_keep_their_id() -> None:
    """Told by their code, also under another name, or by their name under the same one."""
    known = Tree.of([Unit("xa-a", "Xã A", Level.COMMUNE, code="00001"), Unit("xa-b", "Xã B", Level.COMMUNE)])
    found, faults = read_units("tên,mã\nXã An,00001\nXã B,00002\n".encode(), known)
    assert faults == []
    assert [(one.id, one.name, one.code) for one in found] == [("xa-a", "Xã An", "00001"), ("xa-b", "Xã B", "00002")]


def test_every_fault_is_told_with_its_line_and_column() -> None:
    """And none of them keeps the others from being read."""
    wrong = """tên,cấp,trực thuộc,từ ngày,đến ngày,tiền thân
,xã,,,,
Xã A,làng,,,,
Sốp Cộp,,,,,
Xã B,xã,Huyện Khác,,,
Xã C,xã,,31/02/2026,,
Xã D,xã,,01/07/2025,01/07/2024,
Xã E,xã,,,,Xã Không Có
Xã F,xã,,,,
Xã F,xã,,,,
"""
    found, faults = read_units(wrong.encode(), Tree.of([]))
    assert [one.name for one in found] == ["Xã F"]
    assert [(one.line, one.column) for one in faults] == [
        (2, "name"),
        (3, "level"),
        (4, "level"),
        (5, "parent"),
        (6, "since"),
        (7, "until"),
        (8, "before"),
        (10, "code"),
    ]
    assert "dòng 9" in faults[-1].vi


def test_what_is_no_list_of_units() -> None:
    """Says which column is missing."""
    with pytest.raises(BadInput, match="name"):
        read_units("mã,cấp\n1,xã\n".encode(), Tree.of([]))


def test_the_register_of_the_country() -> None:
    """Sơn La has 67 communes and 8 wards (Resolution 1681/NQ-UBTVQH15); what is known keeps its id and place."""
    assert len(register.provinces()) == 34
    office = Unit("so", "Sở", Level.OFFICE)
    known = Tree.of([office, Unit("sop", "Xã Sốp", Level.COMMUNE, "so", "04231", since=date(2025, 1, 1))])
    found = register.units_of("tỉnh Sơn La", known)
    assert [sum(one.level is level for one in found) for level in (Level.COMMUNE, Level.WARD)] == [67, 8]
    named = {one.code: one for one in found}
    assert named["04231"] == Unit("sop", "Xã Sốp Cộp", Level.COMMUNE, "so", "04231", date(2025, 1, 1))
    assert named["03646"] == Unit("phuong-to-hieu", "Phường Tô Hiệu", Level.WARD, "", "03646", DISTRICTS_UNTIL)
    assert len({one.id for one in found}) == 75
    for name in register.provinces():
        tree = Tree.of([])
        for one in register.units_of(name, tree):
            tree.check(one)


def test_a_province_that_is_none() -> None:
    """Is refused by its name."""
    with pytest.raises(NotFound, match="Atlantis"):
        register.units_of("Atlantis", Tree.of([]))
