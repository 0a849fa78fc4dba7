"""The country's register of units as the package `vietnam-provinces` has it, where somebody has installed that.

The package is under the GPL and no part of Loa: its list (Decision 19/2025/QĐ-TTg) is read as a file, nothing of it is run.
"""

from __future__ import annotations

import json
from datetime import date
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from config.words import NotFound
from content.item import slug_of
from content.units.unit import DISTRICTS_UNTIL, ROOT, Level, Tree, Unit, id_of

PACKAGE = "vietnam-provinces"
FILE = "vietnam_provinces/data/nested-divisions.json"
LEVELS = {"xã": Level.COMMUNE, "phường": Level.WARD, "đặc khu": Level.SPECIAL_ZONE}


def provinces() -> list[str]:
    """The names of all provinces; none when the package is not there. Blocks."""
    return [str(one["name"]) for one in _read()]


def units_of(province: str, known: Tree, since: date = DISTRICTS_UNTIL) -> list[Unit]:
    """The communes, wards and special zones of a province, straight under the office; known ones by their code.

    Raises NotFound without the package, and for a name that is no province's. Blocks.
    """
    wanted = _bare(province)
    listed = _read()
    if not listed:
        raise NotFound(
            f"Chưa có gói {PACKAGE}: chạy pip install {PACKAGE}, hoặc nhập danh sách từ tệp",
            f"{PACKAGE} is not installed: pip install {PACKAGE}, or import a file",
            field="province",
        )
    found = next((one for one in listed if _bare(one["name"]) == wanted), None)
    if found is None:
        raise NotFound(f"Không có tỉnh “{province[:60]}”", f"There is no province {province[:60]!r}", field="province")
    return _units(found["wards"], known, since)


def _bare(name: str) -> str:
    """A province's name without what it is, as editions of the package have it or not."""
    return slug_of(name).removeprefix("tinh-").removeprefix("thanh-pho-")


def _units(wards: list[dict[str, Any]], known: Tree, since: date) -> list[Unit]:
    codes = {one.code: one for one in known.units.values() if one.code}
    taken: dict[str, Any] = dict(known.units)
    units = []
    for ward in wards:
        name, level, code = str(ward["name"]), LEVELS[ward["division_type"]], f"{ward['code']:05d}"
        old = codes.get(code)
        id = old.id if old else id_of(name, level, taken)
        taken[id] = True
        before = old.before if old else ()
        units.append(
            Unit(id, name, level, old.parent if old else ROOT, code, old.since if old else since, None, before)
        )
    return units


def _read() -> list[dict[str, Any]]:
    try:
        package = distribution(PACKAGE)
    except PackageNotFoundError:
        return []
    listed: list[dict[str, Any]] = json.loads(Path(str(package.locate_file(FILE))).read_bytes())
    return listed
