"""Receivers of events in a real browser: added, tried out, failing, disabled and mended, on a phone and in both themes."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from config.clock import FakeClock
from config.settings import Settings
from content.item import Draft
from desk import auth, serving
from desk.app import House, opened
from desk.demo.stage import free_port
from scheduler.events.event import Kind
from tests.scheduler.listening import Listening, subscribe
from tests.story.looking import PASSWORD, Theme, chromium, needs_chromium, sign_in, violations_on

pytestmark = needs_chromium

Look = Callable[[str], Awaitable[None]]


@pytest.fixture
async def house(plain_settings: dict[str, Any], clock: FakeClock) -> AsyncIterator[House]:
    """An office with its administrator `hung`, served."""
    async with opened(Settings.model_validate(plain_settings | {"web": {"port": free_port()}}), clock) as house:
        await auth.add_person(house, "hung", "Quàng Văn Hùng", ("administrator",), PASSWORD)
        async with serving.desk(house):
            yield house


@pytest.fixture
async def there(clock: FakeClock) -> AsyncIterator[Listening]:
    """Another system."""
    async with Listening(clock) as there:
        yield there
    assert [] == there.faults


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium that talks to nobody else."""
    async with chromium() as browser:
        yield browser


async def walk(page: Page, house: House, there: Listening, look: Look) -> None:
    """Nobody yet; added with a slip of the pen, then well; tried out; gone, told on Today, resumed, removed."""
    base = house.settings.web.base_url
    await sign_in(page, base)
    await page.goto(f"{base}/outlets")
    await page.click("a[href='/subscriptions']")
    await look("subscriptions-none")
    await fill(page, "http://nhan.example.vn/loa")
    assert "https://" in await page.locator("#e-url").inner_text()
    await look("subscriptions-wrong")
    await fill(page, there.address)
    there.secrets.append(await page.locator("main code").first.inner_text())
    assert there.secrets[0].startswith("whsec_")
    await look("subscription-key")
    await page.click("main a.button")
    await page.click("form[action$='/test'] button")
    assert "đã nhận sự kiện thử: 200" in await page.locator(".said").inner_text()
    assert ["vn.loa.test"] == [one["type"] for one in there.came]
    there.always = 410
    await approve(house)
    await page.goto(f"{base}/subscriptions")
    assert "Loa đã ngừng gửi" in await page.locator("main .badge").inner_text()
    await look("subscriptions-disabled")
    await page.goto(base)
    await look("today-disabled")
    await page.click("#trouble a[href^='/subscriptions#']")
    there.always = 200
    await page.click("form[action$='/resume'] button")
    await house.runner.drain()
    assert 2 == len(there.of(Kind.ITEM_APPROVED))
    await page.goto(f"{base}/subscriptions")
    assert "nhận tốt" in await page.locator("main .badge").inner_text()
    await look("subscriptions")


async def fill(page: Page, address: str) -> None:
    """The form with this address, sent; the browser's own check of it left out."""
    await page.fill("input[name=title]", "Một cửa điện tử huyện")
    await page.fill("input[name=url]", address)
    for kind in (Kind.ITEM_APPROVED, Kind.STATION_LATE):
        box = page.locator(f"input[value='{kind}']")
        if not await box.is_checked():
            await box.check()
    await page.click("form[action='/subscriptions'] button")


async def approve(house: House) -> None:
    """Something happens, and whoever is to know is told."""
    async with house.database.write() as tx:
        item = await house.editing.write(tx, Draft("Lịch tiêm chủng", "Ngày 05/12 tại trạm y tế."), "Mai")
        await house.editing.submit(tx, item.id, "Mai")
        await house.editing.approve(tx, item.id, "Hùng")
    await house.runner.drain()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_every_page_of_it_stands(
    house: House, there: Listening, browser: Browser, theme: Theme, width: int
) -> None:
    """axe-core finds nothing, nothing is wider than the screen, one heading, no error in the console."""
    keep = Path(os.environ["LOA_PICTURES"]) if "LOA_PICTURES" in os.environ else None
    context = await browser.new_context(viewport={"width": width, "height": 844}, color_scheme=theme, locale="vi-VN")
    page, faults = await context.new_page(), list[str]()
    page.on(
        "console", lambda said: faults.append(said.text) if said.type == "error" and "422" not in said.text else None
    )

    async def look(name: str) -> None:
        closed = page.locator("main details:not([open]) > summary")
        while await closed.count():
            await closed.first.click()
        if keep:
            await page.screenshot(path=keep / f"{name}-{width}-{theme}.png", full_page=True)
        faults.extend(f"{name}: {one}" for one in await violations_on(page))
        if await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            faults.append(f"{name} is too wide")
        if await page.locator("h1").count() != 1:
            faults.append(f"{name} has not one heading")

    await walk(page, house, there, look)
    assert [] == faults


async def test_it_works_without_a_script(house: House, there: Listening, browser: Browser) -> None:
    """The whole way on a phone that runs none."""
    context = await browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page, seen = await context.new_page(), list[str]()

    async def look(name: str) -> None:
        seen.append(name)

    await walk(page, house, there, look)
    assert 6 == len(seen)


async def test_the_page_tells_by_itself_that_it_fails(house: House, there: Listening, browser: Browser) -> None:
    """An open page hears of it without being loaded again."""
    base = house.settings.web.base_url
    await subscribe(house, there, Kind.ITEM_APPROVED)
    page = await (await browser.new_context(viewport={"width": 1280, "height": 900}, locale="vi-VN")).new_page()
    await sign_in(page, base)
    await page.goto(f"{base}/subscriptions")
    there.always = 503
    await approve(house)
    await page.wait_for_function("() => document.querySelector('.badge').innerText.includes('lỗi')", timeout=20_000)
    assert "503" in await page.locator("main").inner_text()
    assert 1 == len(there.came)
