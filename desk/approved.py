"""What follows when an item is approved, at the desk or in a terminal: told on, replaced, answered, all in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from config.words import Word
from content.item import Item
from desk.app import House
from scheduler.schedule import Schedule
from scheduler.scheduling import Sent


async def follow(house: House, tx: AsyncConnection, item: Item, by: str) -> list[Word]:
    """Corrections and notices go out, older announcements end, who asked is sent the answer; each in a sentence."""
    replaced = await house.correcting.replace(tx, item, by)
    announced = await house.correcting.announce(tx, item, by)
    ended = await house.superseding.follow(tx, item)
    told = await house.answering.tell(tx, item, by)
    sent = await house.inviting.follow(tx, item, by)
    said = {
        Word("Bản sửa đang thay bản trước ở", "The new text is replacing the old one at"): replaced,
        Word("Tin báo thu hồi đang gửi qua", "A notice of withdrawal is going out by"): announced,
    }
    return [
        *(_by(words, _titles(house, made)) for words, made in said.items() if made),
        *(
            Word(
                f"Tin cũ “{one.title}” hết hiệu lực, được thay bằng tin này.",
                f"The earlier item “{one.title}” has ended; this one replaces it.",
            )
            for one in ended
        ),
        *answered(house, told),
        *(
            Word(
                f"Gửi lúc {_local(house, one)} qua {_titles(house, [one])}.",
                f"Going out at {_local(house, one)} by {_titles(house, [one])}.",
            )
            for one in sent.schedules
        ),
        *(Word(f"Không gửi lời mời qua {one}.", f"No invitation goes out by {one.en}.") for one in sent.refused),
    ]


def _by(words: Word, titles: str) -> Word:
    return Word(f"{words}: {titles}.", f"{words.en}: {titles}.")


def _local(house: House, one: Schedule) -> str:
    moment = one.next_due_at or one.start
    return f"{moment.astimezone(house.settings.office.zone):%H:%M %d/%m/%Y}"


def answered(house: House, told: Sent) -> list[Word]:
    """By which outlets who asked is sent an answer, and why not by others."""
    sent = (
        [
            Word(
                f"Đang gửi trả lời người hỏi qua: {_titles(house, told.schedules)}.",
                f"Whoever asked is being answered by: {_titles(house, told.schedules)}.",
            )
        ]
        if told.schedules
        else []
    )
    return [*sent, *(Word(f"Không gửi trả lời qua {one}.", f"No answer goes out by {one.en}.") for one in told.refused)]


def _titles(house: House, schedules: Sequence[Schedule]) -> str:
    """Titles of the outlets of these schedules."""
    outlets = dict.fromkeys(name for one in schedules for name in one.outlets)
    return ", ".join(house.outlets[name].outlet.title for name in outlets)
