"""Items on the desk: list, write, submit, approve, send back, withdraw."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from channels.feedback import feedback
from channels.feedback import store as feedback_store
from config.words import NotFound, Said, Word, joined
from content import store
from content.item import TITLES, Item, ItemState
from content.units import store as unit_store
from desk.answer import Answer, Done, Shown, Visit
from desk.approved import follow
from desk.composing import store as scratches
from desk.composing.page import seen
from desk.composing.store import Scratch
from desk.drafting import draft_form, draft_from, read_upload, typed_notice, typed_of
from desk.forms import after_of, choice, cursor, digest_of, limit_of, listed
from desk.item_page import plain_item, sheet_of
from desk.shape import shape
from desk.shapes import items as shapes
from desk.units.choosing import must_reach_feedback, must_see_item, narrowed, unit_choices, unit_of_form

Deed = Callable[[AsyncConnection], Awaitable[Item]]


@shape(shapes.ItemsTold, shapes.ItemsAsked)
async def list_all(visit: Visit) -> Answer:
    """GET /items: last changed first, by state and words of the title."""
    state, text, limit = choice(ItemState, visit.asked("state"), "state"), visit.asked("q"), limit_of(visit)
    states, unit = (state,) if state else (), visit.asked("unit")
    async with visit.house.database.read() as connection:
        tree = await unit_store.tree(connection)
        units = narrowed(visit, tree, unit)
        found = await store.list_items(
            connection, states=states, text=text, units=units, before=after_of(visit), limit=limit + 1
        )
        themes = dict(await store.themes(connection))
    page = found[:limit]
    next = cursor(page[-1].changed_at, page[-1].id) if len(found) > limit else None
    values: dict[str, Any] = {
        "items": page,
        "state": state,
        "q": text,
        "next": next,
        "themes": themes,
        "titles": TITLES,
    }
    values |= {"unit": unit, "unit_choices": unit_choices(visit, tree, Word("Mọi đơn vị", "All units")), "tree": tree}
    return Shown("items/list.html", values, listed([plain_item(item) for item in page], next))


async def blank(visit: Visit) -> Answer:
    """GET /items/new; `original` names the item of which it will be a version, `notice_of` one whose withdrawal it announces.

    `answers` is what somebody asked; `theme` is chosen already; `scratch` names a text that its writer has not saved.
    """
    kept = await _unsaved(visit, visit.asked("scratch"))
    if kept is not None:
        return await draft_form(visit, {**typed_of(None), **kept.form}, kept=kept)
    async with visit.house.database.read() as connection:
        for other in filter(None, map(visit.asked, ("original", "notice_of"))):
            await must_see_item(visit, connection, other)
    typed = await _begun(visit)
    about = {"original": visit.asked("original"), "theme": visit.asked("theme") or typed.get("theme", "")}
    return await draft_form(visit, {**typed, **about})


async def _begun(visit: Visit) -> dict[str, Any]:
    """What the form of a new item begins with: a notice, an answer to somebody, or nothing."""
    if visit.asked("notice_of"):
        return await typed_notice(visit)
    if visit.asked("answers"):
        async with visit.house.database.read() as connection:
            await must_reach_feedback(visit, connection, visit.asked("answers"))
            asked = await feedback_store.find(connection, visit.house.seal, visit.asked("answers"))
        return {**typed_of(None), **feedback.draft_of(asked), "answers": asked.id}
    return typed_of(None)


async def _unsaved(visit: Visit, place: str) -> Scratch | None:
    async with visit.house.database.read() as connection:
        return await scratches.find(connection, visit.person, place) if place else None


async def edit(visit: Visit) -> Answer:
    """GET /items/{id}/edit: the newest text to go on from, or what its reader was writing of it and has not saved."""
    async with visit.house.database.read() as connection:
        item = await store.find_item(connection, visit.part("id"))
        item.check_move(ItemState.DRAFT)
        revision = await store.find_revision(connection, item.revision)
    kept = await _unsaved(visit, item.id)
    return await draft_form(visit, {**typed_of(revision), **(kept.form if kept else {})}, item=item, kept=kept)


@shape(shapes.ItemTold, shapes.NewItem, status=201)
async def write(visit: Visit) -> Answer:
    """POST /items: a new item, or the form again with an uploaded document in it."""
    return await _written(visit, None)


@shape(shapes.ItemTold, shapes.NewText)
async def revise(visit: Visit) -> Answer:
    """POST /items/{id}: a new text of the item."""
    async with visit.house.database.read() as connection:
        item = await store.find_item(connection, visit.part("id"))
    return await _written(visit, item)


async def _written(visit: Visit, item: Item | None) -> Answer:
    house = visit.house
    try:
        if visit.text("act") == "read" and not visit.json:
            typed, told = await read_upload(visit)
            return await draft_form(visit, typed, item=item, told=told)
        if visit.text("act") == "preview" and not visit.json:
            return await _previewed(visit, item)
        draft = draft_from(visit)
        async with house.database.write() as tx:
            if item is None:
                about = {name: visit.text(name) for name in ("original", "notice_of")}
                for other in filter(None, about.values()):
                    await must_see_item(visit, tx, other)
                unit = await unit_of_form(visit, tx)
                saved = await house.editing.write(tx, draft, visit.name, **about, unit=unit)
                if visit.text("answers"):
                    await must_reach_feedback(visit, tx, visit.text("answers"))
                    await house.answering.answer(tx, visit.text("answers"), saved.id, visit.name)
            else:
                saved = await house.editing.revise(tx, item.id, draft, visit.name, base=visit.text("base"))
            if visit.text("act") == "submit":
                saved = await house.editing.submit(tx, saved.id, visit.name)
            await scratches.drop(tx, visit.person, visit.text("scratch"))
    except Said as fault:
        return (await draft_form(visit, dict(visit.form), item=item)).with_fault(fault)
    ring(visit)
    said = (
        Word("Đã lưu và trình duyệt.", "Saved and submitted for approval.")
        if visit.text("act") == "submit"
        else Word("Đã lưu bản nháp.", "Draft saved.")
    )
    return Done(f"/items/{saved.id}", said, plain_item(saved), 201 if item is None else 200)


async def _previewed(visit: Visit, item: Item | None) -> Shown:
    """The form again, with all that will come of it: for a browser without scripts."""
    form, beside = await draft_form(visit, dict(visit.form), item=item), await seen(visit, {})
    return replace(beside, template=form.template, values={**form.values, **beside.values})


def ring(visit: Visit) -> None:
    """Tell who waits that an item has changed."""
    visit.house.notifier.ring("item")
    visit.house.notifier.ring("work")


@shape(shapes.ItemTold)
async def submit(visit: Visit) -> Answer:
    """POST /items/{id}/submit."""
    return await done(
        visit,
        Word("Đã trình duyệt.", "Submitted for approval."),
        lambda tx: visit.house.editing.submit(tx, visit.part("id"), visit.name),
    )


@shape(shapes.ItemTold, shapes.Approve)
async def approve(visit: Visit) -> Answer:
    """POST /items/{id}/approve: exactly the digest, and the recording, that were on the page."""
    house, said = visit.house, list[str]()

    async def deed(tx: AsyncConnection) -> Item:
        item = await house.editing.approve(
            tx,
            visit.part("id"),
            visit.name,
            digest=digest_of(visit),
            note=visit.text("note"),
            recording=visit.text("recording") or None,
            instead_of=visit.instead_of,
        )
        said.extend(await follow(house, tx, item, visit.name))
        return item

    async with house.database.read() as connection:
        item = await store.find_item(connection, visit.part("id"))
    await house.correcting.list_reached(item)
    answer = await done(
        visit, Word("Đã duyệt. Tin có thể lên lịch phát.", "Approved. The item can be scheduled."), deed
    )
    if said and isinstance(answer, Done):
        house.notifier.ring("schedule")
        return replace(answer, said=joined((Word("Đã duyệt.", "Approved."), *said), " "))
    return answer


@shape(shapes.ItemTold, shapes.Why)
async def send_back(visit: Visit) -> Answer:
    """POST /items/{id}/send-back, with a reason."""

    async def deed(tx: AsyncConnection) -> Item:
        return await visit.house.editing.send_back(tx, visit.part("id"), visit.name, visit.text("note"))

    return await done(visit, Word("Đã trả lại cho người viết.", "Sent back to its author."), deed)


@shape(shapes.ItemTold, shapes.Why)
async def withdraw(visit: Visit) -> Answer:
    """POST /items/{id}/withdraw, with a reason: out of force, off every shelf, and partners asked, in one transaction."""

    async def deed(tx: AsyncConnection) -> Item:
        item = await visit.house.editing.withdraw(tx, visit.part("id"), visit.name, visit.text("note"))
        await visit.house.correcting.take_back(tx, item)
        return item

    return await done(
        visit,
        Word(
            "Đã thu hồi tin và gỡ khỏi cổng thông tin, đài phát.",
            "Item withdrawn, and taken off the portal and the stations.",
        ),
        deed,
    )


async def done(visit: Visit, said: Word, deed: Deed) -> Answer:
    """One deed in one transaction, and the word after it; or the page with what stood in its way."""
    try:
        async with visit.house.database.write() as tx:
            item = await deed(tx)
    except NotFound:
        raise
    except Said as fault:
        return (await sheet_of(visit)).with_fault(fault)
    ring(visit)
    return Done(f"/items/{item.id}", said, plain_item(item))
