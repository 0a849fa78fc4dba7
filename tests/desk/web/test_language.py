"""The desk in Vietnamese and in English: who chooses, what follows the choice, and what stays as it is."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from config.clock import FakeClock
from desk.app import opened
from desk.web import make_web
from tests.desk.web.conftest import settings_in

ENGLISH = {"Cookie": "loa-language=en"}


async def test_a_browser_chooses_and_is_led_back(desk: Any) -> None:
    """The choice is kept for a year, and what was looked at is shown again in it; also at the door, by strangers."""
    stranger = await desk.browser()
    assert 'lang="vi"' in await stranger.page("/sign-in")
    answer = await stranger.post("/language", {"language": "en", "next": "/sign-in?next=/items"})
    assert (303, "/sign-in?next=/items") == (answer.status, answer.headers["Location"])
    [kept] = answer.headers.getall("Set-Cookie")
    assert kept.startswith("loa-language=en;") and "Max-Age=31536000" in kept and "HttpOnly" in kept
    page = await (await stranger.get("/sign-in", headers=ENGLISH)).text()
    assert '<html lang="en">' in page and "Sign in" in page and "Đăng nhập" not in page
    assert '<button class="quiet" lang="vi"><bdi lang="vi">Tiếng Việt</bdi></button>' in page


@pytest.mark.parametrize(("given", "status", "to"), [("en", 303, "/"), ("lo", 400, None), ("", 400, None)])
async def test_nobody_is_led_elsewhere_or_to_a_third_language(
    desk: Any, given: str, status: int, to: str | None
) -> None:
    """Only paths of this site, only the two languages."""
    answer = await (await desk.browser()).post("/language", {"language": given, "next": "https://x.example/"})
    assert (status, to) == (answer.status, answer.headers.get("Location"))
    assert ("Set-Cookie" in answer.headers) == (status == 303)


async def test_an_unknown_choice_is_none(desk: Any) -> None:
    """A cookie that says something else leaves the office's language."""
    answer = await (await desk.browser()).get("/sign-in", headers={"Cookie": "loa-language=../en"})
    assert 'lang="vi"' in await answer.text()


async def test_deeds_errors_and_moments_follow(desk: Any) -> None:
    """The word after a deed, a fault at its field, a page that is not there, and when something was."""
    lan = await desk.browser("lan")
    english = {"Cookie": f"loa={lan.cookie}; loa-language=en"}
    answer = await lan.post("/items", {"title": "Họp bản", "body": "Mời bà con đến họp."}, headers=english)
    said = next(one for one in answer.headers.getall("Set-Cookie") if one.startswith("loa-said=")).split(";")[0]
    page = await (await lan.get(answer.headers["Location"], headers={"Cookie": f"{english['Cookie']}; {said}"})).text()
    assert "Draft saved." in page and '<bdi lang="vi">Họp bản</bdi>' in page and "Bản nháp" not in page
    assert "<title>Họp bản" in page
    assert "Tuesday" in page or "just now" in page or "today" in page
    page = await (await lan.post("/items", {"title": "", "body": ""}, headers=english)).text()
    assert 'aria-invalid="true"' in page and "Tiêu đề" not in page
    page = await (await lan.get("/items/khong-co", headers=english)).text()
    assert 'lang="en"' in page and "Không" not in page


async def test_a_choice_changes_no_answer_to_programs(desk: Any) -> None:
    """They say by Accept-Language what they read."""
    headers = await desk.api("lan") | {"Cookie": "loa-language=en"}
    answer = await desk.client.get("/api/v1/items/khong-co", headers=headers)
    assert "vi" == answer.headers["Content-Language"]


async def test_an_office_may_read_english_from_the_start(tmp_path: Any, clock: FakeClock) -> None:
    """By `locale` in its settings; a browser may still choose Vietnamese."""
    settings = settings_in(tmp_path)
    settings = settings.model_copy(update={"office": settings.office.model_copy(update={"locale": "en"})})
    async with opened(settings, clock) as house, TestClient(TestServer(make_web(house))) as client:
        assert 'lang="en"' in await (await client.get("/sign-in")).text()
        answer = await client.get("/sign-in", headers={"Cookie": "loa-language=vi"})
        assert 'lang="vi"' in await answer.text()
