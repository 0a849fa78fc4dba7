"""A board in a real browser: the screen goes round, wakes for what is urgent, and runs without a line; a sheet is posted on a phone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from content.bulletin import BulletinClass
from tests.desk.web.test_boards import BOARD, NAME, PAGE, photo, send, sheets
from tests.desk.web.test_calendar_in_browser import base
from tests.story.looking import THEMES, chromium, needs_chromium, violations_on

pytestmark = needs_chromium

SOON = 15_000
LONG = "Bà con mang theo căn cước công dân và sổ hộ khẩu cũ khi đến làm thủ tục tại bộ phận một cửa của xã. " * 40


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with chromium() as browser:
        yield browser


@pytest.fixture
async def board(desk: Any) -> Any:
    """The desk with a notice board whose screen is lit all day and changes as fast as it may."""
    quan = await desk.browser("quan")
    more = {"options.lit_from": "00:00", "options.lit_until": "00:00", "options.screen_seconds": "5"}
    answer = await quan.post("/outlets", BOARD | more | {"options.place": "Trung tâm Phục vụ hành chính công"})
    assert 303 == answer.status
    return desk


async def screen(desk: Any, context: BrowserContext) -> Page:
    """The screen's page, once everything it needs is kept on the machine."""
    page = await context.new_page()
    await page.goto(str(desk.client.make_url(f"/board/{NAME}/screen/")))
    await expect(page.locator("body[data-kept=yes]")).to_have_count(1, timeout=SOON)
    return page


def kept(name: str) -> dict[str, Any] | None:
    """Where a picture goes, if pictures are wanted."""
    return {"path": Path(os.environ["LOA_PICTURES"]) / f"{name}.png"} if "LOA_PICTURES" in os.environ else None


async def picture(page: Page, name: str) -> None:
    """Keep what is seen, if pictures are wanted."""
    if told := kept(name):
        await page.screenshot(**told)


async def test_the_screen_goes_round_and_wakes_for_what_is_urgent(board: Any, browser: Browser) -> None:
    """A long text is parted into pages that fit; something urgent takes the whole screen by itself."""
    await send(board, "Lịch tiêm chủng")
    await send(board, "Cấp đổi căn cước", body=LONG)
    context = await browser.new_context(viewport={"width": 1280, "height": 720})
    page = await screen(board, context)
    await expect(page.locator("h2")).to_have_text("Cấp đổi căn cước", timeout=SOON)
    pages = int((await page.locator("#place").inner_text()).split("/")[1])
    assert pages > 2
    assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert await page.evaluate("(w => w.scrollHeight <= w.clientHeight)(document.getElementById('wall'))")
    await picture(page, "screen-normal")
    await expect(page.locator("#place")).to_have_text(f"2/{pages}", timeout=SOON)
    await send(board, "Lũ ống trên suối Nậm Ca", BulletinClass.URGENT, body="Bà con rời bờ suối ngay.")
    await expect(page.locator("body.alarm h2")).to_have_text("Lũ ống trên suối Nậm Ca", timeout=SOON)
    await expect(page.locator("#place")).to_have_text("1/1")
    await picture(page, "screen-urgent")
    assert [] == [one for one in await violations_on(page) if "region" not in one]


async def test_dark_at_night_but_for_what_is_urgent(desk: Any, browser: Browser) -> None:
    """By the machine's own clock, in the office's zone whatever zone the machine is in."""
    quan = await desk.browser("quan")
    assert (
        303 == (await quan.post("/outlets", BOARD | {"options.lit_from": "06:00", "options.lit_until": "21:00"})).status
    )
    await send(desk, "Lịch tiêm chủng")
    context = await browser.new_context(viewport={"width": 1280, "height": 720}, timezone_id="Europe/London")
    page = await context.new_page()
    await page.clock.set_fixed_time("2026-11-23T16:30:00Z")  # 23:30 there
    await page.goto(str(desk.client.make_url(f"/board/{NAME}/screen/")))
    await expect(page.locator("body.dark")).to_have_count(1, timeout=SOON)
    await expect(page.locator("#clock")).to_have_text("23:30")
    await send(desk, "Lũ ống trên suối Nậm Ca", BulletinClass.URGENT)
    await expect(page.locator("body.alarm:not(.dark) h2")).to_have_text("Lũ ống trên suối Nậm Ca", timeout=SOON)


