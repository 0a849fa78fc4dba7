"""Writing at the desk: seen while it is typed, kept unsaved, never over what another has saved."""

from __future__ import annotations

from typing import Any

import pytest

from desk.composing import store as scratches
from tests.desk.web.test_items import hidden

TEXT = {"title": "Hồ sơ trực tuyến", "body": "Từ ngày 01/12/2026 UBND xã nhận hồ sơ. Hỏi HTCX."}


async def unsaved(desk: Any, login: str = "lan") -> dict[str, str]:
    """Titles of somebody's unsaved texts by place."""
    async with desk.house.database.read() as connection:
        rows = await connection.execute(scratches.scratch.select().order_by(scratches.scratch.c.place))
        return {row.place: row.title for row in rows}


async def test_all_that_will_come_of_it_is_shown(desk: Any) -> None:
    """The spoken words with what is read otherwise, what is unknown, both SMS with their price, Zalo, the article."""
    lan = await desk.browser("lan")
    page = await (await lan.post("/items/preview", TEXT)).text()
    for words in (
        'data-say="hồ sơ trực tuyến."',
        "<mark>01/12/2026</mark>",
        "ủy ban nhân dân",
        'data-teach="HTCX"',
        "Tu ngay 01/12/2026",
        "350 đ mỗi người",
        "Xem trước",
    ):
        assert words in page, words
    assert await unsaved(desk) == {} and "<html" not in page


async def test_what_cannot_be_shown_says_why(desk: Any) -> None:
    """A form that is half filled in is no failure."""
    lan = await desk.browser("lan")
    answer = await lan.post("/items/preview", TEXT | {"title": ""})
    assert answer.status == 200 and "Thiếu tiêu đề" in await answer.text()


async def test_what_is_typed_is_kept_until_it_is_saved(desk: Any) -> None:
    """A new text is offered on the next visit; saved, it is no scratch any more."""
    lan = await desk.browser("lan")
    place = hidden(await lan.page("/items/new"), "scratch")
    answer = await lan.post("/items/preview", TEXT | {"scratch": place, "keep": "1", "short": "Tin ngắn"})
    assert "Đã giữ bản đang viết" in await answer.text()
    assert f"/items/new?scratch={place}" in await lan.page("/items/new")
    page = await lan.page(f"/items/new?scratch={place}")
    assert "Từ ngày 01/12/2026 UBND xã" in page and "Tin ngắn" in page and hidden(page, "scratch") == place
    assert (await lan.post("/items", TEXT | {"scratch": place})).status == 303
    assert await unsaved(desk) == {}


async def test_nobody_sees_what_another_has_not_saved(desk: Any) -> None:
    """It is its writer's, by whatever place it is asked for."""
    lan, mai = await desk.browser("lan"), await desk.browser("mai")
    place = hidden(await lan.page("/items/new"), "scratch")
    await lan.post("/items/preview", TEXT | {"scratch": place, "keep": "1"})
    assert "UBND xã nhận" not in await mai.page(f"/items/new?scratch={place}")
    assert (await mai.post("/items/scratch/remove", {"scratch": place})).status == 404
    assert await unsaved(desk) == {place: TEXT["title"]}
    answer = await lan.post("/items/scratch/remove", {"scratch": place})
    assert (answer.status, answer.headers["Location"]) == (303, "/items/new")
    assert await unsaved(desk) == {}


async def test_an_edit_is_gone_on_with(desk: Any) -> None:
    """The form has what was typed, not what was saved; who else types at it is told."""
    item = await desk.draft()
    lan, mai = await desk.browser("lan"), await desk.browser("mai")
    base = hidden(await lan.page(f"/items/{item.id}/edit"), "base")
    typed = TEXT | {"scratch": item.id, "item": item.id, "keep": "1", "base": base}
    await lan.post("/items/preview", typed)
    page = await lan.page(f"/items/{item.id}/edit")
    assert "bản bạn viết dở" in page and "Hỏi HTCX" in page
    assert "Nguyễn Thị Lan</b> cũng đang sửa" in await mai.page(f"/items/{item.id}/edit")
    desk.clock.advance(600)
    assert "cũng đang sửa" not in await mai.page(f"/items/{item.id}/edit")


