"""`loa doctor`: each finding well and sick, with what was seen and what to do."""

from __future__ import annotations

import argparse
import json
import resource
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from channels import store as channels_store
from channels.setting import store as setting_store
from channels.setting.store import Setting
from config.clock import FakeClock, SystemClock
from config.settings import Settings
from content.units.unit import Level, Unit
from db.checkup import Checkup, checkup, hosts_of
from db.database import Database
from db.server import arguments
from desk.app import House, opened
from desk.commands.doctor import look, of_database, of_disk, of_files, of_server_clock, of_settings, run_doctor
from desk.commands.finding import Finding, long, size
from scheduler.lane import LEASE
from tests.conftest import both
from tests.scheduler.claims import claim, plan
from tests.scheduler.conftest import Office


@pytest.fixture
async def office(house: House, clock: FakeClock) -> Office:
    """An office with a portal and a station, and an item that is due on both."""
    office = Office(house, clock)
    await office.schedule(await office.item(), "portal", "tram")
    return office


async def sick(house: House) -> dict[str, Finding]:
    """What is not well, by name; but for what the test server runs without."""
    found = {finding.name: finding async for finding in look(house) if not finding.well}
    if not house.database.is_sqlite:
        assert "fsync" in found.pop("PostgreSQL ghi bền").do
    return found


@both
async def test_a_house_at_work_is_well(office: Office) -> None:
    """Due a moment ago, then planned, then claimed under a lease that holds: nothing to tell."""
    assert {} == await sick(office.house)
    await plan(office)
    assert {} == await sick(office.house)
    await claim(office, "portal", 1)
    assert {} == await sick(office.house)
    await office.drain()
    assert {} == await sick(office.house)


@both
async def test_a_schedule_nobody_plans(office: Office) -> None:
    """A minute late is late, and the planner is named."""
    office.clock.advance(61)
    found = await sick(office.house)
    assert ["kỳ phát trễ"] == list(found)
    assert ("61 giây", True) == (found["kỳ phát trễ"].seen, "planner" in found["kỳ phát trễ"].do)


@both
async def test_recipients_nobody_freezes(office: Office) -> None:
    """An occurrence was opened, and the planner died or fails every time."""
    await plan(office)
    async with office.house.database.write() as tx:
        await tx.execute(text("UPDATE occurrence SET state = 'planning'"))
    office.clock.advance(119)
    assert "chia người nhận" not in await sick(office.house)
    office.clock.advance(3600)
    assert "một kỳ phát đang chia dở từ 61 phút trước" == (await sick(office.house))["chia người nhận"].seen


@both
async def test_deliveries_nobody_sends(office: Office) -> None:
    """Due for more than a minute, nobody has anything of the outlet in hand; a paused outlet says so itself."""
    await plan(office)
    office.clock.advance(60)
    assert {} == await sick(office.house)
    office.clock.advance(1)
    found = (await sick(office.house))["lượt đến giờ không ai gửi"]
    assert "portal: 1 lượt, từ 61 giây trước; tram: 1 lượt, từ 61 giây trước" == found.seen
    assert "worker" in found.do
    await claim(office, "portal", 0)
    assert "tram: 1 lượt, từ 61 giây trước" == (await sick(office.house))["lượt đến giờ không ai gửi"].seen
    async with office.house.database.write() as tx:
        await channels_store.pause_outlet(tx, "tram", office.clock.now(), "Hùng", "đài sửa máy")
    found_now = await sick(office.house)
    assert ["điểm phát tram"] == list(found_now)
    assert ("đài sửa máy", "sửa rồi: loa outlet resume tram") == (
        found_now["điểm phát tram"].seen,
        found_now["điểm phát tram"].do,
    )


async def test_an_outlet_of_the_desk_that_cannot_be_used(office: Office) -> None:
    """It is named with the reason and where it is set; the others are well."""
    house = office.house
    async with house.database.write() as tx:
        setting = Setting("fax", 1, office.clock.now(), "Mai", {"kind": "fax", "title": "Fax"})
        await setting_store.set_outlet(house.database, tx, house.fitter.key, setting)
    await house.fitter.fit()
    found = await sick(house)
    assert ["điểm phát fax"] == list(found) and "fax" in found["điểm phát fax"].seen
    assert "/outlets/fax/edit" in found["điểm phát fax"].do


