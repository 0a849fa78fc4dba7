"""`loa policy`: the rules in force with their sources, and the do-not-advertise list."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channels.no_adverts import store
from config.lazy import lazily
from config.words import BadInput
from desk.app import House
from desk.commands.acting import actor
from desk.commands.output import out, print_json, print_table
from scheduler.policy import LEVELS

if TYPE_CHECKING:
    from desk import policy as page
else:
    page = lazily("desk.policy")


def register(commands: Any) -> None:
    """Add `policy` and its verbs to the parser."""
    verbs = commands.add_parser("policy", help="quy định gửi tin").add_subparsers(required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="các quy định đang áp dụng, với căn cứ")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=list_rules)
    importing = verbs.add_parser("no-adverts", help="nhập danh sách không quảng cáo (Nghị định 91/2020, Điều 7)")
    importing.add_argument("file", type=Path, metavar="FILE")
    importing.add_argument("--whole", action="store_true", help="thay toàn bộ danh sách cũ")
    importing.set_defaults(run=import_no_adverts)


async def list_rules(house: House, args: argparse.Namespace) -> int:
    """One rule a line; as JSON with all it asks."""
    rules = house.policy.rules
    if args.json:
        for name, rule in rules.items():
            print_json(page.plain_rule(name, rule))
        return 0
    out.print(f"cấp: {LEVELS.get(house.policy.level, 'chưa khai ([office] level)')}")
    rows = [(name, "cấm" if rule.effect == "forbid" else "nhắc", rule.vi, rule.source) for name, rule in rules.items()]
    print_table(("tên", "", "quy định", "căn cứ"), rows, empty="Không có quy định nào.")
    return 0


async def import_no_adverts(house: House, args: argparse.Namespace) -> int:
    """Numbers that never get advertising, from a file like an audience's; with any bad row none is taken in."""
    by = await actor(house, None)
    by.must("author", "approver")
    try:
        numbers = page.numbers_of(await asyncio.to_thread(args.file.read_bytes))
    except OSError as error:
        vi, en = f"{args.file}: không đọc được ({error.strerror})", f"{args.file}: cannot be read ({error.strerror})"
        raise BadInput(vi, en) from None
    async with house.database.write() as tx:
        now = house.clock.now()
        count = await store.save_no_adverts(house.database, tx, house.seal, numbers, now, whole=args.whole)
        about = {"size": count, "whole": args.whole}
        await house.journal.note(tx, now, by.name, "import_no_adverts", "policy/no-adverts", **about)
    out.print(f"danh sách không quảng cáo: {count} số")
    return 0
