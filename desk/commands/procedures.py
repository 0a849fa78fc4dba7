"""`loa procedure`: the catalogue of administrative procedures."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channels.rows import refusal
from config.lazy import lazily
from content.procedures import store
from content.procedures.procedure import TITLES
from desk.app import House
from desk.commands.acting import actor, unreadable
from desk.commands.output import out, print_faults, print_json, print_table

if TYPE_CHECKING:
    from desk.procedures import page as pages
    from desk.procedures import table as tables
else:
    pages, tables = lazily("desk.procedures.page"), lazily("desk.procedures.table")

LISTED = 200


def register(commands: Any) -> None:
    """Add `procedure` and its verbs to the parser."""
    verbs = commands.add_parser("procedure", help="thủ tục hành chính").add_subparsers(required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="danh mục, hoặc những thủ tục có các chữ này (không cần dấu)")
    listing.add_argument("words", nargs="*", metavar="WORD")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=list_procedures)
    importing = verbs.add_parser("import", help="nhập danh mục CSV, Excel, JSON; thay đổi thì soạn tin nháp")
    importing.add_argument("file", type=Path, metavar="FILE")
    importing.add_argument("--as", dest="by", metavar="NAME")
    importing.set_defaults(run=import_procedures)


async def list_procedures(house: House, args: argparse.Namespace) -> int:
    """The catalogue."""
    async with house.database.read() as connection:
        found = await store.search(connection, " ".join(args.words), limit=1_000_000 if args.json else LISTED)
    if args.json:
        for one in found:
            print_json(pages.plain_procedure(one))
        return 0
    rows = [(one.code, one.name, one.field, str(one.effective or ""), one.status.title_vi) for one in found]
    heads = ("mã", "thủ tục", "lĩnh vực", "hiệu lực từ", "tình trạng")
    print_table(heads, rows, empty="Không có thủ tục nào. Nhập danh mục: loa procedure import TỆP")
    return 0


async def import_procedures(house: House, args: argparse.Namespace) -> int:
    """Take in a catalogue; with any bad row nothing of it."""
    by = await actor(house, args.by)
    by.must("author", "administrator")
    try:
        data = await asyncio.to_thread(args.file.read_bytes)
    except OSError as error:
        raise unreadable(args.file, error) from None
    async with house.database.read() as connection:
        known = await store.known(connection)
    found, faults = await asyncio.to_thread(tables.read_procedures, data, known)
    print_faults(faults, TITLES)
    if faults:
        raise refusal(faults, TITLES)
    async with house.database.write() as tx:
        taken = await house.procedures.take_in(tx, found, by.name, source=args.file.name)
    house.notifier.ring("item")
    out.print(f"{len(found)} thủ tục: {taken.added} mới, {taken.changed} thay đổi, {taken.same} như cũ")
    for id in taken.drafts:
        out.print(f"tin nháp {id}")
    return 0
