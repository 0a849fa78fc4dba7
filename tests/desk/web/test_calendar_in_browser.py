"""The calendar in a real browser: dragging opens the form, nothing needs a script, and it fits a phone."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext

from content.bulletin import BulletinClass
from scheduler.schedule import Rule
from tests.story.looking import THEMES, chromium, needs_chromium, violations_on

pytestmark = needs_chromium

TUESDAY = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
PAGES = ("/calendar", "/calendar?view=week", "/calendar?view=day&day=2026-11-24", "/calendar/pause")


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with chromium() as browser:
        yield browser


async def base(desk: Any, context: BrowserContext, login: str = "hung") -> str:
    """Where the desk is; somebody is signed in."""
    address = str(desk.client.make_url("/")).rstrip("/")
    cookie = (await desk.browser(login)).cookie
    await context.add_cookies([{"name": "loa", "value": cookie, "url": address}])
    return address


async def fill(desk: Any) -> Any:
    """A calendar with something of everything; the schedule that runs once on Tuesday."""
    await desk.deliveries("ccsffump")
    item = await desk.approved()
    await desk.schedule(items=(item.id,), title="Trùng giờ", rule=Rule(once=TUESDAY))
    await desk.schedule(items=(item.id,), title="Mỗi phút", rule=Rule(cron="* * * * *"), outlets=("dai-xa",))
    await desk.schedule(items=(item.id,), title="Chờ", may_approve=False, rule=Rule(once=TUESDAY.replace(hour=16)))
    urgent = {"klass": BulletinClass.URGENT, "rule": Rule(once=TUESDAY + timedelta(days=3))}
    await desk.schedule(items=(item.id,), title="Khẩn cấp", **urgent)
    return await desk.schedule(items=(item.id,), title="Sẽ dời", rule=Rule(once=TUESDAY))


async def test_a_run_is_dragged_to_another_day(desk: Any, browser: Browser) -> None:
    """In the month: the form opens with that day filled in, and only its button moves the run."""
    moving = await fill(desk)
    context = await browser.new_context(viewport={"width": 1280, "height": 1600})
    address = await base(desk, context)
    page = await context.new_page()
    for view in ("month", "week"):
        await page.goto(f"{address}/calendar?view={view}")
        await page.drag_and_drop(f'[data-move="/schedules/{moving.id}/move"]', '[data-day="2026-11-28"] .day')
        await page.wait_for_url(f"**/schedules/{moving.id}/move?day=2026-11-28")
    assert ("2026-11-28", "10:00") == (await page.input_value("#f-date"), await page.input_value("#f-time"))
    await page.click("main form button")
    await page.wait_for_url(lambda url: "/move" not in url)
    assert "28/11" in await page.locator("#coming").inner_text()


async def test_everything_without_a_script(desk: Any, browser: Browser) -> None:
    """Move by the link, pause with a reason and resume: plain forms."""
    await fill(desk)
    context = await browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    address = await base(desk, context)
    page = await context.new_page()
    await page.goto(f"{address}/calendar")
    await page.click("a.run-move:has-text('Sẽ dời')")
    await page.fill("#f-date", "2026-11-29")
    await page.click("main form button")
    assert "29/11" in await page.locator("#coming").inner_text()
    await page.goto(f"{address}/calendar")
    await page.click("text=Tạm dừng tất cả")
    await page.fill("#f-note", "Thử")
    await page.click("main button.danger")
    assert "Thử" in await page.locator("#standstill").inner_text()
    await page.click("#standstill a.button")
    await page.click("main form button")
    assert 0 == await page.locator("#standstill").count()


@pytest.mark.parametrize("width", [1280, 390])
async def test_nothing_is_wrong_in_both_themes(desk: Any, browser: Browser, width: int) -> None:
    """axe-core finds nothing, nothing is wider than the screen, each page has one heading; full and paused."""
    moving = await fill(desk)
    keep = Path(os.environ["LOA_PICTURES"]) if "LOA_PICTURES" in os.environ else None
    found = []
    for theme in THEMES:
        context = await browser.new_context(viewport={"width": width, "height": 1200}, color_scheme=theme)
        address = await base(desk, context)
        page = await context.new_page()
        for number, path in enumerate((*PAGES, f"/schedules/{moving.id}/move")):
            await page.goto(address + path)
            found += [f"{path} {theme}: {one}" for one in await violations_on(page)]
            wider = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            found += [f"{path} is {wider} px too wide"] if wider > 0 else []
            assert 1 == await page.locator("h1").count(), path
            if keep:
                await page.screenshot(path=keep / f"full-calendar-{number}-{width}-{theme}.png", full_page=True)
        await context.close()
    assert [] == found
