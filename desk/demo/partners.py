"""What the partners of the demo do: a station polls, a reader opens pages, somebody prints sheets and posts them."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urljoin

import aiohttp

from desk.demo import television
from desk.demo.stage import POSTER, SLOT, Stage
from scheduler.delivery import State
from scheduler.log import store as log_store

_STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)"')


async def partners_live(on: Stage) -> None:
    """The station polls its feed, a reader opens each new page of the portal, each new sheet is printed and posted."""
    house = on.house
    portal = f"{house.settings.web.base_url}/portal/"
    (on.directory / "portal").mkdir(exist_ok=True)
    (on.directory / "bang-tin").mkdir(exist_ok=True)
    seen: set[str] = set()
    async with aiohttp.ClientSession() as reader:
        while not house.stopping.is_set():
            await on.station.poll()
            await _fetch_programme(on, reader)
            if on.clip is None:
                on.clip = await television.take(reader, on.television_page, on.directory / television.NAME)
            async with house.database.read() as connection:
                wanted = log_store.Filter(outlets=("cong-thong-tin", "bang-tin"), states=(State.SENT,))
                sent = await log_store.list_deliveries(connection, wanted)
            for delivery in sent:
                if delivery.outlet == "bang-tin":
                    await _post_sheet(on, reader, delivery.id)
                elif delivery.reference.startswith(portal) and delivery.reference not in seen:
                    seen.add(delivery.reference)
                    await _read_page(on, reader, delivery.reference)
            await house.clock.wait(house.stopping, 1.0)


async def _fetch_programme(on: Stage, reader: aiohttp.ClientSession) -> None:
    """What the station airs at its slot, as soon as it can be had."""
    if on.programme is not None:
        return
    async with reader.get(f"{on.station_page}slot/{SLOT}.mp3") as answer:
        if answer.status == 200:
            file = on.directory / "tram-xa" / f"{SLOT}.mp3"
            await asyncio.to_thread(file.write_bytes, await answer.read())
            on.programme = file
            on.house.notifier.ring("delivery")


async def _post_sheet(on: Stage, reader: aiohttp.ClientSession, delivery: str) -> None:
    """As somebody with a printer does: the sheet is taken off, and one tap says that it hangs."""
    async with reader.get(f"{on.board_page}in/{delivery}-a4.pdf") as answer:
        answer.raise_for_status()
        file = on.directory / "bang-tin" / f"{delivery}.pdf"
        await asyncio.to_thread(file.write_bytes, await answer.read())
    said = {"delivery": delivery, "deed": "posted", "by": POSTER}
    async with reader.post(f"{on.board_page}said", data=said, allow_redirects=False) as answer:
        answer.raise_for_status()


async def _read_page(on: Stage, reader: aiohttp.ClientSession, address: str) -> None:
    """As a browser saves one: its style goes beside it, so that it can be looked at when the portal is gone."""
    async with reader.get(address) as answer:
        page = await answer.text()
    [style] = _STYLE.findall(page)
    async with reader.get(urljoin(address, style)) as answer:
        await asyncio.to_thread((on.directory / "portal" / "style.css").write_bytes, await answer.read())
    file = on.directory / "portal" / f"{address.rstrip('/').rsplit('/', 1)[-1]}.html"
    await asyncio.to_thread(file.write_text, page.replace(style, "style.css"), encoding="utf-8")
    on.pages.append(file)
