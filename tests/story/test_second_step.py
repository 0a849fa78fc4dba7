"""The second step of signing in, in a real browser: set up, asked for and renewed, on a phone and in both themes."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.async_api import Browser, Page

from config.clock import FakeClock
from config.settings import Settings
from desk import auth, serving
from desk.app import House, opened
from desk.demo.stage import free_port
from tests.story.looking import PASSWORD, Theme, chromium, needs_chromium, violations_on

pytestmark = needs_chromium

Look = Callable[[str], Awaitable[None]]


@pytest.fixture
async def house(plain_settings: dict[str, Any], clock: FakeClock) -> AsyncIterator[House]:
    """An office that requires it of its administrator `hung`, served."""
    settings = plain_settings | {"web": {"port": free_port()}, "sign_in": {"second_step": "approvers"}}
    async with opened(Settings.model_validate(settings), clock) as house, serving.desk(house):
        await auth.add_person(house, "hung", "Quàng Văn Hùng", ("administrator",), PASSWORD)
        yield house


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium that talks to nobody else."""
    async with chromium() as browser:
        yield browser


async def walk(page: Page, house: House, clock: FakeClock, look: Look) -> None:
    """From the first sign-in, which leads to setting it up, to the second, which asks for the code; a look at each page."""
    base = house.settings.web.base_url
    await give_password(page, base)
    await page.wait_for_url(f"{base}/second-step")
    await look("required")
    secret = (await page.locator("code.spelled").inner_text()).replace(" ", "")
    await page.fill("input[name=fresh]", "000000")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main form[action='/second-step'] button")
    assert "Mã không khớp" in await page.locator("#fault").inner_text()
    await look("set-up-wrong")
    await page.fill("input[name=fresh]", pyotp.TOTP(secret).at(clock.now()))
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main form[action='/second-step'] button")
    codes = await page.locator("ol.recovery li").all_inner_texts()
    assert 10 == len(codes)
    await look("recovery-codes")
    await page.click("main a.button")
    await page.wait_for_url(f"{base}/")
    for name, path in (("second-step", "/second-step"), ("second-step-new", "/second-step/new")):
        await page.goto(base + path)
        await look(name)
    await page.locator("details.me > summary").click()
    await page.click("form[action='/sign-out'] button")
    await give_password(page, base)
    await page.wait_for_url(f"{base}/sign-in/code?next=/")
    await look("code")
    await give_code(page, "000000")
    assert "Mã không đúng" in await page.locator(".fault").inner_text()
    await look("code-wrong")
    clock.advance(30)
    await give_code(page, pyotp.TOTP(secret).at(clock.now()))
    await page.wait_for_url(f"{base}/")


async def give_password(page: Page, base: str) -> None:
    """The first step."""
    await page.goto(f"{base}/sign-in")
    await page.fill("input[name=login]", "hung")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button")


async def give_code(page: Page, code: str) -> None:
    """The second."""
    await page.fill("input[name=code]", code)
    await page.click("main button")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_every_page_of_it_stands(
    house: House, clock: FakeClock, browser: Browser, theme: Theme, width: int
) -> None:
    """axe-core finds nothing, nothing is wider than the screen, one heading, no error in the console."""
    keep = Path(os.environ["LOA_PICTURES"]) if "LOA_PICTURES" in os.environ else None
    viewport = {"width": width, "height": 844}
    context = await browser.new_context(viewport=viewport, color_scheme=theme, locale="vi-VN")  # type: ignore[arg-type]
    page = await context.new_page()
    faults: list[str] = []
    page.on(
        "console", lambda said: faults.append(said.text) if said.type == "error" and "422" not in said.text else None
    )

    async def look(name: str) -> None:
        if keep:
            await page.screenshot(path=keep / f"{name}-{width}-{theme}.png", full_page=True)
        for part in await page.locator("main details:not([open]) > summary").all():
            await part.click()
        faults.extend(f"{name}: {one}" for one in await violations_on(page))
        if await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            faults.append(f"{name} is too wide")
        if await page.locator("h1").count() != 1:
            faults.append(f"{name} has not one heading")

    await walk(page, house, clock, look)
    assert [] == faults


async def test_it_works_without_a_script(house: House, clock: FakeClock, browser: Browser) -> None:
    """The whole way on a phone that runs none; phones show digits and offer the code where it is asked for."""
    context = await browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page, seen = await context.new_page(), list[str]()

    async def look(name: str) -> None:
        for field in await page.locator("input[name=code], input[name=fresh]").all():
            assert "numeric" == await field.get_attribute("inputmode"), name
        seen.append(name)

    await walk(page, house, clock, look)
    assert 7 == len(seen)
    assert "Hôm nay" in await page.locator("h1").inner_text()
