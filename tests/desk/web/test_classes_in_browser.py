"""A class in a real browser: opened, invited to, approved by a second person, answered on a phone without a script, ticked, certified."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from channels.audiences import store as audience_store
from channels.audiences.store import Recipient
from channels.classes import store
from channels.classes.given import store as given_store
from channels.classes.training import door_code, door_token
from db.types import new_id
from desk.classes.page import key_of
from scheduler.log import store as log_store
from tests.desk.web.test_calendar_in_browser import base
from tests.story.looking import chromium, needs_chromium

pytestmark = needs_chromium

FORM = {
    "title": "Một cửa liên thông",
    "date": "2026-12-05",
    "start": "08:00",
    "end": "11:30",
    "place": "Nhà văn hóa bản Nà Khi",
    "lecturer": "bà Lò Thị Mai",
}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with chromium() as browser:
        yield browser


async def opened(desk: Any, page: Page, address: str) -> str:
    """The author fills in the form and has the invitation drafted; the class's id."""
    now = desk.clock.now()
    people = [Recipient("phone", "+84912345671", "Lò Văn Muôn"), Recipient("phone", "+84912345672", "Quàng Thị Dó")]
    async with desk.house.database.write() as tx:
        told = (desk.house.database, tx, desk.house.seal, new_id(now), "Trưởng bản", people, now)
        await audience_store.save_audience(*told)
    await page.goto(f"{address}/classes")
    for name, value in FORM.items():
        await page.fill(f"#f-{name}", value)
    await page.select_option("#f-audience", "Trưởng bản")
    await page.check("input[name=outlet][value=sms]")
    await page.get_by_role("button", name="Mở lớp").click()
    await expect(page.locator("h1")).to_have_text(FORM["title"])
    await page.get_by_role("button", name="Soạn lời mời").click()
    await expect(page.locator(".said")).to_contain_text("Đã soạn lời mời")
    return page.url.split("#")[0].rsplit("/", 1)[-1]


async def approved(desk: Any, id: str) -> None:
    """The author hands the invitation in, a second person approves it, its run is frozen."""
    async with desk.house.database.read() as connection:
        item = (await store.find(connection, id)).invitation
    lan, hung = await desk.browser("lan"), await desk.browser("hung")
    assert (await lan.post(f"/items/{item}/submit")).status == 303
    answer = await desk.client.get(f"/api/v1/items/{item}", headers=await desk.api("hung", "read"))
    digest = (await answer.json())["digest"]
    assert (await hung.post(f"/items/{item}/approve", {"digest": digest})).status == 303
    await desk.house.runner._planner.plan()


async def links(desk: Any) -> list[str]:
    """The paths of everybody's own links, by name."""
    async with desk.house.database.read() as connection:
        sent = await log_store.list_deliveries(connection, log_store.Filter(outlets=("sms",)))
    return [
        desk.house.reply_links.address(one.id).removeprefix(desk.house.settings.web.base_url)
        for one in sorted(sent, key=lambda one: one.name)
    ]


async def test_from_the_form_to_the_certificate(desk: Any, browser: Browser) -> None:
    """Everything with a mouse at the desk, and on a phone that runs no script."""
    wide = await browser.new_context(viewport={"width": 1280, "height": 900})
    page = await wide.new_page()
    address = await base(desk, wide, "lan")
    id = await opened(desk, page, address)
    await approved(desk, id)
    phone = await browser.new_context(viewport={"width": 320, "height": 480}, java_script_enabled=False)
    own = await phone.new_page()
    first, second = await links(desk)
    await own.goto(f"{address}{first}")
    await own.get_by_role("button", name="Tôi dự", exact=True).click()
    await expect(own.locator(".said")).to_contain_text("ông/bà dự lớp")
    await own.goto(f"{address}{second}")
    await own.get_by_role("button", name="Tôi không dự").click()
    await expect(own.locator("main")).to_contain_text("đã trả lời không dự")
    assert not await own.evaluate("document.documentElement.scrollWidth > innerWidth")
    await page.reload()
    await expect(page.locator(".lead")).to_contain_text("1 dự · 1 không dự · 0 chưa trả lời")
    async with desk.house.database.read() as connection:
        [session] = (await store.find(connection, id)).sessions
    desk.clock.advance((session.begins_at - desk.clock.now()).total_seconds())
    await own.goto(f"{address}{first}")
    await own.fill("#f-code", door_code(session.id, key_of(desk.house)))
    await own.get_by_role("button", name="Điểm danh").click()
    await expect(own.locator("main")).to_contain_text("Đã điểm danh buổi này")
    await own.goto(f"{address}/diem-danh/{door_token(session.id, key_of(desk.house))}")
    await own.fill("#f-name", "Cà Văn Ơn")
    await own.get_by_role("button", name="Tôi có mặt").click()
    await expect(own.locator(".said")).to_contain_text("Đã điểm danh")
    address = await base(desk, wide, "quan")
    await page.goto(f"{address}/classes/{id}")
    await page.get_by_text("Điểm danh 05/12 08:00 (2)").click()
    await page.get_by_label("Quàng Thị Dó").check()
    await page.get_by_role("button", name="Lưu điểm danh").click()
    await expect(page.locator(".said")).to_contain_text("3 người")
    await page.get_by_role("button", name="Cấp chứng nhận").click()
    await expect(page.locator(".said")).to_contain_text("Đã cấp 3 giấy chứng nhận")
    async with desk.house.database.read() as connection:
        given = await given_store.certificates(connection, id)
    await own.goto(f"{address}/chung-nhan")
    await own.fill("#f-ma", next(iter(given.values())).code)
    await own.get_by_role("button", name="Kiểm tra").click()
    await expect(own.locator("main")).to_contain_text("là thật")


async def test_a_class_without_a_date_is_told_at_its_field(desk: Any, browser: Browser) -> None:
    """The browser asks for it, and so does the house where the browser does not."""
    wide = await browser.new_context(viewport={"width": 1280, "height": 900})
    page = await wide.new_page()
    address = await base(desk, wide, "lan")
    await page.goto(f"{address}/classes")
    await page.eval_on_selector("form[action='/classes']", "form => form.noValidate = true")
    await page.fill("#f-title", FORM["title"])
    await page.get_by_role("button", name="Mở lớp").click()
    await expect(page.locator("#fault")).to_contain_text("Lớp phải có ngày")
    await expect(page.locator("#f-title")).to_have_value(FORM["title"])
    await page.get_by_role("link", name="Đến ô cần sửa").click()
    await expect(page.locator("#f-date")).to_have_attribute("aria-invalid", "true")
