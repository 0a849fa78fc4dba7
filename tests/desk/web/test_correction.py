"""A correction from the desk: the site is mended in place, and those who have the earlier text are told once."""

from __future__ import annotations

from typing import Any

from channels.audiences import store as audience_store
from scheduler import store as scheduler_store
from scheduler.schedule import Rule
from tests.desk.web.test_items import hidden


async def corrected(desk: Any, letters: str) -> tuple[Any, list[str]]:
    """An item that was sent by SMS with these outcomes, its text corrected and approved: its address, and the deliveries."""
    lan, hung = await desk.browser("lan"), await desk.browser("hung")
    ids = await desk.deliveries(letters)
    async with desk.house.database.read() as connection:
        (schedule,) = await scheduler_store.list_schedules(connection)
    desk.clock.advance(60)
    place = f"/items/{schedule.items[0].item}"
    fields = {"title": "Nhận hồ sơ hộ tịch, bản sửa", "body": "Từ ngày 02/12/2026.", "act": "submit"}
    await lan.post(place, fields | {"base": hidden(await lan.page(f"{place}/edit"), "base")})
    page = await hung.page(place)
    await hung.post(f"{place}/approve", {"digest": hidden(page, "digest")})
    return place, ids


async def test_told_once_and_nobody_else(desk: Any, words: Any) -> None:
    """Those whose delivery arrived; the page says how many, the log says that it cannot be undone."""
    place, ids = await corrected(desk, "scf")
    hung = await desk.browser("hung")
    page = words(await hung.page(place))
    assert "SMS: 2 người đã nhận bản trước" in page and "Gửi đính chính tới 2 người" in page
    assert "được sửa sau khi tới nơi nhận" in await hung.page(f"/deliveries/{ids[0]}")
    assert "được sửa sau khi" not in await hung.page(f"/deliveries/{ids[2]}")
    assert (await hung.post(f"{place}/tell")).status == 303
    async with desk.house.database.read() as connection:
        (audience,) = await audience_store.audiences(connection)
        schedule = next(one for one in await scheduler_store.list_schedules(connection) if one.audience)
    assert (audience.size, schedule.outlets, schedule.audience) == (2, ("sms",), audience.name)
    page = words(await hung.page(place))
    assert "Đã lập lịch gửi đính chính cho họ" in page and "Gửi đính chính tới" not in page
    assert (await hung.post(f"{place}/tell")).status == 409


async def withdrawn(desk: Any, letters: str) -> tuple[str, list[str]]:
    """An item that was sent by SMS with these outcomes and withdrawn: its id, and the deliveries."""
    ids = await desk.deliveries(letters)
    async with desk.house.database.read() as connection:
        (schedule,) = await scheduler_store.list_schedules(connection)
    hung, id = await desk.browser("hung"), schedule.items[0].item
    assert 303 == (await hung.post(f"/items/{id}/withdraw", {"note": "Sai ngày."})).status
    return id, ids


