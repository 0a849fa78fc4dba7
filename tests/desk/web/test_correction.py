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
    assert "Đã gửi đính chính cho họ" in page and "Gửi đính chính tới" not in page
    assert (await hung.post(f"{place}/tell")).status == 409


async def test_those_who_have_what_was_withdrawn_can_be_told(desk: Any, words: Any) -> None:
    """The page says how many have it for good; a list of exactly those is made once, for a notice that two people stand behind."""
    ids = await desk.deliveries("scfx")
    async with desk.house.database.read() as connection:
        (schedule,) = await scheduler_store.list_schedules(connection)
    hung, place = await desk.browser("hung"), f"/items/{schedule.items[0].item}"
    assert 409 == (await hung.post(f"{place}/gather")).status
    await hung.post(f"{place}/withdraw", {"note": "Sai ngày"})
    page = words(await hung.page(place))
    assert "SMS: 2 người đã nhận tin này" in page and "không thu lại được" in page and "Lập nhóm 2 người" in page
    assert "thu hồi sau khi tới nơi nhận" in await hung.page(f"/deliveries/{ids[0]}")
    assert 303 == (await hung.post(f"{place}/gather")).status
    async with desk.house.database.read() as connection:
        (audience,) = await audience_store.audiences(connection)
    assert 2 == audience.size and audience.name.startswith("Đã nhận tin thu hồi ")
    page = words(await hung.page(place))
    assert "Đã lập nhóm những người ấy" in page and "Lập nhóm 2 người" not in page
    assert 409 == (await hung.post(f"{place}/gather")).status
    notice = await desk.approved(title="Thu hồi tin nhận hồ sơ", body="Tin hôm nay về nhận hồ sơ đã được thu hồi.")
    made = await desk.schedule(items=(notice.id,), outlets=("sms",), audience=audience.name)
    assert (("sms",), audience.name) == (made.outlets, made.audience)


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
