"""Idempotency-Key: asked again, a deed is done once, whatever dies or is lost in between."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from content import store as content_store
from db.database import DatabaseTrouble
from desk import store

ITEMS = "/api/v1/items"
TEXT = {"title": "Họp dân", "body": "19 giờ."}
KIND = "urn:problem-type:loa:"


async def ask(desk: Any, headers: dict[str, str], key: str, path: str = ITEMS, **fields: Any) -> tuple[int, Any, Any]:
    """Status, JSON and headers of a POST under a key."""
    answer = await desk.client.post(path, headers={**headers, "Idempotency-Key": key}, json=fields or TEXT)
    return answer.status, await answer.json(), answer.headers


async def count(desk: Any, table: Any = content_store.item) -> int:
    """How many rows there are."""
    async with desk.house.database.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def test_the_answer_of_before(desk: Any) -> None:
    """Status, body and language as they were; one item; quotes and the order of members make no difference."""
    headers = await desk.api("lan")
    first = await ask(desk, headers, "k1")
    assert first[0] == 201 and "Idempotent-Replayed" not in first[2]
    for key, fields in (("k1", TEXT), ('"k1"', dict(reversed(TEXT.items())))):
        again = await ask(desk, headers, key, **fields)
        assert again[:2] == first[:2]
        assert again[2]["Idempotent-Replayed"] == "true" and again[2]["Content-Type"] == first[2]["Content-Type"]
    assert await count(desk) == 1
    assert (await ask(desk, headers, "k2"))[1]["id"] != first[1]["id"]


async def test_a_refusal_is_an_answer_too(desk: Any) -> None:
    """What was told of a thing that is not there is told again."""
    headers = {**await desk.api("lan"), "Accept-Language": "en"}
    told = [await ask(desk, headers, "k1", f"{ITEMS}/nope/submit") for _ in range(2)]
    assert [one[0] for one in told] == [400, 400]  # a body that the verb does not take is refused before the key counts
    for headers_now in (headers, {**headers, "Accept-Language": "vi"}):
        answer = await desk.client.post(f"{ITEMS}/nope/submit", headers={**headers_now, "Idempotency-Key": "k2"})
        assert (answer.status, (await answer.json())["detail"]) == (404, "There is no item nope")
    assert answer.headers["Idempotent-Replayed"] == "true" and answer.headers["Content-Language"] == "en"
    assert answer.content_type == "application/problem+json"


async def test_another_request_under_the_same_key(desk: Any) -> None:
    """422, for another body and for another address; the key is its person's alone."""
    headers = await desk.api("lan")
    first = await ask(desk, headers, "k1")
    status, plain, _ = await ask(desk, headers, "k1", title="Khác", body="B")
    assert (status, plain["type"], plain["field"]) == (422, f"{KIND}idempotency-key-reused", "Idempotency-Key")
    assert (await ask(desk, headers, "k1", f"{ITEMS}/{first[1]['id']}"))[0] == 422
    assert (await ask(desk, await desk.api("mai"), "k1", title="Khác", body="B"))[0] == 201
    for bad in ("", "x" * 256, "khóa"):
        answer = await desk.client.post(ITEMS, headers={**headers, "Idempotency-Key": bad}, json=TEXT)
        assert answer.status == 400, bad


async def test_another_token_of_the_same_person(desk: Any) -> None:
    """A program that got a new token goes on where it was."""
    first = await ask(desk, await desk.api("lan"), "k1")
    assert (await ask(desk, await desk.api("lan", "write"), "k1"))[:2] == first[:2]


