"""`loa schedule` and `loa audience`: when what goes where, and to whom."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from channels.audience import AudienceList, read_audience, sha256_of
from channels.audiences import store as audience_store
from channels.audiences.store import Source
from channels.tags import TAGS, conditions_of, in_words
from config.words import BadInput
from content.bulletin import BulletinClass
from db.types import new_id
from desk.app import House
from desk.commands import persons
from desk.commands.acting import actor, moment, span
from desk.commands.output import err, local, out, print_json, print_table
from scheduler import store
from scheduler.policy import Standing, Verdict
from scheduler.schedule import TITLES, Missed, Rule, Schedule, ScheduleState
from scheduler.scheduling import Wish

FAULTS_SHOWN = 50


def register(commands: Any) -> None:
    """Add `schedule` and `audience` with their verbs to the parser."""
    verbs = commands.add_parser("schedule", help="lịch phát").add_subparsers(required=True, metavar="VERB")
    _register_add(verbs.add_parser("add", help="lập lịch"))
    listing = verbs.add_parser("list", help="danh sách lịch")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=list_schedules)
    for name, run, words in (
        ("approve", approve, "duyệt lịch"),
        ("pause", pause, "tạm dừng"),
        ("resume", resume, "chạy tiếp"),
        ("cancel", cancel, "hủy lịch và mọi lượt chưa gửi"),
    ):
        verb = verbs.add_parser(name, help=words)
        verb.add_argument("id", nargs="+")
        verb.add_argument("--as", dest="by", metavar="NAME")
        verb.add_argument("--note", default="")
        verb.add_argument("--json", action="store_true")
        verb.set_defaults(run=run)
    coming = verbs.add_parser("next", help="các kỳ phát sắp tới")
    coming.add_argument("id", nargs="?")
    coming.add_argument("--count", type=int, default=10)
    coming.add_argument("--json", action="store_true")
    coming.set_defaults(run=show_next)
    people = commands.add_parser("audience", help="nhóm nhận").add_subparsers(required=True, metavar="VERB")
    importing = people.add_parser("import", help="nhập danh sách người nhận từ CSV")
    importing.add_argument("name", metavar="NAME")
    importing.add_argument("file", type=Path, metavar="FILE.csv")
    importing.add_argument("--keep-good", action="store_true", help="giữ các dòng đúng dù có dòng sai")
    importing.add_argument("--json", action="store_true")
    importing.set_defaults(run=import_audience)
    groups = people.add_parser("list", help="các nhóm nhận")
    groups.add_argument("--json", action="store_true")
    groups.set_defaults(run=list_audiences)
    part = people.add_parser("filter", help="lập nhóm lọc: một phần của nhóm khác, lọc lại mỗi lần dùng")
    part.add_argument("name", metavar="NAME")
    part.add_argument("--of", required=True, metavar="LIST", help="nhóm gốc")
    part.add_argument("--where", nargs="+", action="extend", default=[], metavar="TAG=VALUE", help=", ".join(TAGS))
    part.add_argument("--json", action="store_true")
    part.set_defaults(run=add_filter)
    persons.register(people)


def _register_add(add: argparse.ArgumentParser) -> None:
    add.add_argument("--item", action="append", required=True, metavar="ID", help="tin bài, lặp lại được, theo thứ tự")
    add.add_argument("--outlet", nargs="+", action="extend", required=True, metavar="NAME", help="điểm phát")
    add.add_argument("--audience", default="", metavar="NAME", help="nhóm nhận cho SMS, Zalo")
    when = add.add_mutually_exclusive_group(required=True)
    when.add_argument("--at", metavar="TIME", help="now, +10m, 05:00, 2026-12-01 05:00")
    when.add_argument("--cron", metavar="EXPR", help='phút giờ ngày tháng thứ, ví dụ "0 5 * * 1-6"')
    when.add_argument("--every", metavar="D", help="30m, 12h, 1d")
    add.add_argument("--class", dest="klass", choices=[klass.value for klass in BulletinClass])
    add.add_argument("--until", metavar="T", help="không phát sau thời điểm này")
    add.add_argument("--missed", choices=[missed.value for missed in Missed], default=Missed.LATEST.value)
    add.add_argument("--zone", default="", help="múi giờ, mặc định của cơ quan")
    add.add_argument("--title", default="")
    add.add_argument("--as", dest="by", metavar="NAME")
    add.add_argument("--dry-run", action="store_true", help="chỉ xem các kỳ phát, không lưu")
    add.add_argument("--json", action="store_true")
    add.set_defaults(run=add_schedule)


async def add_schedule(house: House, args: argparse.Namespace) -> int:
    """Store a schedule and show its next ten runs."""
    by = await actor(house, args.by)
    by.must("author", "approver")
    rule = Rule(
        once=moment(house, args.at, "at") if args.at else None,
        cron=args.cron or "",
        every=span(args.every, "every") if args.every else None,
    )
    outlets = [name for given in args.outlet for name in given.split(",") if name]
    wish = Wish(
        items=tuple(args.item),
        outlets=tuple(outlets),
        rule=rule,
        audience=args.audience,
        zone=args.zone,
        klass=BulletinClass(args.klass) if args.klass else None,
        until=moment(house, args.until, "until") if args.until else None,
        missed=Missed(args.missed),
        title=args.title,
    )
    if args.dry_run:
        async with house.database.read() as connection:
            schedule = await house.scheduling.draw_up(connection, wish, by.name)
            rules = await house.scheduling.check(connection, schedule)
    else:
        async with house.database.write() as tx:
            schedule = await house.scheduling.add(tx, wish, by.name, may_approve=by.may_approve)
            rules = await house.scheduling.check(tx, schedule)
        house.notifier.ring("schedule")
    _tell(house, schedule, rules, args.json)
    return 0


def _tell(house: House, schedule: Schedule, rules: list[Verdict], as_json: bool) -> None:
    if as_json:
        print_json({**_brief(schedule), "next": schedule.preview(), "policy": [one.plain() for one in rules]})
        return
    zone = house.settings.office.zone
    out.print(f"{schedule.id}  {schedule.title}  ({TITLES[schedule.state]})")
    for due in schedule.preview():
        out.print(f"   {local(due, zone)}")
    for one in rules:
        if one.standing is not Standing.KEPT:
            out.print(f"   {'✗' if one.standing is Standing.BROKEN else '·'} {one.outlet}: {one.reason_vi}")
    if schedule.state is ScheduleState.IN_REVIEW:
        out.print(f"   Cần người thứ hai duyệt: loa schedule approve {schedule.id} --as TÊN", style="yellow")


def _brief(schedule: Schedule) -> dict[str, Any]:
    return {
        "id": schedule.id,
        "title": schedule.title,
        "state": schedule.state,
        "class": schedule.klass,
        "items": [pinned.item for pinned in schedule.items],
        "outlets": schedule.outlets,
        "audience": schedule.audience,
        "rule": schedule.rule.record(),
        "zone": schedule.zone,
        "until": schedule.until,
        "missed": schedule.missed,
        "next_due_at": schedule.next_due_at,
        "digest": schedule.digest,
        "made_by": schedule.made_by,
    }


async def list_schedules(house: House, args: argparse.Namespace) -> int:
    """Schedules, newest first."""
    async with house.database.read() as connection:
        schedules = await store.list_schedules(connection)
    if args.json:
        for schedule in schedules:
            print_json(_brief(schedule))
        return 0
    zone = house.settings.office.zone
    rows = [
        (one.id, TITLES[one.state], local(one.next_due_at, zone), ", ".join(one.outlets), one.title)
        for one in schedules
    ]
    print_table(("id", "trạng thái", "kỳ tới", "điểm phát", "tên"), rows, empty="Chưa có lịch phát.")
    return 0


async def approve(house: House, args: argparse.Namespace) -> int:
    """Allow schedules to run."""
    return await _each(house, args, "approve", "approver")


async def pause(house: House, args: argparse.Namespace) -> int:
    """Let nothing fall due until resumed."""
    return await _each(house, args, "pause", "approver", "author")


async def resume(house: House, args: argparse.Namespace) -> int:
    """Go on with paused schedules."""
    return await _each(house, args, "resume", "approver")


async def cancel(house: House, args: argparse.Namespace) -> int:
    """End schedules and cancel whatever of them has not gone."""
    return await _each(house, args, "cancel", "approver")


async def _each(house: House, args: argparse.Namespace, verb: str, *roles: str) -> int:
    by = await actor(house, args.by)
    by.must(*roles)
    for id in args.id:
        async with house.database.write() as tx:
            schedule = await getattr(house.scheduling, verb)(
                tx, id, by.name, **({"note": args.note} if args.note else {})
            )
            if verb == "cancel":
                for row in await store.list_occurrences(tx, schedule_id=id):
                    await house.handling.cancel_occurrence(tx, row.id, by.name, args.note)
        if args.json:
            print_json(_brief(schedule))
        else:
            out.print(f"{schedule.id}  {schedule.title}  → {TITLES[schedule.state]}")
    house.notifier.ring("schedule")
    return 0


async def show_next(house: House, args: argparse.Namespace) -> int:
    """The next runs of one schedule, or of all of them together."""
    async with house.database.read() as connection:
        found = [await store.find_schedule(connection, args.id)] if args.id else await store.list_schedules(connection)
    runs = []
    for schedule in found:
        if schedule.state in {ScheduleState.ENDED, ScheduleState.CANCELLED} or schedule.next_due_at is None:
            continue
        first = schedule.next_due_at
        runs += [(due, schedule) for due in [first, *schedule.preview(args.count - 1, first)]]
    runs = sorted(runs, key=lambda run: run[0])[: args.count]
    if args.json:
        for due, schedule in runs:
            print_json({"due_at": due, "schedule": schedule.id, "title": schedule.title, "outlets": schedule.outlets})
        return 0
    zone = house.settings.office.zone
    print_table(
        ("lúc", "lịch", "tên"),
        [(local(due, zone), one.id, one.title) for due, one in runs],
        empty="Không có kỳ phát nào.",
    )
    return 0


async def import_audience(house: House, args: argparse.Namespace) -> int:
    """Recipients from a CSV; with any bad row nothing is kept unless --keep-good."""
    by = await actor(house, None)
    with err.status("đang đọc danh sách…"):
        found, source = await asyncio.to_thread(_read, args.file, house.settings.office.zone, by.name)
    refused = bool(found.faults) and not args.keep_good
    new = 0
    if not refused:
        now = house.clock.now()
        async with house.database.write() as tx:
            new = await audience_store.save_audience(
                house.database, tx, house.seal, new_id(now), args.name, found.people, now, source
            )
            await house.journal.note(
                tx, now, by.name, "import_audience", f"audience/{args.name}", added=new, sha256=source.sha256
            )
    _tell_import(args, found, new)
    return 1 if refused else 0


def _tell_import(args: argparse.Namespace, found: AudienceList, new: int) -> None:
    if args.json:
        faults = [{"line": f.line, "column": f.column, "vi": f.vi, "en": f.en} for f in found.faults]
        print_json({"audience": args.name, "added": new, "doubled": found.doubled, "faults": faults})
        return
    for fault in found.faults[:FAULTS_SHOWN]:
        err.print(f"[red]dòng {fault.line}, cột {fault.column}: {fault.vi}[/red]")
    if len(found.faults) > FAULTS_SHOWN:
        err.print(f"[red]… và {len(found.faults) - FAULTS_SHOWN} lỗi nữa[/red]")
    if found.faults and not args.keep_good:
        err.print("Không nhập dòng nào. Sửa tệp, hoặc thêm --keep-good để giữ các dòng đúng.")
    else:
        out.print(f"{args.name}: thêm {new} địa chỉ, {found.doubled} trùng, {len(found.faults)} lỗi")


def _read(file: Path, zone: ZoneInfo, by: str) -> tuple[AudienceList, Source]:
    try:
        data = file.read_bytes()
        return read_audience(data, zone), Source(file.name[:200], sha256_of(data), by)
    except OSError as error:
        raise BadInput(
            f"{file}: không đọc được ({error.strerror})", f"{file}: cannot be read ({error.strerror})"
        ) from None


async def add_filter(house: House, args: argparse.Namespace) -> int:
    """A part of a list under a name of its own; with nobody in it, what there is to filter by."""
    by, now, conditions = await actor(house, None), house.clock.now(), conditions_of(args.where)
    async with house.database.write() as tx:
        size = await audience_store.save_filter(tx, new_id(now), args.name, args.of, conditions, now)
        await house.journal.note(tx, now, by.name, "add_filter", f"audience/{args.name}", of=args.of, where=args.where)
        known = {} if size else await audience_store.tag_values(tx, args.of)
    if args.json:
        print_json({"audience": args.name, "size": size})
        return 0
    out.print(f"{args.name}: {size} địa chỉ", markup=False)
    for tag, values in known.items():
        err.print(f"  {tag}: {', '.join(values)}", markup=False)
    return 0


async def list_audiences(house: House, args: argparse.Namespace) -> int:
    """Audiences with their sizes."""
    async with house.database.read() as connection:
        rows = await audience_store.audiences(connection)
    if args.json:
        for row in rows:
            where = [f"{tag}={value}" for tag, value in row.conditions]
            told = {"of": row.part_of, "where": where} if row.part_of else {}
            print_json({"id": row.id, "name": row.name, "size": row.size, **told})
        return 0
    lines = [(row.name, row.size, f"{row.part_of}: {in_words(row.conditions)}" if row.part_of else "") for row in rows]
    print_table(("nhóm nhận", "địa chỉ", "lọc từ"), lines, empty="Chưa có nhóm nhận.")
    return 0
