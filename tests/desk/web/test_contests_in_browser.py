"""A contest in a real browser: a person on a phone without scripts takes part; two people at the desk run it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.desk.web.test_calendar_in_browser import base
from tests.desk.web.test_contests import handed_in, last_code, opened, played
from tests.story.looking import THEMES, chromium, needs_chromium, violations_on

pytestmark = needs_chromium
PHONE = {"width": 360, "height": 740}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with chromium() as browser:
        yield browser


async def test_somebody_takes_part_on_an_old_phone(desk: Any, browser: Browser) -> None:
    """No script and no cookie: the form, the code, the questions, the guess; a page that is loaded again is the same page."""
    id = await opened(desk)
    context = await browser.new_context(viewport=PHONE, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{str(desk.client.make_url('/')).rstrip('/')}/portal/cuoc-thi")
    await page.get_by_role("link", name="Tìm hiểu cải cách hành chính").click()
    await page.get_by_label("Họ và tên").fill("Lò Văn An")
    await page.get_by_label("Số di động").fill("0912 345 678")
    await page.get_by_label("Bản, tổ dân phố").select_option("Bản Pe")
    await page.get_by_label("Tôi đồng ý").check()
    await page.get_by_role("button", name="Tiếp tục").click()
    await expect(page.get_by_role("main")).to_contain_text("Mã gồm 6 chữ số đã gửi tới số")
    await page.get_by_label("Mã", exact=True).fill(await last_code(desk, id))
    await page.get_by_role("button", name="Mở bài thi").click()
    address = page.url
    first = await page.locator("legend").all_inner_texts()
    await page.reload()
    assert (address, first) == (page.url, await page.locator("legend").all_inner_texts())
    for group in await page.locator("fieldset").all():
        await group.get_by_label("đúng").check()
    await page.get_by_label("Dự đoán").fill("12")
    await page.get_by_role("button", name="Nộp bài").click()
    await expect(page.get_by_role("status")).to_contain_text("trả lời 3/3 câu")
    assert await context.cookies() == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


async def test_two_people_run_it(desk: Any, browser: Browser) -> None:
    """One counts, the other publishes; the page stands in both themes."""
    id = await played(desk)
    for theme in THEMES:
        context = await browser.new_context(color_scheme=theme)
        page = await context.new_page()
        where = f"{await base(desk, context, 'lan' if theme == 'light' else 'hung')}/contests/{id}"
        await page.goto(where)
        await page.get_by_role("button", name="Tính kết quả" if theme == "light" else "Duyệt và công bố").click()
        word = "người thứ hai duyệt" if theme == "light" else "công bố kết quả"
        await expect(page.get_by_role("status").first).to_contain_text(word)
        assert [] == await violations_on(page)
    await page.goto(f"{where.split('/contests', maxsplit=1)[0]}/portal/cuoc-thi/{id}")
    await expect(page.get_by_role("heading", name="Kết quả cuộc thi")).to_be_visible()


async def test_a_contest_is_approved_on_its_page(desk: Any, browser: Browser) -> None:
    """Everything that goes out stands there, with its moment."""
    id = await handed_in(desk)
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(f"{await base(desk, context)}/contests/{id}")
    for words in ("Tin báo mở cuộc thi", "Tin nhắc trước 1 ngày", "Khi có người xin mã"):
        await expect(page.get_by_role("main")).to_contain_text(words)
    await page.get_by_role("button", name="Duyệt cuộc thi").click()
    await expect(page.get_by_role("status").first).to_contain_text("tự mở và tự đóng")
    desk.clock.advance(timedelta(hours=1).total_seconds())
