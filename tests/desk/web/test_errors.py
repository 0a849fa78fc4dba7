"""Errors told to people and programs: no traceback outside, the right status, the reader's language."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import pytest

from content import store as content_store
from db.database import Database, DatabaseTrouble
from desk.answer import Visit
from desk.auth import DoorKeeper


async def test_a_fault_of_ours_shows_no_traceback(
    desk: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The page says that something went wrong; the log has the rest."""

    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret-detail-4711")

    browser = await desk.browser("lan")
    monkeypatch.setattr(content_store, "list_items", broken)
    answer = await browser.get("/items")
    text = await answer.text()
    assert answer.status == 500
    assert "Có lỗi trong Loa" in text and "4711" not in text and "Traceback" not in text
    answer = await browser.get("/items", headers={"Accept": "application/json"})
    assert answer.content_type == "application/problem+json"
    assert "4711" not in await answer.text()
    assert "secret-detail-4711" in caplog.text


async def test_who_goes_before_the_answer_begins_is_no_fault(
    desk: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A page that is left while its stream of changes is being opened: nothing in the log."""
    browser = await desk.browser("lan")
    known, recognise = asyncio.Event(), DoorKeeper.recognise

    async def slowly(self: DoorKeeper, visit: Visit) -> bool:
        is_known = await recognise(self, visit)
        known.set()
        while not (visit.request.transport is None or visit.request.transport.is_closing()):
            await asyncio.sleep(0)
        return is_known

    monkeypatch.setattr(DoorKeeper, "recognise", slowly)
    _, writer = await asyncio.open_connection("127.0.0.1", desk.client.port)
    writer.write(f"GET /events HTTP/1.1\r\nHost: x\r\nCookie: loa={browser.cookie}\r\n\r\n".encode())
    await known.wait()
    writer.close()
    await writer.wait_closed()
    monkeypatch.setattr(DoorKeeper, "recognise", recognise)
    assert 200 == (await browser.get("/items")).status
    assert "" == caplog.text


async def test_trouble_with_the_database_is_503(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person hears what to do and when to come back."""

    def full(_: Database) -> Any:
        raise DatabaseTrouble("Ổ đĩa đầy", "The disk is full")

    browser = await desk.browser("lan")
    monkeypatch.setattr(Database, "read", full)
    answer = await browser.get("/items")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
    assert "Ổ đĩa đầy" in await answer.text()


async def test_problem_speaks_the_readers_language(desk: Any) -> None:
    """Vietnamese unless English is asked for."""
    headers = await desk.api("lan", "read")
    answer = await desk.client.get("/api/v1/items/nope", headers=headers)
    plain = await answer.json()
    assert (answer.status, plain["detail"], plain["field"]) == (404, "Không có tin bài nope", "item")
    answer = await desk.client.get("/api/v1/items/nope", headers={**headers, "Accept-Language": "en-GB"})
    assert (await answer.json())["detail"] == "There is no item nope"
    assert answer.headers["Content-Language"] == "en"


async def test_missing_things_are_404_pages(desk: Any) -> None:
    """A page in the frame, with a way back."""
    browser = await desk.browser("quan")
    for path in ("/items/nope", "/schedules/nope", "/deliveries/nope", "/nope", "/items/nope/edit"):
        answer = await browser.get(path)
        assert answer.status == 404
        assert "Về trang Hôm nay" in await answer.text(), path


async def test_wrong_method_says_what_is_allowed(desk: Any) -> None:
    """405 keeps its Allow header."""
    answer = await (await desk.browser("lan")).ask("DELETE", "/items")
    assert answer.status == 405
    assert "GET" in answer.headers["Allow"]


async def test_words_in_an_address_are_escaped(desk: Any) -> None:
    """What somebody puts into an address comes back as text."""
    browser = await desk.browser("lan")
    evil = "<script>alert(1)</script>"
    for path in (f"/items?q={evil}", f"/items/{evil}", f"/deliveries?address={evil}", f"/deliveries?from={evil}"):
        assert evil not in await (await browser.get(path)).text()


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff", b"[" * 50_000, b'{"title": {"a": 1}}'])
async def test_json_that_is_none_is_a_400(desk: Any, body: bytes) -> None:
    """Broken, nested beyond sense, or not an object: told, not crashed on."""
    headers = {**await desk.api("lan", "write"), "Content-Type": "application/json"}
    answer = await desk.client.post("/api/v1/items", headers=headers, data=body)
    assert answer.status == 400, await answer.text()


async def test_too_large_a_form_is_413(desk: Any) -> None:
    """A small form bears a megabyte, an upload fourteen."""
    browser = await desk.browser("lan")
    large = io.BytesIO(b"title=" + b"x" * 1_100_000)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await browser.ask("POST", "/schedules", data=large, headers=headers)
    assert answer.status == 413
    assert "quá lớn" in await answer.text()


async def test_static_files_come_from_memory_only(desk: Any) -> None:
    """No path leads out of the desk's own files; fonts and styles may be kept."""
    browser = await desk.browser()
    for path in ("/static/../web.py", "/static/%2e%2e/web.py", "/static//etc/passwd", "/static/"):
        assert (await browser.get(path)).status == 404, path
    answer = await browser.get("/static/fonts/be-vietnam-pro-400.woff2")
    assert (answer.status, answer.content_type) == (200, "font/woff2")
    again = await browser.get(
        "/static/fonts/be-vietnam-pro-400.woff2", headers={"If-None-Match": answer.headers["ETag"]}
    )
    assert again.status == 304