async def test_still_being_worked_on(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """409 and when to come again; then the answer of the one that did it."""
    item, headers = await desk.draft(), await desk.api("lan")
    held = Held(monkeypatch)
    first = asyncio.create_task(ask(desk, headers, "k1", f"{ITEMS}/{item.id}"))
    await held.begun.wait()
    status, plain, told = await ask(desk, headers, "k1", f"{ITEMS}/{item.id}")
    assert (status, plain["type"], told["Retry-After"]) == (409, f"{KIND}idempotency-key-under-way", "2")
    held.go.set()
    assert (await first)[0] == 200
    assert (await ask(desk, headers, "k1", f"{ITEMS}/{item.id}"))[1] == (await first)[1]


class Held:
    """The first request that looks for an item waits until it may go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun, self.go, real = asyncio.Event(), asyncio.Event(), content_store.find_item

        async def find_item(connection: Any, id: str) -> Any:
            found = await real(connection, id)
            if not self.begun.is_set():
                self.begun.set()
                await self.go.wait()
            return found

        monkeypatch.setattr(content_store, "find_item", find_item)


async def test_one_that_was_given_up_can_do_nothing_more(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that hangs longer than a minute is overtaken; should it go on, its deed is undone with its transaction."""
    item, headers = await desk.draft(), await desk.api("lan")
    held = Held(monkeypatch)
    first = asyncio.create_task(ask(desk, headers, "k1", f"{ITEMS}/{item.id}"))
    await held.begun.wait()
    desk.clock.advance(61)
    second = await ask(desk, headers, "k1", f"{ITEMS}/{item.id}")
    assert second[0] == 200
    held.go.set()
    assert (await first)[0] == 409
    assert await count(desk, content_store.revision) == 2
    assert (await ask(desk, headers, "k1", f"{ITEMS}/{item.id}"))[:2] == second[:2]


async def test_killed_before_the_deed(desk: Any) -> None:
    """What a process left that died after it took the key: a minute later the same request is done."""
    headers, house = await desk.api("lan"), desk.house
    first = await ask(desk, headers, "k1")
    async with house.database.write() as tx:  # as it stood before the deed
        await tx.execute(store.kept_answer.update().values(done_at=None, status=None, body=None, headers=None))
    assert (await ask(desk, headers, "k1"))[0] == 409
    desk.clock.advance(61)
    again = await ask(desk, headers, "k1")
    assert again[0] == 201 and again[1]["id"] != first[1]["id"]


@pytest.mark.parametrize("lost", ["trouble", "killed"])
async def test_killed_after_the_deed(desk: Any, monkeypatch: pytest.MonkeyPatch, lost: str) -> None:
    """The deed's own transaction says that it is done: it is not done again, and the truth is told."""

    async def away(*_: Any) -> None:
        raise DatabaseTrouble("Ổ đĩa đầy", "The disk is full") if lost == "trouble" else asyncio.CancelledError

    headers = await desk.api("lan")
    with monkeypatch.context() as patched:
        patched.setattr(store, "keep_answer", away)
        if lost == "trouble":
            assert (await ask(desk, headers, "k1"))[0] == 201
        else:
            with pytest.raises(Exception, match="disconnected"):
                await ask(desk, headers, "k1")
    for _ in range(2):
        desk.clock.advance(61)
        status, plain, _ = await ask(desk, headers, "k1")
        assert (status, plain["type"]) == (409, f"{KIND}answer-not-kept")
    assert await count(desk) == 1


async def test_a_fault_before_the_deed_gives_the_key_back(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 500 or 503 that changed nothing is not kept: the same request may come again at once."""
    headers = await desk.api("lan")
    for fault, status in ((RuntimeError("x"), 500), (DatabaseTrouble("đầy", "full"), 503)):

        async def broken(*_: Any, fault: Exception = fault) -> None:
            raise fault

        with monkeypatch.context() as patched:
            patched.setattr(content_store, "add_revision", broken)
            assert (await ask(desk, headers, "k1"))[0] == status
        assert await count(desk) == 0 and await count(desk, store.kept_answer) == 0
    assert (await ask(desk, headers, "k1"))[0] == 201


async def test_a_day_later_it_is_forgotten(desk: Any) -> None:
    """Kept 24 hours, then swept."""
    headers = await desk.api("lan")
    first = await ask(desk, headers, "k1")
    desk.clock.advance(24 * 3600 - 1)
    assert (await ask(desk, headers, "k1"))[1] == first[1]
    desk.clock.advance(2)
    assert (await ask(desk, headers, "other"))[0] == 201
    assert await count(desk, store.kept_answer) == 1
    assert (await ask(desk, headers, "k1"))[1]["id"] != first[1]["id"]


async def test_secrets_are_not_kept(desk: Any) -> None:
    """An answer that is shown once stays so; what is kept of others is sealed."""
    headers = await desk.api("quan")
    key = {**headers, "Idempotency-Key": "k1"}
    assert (await desk.client.post("/api/v1/outlets/dai-xa/key", headers=key)).status == 200
    answer = await desk.client.post("/api/v1/outlets/dai-xa/key", headers=key)
    assert (answer.status, (await answer.json())["type"]) == (409, f"{KIND}answer-not-kept")
    missing = [await ask(desk, headers, "k3", "/api/v1/audiences/export", person="0912345678") for _ in range(2)]
    assert [one[0] for one in missing] == [404, 404] and missing[1][2]["Idempotent-Replayed"] == "true"
    await ask(desk, headers, "k2")
    async with desk.house.database.read() as connection:
        rows = {row.key: row.body for row in await connection.execute(select(store.kept_answer))}
    assert rows["k1"] is None and "dân" not in rows["k2"] and "title" not in rows["k2"]


async def test_pages_know_no_keys(desk: Any) -> None:
    """It is the API's: a form of a page is not held back by it."""
    lan = await desk.browser("lan")
    for _ in range(2):
        assert (await lan.post("/items", TEXT, headers={"Idempotency-Key": "k1"})).status == 303
    assert await count(desk) == 2
