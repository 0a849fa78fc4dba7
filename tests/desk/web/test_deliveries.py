"""The log on the desk: filters, masking, one delivery's story, a person's decisions; outlets and today."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from channels import store as channels_store
from scheduler.dispatch.pace import day_of
from scheduler.dispatch.tables import attempt
from scheduler.log import store as log_store
from scheduler.schedule import Rule


async def state_of(desk: Any, id: str) -> str:
    """Where a delivery stands."""
    async with desk.house.database.read() as connection:
        return str((await log_store.story(connection, id)).delivery.state)


async def test_a_channel_has_its_outlets(desk: Any) -> None:
    """All of a kind, or one of them; an outlet of another kind, or a kind that is none, finds nothing."""
    ids = await desk.deliveries("fs")
    viewer = await desk.browser("xem")
    for query, found in {
        "channel=sms_http": True,
        "channel=portal": False,
        "channel=sms_http&outlet=sms": True,
    }.items():
        page = await viewer.page(f"/deliveries?{query}")
        assert all((id in page) is found for id in ids), query
    for query in ("channel=sms_http&outlet=portal", "channel=x"):
        assert "Không có lượt gửi nào khớp" in await viewer.page(f"/deliveries?{query}")


async def test_log_masks_numbers_everywhere(desk: Any) -> None:
    """No page and no JSON shows a whole number."""
    ids = await desk.deliveries("cfuxp")
    browser, headers = await desk.browser("xem"), await desk.api("xem", "read")
    for path in ("/", "/deliveries", *(f"/deliveries/{id}" for id in ids)):
        assert "9123400" not in await browser.page(path)
    answer = await desk.client.get("/api/v1/deliveries", headers=headers)
    text = await answer.text()
    assert "9123400" not in text and "+84…000" in text


FILTERS = (
    ("", 5),
    ("state=failed", 1),
    ("state=unsure", 1),
    ("reason=bad", 4),
    ("reason=bad&state=failed", 1),
    ("reason=bad&state=confirmed", 0),
    ("reason=money", 0),
    ("outlet=sms", 5),
    ("outlet=portal", 0),
    ("address=0912340003", 1),
    ("address=%2B84912340003", 1),
    ("address=0912349999", 0),
    ("from=2026-11-23&to=2026-11-23", 5),
    ("from=2026-11-24", 0),
    ("to=2026-11-22", 0),
    ("state=failed&address=0912340003", 0),
)


async def test_log_filters(desk: Any) -> None:
    """Each filter alone and together; days are the office's."""
    await desk.deliveries("cfuxp")
    headers, browser = await desk.api("xem", "read"), await desk.browser("xem")
    for query, count in FILTERS:
        plain = await (await desk.client.get(f"/api/v1/deliveries?{query}", headers=headers)).json()
        assert len(plain["items"]) == count, query
        page = await browser.page(f"/deliveries?{query}")
        assert ("Không có lượt gửi nào khớp" in page) == (count == 0), query


async def test_reasons_are_in_words(desk: Any) -> None:
    """Chosen by name, told beside the delivery; a kind's own word stands for itself. Nothing is counted then."""
    ids = await desk.deliveries("fc")
    async with desk.house.database.write() as tx:
        await tx.execute(update(attempt).where(attempt.c.seq == 0).values(reason="number"))
    viewer = await desk.browser("xem")
    page = await viewer.page("/deliveries?reason=number")
    assert '<option value="number" selected>số hoặc tài khoản không đúng, không tồn tại</option>' in page
    assert ids[0] in page and ids[1] not in page and 'id="stats" data-live="delivery" hidden' in page
    assert 'class="soft block">số hoặc tài khoản không đúng, không tồn tại</small>' in page
    assert '<option value="E99" selected>E99</option>' in await viewer.page("/deliveries?reason=E99")
    plain = await (await desk.client.get("/api/v1/deliveries", headers=await desk.api("xem", "read"))).json()
    assert {ids[0]: "number", ids[1]: ""} == {one["id"]: one["reason"] for one in plain["items"]}


