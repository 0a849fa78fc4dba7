"""`loa glossary`: the office's own readings."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.lazy import lazily
from config.words import BadInput
from content.glossary import store
from desk.app import House
from desk.commands.acting import actor
from desk.commands.output import local, out, print_json, print_table

if TYPE_CHECKING:
    from desk import glossary as page
else:
    page = lazily("desk.glossary")


def register(commands: Any) -> None:
    """Add `glossary` and its verbs to the parser."""
    verbs = commands.add_parser("glossary", help="cách đọc riêng của cơ quan").add_subparsers(
        required=True, metavar="VERB"
    )
    listing = verbs.add_parser("list", help="các cách đọc của cơ quan")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=list_readings)
    adding = verbs.add_parser("add", help="thêm một cách đọc, ví dụ: add HTC 'hội trường cũ'")
    adding.add_argument("abbr", metavar="WRITTEN")
    adding.add_argument("spoken", metavar="SPOKEN")
    adding.add_argument("--when", default="", metavar="CONDITION", help="before:xã|bản, after:..., near:..., symbol")
    adding.add_argument("--as", dest="by", metavar="NAME")
    adding.set_defaults(run=add_reading)
    removing = verbs.add_parser("remove", help="bỏ một cách đọc")
    removing.add_argument("abbr", metavar="WRITTEN")
    removing.add_argument("--when", default="", metavar="CONDITION")
    removing.add_argument("--as", dest="by", metavar="NAME")
    removing.set_defaults(run=remove_reading)
    importing = verbs.add_parser("import", help="nhập bảng TSV: abbr, spoken, domain, condition, status")
    importing.add_argument("file", type=Path, metavar="FILE.tsv")
    importing.add_argument("--as", dest="by", metavar="NAME")
    importing.set_defaults(run=import_table)
    exporting = verbs.add_parser("export", help="xuất bảng TSV ra stdout")
    exporting.set_defaults(run=export_table)


async def list_readings(house: House, args: argparse.Namespace) -> int:
    """The office's readings by written form."""
    async with house.database.read() as connection:
        rows = await store.rows(connection)
    if args.json:
        for row in rows:
            print_json(page.plain_row(row))
        return 0
    zone = house.settings.office.zone
    shown = [(row.abbr, row.spoken, row.condition or "luôn", row.person, local(row.at, zone)) for row in rows]
    print_table(("chữ viết", "đọc là", "chỉ khi", "ai", "lúc"), shown, empty="Cơ quan chưa đặt cách đọc riêng nào.")
    return 0


async def add_reading(house: House, args: argparse.Namespace) -> int:
    """Lay down one reading."""
    by = await actor(house, args.by)
    by.must("author", "approver")
    async with house.database.write() as tx:
        entry = await house.glossary.add(tx, args.abbr, args.spoken, by.name, condition=args.when)
    out.print(f"{entry.abbr}: {entry.spoken}", markup=False)
    return 0


async def remove_reading(house: House, args: argparse.Namespace) -> int:
    """Take one reading back."""
    by = await actor(house, args.by)
    by.must("author", "approver")
    async with house.database.write() as tx:
        await house.glossary.remove(tx, args.abbr, by.name, condition=args.when)
    out.print(f"{args.abbr}: đã bỏ", markup=False)
    return 0


async def import_table(house: House, args: argparse.Namespace) -> int:
    """Every row of a table, or none."""
    by = await actor(house, args.by)
    by.must("author", "approver")
    try:
        table = await asyncio.to_thread(args.file.read_text, "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{args.file}: không đọc được ({error})", f"{args.file}: cannot be read ({error})") from None
    async with house.database.write() as tx:
        count = await house.glossary.take_in(tx, table, by.name)
    out.print(f"Đã nhập {count} cách đọc.")
    return 0


async def export_table(house: House, args: argparse.Namespace) -> int:
    """The table that import reads."""
    async with house.database.read() as connection:
        sys.stdout.write(await house.glossary.table(connection))
    return 0
