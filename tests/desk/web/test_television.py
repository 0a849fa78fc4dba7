"""A television desk: clips on its shelf, pulled and proved, their subtitles, crawls and scripts, its page and its word."""

from __future__ import annotations

import asyncio
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from content import store as content_store
from content.bulletin import BulletinClass
from content.film import CLIP
from content.item import Item
from content.recordings import store as recording_store
from scheduler.delivery import State
from scheduler.log import store as log_store
from scheduler.schedule import Rule

KEY = "v" * 32
PAGE = f"/tv/truyen-hinh/t/{KEY}/"
OUTLET = {"kind": "television", "title": "Truyền hình huyện", "name": "truyen-hinh", "options.token": KEY}


@pytest.fixture
async def television(desk: Any) -> Any:
    """The desk with a television station, set up as an administrator does."""
    answer = await (await desk.browser("quan")).post("/outlets", OUTLET | {"options.crawl_letters": "60"})
    assert answer.status == 303, await answer.text()
    return desk


async def send(desk: Any, title: str = "Nộp hồ sơ", klass: BulletinClass = BulletinClass.NORMAL) -> Item:
    """A short item that goes there at once."""
    desk.clock.advance(2)
    item: Item = await desk.approved(title=title, body="Nộp hồ sơ số 36/KH-UBND tại quầy 1. Bà con chú ý.")
    rule = Rule(once=desk.clock.now())
    await desk.schedule(items=(item.id,), outlets=("truyen-hinh",), rule=rule, klass=klass)
    await desk.house.runner.drain()
    return item


async def listed(desk: Any) -> list[dict[str, Any]]:
    """What playout reads."""
    answer = await desk.client.get(f"{PAGE}danh-sach.json")
    assert answer.status == 200
    found: list[dict[str, Any]] = (await answer.json())["clips"]
    return found


def path_of(clip: dict[str, Any], title: str) -> str:
    """The address of one of its files without the host."""
    return str(clip["files"][title]).partition("//")[2].partition("/")[2].join(("/", ""))


async def states(desk: Any) -> list[State]:
    """Of what goes to the station."""
    async with desk.house.database.read() as connection:
        wanted = log_store.Filter(outlets=("truyen-hinh",))
        return [one.state for one in await log_store.list_deliveries(connection, wanted)]


async def test_a_clip_is_made_pulled_and_aired(television: Any) -> None:
    """Listed with its length and sum; fetched to its last byte it is confirmed; one tap says that it was aired."""
    await send(television)
    assert [State.SENT] == await states(television)
    [clip] = await listed(television)
    assert clip["title"] == "Nộp hồ sơ" and clip["seconds"] > 8
    head = await television.client.head(path_of(clip, "Clip 1080p25"))
    assert (head.headers["Content-Type"], int(head.headers["Content-Length"])) == ("video/mp4", clip["bytes"])
    part = await television.client.get(path_of(clip, "Clip 1080p25"), headers={"Range": "bytes=0-99"})
    assert part.status == 206 and len(await part.read()) == 100
    assert [State.SENT] == await states(television), "a piece proves nothing"
    async with television.house.notifier.waiting("delivery") as noted, asyncio.timeout(20):
        whole = await television.client.get(path_of(clip, "Clip 1080p25"))
        assert len(await whole.read()) == clip["bytes"]
        while await states(television) != [State.CONFIRMED]:
            await noted.wait()
            noted.clear()
    said = await television.client.post(f"{PAGE}aired", json={"delivery": clip["delivery"], "slot": "thoi-su"})
    assert said.status == 200
    page = await (await television.client.get(PAGE)).text()
    assert "Đã phát" in page and "<video" in page and "Kịch bản hai cột" in page and "Phát thêm lần nữa" in page


async def test_what_goes_with_a_clip(television: Any) -> None:
    """SRT, WebVTT, a crawl in lines of sixty, the script as PDF that names picture and sound; all behind the key."""
    await send(television)
    [clip] = await listed(television)
    srt = await (await television.client.get(path_of(clip, "Phụ đề SRT"))).text()
    assert "00:00:03,000" in srt and "36/KH-UBND" in srt
    vtt = await television.client.get(path_of(clip, "Phụ đề WebVTT"))
    assert vtt.headers["Content-Type"].startswith("text/vtt") and (await vtt.text()).startswith("WEBVTT")
    crawl = await (await television.client.get(path_of(clip, "Chữ chạy"))).text()
    assert crawl.startswith("Nộp hồ sơ.") and all(len(line) <= 60 for line in crawl.splitlines())
    pdf = await television.client.get(path_of(clip, "Kịch bản hai cột"))
    assert pdf.headers["Content-Type"] == "application/pdf"
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(await pdf.read())).pages)
    assert all(word in text for word in ("HÌNH", "TIẾNG", "00:03", "36/KH-UBND", "KỊCH BẢN TRUYỀN HÌNH"))
    for title in clip["files"]:
        bare = path_of(clip, title).replace(f"t/{KEY}/", "")
        assert (await television.client.get(bare)).status == 401, title


