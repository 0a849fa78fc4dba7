"""The calendar on the desk: what went out and will, day by day; moving with a second person; everything paused at once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from content.bulletin import BulletinClass
from scheduler import store
from scheduler.schedule import Rule, ScheduleState

TUESDAY = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
"""Ten in the morning in the office."""


async def told(desk: Any, query: str = "") -> dict[str, Any]:
    """The calendar as JSON, days by date."""
    answer = await desk.client.get(f"/api/v1/calendar{query}", headers=await desk.api("xem", "read"))
    plain: dict[str, Any] = await answer.json()
    assert 200 == answer.status, plain
    return plain | {"days": {day["date"]: day for day in plain["days"]}}


async def stands(desk: Any, id: str) -> str:
    """Where a schedule stands."""
    async with desk.house.database.read() as connection:
        return (await store.find_schedule(connection, id)).state.value


async def test_a_month_from_monday_to_sunday(desk: Any) -> None:
    """Whole weeks, lunar dates, holidays; links to the month before and after; daily runs on each day to come."""
    await desk.schedule(rule=Rule(cron="0 5 * * *"))
    days = (await told(desk, "?view=month&day=2027-02-10"))["days"]
    assert ("2027-02-01", "2027-02-28", 28) == (min(days), max(days), len(days))
    assert {"year": 2027, "month": 1, "day": 1, "leap": False} == days["2027-02-06"]["lunar"]
    assert "Tết" in days["2027-02-06"]["holiday"] and days["2027-02-22"]["holiday"] is None
    assert {1} == {day["runs"] for day in days.values()}
    page = await (await desk.browser("xem")).page("/calendar?view=month&day=2027-02-10")
    assert "Tháng 2/2027" in page and "Tết Nguyên Đán" in page and "day=2027-01-31" in page and "day=2027-03-01" in page
    assert page.index("Thứ Hai") < page.index("Chủ Nhật")
    today = await (await desk.browser("dai")).page("/calendar")
    assert 'aria-current="date"' in today and "Tháng 11/2026" in today


async def test_what_went_out_has_its_outcome(desk: Any, words: Any) -> None:
    """Deliveries in counts by state, on the page in words; a run that was missed says so."""
    await desk.deliveries("ccsffump")
    day = (await told(desk, "?from=2026-11-23&to=2026-11-23"))["days"]["2026-11-23"]
    [entry] = [one for one in day["entries"] if one["state"] is None]
    assert {"open": 1} == entry["occurrences"] and entry["title"]
    expected = {"confirmed": 2, "sent": 1, "failed": 2, "unsure": 1, "missed": 1, "pending": 1}
    assert expected == entry["deliveries"]
    page = words(await (await desk.browser("xem")).page("/calendar?view=day&day=2026-11-23"))
    assert "3 đã gửi" in page and "2 không gửi được" in page and "1 lỡ giờ" in page and "có lượt không gửi được" in page


async def test_every_minute_is_a_count(desk: Any, words: Any) -> None:
    """One entry a day with its number of runs, one an hour on the day's page; a page never holds more than it says."""
    await desk.schedule(rule=Rule(cron="* * * * *"))
    day = (await told(desk, "?from=2027-03-01&to=2027-04-30"))["days"]["2027-04-30"]
    assert [1440] == [one["runs"] for one in day["entries"]]
    xem = await desk.browser("xem")
    assert "1.440 kỳ 00:00–23:59" in words(await xem.page("/calendar?day=2027-04-30"))
    assert 24 == words(await xem.page("/calendar?view=day&day=2027-04-30")).count("60 kỳ")


async def test_a_full_day_tells_how_many_more(desk: Any, words: Any) -> None:
    """The month shows some of a day's runs and links to the rest."""
    item = await desk.approved()
    for minute in range(9):
        await desk.schedule(items=(item.id,), rule=Rule(once=TUESDAY + timedelta(minutes=minute)))
    page = await (await desk.browser("xem")).page("/calendar")
    assert "và 4 kỳ nữa" in page and 5 == page.count('class="run-title"')
    assert 9 == (await (await desk.browser("xem")).page("/calendar?view=day&day=2026-11-24")).count('class="run-title"')
    day = (await told(desk))["days"]["2026-11-24"]
    assert (9, 0, 9) == (day["runs"], day["more"], len(day["entries"]))


