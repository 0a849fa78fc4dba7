"""`loa unit`: the tree of units."""

from __future__ import annotations

import argparse
import asyncio
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channels.rows import refusal
from config.lazy import lazily
from config.words import BadInput
from content.units import store
from content.units.unit import ROOT, Level, Unit, level_of
from desk.app import House
from desk.commands.acting import actor, unreadable
from desk.commands.output import out, print_faults, print_json, print_table

if TYPE_CHECKING:
    from desk.units import register as registers
    from desk.units import table as tables
else:
    registers, tables = lazily("desk.units.register"), lazily("desk.units.table")


def register(commands: Any) -> None:
    """Add `unit` and its verbs to the parser."""
    verbs = commands.add_parser("unit", help="đơn vị").add_subparsers(required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="cây đơn vị, cả những đơn vị đã kết thúc")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=list_units)
    save = verbs.add_parser("save", help="thêm một đơn vị, hoặc với --id sửa một đơn vị")
    save.add_argument("name", metavar="NAME", help="đủ cả cấp, ví dụ “Xã Sốp Cộp”")
    save.add_argument("--id", default="")
    save.add_argument("--level", choices=[level.value for level in Level], help="mặc định: theo tên")
    save.add_argument("--parent", default=ROOT, metavar="ID", help="trực thuộc (mặc định: cơ quan)")
    save.add_argument("--code", default="")
    save.add_argument("--since", type=date.fromisoformat, metavar="DATE", help="từ ngày, ví dụ 2025-07-01")
    save.add_argument("--until", type=date.fromisoformat, metavar="DATE", help="ngày đầu tiên không còn")
    save.add_argument("--before", nargs="+", default=[], metavar="ID", help="lập từ những đơn vị này")
    save.add_argument("--as", dest="by", metavar="NAME")
    save.set_defaults(run=save_unit)
    importing = verbs.add_parser("import", help="nhiều đơn vị từ tệp CSV, Excel")
    importing.add_argument("file", type=Path, metavar="FILE")
    importing.add_argument("--as", dest="by", metavar="NAME")
    importing.set_defaults(run=import_units)
    load = verbs.add_parser("load", help="mọi xã, phường, đặc khu của một tỉnh, theo gói vietnam-provinces")
    load.add_argument("province", metavar="PROVINCE", help="ví dụ “Sơn La”")
    load.add_argument("--as", dest="by", metavar="NAME")
    load.set_defaults(run=load_province)


async def list_units(house: House, args: argparse.Namespace) -> int:
    """The tree."""
    async with house.database.read() as connection:
        tree = await store.tree(connection)
    if args.json:
        for _, one in tree.walk():
            print_json(one)
        return 0
    rows = [
        (one.id, "  " * depth + one.name, one.level.title_vi, one.code, str(one.since or ""), str(one.until or ""))
        for depth, one in tree.walk()
    ]
    heads = ("id", "đơn vị", "cấp", "mã", "từ ngày", "kết thúc từ")
    print_table(heads, rows, empty="Chưa chia đơn vị. Nhập: loa unit load “Sơn La”, hoặc loa unit import TỆP")
    return 0


async def save_unit(house: House, args: argparse.Namespace) -> int:
    """Add a unit, or change one."""
    by = await actor(house, args.by)
    by.must("administrator")
    level = Level(args.level) if args.level else level_of(args.name)
    if level is None:
        raise BadInput(f"“{args.name}”: hãy nêu cấp bằng --level", f"{args.name}: name its --level", field="level")
    about = (args.code, args.since, args.until, tuple(sorted(args.before)))
    async with house.database.write() as tx:
        saved = await house.units.save(tx, Unit(args.id, args.name, level, args.parent, *about), by.name)
    out.print(f"{saved.id}  {saved.name}")
    return 0


async def import_units(house: House, args: argparse.Namespace) -> int:
    """Take in the units of a file; with any bad row none."""
    by = await actor(house, args.by)
    by.must("administrator")
    try:
        data = await asyncio.to_thread(args.file.read_bytes)
    except OSError as error:
        raise unreadable(args.file, error) from None
    async with house.database.read() as connection:
        known = await store.tree(connection)
    found, faults = await asyncio.to_thread(tables.read_units, data, known)
    print_faults(faults, tables.COLUMN_TITLES)
    if faults:
        raise refusal(faults, tables.COLUMN_TITLES)
    return await _take_in(house, found, by.name, args.file.name)


async def load_province(house: House, args: argparse.Namespace) -> int:
    """Take in all units of a province."""
    by = await actor(house, args.by)
    by.must("administrator")
    async with house.database.read() as connection:
        known = await store.tree(connection)
    found = await asyncio.to_thread(registers.units_of, args.province, known)
    return await _take_in(house, found, by.name, args.province)


async def _take_in(house: House, found: list[Unit], by: str, source: str) -> int:
    async with house.database.write() as tx:
        new, changed = await house.units.take_in(tx, found, by, source=source)
    out.print(f"{len(found)} đơn vị: {new} mới, {changed} thay đổi")
    return 0
