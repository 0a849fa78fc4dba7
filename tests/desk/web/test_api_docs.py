"""docs/api.md is true: its examples are run against a house, and what it lists is what the code has."""

from __future__ import annotations

import re
import shlex
from typing import Any

import aiohttp

from config.settings import ApiSettings
from desk import conditions, idempotency, limits, live
from scheduler.chronicler import SETTLING
from scheduler.events.event import KEPT, TYPE, Kind
from tests.conftest import ROOT

PAGE = (ROOT / "docs/api.md").read_text(encoding="utf-8")
FILES = {"danh-sach.csv": b"phone\n0912345678\n"}


def examples() -> list[tuple[list[str], int]]:
    """Each curl line of the page in words, and the status it is said to get."""
    found = re.findall(r"^curl (.*?) +# (\d{3})$", PAGE, re.MULTILINE)
    assert len(found) == PAGE.count("\ncurl ")
    return [(shlex.split(line), int(status)) for line, status in found]


async def send(desk: Any, words: list[str], known: dict[str, str]) -> aiohttp.ClientResponse:
    """One example as curl would send it."""
    words = [re.sub(r"\$([A-Z]+)", lambda name: known[name[1]], word) for word in words]
    headers: dict[str, str] = {}
    data: Any = None
    method, address, rest = "GET", "", iter(words)
    for word in rest:
        if word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-X":
            method = next(rest)
        elif word == "-d":
            method, data = "POST", next(rest).encode()
        elif word == "-F":
            method, data = "POST", data or aiohttp.FormData()
            name, _, value = next(rest).partition("=")
            if value.startswith("@"):
                data.add_field(name, FILES[value[1:]], filename=value[1:])
            else:
                data.add_field(name, value)
        else:
            assert not word.startswith("-"), word
            address = word
    answer: aiohttp.ClientResponse = await desk.client.request(method, address, headers=headers, data=data)
    return answer


async def test_every_example(desk: Any) -> None:
    """In order, as somebody reads them: each gets the status that is said, and the two under one key are one."""
    headers = await desk.api("lan", "read", "write")
    item, replayed = await desk.draft(), []
    await desk.deliveries("ccc")
    tag = (await desk.client.get(f"/api/v1/items/{item.id}", headers=headers)).headers["ETag"]
    page = await (await desk.client.get("/api/v1/deliveries?limit=1", headers=headers)).json()
    known = {
        "LOA": "",
        "TOKEN": headers["Authorization"].split()[1],
        "ITEM": item.id,
        "ETAG": tag,
        "NEXT": page["next"],
    }
    for words, status in examples():
        answer = await send(desk, words, known)
        assert answer.status == status, (words, await answer.text())
        replayed += [answer.headers["Idempotent-Replayed"]] if "Idempotent-Replayed" in answer.headers else []
    assert replayed == ["true"]


def test_what_is_listed() -> None:
    """Problem types, topics of the stream and types of events, no more and no less."""
    types = {idempotency.REUSED, idempotency.UNDER_WAY, idempotency.NOT_KEPT, conditions.CHANGED, limits.QUOTA_EXCEEDED}
    assert set(re.findall(r"^\| `((?:urn|https):[^`]+)`", PAGE, re.MULTILINE)) == types
    assert f"mặc định {ApiSettings().per_minute}" in PAGE
    topics = re.search(r"chủ đề vừa đổi \(`([^`]+)`\)", PAGE)
    assert topics is not None and tuple(topics[1].split()) == live.TOPICS
    assert {f"{TYPE}{kind}" for kind in Kind} == set(re.findall(r"^\| `(vn\.loa\.[\w.]+)` \|", PAGE, re.MULTILINE))
    assert f"giữ {KEPT.days} ngày" in PAGE and f"{SETTLING.seconds} giây sau khi" in PAGE
