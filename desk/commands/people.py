"""`loa user`, `loa token`: people and their tokens."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING, Any

from config.lazy import lazily
from config.words import BadInput
from desk import store
from desk.app import House
from desk.commands.acting import EVERYTHING, actor
from desk.commands.output import local, out, plain, print_json, print_table
from desk.second_step import store as second_steps

if TYPE_CHECKING:
    from desk import auth
    from desk.second_step import keeping
else:
    auth, keeping = lazily("desk.auth"), lazily("desk.second_step.keeping")


def register(commands: Any) -> None:
    """Add `user` and `token` with their verbs to the parser."""
    users = commands.add_parser("user", help="người dùng").add_subparsers(required=True, metavar="VERB")
    add = users.add_parser("add", help="thêm người dùng")
    add.add_argument("login", help="tên đăng nhập")
    add.add_argument("--name", help="họ tên (mặc định: tên đăng nhập)")
    add.add_argument("--role", nargs="+", action="extend", choices=EVERYTHING, help="mặc định: author")
    add.add_argument("--unit", default="", metavar="ID", help="đơn vị; không có là cả cơ quan (xem: loa unit list)")
    add.add_argument("--password-stdin", action="store_true", help="đọc mật khẩu từ stdin; không có thì tự sinh")
    add.set_defaults(run=add_user)
    password = users.add_parser("password", help="đặt lại mật khẩu; mọi phiên đăng nhập của người đó kết thúc")
    password.add_argument("login")
    password.add_argument("--password-stdin", action="store_true")
    password.set_defaults(run=reset_password)
    step = users.add_parser("second-step", help="đăng nhập hai bước của một người; --off gỡ cho ai mất điện thoại")
    step.add_argument("login")
    step.add_argument("--off", action="store_true", help="gỡ; mọi phiên đăng nhập của người đó kết thúc (ghi vào sổ)")
    step.add_argument("--as", dest="by", metavar="NAME", help="người quản trị thực hiện")
    step.add_argument("--json", action="store_true")
    step.set_defaults(run=second_step)
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


async def add_user(house: House, args: argparse.Namespace) -> int:
    """A new person; the password is given on stdin or made and shown once."""
    by = await actor(house, None)
    roles = tuple(args.role or ("author",))
    password = await _given_password(args)
    told = {"unit": args.unit, "by": by.name}
    made = await auth.add_person(house, args.login, args.name or args.login, roles, password, **told)
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


async def second_step(house: House, args: argparse.Namespace) -> int:
    """Whether somebody signs in by two steps; `--off` takes the second off."""
    async with house.database.read() as connection:
        row = await store.person_by_login(connection, args.login.strip().lower())
        if row is None:
            raise BadInput(f"Không có người dùng {args.login}", f"There is no person {args.login}", field="login")
    if args.off:
        by = await actor(house, args.by)
        by.must("administrator")
        async with house.database.write() as tx:
            whose = keeping.Whose(row.id, row.login, row.name)
            await keeping.SecondSteps(house).take_off(tx, whose, by.name)
    async with house.database.read() as connection:
        since = (await second_steps.everybody(connection)).get(row.id)
        left = await second_steps.count_recovery_codes(connection, row.id)
    if args.json:
        print_json({"login": row.login, "second_step_since": since, "recovery_codes": left})
    elif since is None:
        out.print(f"{row.login}: {'đã gỡ đăng nhập hai bước' if args.off else 'chưa bật đăng nhập hai bước'}")
    else:
        at = local(since, house.settings.office.zone)
        out.print(f"{row.login}: đăng nhập hai bước từ {at}, còn {left} mã khôi phục")
    return 0


async def list_users(house: House, args: argparse.Namespace) -> int:
    """Everybody with their roles."""
    async with house.database.read() as connection:
        everybody = await store.people(connection)
        steps = await second_steps.everybody(connection)
    if args.json:
        for person in everybody:
            print_json({**plain(person), "second_step_since": steps.get(person.id)})
        return 0
    rows = [
        (
            one.login,
            one.name,
            ", ".join(one.roles),
            one.unit,
            "có" if one.id in steps else "",
            "đã khóa" if one.disabled_at else "",
        )
        for one in everybody
    ]
    print_table(
        ("đăng nhập", "họ tên", "vai trò", "đơn vị", "hai bước", ""),
        rows,
        empty="Chưa có người dùng. Thêm: loa user add",
    )
    return 0


async def create_token(house: House, args: argparse.Namespace) -> int:
    """A token for the API, shown once."""
    by = await actor(house, None)
    token = await auth.make_token(house, args.login, args.name, tuple(args.scope), args.days, by=by.name)
    sys.stdout.write(token + "\n")
    return 0
