"""The catalogue at the desk and over the API: taken in, searched, one with its history, bad files told row by row."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import FormData

from content import store as content_store
from content.item import Item, ItemState
from scheduler.schedule import Rule

HEAD = "mã,tên,lĩnh vực,cơ quan,phí,hiệu lực,tình trạng\n"
BIRTH = "1.001193,Đăng ký khai sinh,Hộ tịch,UBND xã,{fee},{day},mới\n"
RECORD = "2.000488,Cấp phiếu lý lịch tư pháp,Tư pháp,Sở Tư pháp,200.000 đồng,01/01/2026,mới\n"


def catalogue(fee: str = "8.000 đồng", day: str = "01/01/2026") -> bytes:
    """A file of two procedures."""
    return (HEAD + BIRTH.format(fee=fee, day=day) + RECORD).encode()


async def hand_in(browser: Any, data: bytes) -> Any:
    """The form with a file."""
    form = FormData()
    form.add_field("form_token", browser.form_token)
    form.add_field("file", data, filename="danh-muc.csv", content_type="text/csv")
    return await browser.ask("POST", "/procedures", data=form)


async def test_a_catalogue_is_taken_in_searched_and_its_change_drafted(desk: Any) -> None:
    """The life of a change: a stock, then another price, a draft that waits, and the page with its history."""
    lan = await desk.browser("lan")
    assert "Chưa có danh mục" in await lan.page("/procedures")
    assert (await hand_in(lan, catalogue())).status == 303
    desk.clock.advance(60)
    assert (await hand_in(lan, catalogue("miễn phí", "01/12/2026"))).status == 303
    for words in ("ly+lich", "L%C3%BD+l%E1%BB%8Bch"):
        found = await lan.page(f"/procedures?q={words}")
        assert "2.000488" in found and "1.001193" not in found
    page = await lan.page("/procedures/1.001193")
    assert "8.000 đồng" in page and "miễn phí" in page and "tin báo" in page
    async with desk.house.database.read() as connection:
        [item] = await content_store.list_items(connection, states=(ItemState.DRAFT,))
    assert f"/items/{item.id}" in page
    assert "trước đây 8.000 đồng, nay miễn phí" in await lan.page(f"/items/{item.id}")


async def test_bad_rows_are_told_and_change_nothing(desk: Any) -> None:
    """On the page as a table, to a program as one sentence that names line and column."""
    lan, header = await desk.browser("lan"), await desk.api("lan")
    bad = catalogue(day="31/02/2026") + RECORD.encode()
    answer = await hand_in(lan, bad)
    page = await answer.text()
    assert answer.status == 409, page
    assert "31/02/2026" in page and "đã có ở dòng 3" in page
    form = FormData()
    form.add_field("file", bad, filename="danh-muc.csv", content_type="text/csv")
    answer = await desk.client.post("/api/v1/procedures", data=form, headers=header)
    said = await answer.json()
    assert answer.status == 409 and "dòng 2, cột ngày có hiệu lực" in said["detail"]
    plain = await (await desk.client.get("/api/v1/procedures", headers=header)).json()
    assert plain == {"items": [], "next": None}


async def test_the_list_is_paged_over_the_api(desk: Any) -> None:
    """By code; one that is unknown is not found; only writers bring catalogues."""
    lan, header = await desk.browser("lan"), await desk.api("lan")
    await hand_in(lan, catalogue())
    first = await (await desk.client.get("/api/v1/procedures?limit=1", headers=header)).json()
    assert [one["code"] for one in first["items"]] == ["1.001193"]
    rest = await (await desk.client.get(f"/api/v1/procedures?limit=1&after={first['next']}", headers=header)).json()
    assert [one["code"] for one in rest["items"]] == ["2.000488"] and rest["next"] is None
    assert (await desk.client.get("/api/v1/procedures/9.999999", headers=header)).status == 404
    assert (await hand_in(await desk.browser("hung"), catalogue())).status == 403


async def test_an_item_is_flagged_when_what_it_cites_changes(desk: Any) -> None:
    """On its page and on Today, until somebody has looked; an unknown code is told and changes nothing."""
    lan = await desk.browser("lan")
    await hand_in(lan, catalogue())
    item = await desk.draft(title="Mời đăng ký khai sinh")
    path = f"/items/{item.id}/procedures"
    assert (await lan.post(path, {"codes": "1.001193, 9.999999"})).status == 422
    assert (await lan.post(path, {"codes": "1.001193"})).status == 303
    assert "đã thay đổi từ khi viết tin" not in await lan.page(f"/items/{item.id}")
    desk.clock.advance(60)
    await hand_in(lan, catalogue("miễn phí"))
    assert "đã thay đổi từ khi viết tin" in await lan.page(f"/items/{item.id}")
    assert "1 tin nói đến thủ tục đã thay đổi" in await lan.page("/")
    seen = (await lan.page(f"/items/{item.id}")).split('name="seen" value="')[1].split('"')[0]
    desk.clock.advance(60)
    await hand_in(lan, catalogue("9.000 đồng"))
    assert (await lan.post(path, {"codes": "1.001193", "seen": seen})).status == 303
    assert "đã thay đổi từ khi viết tin" in await lan.page(f"/items/{item.id}"), "it has since the page was opened"
    assert (await lan.post(path, {"codes": "1.001193"})).status == 303
    assert "đã thay đổi từ khi viết tin" not in await lan.page(f"/items/{item.id}")
    assert "1 tin nói đến thủ tục đã thay đổi" in await lan.page("/"), "the draft of the change before"
    assert (await lan.post(path, {"codes": ""})).status == 303
    assert "1.001193" not in await lan.page(f"/items/{item.id}")


async def test_an_announcement_says_what_replaced_it(desk: Any) -> None:
    """As soon as the newer one is approved, not before."""
    lan = await desk.browser("lan")
    for fee in ("8.000 đồng", "5.000 đồng", "miễn phí"):
        await hand_in(lan, catalogue(fee))
        desk.clock.advance(60)
    async with desk.house.database.read() as connection:
        new, old = await content_store.list_items(connection, states=(ItemState.DRAFT,))
    assert "Đã có tin mới hơn" not in await lan.page(f"/items/{old.id}")
    async with desk.house.database.write() as tx:
        await desk.house.editing.submit(tx, new.id, "Nguyễn Thị Lan")
        await desk.house.editing.approve(tx, new.id, "Trần Văn Hùng")
    assert f'/items/{new.id}">' in await lan.page(f"/items/{old.id}")
    assert "Đã có tin mới hơn" not in await lan.page(f"/items/{new.id}")


async def test_the_portal_shows_what_holds_today(desk: Any) -> None:
    """Found without marks and without a script; a fee of next week only from next week on; nobody's name."""
    lan = await desk.browser("lan")
    today = desk.clock.now()
    await hand_in(lan, catalogue())
    desk.clock.advance(60)
    await hand_in(lan, catalogue("miễn phí", f"{today + timedelta(days=7):%d/%m/%Y}"))

    async def read(path: str, status: int = 200) -> str:
        answer = await desk.client.get(path)
        assert answer.status == status, (path, answer.status)
        return str(await answer.text())

    for words in ("ly+lich", "L%C3%BD+l%E1%BB%8Bch"):
        found = await read(f"/portal/thu-tuc?tim={words}")
        assert "/portal/thu-tuc/2.000488" in found and "1.001193" not in found
    page = await read("/portal/thu-tuc/1.001193")
    assert "8.000 đồng" in page and "miễn phí" not in page and "Lịch sử" not in page
    desk.clock.advance(8 * 24 * 3600)
    page = await read("/portal/thu-tuc/1.001193")
    assert "miễn phí" in page and "Lịch sử" in page and "Lan" not in page
    gone = catalogue("miễn phí", f"{today + timedelta(days=8):%d/%m/%Y}").replace(
        "mới\n".encode(), "bãi bỏ\n".encode(), 1
    )
    assert (await hand_in(await desk.browser("lan"), gone)).status == 303
    assert "không còn áp dụng" in await read("/portal/thu-tuc/1.001193", 410)
    assert "1.001193" not in await read("/portal/thu-tuc")
    for path in ("9.999999", "x", "1.001193%00"):
        await read(f"/portal/thu-tuc/{path}", 404)


