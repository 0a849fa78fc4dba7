"""`loa outlet authorize`: an administrator of a Zalo Official Account lets Loa speak for it; the first pair of tokens is kept."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
from typing import Any

from channels import store as channels_store
from channels.answer import SendError
from channels.zalo.account import ZaloAccount
from channels.zalo.consent import challenge_of, code_in, consent_address, verifier_of
from channels.zalo.tokens import begin_with
from config.words import BadInput, Conflict
from desk.app import House
from desk.commands.acting import actor
from desk.commands.output import out


def register(verbs: Any) -> None:
    """Add the verb to those of `outlet`."""
    authorize = verbs.add_parser("authorize", help="cấp quyền cho Loa nói thay một Official Account Zalo")
    authorize.add_argument("name")
    authorize.add_argument(
        "--callback", default="", metavar="URL", help="Official Account Callback Url đã khai ở developers.zalo.me"
    )
    authorize.add_argument("--as", dest="by", metavar="NAME")
    authorize.set_defaults(run=authorize_outlet)


async def authorize_outlet(house: House, args: argparse.Namespace) -> int:
    """Print the address to open, read the code or the address it led to from stdin, keep the pair."""
    by = await actor(house, args.by)
    by.must("administrator")
    at = house.outlets[args.name]
    if not isinstance(at.outlet.options, ZaloAccount):
        raise BadInput(f"{args.name} không phải điểm phát Zalo", f"{args.name} is not a Zalo outlet", field="name")
    callback = args.callback or f"{house.settings.web.base_url}/hooks/{args.name}"
    verifier, state = await verifier_of(at.outlet.keep), secrets.token_urlsafe(12)
    out.print("1. Ở developers.zalo.me, mục Official Account, khai (chỉ một lần):")
    out.print(f"   Callback Url:   {callback}")
    out.print(f"   Code Challenge: {challenge_of(verifier)}")
    out.print("2. Quản trị viên của OA mở địa chỉ này và bấm cho phép (mã nhận được sống 10 phút):")
    out.print(f"   {consent_address(at.outlet, callback, challenge_of(verifier), state)}")
    out.print("3. Dán mã, hoặc cả địa chỉ Zalo dẫn về, rồi Enter:")
    code = code_in(await asyncio.to_thread(sys.stdin.readline), state)
    try:
        await begin_with(at.outlet, house.http, code, verifier)
    except SendError as error:
        raise Conflict(error.vi, error.en) from None
    async with house.database.write() as tx:
        now = house.clock.now()
        await channels_store.resume_outlet(tx, args.name, now, by.name)
        await house.journal.note(tx, now, by.name, "authorize_outlet", f"outlet/{args.name}")
    out.print("Đã cấp quyền; cặp token đã được giữ, từ nay Loa tự đổi.")
    return 0
