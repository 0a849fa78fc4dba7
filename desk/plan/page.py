"""The yearly plan on the desk: what it says, how far each task has come and what counted; written, changed, copied."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from config.lazy import lazily
from config.words import Conflict, NotFound, Said, Word
from content import store as content_store
from content.units import store as unit_store
from db.types import new_id, new_ids
from desk.answer import Answer, Done, Shown, Visit
from desk.plan import store
from desk.plan.counting import standings_of
from desk.plan.plain import HEAD, MANY, TASK, plain_head, plain_plan, plain_progress, plain_task
from desk.plan.plan import LONGEST, MOST, Rhythm, Task, Way, copied, plan_from, task_from, year_from
from desk.plan.progress import Progress
from desk.shape import shape
from desk.shapes import plan as shapes
from desk.shapes.outlets import XLSX
from desk.units.choosing import asked_unit, unit_choices
from scheduler.tally import store as tally_store

if TYPE_CHECKING:
    from desk.plan import evidence
else:
    evidence = lazily("desk.plan.evidence")

FEW = 3
"""So many texts that counted are named beside a task; MANY on its own page."""


@shape(shapes.PlanTold, shapes.PlanAsked)
async def show(visit: Visit) -> Answer:
    """GET /plan?year=2026: a year's plan with the progress of its tasks, what is late first; this year's when none is named."""
    asked = visit.asked("year")
    return await _page(visit, year_from(asked) if asked else _today(visit).year, await _whose(visit))


async def _whose(visit: Visit) -> str:
    """Whose plan it is about: the unit that is named, or this person's own. Raises NotFound."""
    async with visit.house.database.read() as connection:
        return await asked_unit(visit, connection)


def _today(visit: Visit) -> date:
    return visit.drawing.local(visit.house.clock.now()).date()


def _here(year: int, unit: str) -> str:
    return f"/plan?year={year}" + (f"&unit={unit}" if unit else "")


async def _page(visit: Visit, year: int, unit: str) -> Shown:
    async with visit.house.database.read() as connection:
        plan = await store.find(connection, year, unit)
        if plan is None and visit.json:
            raise _no_plan(year)
        years = await store.years(connection, unit)
        tree = await unit_store.tree(connection)
        found = await standings_of(connection, plan, _today(visit), visit.drawing.zone) if plan else []
        values = await _beside(visit, connection, found, FEW)
        deeds = await visit.house.journal.of(connection, _thing(year, unit))
    offered = sorted({*years, year, _today(visit).year, _today(visit).year + 1})
    values |= {"plan": plan, "year": year, "found": found, "years": years, "offered": offered, "deeds": deeds}
    values |= {"unit": unit, "unit_choices": unit_choices(visit, tree, kept=unit), "tree": tree}
    return Shown("plan/page.html", values, plain_plan(plan, found) if plan else None)


async def _beside(visit: Visit, connection: AsyncConnection, found: Sequence[Progress], few: int) -> dict[str, Any]:
    """What both pages need to name things and to fill their forms."""
    titles = await tally_store.theme_titles(connection)
    wanted = {sent.item for one in found for sent in one.counted[:few]}
    return {
        "theme_titles": titles,
        "themes": await content_store.themes(connection),
        "items": await content_store.items_by_id(connection, wanted),
        "ways": [(one.value, one.title_vi.capitalize()) for one in Way],
        "rhythms": [(one.value, one.title_vi.capitalize()) for one in Rhythm],
        "few": few,
        "longest": LONGEST,
        "most": MOST,
        "typed": visit.form,
    }


def _thing(year: int, unit: str) -> str:
    """What the journal calls a plan."""
    return f"plan/{unit}/{year}" if unit else f"plan/{year}"


def _no_plan(year: int) -> NotFound:
    return NotFound(f"Năm {year} chưa có kế hoạch", f"There is no plan of {year}", field="year")


@shape(None, shapes.PlanAsked, media=(XLSX,))
async def show_evidence(visit: Visit) -> Answer:
    """GET /plan/evidence.xlsx?year=2026: a year's tasks and every text that counted, task by task, in the plan's order."""
    asked, unit = visit.asked("year"), await _whose(visit)
    year = year_from(asked) if asked else _today(visit).year
    async with visit.house.database.read() as connection:
        plan = await store.find(connection, year, unit)
        if plan is None:
            raise _no_plan(year)
        found = await standings_of(connection, plan, _today(visit), visit.drawing.zone)
        titles = await tally_store.theme_titles(connection)
        items = await content_store.items_by_id(connection, {sent.item for one in found for sent in one.counted})
    found.sort(key=lambda one: plan.tasks.index(one.task))
    named = {id: item.title for id, item in items.items()}
    base = visit.house.settings.web.base_url
    body = await asyncio.to_thread(lambda: evidence.drawn(plan, found, titles, named, base))
    headers = {
        "Content-Type": XLSX,
        "Content-Disposition": f'attachment; filename="minh-chung-{f"{unit}-" if unit else ""}{year}.xlsx"',
    }
    return web.Response(body=body, headers=headers)


@shape(shapes.PlanHead, shapes.PlanFields)
async def save(visit: Visit) -> Answer:
    """POST /plan: a year's plan, new or as it is now; its tasks stay."""
    house, now = visit.house, visit.house.clock.now()
    year, unit = year_from(visit.text("year")), await _whose(visit)
    try:
        plan = plan_from(_written(visit, HEAD), unit)
        async with house.database.write() as tx:
            await store.save(house.database, tx, plan)
            told = {"symbol" if name == "number" else name: value for name, value in plain_head(plan).items()}
            await house.journal.note(tx, now, visit.name, "save_plan", _thing(year, unit), **told)
    except Said as fault:
        return (await _page(visit, year, unit)).with_fault(fault)
    return Done(_here(year, unit), Word(f"Đã lưu kế hoạch năm {year}.", f"Plan of {year} saved."), plain_head(plan))


