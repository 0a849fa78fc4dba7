"""`loa outlet`: which there are and how they do, a test message, what a station aired, pauses."""

from __future__ import annotations

import argparse
import asyncio
import getpass
from pathlib import Path
from typing import Any

from channels import store as channels_store
from config.words import BadInput
from desk.airing import take_log
from desk.app import House
from desk.commands import authorize, kinds
from desk.commands.acting import actor
from desk.commands.output import err, local, out, print_json, print_table
from desk.outlets.trial import try_out


def register(commands: Any) -> None:
    """Add `outlet` and its verbs to the parser."""
    verbs = commands.add_parser("outlet", help="điểm phát").add_subparsers(required=True, metavar="VERB")
    outlet_list = verbs.add_parser("list", help="danh sách điểm phát")
    outlet_list.add_argument("--json", action="store_true")
    outlet_list.set_defaults(run=list_outlets)
    kinds.register(verbs)
    authorize.register(verbs)
    test = verbs.add_parser("test", help="gửi thử một tin tới một địa chỉ")
    test.add_argument("name")
    test.add_argument("--to", default="", metavar="ADDRESS")
    test.set_defaults(run=test_outlet)
    aired = verbs.add_parser(
        "aired", help="nhập nhật ký phát sóng của đài (CSV của LibreTime, AzuraCast; XML của OpenBroadcaster)"
    )
    aired.add_argument("name")
    aired.add_argument("file", type=Path)
    aired.add_argument("--as", dest="by", metavar="NAME")
    aired.add_argument("--json", action="store_true")
    aired.set_defaults(run=import_aired)
    for name, run, words in (("pause", pause, "tạm dừng"), ("resume", resume, "dùng lại")):
        verb = verbs.add_parser(name, help=words)
        verb.add_argument("name")
        verb.add_argument("--note", default="")
        verb.add_argument("--as", dest="by", metavar="NAME")
        verb.set_defaults(run=run)


async def list_outlets(house: House, args: argparse.Namespace) -> int:
    """Outlets of the configuration with their health."""
    async with house.database.read() as connection:
        rows = await channels_store.outlet_rows(connection)
    zone = house.settings.office.zone
    lines = []
    for at in house.outlets:
        row = rows[at.name]
        state = "paused" if row.paused_at else "failing" if row.failures else "ok"
        if args.json:
            form = at.channel.form
            facts = {"name": at.name, "kind": at.channel.kind, "title": at.outlet.title, "form": form, "state": state}
            print_json({**facts, "worked_at": row.worked_at, "failures": row.failures, "trouble": row.trouble})
        words = {"paused": "tạm dừng", "failing": "đang lỗi", "ok": "tốt"}[state]
        lines.append((at.name, at.channel.kind, words, local(row.worked_at, zone), row.trouble[:60]))
    if not args.json:
        print_table(("điểm phát", "loại", "tình trạng", "gửi được lúc", "lỗi"), lines, empty="Chưa có điểm phát.")
    return 0


async def test_outlet(house: House, args: argparse.Namespace) -> int:
    """One real test message through an outlet; it is not a delivery and is noted in the journal."""
    at = house.outlets[args.name]
    by = await actor(house, getpass.getuser())
    if at.channel.shelf:
        out.print(f"{args.name}: kệ lấy tin, địa chỉ {at.outlet.base_url}/feed.xml")
        return 0
    trial = await try_out(house, at, args.to, by.name)
    (out if trial.good else err).print(f"{args.name}: {trial.vi}", markup=False)
    return 0 if trial.good else 1


async def import_aired(house: House, args: argparse.Namespace) -> int:
    """A station's as-run log kept as evidence; lines that are about nothing we sent are told, not guessed."""
    by = await actor(house, args.by)
    try:
        data = await asyncio.to_thread(args.file.read_bytes)
    except OSError as error:
        raise BadInput(
            f"Không đọc được {args.file}: {error.strerror}", f"Cannot read {args.file}", field="file"
        ) from None
    taken = await take_log(house, house.outlets[args.name], data, by.name)
    if args.json:
        lines = [{"at": line.at, "title": line.title, "file": line.file} for line in taken.unmatched]
        print_json({"kept": taken.kept, "known": taken.known, "unmatched": lines, "faults": taken.faults})
        return 0
    out.print(f"{args.name}: ghi {taken.kept} lần phát, {taken.known} dòng đã có từ trước")
    for line in taken.unmatched:
        out.print(
            f"  không khớp bản tin nào: {local(line.at, house.settings.office.zone)}  {line.title or line.file}",
            markup=False,
        )
    for fault in taken.faults:
        out.print(f"  không đọc được {fault}", markup=False)
    return 0


async def pause(house: House, args: argparse.Namespace) -> int:
    """Stop using an outlet."""
    by = await actor(house, args.by)
    by.must("approver")
    name, now = house.outlets[args.name].name, house.clock.now()
    async with house.database.write() as tx:
        await channels_store.pause_outlet(tx, name, now, by.name, args.note)
        await house.journal.note(tx, now, by.name, "pause_outlet", f"outlet/{name}", reason=args.note)
    house.notifier.ring("outlet")
    out.print(f"{name}: tạm dừng")
    return 0


async def resume(house: House, args: argparse.Namespace) -> int:
    """Use a paused outlet again."""
    by = await actor(house, args.by)
    by.must("approver")
    name, now = house.outlets[args.name].name, house.clock.now()
    async with house.database.write() as tx:
        await channels_store.resume_outlet(tx, name, now, by.name)
        await house.journal.note(tx, now, by.name, "resume_outlet", f"outlet/{name}", reason=args.note)
    house.notifier.ring("work")
    out.print(f"{name}: dùng lại")
    return 0
