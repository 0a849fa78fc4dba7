"""Recordings on the desk: a person's voice uploaded for an item, replaced, or left to the synthetic voice again."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import Said, Word
from content import store
from content.item import Item, ItemState
from content.recording import Recording
from desk.answer import Answer, Visit
from desk.forms import file_of
from desk.item_page import sheet_of
from desk.items import done
from desk.shape import shape
from desk.shapes import items as shapes


@shape(shapes.ItemTold, shapes.RecordingFields)
async def upload(visit: Visit) -> Answer:
    """POST /items/{id}/recording: the file in `recording` becomes what is heard of the newest text.

    `base` is the revision that was on the page. The item is a draft again, and whoever uploads counts as its writer.
    """
    try:
        base, made = await _taken_in(visit)
    except Said as fault:
        if visit.json:
            raise
        return (await sheet_of(visit)).with_fault(fault)

    async def deed(tx: AsyncConnection) -> Item:
        return await visit.house.editing.record(tx, visit.part("id"), made, visit.name, base=base)

    return await done(
        visit,
        Word("Đã nhận bản ghi âm. Nghe lại rồi trình duyệt.", "Recording taken. Listen to it, then submit."),
        deed,
    )


async def _taken_in(visit: Visit) -> tuple[str, Recording]:
    """The revision it is for, and the recording. Raises BadInput, NotFound, Conflict."""
    house = visit.house
    async with house.database.read() as connection:
        item = await store.find_item(connection, visit.part("id"))
        item.check_move(ItemState.DRAFT)
        revision = await store.find_revision(connection, item.revision)
    given = file_of(visit, "recording", "tệp ghi âm")
    return visit.text("base") or revision.id, await house.studio.take_in(given.file, house.press.tags_of(revision))


@shape(shapes.ItemTold, shapes.BaseFields)
async def remove(visit: Visit) -> Answer:
    """POST /items/{id}/recording/remove: a synthetic voice reads the item again."""

    async def deed(tx: AsyncConnection) -> Item:
        return await visit.house.editing.unrecord(tx, visit.part("id"), visit.name, base=visit.text("base"))

    return await done(
        visit,
        Word("Đã bỏ bản ghi âm; giọng máy sẽ đọc tin này.", "Recording removed; a voice will read this item."),
        deed,
    )
