"""Approving in somebody's stead: for a time, by name, never one's own text nor the giver's, and never passed on."""

from __future__ import annotations

from typing import Any

import pytest

from desk import store

HUNG, LAN = "Trần Văn Hùng", "Nguyễn Thị Lan"


async def given(desk: Any, receiver: str = "xem", by: str = "hung", **more: str) -> Any:
    """Hùng names somebody, from now to the end of the month."""
    fields = {"receiver": receiver, "to": "2026-11-30T17:00", "note": "Đi họp tỉnh"} | more
    return await (await desk.browser(by)).post("/delegations", fields)


async def digest(desk: Any, item: Any) -> str:
    """Of the newest text."""
    answer = await desk.client.get(f"/api/v1/items/{item.id}", headers=await desk.api("quan", "read"))
    return str((await answer.json())["digest"])


async def test_a_viewer_approves_meanwhile(desk: Any) -> None:
    """The page says in whose stead, the journal too; when the time is over the button is gone and the deed is refused."""
    item, other = await desk.submitted(), await desk.submitted(title="Tin khác")
    xem = await desk.browser("xem")
    approve = {"digest": await digest(desk, item)}
    assert (await xem.post(f"/items/{item.id}/approve", approve)).status == 403
    assert (await given(desk)).status == 303
    page = await xem.page(f"/items/{item.id}")
    assert "Chờ bạn duyệt" in page and f"duyệt thay {HUNG}" in page
    assert (await xem.post(f"/items/{item.id}/approve", approve)).status == 303
    assert f"<b>Người Xem</b> (thay {HUNG}) duyệt" in await xem.page(f"/items/{item.id}")
    desk.clock.advance(8 * 86400)
    xem = await desk.browser("xem")
    assert "Chờ bạn duyệt" not in await xem.page(f"/items/{other.id}")
    assert (await xem.post(f"/items/{other.id}/approve", {"digest": await digest(desk, other)})).status == 403


async def test_neither_of_the_two_may_have_written_it(desk: Any) -> None:
    """A delegation is no second person: not for the giver's text, nor for the receiver's."""
    await given(desk, "lan")
    lan = await desk.browser("lan")
    for writer in (HUNG, LAN):
        item = await desk.draft(writer)
        async with desk.house.database.write() as tx:
            await desk.house.editing.submit(tx, item.id, writer)
        answer = await lan.post(f"/items/{item.id}/approve", {"digest": await digest(desk, item)})
        assert answer.status == 403 and f"{writer} đã viết hoặc sửa tin này" in await answer.text()
    one = await desk.schedule(by=HUNG, may_approve=False)
    answer = await (await desk.browser("lan")).post(f"/schedules/{one.id}/approve", {"digest": one.digest})
    assert answer.status == 403 and "đã lập lịch hoặc viết tin" in await answer.text()


async def test_it_is_no_role_of_ones_own(desk: Any) -> None:
    """What was delegated is not delegated on, approves no schedule by itself, and is not on the API."""
    await given(desk, "lan")
    lan = await desk.browser("lan")
    answer = await lan.post("/delegations", {"receiver": "xem", "to": "2026-11-29T17:00"})
    assert answer.status == 403 and "không ủy tiếp được" in await answer.text()
    item = await desk.submitted()
    answer = await desk.client.post(
        f"/api/v1/items/{item.id}/approve", json={"digest": await digest(desk, item)}, headers=await desk.api("lan")
    )
    assert answer.status == 403


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"receiver": "dai"}, "receiver"),
        ({"receiver": "hung"}, "receiver"),
        ({"receiver": ""}, "receiver"),
        ({"to": ""}, "to"),
        ({"to": "2026-11-01T00:00"}, "to"),
        ({"to": "2027-11-01T00:00"}, "to"),
        ({"to": "hôm nào"}, "to"),
    ],
)
async def test_bad_input_is_told_at_its_field(desk: Any, more: dict[str, str], field: str) -> None:
    """And nobody may approve by it."""
    answer = await given(desk, **more)
    assert answer.status == 422 and f'href="#f-{field}"' in await answer.text()
    assert "Chưa có lần ủy quyền nào" in await (await desk.browser("quan")).page("/delegations")


async def test_one_at_a_time_and_ended_at_once(desk: Any) -> None:
    """A second one in the same time is refused; ended, it is over with the next click."""
    await given(desk)
    answer = await given(desk, "lan")
    assert answer.status == 409 and "đã ủy quyền cho Người Xem" in await answer.text()
    hung, xem, mai = await desk.browser("hung"), await desk.browser("xem"), await desk.browser("mai")
    page = await hung.page("/delegations")
    path = page.split('action="/delegations/')[1].split('"')[0]
    assert (await mai.post(f"/delegations/{path}")).status == 403
    assert "Đi họp tỉnh" not in await mai.page("/delegations")
    assert (await hung.post(f"/delegations/{path}")).status == 303
    assert (await hung.post(f"/delegations/{path}")).status == 409
    assert "duyệt thay" not in await xem.page("/items")


async def test_who_is_gone_has_nobody_in_his_stead(desk: Any) -> None:
    """An account that is closed approves through nobody."""
    await given(desk)
    async with desk.house.database.write() as tx:
        row = await store.person_by_login(tx, "hung")
        await tx.execute(store.person.update().where(store.person.c.id == row.id).values(disabled_at=desk.clock.now()))
    assert "duyệt thay" not in await (await desk.browser("xem")).page("/items")
