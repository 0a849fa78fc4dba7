"""The catalogue kept, on both databases: compared, changes put into drafts, nothing handed in by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from config.clock import FakeClock
from config.words import BadInput, NotAllowed
from content import store as content_store
from content.editing import Editing
from content.glossary.keeping import Glossary
from content.item import ItemState
from content.procedures import store
from content.procedures.keeping import Procedures, Taken
from content.procedures.procedure import Procedure, Status
from db.database import Database
from db.journal import Journal
from tests.conftest import both

BIRTH = Procedure("1.001193", "Đăng ký khai sinh", "Hộ tịch", fee="8.000 đồng", effective=date(2026, 1, 1))
RECORD = Procedure("2.000488", "Cấp phiếu lý lịch tư pháp", "Tư pháp", effective=date(2026, 1, 1))
FREE = replace(BIRTH, fee="Không", effective=date(2026, 12, 1), status=Status.AMENDED)


class Catalogue:
    """The verb, each time in a transaction of its own, a second later."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        self.database, self.clock, journal = database, clock, Journal(b"key")
        self.editing = Editing(database, journal, clock, Glossary(database, journal, clock))
        self.kept = Procedures(database, journal, clock, self.editing)

    async def take_in(self, *found: Procedure, by: str = "Lan") -> Taken:
        """A catalogue of these."""
        self.clock.advance(1)
        async with self.database.write() as tx:
            return await self.kept.take_in(tx, found, by, source="danh-muc.csv")


@both
async def test_the_first_catalogue_is_the_stock(database: Database, clock: FakeClock) -> None:
    """It announces nothing; the same again changes nothing; what it does not name stays."""
    catalogue = Catalogue(database, clock)
    assert await catalogue.take_in(BIRTH, RECORD) == Taken(2, 0, 0, ())
    assert await catalogue.take_in(BIRTH) == Taken(0, 0, 1, ())
    async with database.read() as connection:
        assert await store.known(connection) == {BIRTH.code: BIRTH, RECORD.code: RECORD}
        assert [one.is_new for one in await store.history(connection, BIRTH.code)] == [True]


@both
async def test_a_whole_province_is_taken_in_at_once(database: Database, clock: FakeClock) -> None:
    """Thousands of changes of one moment, of which no two are the same; ids drawn by lot would clash."""
    catalogue = Catalogue(database, clock)
    each = [replace(BIRTH, code=f"1.{number:06}") for number in range(4_000)]
    assert await catalogue.take_in(*each) == Taken(4_000, 0, 0, ())
    assert (await catalogue.take_in(*(replace(one, fee="Không") for one in each))).changed == 4_000


@both
async def test_a_change_is_a_draft_that_a_second_person_approves(database: Database, clock: FakeClock) -> None:
    """It waits as a draft that speaks of the procedure; whoever brought the catalogue does not approve it."""
    catalogue = Catalogue(database, clock)
    await catalogue.take_in(BIRTH, RECORD)
    taken = await catalogue.take_in(FREE, RECORD)
    assert (taken.added, taken.changed, taken.same) == (0, 1, 1)
    [draft] = taken.drafts
    async with database.read() as connection:
        item = await content_store.find_item(connection, draft)
        assert item.state is ItemState.DRAFT and "từ ngày 01/12/2026" in item.title
        change, first = await store.history(connection, BIRTH.code)
        assert (change.item, change.is_new, first.is_new) == (draft, False, True)
        assert next((one.field, one.before) for one in change.differences) == ("fee", "8.000 đồng")
        assert await store.cited(connection, draft) == [(FREE, False)]
    async with database.write() as tx:
        await catalogue.editing.submit(tx, draft, "Mai")
    with pytest.raises(NotAllowed):
        async with database.write() as tx:
            await catalogue.editing.approve(tx, draft, "Lan")


@both
async def test_items_are_flagged_when_what_they_cite_changes(database: Database, clock: FakeClock) -> None:
    """Until somebody has looked again; the newer announcement itself is not."""
    catalogue = Catalogue(database, clock)
    await catalogue.take_in(BIRTH)
    [old] = (await catalogue.take_in(FREE)).drafts
    [new] = (await catalogue.take_in(replace(FREE, fee="5.000 đồng"))).drafts
    async with database.write() as tx:
        assert await store.outdated(tx) == {old: [BIRTH.code]}
        assert [changed for _, changed in await store.cited(tx, old)] == [True]
        assert await store.items_citing(tx, BIRTH.code) == [new, old]
        await store.look_again(tx, old, (await store.last_changes(tx, [BIRTH.code]))[BIRTH.code])
        assert await store.outdated(tx) == {}
        assert await store.uncite(tx, old, BIRTH.code) and not await store.uncite(tx, old, BIRTH.code)


@both
async def test_what_cannot_be_changes_nothing(database: Database, clock: FakeClock) -> None:
    """One that cannot stand, and none is taken in."""
    catalogue = Catalogue(database, clock)
    with pytest.raises(BadInput):
        await catalogue.take_in(BIRTH, replace(RECORD, code="2"))
    async with database.read() as connection:
        assert await store.count(connection) == 0


@both
async def test_search_needs_no_marks(database: Database, clock: FakeClock) -> None:
    """By words in any order, page by page; a percent sign is no wildcard."""
    catalogue = Catalogue(database, clock)
    await catalogue.take_in(BIRTH, replace(RECORD, effective=date(2027, 1, 1)))
    async with database.read() as connection:

        async def codes(words: str, **more: object) -> list[str]:
            return [one.code for one in await store.search(connection, words, **more)]  # type: ignore[arg-type]

        assert await codes("ly lich") == await codes("LỊCH lý") == await codes("000488") == [RECORD.code]
        assert await codes("") == [BIRTH.code, RECORD.code]
        assert await codes("", after=BIRTH.code) == [RECORD.code]
        assert await codes("%") == [BIRTH.code, RECORD.code] and await codes("lý trưởng") == []