async def test_an_outlet_of_a_unit_that_is_not_there(office: Office) -> None:
    """Is named with the unit, until somebody adds that."""
    house = office.house
    at = house.outlets["portal"]
    house.outlets.change_to({"portal": replace(at, unit="xa-sop-cop")})
    found = await sick(house)
    assert "portal (xa-sop-cop)" in found["đơn vị"].seen
    async with house.database.write() as tx:
        await house.units.save(tx, Unit("", "Xã Sốp Cộp", Level.COMMUNE), "Hùng")
    assert "đơn vị" not in await sick(house)


async def test_an_outlet_that_left_the_configuration(office: Office, plain_settings: dict[str, Any]) -> None:
    """What waits for it is told with what to do about it."""
    await plan(office)
    office.clock.advance(3600)
    left = plain_settings | {"outlets": {"portal": plain_settings["outlets"]["portal"]}}
    async with opened(Settings.model_validate(left), office.clock) as house:
        assert "tram không còn trong cấu hình" in (await sick(house))["lượt đến giờ không ai gửi"].do


@both
async def test_a_claim_nobody_takes_back(office: Office) -> None:
    """A minute after the lease: who should have taken it back is not there."""
    await plan(office)
    await claim(office, "portal", 1)
    office.clock.advance(LEASE.total_seconds() + 60)
    assert "kiện bị giữ" not in await sick(office.house)
    office.clock.advance(1)
    found = (await sick(office.house))["kiện bị giữ"]
    assert ("portal: quá hạn giữ 61 giây", True) == (found.seen, "sweeper" in found.do)
    await office.house.runner._sweeper.rescue()
    assert "kiện bị giữ" not in await sick(office.house)


@both
async def test_a_window_nobody_closes(office: Office) -> None:
    """A parcel whose window is over stays open while no sweeper runs."""
    await plan(office)
    office.clock.advance(10 * 24 * 3600)
    found = (await sick(office.house))["kiện quá hạn"]
    assert ("2 kiện hết hạn mà chưa ghi lỡ giờ", True) == (found.seen, "sweeper" in found.do)
    await office.house.runner._sweeper.sweep()
    assert "kiện quá hạn" not in await sick(office.house)


async def test_a_clock_that_was_stepped(office: Office) -> None:
    """Told for a day, with the host and by how much."""
    await office.drain()
    office.clock.step(-7200)
    await office.house.runner._timekeeper.look()
    found = (await sick(office.house))["đồng hồ"]
    assert "-7200 giây lúc 23/11/2026 06:00" in found.seen and "chrony" in found.do
    office.clock.advance(24 * 3600 + 1)
    assert "đồng hồ" not in await sick(office.house)


class WrongClock(SystemClock):
    """A machine whose clock is a minute slow."""

    def now(self) -> datetime:
        """See Clock.now."""
        return super().now() - timedelta(minutes=1)


async def test_the_servers_clock_differs(postgresql: str) -> None:
    """Measured against a real server; on SQLite there is one clock."""
    for clock, well in ((SystemClock(), True), (WrongClock(), False)):
        database = Database(postgresql, clock)
        await database.look_at_clock()
        await database.close()
        finding = of_server_clock(database.ahead)
        assert well == finding.well, finding
    assert "+60" in finding.seen and "chrony" in finding.do


async def test_unsure_deliveries_wait_for_a_person(office: Office) -> None:
    """How many, and the two commands."""
    await plan(office)
    async with office.house.database.write() as tx:
        await tx.execute(text("UPDATE parcel SET letters = 'u', state = 'sent_out', cursor = 1"))
    found = (await sick(office.house))["lượt chưa rõ"]
    assert ("2", True) == (found.seen, "loa delivery resolve" in found.do)


def test_a_disk_that_fills_up(tmp_path: Path) -> None:
    """Less than a gigabyte is little."""
    assert of_disk("ổ đĩa", tmp_path, 2**30 + 1).well
    found = of_disk("ổ đĩa", tmp_path, 300 * 2**20)
    assert (False, f"{tmp_path} còn 300 MB") == (found.well, found.seen)


