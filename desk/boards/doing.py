"""Somebody's word that a sheet was posted or taken down: held against how the sheet stands, kept, told to the log."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp.web import FileField
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.board import store
from channels.board.sheet import Deed, Said, Sheet, Standing, Way, sheets_of
from channels.channel import Confirmation
from channels.outlet import InService
from channels.shelf import store as shelf_store
from config.words import BadInput, Conflict, NotFound
from desk.app import House
from desk.boards import photo

NAME_LETTERS = 80


@dataclass(frozen=True, slots=True)
class Word:
    """What was said: of which delivery's sheet, what was done, by whom, how, and the photo as it came (empty: none)."""

    delivery: str
    deed: Deed
    by: str
    way: Way
    photo: bytes = b""


def name_of(given: object) -> str:
    """A person's name as it was typed. Raises BadInput."""
    name = "".join(letter for letter in str(given or "") if letter.isprintable()).strip()
    if not name:
        raise BadInput("Ghi tên người dán hoặc gỡ tờ tin", "Say who posted it or took it down", field="by")
    if len(name) > NAME_LETTERS:
        raise BadInput(f"Tên dài quá {NAME_LETTERS} chữ", f"The name is over {NAME_LETTERS} letters", field="by")
    return name


async def photo_in(given: object) -> bytes:
    """What came in a form's field for a photo; nothing when none was chosen. Raises BadInput."""
    if not given:  # a browser sends an empty file's field as no bytes
        return b""
    if not isinstance(given, FileField):
        raise BadInput("Ảnh phải gửi lên như một tệp", "A photo comes as a file", field="photo")
    return await asyncio.to_thread(given.file.read, photo.MOST_BYTES + 1)


async def find_sheet(connection: AsyncConnection, outlet: str, delivery: str) -> Sheet:
    """The sheet of a delivery to this board. Raises NotFound."""
    shelved = await shelf_store.find_shelved(connection, outlet, delivery)
    if shelved is None:
        raise NotFound("Bảng tin này không có tờ tin đó", "There is no such sheet on this board")
    [sheet] = sheets_of([shelved], await store.said_of(connection, [delivery]))
    return sheet


async def do(house: House, at: InService, word: Word) -> bool:
    """Keep it; False when it was said before. Raises BadInput, Conflict, NotFound; then nothing is changed."""
    jpeg = await asyncio.to_thread(photo.taken, word.photo) if word.photo else b""
    now = house.clock.now()
    async with house.database.write() as tx:
        sheet = await find_sheet(tx, at.name, word.delivery)
        if (sheet.posted if word.deed is Deed.POSTED else sheet.down) is not None:
            return False
        _check(sheet, word, sheet.standing(now))
        name = await store.keep_photo(house.database, tx, jpeg) if jpeg else ""
        said = Said(word.delivery, at.name, word.deed, now, word.by, word.way, name)
        if not await store.say(house.database, tx, said):
            return False
        detail = f"{word.by}, {word.way.title_vi}{', có ảnh' if jpeg else ''}"
        told = Confirmation(True, delivery=word.delivery, detail=detail, down=word.deed is Deed.DOWN)
        await house.receiver.confirm(tx, at.name, told, now)
        await house.journal.note(
            tx, now, word.by, f"sheet_{word.deed.value}", f"delivery/{word.delivery}", way=word.way.value, photo=name
        )
    house.notifier.ring("delivery")
    return True


def _check(sheet: Sheet, word: Word, standing: Standing) -> None:
    if word.deed is Deed.POSTED and standing is Standing.NEVER:
        raise Conflict(
            "Tin này đã hết hạn hoặc bị thu hồi: đừng dán, nếu đã dán hãy bỏ đi", "This sheet is over: do not post it"
        )
    if word.deed is Deed.DOWN and sheet.posted is None:
        raise Conflict("Tờ này chưa ghi là đã dán nên không ghi gỡ được", "This sheet was never said to be posted")
    if word.deed is Deed.DOWN and word.way is Way.CODE and standing is Standing.UP:
        raise Conflict("Tin này còn hiệu lực: mã trên tờ chưa gỡ được", "This sheet is still in force")
