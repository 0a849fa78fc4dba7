"""Contests on the desk: handed in, approved by a second person, counted, published, reported."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import NotFound, Said, Word
from content.contests import store
from content.contests.contest import TITLES, Contest
from content.contests.entries import store as entries
from desk.answer import Answer, Done, Shown, Visit
from desk.contests.figures import figures
from desk.contests.plain import plain_contest, plain_listed, plain_winner, times
from desk.contests.report import drawn
from desk.forms import digest_of, limit_of, listed
from desk.shape import Paged, shape
from desk.shapes import contests as shapes
from desk.shapes.items import Why
from desk.shapes.outlets import XLSX
from desk.shapes.reports import PDF

HERE = "/contests"
Deed = Callable[[AsyncConnection, str], Awaitable[Contest]]


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
    return Shown("contests/list.html", values, listed([plain_listed(*one) for one in told], next))


def _both(counts: Any, id: str) -> tuple[int, int]:
    return counts[id, True] + counts[id, False], counts[id, True]


@shape(shapes.ContestTold)
async def show(visit: Visit) -> Answer:
    """GET /contests/{id}: with all that an approval is about, and what came of it."""
    return await _page(visit, visit.part("id"))


async def _page(visit: Visit, id: str) -> Shown:
    house, now = visit.house, visit.house.clock.now()
    async with house.database.read() as connection:
        seen = await house.contesting.look(connection, id)
        plain = await plain_contest(visit, connection, id)
        everybody = await entries.listed(connection, id)
    one = seen.contest
    counted = figures(everybody, [each.question for each in seen.questions], house.settings.office.zone)
    values = {"one": one, "seen": seen, "standing": one.standing(now), "titles": TITLES, "plain": plain}
    values |= {"figures": counted, "text_titles": _titles(seen.texts), "times": times(visit, one)}
    values |= {"names": {each.question.id: each.question for each in seen.questions}, "outlets": house.outlets}
    values |= {"over": now >= one.plan.closes_at}
    return Shown("contests/show.html", values, plain)


def _titles(texts: Any) -> dict[str, str]:
    words = {
        "announce": Word("Tin báo mở cuộc thi", "Announcement of the contest"),
        "code": Word("Tin nhắn có mã", "Message with the code"),
        "result": Word("Tin kết quả", "Results"),
        "winner": Word("Tin báo người đạt giải", "Message to the winners"),
    }
    return {role: words.get(role) or _reminder(role.partition("-")[2]) for role in texts}


def _reminder(days: str) -> Word:
    return Word(f"Tin nhắc trước {days} ngày", f"Reminder {days} day{'' if days == '1' else 's'} before")


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
    winners = [plain_winner(visit, each) for each in everybody if each.prize]
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
            plain = await plain_contest(visit, tx, id)
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