async def test_narrowed_by_kind_outlet_and_theme(desk: Any) -> None:
    """Each alone and together; what does not exist is told at its field."""
    law = await desk.approved(title="Luật mới", theme="y-nghia")
    other = await desk.approved(title="Tin khác", theme="chi-dao")
    await desk.schedule(items=(law.id,), outlets=("portal",), rule=Rule(once=TUESDAY))
    await desk.schedule(items=(other.id,), outlets=("dai-xa",), rule=Rule(once=TUESDAY))

    async def titles(query: str) -> list[str]:
        plain = await told(desk, f"?from=2026-11-24{query}")
        return [one["title"] for one in plain["days"]["2026-11-24"]["entries"]]

    assert ["Luật mới", "Tin khác"] == sorted(await titles(""))
    assert ["Luật mới"] == await titles("&outlet=portal") == await titles("&kind=portal")
    assert ["Tin khác"] == await titles("&kind=radio") == await titles("&kind=radio&outlet=dai-xa")
    assert ["Luật mới"] == await titles("&theme=y-nghia") == await titles("&theme=y-nghia&outlet=portal")
    assert [] == await titles("&theme=dien-hinh") == await titles("&theme=y-nghia&outlet=dai-xa")
    page = await (await desk.browser("xem")).page("/calendar?outlet=portal&theme=y-nghia&kind=portal")
    assert "Luật mới" in page and "Tin khác" not in page and "Bỏ lọc" in page
    assert "outlet=portal&amp;theme=y-nghia" in page


@pytest.mark.parametrize(
    ("query", "field", "status"),
    [
        ("day=2027-13-01", "day", 422),
        ("day=1999-12-31", "day", 422),
        ("day=hôm nay", "day", 400),
        ("view=year", "view", 400),
        ("from=2026-12-01&to=2026-11-01", "to", 422),
        ("from=2026-01-01&to=2026-12-31", "to", 422),
        ("kind=telex", "kind", 422),
        ("theme=nope", "theme", 422),
        ("outlet=nope", "outlet", 404),
        ("outlet=sms&kind=radio", "outlet", 422),
    ],
)
async def test_bad_windows_are_told(desk: Any, query: str, field: str, status: int) -> None:
    """In both representations, at the field."""
    page = await (await desk.browser("xem")).get(f"/calendar?{query}")
    assert {422: 400}.get(status, status) == page.status
    answer = await desk.client.get(f"/api/v1/calendar?{query}", headers=await desk.api("xem", "read"))
    assert (status, field) == (answer.status, (await answer.json())["field"])


async def test_the_edges_of_time(desk: Any) -> None:
    """The first and the last month there is; no link leads out."""
    xem = await desk.browser("xem")
    assert 'rel="prev"' not in await xem.page("/calendar?day=2000-01-01")
    assert 'rel="next"' not in await xem.page("/calendar?day=2099-12-31")
    assert 'rel="next"' not in await xem.page("/calendar?view=week&day=2099-12-31")


async def test_clashes_and_quiet_hours_are_seen(desk: Any, words: Any) -> None:
    """Two schedules on one outlet at one time, also when one runs every minute; SMS at night waits until morning."""
    item = await desk.approved()
    first = await desk.schedule(items=(item.id,), title="Tin A", rule=Rule(once=TUESDAY))
    await desk.schedule(items=(item.id,), title="Tin B", outlets=("portal", "dai-xa"), rule=Rule(once=TUESDAY))
    await desk.schedule(items=(item.id,), title="Tin C", outlets=("dai-xa",), rule=Rule(cron="*/5 * * * *"))
    await desk.schedule(items=(item.id,), title="Tin D", rule=Rule(once=TUESDAY + timedelta(minutes=1)))
    entries = {one["title"]: one for one in (await told(desk, "?from=2026-11-24"))["days"]["2026-11-24"]["entries"]}
    assert [{"outlet": "portal", "title": "Tin B"}] == entries["Tin A"]["clashes"]
    both = {("portal", "Tin A"), ("dai-xa", "Tin C")}
    assert both == {(one["outlet"], one["title"]) for one in entries["Tin B"]["clashes"]}
    assert [] == entries["Tin D"]["clashes"] and [{"outlet": "dai-xa", "title": "Tin B"}] == entries["Tin C"]["clashes"]
    page = words(await (await desk.browser("xem")).page("/calendar?view=day&day=2026-11-24"))
    assert "trùng giờ với “Tin B” ở Cổng thông tin" in page and "giờ yên tĩnh" in page
    assert first.id in await (await desk.browser("lan")).page("/calendar")


async def test_sms_at_night_waits_on_the_calendar(desk: Any) -> None:
    """Unless it is urgent; the portal never waits."""
    from channels.audience import read_audience
    from channels.audiences import store as audience_store
    from db.types import new_id

    now, item = desk.clock.now(), await desk.approved()
    async with desk.house.database.write() as tx:
        people = read_audience(b"phone\n0980000001\n").people
        await audience_store.save_audience(desk.house.database, tx, desk.house.seal, new_id(now), "Một", people, now)
    night = TUESDAY.replace(hour=16)
    asked = {"items": (item.id,), "rule": Rule(once=night)}
    await desk.schedule(title="SMS", outlets=("sms",), audience="Một", **asked)
    await desk.schedule(title="Khẩn", outlets=("sms",), audience="Một", klass=BulletinClass.URGENT, **asked)
    await desk.schedule(title="Cổng", **asked)
    entries = (await told(desk, "?from=2026-11-24"))["days"]["2026-11-24"]["entries"]
    waits = {one["title"]: one["waits_until"] for one in entries}
    assert {"SMS": "2026-11-25T00:00:00+00:00", "Khẩn": None, "Cổng": None} == waits


