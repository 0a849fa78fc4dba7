"""`loa schedule`: when what goes where."""

from __future__ import annotations

import argparse
from typing import Any

from content.bulletin import BulletinClass
from desk.app import House
from desk.commands.acting import actor, add_deed, moment, span
from desk.commands.output import local, out, print_json, print_table
from scheduler import store
from scheduler.policy import Standing, Verdict
from scheduler.schedule import TITLES, Missed, Rule, Schedule, ScheduleState
from scheduler.scheduling import Wish


def register(commands: Any) -> None:
    """Add `schedule` and its verbs to the parser."""
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
        add_deed(verbs, name, run, words).add_argument("--json", action="store_true")
    coming = verbs.add_parser("next", help="các kỳ phát sắp tới")
    coming.add_argument("id", nargs="?")
    coming.add_argument("--count", type=int, default=10)
    coming.add_argument("--json", action="store_true")
    coming.set_defaults(run=show_next)


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
