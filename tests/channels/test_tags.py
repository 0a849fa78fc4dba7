"""Tags of people: as they are stored and looked for, on both databases; and consent with its text, time and source."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from channels import tags
from channels.audience import read_audience
from channels.audiences.store import (
    Recipient,
    Source,
    audiences,
    count_recipients,
    find_audience,
    recipient,
    save_audience,
    save_filter,
    tag_values,
)
from channels.people.store import standings
from channels.seal import Seal
from config.clock import FakeClock
from config.words import BadInput, Conflict, NotFound
from db.database import Database
from tests.conftest import both

SEAL = Seal(b"khoa thu")
FILE = """Họ tên,SĐT,Đơn vị,Thôn/bản,Nhóm,Tiếng,Đồng ý,Ngày đồng ý
Lò Văn Á,0912345671,UBND xã,Bản A,trưởng bản,Thái,Phiếu đăng ký nhận tin,26/11/2026
Mùa A Páo,0912345672,,Bản  B,,Mông,Phiếu đăng ký nhận tin,2026-11-26T08:30
Thào Mỷ,0912345673,,bản a,,mông,,
"""


def test_a_file_says_who_people_are_and_that_they_agreed() -> None:
    """Values as they are compared; a date of the office's zone; the line, as the spreadsheet shows it."""
    first, second, third = read_audience(FILE.encode()).people
    assert (("unit", "ubnd xã"), ("village", "bản a"), ("group", "trưởng bản"), ("language", "thái")) == first.tags
    assert ("Phiếu đăng ký nhận tin", datetime(2026, 11, 25, 17, tzinfo=UTC), 2) == (
        *(first.consent, first.consent_at),
        first.line,
    )
    assert (datetime(2026, 11, 26, 1, 30, tzinfo=UTC), (("village", "bản b"), ("language", "mông"))) == (
        *(second.consent_at, second.tags),
    )
    assert ("", None, 4) == (third.consent, third.consent_at, third.line)


@pytest.mark.parametrize("written", ["31/02/2026", "26-11", "hôm qua", "26/11/26"])
def test_a_date_that_is_none_is_told(written: str) -> None:
    """With its line and column, and nobody is taken in by it."""
    found = read_audience(f"sđt,ngày đồng ý\n0912345678,{written}\n".encode())
    assert ((), [(2, "consent_at")]) == (found.people, [(one.line, one.column) for one in found.faults])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(tags.TAGS)), st.text(max_size=100)), unique_by=lambda pair: pair[0]))
def test_any_value_can_be_stored_and_read(pairs: list[tuple[str, str]]) -> None:
    """Nothing in it can be taken for another tag, or for a wild card."""
    there = tags.read(tags.stored(pairs))
    assert sorted((tag, tags.normal_value(value)) for tag, value in pairs if tags.normal_value(value)) == list(there)
    assert not {"%", "_", "\\"} & set(tags.stored(pairs))


@pytest.mark.parametrize("written", [[], ["language"], ["language="], ["tuổi=9"], ["=mông"], ["language=%"]])
def test_what_is_no_condition_is_refused(written: list[str]) -> None:
    """At the field of the form."""
    with pytest.raises(BadInput) as caught:
        tags.conditions_of(written)
    assert "where" == caught.value.field


def test_tags_have_their_names_on_screen_too() -> None:
    """As an officer reads them above the columns of the office's own file, and as the page says them."""
    written = ["Tiếng = Mông", "thôn  bản=Bản A", "nhóm=hội viên", "nhóm đối tượng=hội viên", "ĐƠN VỊ=ban chỉ huy"]
    pairs = {("language", "mông"), ("village", "bản a"), ("group", "hội viên"), ("unit", "ban chỉ huy")}
    assert pairs == set(tags.conditions_of(written)) and 4 == len(tags.conditions_of(written))
    said = tags.in_words([("language", "mông"), ("language", "thái"), ("village", "bản a")])
    assert (said, said.en) == ("tiếng: mông hoặc thái; thôn bản: bản a", "language: mông or thái; village: bản a")


@both
async def test_a_filter_is_a_part_of_a_list_as_it_is_now(database: Database, clock: FakeClock) -> None:
    """Several values of one tag mean any of them, several tags all of them; who comes later is in it, who opted out is not."""
    now, people = clock.now(), read_audience(FILE.encode()).people
    async with database.write() as tx:
        await save_audience(database, tx, SEAL, "a1", "Xã", people, now)
        assert 2 == await save_filter(tx, "f1", "Mông", "Xã", tags.conditions_of(["language=MÔNG"]), now)
        assert 1 == await save_filter(
            tx, "f2", "A, Mông", "Xã", tags.conditions_of(["language=mông", "village=bản a"]), now
        )
        either = tags.conditions_of(["village=bản a", "village=Bản B"])
        assert 3 == await save_filter(tx, "f3", "A và B", "Xã", either, now)
        assert 0 == await save_filter(tx, "f4", "Không ai", "Xã", tags.conditions_of(["village=bản"]), now)
        later = [Recipient("phone", "+84912345674", "Vừ", tags=(("language", "mông"),))]
        await save_audience(database, tx, SEAL, "a2", "Xã", later, now)
        assert [3, 2] == [await count_recipients(tx, "f1"), await count_recipients(tx, "f2") + 1]
        assert {"Xã": 4, "Mông": 3, "A, Mông": 1, "A và B": 3, "Không ai": 0} == {
            one.name: one.size for one in await audiences(tx)
        }
        assert ("Xã", (("language", "mông"),)) == ((one := await find_audience(tx, "Mông")).part_of, one.conditions)
        assert ["mông", "thái"] == (await tag_values(tx, "Xã"))["language"]
    for name, of, error in (("Mông", "Xã", Conflict), ("Mới", "Không có", NotFound), ("Mới", "Mông", Conflict)):
        with pytest.raises(error):
            async with database.write() as tx:
                await save_filter(tx, "f9", name, of, either, now)
    with pytest.raises(Conflict):
        async with database.write() as tx:
            await save_audience(database, tx, SEAL, "a9", "Mông", later, now)


@both
async def test_consent_is_kept_with_its_source(database: Database, clock: FakeClock) -> None:
    """File, hash, line and who took it in; a later row that says nothing takes nothing away."""
    people = read_audience(FILE.encode()).people
    async with database.write() as tx:
        source = Source("ban-a.csv", "ab" * 32, "Lan")
        await save_audience(database, tx, SEAL, "a1", "Xã", people, clock.now(), source)
        await save_audience(database, tx, SEAL, "a2", "Xã", [Recipient("phone", "+84912345671", "Á")], clock.now())
        (row,) = await standings(tx, SEAL, "phone", "+84912345671")
        assert ("Á", "Phiếu đăng ký nhận tin", people[0].consent_at) == (row.name, row.consent, row.consent_at)
        assert ("ban-a.csv", "ab" * 32, 2, "Lan", clock.now()) == (
            *(row.file, row.sha256, row.line, row.taken_by),
            row.taken_at,
        )
        assert tags.stored(people[0].tags) == row.tags
        again = [Recipient("phone", "+84912345671", "Á", "Gọi điện", clock.now(), line=7)]
        await save_audience(database, tx, SEAL, "a3", "Xã", again, clock.now(), Source("b.csv", "cd" * 32, "Mai"))
        (row,) = await standings(tx, SEAL, "phone", "+84912345671")
        assert ("Gọi điện", clock.now(), "b.csv", 7) == (row.consent, row.consent_at, row.file, row.line)
        assert 3 == len(list(await tx.execute(select(recipient.c.address))))
