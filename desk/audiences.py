"""Audiences on the desk: lists of people with their number of reachable addresses, and lists taken in from files."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp.web import FileField
from sqlalchemy.ext.asyncio import AsyncConnection

from channels import store as channels_store
from channels.audience import AudienceList, masked, normal_address, read_audience
from config.words import BadInput, Conflict, Said
from db.types import new_id
from desk.answer import Answer, Done, Shown, Visit
from desk.forms import iso, listed

LONGEST_NAME = 100
FAULTS_SHOWN = 200
LONGEST_PHONE = 15
"""Digits of a phone number (ITU-T E.164); an id of Zalo has more."""


async def list_all(visit: Visit) -> Answer:
    """GET /audiences."""
    return await _page(visit)


async def _page(visit: Visit, found: AudienceList | None = None) -> Shown:
    async with visit.house.database.read() as connection:
        rows = await channels_store.audiences(connection)
        stopped = await channels_store.count_opted_out(connection)
    plain = [{"id": row.id, "name": row.name, "size": row.size, "made_at": iso(row.made_at)} for row in rows]
    faults = found.faults[:FAULTS_SHOWN] if found else ()
    values = {"audiences": rows, "found": found, "faults": faults, "typed": dict(visit.form), "stopped": stopped}
    return Shown("audiences.html", values, listed(plain, None))


async def take_in(visit: Visit) -> Answer:
    """POST /audiences: the people of `file` join the list `name`; with any bad row nobody does, unless `keep_good`."""
    house = visit.house
    try:
        name, found = _name(visit), await _read(visit)
    except BadInput as fault:
        if visit.json:
            raise
        return (await _page(visit)).with_fault(fault)
    if found.faults and not visit.text("keep_good"):
        return await _refused(visit, found)
    now = house.clock.now()
    async with house.database.write() as tx:
        new = await channels_store.save_audience(house.database, tx, new_id(now), name, found.people, now)
        await house.journal.note(tx, now, visit.name, "import_audience", f"audience/{name}", added=new)
    said = f"{name}: thêm {new} địa chỉ, {found.doubled} dòng trùng, bỏ {len(found.faults)} dòng lỗi."
    return Done("/audiences", said, {"audience": name, "added": new, **_told(found)})


async def opt_out(visit: Visit) -> Answer:
    """POST /audiences/opt-out: nothing more to a `phone` or `zalo`, on any list; what waits for it is cancelled."""

    async def deed(tx: AsyncConnection, scheme: str, address: str, how: str) -> str:
        cancelled = await visit.house.handling.opt_out(tx, scheme, address, visit.name, how)
        return f"Đã ghi nhận: không gửi gì tới {masked(address)} nữa; {cancelled} lượt đang chờ đã hủy."

    return await _of_person(visit, deed)


async def opt_in(visit: Visit) -> Answer:
    """POST /audiences/opt-in: the same person agrees again, in their own words."""

    async def deed(tx: AsyncConnection, scheme: str, address: str, how: str) -> str:
        await visit.house.handling.opt_in(tx, scheme, address, visit.name, how)
        return f"{masked(address)} nhận tin trở lại."

    return await _of_person(visit, deed)


async def _of_person(visit: Visit, deed: Callable[[AsyncConnection, str, str, str], Awaitable[str]]) -> Answer:
    """A deed about one person, who is named by a phone number or a Zalo id; `how` says where that was said."""
    written, how = visit.text("address").strip(), visit.text("how").strip()[:300]
    try:
        if not how:
            raise BadInput("Hãy ghi người nhận đã nói ở đâu, khi nào", "Say where and when it was said", field="how")
        scheme = "zalo" if len(written) > LONGEST_PHONE and written.isdigit() else "phone"
        try:
            address = normal_address(scheme, written)
        except BadInput as fault:
            raise BadInput(fault.vi, fault.en, field="address") from None
        async with visit.house.database.write() as tx:
            said = await deed(tx, scheme, address, how)
    except Said as fault:
        if visit.json:
            raise
        return (await _page(visit)).with_fault(fault)
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


async def _read(visit: Visit) -> AudienceList:
    given = visit.form.get("file")
    if not isinstance(given, FileField) or not given.filename:
        raise BadInput("Chọn một tệp danh sách", "Choose a file", field="file")
    return await asyncio.to_thread(lambda: read_audience(given.file.read()))


async def _refused(visit: Visit, found: AudienceList) -> Answer:
    """Every fault with its line; nothing has changed."""
    count = len(found.faults)
    vi = f"Danh sách có {count} dòng lỗi nên chưa nhập ai; sửa tệp, hoặc chọn bỏ qua các dòng lỗi"
    fault = Conflict(vi, f"{count} rows are wrong; nobody was taken in")
    page = (await _page(visit, found)).with_fault(fault)
    if not visit.json:
        return page
    raise fault


def _told(found: AudienceList) -> dict[str, Any]:
    faults = [{"line": one.line, "column": one.column, "vi": one.vi, "en": one.en} for one in found.faults]
    return {"doubled": found.doubled, "faults": faults}
