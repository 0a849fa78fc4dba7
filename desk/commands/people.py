"""`loa user`, `loa token`: people and their tokens."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING, Any

from config.lazy import lazily
from desk import store
from desk.app import House
from desk.commands.acting import EVERYTHING, actor
from desk.commands.output import out, print_json, print_table

if TYPE_CHECKING:
    from desk import auth
else:
    auth = lazily("desk.auth")


def register(commands: Any) -> None:
    """Add `user` and `token` with their verbs to the parser."""
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
