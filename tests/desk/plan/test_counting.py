"""What went out is taken from the log and told against the plan, on the page and in reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import text

from channels.channel import Channel, find_channels
from config.clock import FakeClock
from config.words import NotFound
from db.types import new_id, to_json
from desk.app import House
from desk.plan import counting, store
from desk.plan.plan import Plan, Rhythm, Way
from desk.reporting.figures import Figures, PlanLine, digest_of
from desk.reporting.period import Basis, parse
from desk.reporting.reporter import NOW
from tests.conftest import both
from tests.desk.reporting import books
from tests.desk.reporting.books import DOOR, HANOI, MEANING, at

TODAY = date(2026, 11, 23)
OCTOBER = parse("2026-10", Basis.CALENDAR)


async def done(house: House, today: date = TODAY) -> dict[str, tuple[int, int]]:
    """Of each task: how many now, and how many in the whole year."""
    async with house.database.read() as connection:
        plan = await store.find(connection, 2026)
        assert plan is not None
        found = await counting.standings_of(connection, plan, today, HANOI)
    return {one.task.words: (one.now.done, len(one.counted)) for one in found}


@both
async def test_what_was_taken_over_counts_once(planned: House) -> None:
    """One text in one run, however many people it reached and by however many outlets; nothing of what did not arrive."""
    meaning, door = await books.text(planned, "Ý nghĩa", MEANING), await books.text(planned, "Một cửa", DOOR)
    await books.three_people(planned)
    await books.went_out(planned, (meaning, door), "dai-xa", "c", at(2026, 11, 2))
    await books.went_out(planned, (meaning,), "dai-xa", "s", at(2026, 10, 1))
    await books.went_out(planned, (meaning,), "dai-xa", "fmxupi", at(2026, 11, 3))
    await books.went_out(planned, (meaning,), "sms", "ccc", at(2026, 11, 4))
    await books.went_out(planned, (door,), "portal", "c", at(2026, 10, 31, 23, 59, 59))
    await books.went_out(planned, (door,), "portal", "c", at(2026, 11, 1))
    expected = {"Bản tin phát thanh": (2, 2), "Bài trên cổng": (1, 2), "Đợt cao điểm": (6, 6)}
    assert expected == await done(planned)


@both
async def test_two_stations_in_one_run_count_once(planned: House) -> None:
    """A run is counted by its texts, not by who took it."""
    meaning = await books.text(planned, "Ý nghĩa", MEANING)
    await books.went_out(planned, (meaning,), "dai-xa", "c", at(2026, 11, 2))
    async with planned.database.write() as tx:
        columns = "occurrence, rank, turn, due_at, until, state, size, first, last, cursor, letters, epoch"
        copy = f"INSERT INTO parcel (id, outlet, {columns}) SELECT id + 1, 'portal', {columns} FROM parcel"
        await tx.execute(text(copy))
    expected = {"Bản tin phát thanh": (1, 1), "Bài trên cổng": (1, 1), "Đợt cao điểm": (1, 1)}
    assert expected == await done(planned)


@both
async def test_the_plan_is_kept_as_it_was_written(planned: House) -> None:
    """Its tasks in their order; changed, taken out, and a year that has none."""
    async with planned.database.write() as tx:
        plan = await store.find(tx, 2026)
        assert plan is not None
        assert [Way.RADIO, Way.PORTAL, None] == [one.way for one in plan.tasks]
        first, second, third = plan.tasks
        await store.change_task(tx, replace(first, target=3, rhythm=Rhythm.MONTH))
        assert await store.remove_task(tx, second.id) and not await store.remove_task(tx, second.id)
        await store.save(planned.database, tx, replace(plan, number="40/KH-UBND"))
        assert not await store.add(planned.database, tx, plan)
        assert await store.add(planned.database, tx, Plan(2027, "", None, "Năm sau", "", ""))
        changed = await store.find(tx, 2026)
        assert changed is not None and "40/KH-UBND" == changed.number
        assert (replace(first, target=3, rhythm=Rhythm.MONTH), third) == changed.tasks
        assert [2026, 2027] == await store.years(tx) and await store.find(tx, 2025) is None
        with pytest.raises(NotFound):
            await store.find_task(tx, second.id)


@both
async def test_a_report_is_measured_against_the_plan_and_frozen_with_it(planned: House, clock: FakeClock) -> None:
    """Targets of the period, what counted in its days; handed in it stays, whatever becomes of the plan."""
    meaning = await books.text(planned, "Ý nghĩa", MEANING)
    await books.went_out(planned, (meaning,), "dai-xa", "c", at(2026, 10, 20))
    report = await planned.reporter.report(OCTOBER)
    plan = report.figures.plan
    assert plan is not None and "Kế hoạch số 36/KH-UBND ngày 23/01/2026" == plan.name
    told = [(one.title, one.owner, one.target, one.done, one.share) for one in plan.tasks]
    assert [
        ("Bản tin phát thanh", "Chị Lan", 4, 1, 25.0),
        ("Bài trên cổng", "", 1, 0, 0.0),
        ("Đợt cao điểm", "", 0.2, 1, 500.0),  # 31 of 335 days
    ] == told
    await planned.reporter.hand_in(OCTOBER, report.digest, "Hùng")
    async with planned.database.write() as tx:
        await store.remove_task(tx, plan.tasks[0].key)
    frozen = await planned.reporter.report(OCTOBER)
    assert frozen.sound and plan == frozen.figures.plan
    now = await planned.reporter.report(OCTOBER, NOW)
    assert now.figures.plan is not None and 2 == len(now.figures.plan.tasks)


@both
async def test_a_report_of_before_there_were_plans_opens_with_its_digest(planned: House) -> None:
    """What was stored without a plan is told without one; an office without a plan counts to the same digest as before."""
    bare = replace((await planned.reporter.report(OCTOBER)).figures, plan=None)
    record = bare.record()
    assert "plan" not in record and bare == Figures.from_record(record) and digest_of(record) == bare.digest
    values = {"id": new_id(planned.clock.now()), "figures": to_json(record), "digest": bare.digest}
    async with planned.database.write() as tx:
        columns = "id, period, basis, version, title, figures, digest, person, at, reason"
        given = ":id, '2026-10', 'calendar', 1, 'tháng 10', :figures, :digest, 'Hùng', 0, ''"
        await tx.execute(text(f"INSERT INTO report ({columns}) VALUES ({given})"), values)
    old = await planned.reporter.report(OCTOBER)
    assert old.sound and old.figures.plan is None and bare.digest == old.digest


def test_every_kind_of_channel_is_one_way_or_none() -> None:
    """As people would call it; what posts JSON somewhere is none of them."""
    find_channels()
    ways = {kind: counting.way_of(kind) for kind in Channel.registry}
    assert {Way.RADIO} == {ways[kind] for kind in ("radio", "libretime", "azuracast", "sftp")}
    assert (ways["board"], ways["television"]) == (Way.BOARD, Way.TELEVISION)
    assert {Way.PORTAL} == {ways[kind] for kind in ("portal", "wordpress", "webhook")}
    assert {Way.ZALO} == {way for kind, way in ways.items() if kind.startswith("zalo")}
    assert {Way.SMS} == {way for kind, way in ways.items() if kind.startswith("sms")}
    assert counting.way_of("gone") is None


def test_a_line_of_a_report_says_its_share() -> None:
    """In percent, of a part of a whole number too."""
    assert 83.3 == PlanLine("a", "Tin", "", 2.4, 2).share
