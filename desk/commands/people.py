"""`loa user`, `loa token`, `loa outlet`: people, their tokens, and the state of outlets."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from channels import store as channels_store
from channels.answer import SendError
from channels.channel import To
from config.lazy import lazily
from config.words import BadInput
from content.bulletin import Bulletin, BulletinClass, Part
from db.types import new_id
from desk import store
from desk.airing import take_log
from desk.app import House
from desk.commands import authorize, kinds
from desk.commands.acting import EVERYTHING, actor
from desk.commands.output import err, local, out, print_json, print_table

if TYPE_CHECKING:
    from desk import auth
else:
    auth = lazily("desk.auth")


def register(commands: Any) -> None:
    """Add `user`, `token` and `outlet` with their verbs to the parser."""
    users = commands.add_parser("user", help="người dùng").add_subparsers(required=True, metavar="VERB")
    add = users.add_parser("add", help="thêm người dùng")
    add.add_argument("login", help="tên đăng nhập")
    add.add_argument("--name", help="họ tên (mặc định: tên đăng nhập)")
    add.add_argument("--role", nargs="+", action="extend", choices=EVERYTHING, help="mặc định: author")
    add.add_argument("--password-stdin", action="store_true", help="đọc mật khẩu từ stdin; không có thì tự sinh")
    add.set_defaults(run=add_user)
    password = users.add_parser("password", help="đặt lại mật khẩu; mọi phiên đăng nhập của người đó kết thúc")
    password.add_argument("login")
    password.add_argument("--password-stdin", action="store_true")
    password.set_defaults(run=reset_password)
    listing = users.add_parser("list", help="danh sách người dùng")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=list_users)
    tokens = commands.add_parser("token", help="khóa API").add_subparsers(required=True, metavar="VERB")
    create = tokens.add_parser("create", help="tạo khóa, chỉ hiện một lần")
    create.add_argument("login")
    create.add_argument("--name", default="api")
    create.add_argument("--scope", nargs="+", default=["read"], choices=("read", "write", "approve", "station"))
    create.add_argument("--days", type=int, help="số ngày hiệu lực")
    create.set_defaults(run=create_token)
    outlets = commands.add_parser("outlet", help="điểm phát").add_subparsers(required=True, metavar="VERB")
    outlet_list = outlets.add_parser("list", help="danh sách điểm phát")
    outlet_list.add_argument("--json", action="store_true")
    outlet_list.set_defaults(run=list_outlets)
    kinds.register(outlets)
    authorize.register(outlets)
    test = outlets.add_parser("test", help="gửi thử một tin tới một địa chỉ")
    test.add_argument("name")
    test.add_argument("--to", default="", metavar="ADDRESS")
    test.set_defaults(run=test_outlet)
    aired = outlets.add_parser(
        "aired", help="nhập nhật ký phát sóng của đài (CSV của LibreTime, AzuraCast; XML của OpenBroadcaster)"
    )
    aired.add_argument("name")
    aired.add_argument("file", type=Path)
    aired.add_argument("--as", dest="by", metavar="NAME")
    aired.add_argument("--json", action="store_true")
    aired.set_defaults(run=import_aired)
    for name, run, words in (("pause", pause, "tạm dừng"), ("resume", resume, "dùng lại")):
        verb = outlets.add_parser(name, help=words)
        verb.add_argument("name")
        verb.add_argument("--note", default="")
        verb.add_argument("--as", dest="by", metavar="NAME")
        verb.set_defaults(run=run)


async def add_user(house: House, args: argparse.Namespace) -> int:
    """A new person; the password is given on stdin or made and shown once."""
    by = await actor(house, None)
    roles = tuple(args.role or ("author",))
    password = await _given_password(args)
    made = await auth.add_person(house, args.login, args.name or args.login, roles, password, by=by.name)
    out.print(f"{args.login}  {args.name or args.login}  {', '.join(roles)}")
    if password is None:
        out.print(f"mật khẩu (chỉ hiện một lần): {made}")
    return 0


async def _given_password(args: argparse.Namespace) -> str | None:
    """The first line of stdin when that was asked for; never on the command line, where others can read it."""
    return (await asyncio.to_thread(sys.stdin.readline)).rstrip("\n") if args.password_stdin else None


async def reset_password(house: House, args: argparse.Namespace) -> int:
    """Another password, given on stdin or made and shown once."""
    by = await actor(house, None)
    password = await _given_password(args)
    made = await auth.reset_password(house, args.login, password, by=by.name)
    out.print(f"{args.login}: đã đổi" if password is not None else f"mật khẩu mới (chỉ hiện một lần): {made}")
    return 0


async def list_users(house: House, args: argparse.Namespace) -> int:
    """Everybody with their roles."""
    async with house.database.read() as connection:
        everybody = await store.people(connection)
    if args.json:
        for person in everybody:
            print_json(person)
        return 0
    rows = [(one.login, one.name, ", ".join(one.roles), "đã khóa" if one.disabled_at else "") for one in everybody]
    print_table(("đăng nhập", "họ tên", "vai trò", ""), rows, empty="Chưa có người dùng. Thêm: loa user add")
    return 0


async def create_token(house: House, args: argparse.Namespace) -> int:
    """A token for the API, shown once."""
    by = await actor(house, None)
    token = await auth.make_token(house, args.login, args.name, tuple(args.scope), args.days, by=by.name)
    sys.stdout.write(token + "\n")
    return 0


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
    if at.channel.scheme and not args.to:
        raise BadInput(
            f"Cho biết gửi thử tới đâu: --to ({at.channel.scheme})", f"Say where to: --to ({at.channel.scheme})"
        )
    if at.channel.shelf:
        out.print(f"{args.name}: kệ lấy tin, địa chỉ {at.outlet.base_url}/feed.xml")
        return 0
    now = house.clock.now()
    words = "Loa gửi thử, xin bỏ qua tin này."
    part = Part("test", "test", "", "gui-thu", "Tin gửi thử", f"<p>{words}</p>", words, words, words)
    bulletin = Bulletin(new_id(now), BulletinClass.NORMAL, house.settings.office.name, now, None, (part,))
    async with house.database.write() as tx:
        await house.journal.note(tx, now, by.name, "test_outlet", f"outlet/{args.name}")
    try:
        receipt = await at.channel.send(
            bulletin, at.outlet, To(f"test-{new_id(now)}", args.to or args.name), house.http
        )
    except SendError as error:
        err.print(f"[red]{args.name}: {error.vi}[/red]")
        return 1
    out.print(f"{args.name}: đối tác đã nhận ({receipt.reference or receipt.detail or 'không có mã'})")
    return 0


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
    name = house.outlets[args.name].name
    async with house.database.write() as tx:
        await channels_store.resume_outlet(tx, name)
        await house.journal.note(tx, house.clock.now(), by.name, "resume_outlet", f"outlet/{name}", reason=args.note)
    house.notifier.ring("work")
    out.print(f"{name}: dùng lại")
    return 0
