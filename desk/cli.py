"""The command line: the desk's verbs in a terminal (`loa --help`)."""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from config.loading import load
from config.logs import set_up
from config.settings import Settings
from config.words import Said
from db.database import DatabaseTrouble
from desk.app import opened
from desk.commands import (
    api,
    audiences,
    audit,
    bench,
    deliveries,
    demo,
    doctor,
    glossary,
    items,
    outlets,
    people,
    policy,
    procedures,
    schedules,
    server,
    themes,
    units,
    upkeep,
    voice,
    voices,
)
from desk.commands.output import err

DEFAULT_FILE = Path("loa.toml")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Exit codes: 0 well, 1 failed, 2 wrong usage."""
    args = _parser().parse_args(argv)
    try:
        settings = load(_config_file(args), os.environ)
        set_up(settings.log.level, settings.log.format)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(_run(settings, args))
    except Said as error:
        locale = os.environ.get("LOA_OFFICE__LOCALE", "vi")
        err.print(error.text(locale), style="red", markup=False)
        return 1
    except DatabaseTrouble as error:
        err.print(error.vi, style="red", markup=False)
        return 1
    except BrokenPipeError:
        # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """The faster loop where there is one; None is Python's own."""
    if importlib.util.find_spec("uvloop") is None:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module("uvloop").new_event_loop
    return factory


def _config_file(args: argparse.Namespace) -> Path | None:
    given = args.config or os.environ.get("LOA_CONFIG")
    if given:
        return Path(given)
    return DEFAULT_FILE if DEFAULT_FILE.exists() else None


def _run(settings: Settings, args: argparse.Namespace) -> Coroutine[Any, Any, int]:
    alone = getattr(args, "run_alone", None)
    if alone is not None:
        result: Coroutine[Any, Any, int] = alone(settings, args)
        return result
    return _in_house(settings, args)


async def _in_house(settings: Settings, args: argparse.Namespace) -> int:
    async with opened(settings) as house:
        code: int = await args.run(house, args)
        return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="loa",
        description="Loa: soạn một lần, người thứ hai duyệt, phát đúng giờ trên mọi kênh, ghi lại từng lượt.",
    )
    parser.add_argument("--version", action="version", version=f"loa {version('loa')}")
    parser.add_argument("--config", metavar="FILE", help="tệp cấu hình TOML (mặc định: loa.toml nếu có)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for group in (
        demo,
        server,
        items,
        schedules,
        audiences,
        deliveries,
        people,
        outlets,
        policy,
        procedures,
        themes,
        units,
        glossary,
        voice,
        voices,
        upkeep,
        audit,
        doctor,
        api,
        bench,
    ):
        group.register(commands)
    _accept_config_last(commands)
    return parser


def _accept_config_last(commands: Any) -> None:
    """`--config F` may also stand behind the command, where people write it."""
    for parser in list(commands.choices.values()):
        nested = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001
        for action in nested:
            _accept_config_last(action)
        if not nested:
            parser.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
