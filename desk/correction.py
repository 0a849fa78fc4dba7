"""A correction on the desk: the later text sent to exactly those who have an earlier one."""

from __future__ import annotations

from config.words import Said, Word
from content import store
from desk.answer import Answer, Done, Visit
from desk.item_page import sheet_of
from desk.shape import shape
from desk.shapes import items as shapes
from scheduler.schedule import ScheduleState


@shape(shapes.TellTold)
async def tell(visit: Visit) -> Answer:
    """POST /items/{id}/tell."""
    house = visit.house
    async with house.database.read() as connection:
        item = await store.find_item(connection, visit.part("id"))
    try:
        made = await house.correcting.tell(item, visit.name, may_approve=visit.approves_by_own_right)
    except Said as fault:
        if visit.json:
            raise
        return (await sheet_of(visit)).with_fault(fault)
    house.notifier.ring("schedule")
    waits = any(one.state is ScheduleState.IN_REVIEW for one in made)
    said = (
        Word(
            "Lịch gửi đính chính chờ người thứ hai duyệt.", "The schedule of the correction waits for a second person."
        )
        if waits
        else Word("Đang gửi đính chính.", "The correction is going out.")
    )
    return Done(f"/items/{item.id}", said, {"schedules": [one.id for one in made]})