async def test_counts_are_of_the_filter(desk: Any) -> None:
    """Of a state that is asked for alone; one person's stand on the page."""
    await desk.deliveries("ffcs")
    viewer = await desk.browser("xem")
    page = await viewer.page("/deliveries?state=failed")
    assert "2 không gửi được" in page and "1 đã xác nhận" not in page
    assert 'id="stats" data-live="delivery" hidden' in await viewer.page("/deliveries?address=0912340001")


async def test_log_of_one_item_and_schedule(desk: Any) -> None:
    """The links of an item and a schedule lead to their deliveries, with words that say so."""
    await desk.deliveries("cf")
    desk.clock.advance(1)
    await desk.deliveries("ccc")
    async with desk.house.database.read() as connection:
        newest = (await log_store.list_deliveries(connection, log_store.Filter(), limit=1))[0]
    browser = await desk.browser("xem")
    page = await browser.page(f"/deliveries?schedule={newest.schedule}")
    assert "Lịch: Nhận hồ sơ hộ tịch trực tuyến" in page
    assert page.count('scope="row"><a href="/deliveries/') == 3
    assert (await browser.get("/deliveries?schedule=nope")).status == 404


@pytest.mark.parametrize(("query", "field"), [("address=123", "address"), ("from=hôm+nay", "from"), ("to=x", "to")])
async def test_bad_filters_are_told_at_their_field(desk: Any, query: str, field: str) -> None:
    """The filter comes back with the message."""
    answer = await (await desk.browser("xem")).get(f"/deliveries?{query}")
    assert answer.status == 422
    assert f'id="e-{field}"' in await answer.text()


async def test_counts_for_each_outlet(desk: Any) -> None:
    """The log's head counts states by outlet."""
    await desk.deliveries("ccfu")
    page = await (await desk.browser("xem")).page("/deliveries")
    assert "2 đã xác nhận" in page and "1 không gửi được" in page and "1 chưa rõ" in page


async def test_a_delivery_tells_its_story(desk: Any) -> None:
    """Attempts with the partner's words, and what a person may do."""
    ids = await desk.deliveries("cfup")
    lan = await desk.browser("lan")
    page = await lan.page(f"/deliveries/{ids[1]}")
    assert "Lần thử 1: bị từ chối" in page and "Số không đúng" in page and "Gửi lại ngay" in page
    assert "Ghi kết luận" in await lan.page(f"/deliveries/{ids[2]}")
    assert "Hủy lượt này" in await lan.page(f"/deliveries/{ids[3]}")
    assert (
        "<form"
        not in (await (await desk.browser("xem")).page(f"/deliveries/{ids[1]}")).split("<main")[1].split("</main")[0]
    )


async def test_decisions(desk: Any) -> None:
    """Retry what failed, resolve what is unsure, cancel what waits; each noted with its person."""
    ids = await desk.deliveries("cfupu")
    lan = await desk.browser("lan")
    assert (await lan.post(f"/deliveries/{ids[1]}/retry")).status == 303
    fields = {"decision": "confirmed", "note": "Đã gọi điện"}
    assert (await lan.post(f"/deliveries/{ids[2]}/resolve", fields)).status == 303
    assert (await lan.post(f"/deliveries/{ids[3]}/cancel", {"note": "Thôi"})).status == 303
    assert [await state_of(desk, id) for id in ids[1:4]] == ["pending", "confirmed", "cancelled"]
    page = await lan.page(f"/deliveries/{ids[2]}")
    assert "Đã gọi điện" in page and "ghi kết luận" in page
    assert (await lan.post(f"/deliveries/{ids[0]}/retry")).status == 409
    assert (await lan.post(f"/deliveries/{ids[4]}/resolve", {"decision": "maybe"})).status == 422
    headers = await desk.api("lan", "write")
    answer = await desk.client.post(
        f"/api/v1/deliveries/{ids[4]}/resolve", headers=headers, json={"decision": "failed"}
    )
    assert (answer.status, (await answer.json())["state"]) == (200, "failed")


