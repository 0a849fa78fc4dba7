"""`loa delivery`: the log; list, show, stats, retry, resolve, cancel, export."""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from channels.audience import read_person, shown
from channels.pulls.store import pulls_of
from channels.reasons import IN_WORDS, in_words
from channels.seal import Seal
from channels.store import outlet_rows
from config.words import BadInput
from desk.app import House
from desk.cells import safe
from desk.commands.acting import actor, add_deed, moment
from desk.commands.output import local, out, plain, print_json, print_table
from scheduler.backlog.store import Backlog
from scheduler.delivery import TITLES, Delivery, State
from scheduler.handling import DECISIONS
from scheduler.log import store

COLUMNS = ("id", "lúc", "điểm phát", "người nhận", "trạng thái", "lần thử", "chi tiết", "tin")
STAGES = {"delivered": "đã nhận", "failed": "thất bại", "aired": "đã phát sóng", "down": "đã gỡ"}
STATS = (
    "--json prints one object for each outlet: `outlet`; the number of deliveries in each state; their `total`; how many of"
    " those yet to be sent are `due`, how many of these `late` (due for a minute or more), `oldest_due_at` and how many"
    " seconds ago that was (`lag_seconds`); `in_flight`: the same as `sending`, an intent on disk and no outcome;"
    " `paused`: whether the outlet is; `held`, if rules held any back for good: how many, by rule."
)


def register(commands: Any) -> None:
    """Add `delivery` and its verbs to the parser."""
    verbs = commands.add_parser("delivery", help="nhật ký gửi").add_subparsers(required=True, metavar="VERB")
    for name, run, words in (
        ("list", list_deliveries, "các lượt gửi"),
        ("stats", stats, "số lượt theo trạng thái"),
        ("export", export, "xuất CSV"),
    ):
        verb = verbs.add_parser(name, help=words, description=STATS if name == "stats" else None)
        verb.add_argument("--state", nargs="+", choices=[state.value for state in State], default=[])
        if name != "stats":
            verb.add_argument("--reason", default="", metavar="R", help=f"vì sao chưa tới: {', '.join(IN_WORDS)}")
        verb.add_argument("--outlet", nargs="+", default=[])
        verb.add_argument("--item", default="")
        verb.add_argument("--schedule", default="")
        verb.add_argument("--address", default="", help="số điện thoại hoặc mã Zalo đầy đủ của người nhận")
        verb.add_argument("--since", metavar="T")
        verb.add_argument("--until", metavar="T")
        if name != "stats":
            verb.add_argument("--limit", type=int, default=None, help="mặc định 50 dòng; --json và export: tất cả")
        if name == "export":
            verb.add_argument("file", type=Path)
            verb.add_argument("--full-addresses", action="store_true", help="không che số điện thoại (ghi vào sổ)")
        else:
            verb.add_argument("--json", action="store_true")
        verb.set_defaults(run=run)
    show = verbs.add_parser("show", help="một lượt gửi với các lần thử")
    show.add_argument("id")
    show.add_argument("--json", action="store_true")
    show.set_defaults(run=show_delivery)
    for name, run, words in (
        ("retry", retry, "gửi lại lượt không thành"),
        ("resolve", resolve, "kết luận lượt chưa rõ"),
        ("cancel", cancel, "hủy lượt chưa gửi"),
    ):
        verb = add_deed(verbs, name, run, words)
        if name == "resolve":
            verb.add_argument("--to", required=True, choices=sorted(DECISIONS), help="kết luận")


def _filter(house: House, args: argparse.Namespace) -> store.Filter:
    """What is asked for; by reason nothing is counted."""
    return store.Filter(
        states=tuple(State(state) for state in args.state),
        reason=getattr(args, "reason", ""),
        outlets=tuple(args.outlet),
        item=args.item,
        schedule=args.schedule,
        addresses=_forms(house.seal, args.address) if args.address else (),
        since=moment(house, args.since, "since") if args.since else None,
        until=moment(house, args.until, "until") if args.until else None,
    )


