"""Schedules on the desk: the preview stores nothing, bad input is told at its field, two people stand behind each."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from channels.audience import read_audience
from channels.audiences import store as audience_store
from content import store as content_store
from db.types import new_id
from scheduler import store
from scheduler.schedule import Rule

DAILY = {"outlet": ["portal", "dai-xa"], "when": "daily", "time": "05:30"}


async def stored(desk: Any) -> list[Any]:
    """All schedules there are."""
    async with desk.house.database.read() as connection:
        found: list[Any] = await store.list_schedules(connection)
    return found


async def test_preview_shows_ten_and_stores_nothing(desk: Any) -> None:
    """Ten moments in words in the office's zone, and not a row."""
    item = await desk.approved()
    lan = await desk.browser("lan")
    answer = await lan.post("/schedules/preview", {**DAILY, "item": item.id})
    html = await answer.text()
    assert answer.status == 200
    assert html.count('class="when"') == 10
    assert "Thứ Ba 24/11/2026, 05:30" in html and "Thứ Năm 03/12/2026, 05:30" in html
    assert "hằng ngày lúc 05:30" in html and "chờ người thứ hai duyệt" in html
    assert await stored(desk) == []


async def test_what_is_saved_is_what_was_previewed(desk: Any) -> None:
    """Saving without a preview, or after another change, shows the preview first, in a browser without scripts too."""
    item = await desk.approved()
    lan = await desk.browser("lan")
    fields = {**DAILY, "item": item.id}
    answer = await lan.post("/schedules", fields)
    html = await answer.text()
    assert answer.status == 200 and 'id="preview"' in html
    seen = re.search(r'name="seen" value="(\w+)"', html)
    assert seen
    answer = await lan.post("/schedules", {**fields, "time": "06:00", "seen": seen[1]})
    assert answer.status == 200 and "đã thay đổi sau lần xem trước" in await answer.text()
    assert await stored(desk) == []
    answer = await lan.post("/schedules", {**fields, "seen": seen[1]})
    assert answer.status == 303
    schedule = (await stored(desk))[0]
    assert (schedule.rule, schedule.state) == (Rule(cron="30 5 * * *"), "in_review")
    assert answer.headers["Location"] == f"/schedules/{schedule.id}"


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"when": "weekdays", "time": "7:05"}, Rule(cron="5 7 * * 1-5")),
        ({"when": "weekly", "time": "17:30", "day": ["4", "2"]}, Rule(cron="30 17 * * 2,4")),
        ({"when": "cron", "cron": " 0  5 * * 1-6 "}, Rule(cron="0 5 * * 1-6")),
        ({"when": "once", "at": "2026-12-01T05:00"}, Rule(once=datetime(2026, 11, 30, 22, 0, tzinfo=UTC))),
        ({"when": "now"}, Rule(once=datetime(2026, 11, 23, 1, 0, tzinfo=UTC))),
    ],
)
async def test_presets_become_rules(desk: Any, given: dict[str, Any], rule: Rule) -> None:
    """Each way of the form is one rule, read in the office's zone."""
    item = await desk.approved()
    lan = await desk.browser("lan")
    fields = {"item": item.id, "outlet": "portal", **given}
    html = await (await lan.post("/schedules/preview", fields)).text()
    seen = re.search(r'name="seen" value="(\w+)"', html)
    assert seen, html
    await lan.post("/schedules", {**fields, "seen": seen[1]})
    assert (await stored(desk))[0].rule == rule


BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"when": "once", "at": "2026-11-22T05:00"}, "at"),
    ({"when": "once", "at": "2027-06-01T05:00"}, "at"),
    ({"when": "once", "at": ""}, "at"),
    ({"when": "once", "at": "mai"}, "at"),
    ({"when": "cron", "cron": "0 5 30 2 *"}, "cron"),
    ({"when": "cron", "cron": "năm giờ"}, "cron"),
    ({"when": "daily", "time": "25:00"}, "time"),
    ({"when": "weekly", "time": "05:00"}, "day"),
    ({"when": "every", "amount": "0", "unit": "h"}, "amount"),
    ({"when": "daily", "time": "05:00", "zone": "Asia/Sop_Cop"}, "zone"),
    ({"when": "daily", "time": "05:00", "until": "2026-11-20T00:00"}, "until"),
    ({"when": "daily", "time": "05:00", "outlet": []}, "outlet"),
    ({"when": "daily", "time": "05:00", "outlet": "sms"}, "audience"),
    ({"when": "daily", "time": "05:00", "outlet": "sms", "audience": "Không có"}, "audience"),
    ({"when": "daily", "time": "05:00", "outlet": "khong-co"}, "outlet"),
    ({"when": "daily", "time": "05:00", "item": []}, "item"),
    ({"when": "daily", "time": "05:00", "klass": "high"}, "klass"),
    ({"when": "mỗi tuần"}, "when"),
)