async def test_a_run_is_moved_by_the_form(desk: Any) -> None:
    """Filled in with the day it was dropped on; whoever may approve and wrote nothing moves it at once; the old one ends."""
    old = await desk.schedule(rule=Rule(once=TUESDAY))
    hung, place = await desk.browser("hung"), f"/schedules/{old.id}/move"
    assert f'data-move="{place}"' in await hung.page("/calendar")
    form = await hung.page(f"{place}?day=2026-11-26")
    assert 'value="2026-11-26"' in form and 'value="10:00"' in form
    answer = await hung.post(place, {"date": "2026-11-26", "time": "06:30", "note": "Mất điện"})
    assert 303 == answer.status
    new = answer.headers["Location"].rsplit("/", 1)[1]
    assert ("cancelled", "approved") == (await stands(desk, old.id), await stands(desk, new))
    days = (await told(desk))["days"]
    assert (0, 1) == (days["2026-11-24"]["runs"], days["2026-11-26"]["runs"])
    assert "2026-11-25T23:30:00+00:00" == days["2026-11-26"]["entries"][0]["first"]
    assert "Mất điện" in await hung.page(f"/schedules/{old.id}") and "dời từ lịch khác" in await hung.page(
        f"/schedules/{new}"
    )
    assert 409 == (await hung.post(place, {"date": "2026-11-27", "time": "06:30"})).status
    assert "không dời được nữa" in await hung.page(place)


async def test_a_move_needs_a_second_person_as_a_new_one_does(desk: Any) -> None:
    """An author's waits; so does an approver's who wrote the text; until then nothing goes out."""
    item = await desk.approved(by="Lò Thị Mai")
    for login in ("lan", "mai"):
        old = await desk.schedule(items=(item.id,), rule=Rule(once=TUESDAY))
        browser = await desk.browser(login)
        answer = await browser.post(f"/schedules/{old.id}/move", {"date": "2026-11-25", "time": "10:00"})
        new = answer.headers["Location"].rsplit("/", 1)[1]
        assert "in_review" == await stands(desk, new)
        assert 403 == (await browser.post(f"/schedules/{new}/approve", {"digest": "0" * 64})).status or login == "mai"
        async with desk.house.database.read() as connection:
            digest = (await store.find_schedule(connection, new)).digest
        assert 403 == (await browser.post(f"/schedules/{new}/approve", {"digest": digest})).status
        hung = await desk.browser("hung")
        assert 303 == (await hung.post(f"/schedules/{new}/approve", {"digest": digest})).status
        assert "approved" == await stands(desk, new)


@pytest.mark.parametrize(
    ("given", "field", "status"),
    [
        ({"date": "2026-11-20", "time": "10:00"}, "at", 422),
        ({"date": "", "time": "10:00"}, "date", 422),
        ({"date": "ngày mai", "time": "10:00"}, "date", 400),
        ({"date": "2026-11-25", "time": "25:00"}, "time", 400),
        ({"date": "2026-11-24", "time": "10:00"}, "at", 422),
    ],
)
async def test_bad_moves_change_nothing(desk: Any, given: dict[str, str], field: str, status: int) -> None:
    """The form with the message at its field, what was typed still in it; as JSON a problem."""
    old = await desk.schedule(rule=Rule(once=TUESDAY))
    hung, place = await desk.browser("hung"), f"/schedules/{old.id}/move"
    answer = await hung.post(place, {**given, "note": "vì đã gõ"})
    html = await answer.text()
    assert 422 == answer.status and f'id="e-{field}"' in html and "vì đã gõ" in html
    answer = await desk.client.post(f"/api/v1{place}", headers=await desk.api("hung", "write"), json=given)
    assert (status, field) == (answer.status, (await answer.json())["field"])
    assert "approved" == await stands(desk, old.id)


async def test_what_cannot_be_moved_says_so(desk: Any) -> None:
    """Several times a day, or in steps: the page says what to do instead; a daily one takes a time of day."""
    hung = await desk.browser("hung")
    for rule in (Rule(cron="0 5,17 * * *"), Rule(every=timedelta(hours=5))):
        fixed = await desk.schedule(rule=rule)
        page = await hung.page(f"/schedules/{fixed.id}/move")
        assert "lập lịch mới" in page and 'name="time"' not in page
        assert "data-move" not in await hung.page("/calendar")
    daily = await desk.schedule(rule=Rule(cron="0 5 * * *"))
    assert 'name="date"' not in await hung.page(f"/schedules/{daily.id}/move")
    answer = await desk.client.post(
        f"/api/v1/schedules/{daily.id}/move", headers=await desk.api("hung", "write"), json={"time": "17:30"}
    )
    assert (201, "30 17 * * *") == (answer.status, (await answer.json())["rule"]["cron"])
    assert "data-move" not in await (await desk.browser("xem")).page("/calendar?view=week")


