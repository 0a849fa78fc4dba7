"""The calendar of an outlet's quota on the desk: used, planned, free, month by month, and which runs are planned."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from channels.audience import read_audience
from channels.audiences import store as audience_store
from db.types import new_id
from scheduler.schedule import Rule

PEOPLE = b"phone,dong y\n0980000001,c\n0980000002,c\n0980000003,c\n"


async def told(desk: Any, query: str = "") -> dict[str, Any]:
    """The calendar as JSON."""
    answer = await desk.client.get(f"/api/v1/outlets/sms/quota{query}", headers=await desk.api("lan", "read"))
    assert 200 == answer.status
    found: dict[str, Any] = await answer.json()
    return found


async def test_used_planned_and_free(desk: Any) -> None:
    """From the log and from running schedules, each run as many as its list has; at quiet hours' end where it waits."""
    now = desk.clock.now()
    async with desk.house.database.write() as tx:
        people = read_audience(PEOPLE).people
        await audience_store.save_audience(
            desk.house.database, tx, desk.house.seal, new_id(now), "Ba người", people, now
        )
    rule = Rule(cron="0 23 * * *")
    schedule = await desk.schedule(outlets=("sms",), audience="Ba người", rule=rule, until=now + timedelta(days=3))
    days = {day["date"]: day for day in (await told(desk))["days"]}
    assert 30 == len(days)
    expected = {"used": 0, "planned": 3, "late": 0, "free": 1997}
    assert {"date": "2026-11-24"} | expected == days["2026-11-24"]  # 23:00 of the day before is in quiet hours
    assert [0, 3, 3, 3, 0] == [days[f"2026-11-{day}"]["planned"] for day in (23, 24, 25, 26, 27)]
    assert {schedule.id} == {run["schedule"] for run in (await told(desk))["runs"]}
    page = await (await desk.browser("xem")).page("/outlets/sms/quota")
    assert "Nhiều nhất 2.000 lượt một ngày" in page and 'aria-current="date"' in page and "?month=2026-12" in page
    assert "/outlets/sms/quota" in await (await desk.browser("xem")).page("/outlets")


async def test_what_was_sent_stands_on_its_day(desk: Any) -> None:
    """Only what a partner took: the log of these has refusals alone."""
    await desk.deliveries("ccf")
    assert 0 == sum(day["used"] for day in (await told(desk))["days"])
    assert "2026-10" == (await told(desk, "?month=2026-10"))["month"]


async def test_months_and_outlets_that_have_none(desk: Any) -> None:
    """A month that is none or too far is an error at its field; an outlet without a quota has no calendar."""
    lan = await desk.browser("lan")
    for month in ("2026-13", "hôm nay", "2027-03", "2024-10", "0000-01"):
        assert 400 == (await lan.get(f"/outlets/sms/quota?month={month}")).status, month
    assert 404 == (await lan.get("/outlets/portal/quota")).status
    assert 404 == (await lan.get("/outlets/nope/quota")).status
    assert 'class="part left' in await lan.page("/outlets/sms/quota?month=2027-02")