async def test_what_was_withdrawn_is_gone(television: Any) -> None:
    """Every file of it, at once."""
    item = await send(television)
    [clip] = await listed(television)
    house = television.house
    async with house.database.write() as tx:
        gone = await house.editing.withdraw(tx, item.id, "Trần Văn Hùng", "sai")
        await house.correcting.take_back(tx, gone)
    assert [] == await listed(television)
    for title in ("Clip 1080p25", "Phụ đề SRT", "Chữ chạy"):
        assert (await television.client.get(path_of(clip, title))).status == 410, title
    assert (await television.client.get(path_of(clip, "Kịch bản hai cột"))).status == 404


async def test_a_making_that_was_cut_off_is_taken_up_again(television: Any) -> None:
    """A server that died over it leaves a claim and no file; when the claim is over another makes it."""
    item = await television.approved(title="Nộp hồ sơ", body="Nộp tại quầy 1.")
    house, now = television.house, television.clock.now()
    rule = Rule(once=now + timedelta(hours=1))
    await television.schedule(items=(item.id,), outlets=("truyen-hinh",), rule=rule)
    async with house.database.read() as connection:
        revision = await content_store.find_revision(connection, item.approved)
    await house.runner._warmer.warm()
    await house.runner._warmer.film()
    async with house.database.write() as tx:
        row = (await house.press.recordings(tx, [revision]))[revision.id]
        key = house.press.variant_key(revision, row.sha256, CLIP, row.voice)
        made = (await recording_store.recordings(tx, [key]))[key]
        lease = now + timedelta(minutes=5)
        lost = {"state": "wanted", "name": None, "sha256": None, "owner": "dead", "lease_until": lease}
        await tx.execute(
            recording_store.recording.update().where(recording_store.recording.c.key == key).values(**lost)
        )
    assert 0 == await house.runner._warmer.film(), "another holds it"
    television.clock.advance(301)
    assert 1 == await house.runner._warmer.film()
    async with house.database.read() as connection:
        again = (await recording_store.recordings(connection, [key]))[key]
    assert (again.state, again.format) == ("made", "clip") and made.seconds == again.seconds


async def test_the_sheet_says_how_a_television_desk_works(television: Any) -> None:
    """With its list and its files, and nothing about loudspeakers."""
    lan = await television.browser("lan")
    page = await lan.page("/outlets/truyen-hinh/sheet")
    assert "danh-sach.json" in page and "1080p25" in page and "Liquidsoap" not in page


async def test_a_person_sees_how_far_it_is(television: Any) -> None:
    """While it is made the item says so; made, it says how long it is."""
    item = await send(television)
    lan = await television.browser("lan")
    assert "Clip truyền hình" in await lan.page(f"/items/{item.id}")
    plain = await television.client.get(f"/api/v1/items/{item.id}", headers=await television.api("lan", "read"))
    told = json.loads(await plain.text())["clip"]
    assert told["state"] == "made" and told["seconds"] > 8


async def under_way(desk: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clip that takes until somebody stops it: its making, once it has begun."""
    item = await desk.approved(title="Nộp hồ sơ", body="Nộp tại quầy 1.")
    await desk.schedule(items=(item.id,), outlets=("truyen-hinh",), rule=Rule(once=desk.clock.now()))
    begun, never = asyncio.Event(), asyncio.Event()

    async def slowly(*_: Any) -> None:
        begun.set()
        await never.wait()

    await desk.house.runner._warmer.warm()
    monkeypatch.setattr(desk.house.studio, "film", slowly)
    making = asyncio.ensure_future(desk.house.runner._warmer.film())
    await begun.wait()
    return making


async def test_waiting_for_a_clip_is_no_try(television: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it is made, no try is used up and the station is not called failing; made, it goes out."""
    with monkeypatch.context() as slow:
        making = await under_way(television, slow)
        for _ in range(12):
            await television.house.runner.drain()
            television.clock.advance(60)
        assert [State.PENDING] == await states(television)
        making.cancel()
        await asyncio.wait({making})
    await television.house.runner._warmer.rescue()
    television.clock.advance(601)
    await television.house.runner.drain()
    [clip] = await listed(television)
    assert [State.SENT] == await states(television)
    async with television.house.database.read() as connection:
        story = await log_store.story(connection, clip["delivery"])
    assert ["sent"] == [one.outcome for one in story.delivery.attempts]


async def test_no_recording_waits_for_a_clip(television: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes to be approved meanwhile can be listened to; a house that stops does not wait for the clip either."""
    making = await under_way(television, monkeypatch)
    await television.submitted(title="Bão khẩn cấp")
    assert 1 == await television.house.runner._warmer.warm()
    television.house.stop()
    assert 0 == await making
    query = select(recording_store.recording.c.owner).where(recording_store.recording.c.owner.is_not(None))
    async with television.house.database.read() as connection:
        assert [] == list((await connection.execute(query)).scalars()), "whoever comes next begins at once"


async def test_there_is_no_clip_of_an_empty_item(television: Any) -> None:
    """Of a text without a word to be read: told when it is scheduled, by page and API, and not by waiting for ever."""
    item = await television.approved(title="Ảnh", body="Xem ảnh.", script="…")
    fields = {"item": [item.id], "outlet": ["truyen-hinh"], "at": "now"}
    headers = await television.api("lan", "write")
    answer = await television.client.post("/api/v1/schedules", json=fields, headers=headers)
    assert 422 == answer.status and "không có lời nào để đọc" in await answer.text()
