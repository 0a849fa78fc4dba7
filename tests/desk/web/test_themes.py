"""Themes on the desk: added at the end, moved, renamed, taken off; items keep what they have."""

from __future__ import annotations

from typing import Any

import pytest

from content import store


async def order(desk: Any) -> list[str]:
    """The ids in the office's order."""
    async with desk.house.database.read() as connection:
        return [id for id, _ in await store.themes(connection)]


async def test_a_theme_is_added_moved_and_renamed(desk: Any) -> None:
    """It is where the form says; the others keep their order."""
    hung, before = await desk.browser("hung"), await order(desk)
    assert (await hung.post("/themes", {"title": "  Hộ   tịch "})).status == 303
    assert await order(desk) == [*before, "ho-tich"]
    assert (await hung.post("/themes", {"id": "ho-tich", "title": "Hộ tịch, căn cước", "position": "1"})).status == 303
    assert await order(desk) == ["ho-tich", *before]
    assert "1. Hộ tịch, căn cước" in await hung.page("/themes")
    assert (await hung.post("/themes", {"id": "ho-tich", "title": "Hộ tịch"})).status == 303
    assert await order(desk) == ["ho-tich", *before]


async def test_what_is_retired_stays_on_its_items(desk: Any) -> None:
    """And is offered no more."""
    item = await desk.draft(theme="mot-cua")
    hung, lan = await desk.browser("hung"), await desk.browser("lan")
    assert (await hung.post("/themes/mot-cua/retire")).status == 303
    assert 'value="mot-cua"' not in await lan.page("/items/new")
    assert "mot-cua" in await lan.page(f"/items/{item.id}")
    assert (await hung.post("/themes/mot-cua/retire")).status == 404


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"title": " "}, 422),
        ({"title": "x" * 201}, 422),
        ({"title": "a", "position": "0"}, 422),
        ({"title": "a", "position": "một"}, 422),
        ({"title": "a", "id": "nowhere"}, 404),
    ],
)
async def test_bad_input_changes_nothing(desk: Any, given: dict[str, str], status: int) -> None:
    """Told, and the list is as it was."""
    before = await order(desk)
    assert (await (await desk.browser("hung")).post("/themes", given)).status == status
    assert await order(desk) == before
