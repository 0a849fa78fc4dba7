"""What stands around the items of a programme: told, heard, and with the music that approvers have uploaded."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from content.mastering import measure
from tests.sounds import hum


def form_of(browser: Any, data: bytes) -> aiohttp.FormData:
    """The form of the page with a file in it."""
    form = aiohttp.FormData({"form_token": browser.form_token}, quote_fields=False)  # as browsers write file names
    form.add_field("music", data, filename="C/nhạc <nền>.mp3", content_type="audio/mpeg")
    return form


async def test_announcements_as_they_would_be_said_now(desk: Any) -> None:
    """In words, also as JSON; who only reads is told who may bring music."""
    page = await (await desk.browser("xem")).page("/programme")
    assert "buổi sáng thứ hai, ngày hai mươi ba tháng mười một năm hai nghìn không trăm hai mươi sáu" in page
    assert "Chương trình chưa có nhạc nền" in page and 'name="music"' not in page
    headers = await desk.api("xem", "read")
    plain = await (await desk.client.get("/api/v1/programme", headers=headers)).json()
    assert plain["opening"].startswith("đây là chương trình phát thanh của") and plain["bed"] is None


async def test_music_is_brought_heard_and_taken_away(desk: Any, words: Any) -> None:
    """The sample is a finished file like any programme's, another one with music under it; all of it is in the journal."""
    hung = await desk.browser("hung")
    plain = await (await hung.get("/programme/sound")).read()
    answer = await hung.ask("POST", "/programme/bed", data=form_of(hung, hum(5, 330)))
    assert (answer.status, answer.headers["Location"]) == (303, "/programme")
    page = await hung.page("/programme")
    assert "nhạc <nền>.mp3 , Trần Văn Hùng tải lên" in html.unescape(words(page))
    answer = await hung.get("/programme/sound")
    bedded = await answer.read()
    assert (answer.status, answer.content_type) == (200, "audio/mpeg")
    assert bedded != plain and abs(measure(bedded).lufs + 16) <= 0.5
    assert (await hung.post("/programme/bed/remove")).status == 303
    assert (await hung.post("/programme/bed/remove")).status == 404
    assert await (await hung.get("/programme/sound")).read() == plain
    async with desk.house.database.read() as connection:
        deeds = await desk.house.journal.of(connection, "programme")
    assert [(deed.person, deed.verb) for deed in deeds] == [
        ("Trần Văn Hùng", verb) for verb in ("choose_bed", "drop_bed")
    ]


@pytest.mark.parametrize("data", [b"", b"MZ khong phai nhac" * 100])
async def test_what_is_no_music_is_told_on_the_page(desk: Any, data: bytes, tmp_path: Path) -> None:
    """At its field, and nothing lies under the programmes."""
    hung = await desk.browser("hung")
    answer = await hung.ask("POST", "/programme/bed", data=form_of(hung, data))
    text = await answer.text()
    assert answer.status == 422 and 'id="e-music"' in text and "Chương trình chưa có nhạc nền" in text
    headers = await desk.api("hung", "approve")
    answer = await desk.client.post("/api/v1/programme/bed", headers=headers, json={"music": "a.mp3"})
    assert (answer.status, (await answer.json())["field"]) == (400, "music")
    assert not list(tmp_path.rglob("*.flac"))
