"""The public site as its readers meet it: kept as drawn, drawn anew when something changes, and visits counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from channels.kinds import portal
from channels.site import store
from content.item import Draft
from scheduler.schedule import Rule
from scheduler.scheduling import Wish

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0"
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


async def publish(desk: Any, title: str, item: Any = None) -> Any:
    """An item on the portal now; with `item` a corrected text of it."""
    house, now = desk.house, desk.clock.now()
    async with house.database.write() as tx:
        draft = Draft(title, "Nội dung của tin.")
        lan = "Nguyễn Thị Lan"
        item = await (house.editing.revise(tx, item.id, draft, lan) if item else house.editing.write(tx, draft, lan))
        await house.editing.submit(tx, item.id, lan)
        item = await house.editing.approve(tx, item.id, "Trần Văn Hùng")
        await house.scheduling.add(tx, Wish((item.id,), ("portal",), Rule(once=now)), "Hùng", may_approve=True)
    await house.runner.drain()
    desk.clock.advance(2)
    return item


async def read(desk: Any, path: str = "", agent: str = BROWSER) -> str:
    """A page of the site."""
    answer = await desk.client.get(f"/portal/{path}", headers={"User-Agent": agent})
    assert answer.status == 200
    return str(await answer.text())


async def test_drawn_once_and_anew_when_something_changes(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second reader costs no drawing; a correction, the end of what holds and a withdrawal are seen at once."""
    drawn = []
    draw = portal.draw
    monkeypatch.setattr(
        portal, "draw", lambda template, *rest, **more: drawn.append(template) or draw(template, *rest, **more)
    )
    item = await publish(desk, "Tin thứ nhất")
    for _ in range(3):
        assert "Tin thứ nhất" in await read(desk)
    assert drawn == ["list.html"]
    await publish(desk, "Tin đã sửa", item)
    assert "Tin đã sửa" in await read(desk) and len(drawn) == 2
    assert "đã được sửa" in await read(desk, item.slug)
    hung = await desk.browser("hung")
    assert (await hung.post(f"/items/{item.id}/withdraw", {"note": "Sai số liệu"})).status == 303
    assert "Tin đã sửa" not in await read(desk)
    gone = await desk.client.get(f"/portal/{item.slug}")
    assert gone.status == 410 and (await desk.client.get(f"/portal/in/{item.slug}")).status == 410
    said = await gone.text()
    assert "đã được thu hồi" in said and "thu hồi <time" in said and "23/11/2026" in said and "Tin đã sửa" in said
    assert "so-cong-bo" in said and "Nội dung của" not in said and "noindex" in said
    assert "Thu hồi 23/11/2026" in await read(desk, "so-cong-bo")


async def test_visits_are_counted_once_and_robots_never(desk: Any) -> None:
    """Pages in a row are one visit; half an hour away makes another; a feed, a robot and a look ahead are none."""
    await publish(desk, "Tin thứ nhất")
    for agent in (ROBOT, "curl/8.5.0", "Mozilla/5.0 (iPad; like a feed reader)"):
        await read(desk, agent=agent)
    await desk.client.get("/portal/", headers={"User-Agent": BROWSER, "Sec-Purpose": "prefetch"})
    await read(desk, "feed.xml")
    told = "/portal/thong-ke.json"
    assert await (await desk.client.get(told)).json() == {"today": 0, "total": 0, "now": 0}
    await read(desk)
    await read(desk, "so-cong-bo")
    await read(desk, agent=BROWSER + " khác")
    assert await (await desk.client.get(told)).json() == {"today": 2, "total": 2, "now": 2}
    desk.clock.advance(31 * 60)
    await read(desk)
    assert await (await desk.client.get(told)).json() == {"today": 3, "total": 3, "now": 1}
    desk.clock.advance(86400)
    assert await (await desk.client.get(told)).json() == {"today": 0, "total": 3, "now": 0}
    async with desk.house.database.read() as connection:
        day = (desk.clock.now() - timedelta(days=1) + timedelta(hours=7)).date()
        assert (await store.visits_of(connection, "portal", day)).today == 3