@pytest.mark.parametrize("path", ["/schedules/preview", "/schedules"])
async def test_bad_wishes_are_told_at_their_field(desk: Any, path: str) -> None:
    """Past, never due, outside validity, unknown zone and the rest: the form with the message, nothing stored."""
    item = await desk.approved(valid_until=datetime(2026, 12, 31, tzinfo=UTC))
    lan = await desk.browser("lan")
    for given, field in BAD:
        answer = await lan.post(path, {"item": item.id, "outlet": "portal", "title": "Tên đã gõ", **given})
        html = await answer.text()
        assert answer.status == 422, given
        assert f'id="e-{field}"' in html and "Tên đã gõ" in html, given
    assert await stored(desk) == []


async def test_an_item_that_is_not_approved_is_refused(desk: Any) -> None:
    """Only what a second person approved can be scheduled; the page teaches it when there is nothing."""
    item = await desk.submitted()
    lan = await desk.browser("lan")
    assert "Chưa có tin nào được duyệt" in await lan.page("/schedules/new")
    headers = await desk.api("lan", "write")
    told = {"item": [item.id], "outlet": ["portal"], "at": "now"}
    answer = await desk.client.post("/api/v1/schedules", headers=headers, json=told)
    assert (answer.status, (await answer.json())["field"]) == (422, "item")


async def test_a_schedule_waits_for_a_second_person(desk: Any) -> None:
    """Its maker sees why they cannot approve, and is refused; another approves exactly what was shown."""
    schedule = await desk.schedule(by="Lò Thị Mai", may_approve=False)
    place = f"/schedules/{schedule.id}"
    mai, hung = await desk.browser("mai"), await desk.browser("hung")
    page = await mai.page(place)
    assert "không tự duyệt được" in page and "/approve" not in page
    assert (await mai.post(f"{place}/approve", {"digest": schedule.digest})).status == 403
    assert (await hung.post(f"{place}/approve", {"digest": "0" * 64})).status == 409
    assert (await hung.post(f"{place}/approve", {"digest": schedule.digest})).status == 303
    assert "Đang chạy" in await hung.page(place)


async def test_a_part_of_the_outlets_is_approved(desk: Any) -> None:
    """The others are off the schedule for good, the journal names them, and none at all is no approval."""
    one = await desk.schedule(by="Lò Thị Mai", may_approve=False, outlets=("portal", "dai-xa"))
    hung = await desk.browser("hung")
    page = await hung.page(f"/schedules/{one.id}")
    assert "Duyệt một phần nơi phát" in page
    given = {"digest": one.digest, "part": "1", "note": "Đài phát tuần sau"}
    answer = await hung.post(f"/schedules/{one.id}/approve", given)
    assert answer.status == 422 and "Chọn ít nhất một điểm phát" in await answer.text()
    answer = await hung.post(f"/schedules/{one.id}/approve", given | {"outlet": "sms"})
    assert answer.status == 422
    assert (await stored(desk))[0].state == "in_review"
    assert (await hung.post(f"/schedules/{one.id}/approve", given | {"outlet": "portal"})).status == 303
    (now,) = await stored(desk)
    assert (now.state, now.outlets) == ("approved", ("portal",)) and now.digest != one.digest
    page = await hung.page(f"/schedules/{one.id}")
    assert "không duyệt: Đài xã" in page and "Đài phát tuần sau" in page
    async with desk.house.database.read() as connection:
        (approval,) = await content_store.approvals_of(connection, one.id)
        [kept] = (await connection.execute(text("SELECT digest FROM schedule"))).scalars()
    assert approval.digest == now.digest == kept


async def test_who_wrote_a_text_cannot_approve_its_schedule(desk: Any) -> None:
    """Not by JSON either."""
    item = await desk.approved(by="Lò Thị Mai")
    schedule = await desk.schedule(by="Nguyễn Thị Lan", may_approve=False, items=(item.id,))
    headers = await desk.api("mai", "approve")
    told = {"digest": schedule.digest}
    answer = await desk.client.post(f"/api/v1/schedules/{schedule.id}/approve", headers=headers, json=told)
    assert answer.status == 403


async def test_pause_resume_cancel(desk: Any) -> None:
    """Each deed moves the schedule, a deed that no longer fits is a 409 on the page."""
    schedule = await desk.schedule()
    place, hung = f"/schedules/{schedule.id}", await desk.browser("hung")
    for verb, words in (("pause", "Tạm dừng."), ("resume", "Đang chạy."), ("cancel", "Đã hủy.")):
        assert (await hung.post(f"{place}/{verb}")).status == 303
        assert words in await hung.page(place)
    assert (await hung.post(f"{place}/pause")).status == 409


