"""Contests on the desk: planned, handed in, approved by a second person, counted, published, reported; and the bank of questions."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audience import masked
from channels.audiences import store as audience_store
from channels.rows import RowFault, refusal
from config.words import BadInput, NotFound, Said, Word
from content import store as content_store
from content.contests import announcing, store
from content.contests.contest import (
    TITLES,
    Contest,
    Plan,
    Standing,
    State,
    board_code_of,
    days_of,
    lines_of,
    prizes_of,
    record,
)
from content.contests.entries import store as entries
from content.contests.entries.store import Entry
from content.contests.store import Banked
from desk.answer import Answer, Done, Shown, Visit
from desk.contests import table
from desk.contests.figures import Figures, figures
from desk.contests.report import drawn
from desk.forms import digest_of, file_of, iso, limit_of, listed, moment_of
from desk.keys import derive
from desk.shape import Paged, shape
from desk.shapes import contests as shapes
from desk.shapes.items import Why
from desk.shapes.outlets import XLSX
from desk.shapes.reports import PDF
from desk.units.choosing import must_reach_audience, unit_of_form
from scheduler.contesting import BOARD

HERE, BANK = "/contests", "/questions"
Deed = Callable[[AsyncConnection, str], Awaitable[Contest]]


# --- the bank ------------------------------------------------------------------------------------------------------------


@shape(shapes.QuestionsTold, shapes.QuestionsAsked)
async def list_questions(visit: Visit) -> Answer:
    """GET /questions: those in use, by theme."""
    return await _bank(visit)


async def _bank(visit: Visit, faults: Sequence[RowFault] = ()) -> Shown:
    theme, limit = visit.asked("theme"), limit_of(visit)
    async with visit.house.database.read() as connection:
        narrowed: dict[str, Any] = {"units": visit.units, "theme": theme, "after": visit.asked("after")}
        found = await store.banked(connection, **narrowed, limit=limit + 1)
        themes = await content_store.themes(connection)
        counts = await store.count_questions(connection, visit.units)
    page = found[:limit]
    next = page[-1].question.id if len(found) > limit else None
    values: dict[str, Any] = {"found": page, "theme": theme, "themes": themes, "counts": counts, "next": next}
    values |= {"faults": faults, "columns": table.TITLES}
    return Shown("contests/bank.html", values, listed([plain_question(one) for one in page], next))


def plain_question(one: Banked) -> dict[str, Any]:
    """A question as JSON."""
    plain = {name: getattr(one.question, name) for name in ("id", "unit", "theme", "text", "right", "source")}
    plain |= {"choices": list(one.question.choices), "added_by": one.added_by, "added_at": iso(one.added_at)}
    return plain | {"retired_at": iso(one.retired_at)}


@shape(shapes.QuestionsTaken, shapes.QuestionFile)
async def take_in(visit: Visit) -> Answer:
    """POST /questions: the questions of a `file`; with any bad row nothing is taken in."""
    house = visit.house
    try:
        given = file_of(visit, "file", "tệp câu hỏi")
        data = await asyncio.to_thread(given.file.read)
        async with house.database.read() as connection:
            themes = dict(await content_store.themes(connection))
        found, faults = await asyncio.to_thread(table.read_questions, data, themes)
        if faults:
            fault = refusal(faults, table.TITLES)
            if visit.json:
                raise fault
            return (await _bank(visit, faults)).with_fault(fault)
        async with house.database.write() as tx:
            unit = await unit_of_form(visit, tx)
            taken = await house.contests.take_in(tx, found, visit.name, unit=unit, source=given.filename[:200])
    except Said as fault:
        if visit.json:
            raise
        return (await _bank(visit)).with_fault(fault)
    said = Word(
        f"Đã nhận {taken.added} câu hỏi mới, {taken.same} câu đã có.",
        f"Questions taken in: {taken.added} new, {taken.same} that were there.",
    )
    return Done(BANK, said, {"added": taken.added, "same": taken.same})


@shape(shapes.QuestionTold)
async def retire(visit: Visit) -> Answer:
    """POST /questions/{id}/retire: asked no more in contests handed in from now on."""
    id = visit.part("id")
    try:
        async with visit.house.database.write() as tx:
            await visit.house.contests.retire(tx, id, visit.name)
            one = await store.find_question(tx, id)
    except NotFound:
        raise
    except Said as fault:
        if visit.json:
            raise
        return (await _bank(visit)).with_fault(fault)
    return Done(BANK, Word("Đã bỏ câu hỏi khỏi ngân hàng.", "Question removed from the bank."), plain_question(one))


# --- contests ------------------------------------------------------------------------------------------------------------


@shape(shapes.ContestsTold, Paged)
async def list_all(visit: Visit) -> Answer:
    """GET /contests: the newest first."""
    limit, now = limit_of(visit), visit.house.clock.now()
    async with visit.house.database.read() as connection:
        narrowed: dict[str, Any] = {"units": visit.units, "after": visit.asked("after")}
        found = await store.listed(connection, **narrowed, limit=limit + 1)
        counts = await entries.counts(connection, [one.id for one in found])
        questions = sum((await store.count_questions(connection, visit.units)).values())
    page = found[:limit]
    next = page[-1].id if len(found) > limit else None
    told = [(one, one.standing(now), *_both(counts, one.id)) for one in page]
    values = {"found": told, "titles": TITLES, "next": next, "questions": questions}
    return Shown("contests/list.html", values, listed([_plain_listed(*one) for one in told], next))


def _both(counts: Any, id: str) -> tuple[int, int]:
    return counts[id, True] + counts[id, False], counts[id, True]


def _plain_listed(one: Contest, standing: Standing, begun: int, finished: int) -> dict[str, Any]:
    plain: dict[str, Any] = {"id": one.id, "unit": one.unit, "title": one.title, "state": standing.value}
    plain |= {"opens_at": iso(one.plan.opens_at), "closes_at": iso(one.plan.closes_at)}
    return plain | {"erase_at": iso(one.erase_at), "begun": begun, "finished": finished}


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
    return Shown("contests/form.html", values | {"outlets": outlets, "codes": codes, "boards": _boards(visit)})


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
            plain = await _plain(visit, tx, one.id)
    except Said as fault:
        if visit.json:
            raise
        return (await _form(visit, None, _given(visit))).with_fault(fault)
    return Done(f"{HERE}/{one.id}", Word("Đã lưu bản nháp cuộc thi.", "Draft of the contest saved."), plain, 201)


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
            plain = await _plain(visit, tx, id)
    except Said as fault:
        if visit.json:
            raise
        return (await _form(visit, before, _given(visit))).with_fault(fault)
    return Done(f"{HERE}/{one.id}", Word("Đã lưu.", "Saved."), plain)


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


@shape(shapes.ContestTold)
async def show(visit: Visit) -> Answer:
    """GET /contests/{id}: with all that an approval is about, and what came of it."""
    return await _page(visit, visit.part("id"))


async def _page(visit: Visit, id: str) -> Shown:
    house, now = visit.house, visit.house.clock.now()
    async with house.database.read() as connection:
        seen = await house.contesting.look(connection, id)
        plain = await _plain(visit, connection, id)
        everybody = await entries.listed(connection, id)
    one = seen.contest
    counted = figures(everybody, [each.question for each in seen.questions], house.settings.office.zone)
    values = {"one": one, "seen": seen, "standing": one.standing(now), "titles": TITLES, "plain": plain}
    values |= {"figures": counted, "role_titles": _roles(seen.texts), "times": _times(visit, one)}
    values |= {"names": {each.question.id: each.question for each in seen.questions}, "outlets": house.outlets}
    values |= {"over": now >= one.plan.closes_at}
    return Shown("contests/show.html", values, plain)


def _roles(texts: Any) -> dict[str, str]:
    words = {
        "announce": Word("Tin báo mở cuộc thi", "Announcement of the contest"),
        "code": Word("Tin nhắn có mã", "Message with the code"),
        "result": Word("Tin kết quả", "Results"),
        "winner": Word("Tin báo người đạt giải", "Message to the winners"),
    }
    return {role: words.get(role) or _reminder(role.partition("-")[2]) for role in texts}


def _reminder(days: str) -> Word:
    return Word(f"Tin nhắc trước {days} ngày", f"Reminder {days} day{'' if days == '1' else 's'} before")


def _times(visit: Visit, one: Contest) -> dict[str, Any]:
    """When each of its texts goes out; None: when somebody asks."""
    house = visit.house
    texts = announcing.texts_of(one, "", house.settings.office.name, house.settings.office.zone)
    return {text.role: text.at for text in texts}


def _boards(visit: Visit) -> list[Any]:
    return [at for at in visit.outlets if at.channel.kind == BOARD]


async def _plain(visit: Visit, connection: AsyncConnection, id: str) -> dict[str, Any]:
    house = visit.house
    seen = await house.contesting.look(connection, id)
    one, everybody = seen.contest, await entries.listed(connection, id)
    counted = figures(everybody, [each.question for each in seen.questions], house.settings.office.zone)
    times, key = _times(visit, one), derive(house.key, "contest")
    try:
        address = house.contesting.address(one)
    except BadInput:
        address = None
    standing = one.standing(house.clock.now())
    may = visit.may("contest-count") and one.plan.board and one.state is State.APPROVED
    plain = _plain_listed(one, standing, counted.begun, counted.finished)
    plain |= {"plan": record(one.plan), "digest": seen.digest, "questions": list(one.questions), "address": address}
    plain |= {name: getattr(one, name) for name in ("made_by", "approved_by", "counted_by")}
    plain["texts"] = [
        {"role": role, "item": item.id, "title": revision.title, "state": item.state.value, "at": iso(times.get(role))}
        for role, (item, revision) in seen.texts.items()
    ]
    plain["board_codes"] = {at.name: board_code_of(one.id, at.name, key) for at in _boards(visit)} if may else {}
    # what questions are drawn by stays here until it helps nobody any more
    over = standing in {Standing.OVER, Standing.COUNTED, Standing.PUBLISHED}
    plain |= {"seed": one.seed if over else None, "results": one.results or None}
    plain |= {"winners": [_plain_winner(visit, each) for each in everybody if each.prize]}
    plain |= {"published_at": iso(one.published_at), "erased_at": iso(one.erased_at)}
    return plain | {"counts": _plain_counts(counted)}


def _plain_winner(visit: Visit, one: Entry) -> dict[str, Any]:
    seal = visit.house.seal
    known = not one.address.startswith(entries.GONE)
    plain = {"prize": one.prize, "name": seal.open_text(one.name), "place": one.place, "right": one.right}
    plain |= {"phone": masked(seal.open(one.address)) if known else "", "asked": len(one.questions)}
    return plain | {"guess": one.guess, "way": one.way.value}


def _plain_counts(counted: Figures) -> dict[str, Any]:
    kept = ("begun", "finished", "mean", "all_right", "by_day", "by_place", "by_way")
    shares = {id: round(right / asked, 3) for id, (right, asked) in counted.questions.items()}
    return {name: getattr(counted, name) for name in kept} | {"questions": shares}


@shape(None, shapes.ReportAsked, media=(XLSX, PDF))
async def show_report(visit: Visit) -> Answer:
    """GET /contests/{id}/report?form=xlsx: what came of it, as a spreadsheet or a PDF; numbers are masked."""
    house, form = visit.house, visit.asked("form") or "xlsx"
    async with house.database.read() as connection:
        one = await store.find(connection, visit.part("id"))
        everybody = await entries.listed(connection, one.id)
        banked = await store.questions_of(connection, one.questions)
    questions = [each.question for each in banked]
    counted = figures(everybody, questions, house.settings.office.zone)
    winners = [_plain_winner(visit, each) for each in everybody if each.prize]
    told = (one, counted, questions, winners, house.settings.office.name, house.clock.now(), house.settings.office.zone)
    body = await asyncio.to_thread(drawn, form, *told)
    headers = {"Content-Disposition": f'attachment; filename="cuoc-thi-{one.id}.{form}"'}
    return web.Response(body=body, content_type=XLSX if form == "xlsx" else PDF, headers=headers)


@shape(shapes.ContestTold)
async def submit(visit: Visit) -> Answer:
    """POST /contests/{id}/submit: with its texts as they will go out."""
    contesting = visit.house.contesting
    return await _done(
        visit,
        Word("Đã trình duyệt cuộc thi.", "Contest submitted for approval."),
        lambda tx, one: contesting.submit(tx, one, visit.name),
    )


@shape(shapes.ContestTold, shapes.Judged)
async def approve(visit: Visit) -> Answer:
    """POST /contests/{id}/approve: exactly the digest that was on the page; its texts are approved and scheduled with it."""
    told = {"digest": digest_of(visit), "note": visit.text("note"), "instead_of": visit.instead_of}
    said = Word(
        "Đã duyệt. Tin báo, tin nhắc tự phát đúng giờ, cuộc thi tự mở và tự đóng.",
        "Approved. Announcement and reminders go out in time; the contest opens and closes by itself.",
    )
    return await _done(visit, said, lambda tx, one: visit.house.contesting.approve(tx, one, visit.name, **told))


@shape(shapes.ContestTold, Why)
async def send_back(visit: Visit) -> Answer:
    """POST /contests/{id}/send-back: what waits for approval, the contest or its results, with a reason."""
    note, contesting = visit.text("note"), visit.house.contesting
    return await _done(
        visit, Word("Đã trả lại.", "Sent back."), lambda tx, one: contesting.send_back(tx, one, visit.name, note)
    )


@shape(shapes.ContestTold, Why)
async def withdraw(visit: Visit) -> Answer:
    """POST /contests/{id}/withdraw: called off, with a reason."""
    note, contesting = visit.text("note"), visit.house.contesting
    said = Word("Đã hủy cuộc thi, thu hồi các tin của nó.", "Contest cancelled, its items withdrawn.")
    return await _done(visit, said, lambda tx, one: contesting.withdraw(tx, one, visit.name, note))


@shape(shapes.ContestTold)
async def count(visit: Visit) -> Answer:
    """POST /contests/{id}/results: worked out once it is over, to be approved by somebody else."""
    contesting = visit.house.contesting
    said = Word(
        "Đã tính kết quả; người thứ hai duyệt thì mới công bố.",
        "Counted; a second person has to approve before results are published.",
    )
    return await _done(visit, said, lambda tx, one: contesting.count(tx, one, visit.name))


@shape(shapes.ContestTold, shapes.Judged)
async def publish(visit: Visit) -> Answer:
    """POST /contests/{id}/publish: the results with this digest, worked out a second time; winners are told whom a message can tell."""
    told = {"digest": digest_of(visit), "note": visit.text("note"), "instead_of": visit.instead_of}
    said = Word("Đã duyệt và công bố kết quả.", "Results approved and published.")
    return await _done(visit, said, lambda tx, one: visit.house.contesting.publish(tx, one, visit.name, **told))


async def _done(visit: Visit, said: Word, deed: Deed) -> Answer:
    id = visit.part("id")
    try:
        async with visit.house.database.write() as tx:
            await deed(tx, id)
            plain = await _plain(visit, tx, id)
    except NotFound as fault:
        if visit.json or not fault.field:
            raise
        return (await _page(visit, id)).with_fault(fault)
    except Said as fault:
        if visit.json:
            raise
        return (await _page(visit, id)).with_fault(fault)
    for topic in ("item", "schedule", "work"):
        visit.house.notifier.ring(topic)
    return Done(f"{HERE}/{id}", said, plain)
