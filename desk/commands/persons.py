"""`loa audience person` and `erase`: what is kept of one person, told or erased at that person's request."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channels.audience import masked, read_person
from config.lazy import lazily
from desk.app import House
from desk.commands.acting import actor
from desk.commands.output import local, out

if TYPE_CHECKING:
    from desk import rights as page
else:
    page = lazily("desk.rights")


def register(people: Any) -> None:
    """Add the verbs to those of `audience`."""
    person = people.add_parser("person", help="những gì lưu về một người (ghi vào sổ)")
    person.add_argument("number", metavar="NUMBER", help="số điện thoại hoặc mã Zalo")
    person.add_argument("--export", metavar="FILE", help="ghi tất cả ra tệp JSON; - là stdout")
    person.add_argument("--as", dest="by", metavar="NAME")
    person.set_defaults(run=tell)
    erase = people.add_parser("erase", help="xóa một người; nhật ký còn số lượng và trạng thái")
    erase.add_argument("number", metavar="NUMBER", help="số điện thoại hoặc mã Zalo")
    erase.add_argument("--reason", required=True, metavar="TEXT", help="ghi vào sổ, ví dụ: đơn ngày 26/11/2026")
    erase.add_argument("--as", dest="by", metavar="NAME")
    erase.set_defaults(run=erase_person)


async def tell(house: House, args: argparse.Namespace) -> int:
    """In short on the screen, or all of it into a file."""
    by = await actor(house, args.by)
    by.must("administrator")
    told = await house.rights.tell(*read_person(args.number), by.name)
    if args.export == "-":
        sys.stdout.write(page.in_json(told))
    elif args.export:
        await asyncio.to_thread(_write, Path(args.export), page.in_json(told))
    else:
        _show(house, told)
    return 0


def _write(file: Path, text: str) -> None:
    """For nobody's eyes but those of whoever asked for it."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as new:
        new.write(text)


def _show(house: House, told: dict[str, Any]) -> None:
    zone = house.settings.office.zone
    out.print(masked(told["address"]), markup=False)
    for one in told["lists"]:
        state = f"ngừng gửi từ {local(one['stopped_at'], zone)}" if one["stopped_at"] else "đang nhận"
        out.print(f"  nhóm {one['list']}: thêm {local(one['added_at'], zone)}, {state}", markup=False)
    if told["opted_out"]:
        said = told["opted_out"]
        out.print(f"  từ chối nhận tin {local(said['at'], zone)}: {said['how']}", markup=False)
    out.print(f"  {len(told['deliveries'])} lượt gửi; --export FILE ghi tất cả", markup=False)


async def erase_person(house: House, args: argparse.Namespace) -> int:
    """Off every list, out of the log, and never taken in again."""
    by = await actor(house, args.by)
    by.must("administrator")
    scheme, address = read_person(args.number)
    done = await house.rights.erase(scheme, address, by.name, args.reason)
    house.notifier.ring("delivery")
    told = f"{done.lists} nhóm, {done.deliveries} lượt trong nhật ký, hủy {done.cancelled} lượt chờ"
    out.print(f"{masked(address)}: đã xóa ({told})", markup=False)
    return 0
