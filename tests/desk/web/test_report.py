"""Evidence of airings from stations' software, and the stations' month: page, CSV and spreadsheet."""

from __future__ import annotations

import base64
import csv
import io
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest
from aiohttp import FormData

from channels.pulls import store as pull_store
from channels.pulls.store import Told
from channels.shelf.fetched import Proof
from content.bulletin import BulletinClass
from scheduler.log import store as log_store
from tests.desk.web.test_stations import KEY, aired, send

LOG = (
    "Start Time,End Time,Title\n2026-11-23 09:00:00,2026-11-23 09:00:20,Lịch tiêm chủng\n2026-11-23 09:05:00,,Bài hát\n"
)
MONTH = "/reports/stations?month=2026-11"


async def upload(desk: Any, login: str, data: bytes) -> Any:
    """A log handed in at the desk."""
    browser = await desk.browser(login)
    form = FormData()
    form.add_field("form_token", browser.form_token)
    form.add_field("file", data, filename="history.csv", content_type="text/csv")
    return await browser.ask("POST", "/outlets/dai-xa/aired", data=form)


async def fetch_all(desk: Any) -> None:
    """The station fetches whatever was sent to it."""
    async with desk.house.database.read() as connection:
        ids = [one.id async for one in log_store.walk(connection, log_store.Filter(outlets=("dai-xa",)))]
    for id in ids:
        async with desk.house.database.write() as tx:
            told = Told("dai-xa", f"{id}.mp3", (Proof(id),), (0, 9), 9, "", desk.clock.now())
            await pull_store.note_pull(desk.house.database, tx, told)


async def test_a_log_is_kept_as_evidence(desk: Any, words: Any) -> None:
    """Once, however often it is handed in; what is about nothing we sent is told."""
    await send(desk, "Lịch tiêm chủng")
    for kept, known in ((1, 0), (0, 1)):
        answer = await upload(desk, "lan", LOG.encode())
        text = words(await answer.text())
        assert 200 == answer.status and f"Ghi {kept} lần phát; {known} dòng đã có" in text
        assert "Không khớp bản tin nào" in text and "Bài hát" in text
    assert 1 == len(await aired(desk))
    answer = await upload(desk, "lan", b"a,b\n")
    assert 400 <= answer.status < 500
    assert 403 == (await upload(desk, "xem", LOG.encode())).status


async def test_azuracast_tells_what_it_plays(desk: Any) -> None:
    """By its generic web hook with the station's password; other songs pass by; a wrong password is refused."""
    await send(desk, "Lịch tiêm chủng")
    basic = {"Authorization": "Basic " + base64.b64encode(f"loa:{KEY}".encode()).decode()}

    async def tell(title: str, headers: dict[str, str]) -> int:
        song = {"title": title, "artist": "UBND", "text": f"UBND - {title}"}
        began = int(desk.clock.now().timestamp())
        playing = {"sh_id": 7, "played_at": began, "duration": 20, "playlist": "Sáng", "song": song}
        answer = await desk.client.post("/hooks/dai-xa", json={"now_playing": playing}, headers=headers)
        return int(answer.status)

    assert [403, 200, 200] == [
        await tell("Lịch tiêm chủng", {}),
        await tell("Bài hát", basic),
        await tell("Lịch tiêm chủng", basic),
    ]
    assert 2 == await desk.house.receiver.receive()
    ((title, detail),) = await aired(desk)
    assert "Lịch tiêm chủng" == title and detail.startswith("Sáng")
    for body in (b"", b"[]", b'{"now_playing": {}}', b'{"now_playing": {"played_at": "x", "song": {"title": 1}}}'):
        assert 200 == (await desk.client.post("/hooks/dai-xa", data=body, headers=basic)).status
    assert 0 == await desk.house.receiver.receive()


async def month(desk: Any) -> dict[str, Any]:
    """The station's row."""
    answer = await desk.client.get(f"/api/v1{MONTH}", headers=await desk.api("xem", "read"))
    assert 200 == answer.status
    (row,) = (await answer.json())["stations"]
    return dict(row)


async def test_the_month_of_a_station(desk: Any, words: Any) -> None:
    """Sent, fetched, aired; seconds asked and played; urgent apart; another month has none of it."""
    await send(desk, "Lịch tiêm chủng")
    await send(desk, "Lũ ống", BulletinClass.URGENT)
    row = await month(desk)
    assert (2, 0, 0, 3, 0, 1) == tuple(
        row[name] for name in ("sent", "fetched", "aired", "asked", "played", "urgent_sent")
    )
    await fetch_all(desk)
    await upload(desk, "lan", LOG.encode())
    row = await month(desk)
    assert (2, 1, 20, 1, 0) == tuple(row[n] for n in ("fetched", "aired", "played", "urgent_fetched", "urgent_aired"))
    browser = await desk.browser("xem")
    assert "Báo cáo đài tháng 11/2026" in words(await browser.page(MONTH))
    assert "Đài xã 0 0 0" in words(await browser.page("/reports/stations?month=2026-10"))
    assert 400 == (await browser.get("/reports/stations?month=2026-13")).status
    assert 400 == (await browser.get(f"{MONTH}&form=pdf")).status


@pytest.mark.parametrize("title", ["Lịch tiêm chủng", "=1+1"])
async def test_files_hold_the_same_and_no_formula(desk: Any, title: str) -> None:
    """CSV with its mark, a spreadsheet whose texts are texts."""
    await send(desk, title)
    browser = await desk.browser("xem")
    answer = await browser.get(f"{MONTH}&form=csv")
    rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    assert ["dai-xa", "Đài xã", "1", "0", "0"] == rows[1][:5]
    answer = await browser.get(f"{MONTH}&form=xlsx")
    assert 'filename="bao-cao-dai-2026-11.xlsx"' in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(await answer.read())) as book:
        texts = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "Đài xã" in ["".join(one.itertext()) for one in texts] and "<f>" not in sheet
