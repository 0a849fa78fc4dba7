"""Every error of the API is a problem (RFC 9457) in the reader's language, whoever found it."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import re
from typing import Any

import pytest

from content import store as content_store
from db.database import Database, DatabaseTrouble
from desk.doors import DOORS

ITEMS = "/api/v1/items"
MEMBERS = {"type", "title", "status", "detail", "field", "instance", "rule", "rules"}


async def told(answer: Any, status: int, language: str = "vi") -> dict[str, Any]:
    """The problem an answer holds, after what all problems have in common."""
    plain: dict[str, Any] = await answer.json()
    assert (answer.status, answer.content_type) == (status, "application/problem+json"), plain
    assert plain["status"] == status and plain["title"] and plain["detail"] and plain["type"]
    assert set(plain) <= MEMBERS and "Traceback" not in json.dumps(plain)
    assert answer.headers["Content-Language"] == language
    return plain


async def test_statuses(desk: Any) -> None:
    """What the desk, the router and aiohttp refuse, all in one form."""
    read, write = await desk.api("lan", "read"), await desk.api("lan", "write")
    client = desk.client
    await told(await client.get("/api/v1/nope"), 404)
    await told(await client.get(f"{ITEMS}/nope", headers=read), 404)
    await told(await client.get(ITEMS), 401)
    await told(await client.post(ITEMS, headers=read, json={"title": "T"}), 403)
    answer = await client.delete(ITEMS, headers=read)
    await told(answer, 405)
    assert answer.headers["Allow"] == "GET,HEAD,POST"
    answer = await client.post(ITEMS, headers={**write, "Content-Type": "text/csv"}, data=b"a,b")
    await told(answer, 415)
    assert "application/json" in answer.headers["Accept"]
    await told(await client.get(ITEMS, headers={**read, "Expect": "a miracle"}), 417)
    assert (await told(await client.get(f"{ITEMS}?limit=0", headers=read), 400))["field"] == "limit"


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
async def test_too_much(desk: Any, kind: str) -> None:
    """A length that is told, and one that is only found while it is read."""
    headers = {**await desk.api("lan", "write"), "Content-Type": kind}
    body = b'{"title": "' + b"x" * 1_200_000 + b'"}'

    async def unannounced() -> Any:
        yield body

    for data in (io.BytesIO(body), unannounced()):
        await told(await desk.client.post("/api/v1/schedules", headers=headers, data=data), 413)


async def test_what_cannot_be_read(desk: Any) -> None:
    """Broken packing, half a character, a NUL in a field, a query or a path: 400, not 500."""
    headers = await desk.api("lan", "read", "write")
    packed = {**headers, "Content-Type": "application/json", "Content-Encoding": "gzip", "Connection": "close"}
    await told(await desk.client.post(ITEMS, headers=packed, data=b"not gzip at all"), 400)
    half = gzip.compress(b'{"title": "T"}')[:-6]
    await told(await desk.client.post(ITEMS, headers=packed, data=half), 400)
    for title in ("\\ud800", "a\\u0000b"):
        plain = {**headers, "Content-Type": "application/json"}
        body = f'{{"title": "{title}", "body": "B"}}'.encode()
        assert (await told(await desk.client.post(ITEMS, headers=plain, data=body), 400))["field"] == "title"
    for body in (
        b'{"\\ud800": null}',
        b'{"a\\u0000": null}',
        b'{"untill": null}',
        b'{"title": NaN}',
        b"[" * 9999,
        b"9" * 9999,
    ):
        await told(await desk.client.post(ITEMS, headers=plain, data=body), 400)
    form = {**headers, "Content-Type": "multipart/form-data; boundary=b"}
    for name in (b"filename*=utf-8''a%00.csv", b'filename="a\0.csv"'):
        part = b"--b\r\nContent-Disposition: form-data; name=file; " + name + b"\r\n\r\nphone\r\n--b--\r\n"
        await told(await desk.client.post("/api/v1/audiences", headers=form, data=part), 400)
    for path in (f"{ITEMS}/%00", f"{ITEMS}?q=%00"):
        await told(await desk.client.get(path, headers=headers), 400)


async def test_a_fault_of_ours_has_a_name_in_the_log(
    desk: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of it is told but by which name the log has it."""

    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret-detail-4711")

    headers = await desk.api("lan", "read")
    monkeypatch.setattr(content_store, "list_items", broken)
    plain = await told(await desk.client.get(ITEMS, headers=headers), 500)
    assert "4711" not in json.dumps(plain) and "4711" in caplog.text
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", plain["instance"])
    assert plain["instance"] in [getattr(one, "fields", {}).get("instance") for one in caplog.records]


async def test_trouble_with_the_database(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 with when to come back."""

    def full(_: Database) -> Any:
        raise DatabaseTrouble("Ổ đĩa đầy", "The disk is full")

    headers = await desk.api("lan", "read")
    monkeypatch.setattr(Database, "read", full)
    answer = await desk.client.get(ITEMS, headers={**headers, "Accept-Language": "en"})
    assert (await told(answer, 503, "en"))["detail"] == "The disk is full"
    assert answer.headers["Retry-After"] == "10"


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("", "vi"),
        ("fr", "vi"),
        ("en", "en"),
        ("en-GB,vi", "en"),
        ("vi-VN,en", "vi"),
        ("vi;q=0.4, en;q=0.8", "en"),
        ("fr, en;q=0.2", "en"),
        ("en;q=0, *", "vi"),
    ],
)
async def test_language(desk: Any, wanted: str, language: str) -> None:
    """The one that is liked best, by weight and then by order; Vietnamese unless English is asked for."""
    headers = {**await desk.api("lan", "read"), "Accept-Language": wanted}
    plain = await told(await desk.client.get(f"{ITEMS}/nope", headers=headers), 404, language)
    assert plain["detail"] == ("There is no item nope" if language == "en" else "Không có tin bài nope")


async def test_expected_bodies_are_asked_for(desk: Any) -> None:
    """`Expect: 100-continue` is answered before the body is sent."""
    told_headers = await desk.api("lan", "write")
    body = json.dumps({"title": "T", "body": "B"}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", desk.client.server.port)
    lines = [f"POST {ITEMS} HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += ["Expect: 100-continue", "Connection: close", *(f"{name}: {it}" for name, it in told_headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body)
    assert (await reader.readline()).startswith(b"HTTP/1.1 201 ")
    writer.close()
    await writer.wait_closed()


async def test_every_door_to_nobody(desk: Any) -> None:
    """Without a token each door answers with the same problem."""
    for door in DOORS:
        if door.api:
            path = door.path.replace("{id}", "0000000000000").replace("{name}", "khong-co")
            await told(await desk.client.request(door.method, f"/api/v1{path}"), 401)
