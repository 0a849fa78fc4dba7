"""A station's page on a phone, its taps, its keys and its sheet of paper."""

from __future__ import annotations

import re
from typing import Any

import pytest
from aiohttp import ClientResponse

from channels.station import store as station_store
from content.bulletin import BulletinClass
from content.item import Item
from scheduler.log import store as log_store
from scheduler.schedule import Rule
from tests.sounds import record

KEY = "t" * 32
PAGE = f"/radio/dai-xa/t/{KEY}/"


async def send(desk: Any, title: str, klass: BulletinClass = BulletinClass.NORMAL, **more: Any) -> Item:
    """A bulletin on the station's shelf."""
    desk.clock.advance(2)  # an outlet is sent to so often a second
    item = await desk.approved(title=title, **more)
    await record(desk.house, item)
    rule = Rule(once=desk.clock.now())
    await desk.schedule(items=(item.id,), outlets=("dai-xa",), rule=rule, klass=klass)
    await desk.house.runner.drain()
    return item


async def page(desk: Any, path: str = PAGE) -> str:
    """The page as a stranger's phone gets it."""
    answer = await desk.client.get(path)
    assert 200 == answer.status
    return await answer.text()


def forms(html: str) -> list[dict[str, str]]:
    """The hidden fields of each tap, in order."""
    found = re.findall(r'<form class="tap".*?</form>', html, re.DOTALL)
    return [dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)) for form in found]


async def tap(desk: Any, fields: dict[str, str], path: str = PAGE, **headers: str) -> ClientResponse:
    """A tap on the button of a form."""
    answer: ClientResponse = await desk.client.post(f"{path}aired", data=fields, headers=headers, allow_redirects=False)
    return answer


async def aired(desk: Any) -> list[tuple[str, str]]:
    """What the log has of airings: bulletin and words, in order of deliveries."""
    async with desk.house.database.read() as connection:
        found = []
        async for delivery in log_store.walk(connection, log_store.Filter(outlets=("dai-xa",))):
            story = await log_store.story(connection, delivery.id)
            found += [(delivery.title, row.detail) for row in story.receipts if row.stage == "aired"]
    return sorted(found)


async def test_urgent_stands_on_top_in_words(desk: Any, words: Any) -> None:
    """Each with play, download, the approved script in large type, and a button; nothing needs a script."""
    await send(desk, "Lịch tiêm chủng")
    await send(desk, "Lũ ống trên suối Nậm Ca", BulletinClass.URGENT, body="Bà con rời bờ suối ngay.")
    html = await page(desk)
    assert html.index("KHẨN CẤP: phát ngay") < html.index("Lũ ống trên suối") < html.index("Lịch tiêm chủng")
    assert "Bà con rời bờ suối ngay." in words(html)
    assert 1 == html.count("<script") == html.count('<script src="/static/station.js')
    assert 2 == html.count("<audio") == html.count("Đã phát</button>")
    for address in re.findall(r'<audio [^>]*src="([^"]+)"', html):
        answer = await desk.client.get(PAGE + address)
        assert (200, "audio/mpeg") == (answer.status, answer.headers["Content-Type"])


async def test_one_tap_is_kept_once(desk: Any, words: Any) -> None:
    """Tapped twice it is one airing; the page says so, with who read it; a further airing is a further one."""
    await send(desk, "Lịch tiêm chủng")
    (form,) = forms(await page(desk))
    for _ in range(2):
        answer = await tap(desk, form | {"presenter": "Chị Hà", "slot": "sang"})
        assert (303, "./") == (answer.status, answer.headers["Location"])
        assert not answer.cookies
    assert [("Lịch tiêm chủng", "sang, Chị Hà")] == await aired(desk)
    html = await page(desk)
    assert "Đã phát hôm nay 08:00 , Chị Hà" in words(html) and "Phát thêm lần nữa" in html
    await tap(desk, forms(html)[0])
    async with desk.house.database.read() as connection:
        airings = await station_store.aired_between(
            connection, "dai-xa", desk.clock.now(), desk.clock.now().replace(year=2027)
        )
    assert ["", "Chị Hà"] == sorted(one.presenter for one in airings)