async def test_pausing_everything_shows_first_what_is_missed(desk: Any, words: Any) -> None:
    """Each schedule with its policy, until the moment asked for; then one button with a reason, and one to go on."""
    lan = await desk.browser("lan")
    assert "Không có kỳ nào" in await lan.page("/calendar/pause")
    await desk.schedule(title="Bản tin sáng", rule=Rule(cron="0 5 * * *"))
    await desk.schedule(title="Mỗi giờ", rule=Rule(cron="0 * * * *"))
    page = words(await lan.page("/calendar/pause?until=2026-11-24T06:30"))
    assert "Bản tin sáng" in page and "phát bù kỳ gần nhất" in page and "22 kỳ bỏ" in page
    assert 400 == (await lan.get("/calendar/pause?until=2026-11-22T06:30")).status
    answer = await lan.post("/calendar/pause", {"note": ""})
    assert 422 == answer.status and 'id="e-note"' in await answer.text()
    assert 303 == (await lan.post("/calendar/pause", {"note": "Quốc tang"})).status
    for login in ("xem", "dai", "lan"):
        shown = await (await desk.browser(login)).page("/calendar")
        assert "Đang tạm dừng tất cả" in shown and "Quốc tang" in shown and "Tin khẩn cấp vẫn phát" in shown
    plain = await told(desk)
    assert ("Quốc tang", "Nguyễn Thị Lan") == (plain["standstill"]["reason"], plain["standstill"]["person"])
    assert {"paused"} == {one["state"] for day in plain["days"].values() for one in day["entries"]}
    desk.clock.advance(3 * 3600)
    lan = await desk.browser("lan")  # an idle session ends
    page = words(await lan.page("/calendar/pause"))
    assert "1 kỳ phát bù" in page and "3 kỳ bỏ" in page and "Chạy tiếp tất cả" in page
    assert 409 == (await lan.post("/calendar/pause", {"note": "nữa"})).status
    assert 303 == (await lan.post("/calendar/resume")).status
    assert (await told(desk))["standstill"] is None
    assert 409 == (await lan.post("/calendar/resume")).status


async def test_programs_pause_and_resume(desk: Any) -> None:
    """The same with a token that may write, and the forecast as JSON with one that may read; urgent ones when asked."""
    await desk.schedule(rule=Rule(cron="0 5 * * *"), klass=BulletinClass.URGENT)
    read, write = await desk.api("lan", "read"), await desk.api("lan", "write")
    answer = await desk.client.get("/api/v1/calendar/pause", headers=read)
    [run] = (await answer.json())["runs"]
    assert ("latest", 0, 1) == (run["policy"], run["made_up"], run["missed"])
    assert 403 == (await desk.client.post("/api/v1/calendar/pause", headers=read, json={"note": "a"})).status
    answer = await desk.client.post("/api/v1/calendar/pause", headers=write, json={"note": "a"})
    assert 0 == (await answer.json())["schedules"]
    assert 200 == (await desk.client.post("/api/v1/calendar/resume", headers=write)).status
    answer = await desk.client.post("/api/v1/calendar/pause", headers=write, json={"note": "a", "urgent": True})
    assert 1 == (await answer.json())["schedules"]
    answer = await desk.client.post("/api/v1/calendar/resume", headers=write)
    assert 1 == (await answer.json())["schedules"]


async def test_a_schedule_stored_while_all_is_paused_says_so(desk: Any) -> None:
    """In words after it is saved or approved, and it is paused."""
    item = await desk.approved()
    hung = await desk.browser("hung")
    await hung.post("/calendar/pause", {"note": "Kiểm tra"})
    fields = {"item": item.id, "outlet": "portal", "when": "daily", "time": "05:30"}
    html = await (await hung.post("/schedules/preview", fields)).text()
    seen = re.search(r'name="seen" value="(\w+)"', html)
    assert seen
    answer = await hung.post("/schedules", {**fields, "seen": seen[1]})
    place = answer.headers["Location"]
    assert ScheduleState.PAUSED.value == await stands(desk, place.rsplit("/", 1)[1])
    waits = await desk.schedule(items=(item.id,), may_approve=False, by="Lò Thị Mai")
    answer = await hung.post(f"/schedules/{waits.id}/approve", {"digest": waits.digest})
    assert 303 == answer.status and "paused" == await stands(desk, waits.id)
