"""`loa item`: import, list, show, submit, approve, send-back, withdraw."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config.lazy import lazily
from config.words import Said
from content import store
from content.document import MOST_BYTES, Document, read_document
from content.findings import findings
from content.issue import NotApproved
from content.item import TITLES, Item, ItemState, Revision
from desk.app import House
from desk.approved import follow
from desk.commands.acting import Actor, actor, add_deed, unreadable
from desk.commands.output import err, figures_of, local, out, print_json, print_table

if TYPE_CHECKING:
    from rich import progress as bars
else:
    bars = lazily("rich.progress")


def register(commands: Any) -> None:
    """Add `item` and its verbs to the parser."""
    verbs = commands.add_parser("item", help="tin bài: nhập, duyệt, thu hồi").add_subparsers(
        required=True, metavar="VERB"
    )
    importing = verbs.add_parser("import", help="nhập tài liệu .md, .txt, .docx")
    importing.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    importing.add_argument("--author", metavar="NAME", help="người viết (mặc định: tên ghi trong tài liệu)")
    importing.add_argument("--unit", metavar="ID", help="của đơn vị (mặc định: đơn vị của người viết)")
    importing.add_argument("--submit", action="store_true", help="gửi duyệt luôn")
    importing.add_argument("--json", action="store_true")
    importing.set_defaults(run=import_documents)
    listing = verbs.add_parser("list", help="danh sách tin bài")
    listing.add_argument("--state", choices=[state.value for state in ItemState])
    listing.add_argument("--limit", type=int, default=200)
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(run=list_items)
    show = verbs.add_parser("show", help="một tin bài với mọi bản thể hiện")
    show.add_argument("id")
    show.add_argument("--json", action="store_true")
    show.set_defaults(run=show_item)
    recording = verbs.add_parser("record", help="bản ghi âm giọng người cho một tin")
    recording.add_argument("id")
    recording.add_argument(
        "file", type=Path, metavar="FILE", help="mp3, m4a, wav, flac, ogg, opus...; nhiều nhất 30 phút"
    )
    recording.add_argument("--as", dest="by", metavar="NAME", help="người thực hiện")
    recording.add_argument("--json", action="store_true")
    recording.set_defaults(run=record)
    for name, run, words in (
        ("submit", submit, "gửi duyệt"),
        ("approve", approve, "duyệt"),
        ("send-back", send_back, "trả lại"),
        ("withdraw", withdraw, "thu hồi"),
    ):
        verb = add_deed(verbs, name, run, words)
        if name == "approve":
            verb.add_argument("--digest", default="", help="chỉ duyệt đúng nội dung có mã này")
        verb.add_argument("--json", action="store_true")


async def import_documents(house: House, args: argparse.Namespace) -> int:
    """Every readable document becomes an item; a bad one is told and leaves the others alone."""
    files = [file for path in args.paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    operator = await actor(house, None)
    failed = 0
    for file in bars.track(files, "đang nhập", console=err.console, transient=True, disable=len(files) == 1):
        try:
            document = await asyncio.to_thread(_read, file, house)
            item = await _import(house, document, args, operator, file)
        except Said as error:
            failed += 1
            said = error.text(house.settings.office.locale)
            err.print(said if file.name in said else f"{file.name}: {said}", style="red", markup=False)
            continue
        if args.json:
            print_json({**_brief(item), "dated": document.dated, "dropped": document.dropped})
        else:
            out.print(f"{item.id}  {item.title}  ({TITLES[item.state]})")
            for dropped in document.dropped:
                out.print(f"   bỏ qua: {dropped}", style="dim")
    house.notifier.ring("item")
    return 1 if failed else 0


def _read(file: Path, house: House) -> Document:
    try:
        with file.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise unreadable(file, error) from None
    return read_document(file.name, data, house.settings.office.zone)


async def _import(house: House, document: Document, args: argparse.Namespace, operator: Actor, file: Path) -> Item:
    named = args.author or document.draft.byline
    author = await actor(house, named) if named else operator
    author.must("author", "approver")
    draft = document.draft
    if document.dated is not None and not draft.source:
        draft = replace(draft, source=f"bản đăng ngày {local(document.dated, house.settings.office.zone)}")
    unit = author.unit if args.unit is None else args.unit
    async with house.database.write() as tx:
        item = await house.editing.write(
            tx, draft, author.name, via=f"import {file.name} by {operator.name}", unit=unit
        )
        return await house.editing.submit(tx, item.id, author.name) if args.submit else item


async def list_items(house: House, args: argparse.Namespace) -> int:
    """Items, last changed first."""
    states = (ItemState(args.state),) if args.state else ()
    async with house.database.read() as connection:
        items = await store.list_items(connection, states=states, limit=args.limit)
    if args.json:
        for item in items:
            print_json(_brief(item))
        return 0
    zone = house.settings.office.zone
    rows = [
        (item.id, TITLES[item.state], item.klass.title_vi, local(item.changed_at, zone), item.title) for item in items
    ]
    print_table(
        ("id", "trạng thái", "loại", "sửa lúc", "tiêu đề"), rows, empty="Chưa có tin bài. Nhập: loa item import TỆP"
    )
    return 0


def _brief(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "slug": item.slug,
        "state": item.state,
        "title": item.title,
        "class": item.klass,
        "theme": item.theme,
        "revision": item.revision,
        "approved": item.approved,
        "valid_until": item.valid_until,
        "created_at": item.created_at,
        "changed_at": item.changed_at,
    }


async def show_item(house: House, args: argparse.Namespace) -> int:
    """One item with its newest text, its renditions and who said what about it."""
    async with house.database.read() as connection:
        item = await store.find_item(connection, args.id)
        revision = await store.find_revision(connection, item.revision)
        approvals = await store.approvals_of(connection, revision.id)
        audio = await _audio(house, connection, revision)
    if args.json:
        texts = {name: getattr(revision, name) for name in ("body", "article", "script", "spoken", "short", "chat")}
        facts = {
            "digest": revision.digest,
            "number": revision.number,
            "writer": revision.writer,
            "purpose": revision.purpose,
            "byline": revision.byline,
        }
        more = {"source": revision.source, "derived": revision.derived, "valid_from": revision.valid_from}
        notes = [{"rendition": f.rendition, "bad": f.bad, "vi": f.vi, "en": f.en} for f in findings(revision)]
        print_json(
            {**_brief(item), **facts, **more, **texts, "findings": notes, "approvals": approvals, "recording": audio}
        )
        return 0
    out.print(
        f"[bold]{item.title}[/bold]\n{item.id} · {TITLES[item.state]} · bản {revision.number} · {revision.writer}"
    )
    out.print(f"mã nội dung {revision.digest}\n")
    for title, text in (("Lời đọc", revision.spoken), ("SMS", revision.short), ("Zalo", revision.chat)):
        out.print(f"[bold]{title}[/bold]\n{text}\n", markup=True)
    for finding in findings(revision):
        out.print(f"{'✗' if finding.bad else '·'} {finding.vi}")
    return 0


async def _audio(house: House, connection: Any, revision: Revision) -> Any:
    try:
        return await house.press.audio_of(connection, revision)
    except NotApproved:
        return None


async def record(house: House, args: argparse.Namespace) -> int:
    """A person's recording becomes what is heard of an item; whoever gives it counts as a writer."""
    by = await actor(house, args.by)
    by.must("author")
    async with house.database.read() as connection:
        item = await store.find_item(connection, args.id)
        revision = await store.find_revision(connection, item.revision)
    try:
        file = await asyncio.to_thread(args.file.open, "rb")
    except OSError as error:
        raise unreadable(args.file, error) from None
    with file:
        made = await house.studio.take_in(file, house.press.tags_of(revision))
    async with house.database.write() as tx:
        item = await house.editing.record(tx, item.id, made, by.name, base=revision.id)
    house.notifier.ring("item")
    figures = {"seconds": made.seconds, "loudness": made.lufs, "true_peak": made.true_peak_db, "sha256": made.sha256}
    if args.json:
        print_json({**_brief(item), "recording": figures})
    else:
        out.print(f"{item.id}  {item.title}  → {TITLES[item.state]}; {figures_of(made)}, giọng người")
    return 0


