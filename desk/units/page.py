"""The page of units: the tree as it is and was; one saved, many taken in from a file or the country's register."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any

from channels.rows import RowFault, refusal
from config.words import BadInput, NotFound, Said, Word
from content.units import store
from content.units.unit import ROOT, TITLES, Level, Tree, Unit, level_of
from desk.answer import Answer, Done, Shown, Visit
from desk.forms import choice, file_of, listed
from desk.shape import shape
from desk.shapes import units as shapes
from desk.units import register
from desk.units.choosing import unit_choices
from desk.units.table import COLUMN_TITLES, read_units

HERE = "/units"
FIELDS = ("id", "name", "level", "parent", "code", "since", "until", "before")


@shape(shapes.UnitsTold)
async def list_all(visit: Visit) -> Answer:
    """GET /units: the tree, with what has ended in it; `id` names one to be changed."""
    return await _page(visit)


async def _page(visit: Visit, faults: Sequence[RowFault] = ()) -> Shown:
    async with visit.house.database.read() as connection:
        tree = await store.tree(connection)
    provinces = await asyncio.to_thread(register.provinces) if visit.may("units-import") else []
    today, typed = _today(visit), _typed(visit, tree)
    walked = list(tree.walk(visit.units))
    values: dict[str, Any] = {
        "tree": tree,
        "walked": walked,
        "today": today,
        "now": sum(one.is_in_force(today) for _, one in walked),
        "levels": [(level.value, title.capitalize()) for level, title in TITLES.items()],
        "parents": unit_choices(visit, tree, kept=typed["parent"]) or [(ROOT, visit.house.settings.office.name)],
        "provinces": [(name, name) for name in provinces],
        "faults": faults,
        "columns": COLUMN_TITLES,
        "typed": typed,
        "province": visit.text("province"),
    }
    return Shown("units/page.html", values, listed([plain_unit(one) for _, one in walked], None))


def _typed(visit: Visit, tree: Tree) -> dict[str, str]:
    """What the form holds: as it was filled in, or the unit that the address names, or nothing."""
    if visit.form or visit.json or not visit.asked("id"):
        return {name: visit.text(name) for name in FIELDS}
    one = tree[visit.asked("id")]
    days = {"since": str(one.since or ""), "until": str(one.until or "")}
    about = {"level": one.level.value, "parent": one.parent, "code": one.code, "before": ", ".join(one.before)}
    return {"id": one.id, "name": one.name, **about, **days}


def _today(visit: Visit) -> date:
    return visit.drawing.local(visit.house.clock.now()).date()


def plain_unit(one: Unit) -> dict[str, Any]:
    """A unit as JSON."""
    days = {
        "since": one.since.isoformat() if one.since else None,
        "until": one.until.isoformat() if one.until else None,
    }
    about = {"id": one.id, "name": one.name, "level": one.level.value, "parent": one.parent, "code": one.code}
    return about | days | {"before": list(one.before)}


@shape(shapes.UnitTold, shapes.UnitFields)
async def save(visit: Visit) -> Answer:
    """POST /units: a new one, or with `id` one as it is now."""
    house = visit.house
    try:
        async with house.database.write() as tx:
            known = await store.tree(tx)
            saved = await house.units.save(tx, _unit(visit, known), visit.name)
    except NotFound as fault:
        if visit.json or not fault.field:
            raise
        return (await _page(visit)).with_fault(fault)
    except Said as fault:
        return (await _page(visit)).with_fault(fault)
    return Done(HERE, Word(f"Đã lưu {saved.name}.", f"{saved.name} saved."), plain_unit(saved))


def _unit(visit: Visit, known: Tree) -> Unit:
    """What was filled in. Raises BadInput, NotFound."""
    id, name = visit.text("id").strip(), " ".join(visit.text("name").split())
    level = choice(Level, visit.text("level"), "level") or level_of(name)
    if level is None:
        raise BadInput("Chọn cấp của đơn vị", "Say of which level it is", field="level")
    if id:
        known[id]
    before = {part.strip() for written in visit.texts("before") for part in written.split(",")} - {""}
    return Unit(
        id,
        name,
        level,
        visit.text("parent").strip(),
        visit.text("code").strip()[:20],
        _day(visit, "since"),
        _day(visit, "until"),
        tuple(sorted(before)),
    )


def _day(visit: Visit, field: str) -> date | None:
    written = visit.text(field).strip()
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise BadInput(f"Không hiểu ngày “{written[:20]}”", f"Not a day: {written[:20]}", field=field) from None


@shape(shapes.UnitsTaken, shapes.UnitsFields)
async def take_in(visit: Visit) -> Answer:
    """POST /units/import: those of `file`; with any bad row none."""
    try:
        async with visit.house.database.read() as connection:
            known = await store.tree(connection)
        found, source, faults = await _read(visit, known)
    except Said as fault:
        return await _told(visit, fault)
    return await _refused(visit, faults) if faults else await _taken(visit, found, source)


@shape(shapes.UnitsTaken, shapes.ProvinceFields)
async def load(visit: Visit) -> Answer:
    """POST /units/load: all of a `province` by the country's register."""
    province = visit.text("province").strip()
    try:
        async with visit.house.database.read() as connection:
            known = await store.tree(connection)
        found = await asyncio.to_thread(register.units_of, province, known)
    except Said as fault:
        return await _told(visit, fault)
    return await _taken(visit, found, province)


async def _taken(visit: Visit, found: Sequence[Unit], source: str) -> Answer:
    try:
        async with visit.house.database.write() as tx:
            new, changed = await visit.house.units.take_in(tx, found, visit.name, source=source)
    except Said as fault:
        return await _told(visit, fault)
    said = Word(
        f"Đã nhận {len(found)} đơn vị: {new} mới, {changed} thay đổi.",
        f"Units taken in: {len(found)}; {new} new, {changed} changed.",
    )
    return Done(HERE, said, {"added": new, "changed": changed})


async def _told(visit: Visit, fault: Said) -> Shown:
    """The page with what is wrong; to a program the fault itself."""
    if visit.json:
        raise fault
    return (await _page(visit)).with_fault(fault)


async def _read(visit: Visit, known: Tree) -> tuple[list[Unit], str, list[RowFault]]:
    given = file_of(visit, "file", "tệp danh sách")
    data = await asyncio.to_thread(given.file.read)
    found, faults = await asyncio.to_thread(read_units, data, known)
    if not found and not faults:
        raise BadInput("Tệp không có đơn vị nào", "There is no unit in the file", field="file")
    return found, given.filename[:200], faults


async def _refused(visit: Visit, faults: Sequence[RowFault]) -> Answer:
    """Every fault with its line; nothing has changed."""
    fault = refusal(faults, COLUMN_TITLES)
    if visit.json:
        raise fault
    return (await _page(visit, faults)).with_fault(fault)
