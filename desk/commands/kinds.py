"""`loa outlet kinds`: what outlets there can be, and a piece of configuration for each to be filled in."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from channels.channel import Channel, find_channels
from config.words import NotFound
from desk.app import House
from desk.commands.output import print_table

WIDE = 40


def register(verbs: Any) -> None:
    """Add the verb to those of `outlet`."""
    kinds = verbs.add_parser("kinds", help="các loại điểm phát; thêm tên loại để in mẫu cấu hình")
    kinds.add_argument("kind", nargs="?", default="")
    kinds.set_defaults(run=show)


async def show(house: House, args: argparse.Namespace) -> int:
    """Every kind with its title, or one kind's configuration."""
    known = find_channels()
    if not args.kind:
        print_table(("loại", "là gì"), [(name, channel.title_vi) for name, channel in known.items()], empty="")
        return 0
    if args.kind not in known:
        raise NotFound(f"Không có loại {args.kind} (có: {', '.join(known)})", f"There is no kind {args.kind}")
    sys.stdout.write("\n".join(skeleton(known[args.kind])) + "\n")
    return 0


def skeleton(channel: Channel[Any]) -> Iterator[str]:
    """Lines of TOML: what must be given is open, everything else a comment with its default."""
    yield f"# {channel.title_vi} ({channel.title_en})"
    yield "[outlets.TEN]"
    yield f'kind = "{channel.kind}"'
    for name, field in channel.options.model_fields.items():
        yield _line(name, field)


def _line(name: str, field: FieldInfo) -> str:
    """An option with its help; a secret is read from a file."""
    is_secret = "SecretStr" in str(field.annotation) and "Mapping" not in str(field.annotation)
    key = f"{name}_file" if is_secret else name
    if field.is_required():
        return f"{f'{key} = {_written(str())}':{WIDE}} # bắt buộc: {field.description}"
    default = (
        ""
        if isinstance(field.default, SecretStr) or field.default is None
        else field.get_default(call_default_factory=True)
    )
    return f"{f'# {key} = {_written(default)}':{WIDE}} # {field.description}"


def _written(value: object) -> str:
    """A value as TOML writes it; what has parts of its own is left open."""
    if isinstance(value, bool | int | float | str):
        return json.dumps(value, ensure_ascii=False)
    return "[]" if isinstance(value, tuple | list) else "{}"