async def test_an_occurrence_is_stopped_from_its_schedule(desk: Any) -> None:
    """All that has not gone is cancelled."""
    ids = await desk.deliveries("cpp")
    async with desk.house.database.read() as connection:
        delivery = (await log_store.story(connection, ids[0])).delivery
    lan = await desk.browser("lan")
    assert f"/occurrences/{delivery.occurrence}/cancel" in await lan.page(f"/schedules/{delivery.schedule}")
    answer = await lan.post(f"/occurrences/{delivery.occurrence}/cancel")
    assert answer.headers["Location"] == f"/schedules/{delivery.schedule}"
    assert [await state_of(desk, id) for id in ids] == ["confirmed", "cancelled", "cancelled"]


async def test_a_daily_quota_is_told(desk: Any) -> None:
    """How much of today's is used, and that the rest waits when all of it is; tomorrow it is new."""
    lan, headers = await desk.browser("lan"), await desk.api("lan", "read")
    assert "0 trên 2000 lượt của hôm nay đã dùng" in await lan.page("/outlets")
    today, _ = day_of(desk.house.clock.now(), desk.house.settings.office.zone)
    async with desk.house.database.write() as tx:
        spent = update(channels_store.outlet).where(channels_store.outlet.c.name == "sms")
        await tx.execute(spent.values(quota_day=today, quota_used=2000))
    page = await lan.page("/outlets")
    assert "2000 trên 2000 lượt" in page and "Đã gửi hết số lượt của hôm nay" in page
    listed = (await (await desk.client.get("/api/v1/outlets", headers=headers)).json())["items"]
    assert [(None, 0), (None, 0), (2000, 2000)] == [(one["per_day"], one["used_today"]) for one in listed]
    async with desk.house.database.write() as tx:
        await tx.execute(spent.values(quota_day=today - 1))
    assert "Đã gửi hết" not in await lan.page("/outlets")


async def test_outlets_pause_and_resume(desk: Any) -> None:
    """With a reason, noted in the journal; a second press is a 409."""
    lan = await desk.browser("lan")
    page = await lan.page("/outlets")
    assert "/radio/dai-xa/feed.xml" in page and "t" * 32 not in page and "/portal/" in page
    assert (await lan.post("/outlets/sms/pause", {"note": "Nhà mạng bảo trì"})).status == 303
    page = await lan.page("/outlets")
    assert "Nhà mạng bảo trì" in page and "Mở lại" in page
    assert "Xem và mở lại" in await lan.page("/")
    assert (await lan.post("/outlets/sms/pause")).status == 409
    assert (await lan.post("/outlets/sms/resume")).status == 303
    assert (await lan.post("/outlets/nope/resume")).status == 404
    async with desk.house.database.read() as connection:
        deeds = await desk.house.journal.of(connection, "outlet/sms")
        rows = await channels_store.outlet_rows(connection)
    assert [(deed.person, deed.verb) for deed in deeds] == [("Nguyễn Thị Lan", "pause"), ("Nguyễn Thị Lan", "resume")]
    assert rows["sms"].paused_at is None


async def test_today_tells_what_comes_waits_and_failed(desk: Any) -> None:
    """Due within a day, waiting for approval, failed with the way to act; and teaches when all is empty."""
    lan = await desk.browser("lan")
    page = await lan.page("/")
    assert "Chưa có gì phát trong 24 giờ tới" in page and "Không có gì chờ duyệt" in page
    await desk.submitted(title="Tin chờ duyệt")
    soon = desk.clock.now() + timedelta(hours=2)
    await desk.schedule(rule=Rule(once=soon), title="Lịch sắp tới")
    await desk.deliveries("ufcc")
    page = await lan.page("/")
    for words in ("Tin chờ duyệt", "Lịch sắp tới", "còn 2 giờ", "Kết luận", "Xem, gửi lại", "2/4"):
        assert words in page, words
