"""An office at work before a browser's eyes: the demo's house and partners, a clock that can be pushed, people who look and act."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, expect

from config.clock import SystemClock, to_millisecond
from desk.demo.partners import partners_live
from desk.demo.play import gather
from desk.demo.stage import Stage, free_port, stage
from tests.story.looking import THEMES, sign_in, violations_on

WIDE: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
WAIT_MS = 60_000
"""What has not come by then does not come; on a machine that is busy a page may take its time."""


class PushedClock(SystemClock):
    """The machine's clock, which a story pushes ahead: whoever waits on it finds that the time has gone by."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._pushed = asyncio.Event()

    def now(self) -> datetime:
        """See Clock.now."""
        return to_millisecond(super().now() + self._ahead)

    def ms(self) -> int:
        """See Clock.ms."""
        return super().ms() + self._ahead // timedelta(milliseconds=1)

    def steady(self) -> float:  # type: ignore[override]
        """See Clock.steady."""
        return SystemClock.steady() + self._ahead.total_seconds()

    async def wait(self, event: asyncio.Event, seconds: float) -> bool:
        """See Clock.wait."""
        until = self.steady() + seconds
        while not event.is_set() and (left := until - self.steady()) > 0:
            waits = [asyncio.ensure_future(one.wait()) for one in (event, self._pushed)]
            try:
                await asyncio.wait(waits, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        return event.is_set()

    def push(self, ahead: timedelta) -> None:
        """So much time has gone by."""
        self._ahead += ahead
        self._pushed.set()
        self._pushed = asyncio.Event()


@dataclass
class Screens:
    """The browser in which people of one office sit before its desk, and what was wrong with what they saw."""

    base: str
    browser: Browser
    faults: list[str] = field(default_factory=list)

    async def somebody(self, login: str, **screen: Any) -> Somebody:
        """A person before a screen of their own, nobody signed in yet."""
        context = await self.browser.new_context(**screen, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh")
        context.set_default_timeout(WAIT_MS)
        expect.set_options(timeout=WAIT_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.faults.append(f"{login}: {error}"))
        page.on("response", lambda got: self.faults.append(f"{login}: {got.status}") if got.status >= 500 else None)
        return Somebody(self, login, page)


@dataclass
class Somebody:
    """A person of the office, who acts by what the page says and looks at what comes."""

    screens: Screens
    login: str
    page: Page
    looks: int = 0

    async def sign_in(self) -> None:
        """By the password."""
        await sign_in(self.page, self.screens.base, self.login)

    async def goes_to(self, place: str) -> None:
        """A place of the navigation, on a phone under “Mục khác” where it is not at hand."""
        places = self.page.get_by_role("navigation", name="Các mục chính")
        link = places.get_by_role("link", name=place, exact=True).filter(visible=True)
        if not await link.count():
            await places.get_by_text("Mục khác").tap()
            await self.look("more", await self.page.get_by_role("heading", level=1).inner_text(), closely=True)
        await link.click()

    async def press(self, words: str) -> None:
        """The button, link or menu of that name; on a phone with a finger."""
        page = self.page
        found = page.get_by_role("button", name=words, exact=True).or_(page.get_by_role("link", name=words, exact=True))
        found = found.or_(page.locator("summary", has_text=words)).filter(visible=True)
        await expect(found).to_have_count(1)
        await (found.tap() if await page.evaluate("navigator.maxTouchPoints") else found.click())

    async def look(self, name: str, heading: str, *, closely: bool = False) -> None:
        """Whether the page of that heading fits the screen, and `closely` whether axe finds anything on it.

        Pictures of it in both themes where pictures are kept.
        """
        page, at = self.page, f"{self.login} at {name}"
        await expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
        await page.wait_for_load_state("load")
        self.looks += 1
        if await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            self.screens.faults.append(f"{at}: wider than the screen")
        if closely:
            self.screens.faults += [f"{at}: {one}" for one in await violations_on(page)]
        if "LOA_PICTURES" in os.environ:
            for theme in THEMES:
                await page.emulate_media(color_scheme=theme)
                file = Path(os.environ["LOA_PICTURES"]) / f"story-{self.login}-{self.looks:02}-{name}-{theme}.png"
                await page.screenshot(path=file, full_page=True)
            await page.emulate_media(color_scheme=None)


@contextlib.asynccontextmanager
async def at_work(directory: Path, clock: PushedClock) -> AsyncIterator[Stage]:
    """The demo's house at work, its partners on real sockets, its recipients gathered; no text and no person yet."""
    async with stage(directory, free_port(), timedelta(hours=3), clock) as on, asyncio.TaskGroup() as group:
        group.create_task(on.house.runner.run())
        group.create_task(partners_live(on))
        await gather(on)
        yield on
        on.house.stop()
