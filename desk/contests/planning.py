"""A contest planned on the desk: the form, what was typed into it, a plan made of that."""

from __future__ import annotations

from typing import Any

from channels.audiences import store as audience_store
from config.words import BadInput, Said, Word
from content import store as content_store
from content.contests import store
from content.contests.contest import Contest, Plan, State, days_of, lines_of, prizes_of
from desk.answer import Answer, Done, Shown, Visit
from desk.contests.plain import boards, plain_contest
from desk.forms import moment_of
from desk.shape import shape
from desk.shapes import contests as shapes
from desk.units.choosing import must_reach_audience, unit_of_form


async def blank(visit: Visit) -> Answer:
    """GET /contests/new."""
    return await _form(visit, None, {})


async def edit(visit: Visit) -> Answer:
    """GET /contests/{id}/edit."""
    async with visit.house.database.read() as connection:
        one = await store.find(connection, visit.part("id"))
    one.check_move(State.DRAFT)
    return await _form(visit, one, _typed(visit, one.plan))


async def _form(visit: Visit, one: Contest | None, typed: dict[str, Any]) -> Shown:
    async with visit.house.database.read() as connection:
        themes = await content_store.themes(connection)
        audiences = [(each.name, each.name) for each in await audience_store.audiences(connection, visit.units)]
        counts = await store.count_questions(connection, visit.units)
    begun = _typed(visit, None) | typed
    codes = [(at.name, at.outlet.title) for at in visit.outlets if at.channel.scheme == "phone"]
    outlets = [(at.name, at.outlet.title, bool(at.channel.scheme)) for at in visit.outlets]
    values = {"one": one, "typed": begun, "themes": themes, "counts": counts, "audiences": audiences}
    return Shown("contests/form.html", values | {"outlets": outlets, "codes": codes, "boards": boards(visit)})


def _typed(visit: Visit, plan: Plan | None) -> dict[str, Any]:
    """What the form holds of a plan, or at first."""
    told: dict[str, Any] = {"title": "", "rules": "", "opens_at": "", "closes_at": "", "places": "", "audience": ""}
    told |= {
        "outlet": [],
        "themes": [],
        "code_outlet": "",
        "board": "",
        "prizes": "Giải nhất: 1\nGiải nhì: 2\nGiải ba: 3",
    }
    told |= {"count": 10, "minutes": 15, "remind_days": "3, 1", "remind_at": "07:00"}
    told |= {"codes_a_day": 500, "per_address": 20, "keep_days": 60}
    if plan is None:
        return told
    told |= {name: getattr(plan, name) for name in told if hasattr(plan, name)}
    told |= {name: f"{visit.drawing.local(told[name]):%Y-%m-%dT%H:%M}" for name in ("opens_at", "closes_at")}
    told |= {"outlet": list(plan.outlets), "themes": list(plan.themes), "board": "1" if plan.board else ""}
    told |= {"places": "\n".join(plan.places), "remind_days": ", ".join(map(str, plan.remind_days))}
    return told | {"prizes": "\n".join(f"{name}: {number}" for name, number in plan.prizes)}


@shape(shapes.ContestTold, shapes.NewContest, status=201)
async def add(visit: Visit) -> Answer:
    """POST /contests: a draft."""
    try:
        plan = await _plan(visit)
        async with visit.house.database.write() as tx:
            unit = await unit_of_form(visit, tx)
            one = await visit.house.contests.write(tx, plan, visit.name, unit=unit)
            plain = await plain_contest(visit, tx, one.id)
    except Said as fault:
        if visit.json:
            raise
        return (await _form(visit, None, _given(visit))).with_fault(fault)
    return Done(f"/contests/{one.id}", Word("Đã lưu bản nháp cuộc thi.", "Draft of the contest saved."), plain, 201)


@shape(shapes.ContestTold, shapes.ContestFields)
async def revise(visit: Visit) -> Answer:
    """POST /contests/{id}: planned otherwise; what waited for approval is a draft again."""
    id = visit.part("id")
    async with visit.house.database.read() as connection:
        before = await store.find(connection, id)
    try:
        plan = await _plan(visit)
        async with visit.house.database.write() as tx:
            one = await visit.house.contests.revise(tx, id, plan, visit.name)
            plain = await plain_contest(visit, tx, id)
    except Said as fault:
        if visit.json:
            raise
        return (await _form(visit, before, _given(visit))).with_fault(fault)
    return Done(f"/contests/{one.id}", Word("Đã lưu.", "Saved."), plain)


def _given(visit: Visit) -> dict[str, Any]:
    """What was typed, as it was typed."""
    lists = {name: list(visit.texts(name)) for name in ("outlet", "themes")}
    return {name: visit.text(name) for name in _typed(visit, None) if name not in lists} | lists


async def _plan(visit: Visit) -> Plan:
    """Raises BadInput, NotFound for outlets and lists of others."""
    opens, closes = (moment_of(visit, name) for name in ("opens_at", "closes_at"))
    for name, moment in (("opens_at", opens), ("closes_at", closes)):
        if moment is None:
            raise BadInput("Chọn ngày giờ", "Choose a moment", field=name)
    assert opens is not None
    assert closes is not None
    outlets, code, audience = visit.texts("outlet"), visit.text("code_outlet").strip(), visit.text("audience").strip()
    for name in filter(None, (*outlets, code)):
        visit.outlets[name]
    if audience:
        async with visit.house.database.read() as connection:
            await audience_store.audience_id(connection, audience)
            await must_reach_audience(visit, connection, audience)
    numbers = {name: _number(visit, name) for name in ("count", "minutes", "codes_a_day", "per_address", "keep_days")}
    return Plan(
        title=" ".join(visit.text("title").split()),
        rules=visit.text("rules").strip(),
        opens_at=opens,
        closes_at=closes,
        outlets=tuple(dict.fromkeys(outlets)),
        audience=audience,
        themes=tuple(dict.fromkeys(visit.texts("themes"))),
        prizes=prizes_of(visit.text("prizes")),
        places=lines_of(visit.text("places")),
        code_outlet=code,
        board=bool(visit.text("board")),
        remind_days=days_of(visit.text("remind_days", "3, 1")),
        remind_at=visit.text("remind_at").strip().rjust(5, "0") if visit.text("remind_at").strip() else "07:00",
        **{name: number for name, number in numbers.items() if number is not None},
    )


def _number(visit: Visit, name: str) -> int | None:
    written = visit.text(name).strip()
    if not written:
        return None
    digits = written.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise BadInput("Ghi một số", f"{name} is a number", field=name)
    return int(written)
