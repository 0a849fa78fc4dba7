"""The catalogue of procedures on the desk: searched, one with its history, and a catalogue taken in from a file."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from channels.rows import RowFault, refusal
from config.words import Said, Word
from content import store as content_store
from content.procedures import store
from content.procedures.procedure import TITLES, Procedure, Status, written
from content.procedures.store import Change
from desk.answer import Answer, Done, Shown, Visit
from desk.forms import choice, file_of, iso, limit_of, listed
from desk.procedures.table import read_procedures
from desk.shape import shape
from desk.shapes import procedures as shapes

HERE = "/procedures"


@shape(shapes.ProceduresTold, shapes.ProceduresAsked)
async def list_all(visit: Visit) -> Answer:
    """GET /procedures?q=ly+lich&status=amended: those that have all the words, by code."""
    return await _page(visit)


async def _page(visit: Visit, faults: Sequence[RowFault] = ()) -> Shown:
    words, status = visit.asked("q")[:200], choice(Status, visit.asked("status"), "status")
    limit = limit_of(visit)
    async with visit.house.database.read() as connection:
        found = await store.search(connection, words, status=status, after=visit.asked("after"), limit=limit + 1)
        count = await store.count(connection)
    shown = found[:limit]
    next = shown[-1].code if len(found) > limit else None
    values = {
        "found": shown,
        "count": count,
        "words": words,
        "status": status.value if status else "",
        "statuses": [(one.value, one.title_vi.capitalize()) for one in Status],
        "next": next,
        "faults": faults,
        "columns": TITLES,
    }
    return Shown("procedures/list.html", values, listed([plain_procedure(one) for one in shown], next))


def plain_procedure(one: Procedure) -> dict[str, Any]:
    """A procedure as JSON."""
    plain = {name: getattr(one, name) for name in TITLES}
    return plain | {"effective": one.effective.isoformat() if one.effective else None, "status": one.status.value}


@shape(shapes.ProcedureTold)
async def show(visit: Visit) -> Answer:
    """GET /procedures/{id}: one with every change there was and the items that speak of it."""
    async with visit.house.database.read() as connection:
        one = await store.find(connection, visit.part("id"))
        history = await store.history(connection, one.code)
        citing = await store.items_citing(connection, one.code)
        items = await content_store.items_by_id(connection, {*citing, *(each.item for each in history)} - {""})
    items = {id: item for id, item in items.items() if visit.reaches(item.unit)}
    about = [items[id] for id in citing if id in items]
    values = {
        "one": one,
        "written": written(one),
        "titles": TITLES,
        "history": history,
        "items": items,
        "citing": about,
    }
    plain = plain_procedure(one) | {"history": [_plain_change(each) for each in history]}
    return Shown("procedures/show.html", values, plain | {"items": [item.id for item in about]})


def _plain_change(one: Change) -> dict[str, Any]:
    told = [{"field": each.field, "before": each.before, "after": each.after} for each in one.differences]
    about = {"id": one.id, "at": iso(one.at), "person": one.person, "source": one.source, "new": one.is_new}
    return about | {"differences": told, "item": one.item or None}


@shape(shapes.CatalogueTaken, shapes.CatalogueFields)
async def take_in(visit: Visit) -> Answer:
    """POST /procedures: a catalogue in `file`, compared with what is known; with any bad row nothing is taken in."""
    house = visit.house
    try:
        found, source, faults = await _read(visit)
        if faults:
            return await _refused(visit, faults)
        async with house.database.write() as tx:
            taken = await house.procedures.take_in(tx, found, visit.name, source=source)
    except Said as fault:
        if visit.json:
            raise
        return (await _page(visit)).with_fault(fault)
    house.notifier.ring("item")
    said = Word(
        f"Đã nhận {len(found)} thủ tục: {taken.added} mới, {taken.changed} thay đổi, {taken.same} như cũ.",
        f"Procedures taken in: {len(found)}; {taken.added} new, {taken.changed} changed, {taken.same} as before.",
    )
    if taken.drafts:
        said += Word(
            f" Đã soạn {len(taken.drafts)} tin nháp để báo thay đổi.",
            f" Drafts that announce the changes: {len(taken.drafts)}.",
        )
    counts = {"added": taken.added, "changed": taken.changed, "same": taken.same}
    return Done(HERE, said, counts | {"drafts": list(taken.drafts)})


async def _read(visit: Visit) -> tuple[list[Procedure], str, list[RowFault]]:
    given = file_of(visit, "file", "tệp danh mục")
    data = await asyncio.to_thread(given.file.read)
    async with visit.house.database.read() as connection:
        known = await store.known(connection)
    found, faults = await asyncio.to_thread(read_procedures, data, known)
    return found, given.filename[:200], faults


async def _refused(visit: Visit, faults: Sequence[RowFault]) -> Answer:
    """Every fault with its row and column; nothing has changed."""
    fault = refusal(faults, TITLES)
    if visit.json:
        raise fault
    return (await _page(visit, faults)).with_fault(fault)
