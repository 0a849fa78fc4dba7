"""`loa serve` and `loa work`: the server, and one pass over what is due."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import resource
import signal
from typing import TYPE_CHECKING, Any

from config.lazy import lazily
from config.logs import log
from config.words import BadInput
from db.database import DatabaseTrouble
from desk.app import House
from desk.commands.output import err
from scheduler.delivery import FINAL
from scheduler.log import store as log_store
from scheduler.runner import ROLES

if TYPE_CHECKING:
    from rich import progress as bars

    from desk import auth, serving
else:
    bars = lazily("rich.progress")
    auth, serving = lazily("desk.auth"), lazily("desk.serving")  # a process that only sends needs no pages

MOST_FILES = 65_536
logger = log("server")


def register(commands: Any) -> None:
    """Add `serve` and `work` to the parser."""
    serve = commands.add_parser("serve", help="chạy máy chủ")
    serve.add_argument("--roles", default="all", help="all, hoặc desk,planner,worker,warmer,sweeper")
    serve.set_defaults(run=run_server)
    work = commands.add_parser("work", help="gửi những gì đã đến giờ")
    work.add_argument("--drain", action="store_true", required=True, help="xong việc đến hạn thì dừng")
    work.set_defaults(run=drain)


async def run_server(house: House, args: argparse.Namespace) -> int:
    """Until SIGTERM or SIGINT: then nothing new is begun, what is in hand is finished and written, exit code 0."""
    roles = _roles(args.roles)
    stop_on_signals(house)
    settle_process()
    async with contextlib.AsyncExitStack() as stack:
        if "desk" in roles:
            await stack.enter_async_context(serving.desk(house))
            said = await auth.first_administrator(house)
            if said:
                err.print(f"[bold]{said}[/bold]")
        elif house.settings.web.metrics_port:
            await stack.enter_async_context(serving.probes(house))
        err.print(f"Loa đang chạy ({', '.join(roles)}): {house.settings.web.base_url}/  Dừng: Ctrl+C")
        actors = tuple(role for role in roles if role in ROLES)
        async with asyncio.TaskGroup() as loops:
            loops.create_task(house.fitter.follow(house.stopping))
            if "sweeper" in roles:
                loops.create_task(house.watcher.follow(house.stopping))
            await (house.runner.run(actors) if actors else house.stopping.wait())
    return 0


def settle_process() -> None:
    """As many files and connections as the system allows; and the collector looks less often for what there is not."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, MOST_FILES)), hard))
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def _roles(text: str) -> list[str]:
    known = ["desk", *ROLES]
    roles = known if text == "all" else [role.strip() for role in text.split(",") if role.strip()]
    unknown = [role for role in roles if role not in known]
    if unknown or not roles:
        listed = ", ".join(known)
        raise BadInput(f"Không có vai trò {', '.join(unknown)} (có: {listed})", f"Unknown roles; there are: {listed}")
    return roles


def stop_on_signals(house: House) -> None:
    """SIGTERM and SIGINT: nothing new is begun, what is in hand is finished and written."""
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, house.stop)


async def drain(house: House, args: argparse.Namespace) -> int:
    """Plan, record and send until nothing due is left, with a bar of what has an outcome."""
    stop_on_signals(house)
    settle_process()
    done = asyncio.Event()
    with bars.Progress(*_columns(), console=err.console, transient=True) as progress:
        showing = asyncio.ensure_future(_show(house, progress, done))
        try:
            await house.runner.drain()
        finally:
            done.set()
            await showing
    return 0


def _columns() -> list[bars.ProgressColumn]:
    return [
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
    ]


async def _show(house: House, progress: bars.Progress, done: asyncio.Event) -> None:
    """Move the bar once a second."""
    bar = progress.add_task("đang gửi", total=None)
    while not await house.clock.wait(done, 1.0):
        try:
            async with house.database.read() as connection:
                counts = await log_store.stats(connection, log_store.Filter())
        except DatabaseTrouble:
            continue  # who sends says so
        total = sum(count.total() for count in counts.values())
        settled = sum(count[state] for count in counts.values() for state in FINAL)
        progress.update(bar, total=total or None, completed=settled)
