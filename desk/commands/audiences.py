"""`loa audience`: whom messages go to, lists and saved filters."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from channels.audience import COLUMN_TITLES, AudienceList, read_audience, sha256_of
from channels.audiences import store
from channels.audiences.store import Source
from channels.tags import TAGS, conditions_of, in_words
from content.units import store as unit_store
from db.types import new_id
from desk.app import House
from desk.commands import persons
from desk.commands.acting import actor, unreadable
from desk.commands.output import err, out, print_faults, print_json, print_table


def register(commands: Any) -> None:
    """Add `audience` and its verbs to the parser."""
    verbs = commands.add_parser("audience", help="nhóm nhận").add_subparsers(required=True, metavar="VERB")
    importing = verbs.add_parser("import", help="nhập danh sách người nhận từ CSV")
    importing.add_argument("name", metavar="NAME")
    importing.add_argument("file", type=Path, metavar="FILE.csv")
    importing.add_argument("--unit", default="", metavar="ID", help="của đơn vị, nếu nhóm chưa có")
    importing.add_argument("--keep-good", action="store_true", help="giữ các dòng đúng dù có dòng sai")
    importing.add_argument("--json", action="store_true")
    importing.set_defaults(run=import_audience)
    groups = verbs.add_parser("list", help="các nhóm nhận")
    groups.add_argument("--json", action="store_true")
    groups.set_defaults(run=list_audiences)
    part = verbs.add_parser("filter", help="lập nhóm lọc: một phần của nhóm khác, lọc lại mỗi lần dùng")
    part.add_argument("name", metavar="NAME")
    part.add_argument("--of", required=True, metavar="LIST", help="nhóm gốc")
    part.add_argument("--where", nargs="+", action="extend", default=[], metavar="TAG=VALUE", help=", ".join(TAGS))
    part.add_argument("--json", action="store_true")
    part.set_defaults(run=add_filter)
    persons.register(verbs)


async def import_audience(house: House, args: argparse.Namespace) -> int:
    """Recipients from a CSV; with any bad row nothing is kept unless --keep-good."""
    by = await actor(house, None)
    with err.console.status("đang đọc danh sách…"):
        found, source = await asyncio.to_thread(_read, args.file, house.settings.office.zone, by.name)
    refused = bool(found.faults) and not args.keep_good
    new = 0
    if not refused:
        now = house.clock.now()
        async with house.database.write() as tx:
            await unit_store.must_exist(tx, args.unit)
            new = await store.save_audience(
                house.database, tx, house.seal, new_id(now), args.name, found.people, now, source, unit=args.unit
            )
            await house.journal.note(
                tx, now, by.name, "import_audience", f"audience/{args.name}", added=new, sha256=source.sha256
            )
    _tell_import(args, found, new)
    return 1 if refused else 0


def _tell_import(args: argparse.Namespace, found: AudienceList, new: int) -> None:
    if args.json:
        faults = [{"line": f.line, "column": f.column, "vi": f.vi, "en": f.en} for f in found.faults]
        print_json({"audience": args.name, "added": new, "doubled": found.doubled, "faults": faults})
        return
    print_faults(found.faults, COLUMN_TITLES)
    if found.faults and not args.keep_good:
        err.print("Không nhập dòng nào. Sửa tệp, hoặc thêm --keep-good để giữ các dòng đúng.")
    else:
        out.print(f"{args.name}: thêm {new} địa chỉ, {found.doubled} trùng, {len(found.faults)} lỗi")


def _read(file: Path, zone: ZoneInfo, by: str) -> tuple[AudienceList, Source]:
    try:
        data = file.read_bytes()
        return read_audience(data, zone), Source(file.name[:200], sha256_of(data), by)
    except OSError as error:
        raise unreadable(file, error) from None


async def add_filter(house: House, args: argparse.Namespace) -> int:
    """A part of a list under a name of its own; with nobody in it, what there is to filter by."""
    by, now, conditions = await actor(house, None), house.clock.now(), conditions_of(args.where)
    async with house.database.write() as tx:
        size = await store.save_filter(tx, new_id(now), args.name, args.of, conditions, now)
        await house.journal.note(tx, now, by.name, "add_filter", f"audience/{args.name}", of=args.of, where=args.where)
        known = {} if size else await store.tag_values(tx, args.of)
    if args.json:
        print_json({"audience": args.name, "size": size})
        return 0
    out.print(f"{args.name}: {size} địa chỉ", markup=False)
    for tag, values in known.items():
        err.print(f"  {tag}: {', '.join(values)}", markup=False)
    return 0


async def list_audiences(house: House, args: argparse.Namespace) -> int:
    """Audiences with their sizes."""
    async with house.database.read() as connection:
        rows = await store.audiences(connection)
    if args.json:
        for row in rows:
            where = [f"{tag}={value}" for tag, value in row.conditions]
            told = {"of": row.part_of, "where": where} if row.part_of else {}
            print_json({"id": row.id, "name": row.name, "size": row.size, **told})
        return 0
    lines = [(row.name, row.size, f"{row.part_of}: {in_words(row.conditions)}" if row.part_of else "") for row in rows]
    print_table(("nhóm nhận", "địa chỉ", "lọc từ"), lines, empty="Chưa có nhóm nhận.")
    return 0