async def test_those_who_have_what_was_withdrawn_are_told_by_one_press_and_one_approval(desk: Any, words: Any) -> None:
    """The notice is written already; approved by a second person it goes at once to exactly those, and once."""
    id, ids = await withdrawn(desk, "scfx")
    lan, hung = await desk.browser("lan"), await desk.browser("hung")
    page = words(await lan.page(f"/items/{id}"))
    assert "SMS: 2 người đã nhận tin này" in page and "không thu lại được" in page
    assert "Báo thu hồi cho 2 người đã nhận" in page
    assert "thu hồi sau khi tới nơi nhận" in await hung.page(f"/deliveries/{ids[0]}")
    form = await lan.page(f"/items/new?notice_of={id}")
    assert "Viết tin báo thu hồi" in form and "Lý do: Sai ngày. Đề nghị bà con" in form
    fields = {"title": "Thu hồi tin", "body": "Tin đã nhận sai ngày.", "act": "submit"}
    made = await lan.post("/items", fields | {"notice_of": hidden(form, "notice_of")})
    place = made.headers["Location"]
    page = words(await hung.page(place))
    assert "Khi được duyệt, tin gửi ngay tới 2 người đã nhận tin bị thu hồi" in page
    answer = await hung.post(f"{place}/approve", {"digest": hidden(await hung.page(place), "digest")})
    headers = {"Cookie": f"loa={hung.cookie}; loa-said={answer.cookies['loa-said'].value}"}
    assert "Tin báo thu hồi đang gửi qua: SMS." in await (await desk.client.get(place, headers=headers)).text()
    async with desk.house.database.read() as connection:
        (audience,) = await audience_store.audiences(connection)
        (sent,) = [one for one in await scheduler_store.list_schedules(connection) if one.audience]
    assert (2, ("sms",), audience.name) == (audience.size, sent.outlets, sent.audience)
    assert f"/items/{sent.items[0].item}" == place
    page = words(await hung.page(f"/items/{id}"))
    assert "Đã gửi tin báo thu hồi cho họ" in page and "Báo thu hồi cho" not in page
    fields |= {"title": "Thu hồi tin, viết lại", "base": hidden(await lan.page(f"{place}/edit"), "base")}
    await lan.post(place, fields)
    await hung.post(f"{place}/approve", {"digest": hidden(await hung.page(place), "digest")})
    async with desk.house.database.read() as connection:
        assert 1 == len([one for one in await scheduler_store.list_schedules(connection) if one.audience])


async def test_a_withdrawal_has_one_notice_and_only_a_withdrawal_has_one(desk: Any) -> None:
    """The second writer is told of the first one's; what was given up makes room."""
    lan, fields = await desk.browser("lan"), {"title": "Thu hồi", "body": "Tin đã nhận sai ngày."}
    item = await desk.approved()
    answer = await lan.post("/items", fields | {"notice_of": item.id})
    assert 409 == answer.status and "chưa thu hồi" in await answer.text()
    id, _ = await withdrawn(desk, "s")
    made = await lan.post("/items", fields | {"notice_of": id})
    answer = await lan.post("/items", fields | {"notice_of": id})
    assert 409 == answer.status and "Đã có tin báo thu hồi: “Thu hồi”" in await answer.text()
    hung = await desk.browser("hung")
    await hung.post(f"{made.headers['Location']}/withdraw", {"note": "Không cần báo"})
    assert 303 == (await lan.post("/items", fields | {"notice_of": id})).status
    assert 404 == (await lan.get("/items/new?notice_of=khong-co")).status


async def test_the_site_is_mended_by_the_approval(desk: Any) -> None:
    """No schedule has to be made: what stands is replaced, and says when it was corrected."""
    item = await desk.approved()
    await desk.schedule(items=(item.id,), rule=Rule(once=desk.clock.now()))
    await desk.house.runner.drain()
    assert "01/12/2026" in await (await desk.client.get(f"/portal/{item.slug}")).text()
    desk.clock.advance(60)
    lan, hung = await desk.browser("lan"), await desk.browser("hung")
    place = f"/items/{item.id}"
    fields = {"title": item.title, "body": "Từ ngày 02/12/2026.", "act": "submit"}
    await lan.post(place, fields | {"base": hidden(await lan.page(f"{place}/edit"), "base")})
    answer = await hung.post(f"{place}/approve", {"digest": hidden(await hung.page(place), "digest")})
    headers = {"Cookie": f"loa={hung.cookie}; loa-said={answer.cookies['loa-said'].value}"}
    said = await (await desk.client.get(place, headers=headers)).text()
    assert "Bản sửa đang thay bản trước ở: Cổng thông tin" in said
    await desk.house.runner.drain()
    page = await (await desk.client.get(f"/portal/{item.slug}")).text()
    assert "02/12/2026" in page and "Nội dung đã được sửa" in page