async def announced(desk: Any, fee: str) -> Item:
    """A change of the fee, whose draft is approved by a second person."""
    lan, hung = await desk.browser("lan"), await desk.browser("hung")
    desk.clock.advance(60)
    assert (await hand_in(lan, catalogue(fee))).status == 303
    async with desk.house.database.read() as connection:
        [draft] = await content_store.list_items(connection, states=(ItemState.DRAFT,))
    assert (await lan.post(f"/items/{draft.id}/submit")).status == 303
    plain = await (await hung.get(f"/items/{draft.id}", headers={"Accept": "application/json"})).json()
    answer = await hung.post(f"/items/{draft.id}/approve", {"digest": plain["digest"]})
    assert answer.status == 303
    async with desk.house.database.read() as connection:
        return await content_store.find_item(connection, draft.id)


async def test_an_announcement_ends_when_a_newer_one_is_approved(desk: Any) -> None:
    """It expires, leaves the portal's list, and its page there says what took its place and leads to it."""
    assert (await hand_in(await desk.browser("lan"), catalogue())).status == 303
    old = await announced(desk, "5.000 đồng")
    await desk.schedule(items=(old.id,), rule=Rule(once=desk.clock.now()))
    await desk.house.runner.drain()
    assert "hết hiệu lực" not in await (await desk.client.get(f"/portal/{old.slug}")).text()
    desk.clock.advance(3600)
    new = await announced(desk, "miễn phí")
    async with desk.house.database.read() as connection:
        assert (await content_store.find_item(connection, old.id)).state is ItemState.EXPIRED
    page = await (await desk.client.get(f"/portal/{old.slug}")).text()
    assert "hết hiệu lực" in page
    assert "Đã có thông tin mới hơn thay thế" in page
    desk.clock.advance(60)
    await desk.schedule(items=(new.id,), rule=Rule(once=desk.clock.now()))
    await desk.house.runner.drain()
    page = await (await desk.client.get(f"/portal/{old.slug}")).text()
    assert f'Đã được thay bằng: <a href="/portal/{new.slug}">' in page
    listed = await (await desk.client.get("/portal/")).text()
    assert f"/portal/{new.slug}" in listed
    assert f"/portal/{old.slug}" not in listed
    assert new.title in await (await desk.browser("xem")).page(f"/items/{old.id}")