async def test_programs_schedule_and_pause(desk: Any) -> None:
    """The command line's words in JSON; two people stand behind it all the same."""
    item = await desk.approved()
    headers = await desk.api("lan", "read", "write")
    told = {"item": [item.id], "outlet": ["portal"], "every": "6h", "class": "urgent"}
    answer = await desk.client.post("/api/v1/schedules/preview", headers=await desk.api("lan", "read"), json=told)
    assert len((await answer.json())["next"]) == 10
    answer = await desk.client.post("/api/v1/schedules", headers=headers, json=told)
    plain = await answer.json()
    assert (answer.status, plain["state"], plain["rule"]["every"]) == (201, "in_review", 21600)
    approver = await desk.api("hung", "approve", "write")
    place = f"/api/v1/schedules/{plain['id']}"
    answer = await desk.client.post(f"{place}/approve", headers=approver, json={"digest": plain["digest"]})
    assert (await answer.json())["state"] == "approved"
    assert (await (await desk.client.post(f"{place}/pause", headers=approver)).json())["state"] == "paused"
    for bad in ({"every": "6 giờ"}, {"every": "6h", "cron": "0 5 * * *"}, {"every": "10s"}):
        answer = await desk.client.post("/api/v1/schedules", headers=headers, json={**told, "every": "", **bad})
        assert answer.status == 422, bad


async def test_a_partner_that_takes_its_time_is_told(desk: Any, words: Any) -> None:
    """When it is sent for that, beside others too; at a moment too near, when people see it."""
    options = {"app_id": "4", "app_secret": "khoa", "cover_url": "https://xa.vn/bia.png"}
    given = {"kind": "zalo_article", "title": "Bài Zalo", "options": options}
    made = await desk.client.post("/api/v1/outlets", headers=await desk.api("quan"), json=given)
    assert 200 == made.status, await made.text()
    item, hung = await desk.approved(), await desk.browser("hung")
    for outlets, clock, said in (
        (["bai-zalo"], "09:00", "· gửi 08:30 để kịp đối tác duyệt"),
        (["bai-zalo", "portal"], "09:00", "· Bài Zalo gửi 08:30 để kịp đối tác duyệt"),
        (["bai-zalo", "portal"], "07:10", "đối tác duyệt bài, người xem Bài Zalo thấy khoảng 07:30"),
    ):
        form = {"item": item.id, "outlet": outlets, "when": "daily", "time": clock}
        page = words(await (await hung.post("/schedules/preview", form)).text())
        assert said in page, page


async def test_what_a_run_costs_in_sms(desk: Any, words: Any) -> None:
    """The text as the phone shows it, people, messages billed and đồng both ways: in the preview, on the page, as JSON."""
    now = desk.clock.now()
    async with desk.house.database.write() as tx:
        people = read_audience(b"phone\n0980000001\n0980000002\n0980000003\n").people
        await audience_store.save_audience(desk.house.database, tx, desk.house.seal, new_id(now), "Bản A", people, now)
    item = await desk.approved(
        short="Xã nhận hồ sơ hộ tịch trực tuyến từ ngày 01/12, mọi thắc mắc xin gọi số 0212 3878 123."
    )
    fields = {"item": [item.id], "outlet": ["sms"], "audience": "Bản A", "when": "daily", "time": "08:00"}
    page = words(await (await (await desk.browser("hung")).post("/schedules/preview", fields)).text())
    said = "SMS gửi không dấu: 3 người × 1 tin = 3 tin, khoảng 1.050 đ mỗi kỳ. Có dấu sẽ là 6 tin, khoảng 2.100 đ."
    assert said in page and "Xa nhan ho so ho tich truc tuyen" in page
    schedule = await desk.schedule(items=(item.id,), outlets=("sms",), audience="Bản A")
    assert said in words(await (await desk.browser("xem")).page(f"/schedules/{schedule.id}"))
    headers = await desk.api("hung", "write", "read")
    told = await (await desk.client.post("/api/v1/schedules/preview", headers=headers, json=fields)).json()
    assert [(3, {"with_marks": 2, "without_marks": 1}, 3, 1050)] == [
        (one["people"], one["segments"], one["total"], one["cost"]) for one in told["sms"]
    ]


async def test_what_an_outlet_puts_around_a_text_is_paid_for(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And shown: the phone has it before it."""
    at = desk.house.outlets["sms"]
    template = '{"phone": "{phone}", "message": {"text": "[{sender}] Kính gửi {name}: {text} Từ chối: {thoi_nhan}"}}'
    told = {"body_template": template, "sender": "UBNDSOPCOP"}
    monkeypatch.setitem(vars(at.outlet), "options", at.outlet.options.model_copy(update=told))
    now, item = desk.clock.now(), await desk.approved(short="Xã nghỉ làm việc chiều nay. " * 5)
    async with desk.house.database.write() as tx:
        people = read_audience(b"phone\n0980000001\n").people
        await audience_store.save_audience(desk.house.database, tx, desk.house.seal, new_id(now), "Bản A", people, now)
    headers = await desk.api("hung", "write", "read")
    fields = {"item": [item.id], "outlet": ["sms"], "audience": "Bản A", "when": "daily", "time": "08:00"}
    (cost,) = (await (await desk.client.post("/api/v1/schedules/preview", headers=headers, json=fields)).json())["sms"]
    assert cost["text"].startswith("[UBNDSOPCOP] Kính gửi Nguyen Thi Phuong: Xa nghi lam viec")
    assert "Từ chối: http" in cost["text"] and 1 < cost["segments"]["without_marks"]
