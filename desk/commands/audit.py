"""`loa audit`: evidence of an item checked offline, and the fingerprint of the key it is signed with."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.lazy import lazily
from config.settings import Settings
from config.words import BadInput
from db.journal import Journal
from desk.commands.output import out, print_json
from desk.evidence.stamp import Stamp
from desk.keys import derive, load_key

if TYPE_CHECKING:
    from desk.evidence import checking
else:
    checking = lazily("desk.evidence.checking")

MARKS = {"right": "✓", "wrong": "✗", "note": "·"}
STYLES = {"right": "green", "wrong": "red", "note": "dim"}


def register(commands: Any) -> None:
    """Add `audit` and its verbs to the parser."""
    verbs = commands.add_parser("audit", help="kiểm bằng chứng").add_subparsers(required=True, metavar="VERB")
    verify = verbs.add_parser("verify", help="kiểm một gói bằng chứng (ZIP), không cần mạng hay cơ sở dữ liệu")
    verify.add_argument("file", type=Path, metavar="FILE.zip")
    known = verify.add_mutually_exclusive_group()
    known.add_argument("--key", default="", metavar="FINGERPRINT", help="dấu khóa mà cơ quan đã cho biết")
    known.add_argument("--own-key", action="store_true", help="kiểm bằng khóa của máy này: cả băm nối của sổ ghi việc")
    verify.add_argument("--json", action="store_true")
    verify.set_defaults(run_alone=verify_bundle)
    verbs.add_parser("key", help="dấu khóa mà cơ quan này ký bằng chứng").set_defaults(run_alone=show_key)


async def verify_bundle(settings: Settings, args: argparse.Namespace) -> int:
    """What is right and what is wrong, a line each; exit code 1 when anything is wrong."""
    known = _own(settings) if args.own_key else checking.Known(args.key)
    findings = await asyncio.to_thread(lambda: list(checking.check(args.file, known)))
    wrong = [one for one in findings if one.standing is checking.Standing.WRONG]
    if args.json:
        told = [{"standing": one.standing, "about": one.about, "vi": one.vi, "en": one.en} for one in findings]
        print_json({"file": args.file.name, "whole": not wrong, "findings": told})
        return 1 if wrong else 0
    for one in findings:
        out.print(_line(one, settings.office.locale), style=STYLES[one.standing], markup=False)
    english = settings.office.locale.startswith("en")
    if wrong:
        out.print(f"{len(wrong)} things are wrong" if english else f"Gói này có {len(wrong)} chỗ sai", style="bold red")
        return 1
    whole = "The bundle is whole" if english else "Gói bằng chứng nguyên vẹn"
    if not known.stamp and not known.fingerprint:  # anybody can sign a bundle of their own
        whole += (
            " by its own signature; nobody compared the key" if english else " theo chữ ký kèm nó; chưa ai so dấu khóa"
        )
    out.print(whole, style="bold green")
    return 0


def _line(one: checking.Finding, locale: str) -> str:
    said = f"{MARKS[one.standing]} {one.about}{': ' if one.about else ''}{one.text(locale)}"
    # what a bundle says of itself is not to steer the terminal
    return "".join(letter if letter.isprintable() else "�" for letter in said)


async def show_key(settings: Settings, args: argparse.Namespace) -> int:
    """To be told by other ways than the bundles themselves: on paper, on the office's page."""
    stamp = _own(settings).stamp
    assert stamp is not None
    out.print(stamp.fingerprint, markup=False)
    return 0


def _own(settings: Settings) -> checking.Known:
    """The office's own keys; none is made where there is none. Raises BadInput."""
    if not settings.security.key.get_secret_value() and not (settings.files.dir / "loa.key").exists():
        where = settings.files.dir / "loa.key"
        raise BadInput(f"Máy này không có khóa của cơ quan ({where})", f"There is no key of the office here ({where})")
    key = load_key(settings)
    return checking.Known(stamp=Stamp(derive(key, "evidence")), journal=Journal(derive(key, "journal")))
