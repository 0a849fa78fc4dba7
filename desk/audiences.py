"""Audiences on the desk: lists of people with their number of reachable addresses, and lists taken in from files."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audience import COLUMN_TITLES, AudienceList, masked, read_audience, read_person, sha256_of
from channels.audiences import store as audience_store
from channels.audiences.store import Audience, Source
from channels.tags import conditions_of
from config.words import BadInput, Conflict, Said, Word
from content.units import store as unit_store
from db.types import new_id
from desk.answer import Answer, Done, Shown, Visit
from desk.forms import file_of, iso, listed
from desk.shape import shape
from desk.shapes import people as shapes
from desk.units.choosing import must_reach_audience, unit_choices, unit_of_form

LONGEST_NAME = 100


@shape(shapes.AudiencesTold)
async def list_all(visit: Visit) -> Answer:
    """GET /audiences."""
    return await page(visit)


async def page(visit: Visit, found: AudienceList | None = None) -> Shown:
    """The page of lists, with what was found in a file that is not taken in."""
    async with visit.house.database.read() as connection:
        rows = await audience_store.audiences(connection, visit.units)
        tree = await unit_store.tree(connection)
        stopped = await audience_store.count_opted_out(connection)
    plain = [_plain(row) for row in rows]
    values: dict[str, Any] = {
        "audiences": rows,
        "found": found,
        "typed": dict(visit.form),
        "stopped": stopped,
    }
    values |= {"columns": COLUMN_TITLES, "tree": tree, "unit_choices": unit_choices(visit, tree)}
    return Shown("audiences.html", values, listed(plain, None))


def _plain(one: Audience) -> dict[str, Any]:
    told: dict[str, Any] = {"id": one.id, "name": one.name, "size": one.size, "made_at": iso(one.made_at)}
    if one.part_of:
        told |= {"of": one.part_of, "where": [f"{tag}={value}" for tag, value in one.conditions]}
    return told


@shape(shapes.FilterTold, shapes.FilterFields)
async def add_filter(visit: Visit) -> Answer:
    """POST /audiences/filter: the people `of` a list who have the tags of `where` (`tag=value`, several or with commas), under a `name`."""
    house, now = visit.house, visit.house.clock.now()
    try:
        name = _name(visit)
        written = [part for one in visit.texts("where") for part in one.split(",") if part.strip()]
        conditions, of = conditions_of(written), visit.text("of").strip()
        async with house.database.write() as tx:
            await must_reach_audience(visit, tx, of)
            size = await audience_store.save_filter(tx, new_id(now), name, of, conditions, now)
            where = [f"{tag}={value}" for tag, value in conditions]
            await house.journal.note(tx, now, visit.name, "add_filter", f"audience/{name}", of=of, where=where)
    except Said as fault:
        if visit.json:
            raise
        return (await page(visit)).with_fault(fault)
    return Done(
        "/audiences",
        Word(f"Đã lập nhóm lọc {name}: {size} địa chỉ.", f"Filter {name} made. Addresses: {size}."),
        {"audience": name, "size": size},
    )


@shape(shapes.ImportTold, shapes.ListFields)
async def take_in(visit: Visit) -> Answer:
    """POST /audiences: the people of `file` join the list `name`; with any bad row nobody does, unless `keep_good`."""
    house = visit.house
    try:
        name, (found, source) = _name(visit), await _read(visit)
    except BadInput as fault:
        if visit.json:
            raise
        return (await page(visit)).with_fault(fault)
    if found.faults and not visit.text("keep_good"):
        return await _refused(visit, found)
    now = house.clock.now()
    async with house.database.write() as tx:
        await must_reach_audience(visit, tx, name)
        unit = await unit_of_form(visit, tx)
        new = await audience_store.save_audience(
            house.database, tx, house.seal, new_id(now), name, found.people, now, source, unit=unit
        )
        await house.journal.note(
            tx, now, visit.name, "import_audience", f"audience/{name}", added=new, sha256=source.sha256
        )
    said = Word(
        f"{name}: thêm {new} địa chỉ, {found.doubled} dòng trùng, bỏ {len(found.faults)} dòng lỗi.",
        f"{name}: {new} added, {found.doubled} doubled, {len(found.faults)} faulty left out.",
    )
    return Done("/audiences", said, {"audience": name, "added": new, **_told(found)})


@shape(shapes.Nothing, shapes.SaidFields)
async def opt_out(visit: Visit) -> Answer:
    """POST /audiences/opt-out: nothing more to a `phone` or `zalo`, on any list; what waits for it is cancelled."""

    async def deed(tx: AsyncConnection, scheme: str, address: str, how: str) -> Word:
        cancelled = await visit.house.handling.opt_out(tx, scheme, address, visit.name, how)
        return Word(
            f"Đã ghi nhận: không gửi gì tới {masked(address)} nữa; {cancelled} lượt đang chờ đã hủy.",
            f"Noted: nothing more goes to {masked(address)}; waiting deliveries cancelled: {cancelled}.",
        )

    return await _of_person(visit, deed)


@shape(shapes.Nothing, shapes.SaidFields)
async def opt_in(visit: Visit) -> Answer:
    """POST /audiences/opt-in: the same person agrees again, in their own words."""

    async def deed(tx: AsyncConnection, scheme: str, address: str, how: str) -> Word:
        await visit.house.handling.opt_in(tx, scheme, address, visit.name, how)
        return Word(f"{masked(address)} nhận tin trở lại.", f"{masked(address)} receives messages again.")

    return await _of_person(visit, deed)


async def _of_person(visit: Visit, deed: Callable[[AsyncConnection, str, str, str], Awaitable[Word]]) -> Answer:
    """A deed about one person, who is named by a phone number or a Zalo id; `how` says where that was said."""
    written, how = visit.text("address").strip(), visit.text("how").strip()[:300]
    try:
        if not how:
            raise BadInput("Hãy ghi người nhận đã nói ở đâu, khi nào", "Say where and when it was said", field="how")
        scheme, address = read_person(written)
        async with visit.house.database.write() as tx:
            said = await deed(tx, scheme, address, how)
    except Said as fault:
        if visit.json:
            raise
        return (await page(visit)).with_fault(fault)
    visit.house.notifier.ring("delivery")
    return Done("/audiences", said, {})


def _name(visit: Visit) -> str:
    name = " ".join(visit.text("name").split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise BadInput(
            f"Tên nhóm phải có từ 1 đến {LONGEST_NAME} ký tự",
            f"A name has 1 to {LONGEST_NAME} characters",
            field="name",
        )
    return name


async def _read(visit: Visit) -> tuple[AudienceList, Source]:
    given = file_of(visit, "file", "tệp danh sách")
    data = await asyncio.to_thread(given.file.read)
    found = await asyncio.to_thread(read_audience, data, visit.house.settings.office.zone)
    return found, Source(given.filename[:200], await asyncio.to_thread(sha256_of, data), visit.name)


async def _refused(visit: Visit, found: AudienceList) -> Answer:
    """Every fault with its line; nothing has changed."""
    count = len(found.faults)
    vi = f"Danh sách có {count} dòng lỗi nên chưa nhập ai; sửa tệp, hoặc chọn bỏ qua các dòng lỗi"
    fault = Conflict(vi, f"{count} rows are wrong; nobody was taken in")
    if visit.json:
        raise fault
    return (await page(visit, found)).with_fault(fault)


def _told(found: AudienceList) -> dict[str, Any]:
    faults = [{"line": one.line, "column": one.column, "vi": one.vi, "en": one.en} for one in found.faults]
    return {"doubled": found.doubled, "faults": faults}
