"""A person's recording on the desk: uploaded, heard, replaced, approved by somebody else; versions side by side."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from content.bwf import riff
from content.mastering import measure
from tests.content.speechlike import speechlike
from tests.desk.web.test_items import hidden


def sound(seed: int = 1) -> bytes:
    """Two seconds of a person, nearly."""
    return riff(speechlike(2, seed=seed).pcm, 22050, 1)


def form_of(browser: Any, page: str, data: bytes) -> aiohttp.FormData:
    """The form of the page with a file in it."""
    form = aiohttp.FormData({"form_token": browser.form_token, "base": hidden(page, "base")})
    form.add_field("recording", data, filename="ghi-am.wav", content_type="audio/wav")
    return form


async def test_uploaded_heard_and_approved_by_another(desk: Any) -> None:
    """From the page to the digest: figures, who gave it, the sound itself; the uploader has become a writer."""
    item = await desk.approved()
    mai, hung = await desk.browser("mai"), await desk.browser("hung")
    place = f"/items/{item.id}"
    answer = await mai.ask("POST", f"{place}/recording", data=form_of(mai, await mai.page(place), sound()))
    assert (answer.status, answer.headers["Location"]) == (303, place)
    page = await mai.page(place)
    assert "giọng người, Lò Thị Mai tải lên" in page
    assert "LUFS, đỉnh" in page
    data = await (await mai.get(f"{place}/audio")).read()
    assert abs(measure(data).lufs + 16) <= 0.3
    await mai.post(f"{place}/submit")
    assert "không tự duyệt được" in await mai.page(place)
    page = await hung.page(place)
    fields = {"digest": hidden(page, "digest"), "recording": hidden(page, "recording")}
    assert (await hung.post(f"{place}/approve", fields)).status == 303
    assert "tải bản ghi âm" in await hung.page(place)


async def test_replaced_and_left_to_the_voice_again(desk: Any) -> None:
    """Another file takes the place of the first; taken away, the synthetic voice is waited for."""
    item = await desk.draft()
    lan = await desk.browser("lan")
    place = f"/items/{item.id}"
    for seed in (1, 2):
        answer = await lan.ask("POST", f"{place}/recording", data=form_of(lan, await lan.page(place), sound(seed)))
        assert answer.status == 303
    page = await lan.page(place)
    assert "Thay bản ghi âm" in page
    assert (await lan.post(f"{place}/recording/remove", {"base": hidden(page, "base")})).status == 303
    assert "Tải lên bản ghi âm" in await lan.page(place)


@pytest.mark.parametrize("data", [b"", b"MZ khong phai am thanh" * 100])
async def test_what_is_no_sound_is_told_on_the_page(desk: Any, data: bytes) -> None:
    """With the field it is about, and the item stays as it was."""
    item = await desk.draft()
    lan = await desk.browser("lan")
    place = f"/items/{item.id}"
    answer = await lan.ask("POST", f"{place}/recording", data=form_of(lan, await lan.page(place), data))
    assert answer.status == 422
    text = await answer.text()
    assert "không phải tệp âm thanh" in text
    assert 'id="e-recording"' in text
    assert "bản 1" in await lan.page(place)


def recorded() -> aiohttp.FormData:
    """A sound as a program sends it."""
    form = aiohttp.FormData()
    form.add_field("recording", sound(), filename="a.bin", content_type="application/octet-stream")
    return form


async def test_by_rest(desk: Any) -> None:
    """The same for programs: multipart in, figures out; problems name the field."""
    item = await desk.draft()
    headers = await desk.api("lan", "read", "write")
    address = f"/api/v1/items/{item.id}/recording"
    answer = await desk.client.post(address, headers=headers, data=recorded())
    assert answer.status == 200
    plain = await (await desk.client.get(f"/api/v1/items/{item.id}", headers=headers)).json()
    assert (plain["number"], plain["recording"]["synthetic"]) == (2, False)
    assert abs(plain["recording"]["loudness"] + 16) <= 0.3
    answer = await desk.client.post(address, headers=headers, json={"recording": "a.mp3"})
    assert (answer.status, (await answer.json())["field"]) == (400, "recording")
    answer = await desk.client.post("/api/v1/items/khong-co/recording", headers=headers, data=recorded())
    assert answer.status == 404


async def test_language_versions_side_by_side(desk: Any) -> None:
    """A version is written from the original's page, says its language, and each shows the other."""
    item = await desk.approved()
    lan = await desk.browser("lan")
    page = await lan.page(f"/items/new?original={item.id}")
    assert hidden(page, "original") == item.id
    fields = {"title": "Khao xeo", "body": "Toàn văn tiếng Thái.", "language": "blt", "original": item.id}
    answer = await lan.post("/items", fields)
    page = await lan.page(answer.headers["Location"])
    assert "tiếng Thái" in page
    assert "cần tải lên bản ghi âm giọng người" in page
    assert f'href="/items/{item.id}"' in page
    assert answer.headers["Location"] in await lan.page(f"/items/{item.id}")
    headers = await desk.api("lan", "read")
    plain = await (await desk.client.get(f"/api/v1{answer.headers['Location']}", headers=headers)).json()
    assert (plain["original"], plain["language"]) == (item.id, "blt")
    assert [one["language"] for one in plain["versions"]] == ["vi", "blt"]
