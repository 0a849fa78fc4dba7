"""The inbox of what people write: listed, put under a theme, answered by an item, closed; senders are masked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.audience import masked
from channels.feedback import store
from channels.feedback.feedback import TITLES, Feedback, Standing
from config.words import BadInput, NotFound, Said, Word, joined
from content import store as content_store
from content.item import ItemState
from desk.answer import Answer, Done, Shown, Visit
from desk.approved import answered
from desk.forms import after_of, choice, cursor, iso, limit_of, listed
from desk.shape import shape
from desk.shapes import feedback as shapes
from desk.shapes.items import Why
from desk.units.choosing import must_see_item
from scheduler.scheduling import Sent

HERE = "/feedback"
OFFERED = 60
"""So many of the last items are offered as answers."""


@shape(shapes.FeedbackListed, shapes.FeedbackAsked)
async def list_all(visit: Visit) -> Answer:
    """GET /feedback: the last first, by what has become of it and by theme."""
    return await _page(visit)


async def _page(visit: Visit) -> Shown:
    standing, theme, limit = choice(Standing, visit.asked("state"), "state"), visit.asked("theme"), limit_of(visit)
    narrowed: dict[str, Any] = {"units": visit.units, "standing": standing, "theme": theme, "before": after_of(visit)}
    async with visit.house.database.read() as connection:
        found = await store.listed(connection, visit.house.seal, **narrowed, limit=limit + 1)
        themes = await content_store.themes(connection)
        approved = (ItemState.APPROVED,)
        items = await content_store.list_items(connection, states=approved, units=visit.units, limit=OFFERED)
        named = await content_store.items_by_id(
            connection, {one for each in found for one in (each.about, each.answer)}
        )
    page = found[:limit]
    next = cursor(page[-1].received_at, page[-1].id) if len(found) > limit else None
    values: dict[str, Any] = {
        "found": page,
        "standing": standing,
        "theme": theme,
        "titles": TITLES,
        "themes": themes,
        "next": next,
    }
    values |= {"items": [(item.id, item.title) for item in items], "named": named, "masked": masked}
    values["outlets"] = visit.house.outlets
    return Shown("feedback/list.html", values, listed([plain_feedback(one) for one in page], next))


def plain_feedback(one: Feedback) -> dict[str, Any]:
    """As JSON; the sender's address is masked."""
    kept = ("id", "unit", "outlet", "name", "text", "about", "theme", "procedure", "closed_by", "reason")
    told: dict[str, Any] = {name: getattr(one, name) for name in kept}
    told |= {"source": one.source.value, "state": one.standing.value, "answer": one.answer or None}
    told |= {"sender": masked(one.address) if one.address else None}
    return told | {"received_at": iso(one.received_at), "told_at": iso(one.told_at)}


@shape(shapes.FeedbackTold, shapes.ThemeOf)
async def put_under(visit: Visit) -> Answer:
    """POST /feedback/{id}/theme."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        theme, procedure = visit.text("theme").strip(), visit.text("procedure").strip()
        await visit.house.answering.put_under(tx, id, theme, procedure, visit.name)
        return Word("Đã xếp chủ đề và thủ tục.", "Theme and procedure noted.")

    return await _done(visit, deed)


@shape(shapes.FeedbackTold, shapes.AnswerOf)
async def answer(visit: Visit) -> Answer:
    """POST /feedback/{id}/answer: by an `item` that is out already, or being written; if it is out, who asked is sent it."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        if not (item_id := visit.text("item").strip()):
            raise BadInput("Chọn tin trả lời", "Choose the item that answers it", field="item")
        await must_see_item(visit, tx, item_id)
        item = await visit.house.answering.answer(tx, id, item_id, visit.name)
        told = await visit.house.answering.tell(tx, item, visit.name) if item.state is ItemState.APPROVED else Sent()
        return joined([Word("Đã gắn tin trả lời.", "Answer attached."), *answered(visit.house, told)], " ")

    return await _done(visit, deed)


@shape(shapes.FeedbackTold, Why)
async def close(visit: Visit) -> Answer:
    """POST /feedback/{id}/close: it needs no answer, with a reason."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        await visit.house.answering.close(tx, id, visit.name, visit.text("note"))
        return Word("Đã đóng, không cần trả lời.", "Closed; no answer needed.")

    return await _done(visit, deed)


@shape(shapes.FeedbackTold)
async def reopen(visit: Visit) -> Answer:
    """POST /feedback/{id}/open: it is to be answered after all."""

    async def deed(tx: AsyncConnection, id: str) -> Word:
        await visit.house.answering.reopen(tx, id, visit.name)
        return Word("Đã mở lại.", "Opened again.")

    return await _done(visit, deed)


async def _done(visit: Visit, deed: Callable[[AsyncConnection, str], Awaitable[Word]]) -> Answer:
    id = visit.part("id")
    try:
        async with visit.house.database.write() as tx:
            said = await deed(tx, id)
            one = await store.find(tx, visit.house.seal, id)
    except Said as fault:
        if visit.json or (isinstance(fault, NotFound) and not fault.field):
            raise
        return (await _page(visit)).with_fault(fault)
    for topic in ("item", "schedule", "work"):
        visit.house.notifier.ring(topic)
    return Done(f"{HERE}#{id}", said, plain_feedback(one))