async def test_a_log_that_cannot_be_merged(house: House) -> None:
    """SQLite's write-ahead log grows while somebody reads on and on; the real sizes are seen."""
    seen = await checkup(house.database)
    assert seen.size == Path(house.database.url.database or "").stat().st_size
    assert [True, True] == [finding.well for finding in of_database(seen)]
    names = {finding.name: finding for finding in of_database(replace(seen, log=2**30))}
    assert not names["tệp cơ sở dữ liệu"].well and "WAL 1.0 GB" in names["tệp cơ sở dữ liệu"].seen


GOOD = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "synchronous_standby_names": ""}


@pytest.mark.parametrize(
    ("changed", "hosts", "told"),
    [
        ({}, 1, ""),
        ({"synchronous_commit": "local"}, 1, ""),
        ({"synchronous_standby_names": "ANY 1 (*)"}, 2, ""),
        ({"fsync": "off"}, 1, "fsync"),
        ({"full_page_writes": "off"}, 1, "full_page_writes"),
        ({"synchronous_commit": "off"}, 1, "synchronous_commit"),
        ({}, 2, "synchronous_standby_names"),
        ({"synchronous_standby_names": "*", "synchronous_commit": "local"}, 2, "synchronous_commit"),
        ({"synchronous_standby_names": "*", "synchronous_commit": "remote_write"}, 3, "synchronous_commit"),
    ],
)
def test_settings_that_break_the_promise(changed: dict[str, str], hosts: int, told: str) -> None:
    """Each by its name, with what it costs."""
    finding = of_settings(Checkup(0, hosts=hosts, settings=GOOD | changed))
    assert (not told, told in finding.do) == (finding.well, True)


async def test_a_real_servers_settings(postgresql: str) -> None:
    """The test server runs without fsync, which is just what the doctor is there to find; a dead standby's slot as well."""
    several = Database("postgresql://loa@may-1:5432,may-2:5432/loa")
    database = Database(postgresql)
    seen = await checkup(database)
    assert "off" == seen.settings["fsync"] and seen.size > 0
    assert (1, 2) == (seen.hosts, hosts_of(several.url))
    (settings, disk) = of_database(seen)
    assert (False, True) == (settings.well, disk.well) and "fsync" in settings.do
    connection = await asyncpg.connect(**arguments(database.url))
    try:
        await connection.execute("SELECT pg_create_physical_replication_slot('tat', true)")
        held = (await checkup(database)).held
        await connection.execute("SELECT pg_drop_replication_slot('tat')")
    finally:
        await connection.close()
        await database.close()
        await several.close()
    assert ["tat"] == list(held)
    (_, disk) = of_database(replace(seen, held={"tat": 3 * 2**30}))
    assert not disk.well and "khe tat giữ 3.0 GB WAL" in disk.seen and "pg_drop_replication_slot" in disk.do


def test_too_few_open_files() -> None:
    """What the outlets may need at once, against what the system allows."""
    assert of_files(875, 4096).well and of_files(10**6, resource.RLIM_INFINITY).well
    found = of_files(875, 1024)
    assert not found.well and "1075" in found.seen and "LimitNOFILE=" in found.do


async def test_what_it_prints(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """A mark, a name, what was seen, what to do; the same as JSON; exit code 1 as soon as anything is not well."""
    capsys.readouterr()
    assert 0 == await run_doctor(office.house, argparse.Namespace(json=False))
    assert "→" not in capsys.readouterr().out
    office.clock.advance(100)
    assert 1 == await run_doctor(office.house, argparse.Namespace(json=False))
    told = capsys.readouterr().out
    assert "✗ kỳ phát trễ: 100 giây\n    → loa serve" in told and "✓ sổ ghi việc: nguyên vẹn" in told
    assert 1 == await run_doctor(office.house, argparse.Namespace(json=True))
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {("name", "well", "seen", "do")} == {tuple(row) for row in rows}
    assert ["kỳ phát trễ"] == [row["name"] for row in rows if not row["well"]]


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0 giây"), (119, "119 giây"), (120, "2 phút"), (7199, "119 phút"), (90_000, "25 giờ")]
)
def test_spans_as_people_say_them(seconds: int, said: str) -> None:
    """Seconds, minutes, hours."""
    assert said == long(timedelta(seconds=seconds))


def test_sizes_as_people_say_them() -> None:
    """MB below a gigabyte."""
    assert ("512 MB", "1.5 GB") == (size(2**29), size(3 * 2**29))