def _written(visit: Visit, fields: Sequence[str]) -> dict[str, str]:
    return {name: visit.text(name) for name in fields if name != "unit"}


@shape(shapes.PlanHead, shapes.CopyFields, status=201)
async def copy(visit: Visit) -> Answer:
    """POST /plan/copy: another year's plan and tasks, for a year that has none; to be numbered and signed anew."""
    house, now = visit.house, visit.house.clock.now()
    year, unit = year_from(visit.text("year")), await _whose(visit)
    begun = year_from(visit.text("from") or str(year - 1))
    try:
        async with house.database.write() as tx:
            known = await store.find(tx, begun, unit)
            if known is None:
                raise _no_plan(begun)
            plan = copied(known, year)
            if not await store.add(house.database, tx, plan):
                raise Conflict(f"Năm {year} đã có kế hoạch", f"There is a plan of {year} already")
            for id, task in zip(new_ids(now), plan.tasks, strict=False):
                await store.add_task(tx, replace(task, id=id))
            told = {"from": begun, "tasks": len(plan.tasks)}
            await house.journal.note(tx, now, visit.name, "copy_plan", _thing(year, unit), **told)
    except Said as fault:
        return (await _page(visit, year, unit)).with_fault(fault)
    said = Word(
        f"Đã chép kế hoạch năm {begun}: sửa chỉ tiêu, ghi số và ngày khi ký.",
        f"Plan copied to {begun}: change the targets, note number and date once it is signed.",
    )
    return Done(_here(year, unit), said, plain_head(plan), 201)


@shape(shapes.TaskTold, shapes.NewTask, status=201)
async def add_task(visit: Visit) -> Answer:
    """POST /plan/tasks: one more task of a year's plan."""
    house, now = visit.house, visit.house.clock.now()
    year, unit = year_from(visit.text("year")), await _whose(visit)
    try:
        async with house.database.write() as tx:
            if await store.find(tx, year, unit) is None:
                raise _no_plan(year)
            themes = dict(await content_store.themes(tx))
            task = task_from(_written(visit, TASK), new_id(now), year, themes, unit)
            await store.add_task(tx, task)
            await _note(visit, tx, now, "add_task", task)
    except Said as fault:
        return (await _page(visit, year, unit)).with_fault(fault)
    return Done(_here(year, unit), Word("Đã thêm nhiệm vụ.", "Task added."), plain_task(task), 201)


async def _note(visit: Visit, tx: AsyncConnection, now: datetime, verb: str, task: Task) -> None:
    await visit.house.journal.note(
        tx, now, visit.name, verb, _thing(task.year, task.unit), note=task.words, **_told(task)
    )


def _told(task: Task) -> dict[str, Any]:
    return {"task": task.id} | {name: plain_task(task)[name] for name in TASK if name != "words"}


@shape(shapes.ProgressTold)
async def show_task(visit: Visit) -> Answer:
    """GET /plan/tasks/{id}: one task, stretch by stretch, and the texts that counted."""
    return await _task_page(visit)


async def _task_page(visit: Visit) -> Shown:
    async with visit.house.database.read() as connection:
        task = await store.find_task(connection, visit.part("id"))
        plan = await store.find(connection, task.year, task.unit)
        assert plan is not None
        alone = replace(plan, tasks=(task,))
        [found] = await standings_of(connection, alone, _today(visit), visit.drawing.zone)
        values = await _beside(visit, connection, [found], MANY)
    kept = plain_task(task) | {"way": task.way or "", "deadline": task.deadline or "", "rhythm": task.rhythm.value}
    if task.theme and task.theme not in dict(values["themes"]):
        values["themes"].append((task.theme, values["theme_titles"].get(task.theme, task.theme)))
    values |= {"plan": plan, "one": found, "typed": {**kept, **visit.form}}
    return Shown("plan/task.html", values, plain_progress(found))


@shape(shapes.TaskTold, shapes.TaskText)
async def change_task(visit: Visit) -> Answer:
    """POST /plan/tasks/{id}: the task as it is now; a theme that is out of use may stay."""
    house, now = visit.house, visit.house.clock.now()
    try:
        async with house.database.write() as tx:
            old = await store.find_task(tx, visit.part("id"))
            themes = {old.theme, *dict(await content_store.themes(tx))}
            task = task_from(_written(visit, TASK), old.id, old.year, themes, old.unit)
            await store.change_task(tx, task)
            await _note(visit, tx, now, "change_task", task)
    except NotFound:
        raise
    except Said as fault:
        return (await _task_page(visit)).with_fault(fault)
    return Done(_here(task.year, task.unit), Word("Đã sửa nhiệm vụ.", "Task changed."), plain_task(task))


@shape(shapes.TaskTold)
async def remove_task(visit: Visit) -> Answer:
    """POST /plan/tasks/{id}/remove: out of the plan; what went out stays in the log."""
    house, now = visit.house, visit.house.clock.now()
    async with house.database.write() as tx:
        task = await store.find_task(tx, visit.part("id"))
        await store.remove_task(tx, task.id)
        await _note(visit, tx, now, "remove_task", task)
    return Done(_here(task.year, task.unit), Word("Đã bỏ nhiệm vụ.", "Task removed."), plain_task(task))
