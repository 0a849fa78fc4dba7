"""What follows when an item is approved, at the desk or in a terminal: told on, replaced, answered, all in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from content.item import Item
from desk.app import House
from scheduler.answering import Told
from scheduler.schedule import Schedule


async def follow(house: House, tx: AsyncConnection, item: Item, by: str) -> list[str]:
    """Corrections and notices go out, older announcements end, who asked is sent the answer; each in a sentence."""
    replaced = await house.correcting.replace(tx, item, by)
    announced = await house.correcting.announce(tx, item, by)
    ended = await house.superseding.follow(tx, item)
    told = await house.answering.tell(tx, item, by)
    sent = await house.training.follow(tx, item, by)
    said = {"Bản sửa đang thay bản trước ở": replaced, "Tin báo thu hồi đang gửi qua": announced}
    return [
        *(f"{words}: {_titles(house, made)}." for words, made in said.items() if made),
        *(f"Tin cũ “{one.title}” hết hiệu lực, được thay bằng tin này." for one in ended),
        *answered(house, told),
        *(f"Gửi lúc {_local(house, one)} qua {_titles(house, [one])}." for one in sent.schedules),
        *(f"Không gửi lời mời qua {one}." for one in sent.refused),
    ]


def _local(house: House, one: Schedule) -> str:
    moment = one.next_due_at or one.start
    return f"{moment.astimezone(house.settings.office.zone):%H:%M %d/%m/%Y}"


def answered(house: House, told: Told) -> list[str]:
    """By which outlets who asked is sent an answer, and why not by others."""
    sent = [f"Đang gửi trả lời người hỏi qua: {_titles(house, told.schedules)}."] if told.schedules else []
    return [*sent, *(f"Không gửi trả lời qua {one}." for one in told.refused)]


def _titles(house: House, schedules: Sequence[Schedule]) -> str:
    """Titles of the outlets of these schedules."""
    outlets = dict.fromkeys(name for one in schedules for name in one.outlets)
    return ", ".join(house.outlets[name].outlet.title for name in outlets)