def _forms(seal: Seal, written: str) -> tuple[str, ...]:
    """How a person's number may stand in the log, or an outlet's own address."""
    try:
        return seal.forms(read_person(written)[1])
    except BadInput:
        return (written,)


async def list_deliveries(house: House, args: argparse.Namespace) -> int:
    """One line a delivery, newest first; as JSON each with its attempts."""
    limit = args.limit if args.limit is not None else (None if args.json else 50)
    zone = house.settings.office.zone
    rows = []
    told = 0
    async with house.database.read() as connection:
        async for delivery in store.walk(connection, _filter(house, args)):
            if limit is not None and told >= limit:
                break
            told += 1
            if args.json:
                print_json(brief(house.seal, delivery))
            else:
                rows.append(_line(house.seal, delivery, zone))
    if not args.json:
        print_table(COLUMNS, rows, empty="Chưa có lượt gửi nào.")
    return 0


def _line(seal: Seal, delivery: Delivery, zone: Any) -> tuple[object, ...]:
    last = delivery.last
    when = local(last.at if last else delivery.due_at, zone)
    to = shown(seal, delivery.address) if delivery.address != delivery.outlet else "-"
    tries = len(delivery.attempts)
    return (
        delivery.id,
        when,
        delivery.outlet,
        to,
        TITLES[delivery.state],
        tries,
        delivery.detail[:60],
        delivery.title[:40],
    )


def brief(seal: Seal, delivery: Delivery) -> dict[str, Any]:
    """A delivery as JSON shows it: the address masked, every attempt with its outcome."""
    return {
        "id": delivery.id,
        "state": delivery.state,
        "outlet": delivery.outlet,
        "schedule": delivery.schedule,
        "occurrence": delivery.occurrence,
        "title": delivery.title,
        "class": delivery.klass,
        "address": shown(seal, delivery.address),
        "due_at": delivery.due_at,
        "reference": delivery.reference,
        "note": delivery.note,
        "reason": delivery.reason,
        "attempts": [
            {
                "n": attempt.n,
                "at": attempt.at,
                "ms": attempt.ms,
                "outcome": attempt.outcome,
                "reason": attempt.reason,
                "reference": attempt.reference,
                "detail": attempt.detail,
            }
            for attempt in delivery.attempts
        ],
    }


async def show_delivery(house: House, args: argparse.Namespace) -> int:
    """One delivery's whole story."""
    async with house.database.read() as connection:
        story = await store.story(connection, args.id)
        pulls = (await pulls_of(connection, [args.id])).get(args.id, [])
    said = [{"at": row.at, "stage": row.stage, "reason": row.reason, "detail": row.detail} for row in story.receipts]
    whole = {**brief(house.seal, story.delivery), "receipts": said, "pulls": [pull.plain() for pull in pulls]}
    if args.json:
        print_json(whole)
        return 0
    delivery, zone = story.delivery, house.settings.office.zone
    out.print(f"[bold]{delivery.title}[/bold]\n{delivery.id} → {delivery.outlet} {shown(house.seal, delivery.address)}")
    out.print(f"trạng thái: {TITLES[delivery.state]}  {delivery.note}")
    for attempt in delivery.attempts:
        said_there = attempt.detail or attempt.reference
        out.print(f"  lần {attempt.n}  {local(attempt.at, zone)}  {attempt.ms} ms  {attempt.outcome}  {said_there}")
    for row in story.receipts:
        out.print(f"  phản hồi  {local(row.at, zone)}  {STAGES[row.stage]}  {row.detail}")
    for pull in pulls:
        part = f"phần {pull.proof.part + 1}/{pull.proof.parts}  " if pull.proof.parts > 1 else ""
        moment = local(pull.complete_at or pull.first_at, zone)
        out.print(f"  tải về  {moment}  {part}{pull.state.title_vi}  {pull.bytes} byte  {pull.file}")
    return 0


