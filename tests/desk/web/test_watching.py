"""Catalogues of a folder and of an address, taken in by themselves; bad ones are told on Today and change nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.http import Http
from config.settings import ProcedureSettings
from content import store as content_store
from content.item import ItemState
from content.procedures import store
from desk.procedures.watching import AUTHOR, Watcher

HEAD = "mã,tên,phí\n"


def watcher(desk: Any, http: Any = None, **settings: Any) -> Watcher:
    """One of this house."""
    house = desk.house
    told = ProcedureSettings(**settings)
    return Watcher(house.database, desk.clock, house.notifier, http or house.http, house.procedures, told)


def put(folder: Path, name: str, fee: str, at: int) -> None:
    """A catalogue of one procedure, as old as said."""
    (folder / name).write_text(f"{HEAD}1.001193,Đăng ký khai sinh,{fee}\n", encoding="utf-8")
    os.utime(folder / name, (at, at))


async def fee(desk: Any) -> str:
    """As the catalogue has it."""
    async with desk.house.database.read() as connection:
        return (await store.find(connection, "1.001193")).fee


async def test_a_folder_is_taken_in_once(desk: Any, tmp_path: Path) -> None:
    """The newest has the last word, also when it stands there still; a change is a draft of nobody's."""
    one = watcher(desk, folder=str(tmp_path))
    put(tmp_path, "b.csv", "8.000 đồng", 1)
    (tmp_path / ".c.csv").write_text("rác", encoding="utf-8")
    assert (await one.look(), await one.look()) == (1, 0)
    put(tmp_path, "a.csv", "miễn phí", 2)
    desk.clock.advance(60)
    assert (await one.look(), await watcher(desk, folder=str(tmp_path)).look()) == (1, 0)
    assert await fee(desk) == "miễn phí"
    async with desk.house.database.read() as connection:
        [item] = await content_store.list_items(connection, states=(ItemState.DRAFT,))
        assert await content_store.writers_of(connection, item.id) == [AUTHOR]


async def test_what_is_bad_is_told_until_it_is_good(desk: Any, tmp_path: Path) -> None:
    """A bad row, then the same file set right; and a folder that is not there."""
    lan = await desk.browser("lan")
    one = watcher(desk, folder=str(tmp_path))
    (tmp_path / "a.csv").write_text(f"{HEAD}1.001193,,\n", encoding="utf-8")
    assert await one.look() == 0
    assert "thiếu tên thủ tục" in await lan.page("/")
    put(tmp_path, "a.csv", "0", 3)
    assert await one.look() == 1
    assert "thiếu tên thủ tục" not in await lan.page("/")
    assert await watcher(desk, folder=str(tmp_path / "none")).look() == 0
    assert "Không đọc được thư mục" in await lan.page("/")


async def test_an_address_is_read_behind_the_guard(desk: Any) -> None:
    """Over the one client: a private address only where the office allows it."""

    async def catalogue(_: web.Request) -> web.Response:
        return web.json_response([{"code": "1.001193", "name": "Đăng ký khai sinh", "fee": "0"}])

    app = web.Application()
    app.router.add_get("/dm.json", catalogue)
    async with TestServer(app) as server:
        address = str(server.make_url("/dm.json"))
        guarded, opened = Http(desk.clock), Http(desk.clock, ["127.0.0.0/8"])
        assert await watcher(desk, guarded, address=address).look() == 0
        async with desk.house.database.read() as connection:
            [(source, _)] = await store.source_faults(connection)
            assert source == address and await store.count(connection) == 0
        assert await watcher(desk, opened, address=address).look() == 1
        await guarded.close()
        await opened.close()
    assert await fee(desk) == "0"