async def test_it_runs_without_a_line(board: Any, browser: Browser) -> None:
    """Off the line it says so and goes on; begun anew it still shows what it knew; what is over leaves; then all is well again."""
    await send(board, "Lịch tiêm chủng")
    await send(board, "Họp thôn", valid_until=board.clock.now() + timedelta(hours=5))
    context = await browser.new_context(viewport={"width": 1280, "height": 720})
    page = await context.new_page()
    await page.clock.install(time=board.clock.now())
    await page.goto(str(board.client.make_url(f"/board/{NAME}/screen/")))
    await expect(page.locator("body[data-kept=yes]")).to_have_count(1, timeout=SOON)
    await context.set_offline(True)
    await page.reload()
    await expect(page.locator("#place")).to_have_text("1/2", timeout=SOON)
    await expect(page.locator("h2")).to_have_text("Họp thôn", timeout=SOON)
    await expect(page.locator("#line")).to_contain_text("Mất mạng", timeout=SOON)
    assert await page.evaluate("document.fonts.check('700 20px \"Be Vietnam Pro\"', 'ộ')")
    await picture(page, "screen-offline")
    await page.clock.fast_forward(timedelta(hours=6) // timedelta(milliseconds=1))
    await expect(page.locator("h2")).to_have_text("Lịch tiêm chủng", timeout=SOON)
    await expect(page.locator("#place")).to_have_text("1/1", timeout=SOON)
    await context.set_offline(False)
    await send(board, "Tin mới", BulletinClass.URGENT)
    await page.clock.fast_forward(10_000)
    await expect(page.locator("h2")).to_have_text("Tin mới", timeout=SOON)
    await expect(page.locator("#line")).to_have_text("", timeout=SOON)


async def test_a_worker_of_one_screen_is_of_no_other(board: Any, browser: Browser) -> None:
    """It has power over its own address, not over the desk or another board."""
    context = await browser.new_context()
    page = await screen(board, context)
    scope = await page.evaluate("navigator.serviceWorker.ready.then((one) => one.scope)")
    assert scope.endswith(f"/board/{NAME}/screen/")


async def test_posted_and_taken_down_on_a_phone_without_a_script(board: Any, browser: Browser, tmp_path: Path) -> None:
    """With a photo by the board's page; taken down by the code that is typed."""
    await send(board, "Lịch tiêm chủng", valid_until=board.clock.now() + timedelta(hours=5))
    file = tmp_path / "anh.jpg"
    await asyncio.to_thread(file.write_bytes, photo())
    context = await browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(str(board.client.make_url(PAGE)))
    await page.fill("input[name=by]", "Chị Hà")
    await page.set_input_files("input[name=photo]", file)
    await page.click("text=Đã dán")
    await expect(page.locator("#t-up")).to_contain_text("Đang dán (1)")
    board.clock.advance(6 * 3600)
    [sheet] = await sheets(board)
    await page.goto(str(board.client.make_url(f"/board/{NAME}/ma")))
    await page.fill("input[name=ma]", sheet["code"])
    await page.click("text=Tìm tờ tin")
    await page.fill("input[name=by]", "Anh Pó")
    await page.click("button:has-text('Đã gỡ')")
    await expect(page.locator("main")).to_contain_text("Đã gỡ hôm nay")
    [sheet] = await sheets(board)
    assert ("down", "code") == (sheet["standing"], sheet["down"]["way"])


async def test_noted_at_the_desk(board: Any, browser: Browser) -> None:
    """By somebody who is signed in, with a photo or without."""
    await send(board, "Lịch tiêm chủng")
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{await base(board, context)}/boards")
    await page.click("summary:has-text('Ghi đã dán')")
    await page.click("button:has-text('Đã dán')")
    await expect(page.locator("main")).to_contain_text("Đã ghi: tờ tin đang dán.")
    [sheet] = await sheets(board)
    assert ("up", "Trần Văn Hùng") == (sheet["standing"], sheet["posted"]["by"])


@pytest.mark.parametrize("width", [1280, 390])
async def test_nothing_is_wrong_in_both_themes(board: Any, browser: Browser, width: int) -> None:
    """axe-core finds nothing, nothing is wider than the screen, each page has one heading."""
    await send(board, "Lịch tiêm chủng", valid_until=board.clock.now() + timedelta(hours=5))
    await send(board, "Lũ ống trên suối Nậm Ca", BulletinClass.URGENT)
    code = (await sheets(board))[0]["code"]
    paths = (
        "/boards",
        PAGE,
        f"/board/{NAME}/ma?ma={code}",
        f"/outlets/{NAME}/sheet",
        "/outlets",
        f"/board/{NAME}/screen/",
    )
    found = []
    for theme in THEMES:
        context = await browser.new_context(viewport={"width": width, "height": 1200}, color_scheme=theme)
        address = await base(board, context)
        page = await context.new_page()
        for number, path in enumerate(paths):
            await page.goto(address + path)
            found += [f"{path} {theme}: {one}" for one in await violations_on(page)]
            wider = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            found += [f"{path} is {wider} px too wide"] if wider > 0 else []
            assert 1 == await page.locator("h1").count(), path
            await picture(page, f"board-{number}-{width}-{theme}")
        await context.close()
    assert [] == found
