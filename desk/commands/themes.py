"""`loa theme`: the office's list of themes."""

from __future__ import annotations

import argparse
from typing import Any

from config.words import NotFound
from content import store
from content.item import slug_of
from desk.app import House
from desk.commands.acting import actor
from desk.commands.output import out, print_json, print_table


def register(commands: Any) -> None:
    """Add `theme` and its verbs to the parser."""
    verbs = commands.add_parser("theme", help="chủ đề").add_subparsers(required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="các chủ đề đang dùng")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=list_themes)
    save = verbs.add_parser("save", help="thêm chủ đề, hoặc đặt lại tên và thứ tự")
    save.add_argument("title")
    save.add_argument("--id", default="", help="mã chủ đề (mặc định: từ tên)")
    save.add_argument("--position", type=int, default=100)
    save.set_defaults(run=save_theme)
    retire = verbs.add_parser("retire", help="thôi dùng; tin cũ vẫn giữ chủ đề")
    retire.add_argument("id")
    retire.set_defaults(run=retire_theme)


async def list_themes(house: House, args: argparse.Namespace) -> int:
    """Themes in the office's order."""
    async with house.database.read() as connection:
        themes = await store.themes(connection)
    if args.json:
        for id, title in themes:
            print_json({"id": id, "title": title})
        return 0
    print_table(("mã", "chủ đề"), themes, empty="Chưa có chủ đề.")
    return 0


async def save_theme(house: House, args: argparse.Namespace) -> int:
    """Add a theme, or change the title and place of one."""
    by = await actor(house, None)
    id = args.id or slug_of(args.title)
    async with house.database.write() as tx:
        await store.save_theme(house.database, tx, id, args.title, args.position)
        await house.journal.note(tx, house.clock.now(), by.name, "save_theme", f"theme/{id}", title=args.title)
    out.print(f"{id}  {args.title}")
    return 0


async def retire_theme(house: House, args: argparse.Namespace) -> int:
    """Take a theme off the list."""
    by = await actor(house, None)
    async with house.database.write() as tx:
        if args.id not in dict(await store.themes(tx)):
            raise NotFound(f"Không có chủ đề {args.id}", f"There is no theme {args.id}")
        await store.retire_theme(tx, args.id, house.clock.now())
        await house.journal.note(tx, house.clock.now(), by.name, "retire_theme", f"theme/{args.id}")
    out.print(f"{args.id}: thôi dùng")
    return 0