async def stats(house: House, args: argparse.Namespace) -> int:
    """Counts by outlet and state."""
    now, wanted = house.clock.now(), _filter(house, args)
    async with house.database.read() as connection:
        counts = await store.stats(connection, wanted)
        todo = await store.still_to_do(connection, wanted, now)
        held = await store.held_back(connection, wanted)
        health = await outlet_rows(connection)
    if args.json:
        for outlet, count in counts.items():
            more: dict[str, Any] = {"paused": health[outlet].paused_at is not None}
            more |= {"held": held[outlet]} if outlet in held else {}
            print_json(_told(outlet, count, todo[outlet], now) | more)
        return 0
    rows = [
        (
            outlet,
            *(count[state] or "" for state in State),
            count.total(),
            todo[outlet].due or "",
            todo[outlet].late or "",
        )
        for outlet, count in counts.items()
    ]
    print_table(("điểm phát", *TITLES.values(), "tổng", "đến giờ", "trễ"), rows, empty="Chưa có lượt gửi nào.")
    for outlet, rules in held.items():
        for rule, number in rules.items():
            out.print(f"{outlet}: {number} lượt giữ lại theo quy định {rule}")
    return 0


def _told(outlet: str, count: Counter[State], todo: Backlog, now: datetime) -> dict[str, Any]:
    lag = (now - todo.oldest_due_at).total_seconds() if todo.oldest_due_at else 0.0
    return {
        "outlet": outlet,
        **{state.value: count[state] for state in State},
        "total": count.total(),
        "due": todo.due,
        "late": todo.late,
        "in_flight": count[State.SENDING],
        "oldest_due_at": todo.oldest_due_at,
        "lag_seconds": lag,
    }


async def export(house: House, args: argparse.Namespace) -> int:
    """Deliveries as CSV that is safe to open in a spreadsheet."""
    by = await actor(house, None)
    if args.full_addresses:
        now = house.clock.now()
        async with house.database.write() as tx:
            await house.journal.note(tx, now, by.name, "export_addresses", f"file/{args.file.name}")
    count = 0
    with args.file.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("id", "due_at", "outlet", "address", "state", "tries", "reference", "reason", "detail", "title"))
        async with house.database.read() as connection:
            async for one in store.walk(connection, _filter(house, args)):
                if args.limit is not None and count >= args.limit:
                    break
                address = house.seal.open(one.address) if args.full_addresses else shown(house.seal, one.address)
                values = (
                    one.id,
                    one.due_at,
                    one.outlet,
                    address,
                    one.state,
                    len(one.attempts),
                    one.reference,
                    in_words(one.reason),
                    one.detail,
                )
                rows.writerow([safe(plain(value)) for value in (*values, one.title)])
                count += 1
    sys.stderr.write(f"{count} lượt gửi → {args.file}\n")
    return 0


async def retry(house: House, args: argparse.Namespace) -> int:
    """Try failed or missed deliveries again."""
    await _each(house, args, State.PENDING, house.handling.retry)
    house.notifier.ring("work")
    return 0


async def resolve(house: House, args: argparse.Namespace) -> int:
    """Decide what unsure deliveries became."""
    await _each(house, args, DECISIONS[args.to], partial(house.handling.resolve, decision=args.to, note=args.note))
    house.notifier.ring("work")
    return 0


async def cancel(house: House, args: argparse.Namespace) -> int:
    """Cancel deliveries that have not gone."""
    await _each(house, args, State.CANCELLED, partial(house.handling.cancel, note=args.note))
    return 0


async def _each(house: House, args: argparse.Namespace, becomes: State, deed: Callable[..., Awaitable[None]]) -> None:
    by = await actor(house, args.by)
    by.must("approver")
    for id in args.id:
        async with house.database.write() as tx:
            await deed(tx, id, by=by.name)
        out.print(f"{id} → {TITLES[becomes]}")