async def test_a_tap_needs_the_key_and_comes_from_its_own_page(desk: Any) -> None:
    """A wrong key, another site that makes a browser send it, a bulletin of nobody: nothing is kept."""
    await send(desk, "Lịch tiêm chủng")
    (form,) = forms(await page(desk))
    assert 401 == (await desk.client.get("/radio/dai-xa/")).status
    assert 401 == (await tap(desk, form, "/radio/dai-xa/t/sai/")).status
    assert 403 == (await tap(desk, form, **{"Sec-Fetch-Site": "cross-site"})).status
    assert 404 == (await tap(desk, form | {"delivery": "0000000000000-0"})).status
    assert 404 == (await tap(desk, form | {"delivery": form["delivery"] + ".2"})).status
    assert 404 == (await tap(desk, {"programme": "sang@2026-11-23T05:00"})).status
    assert [] == await aired(desk)


async def test_the_key_may_come_in_the_query(desk: Any) -> None:
    """As software has it; taps lead back to where they came from."""
    await send(desk, "Lịch tiêm chủng")
    html = await page(desk, f"/radio/dai-xa/?token={KEY}")
    (form,) = forms(html)
    assert f'action="aired?token={KEY}"' in html
    answer = await desk.client.post(f"/radio/dai-xa/aired?token={KEY}", data=form, allow_redirects=False)
    assert f"./?token={KEY}" == answer.headers["Location"]
    assert 1 == len(await aired(desk))


async def test_what_is_over_leaves_the_page(desk: Any) -> None:
    """At the moment; an empty page says that it is empty."""
    await send(desk, "Tin ngắn hạn", valid_until=desk.clock.now().replace(hour=3))
    assert "Tin ngắn hạn" in await page(desk)
    desk.clock.advance(2 * 3600)
    html = await page(desk)
    assert "Tin ngắn hạn" not in html and "Hiện không có bản tin nào" in html


async def test_a_new_key_is_shown_once_and_ends_the_old_one(desk: Any, words: Any) -> None:
    """On a sheet with its QR; hashed at rest; the key before it works until this one is used, or for two weeks."""
    hung = await desk.browser("hung")

    async def new_key() -> str:
        html = await (await hung.post("/outlets/dai-xa/key")).text()
        assert "<svg" in html and "hãy in tờ này ngay" in words(html).lower()
        return re.findall(r"/t/([\w-]{24})/", html)[0]

    first = await new_key()
    assert first not in await hung.page("/outlets/dai-xa/sheet")
    async with desk.house.database.read() as connection:
        rows = list(await connection.execute(station_store.station_token.select()))
    assert first not in repr(rows)
    await page(desk, f"/radio/dai-xa/t/{first}/")
    second = await new_key()
    await page(desk, f"/radio/dai-xa/t/{first}/")
    await page(desk, f"/radio/dai-xa/t/{second}/")
    for key, status in ((first, 401), (second, 200), (KEY, 200)):
        assert status == (await desk.client.get(f"/radio/dai-xa/t/{key}/feed.xml")).status
    third = await new_key()
    desk.clock.advance(14 * 86400 - 1)
    assert 200 == (await desk.client.get(f"/radio/dai-xa/t/{second}/feed.xml")).status
    desk.clock.advance(1)
    for key, status in ((second, 401), (third, 200)):
        assert status == (await desk.client.get(f"/radio/dai-xa/t/{key}/feed.xml")).status
    async with desk.house.database.read() as connection:
        deeds = await desk.house.journal.of(connection, "outlet/dai-xa")
    assert ["new_key"] * 3 == [deed.verb for deed in deeds] and first not in repr(deeds)


@pytest.mark.parametrize(("login", "status"), [("lan", 200), ("quan", 200), ("xem", 403), ("dai", 403)])
async def test_who_may_see_the_sheet(desk: Any, login: str, status: int) -> None:
    """Who runs the desk; a portal has none."""
    browser = await desk.browser(login)
    assert status == (await browser.get("/outlets/dai-xa/sheet")).status
    assert status == (await browser.post("/outlets/dai-xa/key")).status
    assert (404 if status == 200 else status) == (await browser.get("/outlets/portal/sheet")).status


async def test_a_program_gets_the_key_as_json(desk: Any) -> None:
    """With its address; the list of keys tells none."""
    answer = await desk.client.post("/api/v1/outlets/dai-xa/key", headers=await desk.api("hung"))
    plain = await answer.json()
    assert (200, 24) == (answer.status, len(plain["key"]))
    assert plain["address"].endswith(f"/radio/dai-xa/t/{plain['key']}/")
    assert [None] == [one["used_at"] for one in plain["keys"]]
