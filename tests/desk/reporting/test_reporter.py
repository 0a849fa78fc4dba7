"""Figures of a known office, and a report that stays as it was handed in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Select, text

from channels.audiences.store import RETOLD
from config.clock import FakeClock
from config.words import BadInput, Conflict, NotFound
from db.journal import Deed
from db.types import to_ms
from desk.app import House
from desk.reporting.figures import Figures, Line
from desk.reporting.period import Basis, Period, parse
from desk.reporting.reporter import NOW
from scheduler.tally import store as tally_store
from tests.conftest import both
from tests.desk.reporting import books
from tests.desk.reporting.books import DOOR, MEANING, at

NOVEMBER = parse("2026-11", Basis.DECREE)


def told(lines: tuple[Line, ...]) -> dict[str, tuple[int, dict[str, int]]]:
    """Items and outcomes by key."""
    return {line.key: (line.items, dict(line.outcomes)) for line in lines}


async def counted(house: House, written: str, basis: Basis = Basis.DECREE) -> Figures:
    """Figures of a period."""
    return (await house.reporter.report(parse(written, basis), NOW)).figures


@both
async def test_figures_of_a_known_office(known: House) -> None:
    """From the first moment of the 15th to the last of the 14th on the office's clock, nothing before and nothing after."""
    figures = await counted(known, "2026-11")
    outcomes = {"pending": 1, "sent": 1, "confirmed": 2, "failed": 1, "unsure": 1, "missed": 1, "cancelled": 1}
    assert (2, outcomes) == (figures.whole.items, figures.whole.outcomes)
    whole = figures.whole
    assert (8, 3, 2, 2, 2, 1) == (
        *(whole.total, whole.sent, whole.confirmed, whole.lost, whole.undecided),
        whole.cancelled,
    )
    assert 42.9 == whole.share
    assert (3, 2) == (figures.runs, figures.people)
    assert 100 == figures.audio_seconds  # 60 of the first, whose second recording was only begun, and 40
    assert ("UBND xã Sốp Cộp", "2026-10-15", "2026-11-14") == (figures.office, figures.begin, figures.end)


@both
async def test_whoever_is_told_of_a_correction_is_counted_once(known: House) -> None:
    """With what was corrected; where nothing else was sent, as who they are."""
    async with known.database.write() as tx:
        name = f"{RETOLD}bản trước của “Ý nghĩa” qua sms (1)"
        await tx.execute(
            text("UPDATE occurrence SET audience = :name WHERE due_at > :at"),
            {"name": name, "at": to_ms(at(2026, 10, 19))},
        )
    assert 2 == (await counted(known, "2026-11")).people
    async with known.database.write() as tx:
        await tx.execute(text("UPDATE occurrence SET audience = :name"), {"name": name})
    assert 2 == (await counted(known, "2026-11")).people


@both
async def test_by_theme_channel_outlet_and_week(known: House) -> None:
    """A bulletin with texts of two themes counts for both; an item counts where something of it was taken over."""
    figures = await counted(known, "2026-11")
    bundle = {"pending": 1, "unsure": 1, "missed": 1, "cancelled": 1}
    sms = bundle | {"confirmed": 2, "failed": 1}
    assert {MEANING: (1, sms), DOOR: (1, bundle | {"sent": 1})} == told(figures.themes)
    assert {"sms_http": (1, sms), "portal": (1, {"sent": 1})} == told(figures.channels)
    assert ["SMS", "Cổng thông tin (trang tin của cơ quan)"] == [line.title for line in figures.outlets]
    weeks = told(figures.stretches)
    assert ["2026-10-15", "2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09"] == list(weeks)
    assert [4, 3, 0, 0, 1] == [line.total for line in figures.stretches]


@both
async def test_what_lies_outside_is_in_the_next_or_by_the_calendar(known: House) -> None:
    """The same log by whole months, and month by month in a year."""
    assert 2 == (await counted(known, "2026-12")).whole.total
    assert 2 == (await counted(known, "2026-10")).whole.total
    assert 9 == (await counted(known, "2026-10", Basis.CALENDAR)).whole.total
    year = await counted(known, "2026")
    assert 12 == year.whole.total == sum(line.total for line in year.stretches)
    assert [2, 8, 2] == [line.total for line in year.stretches[9:]]
    assert 600 == year.audio_seconds
    nothing = await counted(known, "2026-Q1")
    assert (0, None, 0, 0) == (nothing.whole.total, nothing.whole.share, nothing.people, nothing.audio_seconds)


@pytest.mark.parametrize("query", [tally_store._tallies(1), tally_store._TAKEN])
async def test_on_sqlite_the_numbers_are_read_off_the_index(known: House, query: Select[Any]) -> None:
    """By occurrence; a letter that was counted for a report would take a hundred times as long."""
    async with known.database.read() as connection:
        told = query.params(begin=0, edge0=0, end=0, to_people=["sms"])
        asked = told.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
        places = tuple(0 for _ in asked.positiontup or ())
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", places)
        assert any("parcel USING INDEX parcel_counted (occurrence=?)" in row.detail for row in plan)
        steps = (await connection.exec_driver_sql(f"EXPLAIN {asked}", places)).all()
    assert not [row for row in steps if str(row.p4).startswith("replace")]


