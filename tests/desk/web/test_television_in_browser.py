"""A television desk in a real browser: set up by an administrator, its page opened, a clip seen and said to be aired."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.desk.web.test_calendar_in_browser import base
from tests.desk.web.test_television import KEY, PAGE, send
from tests.story.looking import chromium, needs_chromium

pytestmark = needs_chromium


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with chromium() as browser:
        yield browser


async def test_from_the_form_to_the_air(desk: Any, browser: Browser) -> None:
    """The form is drawn from the kind; on the station's page the clip plays, its files are there, and one tap is kept."""
    wide = await browser.new_context(viewport={"width": 1280, "height": 900})
    page, address = await wide.new_page(), await base(desk, wide, "quan")
    await page.goto(f"{address}/outlets/new?kind=television")
    await page.fill("[name=title]", "Truyền hình huyện")
    await page.fill("[name=name]", "truyen-hinh")
    await page.fill("[name='options.token']", KEY)
    await page.locator("main form").get_by_role("button").first.click()
    await expect(page.locator("h1")).to_contain_text("Truyền hình huyện")
    item = await send(desk)
    await page.goto(f"{address}/items/{item.id}")
    await expect(page.locator("#audio")).to_contain_text("Clip truyền hình")
    station = await browser.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    phone = await station.new_page()
    await phone.goto(f"{address}{PAGE}")
    await expect(phone.locator("video")).to_have_count(1)
    await expect(phone.get_by_role("link", name="Kịch bản hai cột")).to_be_visible()
    assert not await phone.evaluate("document.documentElement.scrollWidth > innerWidth")
    await phone.fill("[name=presenter]", "Tổ thời sự")
    await phone.get_by_role("button", name="Đã phát").click()
    await expect(phone.locator("main")).to_contain_text("Tổ thời sự")
