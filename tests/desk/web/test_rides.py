"""Rides at the desk and over the API: made from an approved item, approved by a second person, seen ahead, ended."""

from __future__ import annotations

from typing import Any

import pytest

from scheduler.schedule import Rule
from tests.desk.web.test_units import two

__all__ = ["two"]
WISH = {"begins": "2026-11-23", "ends": "2026-12-31", "weeks": "1", "share": "50"}


async def made(desk: Any, by: str = "lan", **more: Any) -> str:
    """A ride of an approved item in what goes to the portal; where it is."""
    item = await desk.approved(title="Nộp hồ sơ qua mạng")
    answer = await (await desk.browser(by)).post("/rides", {"item": item.id, "outlet": "portal"} | WISH | more)
    assert answer.status == 303, await answer.text()
    return str(answer.headers["Location"])


async def test_from_the_item_to_the_approval_and_the_end(desk: Any) -> None:
    """The writer makes it on the item's page, the leader sees what lies ahead, approves it, and ends it."""
    await desk.schedule(title="Bản tin sáng", rule=Rule(cron="0 5 * * *"))
    item = await desk.approved(title="Nộp hồ sơ qua mạng")
    lan, hung = await desk.browser("lan"), await desk.browser("hung")
    assert f"/rides?item={item.id}" in await lan.page(f"/items/{item.id}")
    assert "Lồng ghép “Nộp hồ sơ qua mạng”" in await lan.page(f"/rides?item={item.id}")
    where = await made(desk)
    assert "Chờ duyệt" in await lan.page(where) and "Duyệt lồng ghép" not in await lan.page(where)
    assert "Lồng ghép" in await hung.page("/") and where in await hung.page("/")
    page = await hung.page(where)
    assert "Chờ bạn duyệt" in page and "Bản tin sáng" in page and "không chở, theo tỷ lệ" in page
    digest = page.split('name="digest" value="')[1].split('"')[0]
    assert (await hung.post(f"{where}/approve", {"digest": digest})).status == 303
    assert "Đang chạy" in await lan.page(where) and where not in await hung.page("/")
    desk.clock.advance(24 * 3600)
    await desk.house.runner.drain()
    lan = await desk.browser("lan")
    assert "đã đi kèm 1 trong 1 kỳ phát" in await lan.page(where)
    assert (await lan.post(f"{where}/end", {"note": "Đủ rồi"})).status == 303
    assert "Đủ rồi" in await lan.page(where) and "Đã dừng" in await lan.page("/rides?state=ended")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"begins": "mai"}, "begins"),
        ({"ends": "2026-11-01"}, "ends"),
        ({"share": "nhiều"}, "share"),
        ({"share": "101"}, "share"),
        ({"weeks": "9"}, "weeks"),
        ({"outlet": "khong-co"}, ""),
    ],
)
async def test_bad_fields_are_told_and_nothing_is_kept(desk: Any, wrong: dict[str, str], field: str) -> None:
    """The form stands as it was filled in, with what is wrong at its place; over the API the field is named."""
    item = await desk.approved()
    told = {"item": item.id, "outlet": "portal"} | WISH | wrong
    lan = await desk.browser("lan")
    answer = await lan.post("/rides", told)
    assert answer.status in {404, 422}
    assert not field or f'id="e-{field}"' in await answer.text()
    listed = await (await desk.client.get("/api/v1/rides", headers=await desk.api("lan", "read"))).json()
    assert [] == listed["items"]


async def test_who_wrote_it_does_not_approve_it(desk: Any) -> None:
    """Nor who made it; both are told why."""
    item = await desk.approved()
    quan = await desk.browser("quan")
    answer = await quan.post("/rides", {"item": item.id, "outlet": "portal"} | WISH)
    where = answer.headers["Location"]
    assert "Đang chạy" in await quan.page(where), "an administrator who wrote none of it stands for the second person"
    where = await made(desk)
    one = await (await desk.client.get(f"/api/v1{where}", headers=await desk.api("hung", "read"))).json()
    headers = await desk.api("hung")
    wrong = await desk.client.post(f"/api/v1{where}/approve", json={"digest": "x"}, headers=headers)
    assert wrong.status == 409
    done = await desk.client.post(f"/api/v1{where}/approve", json={"digest": one["digest"]}, headers=headers)
    assert (done.status, (await done.json())["state"]) == (200, "approved")


async def test_a_commune_rides_in_its_own_bulletins_alone(two: Any) -> None:
    """Its own text through its own outlets; another's ride is not there for it."""
    author, item = await two.browser("author"), await two.approved(unit="xa-a", title="Của xã")
    told = {"item": item.id} | WISH
    assert (await author.post("/rides", told | {"outlet": "portal"})).status == 422
    answer = await author.post("/rides", told | {"outlet": "an-dai"})
    assert answer.status == 303
    where = await made(two, "quan")
    assert (await author.get(where)).status == 404
    page = await author.page("/rides")
    assert "Của xã" in page and "Nộp hồ sơ qua mạng" not in page
