"""Writing in a real browser: renditions follow the typing, pasting keeps structure, nothing typed is lost, and axe finds nothing."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.content.test_pasted import WORD
from tests.desk.web.test_calendar_in_browser import base
from tests.story.looking import THEMES, chromium, needs_chromium, violations_on

pytestmark = needs_chromium

PASTE = """([selector, html]) => {
  const data = new DataTransfer();
  data.setData("text/html", html);
  data.setData("text/plain", "chữ trơn");
  const box = document.querySelector(selector);
  box.focus();
  box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with chromium() as browser:
        yield browser


async def opened(desk: Any, browser: Browser, width: int = 1280, path: str = "/items/new", **more: Any) -> Page:
    """A page of Lan's."""
    context = await browser.new_context(viewport={"width": width, "height": 1000}, **more)
    address = await base(desk, context, "lan")
    page = await context.new_page()
    await page.goto(address + path)
    return page


async def test_the_renditions_follow_the_typing(desk: Any, browser: Browser) -> None:
    """SMS, spoken words and article beside the text; an unknown word is taught with one press; all is there after a crash."""
    page = await opened(desk, browser)
    await page.fill("#f-title", "Họp thôn")
    await page.fill("#f-body", "Tối 05/12/2026 họp tại HTCX.")
    seen = page.locator("#seen")
    await expect(seen).to_contain_text("ngày năm tháng mười hai", timeout=15_000)
    await expect(seen).to_contain_text("Toi 05/12/2026 hop tai HTCX")
    await expect(seen).to_contain_text("Đã giữ bản đang viết")
    await seen.locator("[data-teach=HTCX]").click()
    await page.keyboard.type("hội trường cũ xã")
    await expect(seen.locator("[data-teach]")).to_have_count(0, timeout=15_000)
    await expect(seen.locator(".aligned")).to_contain_text("hội trường cũ xã")
    await page.goto("about:blank")  # whatever closes the window
    again = await opened(desk, browser)
    await again.click("a:has-text('Họp thôn')")
    assert await again.input_value("#f-body") == "Tối 05/12/2026 họp tại HTCX."
    assert "HTCX = hội trường cũ xã" in await again.input_value("#f-readings")


async def test_what_is_pasted_keeps_its_structure(desk: Any, browser: Browser) -> None:
    """From Word as Markdown, and it can be undone; plain text is pasted as it is."""
    page = await opened(desk, browser)
    await page.evaluate(PASTE, ["#f-body", WORD])
    await expect(page.locator("#f-body")).to_have_value(re.compile("^## THÔNG BÁO"))
    assert "- Giấy khai sinh\n  - bản chính" in await page.input_value("#f-body")
    await expect(page.locator("#live-note")).to_contain_text("Đã bỏ: 1 hình ảnh")
    await page.keyboard.press("Control+z")
    assert await page.input_value("#f-body") == ""


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [1280, 390])
async def test_it_can_be_used_by_everybody(desk: Any, browser: Browser, theme: Any, width: int) -> None:
    """The form with all beside it, and two versions told apart: axe finds nothing, and nothing is wider than the screen."""
    item = await desk.approved()
    lan = await desk.browser("lan")
    text = {"title": "Nhận hồ sơ qua mạng", "body": "Từ ngày 05/12/2026 xã nhận hồ sơ.\n\nHỏi HTCX.", "act": "submit"}
    await lan.post(f"/items/{item.id}", text)
    pictures = os.environ.get("LOA_PICTURES")
    for name, path in {"item-edit": "/edit", "item-versions": "/versions", "item-since": ""}.items():
        page = await opened(desk, browser, width, f"/items/{item.id}{path}", color_scheme=theme)
        if path == "/edit":
            await expect(page.locator("#seen")).to_contain_text("SMS", timeout=15_000)
        assert [] == await violations_on(page)
        assert await page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
        if pictures:
            await page.screenshot(path=Path(pictures) / f"{name}-{width}-{theme}.png", full_page=True)
        await page.context.close()
