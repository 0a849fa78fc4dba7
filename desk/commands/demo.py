"""`loa demo`: the main job on this machine alone, with partners of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.clock import SystemClock
from config.lazy import lazily
from config.logs import set_up
from config.settings import Settings

if TYPE_CHECKING:
    from desk.demo import play
else:
    play = lazily("desk.demo.play")


def register(commands: Any) -> None:
    """Add `demo` to the parser."""
    demo = commands.add_parser("demo", help="chạy thử toàn bộ với đối tác giả lập trên máy này")
    demo.add_argument("--once", action="store_true", help="dừng khi mọi lượt gửi đã xong; mã 0 chỉ khi tất cả đã tới")
    demo.add_argument("--port", type=int, default=0, help="cổng của trang web (mặc định: một cổng trống)")
    demo.add_argument("--dir", type=Path, help="thư mục dữ liệu (mặc định: var/demo/…)")
    demo.set_defaults(run_alone=run_demo)


async def run_demo(_settings: Settings, args: argparse.Namespace) -> int:
    """Play the demo in a directory of its own; the configured database and partners are not touched."""
    set_up("warning", "console")
    directory = args.dir or Path("var/demo") / SystemClock().now().strftime("%Y%m%d-%H%M%S")
    directory.mkdir(parents=True, exist_ok=True)
    playing = asyncio.ensure_future(play.play(directory.resolve(), args.port, once=args.once))
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, playing.cancel)
    try:
        return await playing
    except asyncio.CancelledError:
        return 0 if not args.once else 1
