"""`loa bench send`: a yardstick for dispatch, through the real planner and worker to one gateway."""

from __future__ import annotations

import argparse
import re
import resource
import time
from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import Any

from channels.audiences import store as audience_store
from channels.seal import Seal
from config.logs import set_up
from config.settings import Settings
from config.words import BadInput
from content.item import Draft
from db.direct import Append, Rows, Step
from db.types import new_id, to_ms
from desk.app import House, opened
from desk.commands.output import print_json
from desk.commands.server import settle_process, stop_on_signals
from scheduler import store as scheduler_store
from scheduler.delivery import State
from scheduler.log import store as log_store
from scheduler.schedule import Rule
from scheduler.scheduling import Wish
from scheduler.width import MOST_KEPT

AUDIENCE = "bench"
CHUNK = 5_000
MOST = 10_000_000
CONNECTIONS = 1000


def register(commands: Any) -> None:
    """Add `bench` to the parser."""
    bench = commands.add_parser("bench", help="đo tốc độ phát trên máy này").add_subparsers(required=True)
    send = bench.add_parser(
        "send",
        help="gửi N lượt tới một địa chỉ nhận JSON và in một dòng JSON",
        description="Prints {recorded, seconds, cpu_seconds, peak_mb}: deliveries with the durable outcome `sent`; wall"
        " and CPU time of this process from the beginning of planning to the last outcome on disk; peak resident memory."
        " Called again with --resume after it was killed, it finishes what is left.",
    )
    send.add_argument("--count", type=int, required=True, metavar="N", help="số lượt gửi")
    send.add_argument("--concurrency", type=int, default=64, metavar="C", help="số lượt gửi cùng lúc (nhiều nhất 1000)")
    send.add_argument("--gateway", required=True, metavar="URL", help="địa chỉ nhận POST")
    send.add_argument("--dir", type=Path, required=True, metavar="D", help="thư mục dữ liệu của lần đo")
    send.add_argument("--database", default="", metavar="URL", help="mặc định: SQLite trong thư mục đó")
    send.add_argument("--resume", action="store_true", help="làm tiếp lần đo bị dừng giữa chừng")
    send.set_defaults(run_alone=run_send)


async def run_send(_settings: Settings, args: argparse.Namespace) -> int:
    """Enqueue and send; exit code 0 when every delivery has the outcome `sent`."""
    set_up("warning", "console")
    if not 0 < args.count <= MOST or not 0 < args.concurrency <= CONNECTIONS:
        raise BadInput(
            f"--count phải từ 1 đến {MOST}, --concurrency từ 1 đến {CONNECTIONS}",
            f"--count: 1 to {MOST}; --concurrency: 1 to {CONNECTIONS}",
        )
    args.dir.mkdir(parents=True, exist_ok=True)
    async with opened(bench_settings(args.dir, args.gateway, args.concurrency, args.database)) as house:
        stop_on_signals(house)
        async with house.database.read() as connection:
            begun = bool(await scheduler_store.list_schedules(connection, limit=1))
        if begun and not args.resume:
            raise BadInput(
                f"{args.dir} đã có một lần đo: thêm --resume, hoặc chọn thư mục khác",
                f"{args.dir} holds a run already: add --resume or choose another directory",
                field="dir",
            )
        if not begun:
            await enqueue(house, args.count)
        settle_process()
        wall, cpu = time.perf_counter(), time.process_time()
        await house.runner.drain()
        seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
        async with house.database.read() as connection:
            counts = await log_store.stats(connection, log_store.Filter())
    recorded = sum(count[State.SENT] for count in counts.values())
    print_json(
        {
            "recorded": recorded,
            "seconds": round(seconds, 3),
            "cpu_seconds": round(cpu_seconds, 3),
            "peak_mb": round(peak_mb(), 1),
        }
    )
    return 0 if recorded == args.count else 1


def peak_mb() -> float:
    """Most memory this process has had resident (proc(5), VmHWM): getrusage counts in what its parent had at the fork."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(re.findall(r"VmHWM:\s*(\d+)", status.read_text(encoding="ascii"))[0]) / 1024


def bench_settings(directory: Path, gateway: str, concurrency: int, database: str = "", **more: Any) -> Settings:
    """One outlet without a pace worth the name unless `more` options say; everything of the run lies in its directory."""
    outlet = {
        "kind": "json_post",
        "url": gateway,
        "template": '{"id": "{id}", "to": "{phone}", "text": "Kính gửi {name}, {text}"}',
        "per_second": 1_000_000,
        # some are kept free for what is urgent (`scheduler/width.py`)
        "at_once": min(CONNECTIONS, concurrency + min((concurrency + 6) // 7, MOST_KEPT)),
        **more,
    }
    return Settings.model_validate(
        {
            "database": {"url": database or f"sqlite:///{directory / 'loa.db'}"},
            "files": {"dir": str(directory)},
            "voice": {"engines": ["espeak"]},
            "http": {"allow": ["0.0.0.0/0", "::/0"]},
            "schedule": {"quiet_from": "00:00", "quiet_to": "00:00"},
            "outlets": {"gateway": outlet},
        }
    )


async def enqueue(house: House, count: int) -> None:
    """An item by one person, approved by another, an audience of so many, and a schedule that is due."""
    now = house.clock.now()
    async with house.database.write() as tx:
        await audience_store.save_audience(house.database, tx, house.seal, new_id(now), AUDIENCE, [], now)
        audience = await audience_store.audience_id(tx, AUDIENCE)
        known = await audience_store.count_recipients(tx, audience)
    for begin in range(known, count, CHUNK):
        await house.database.run(people(house.seal, audience, begin, min(begin + CHUNK, count), now))
    async with house.database.write() as tx:
        item = await house.editing.write(tx, Draft("Bộ phận một cửa làm việc cả thứ bảy", "Mời bà con."), "Mai")
        await house.editing.submit(tx, item.id, "Mai")
        await house.editing.approve(tx, item.id, "Hùng")
        wish = Wish((item.id,), ("gateway",), Rule(once=house.clock.now()), AUDIENCE)
        await house.scheduling.add(tx, wish, "Hùng", may_approve=True)


def people(seal: Seal, audience: str, begin: int, end: int, now: datetime) -> Generator[Step, Rows, None]:
    """An audience's people from one number to before another, stored in one transaction."""
    columns = ("audience", "scheme", "address", "name", "consent", "added_at")
    rest = ("phone", "", to_ms(now))
    rows = [
        (audience, rest[0], seal.close(rest[0], f"+849{number:08d}"), f"Người {number}", *rest[1:])
        for number in range(begin, end)
    ]
    yield Append("recipient", columns, rows)
