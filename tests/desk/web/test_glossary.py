"""Readings on the desk: what is said otherwise than written is shown, listened to, and laid down for one item or the office."""

from __future__ import annotations

import io
import re
import wave
from typing import Any

import aiohttp

from content import store as content_store

API = "/api/v1/glossary"
BODY = "Họp tại HTKV ngày 05/12/2026."


def hidden(html: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, name
    return found[1]


async def written(desk: Any) -> tuple[Any, str]:
    """Lan, and the address of an item of hers."""
    lan = await desk.browser("lan")
    answer = await lan.post("/items", {"title": "Thông báo họp", "body": BODY, "act": "save"})
    return lan, answer.headers["Location"]


async def spoken_of(desk: Any, place: str) -> str:
    """The words of the newest text."""
    async with desk.house.database.read() as connection:
        item = await content_store.find_item(connection, place.rpartition("/")[2])
        return (await content_store.find_revision(connection, item.revision)).spoken


async def test_the_page_shows_what_is_said_otherwise(desk: Any) -> None:
    """Each written form beside its words; a form nobody knows comes first and is named as such."""
    lan, place = await written(desk)
    page = await lan.page(place)
    assert '<mark class="spelled">HTKV</mark> <span class="as">hát tê ca vê</span>' in page
    assert (
        '<mark>05/12/2026</mark> <span class="as">năm tháng mười hai năm hai nghìn không trăm hai mươi sáu</span>'
        in page
    )
    assert page.index("<b>HTKV</b>") < page.index("<b>05/12/2026</b>")
    assert "chưa biết, đánh vần" in page


async def test_a_reading_for_one_item_makes_a_new_draft(desk: Any) -> None:
    """It holds in this text, stays when the text is edited on, and is nobody else's."""
    lan, place = await written(desk)
    page = await lan.page(place)
    fields = {"abbr": "HTKV", "spoken": "Hội trường khu vực", "scope": "item", "base": hidden(page, "base")}
    assert (await lan.post(f"{place}/reading", fields)).status == 303
    assert "họp tại hội trường khu vực ngày" in await spoken_of(desk, place)
    assert "HTKV = hội trường khu vực" in await lan.page(f"{place}/edit")
    form = {"title": "Thông báo họp", "body": f"{BODY} Mời HTKV.", "readings": "HTKV = hội trường khu vực"}
    await lan.post(place, form)
    assert (await spoken_of(desk, place)).endswith("mời hội trường khu vực.")
    other = await lan.post("/items", {"title": "Khác", "body": BODY, "act": "save"})
    assert "hát tê ca vê" in await spoken_of(desk, other.headers["Location"])


async def test_a_reading_for_the_office_holds_from_now_on(desk: Any) -> None:
    """What was written before keeps its words; what is written afterwards has the new ones, until it is taken back."""
    lan, old = await written(desk)
    other = (await lan.post("/items", {"title": "Khác", "body": BODY, "act": "save"})).headers["Location"]
    fields = {
        "abbr": "HTKV",
        "spoken": "hội trường khu vực",
        "scope": "office",
        "base": hidden(await lan.page(old), "base"),
    }
    await lan.post(f"{old}/reading", fields)
    assert "hội trường khu vực" in await spoken_of(desk, old)
    assert "hát tê ca vê" in await spoken_of(desk, other)
    assert "Từ điển đã đổi sau khi tin này được viết" in await lan.page(other)
    page = await lan.page("/glossary")
    assert "hội trường khu vực" in page and "Nguyễn Thị Lan" in page
    assert (await lan.post("/glossary/remove", {"abbr": "HTKV"})).status == 303
    assert "Cơ quan chưa đặt cách đọc riêng nào" in await lan.page("/glossary")


async def test_forms_nobody_knows_are_offered(desk: Any) -> None:
    """Those of texts under way, with the way to them."""
    lan, place = await written(desk)
    assert re.search(rf'href="{place}#r-script">HTKV<', await lan.page("/glossary"))


async def test_bad_readings_are_told_at_their_field(desk: Any) -> None:
    """Digits are not words; a condition is one of a small set; nothing is kept."""
    lan = await desk.browser("lan")
    for given, field in (
        ({"abbr": "HTKV", "spoken": "hội trường 5"}, "spoken"),
        ({"abbr": " ", "spoken": "hội"}, "abbr"),
        ({"abbr": "HTKV", "spoken": "hội", "condition": "khi nào đó"}, "condition"),
    ):
        answer = await lan.post("/glossary", given)
        assert answer.status == 422 and f'id="e-{field}"' in await answer.text(), given
    answer = await lan.post("/items", {"title": "Họp", "body": BODY, "readings": "HTKV = một\nHTKV hội trường"})
    assert answer.status == 422 and "Dòng 2" in await answer.text()
    assert "Cơ quan chưa đặt cách đọc riêng nào" in await lan.page("/glossary")


async def test_a_table_comes_in_whole_or_not_at_all(desk: Any) -> None:
    """A bad row is named with line and column; what goes out comes in again."""
    lan = await desk.browser("lan")
    good = "abbr\tspoken\tdomain\tcondition\tstatus\nHTKV\thội trường khu vực\toffice\t\tadded\n"

    async def send(table: str) -> Any:
        form = aiohttp.FormData({"form_token": lan.form_token})
        form.add_field("file", table.encode(), filename="doc.tsv")
        return await lan.ask("POST", "/glossary/import", data=form)

    answer = await send(good + "BQLX\tban 5\toffice\t\tadded\n")
    assert answer.status == 422 and "dòng 3, cột spoken" in await answer.text()
    assert "Cơ quan chưa đặt cách đọc riêng nào" in await lan.page("/glossary")
    assert (await send(good)).status == 303
    assert await (await lan.get("/glossary.tsv")).text() == good


async def test_anything_can_be_listened_to(desk: Any) -> None:
    """Words as sound, from the voices of the house."""
    lan = await desk.browser("lan")
    answer = await lan.get("/glossary/sound", params={"text": "hội trường khu vực"})
    assert answer.status == 200
    with wave.open(io.BytesIO(await answer.read())) as heard:
        assert heard.getnframes() / heard.getframerate() > 0.5
    for signs in ("\U000f4bf0\x82¾", "…", "ཀ"):
        answer = await desk.client.get(f"{API}/sound", headers=await desk.api("lan", "read"), params={"text": signs})
        assert (422, "text") == (answer.status, (await answer.json())["field"]), signs


async def test_programs_have_the_same_verbs(desk: Any) -> None:
    """Lay down, list and take back by JSON."""
    headers = await desk.api("lan", "read", "write")
    told = {"abbr": "HTKV", "spoken": "hội trường khu vực"}
    assert (await desk.client.post(API, headers=headers, json=told)).status == 201
    listed = await (await desk.client.get(API, headers=headers)).json()
    assert [(one["abbr"], one["spoken"]) for one in listed["items"]] == [("HTKV", "hội trường khu vực")]
    for status in (200, 404):
        answer = await desk.client.post(f"{API}/remove", headers=headers, json={"abbr": "HTKV"})
        assert answer.status == status
