"""A ride in a real browser: made on the page of an item, approved by a leader on a phone, seen in a box of the portal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from scheduler.schedule import Rule
from tests.desk.web.test_calendar_in_browser import base
from tests.story.looking import chromium, needs_chromium

pytestmark = needs_chromium


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with chromium() as browser:
        yield browser


async def test_from_the_item_to_the_box(desk: Any, browser: Browser) -> None:
    """The author chooses where and how long; the leader sees what lies ahead; a citizen reads both."""
    extra = await desk.approved(title="Nộp hồ sơ qua mạng", body="Nộp hồ sơ ở nhà, không phải đi xa.")
    host = await desk.approved(title="Mời họp bản")
    await desk.schedule(items=(host.id,), rule=Rule(once=desk.clock.now() + timedelta(hours=1)))
    wide = await browser.new_context(viewport={"width": 1280, "height": 900})
    page, address = await wide.new_page(), await base(desk, wide, "lan")
    await page.goto(f"{address}/items/{extra.id}")
    await page.get_by_role("link", name="Lồng ghép vào bản tin khác").click()
    await page.check("input[name=outlet][value=portal]")
    await page.fill("#f-ends", "2026-12-31")
    await page.get_by_role("button", name="Lưu lồng ghép").click()
    await expect(page.locator(".said")).to_contain_text("chờ người thứ hai duyệt")
    await expect(page.locator("main")).to_contain_text("Mời họp bản")
    small = await browser.new_context(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    phone, address = await small.new_page(), await base(desk, small, "hung")
    await phone.goto(f"{address}/")
    await phone.locator("#waiting").get_by_role("link", name="Xem để duyệt").click()
    await phone.get_by_role("button", name="Duyệt lồng ghép").click()
    await expect(phone.locator("#verdict")).to_contain_text("Đang chạy")
    assert not await phone.evaluate("document.documentElement.scrollWidth > innerWidth")
    desk.clock.advance(3600)
    await desk.house.runner.drain()
    await phone.goto(f"{address}/portal/{host.slug}")
    await expect(phone.locator(".along")).to_contain_text("Nộp hồ sơ ở nhà, không phải đi xa.")
