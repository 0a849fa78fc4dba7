"""A notice board's sheets: how each stands, its code, and what is kept of them on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from channels.board import store
from channels.board.sheet import Deed, Said, Sheet, Standing, Way, code_of, read_code, sheets_of, written
from channels.channel import Shelved
from channels.shelf import store as shelf_store
from config.words import NotFound
from content.bulletin import Bulletin, BulletinClass, Part
from db.database import Database
from tests.conftest import both

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
PART = Part("tin", "ban", "d", "lich", "Lịch tiêm chủng", "<p>Ngày 12.</p>", "s", "s", "c")
BULLETIN = Bulletin("b", BulletinClass.NORMAL, "UBND xã", NOW, NOW + timedelta(hours=5), (PART,))
LATER = NOW + timedelta(hours=6)


def said(deed: Deed, delivery: str = "1-0", photo: str = "") -> Said:
    """Somebody's word."""
    return Said(delivery, "bang", deed, NOW, "Chị Hà", Way.TAP, photo)


def test_how_a_sheet_stands() -> None:
    """By what was said of it, and whether it is over; a code does only what is due."""
    bare = Sheet(Shelved("1-0", "1-0", BULLETIN, NOW, BULLETIN.valid_until))
    hangs = replace(bare, posted=said(Deed.POSTED))
    for sheet, moment, standing, due in (
        (bare, NOW, Standing.TO_POST, Deed.POSTED),
        (bare, LATER, Standing.NEVER, None),
        (hangs, NOW, Standing.UP, None),
        (hangs, LATER, Standing.TO_TAKE_DOWN, Deed.DOWN),
        (replace(hangs, shelved=replace(bare.shelved, withdrawn_at=NOW)), NOW, Standing.TO_TAKE_DOWN, Deed.DOWN),
        (replace(hangs, down=said(Deed.DOWN)), LATER, Standing.DOWN, None),
    ):
        assert (standing, due) == (sheet.standing(moment), sheet.next_deed(moment))


def test_a_code_is_read_as_people_write_it() -> None:
    """With what they put in between, in small letters, with letters they take for figures."""
    code = code_of("1-0", b"k" * 32)
    assert code == read_code(f" {written(code).lower()} ") == read_code(code.replace("0", "O").replace("1", "l"))
    assert code != code_of("1-1", b"k" * 32) and code != code_of("1-0", b"x" * 32)


@both
async def test_what_is_kept(database: Database) -> None:
    """Each deed once; what waits is counted; a photo is found by what it is of, on its own board alone."""
    async with database.write() as tx:
        for delivery in ("1-0", "2-0", "3-0"):
            await shelf_store.put_on_shelf(tx, "bang", delivery, BULLETIN, NOW)
        assert (3, 0) == await store.waiting(tx, "bang", NOW)
        photo = await store.keep_photo(database, tx, b"\xff\xd8 anh")
        assert photo == await store.keep_photo(database, tx, b"\xff\xd8 anh")
        assert [True, False] == [await store.say(database, tx, said(Deed.POSTED, photo=photo)) for _ in range(2)]
        assert await store.say(database, tx, said(Deed.POSTED, "2-0"))
    async with database.read() as connection:
        assert (1, 0) == await store.waiting(connection, "bang", NOW)
        assert (0, 2) == await store.waiting(connection, "bang", LATER)
        assert b"\xff\xd8 anh" == await store.photo_of(connection, "bang", "1-0", Deed.POSTED)
        for outlet, delivery, deed in (
            ("kia", "1-0", Deed.POSTED),
            ("bang", "1-0", Deed.DOWN),
            ("bang", "2-0", Deed.POSTED),
        ):
            with pytest.raises(NotFound):
                await store.photo_of(connection, outlet, delivery, deed)
        shelved = await shelf_store.on_shelf(connection, "bang", NOW)
        sheets = sheets_of(shelved, await store.said_of(connection, [one.delivery for one in shelved]))
        assert {"1-0": True, "2-0": True, "3-0": False} == {one.delivery: one.posted is not None for one in sheets}
        assert await shelf_store.stands_on(connection, "bang", "tin", NOW)
        assert not await shelf_store.stands_on(connection, "bang", "tin", LATER)
        assert not await shelf_store.stands_on(connection, "bang", "tin%", NOW)
    async with database.write() as tx:
        assert await store.say(database, tx, said(Deed.DOWN, "2-0"))
        assert (0, 1) == await store.waiting(tx, "bang", LATER)
        await shelf_store.take_off_shelves(tx, "tin", NOW)
        assert (0, 1) == await store.waiting(tx, "bang", NOW)