@both
async def test_people_of_a_filter_count_with_their_list(known: House) -> None:
    """A list counts as often as its largest run reached, not once a run and not once a filter."""
    async with known.database.write() as tx:
        await tx.execute(
            text(
                "INSERT INTO audience (id, name, made_at, part_of, conditions)"
                " SELECT 'f', 'Một phần', 0, id, '[]' FROM audience"
            )
        )
        await tx.execute(
            text("UPDATE occurrence SET audience = 'Một phần' WHERE due_at >= :due"), {"due": 1793900000000}
        )
    assert 2 == (await counted(known, "2026")).people


@both
async def test_what_was_handed_in_stays(known: House, clock: FakeClock) -> None:
    """New deliveries and late confirmations change what is counted now, not what was handed in."""
    report = await known.reporter.report(NOVEMBER)
    assert report.shown is None and not report.versions
    first = await known.reporter.hand_in(NOVEMBER, report.figures.digest, "Hùng")
    await books.went_out(known, (await books.text(known, "Thêm"),), "portal", "ccc", at(2026, 11, 3))
    again = await known.reporter.report(NOVEMBER)
    assert (first, report.figures, True) == (again.shown, again.figures, again.sound)
    now = await known.reporter.report(NOVEMBER, NOW)
    assert 11 == now.figures.whole.total and now.shown is None and (first,) == now.versions
    with pytest.raises(BadInput) as caught:
        await known.reporter.hand_in(NOVEMBER, now.figures.digest, "Hùng", " ")
    assert "note" == caught.value.field
    clock.advance(60)
    second = await known.reporter.hand_in(NOVEMBER, now.figures.digest, "Hoa", "Bổ sung tin ngày 3/11")
    assert (2, "Bổ sung tin ngày 3/11", now.figures.digest) == (second.version, second.reason, second.digest)
    assert second == (await known.reporter.report(NOVEMBER)).shown
    old = await known.reporter.report(NOVEMBER, 1)
    assert (first, report.figures) == (old.shown, old.figures)
    with pytest.raises(Conflict, match="handed in last"):
        await known.reporter.hand_in(NOVEMBER, now.figures.digest, "Hoa", "Lần nữa")
    assert [(1, first.digest), (2, second.digest)] == [
        (deed.detail["version"], deed.detail["digest"]) for deed in await deeds(known, NOVEMBER)
    ]


async def deeds(house: House, period: Period) -> list[Deed]:
    """What the journal has of a period's report."""
    async with house.database.read() as connection:
        return await house.journal.of(connection, f"report/{period.basis.value}/{period.written}")


@both
async def test_only_what_was_looked_at_and_is_over_is_handed_in(known: House) -> None:
    """Not other figures, not a period under way or to come, not a version that there is not."""
    with pytest.raises(Conflict, match="changed since"):
        await known.reporter.hand_in(NOVEMBER, "0" * 64, "Hùng")
    running = await known.reporter.report(parse("2026-12", Basis.DECREE))
    with pytest.raises(Conflict, match="2026-12-15"):
        await known.reporter.hand_in(running.period, running.figures.digest, "Hùng")
    for asking in (known.reporter.report, lambda one: known.reporter.hand_in(one, "x", "Hùng")):
        with pytest.raises(BadInput) as caught:
            await asking(parse("2027-02", Basis.DECREE))
        assert "period" == caught.value.field
    with pytest.raises(NotFound):
        await known.reporter.report(NOVEMBER, 1)
    assert [] == await deeds(known, NOVEMBER)


@both
async def test_two_at_once_hand_in_one_version(known: House) -> None:
    """The other is told, and the journal has one line."""
    digest = (await known.reporter.report(NOVEMBER)).figures.digest
    both_of_them = [known.reporter.hand_in(NOVEMBER, digest, name) for name in ("Hùng", "Hoa")]
    done = await asyncio.gather(*both_of_them, return_exceptions=True)
    assert 1 == sum(isinstance(one, (Conflict, BadInput)) for one in done)
    assert 1 == len((await known.reporter.report(NOVEMBER)).versions) == len(await deeds(known, NOVEMBER))


@both
async def test_forged_figures_are_seen(known: House) -> None:
    """Who edits the stored figures does not have their digest."""
    digest = (await known.reporter.report(NOVEMBER)).figures.digest
    await known.reporter.hand_in(NOVEMBER, digest, "Hùng")
    async with known.database.write() as tx:
        forged = {"old": '"confirmed":2', "new": '"confirmed":9'}
        await tx.execute(text("UPDATE report SET figures = replace(figures, :old, :new)"), forged)
    report = await known.reporter.report(NOVEMBER)
    assert not report.sound and 9 == report.figures.whole.confirmed
