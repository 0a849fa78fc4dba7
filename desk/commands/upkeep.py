"""`loa migrate`, `loa backup`, `loa restore`: upkeep."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.lazy import lazily
from config.settings import Settings
from config.words import BadInput, Conflict
from db import archive, moving
from db.database import Database
from db.migrate import migrate
from desk import tables  # noqa: F401 (a backup holds the tables that are known)
from desk.app import House
from desk.commands.acting import actor
from desk.commands.output import err, out, print_table
from scheduler.dispatch import store as dispatch
from scheduler.owner import is_dead

if TYPE_CHECKING:
    from rich import progress as bars
else:
    bars = lazily("rich.progress")


def register(commands: Any) -> None:
    """Add the upkeep commands to the parser."""
    migrating = commands.add_parser("migrate", help="nâng cấu trúc cơ sở dữ liệu")
    migrating.add_argument("--to", metavar="URL", default="", help="chuyển mọi dữ liệu sang cơ sở dữ liệu trống này")
    migrating.add_argument("--check", action="store_true", help="cùng --to: chỉ so sánh hai bên")
    migrating.set_defaults(run_alone=run_migrate)
    backup = commands.add_parser("backup", help="sao lưu dữ liệu và bản ghi âm vào một tệp")
    backup.add_argument("file", type=Path, metavar="FILE")
    backup.set_defaults(run=run_backup)
    restore = commands.add_parser("restore", help="khôi phục vào cơ sở dữ liệu trống")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.set_defaults(run_alone=run_restore)


async def run_migrate(settings: Settings, args: argparse.Namespace) -> int:
    """Take every step the database has not taken yet; with `--to`, move everything into another database."""
    if args.check and not args.to:
        raise BadInput("--check cần --to URL", "--check needs --to URL")
    database = Database(settings.database.url)
    try:
        taken = await migrate(database)
        if args.to:
            return await _move(database, Database(args.to), check=args.check)
    finally:
        await database.close()
    out.print(f"đã chạy: {', '.join(taken)}" if taken else "cơ sở dữ liệu đã mới nhất")
    return 0


async def _move(source: Database, target: Database, *, check: bool) -> int:
    """Copy, then compare every row; exit code 1 when anything differs."""
    try:
        if not check:
            await _nobody_works(source)
            await migrate(target)
            with bars.Progress(console=err.console, transient=True) as progress:
                bar = progress.add_task("đang chuyển")
                rows = await moving.move(
                    source, target, done=lambda n, total: progress.update(bar, completed=n, total=total)
                )
            out.print(f"đã chuyển {rows} dòng")
        found = await moving.compare(source, target)
    finally:
        await target.close()
    print_table(
        ("bảng", "dòng", "dòng bên kia", ""),
        [(one.table, one.rows, one.rows_there, "khớp" if one.same else "KHÁC") for one in found],
        empty="",
    )
    if not all(one.same for one in found):
        said = "Hai bên khác nhau: đừng đổi [database] url; hãy xóa cơ sở dữ liệu đích và làm lại"
        out.print(said, style="red", markup=False)
        return 1
    out.print(
        "Hai bên giống hệt nhau. Tiếp theo: đặt [database] url sang địa chỉ mới, giữ nguyên khóa, chạy lại Loa.",
        markup=False,
    )
    return 0


async def _nobody_works(source: Database) -> None:
    """What a worker has in hand would be in doubt over there. Raises Conflict."""
    async with source.read() as connection:
        living = [owner for owner in await dispatch.holders(connection) if not is_dead(owner)]
    if living:
        listed = ", ".join(owner.rpartition("/")[0] for owner in living)
        raise Conflict(
            f"Còn tiến trình đang gửi ({listed}): hãy dừng mọi loa serve trước",
            f"A process still sends ({listed}): stop every loa serve first",
        )


async def run_backup(house: House, args: argparse.Namespace) -> int:
    """All tables as one moment saw them, and all recordings, in one file; keys are not in it."""
    by = await actor(house, None)
    async with house.database.write() as tx:
        await house.journal.note(tx, house.clock.now(), by.name, "backup", f"file/{args.file.name}")
    with bars.Progress(console=err.console, transient=True) as progress:
        bar = progress.add_task("đang sao lưu")

        def done(number: int, total: int) -> None:
            progress.update(bar, completed=number, total=total)

        rows = await archive.backup(house.database, house.recordings, args.file, done=done)
    out.print(
        f"{args.file}: {rows} dòng. Khóa ({house.settings.files.dir / 'loa.key'}) không nằm trong bản sao, hãy cất riêng."
    )
    return 0


async def run_restore(settings: Settings, args: argparse.Namespace) -> int:
    """Bring a backup into an empty database; also from SQLite to PostgreSQL and back."""
    database = Database(settings.database.url)
    try:
        await migrate(database)
        rows = await archive.restore(database, settings.files.dir / "recordings", args.file)
    finally:
        await database.close()
    out.print(f"{args.file}: đã khôi phục {rows} dòng")
    return 0
