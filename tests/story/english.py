"""What stands in Vietnamese on the pages of somebody who reads English, but what people wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from playwright.async_api import Browser, Page
from sqlalchemy import MetaData, select

from content.item import LANGUAGES
from desk.app import House
from desk.english import SPOKEN, catalogue
from desk.foreign import VIETNAMESE
from desk.units import register
from tests.story.looking import sign_in, violations_on

LAW = re.compile(r"\d+/\d{4}/[A-ZĐ-]+")
"""As `49/2024/NĐ-CP`."""
_TEXTS = """spoken => {
  const texts = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (node.parentElement.closest("[lang]:not(bdi)").lang === "en") texts.push(node.data);
  for (const name of spoken)
    for (const element of document.querySelectorAll(`[${name}]`))
      if (element.closest("[lang]").lang === "en") texts.push(element.getAttribute(name));
  return texts;
}"""

_UNMARKED = """() => {
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (node.parentElement.closest("[lang]").lang === "en" && !node.parentElement.closest("option, textarea"))
      texts.push(node.data);
  return texts;
}"""
_BROKEN = """() => [...document.querySelectorAll("*")].flatMap(element => [...element.attributes])
  .filter(one => one.value.includes("<bdi")).map(one => one.value).concat(document.title.includes("<bdi") ? [document.title] : [])
"""


async def vietnamese_on(browser: Browser, house: House, addresses: Mapping[str, str]) -> list[str]:
    """Vietnamese on each page outside of what is marked as such, and of what the office wrote or set; empty is well.

    The pages are looked at on a phone in the dark: English words have other lengths, so axe-core and the width are asked too.
    """
    base, written = house.settings.web.base_url, await _written(house)
    context = await browser.new_context(
        locale="en-GB", viewport={"width": 390, "height": 844}, color_scheme="dark", reduced_motion="reduce"
    )
    page = await context.new_page()
    await sign_in(page, base)
    await page.click("details.me summary")
    await page.click("button[lang=en]")
    await page.wait_for_selector("html[lang=en]")
    found = []
    for name, address in addresses.items():
        await page.goto(base + address)
        found += [f"{name}: {text}" for text in await _foreign(page) if text not in written]
        found += [f"{name}, not marked: {text}" for text in await _unmarked(page)]
        found += [f"{name}, in an attribute: {text}" for text in await page.evaluate(_BROKEN)]
        found += [f"{name}: {one}" for one in await violations_on(page)]
        wider = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        found += [f"{name} is {wider} px too wide"] if wider > 0 else []
    return found


async def _unmarked(page: Page) -> list[str]:
    """Vietnamese that a screen reader would say as English; what English sentences quote may be."""
    quoted = " ".join(english for entries in catalogue().files.values() for english in entries.values())
    texts = [" ".join(text.split()) for text in await page.evaluate(_UNMARKED)]
    return [text for text in texts if any(word not in quoted for word in text.split() if VIETNAMESE.search(word))]


async def _foreign(page: Page) -> list[str]:
    """From the first to the last Vietnamese word of each part of each text."""
    found = {}
    for text in await page.evaluate(_TEXTS, list(SPOKEN)):
        for part in _parts(" ".join(text.split())):
            words = part.split()
            marked = [at for at, word in enumerate(words) if VIETNAMESE.search(word) and not LAW.fullmatch(word)]
            if marked:
                found[" ".join(words[marked[0] : marked[-1] + 1]).strip(".,:;()“”…?!")] = None
    return list(found)


def _parts(text: str) -> list[str]:
    for mark in ("·", "“", "”", ";", ": ", ", ", "(", ")"):
        text = text.replace(mark, "\n")
    return text.split("\n")


async def _written(house: House) -> str:
    """All that stands in the database, in the settings and in the country's register, and what English texts quote."""
    kept = [json.dumps(house.settings.model_dump(mode="json"), ensure_ascii=False)]
    kept += register.provinces()
    kept += [language.en for language in LANGUAGES.values()]
    kept += [english for entries in catalogue().files.values() for english in entries.values()]
    async with house.database.read() as connection:
        tables = MetaData()
        await connection.run_sync(tables.reflect)
        for table in tables.sorted_tables:
            kept += [
                str(value) for row in await connection.execute(select(table)) for value in row if isinstance(value, str)
            ]
    return " ".join(" ".join(kept).replace("\\n", " ").split())
