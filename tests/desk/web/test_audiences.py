"""Lists of people taken in from the files offices have: all of it or nothing, each fault with its line."""

from __future__ import annotations

from typing import Any

import aiohttp

from channels.audiences import store as audience_store
from tests.channels.test_audience import workbook

GOOD = workbook(["Họ tên", "SĐT"], ["Lò Văn Á", 912345678], ["Mùa", "0987 654 321"])
BAD = workbook(["Họ tên", "SĐT"], ["Lò Văn Á", 912345678], ["Mùa", "02123878123"])


def form_of(browser: Any, data: bytes, **more: str) -> aiohttp.FormData:
    """The form of the page with a file in it."""
    form = aiohttp.FormData({"form_token": browser.form_token, "name": "Bản A", **more})
    form.add_field("file", data, filename="danh-sach.xlsx")
    return form


async def sizes(desk: Any) -> dict[str, int]:
    """How many can be reached by each list."""
    async with desk.house.database.read() as connection:
        return {row.name: row.size for row in await audience_store.audiences(connection)}


async def test_a_workbook_becomes_a_list(desk: Any) -> None:
    """And grows by the next one; who only reads may not."""
    lan, guest = await desk.browser("lan"), await desk.browser("xem")
    for _ in range(2):
        assert (await lan.ask("POST", "/audiences", data=form_of(lan, GOOD))).status == 303
    assert await sizes(desk) == {"Bản A": 2}
    assert "Bản A" in await guest.page("/audiences") and 'name="file"' not in await guest.page("/audiences")


async def test_with_a_bad_row_nobody_is_taken_in_unless_asked(desk: Any) -> None:
    """The table says which line and why, and no whole number stands in it."""
    lan = await desk.browser("lan")
    answer = await lan.ask("POST", "/audiences", data=form_of(lan, BAD))
    text = await answer.text()
    assert answer.status == 409 and "không phải số di động" in text and "02123878123" not in text
    assert '<th scope="row">3</th>' in text and await sizes(desk) == {}
    assert (await lan.ask("POST", "/audiences", data=form_of(lan, BAD, keep_good="1"))).status == 303
    assert await sizes(desk) == {"Bản A": 1}


async def test_what_is_missing_is_told_at_its_field(desk: Any) -> None:
    """A name, a file; by REST as a problem."""
    lan = await desk.browser("lan")
    answer = await lan.post("/audiences", {"name": "Bản B"})
    assert answer.status == 422 and 'id="e-file"' in await answer.text()
    headers = await desk.api("lan", "write")
    answer = await desk.client.post("/api/v1/audiences", headers=headers, json={"name": ""})
    assert (answer.status, (await answer.json())["field"]) == (400, "name")
    form = aiohttp.FormData({"name": "Bản C"})
    form.add_field("file", BAD, filename="a.xlsx")
    answer = await desk.client.post("/api/v1/audiences", headers=headers, data=form)
    assert answer.status == 409 and "1 dòng lỗi" in (await answer.json())["detail"]


async def test_who_wants_nothing_more_gets_nothing_more(desk: Any) -> None:
    """On every list, also one taken in later; what waits is cancelled; agreed again, they are reached again."""
    lan = await desk.browser("lan")
    await lan.ask("POST", "/audiences", data=form_of(lan, GOOD))
    (waiting, *_) = await desk.deliveries("pp")
    person = {"address": "0912 340 000", "how": "gọi điện sáng 26/11"}
    assert (await lan.post("/audiences/opt-out", person | {"how": " "})).status == 422
    assert (await lan.post("/audiences/opt-out", person | {"address": "1022"})).status == 422
    assert (await lan.post("/audiences/opt-out", person)).status == 303
    assert "đã hủy" in await lan.page(f"/deliveries/{waiting}")
    await lan.post("/audiences/opt-out", person | {"address": "0912345678"})
    assert await sizes(desk) == {"Bản A": 1}
    form = form_of(lan, GOOD)
    form.add_field("ignored", "x")
    await lan.ask("POST", "/audiences", data=form)
    assert await sizes(desk) == {"Bản A": 1} and "2 người đã từ chối" in await lan.page("/audiences")
    assert (await lan.post("/audiences/opt-in", person | {"address": "+84912345678"})).status == 303
    assert await sizes(desk) == {"Bản A": 2}
    assert (await lan.post("/audiences/opt-in", person | {"address": "+84912345678"})).status == 409
    async with desk.house.database.read() as connection:
        deeds = await desk.house.journal.of(connection, "recipient/+84…678")
    assert {deed.verb for deed in deeds} == {"opt_out", "opt_in"}
