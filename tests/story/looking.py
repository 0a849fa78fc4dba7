"""Looking at pages in a real browser: whether each stands, and what axe-core finds on it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PASSWORD = "truyen-thanh-moi-sang-5h"
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")
MIDDLING = 900
"""A window as wide as a tablet, or a laptop whose letters are set large."""

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium here (apt-get install chromium); .ci/run installs it"
)


BROKEN = r"""() => {
  const seen = el => el.checkVisibility({visibilityProperty: true}) && !el.closest("pre, code, textarea, .unseen");
  const hidden = el => { for (; el; el = el.parentElement) if (getComputedStyle(el).clipPath !== "none") return true; };
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
  const broken = [];
  for (let text; (text = words.nextNode());) {
    if (!seen(text.parentElement) || hidden(text.parentElement)) continue;
    for (const word of text.data.matchAll(/\S+/g)) {
      if (word[0].length > 16 || /[^\p{L}\p{N}.,%]/u.test(word[0])) continue;
      range.setStart(text, word.index); range.setEnd(text, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].filter(one => one.width > 0.5).map(one => Math.round(one.top)));
      if (lines.size > 1) broken.push(word[0]);
    }
  }
  return broken.slice(0, 5);
}"""
"""Words and numbers, not too long, that do not stand in one line: what holds them is too narrow. Addresses may be broken."""


SHIFTED = """() => new Promise(done => {
  let shifted = 0;
  const add = list => list.getEntries().forEach(one => {
    if (one.sources.some(what => what.node)) shifted += one.value;
  });
  new PerformanceObserver(add).observe({type: "layout-shift", buffered: true});
  document.fonts.ready.then(() => requestAnimationFrame(() => setTimeout(() => done(shifted))));
})"""
"""How far what stood on the page has moved by itself since it was opened (Layout Instability API); a player's inside is the browser's."""


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A headless Chromium that talks to nobody else."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser
        await browser.close()


async def sign_in(page: Page, base: str, login: str = "hung") -> None:
    """As the administrator `hung`, or somebody else."""
    await page.goto(f"{base}/sign-in")
    await page.fill("input[name=login]", login)
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button")
    await page.wait_for_url(f"{base}/")


async def faults_of(browser: Browser, base: str, addresses: Mapping[str, str]) -> list[str]:
    """Pages that are not there, wider than the screen, with broken words or without one heading; what the console complains of."""
    keep = Path(os.environ["LOA_PICTURES"]) if "LOA_PICTURES" in os.environ else None
    faults: list[str] = []
    for theme in THEMES:
        for width, height in ((1280, 900), (390, 844)):
            context = await browser.new_context(
                viewport={"width": width, "height": height}, color_scheme=theme, locale="vi-VN"
            )
            page = await context.new_page()
            page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
            page.on("response", lambda got: faults.append(f"{got.status} {got.url}") if got.status >= 400 else None)
            await sign_in(page, base)
            for name, path in addresses.items():
                answer = await page.goto(base + path)
                if answer is None or answer.status != 200:
                    faults.append(f"{path} is not there")
                if shifted := await page.evaluate(SHIFTED):
                    faults.append(f"{path} shifts by {shifted:.4f} at {width}")
                if await page.locator("h1").count() != 1:
                    faults.append(f"{path} has not one heading")
                if keep:
                    await page.screenshot(path=keep / f"{name}-{width}-{theme}.png")
                if theme == THEMES[0]:
                    widths = (width, MIDDLING) if width > MIDDLING else (width,)
                    faults.extend(await _faults_of_width(page, path, widths))
                    await page.set_viewport_size({"width": width, "height": height})
            await context.close()
    return faults


async def _faults_of_width(page: Page, path: str, widths: Sequence[int]) -> list[str]:
    """What does not fit where the window is so wide."""
    faults: list[str] = []
    for width in widths:
        await page.set_viewport_size({"width": width, "height": 900})
        wider = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wider > 0:
            faults.append(f"{path} is {wider} px too wide at {width}")
        if broken := await page.evaluate(BROKEN):
            faults.append(f"{path} breaks words at {width}: {broken}")
    return faults


async def violations(browser: Browser, base: str, addresses: Mapping[str, str], theme: Theme, width: int) -> list[str]:
    """What axe-core finds against WCAG 2.1 A and AA and its own best practice."""
    found = list[str]()
    context = await browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    page = await context.new_page()
    await sign_in(page, base)
    for name, path in addresses.items():
        await page.goto(base + path)
        found += [f"{name}: {one}" for one in await violations_on(page)]
    await context.close()
    return found


async def violations_on(page: Page) -> list[str]:
    """The same, of the page as it stands."""
    wanted = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
    results = await Axe().run(page, options=wanted)
    return [
        f"{one['id']}: {one['help']}: {[' '.join(node['target']) for node in one['nodes']][:3]}"
        for one in results.response["violations"]
    ]
