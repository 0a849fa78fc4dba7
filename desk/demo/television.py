"""The television desk of the demo: takes a clip as soon as it can be had, and says that it was aired."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp

NAME, KEY = "truyen-hinh", "truyen-hinh-sop-cop-2026"
OPTIONS: dict[str, Any] = {"kind": "television", "title": "Truyền hình huyện", "token": KEY}


async def take(reader: aiohttp.ClientSession, root: str, directory: Path) -> Path | None:
    """Its first clip with everything that goes with it, fetched into `directory`; None while there is none."""
    async with reader.get(f"{root}danh-sach.json") as answer:
        answer.raise_for_status()
        clips = (await answer.json())["clips"]
    if not clips:
        return None
    await asyncio.to_thread(directory.mkdir, exist_ok=True)
    taken = [await _fetch(reader, address, directory) for address in clips[0]["files"].values()]
    aired = {"delivery": clips[0]["delivery"], "presenter": "Tổ truyền hình"}
    async with reader.post(f"{root}aired", json=aired) as answer:
        answer.raise_for_status()
    return taken[0]


async def _fetch(reader: aiohttp.ClientSession, address: str, directory: Path) -> Path:
    async with reader.get(address) as answer:
        answer.raise_for_status()
        data = await answer.read()
    file = directory / address.rsplit("/", 1)[-1]
    await asyncio.to_thread(file.write_bytes, data)
    return file
