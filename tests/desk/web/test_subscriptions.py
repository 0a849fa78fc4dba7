"""Receivers of events on the desk: added with a key that is shown once, told how they fare, for administrators alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from desk.commands.doctor import look
from scheduler.events.event import Kind
from scheduler.subscription import store
from tests.scheduler.listening import Listening

FORM = {"title": "Một cửa huyện", "url": "https://8.8.8.8/loa?khoa=bi-mat", "kinds": ["item.approved", "station.late"]}
KEY = re.compile(r"whsec_[A-Za-z0-9+/=]{44}")


@pytest.fixture
async def there(desk: Any) -> AsyncIterator[Listening]:
    """Another system, on this machine: this house may call no private network."""
    async with Listening(desk.clock) as there:
        yield there


async def added(desk: Any, **more: Any) -> tuple[Any, str]:
    """A receiver that an administrator has added; its row and the key as the page showed it."""
    answer = await (await desk.browser("quan")).post("/subscriptions", FORM | more)
    html = await answer.text()
    assert 201 == answer.status, html
    (secret,) = set(KEY.findall(html))
    async with desk.house.database.read() as connection:
        return (await store.every(connection))[-1], secret


async def test_a_key_is_shown_once(desk: Any) -> None:
    """When it is made, and when it is made anew; on no other page, and not to whoever asks again."""
    one, secret = await added(desk)
    quan = await desk.browser("quan")
    html = await quan.page("/subscriptions")
    assert "Một cửa huyện" in html and "https://8.8.8.8/loa?…" in html and "bi-mat" not in html
    assert not KEY.search(html)
    renewed = await (await quan.post(f"/subscriptions/{one.id}/key")).text()
    (other,) = set(KEY.findall(renewed))
    assert other != secret and "Khóa cũ còn được ký kèm trong 1 ngày" in renewed
    headers = await desk.api("quan") | {"Idempotency-Key": "mot-lan"}
    made = await desk.client.post("/api/v1/subscriptions", headers=headers, json=FORM)
    assert 201 == made.status and KEY.fullmatch((await made.json())["secret"])
    again = await desk.client.post("/api/v1/subscriptions", headers=headers, json=FORM)
    assert 409 == again.status and not KEY.search(await again.text())
    listed = await (await desk.client.get("/api/v1/subscriptions", headers=headers)).text()
    assert not KEY.search(listed) and "bi-mat" not in listed


async def test_what_is_wrong_is_told_at_its_field(desk: Any) -> None:
    """On the page with what was typed, and to programs; nothing is stored."""
    quan, headers = await desk.browser("quan"), await desk.api("quan")
    for wrong, field in (
        ({"url": "https://127.0.0.1/loa"}, "url"),
        ({"url": "http://8.8.8.8/loa"}, "url"),
        ({"title": " "}, "title"),
        ({"kinds": []}, "kinds"),
    ):
        answer = await quan.post("/subscriptions", FORM | wrong)
        html = await answer.text()
        assert 422 == answer.status and f'id="e-{field}"' in html
        assert field == "title" or 'value="Một cửa huyện"' in html
        answer = await desk.client.post("/api/v1/subscriptions", headers=headers, json=FORM | wrong)
        assert (400 if field == "kinds" else 422, field) == (answer.status, (await answer.json())["field"])
    async with desk.house.database.read() as connection:
        assert [] == await store.every(connection)


@pytest.mark.parametrize("login", ["lan", "hung", "mai", "xem", "dai"])
async def test_for_administrators_alone(desk: Any, login: str) -> None:
    """Nobody else finds it, sees it or adds one."""
    browser = await desk.browser(login)
    assert "/subscriptions" not in await browser.page("/outlets")
    assert 403 == (await browser.get("/subscriptions")).status
    assert 403 == (await browser.post("/subscriptions", FORM)).status
    assert 403 == (await desk.client.get("/api/v1/subscriptions", headers=await desk.api(login))).status
    assert 'href="/subscriptions"' in await (await desk.browser("quan")).page("/outlets")


async def test_a_key_needs_the_scope_for_it(desk: Any) -> None:
    """A program that may only write cannot have itself told everything."""
    headers = await desk.api("quan", "read", "write")
    answer = await desk.client.post("/api/v1/subscriptions", headers=headers, json=FORM)
    assert 403 == answer.status


async def test_its_life_on_the_page(desk: Any) -> None:
    """Paused with a reason, resumed, sent everything again, removed; each told, each in the journal."""
    one, _ = await added(desk)
    quan, path = await desk.browser("quan"), f"/subscriptions/{one.id}"
    assert 303 == (await quan.post(f"{path}/pause", {"note": "nâng cấp"})).status
    html = await quan.page("/subscriptions")
    assert "tạm dừng" in html and "nâng cấp" in html and "/resume" in html
    assert 409 == (await quan.post(f"{path}/pause")).status
    await desk.approved()
    await desk.house.runner._chronicler.collect()
    assert "1 sự kiện" in await quan.page("/subscriptions")
    since = desk.clock.now() - timedelta(hours=1)
    answer = await quan.post(f"{path}/replay", {"since": desk.clock.now().isoformat()})
    assert 303 == answer.status and answer.headers["Location"] == f"/subscriptions#{one.id}"
    for wrong in ({"since": ""}, {"since": "hôm qua"}, {"since": (since - timedelta(days=31)).isoformat()}):
        assert 422 == (await quan.post(f"{path}/replay", wrong)).status
    assert 303 == (await quan.post(f"{path}/resume")).status
    assert 303 == (await quan.post(f"{path}/remove")).status
    assert "Chưa có nơi nhận nào" in await quan.page("/subscriptions")
    async with desk.house.database.read() as connection:
        verbs = [deed.verb for deed in await desk.house.journal.of(connection, f"subscription/{one.id}")]
    lead = ("add", "pause", "replay", "resume", "remove")
    assert [f"{verb}_subscription" for verb in lead] == verbs


async def test_tried_out_from_the_page(desk: Any, there: Listening) -> None:
    """The answer is told there and then, good or not; a private address is not called."""
    one, secret = await added(desk)
    async with desk.house.database.write() as tx:
        await store.change(tx, one.id, url=there.address)
    quan, path = await desk.browser("quan"), f"/subscriptions/{one.id}/test"
    refused = await quan.post(path)
    assert 409 == refused.status and "địa chỉ nội bộ" in await refused.text()
    assert [] == there.came
    plain = await (await desk.client.post(f"/api/v1{path}", headers=await desk.api("quan"))).json()
    assert (False, None) == (plain["good"], plain["status"])
    assert secret not in str(plain)


async def test_a_disabled_one_is_told_on_today_and_by_the_doctor(desk: Any) -> None:
    """To those who act; the way to it only to administrators."""
    one, _ = await added(desk)
    async with desk.house.database.write() as tx:
        await store.pause(tx, one.id, desk.clock.now(), "Loa", "nơi nhận trả lời 410: không nhận nữa")
    for login, seen, linked in (("quan", True, True), ("hung", True, False), ("xem", False, False)):
        html = await (await desk.browser(login)).page("/")
        assert (seen, linked) == ("Loa đã ngừng báo sự kiện" in html, f"/subscriptions#{one.id}" in html), login
    (finding,) = [each async for each in look(desk.house) if each.name == "nơi nhận sự kiện"]
    assert not finding.well and "Một cửa huyện: đã ngừng gửi" in finding.seen and "410" in finding.seen
    assert "Loa đã ngừng gửi" in await (await desk.browser("quan")).page("/subscriptions")


async def test_the_deeds_of_the_desk_are_told(desk: Any) -> None:
    """An approval and a pause on the pages become events, with the reason that was typed."""
    await added(desk, kinds=[kind.value for kind in Kind])
    item = await desk.submitted()
    hung = await desk.browser("hung")
    html = await hung.page(f"/items/{item.id}")
    digest = re.findall(r'name="digest" value="(\w+)"', html)[0]
    assert 303 == (await hung.post(f"/items/{item.id}/approve", {"digest": digest, "note": "Đúng"})).status
    assert 303 == (await hung.post("/outlets/sms/pause", {"note": "bảo trì"})).status
    assert 0 < await desk.house.runner._chronicler.collect()
    async with desk.house.database.read() as connection:
        (waiting,) = (await store.backlogs(connection)).values()
    assert 2 == waiting.waiting
