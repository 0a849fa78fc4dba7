"""Keyboard shortcuts in a real browser: listed under `?`, never while somebody types, and they can be switched off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.desk.web.test_calendar_in_browser import base
from tests.story.looking import chromium, needs_chromium, violations_on

pytestmark = needs_chromium


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with chromium() as browser:
        yield browser


async def test_keys_lead_where_the_list_says(desk: Any, browser: Browser) -> None:
    """`?` shows them, `t` opens the items, `/` goes to the search; letters in a field are letters."""
    context = await browser.new_context()
    address = await base(desk, context, "lan")
    page = await context.new_page()
    await page.goto(address)
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    assert [] == await violations_on(page)
    await page.keyboard.press("t")
    await page.wait_for_url(f"{address}/items")
    await page.keyboard.press("/")
    await page.keyboard.type("tn?")
    assert await page.input_value("#q") == "tn?" and page.url == f"{address}/items"


async def test_they_can_be_switched_off(desk: Any, browser: Browser) -> None:
    """On this machine, for good."""
    context = await browser.new_context()
    address = await base(desk, context, "xem")
    page = await context.new_page()
    await page.goto(address)
    await page.keyboard.press("?")
    assert await page.locator("#keys [data-key=n]").count() == 0, "a viewer writes nothing"
    await page.uncheck("#keys-on")
    await page.keyboard.press("Escape")
    await page.reload()
    await page.keyboard.press("?")
    await page.keyboard.press("t")
    await expect(page.locator("#keys")).to_be_hidden()
    assert page.url == f"{address}/"
