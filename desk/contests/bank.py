"""The bank of questions on the desk: those in use, a file of new ones taken in, one asked no more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from channels.rows import RowFault, refusal
from config.words import NotFound, Said, Word
from content import store as content_store
from content.contests import store
from content.contests.store import Banked
from desk.answer import Answer, Done, Shown, Visit
from desk.contests import table
from desk.forms import file_of, iso, limit_of, listed
from desk.shape import shape
from desk.shapes import contests as shapes
from desk.units.choosing import unit_of_form

BANK = "/questions"


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