async def test_what_was_saved_meanwhile_is_shown_before_it_is_replaced(desk: Any) -> None:
    """The later one gets 409 with both: the own text in the form, and what the other has changed; then it may be saved."""
    item = await desk.draft()
    lan, mai = await desk.browser("lan"), await desk.browser("mai")
    base = hidden(await lan.page(f"/items/{item.id}/edit"), "base")
    assert (await mai.post(f"/items/{item.id}", TEXT | {"title": "Của Mai", "base": base})).status == 303
    answer = await lan.post(f"/items/{item.id}", TEXT | {"title": "Của Lan", "base": base})
    page = await answer.text()
    assert answer.status == 409 and "Lò Thị Mai đã lưu bản 2" in page and "Của Lan" in page
    assert "<ins>" in page and "Của Mai" in page
    assert (
        await lan.post(f"/items/{item.id}", TEXT | {"title": "Của Lan", "base": hidden(page, "base")})
    ).status == 303
    assert "Của Mai" in await lan.page(f"/items/{item.id}/versions?from=1&to=2")


async def test_only_twenty_are_kept(desk: Any) -> None:
    """The oldest go; what is no place is not kept at all."""
    lan = await desk.browser("lan")
    for number in range(22):
        desk.clock.advance(1)
        await lan.post("/items/preview", TEXT | {"scratch": f"place-{number:03}", "keep": "1"})
    await lan.post("/items/preview", TEXT | {"scratch": "../x", "keep": "1"})
    assert list(await unsaved(desk)) == [f"place-{number:03}" for number in range(2, 22)]


async def test_without_scripts_a_button_shows_it(desk: Any) -> None:
    """The form again with what was typed, and all beside it; nothing is saved."""
    lan = await desk.browser("lan")
    page = await (await lan.post("/items", TEXT | {"act": "preview"})).text()
    assert "<h1>Viết tin mới</h1>" in page and "data-say" in page and "Hỏi HTCX." in page
    assert "Chưa có tin bài nào" in await lan.page("/items")


async def test_programs_see_it_too(desk: Any) -> None:
    """As JSON; a text that cannot stand is a problem there."""
    headers = await desk.api("lan")
    answer = await desk.client.post("/api/v1/items/preview", json=TEXT, headers=headers)
    told = await answer.json()
    assert told["unknown"] == ["HTCX"] and told["sms"]["without_marks"]["segments"] == 1
    assert told["sentences"][1]["spoken"].endswith("ủy ban nhân dân xã nhận hồ sơ.")
    answer = await desk.client.post("/api/v1/items/preview", json={"body": "x"}, headers=headers)
    assert answer.status == 400 and (await answer.json())["field"] == "title"


async def test_pasting_is_answered_as_markdown(desk: Any) -> None:
    """With what was left out of it."""
    lan = await desk.browser("lan")
    answer = await lan.post("/items/paste", {"html": "<h2>A</h2><p>b<img></p>"}, headers={"Accept": "application/json"})
    assert await answer.json() == {"text": "## A\n\nb", "dropped": ["1 hình ảnh"]}


async def test_versions_are_told_apart(desk: Any) -> None:
    """The newest against the one before, or any two; facts in words; an item of one text says so."""
    item = await desk.draft()
    lan = await desk.browser("lan")
    assert "Tin mới có một bản" in await lan.page(f"/items/{item.id}/versions")
    for title in ("Hai", "Ba"):
        await lan.post(
            f"/items/{item.id}", TEXT | {"title": title, "class": "urgent", "valid_until": "2026-12-31T17:00"}
        )
    page = await lan.page(f"/items/{item.id}/versions")
    assert "<del>" in page and "Hai</del>" in page and "Ba</ins>" in page
    page = await lan.page(f"/items/{item.id}/versions?from=1&to=3")
    assert "khẩn cấp</ins>" in page and "Thứ Năm 31/12/2026, 17:00</ins>" in page


@pytest.mark.parametrize(("asked", "status"), [("from=9", 404), ("to=x", 400), ("to=²", 400)])
async def test_a_version_that_is_none(desk: Any, asked: str, status: int) -> None:
    """Told as such."""
    item = await desk.draft()
    lan = await desk.browser("lan")
    assert (await lan.get(f"/items/{item.id}/versions?{asked}")).status == status


async def test_who_approves_sees_what_is_new_since_the_last_approval(desk: Any) -> None:
    """Word by word, above the renditions."""
    item = await desk.approved()
    lan, hung = await desk.browser("lan"), await desk.browser("hung")
    base = hidden(await lan.page(f"/items/{item.id}/edit"), "base")
    body = "Từ ngày 05/12/2026 xã nhận hồ sơ hộ tịch trực tuyến.\n\nMọi thắc mắc xin gọi 0212 3878 123."
    given = {"title": "Nhận hồ sơ hộ tịch trực tuyến", "body": body, "base": base, "act": "submit"}
    assert (await lan.post(f"/items/{item.id}", given)).status == 303
    page = await hung.page(f"/items/{item.id}")
    assert "Đổi gì so với bản đã duyệt" in page and "01/12/2026</del>" in page and "05/12/2026</ins>" in page
