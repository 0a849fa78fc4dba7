"""The office's verbs on items, on both databases: two people, digests, what stays in force, one journal line each."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from config.clock import FakeClock
from config.words import BadInput, Conflict, NotAllowed, NotFound, Said
from content import store
from content.editing import Editing
from content.glossary.keeping import Glossary
from content.item import Draft, Item, ItemState, Revision
from content.recording import Recording
from db.database import Database
from db.journal import Journal, journal
from tests.conftest import both

DRAFT = Draft(title="Lịch tiếp dân", body="Xã tiếp dân ngày 25/11.")
OTHER = Draft(title="Lịch tiếp dân mới", body="Xã tiếp dân ngày 26/11.")


class Office:
    """The verbs, each in a transaction of its own."""

    def __init__(self, database: Database, clock: FakeClock) -> None:
        self.database = database
        self.clock = clock
        self.journal = Journal(b"key")
        self.editing = Editing(database, self.journal, clock, Glossary(database, self.journal, clock))

    async def do(self, verb: str, *given: Any, **named: Any) -> Item:
        """One verb; a second passes first."""
        self.clock.advance(1)
        async with self.database.write() as tx:
            item: Item = await getattr(self.editing, verb)(tx, *given, **named)
        assert item == await self.item(item.id)
        return item

    async def approved(self, **more: Any) -> Item:
        """An item that Mai wrote and Hùng approved."""
        item = await self.do("write", replace(DRAFT, **more), "Mai")
        await self.do("submit", item.id, "Mai")
        return await self.do("approve", item.id, "Hùng")

    async def item(self, id: str) -> Item:
        """The item as stored."""
        async with self.database.read() as connection:
            return await store.find_item(connection, id)

    async def revision(self, id: str) -> Revision:
        """The revision as stored."""
        async with self.database.read() as connection:
            return await store.find_revision(connection, id)

    async def everything(self) -> list[Any]:
        """Every row that a verb may touch."""
        tables = (store.item, store.revision, store.approval, journal)
        async with self.database.read() as connection:
            return [
                [tuple(row) for row in await connection.execute(select(table).order_by(*table.primary_key.columns))]
                for table in tables
            ]

    async def deeds(self, id: str) -> list[tuple[str, str]]:
        """Who did what to the item."""
        async with self.database.read() as connection:
            assert await self.journal.verify(connection) is None
            return [(deed.person, deed.verb) for deed in await self.journal.of(connection, f"item/{id}")]

    async def refused(self, fault: type[Said], verb: str, *given: Any, **named: Any) -> Said:
        """A verb fails in this way and nothing whatever is changed."""
        before = await self.everything()
        with pytest.raises(fault) as caught:
            await self.do(verb, *given, **named)
        assert before == await self.everything()
        return caught.value


@pytest.fixture
def office(database: Database, clock: FakeClock) -> Office:
    """An office with an empty desk."""
    return Office(database, clock)


@both
async def test_an_item_goes_its_whole_way(office: Office) -> None:
    """Written, revised, submitted, sent back, submitted, approved, withdrawn: a line in the journal each."""
    item = await office.do("write", DRAFT, "Mai", via="cli")
    assert (ItemState.DRAFT, "Lịch tiếp dân", None) == (item.state, item.title, item.approved)
    assert item.slug.startswith("lich-tiep-dan-")
    first = item.revision
    item = await office.do("revise", item.id, OTHER, "Lan", base=first)
    assert (ItemState.DRAFT, "Lịch tiếp dân mới") == (item.state, item.title)
    assert first != item.revision
    assert 2 == (await office.revision(item.revision)).number
    assert ItemState.IN_REVIEW == (await office.do("submit", item.id, "Lan")).state
    assert ItemState.DRAFT == (await office.do("send_back", item.id, "Hùng", "sai ngày")).state
    await office.do("submit", item.id, "Lan")
    item = await office.do("approve", item.id, "Hùng", note="được", recording="ab" * 32)
    assert (ItemState.APPROVED, item.revision) == (item.state, item.approved)
    item = await office.do("withdraw", item.id, "Hùng", "nhầm")
    assert (ItemState.WITHDRAWN, None) == (item.state, item.approved)
    verbs = ["write", "revise", "submit", "send_back", "submit", "approve", "withdraw"]
    people = ["Mai", "Lan", "Lan", "Hùng", "Lan", "Hùng", "Hùng"]
    assert list(zip(people, verbs, strict=True)) == await office.deeds(item.id)
    async with office.database.read() as connection:
        verdicts = await store.approvals_of(connection, item.revision)
        assert 7 == (await connection.execute(select(func.count()).select_from(journal))).scalar_one()
    digest = (await office.revision(item.revision)).digest
    assert [("sent_back", "Hùng", "sai ngày", None), ("approved", "Hùng", "được", "ab" * 32)] == [
        (one.verdict, one.person, one.note, one.recording) for one in verdicts
    ]
    assert {digest} == {one.digest for one in verdicts}


@both
async def test_a_revision_comes_back_as_it_was_written(office: Office) -> None:
    """All fields, with moments in another zone; its digest is the one that was stored and noted in the journal."""
    zone = timezone(timedelta(hours=7))
    until = office.clock.now().astimezone(zone) + timedelta(days=3)
    item = await office.do("write", replace(DRAFT, theme="", source="UBND", byline="Mai", valid_until=until), "Mai")
    revision = await office.revision(item.revision)
    async with office.database.read() as connection:
        stored = (await connection.execute(select(store.revision.c.digest))).scalar_one()
        noted = (await office.journal.of(connection, f"item/{item.id}"))[0].detail["digest"]
    assert stored == noted == revision.digest
    assert ("UBND", "Mai", "Mai") == (revision.source, revision.byline, revision.writer)


@both
async def test_whoever_wrote_or_edited_may_not_approve(office: Office) -> None:
    """The writer of the first text, the editor of the second, however the name is written."""
    item = await office.do("write", DRAFT, "Mai")
    await office.do("revise", item.id, OTHER, "Lan")
    await office.do("submit", item.id, "Mai")
    for name in ("Mai", "mai", "  MAI ", "Mai\u200b", "Lan", "LAN\u00a0"):
        fault = await office.refused(NotAllowed, "approve", item.id, name)
        assert "người thứ hai" in fault.vi


async def test_whoever_edited_an_earlier_round_may_not_approve_a_later_one(office: Office) -> None:
    """An editor of a text that was approved before stays an editor."""
    item = await office.approved()
    await office.do("revise", item.id, OTHER, "Lan")
    await office.do("submit", item.id, "Lan")
    await office.refused(NotAllowed, "approve", item.id, "mai")
    await office.do("approve", item.id, "Hùng")


async def test_nobody_is_nobody(office: Office) -> None:
    """A blank name neither writes nor approves."""
    item = await office.do("write", DRAFT, "Mai")
    await office.do("submit", item.id, "Mai")
    for name in ("", "  ", "\u200b", "-"):
        await office.refused(BadInput, "write", DRAFT, name)
        await office.refused(BadInput, "revise", item.id, OTHER, name)
        await office.refused(BadInput, "approve", item.id, name)


@both
async def test_a_stale_digest_is_a_conflict(office: Office) -> None:
    """The approver read one text, another stands there now: nothing is approved."""
    item = await office.do("write", DRAFT, "Mai")
    read = (await office.revision(item.revision)).digest
    await office.do("submit", item.id, "Mai")
    item = await office.do("revise", item.id, OTHER, "Mai")
    await office.do("submit", item.id, "Mai")
    await office.refused(Conflict, "approve", item.id, "Hùng", digest=read)
    digest = (await office.revision(item.revision)).digest
    assert ItemState.APPROVED == (await office.do("approve", item.id, "Hùng", digest=digest)).state


async def test_a_stale_base_is_a_conflict(office: Office) -> None:
    """Two writers who opened the same text: the second is told, nothing of the first is lost."""
    item = await office.do("write", DRAFT, "Mai")
    await office.do("revise", item.id, OTHER, "Lan", base=item.revision)
    await office.refused(Conflict, "revise", item.id, DRAFT, "Mai", base=item.revision)


@both
async def test_what_is_approved_stays_in_force_while_a_new_text_is_written(office: Office) -> None:
    """Until the new one is approved, or all is withdrawn."""
    item = await office.approved()
    first = item.revision
    for verb, given in (
        ("revise", (OTHER, "Lan")),
        ("submit", ("Lan",)),
        ("send_back", ("Hùng", "sai")),
        ("submit", ("Lan",)),
    ):
        item = await office.do(verb, item.id, *given)
        assert first == item.approved
        assert first != item.revision
    item = await office.do("approve", item.id, "Hùng")
    assert item.revision == item.approved
    item = await office.do("revise", item.id, DRAFT, "Lan")
    assert (await office.do("withdraw", item.id, "Hùng", "sai")).approved is None


@both
async def test_an_item_expires_and_can_be_written_anew(office: Office) -> None:
    """Only what is approved expires; a new text brings it back as a draft."""
    item = await office.approved(valid_until=office.clock.now() + timedelta(hours=1))
    async with office.database.read() as connection:
        assert [] == await store.expired_items(connection, office.clock.now())
    office.clock.advance(3600)
    async with office.database.read() as connection:
        assert [item] == await store.expired_items(connection, office.clock.now())
    assert ItemState.EXPIRED == (await office.do("expire", item.id)).state
    await office.refused(Conflict, "expire", item.id)
    assert ("Loa", "expire") == (await office.deeds(item.id))[-1]
    assert ItemState.DRAFT == (await office.do("revise", item.id, DRAFT, "Mai")).state


VERBS: list[tuple[str, tuple[Any, ...], set[str]]] = [
    ("submit", ("Mai",), {"in_review", "approved", "withdrawn", "expired"}),
    ("approve", ("Hùng",), {"draft", "approved", "withdrawn", "expired"}),
    ("send_back", ("Hùng", "sai"), {"draft", "approved", "withdrawn", "expired"}),
    ("withdraw", ("Hùng", "sai"), {"withdrawn", "expired"}),
    ("revise", (OTHER, "Mai"), {"withdrawn"}),
    ("expire", (), {"draft", "in_review", "withdrawn", "expired"}),
]
WAYS = {
    "draft": [],
    "in_review": ["in_review"],
    "approved": ["in_review", "approved"],
    "withdrawn": ["withdrawn"],
    "expired": ["in_review", "approved", "expired"],
}


@both
async def test_every_verb_from_every_state_moves_the_item_or_changes_nothing(office: Office) -> None:
    """With one line in the journal, or as a Conflict."""
    roads: dict[str, Callable[[str], Awaitable[object]]] = {
        "in_review": lambda one: office.do("submit", one, "Mai"),
        "approved": lambda one: office.do("approve", one, "Hùng"),
        "withdrawn": lambda one: office.do("withdraw", one, "Hùng", "sai"),
        "expired": lambda one: office.do("expire", one),
    }
    for (verb, given, wrong), state in itertools.product(VERBS, WAYS):
        item = await office.do("write", DRAFT, "Mai")
        for step in WAYS[state]:
            await roads[step](item.id)
        assert state == (await office.item(item.id)).state
        if state in wrong:
            await office.refused(Conflict, verb, item.id, *given)
        else:
            lines = len(await office.deeds(item.id))
            await office.do(verb, item.id, *given)
            assert lines + 1 == len(await office.deeds(item.id))


@both
async def test_bad_input_changes_nothing(office: Office) -> None:
    """Fields that cannot stand or be stored, unknown themes and items, missing reasons."""
    cases: list[tuple[str, tuple[Any, ...], type[Said]]] = [
        ("write", (replace(DRAFT, title=" "), "Mai"), BadInput),
        ("write", (replace(DRAFT, body="a\0b"), "Mai"), BadInput),
        ("write", (replace(DRAFT, byline="\ud800"), "Mai"), BadInput),
        ("write", (replace(DRAFT, theme="khong-co"), "Mai"), BadInput),
        ("submit", ("khong-co", "Mai"), NotFound),
        ("revise", ("khong-co", DRAFT, "Mai"), NotFound),
        ("approve", ("khong-co", "Hùng"), NotFound),
        ("withdraw", ("khong-co", "Hùng", "sai"), NotFound),
        ("send_back", ("khong-co", "Hùng", " \n"), BadInput),
        ("withdraw", ("khong-co", "Hùng", ""), BadInput),
    ]
    for verb, given, fault in cases:
        await office.refused(fault, verb, *given)


async def test_a_rendition_over_its_limit_cannot_be_submitted(office: Office) -> None:
    """The draft is kept as it is; the refusal names the rendition."""
    item = await office.do("write", replace(DRAFT, chat="a" * 2001), "Mai")
    assert "chat" == (await office.refused(BadInput, "submit", item.id, "Mai")).field


@both
async def test_a_deed_that_fails_later_leaves_nothing(office: Office) -> None:
    """What shares a transaction with a verb takes the verb with it, journal line and all."""
    item = await office.approved()
    before = await office.everything()
    with pytest.raises(RuntimeError):
        async with office.database.write() as tx:
            await office.editing.withdraw(tx, item.id, "Hùng", "sai")
            raise RuntimeError
    assert before == await office.everything()


@both
async def test_of_two_who_approve_at_once_one_is_told(office: Office) -> None:
    """One verdict, one line."""
    item = await office.do("write", DRAFT, "Mai")
    await office.do("submit", item.id, "Mai")
    results = await asyncio.gather(
        *(office.do("approve", item.id, name) for name in ("Hùng", "Lan")), return_exceptions=True
    )
    assert ["Conflict", "Item"] == sorted(type(result).__name__ for result in results)
    async with office.database.read() as connection:
        assert 1 == len(await store.approvals_of(connection, item.revision))
    assert 3 == len(await office.deeds(item.id))


@both
async def test_of_two_who_revise_at_once_one_is_told(office: Office) -> None:
    """Both started from the same text."""
    item = await office.do("write", DRAFT, "Mai")
    results = await asyncio.gather(
        *(office.do("revise", item.id, OTHER, name, base=item.revision) for name in ("Mai", "Lan")),
        return_exceptions=True,
    )
    assert ["Conflict", "Item"] == sorted(type(result).__name__ for result in results)


@both
async def test_an_item_is_found_by_id_and_by_slug(office: Office) -> None:
    """And listed by state, by words of its title, page by page."""
    items = [await office.do("write", replace(DRAFT, title=f"Tin 100% số {number}"), "Mai") for number in range(3)]
    await office.do("submit", items[0].id, "Mai")

    async def listed(connection: AsyncConnection, **query: Any) -> list[str]:
        return [item.id for item in await store.list_items(connection, **query)]

    async with office.database.read() as connection:
        assert items[1] == await store.find_item(connection, items[1].slug)
        assert [items[0].id, items[2].id, items[1].id] == await listed(connection)
        assert [items[0].id] == await listed(connection, states=[ItemState.IN_REVIEW])
        assert [items[1].id] == await listed(connection, text="TIN 100% số 1")
        assert [] == await listed(connection, text="100_")
        page = await store.list_items(connection, limit=2)
        assert [items[1].id] == await listed(connection, before=(page[-1].changed_at, page[-1].id))


async def test_a_retired_theme_is_no_longer_given(office: Office) -> None:
    """Items that have it keep it; new texts may not take it."""
    async with office.database.write() as tx:
        await store.save_theme(office.database, tx, "mot-cua", "Một cửa", 1)
    item = await office.do("write", replace(DRAFT, theme="mot-cua"), "Mai")
    async with office.database.write() as tx:
        await store.retire_theme(tx, "mot-cua", office.clock.now())
    await office.refused(BadInput, "write", replace(DRAFT, theme="mot-cua"), "Mai")
    assert "mot-cua" == (await office.item(item.id)).theme


MADE = Recording("k" * 32, "ab/x.mp3", "ab" * 32, 1000, 9.5, -16.1, -1.4, "", "cd/y.flac")


@both
async def test_a_recording_is_bound_to_the_text(office: Office) -> None:
    """It makes a new digest and a draft; who uploads is a writer; the same again is told; it can be taken away again."""
    item = await office.approved()
    before = await office.revision(item.revision)
    item = await office.do("record", item.id, MADE, "Páo", base=item.revision)
    after = await office.revision(item.revision)
    assert (ItemState.DRAFT, MADE.key, "Páo", 2) == (item.state, after.recorded, after.writer, after.number)
    assert before.digest != after.digest
    assert before.spoken == after.spoken
    await office.refused(Conflict, "record", item.id, MADE, "Páo")
    await office.refused(Conflict, "record", item.id, replace(MADE, key="other"), "Páo", base=before.id)
    await office.do("submit", item.id, "Mai")
    await office.refused(NotAllowed, "approve", item.id, "Páo")
    await office.do("approve", item.id, "Hùng")
    item = await office.do("unrecord", item.id, "Mai")
    assert before.digest == (await office.revision(item.revision)).digest
    await office.refused(Conflict, "unrecord", item.id, "Mai")
    assert ("Páo", "record") in await office.deeds(item.id)


async def test_a_recording_belongs_to_its_words(office: Office) -> None:
    """A new theme or term keeps it, other words or another language do not: they would be heard wrongly."""
    item = await office.do("write", replace(DRAFT, language="blt"), "Mai")
    await office.do("record", item.id, MADE, "Mai")
    item = await office.do("revise", item.id, replace(DRAFT, language="blt", source="Sở Y tế"), "Mai")
    assert MADE.key == (await office.revision(item.revision)).recorded
    item = await office.do("revise", item.id, replace(DRAFT, source="Sở Y tế"), "Mai")
    assert "" == (await office.revision(item.revision)).recorded
    await office.do("record", item.id, MADE, "Mai")
    item = await office.do("revise", item.id, OTHER, "Mai")
    assert "" == (await office.revision(item.revision)).recorded


@both
async def test_versions_in_other_languages(office: Office) -> None:
    """Each is an item of its own with its own approval; a version of a version belongs to the first."""
    first = await office.approved()
    thai = await office.do("write", replace(DRAFT, language="blt"), "Páo", original=first.id)
    mong = await office.do("write", replace(DRAFT, language="hmn"), "Páo", original=thai.id)
    other = await office.do("write", DRAFT, "Mai")
    async with office.database.read() as connection:
        for one in (first, thai, mong):
            versions = await store.versions_of(connection, one.id)
            assert [(first.id, "vi"), (thai.id, "blt"), (mong.id, "hmn")] == [(it.id, lang) for it, lang in versions]
        assert [other.id] == [it.id for it, _ in await store.versions_of(connection, other.id)]
    assert (ItemState.APPROVED, ItemState.DRAFT) == ((await office.item(first.id)).state, thai.state)
    await office.refused(NotFound, "write", DRAFT, "Mai", original="khong-co")
