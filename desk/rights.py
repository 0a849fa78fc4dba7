"""What is kept of one person, on the desk: a file of all of it, or erased; for administrators, at that person's request."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from aiohttp import web

from channels.audience import masked, read_person
from config.words import BadInput, Said, Word
from desk import audiences
from desk.answer import Answer, Done, Visit
from desk.forms import iso
from desk.shape import shape
from desk.shapes import people as shapes


@shape(shapes.PersonTold, shapes.PersonFields, once=True)
async def export(visit: Visit) -> Answer:
    """POST /audiences/export: everything kept of a `person` (a phone number or a Zalo id), as a file of JSON."""
    try:
        told = await visit.house.rights.tell(*_person(visit), visit.name)
    except Said as fault:
        return await _refused(visit, fault)
    headers = {"Content-Disposition": 'attachment; filename="du-lieu-ca-nhan.json"', "Cache-Control": "no-store"}
    return web.Response(text=in_json(told), content_type="application/json", headers=headers)


def in_json(told: dict[str, Any]) -> str:
    """For reading: indented, moments in ISO 8601."""

    def plain(value: Any) -> str | None:
        return iso(value) if isinstance(value, datetime) else str(value)

    return json.dumps(told, ensure_ascii=False, indent=1, default=plain) + "\n"


@shape(shapes.ErasedTold, shapes.EraseFields)
async def erase(visit: Visit) -> Answer:
    """POST /audiences/erase: nothing names the `person` any more; `reason` goes into the journal."""
    try:
        scheme, address = _person(visit)
        done = await visit.house.rights.erase(scheme, address, visit.name, visit.text("reason"))
    except Said as fault:
        return await _refused(visit, fault)
    visit.house.notifier.ring("delivery")
    vi = Word(
        f"Đã xóa {masked(address)}: {done.lists} nhóm, {done.deliveries} lượt trong nhật ký, hủy {done.cancelled} lượt chờ.",
        f"{masked(address)} erased: audiences {done.lists}, deliveries {done.deliveries}, cancelled {done.cancelled}.",
    )
    counted = {"lists": done.lists, "deliveries": done.deliveries, "cancelled": done.cancelled}
    return Done("/audiences", vi, counted)


def _person(visit: Visit) -> tuple[str, str]:
    try:
        return read_person(visit.text("person"))
    except BadInput as fault:
        raise BadInput(fault.vi, fault.en, field="person") from None


async def _refused(visit: Visit, fault: Said) -> Answer:
    if visit.json:
        raise fault
    return (await audiences.page(visit)).with_fault(fault)