async def submit(house: House, args: argparse.Namespace) -> int:
    """Hand items over for approval."""
    return await _each(house, args, "submit", "author", "approver")


async def approve(house: House, args: argparse.Namespace) -> int:
    """Allow items to go out; the two-person rule holds here too."""
    return await _each(house, args, "approve", "approver")


async def send_back(house: House, args: argparse.Namespace) -> int:
    """Return items to their writers with a reason."""
    return await _each(house, args, "send_back", "approver")


async def withdraw(house: House, args: argparse.Namespace) -> int:
    """Take items out of force and off every shelf."""
    return await _each(house, args, "withdraw", "approver")


async def _each(house: House, args: argparse.Namespace, verb: str, *roles: str) -> int:
    by = await actor(house, args.by)
    by.must(*roles)
    for id in args.id:
        if verb == "approve":
            async with house.database.read() as connection:
                item = await store.find_item(connection, id)
            await house.correcting.list_reached(item)
        async with house.database.write() as tx:
            item = await _do(house, tx, verb, id, by.name, args)
        if args.json:
            print_json(_brief(item))
        else:
            out.print(f"{item.id}  {item.title}  → {TITLES[item.state]}")
    house.notifier.ring("item")
    house.notifier.ring("schedule")
    return 0


async def _do(house: House, tx: Any, verb: str, id: str, by: str, args: argparse.Namespace) -> Item:
    editing = house.editing
    if verb == "submit":
        return await editing.submit(tx, id, by)
    if verb == "send_back":
        return await editing.send_back(tx, id, by, args.note)
    if verb == "withdraw":
        item = await editing.withdraw(tx, id, by, args.note)
        await house.correcting.take_back(tx, item)
        return item
    item = await store.find_item(tx, id)
    if item.state is ItemState.DRAFT:
        # at the console the one who asks for approval is the one who runs the command
        await editing.submit(tx, id, (await actor(house, None)).name)
    audio = await house.press.audio_of(tx, await store.find_revision(tx, item.revision))
    heard = audio.sha256 if audio else None
    item = await editing.approve(tx, id, by, digest=args.digest, note=args.note, recording=heard)
    for sentence in await follow(house, tx, item, by):
        err.print(sentence, markup=False)
    return item
