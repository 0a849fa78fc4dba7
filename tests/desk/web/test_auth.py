"""Sign-in, throttle, sessions, form tokens, other sites, passwords, tokens, the first administrator."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from config.clock import FakeClock
from config.settings import Settings
from config.words import BadInput, Conflict
from desk import auth
from desk.app import opened
from desk.passwords import check_password, readable_password
from desk.throttle import Throttle


async def test_a_stranger_is_sent_to_the_door_and_back(desk: Any, password: str) -> None:
    """A page asked for without a session leads to sign-in, and after it back to that page."""
    browser = await desk.browser()
    answer = await browser.get("/items?state=draft")
    assert (answer.status, answer.headers["Location"]) == (303, "/sign-in?next=/items%3Fstate%3Ddraft")
    form = {"login": "lan", "password": password, "next": "/items?state=draft"}
    answer = await browser.post("/sign-in", form)
    assert (answer.status, answer.headers["Location"]) == (303, "/items?state=draft")
    cookie = next(value for value in answer.headers.getall("Set-Cookie") if value.startswith("loa="))
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie
    browser.cookie = cookie.split(";")[0].removeprefix("loa=")
    assert "Nguyễn Thị Lan" in await browser.page("/items")


@pytest.mark.parametrize("next", ["https://x.example/", "//x.example", "/\\x.example", "\\\\x", "/\tx", ""])
def test_after_sign_in_nobody_is_led_elsewhere(next: str) -> None:
    """Only paths of this site are followed."""
    assert auth.local_path(next) == "/"


async def test_wrong_password_and_unknown_login_say_the_same(desk: Any, words: Any) -> None:
    """Nobody learns which logins there are."""
    browser = await desk.browser()
    said = []
    for login in ("lan", "khong-co-ai"):
        answer = await browser.post("/sign-in", {"login": login, "password": "sai rồi sai nữa"})
        said.append((answer.status, words(await answer.text()).replace(login, "")))
    assert said[0] == said[1]
    assert said[0][0] == 422
    assert "Tên đăng nhập hoặc mật khẩu không đúng" in said[0][1]


async def test_guesses_are_slowed_down_and_the_owner_is_not_locked_out(desk: Any, password: str) -> None:
    """After some failures comes 429 with Retry-After; a browser that was in before is counted apart."""
    owner = await desk.browser()
    answer = await owner.post("/sign-in", {"login": "lan", "password": password})
    mark = next(v for v in answer.headers.getall("Set-Cookie") if v.startswith("loa-mark=")).split(";")[0]
    stranger = await desk.browser()
    statuses = [
        (await stranger.post("/sign-in", {"login": "lan", "password": "đoán mò thôi nhé"})).status for _ in range(6)
    ]
    assert statuses == [422] * 5 + [429]
    answer = await stranger.post("/sign-in", {"login": "lan", "password": password})
    assert answer.status == 429
    assert int(answer.headers["Retry-After"]) >= 1
    answer = await owner.post("/sign-in", {"login": "lan", "password": password}, headers={"Cookie": mark})
    assert answer.status == 303
    desk.clock.advance(1000)
    answer = await stranger.post("/sign-in", {"login": "lan", "password": password})
    assert answer.status == 303


def test_delay_grows_and_is_forgotten_after_a_day(clock: FakeClock) -> None:
    """Each failure beyond the free ones doubles the wait, up to a quarter of an hour."""
    throttle = Throttle(clock, b"k")
    keys = throttle.keys("lan", "10.0.0.1", "")
    waits = []
    for _ in range(20):
        throttle.count(keys)
        waits.append(throttle.wait(keys))
    assert waits[:7] == [0, 0, 0, 0, 1, 2, 4]
    assert max(waits) == 900
    clock.advance(25 * 3600)
    throttle.count(keys)
    assert throttle.wait(keys) == 0


def test_a_forged_mark_helps_nobody(clock: FakeClock) -> None:
    """A mark belongs to one login and is signed."""
    throttle = Throttle(clock, b"k")
    mark = throttle.mark("lan")
    assert list(throttle.keys("lan", "a", mark)) == [f"mark:{mark}"]
    assert "account:hung" in throttle.keys("hung", "a", mark)
    assert "account:lan" in throttle.keys("lan", "a", "x.y")


async def test_session_ends_when_idle_and_after_twelve_hours(desk: Any) -> None:
    """Thirty minutes without use end a session, use lengthens it, twelve hours end it all the same."""
    browser = await desk.browser("lan")
    desk.clock.advance(29 * 60)
    assert (await browser.get("/")).status == 200
    desk.clock.advance(29 * 60)
    assert (await browser.get("/")).status == 200
    desk.clock.advance(31 * 60)
    assert (await browser.get("/")).status == 303
    browser = await desk.browser("lan")
    for _ in range(25):
        desk.clock.advance(28 * 60)
        assert (await browser.get("/")).status == 200
    desk.clock.advance(28 * 60)
    assert (await browser.get("/")).status == 303


async def test_a_page_that_refreshes_itself_keeps_no_session_alive(desk: Any) -> None:
    """Only a person's own clicks count as use."""
    browser = await desk.browser("lan")
    desk.clock.advance(20 * 60)
    assert (await browser.get("/", headers={"X-Loa-Live": "1"})).status == 200
    desk.clock.advance(20 * 60)
    assert (await browser.get("/")).status == 303


async def test_sign_out_ends_the_session_on_the_server(desk: Any) -> None:
    """The old cookie is worth nothing afterwards."""
    browser = await desk.browser("lan")
    assert (await browser.post("/sign-out")).headers["Location"] == "/sign-in"
    assert (await browser.get("/")).status == 303


@pytest.mark.parametrize("token", ["", "x" * 43])
async def test_form_without_the_right_token_is_refused(desk: Any, token: str) -> None:
    """A missing or wrong form token changes nothing."""
    item = await desk.draft()
    browser = await desk.browser("lan")
    answer = await browser.post(f"/items/{item.id}/submit", {"form_token": token})
    assert answer.status == 403
    assert "biểu mẫu" in (await answer.text()).lower()
    assert "bản nháp" in await browser.page(f"/items/{item.id}")


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://x.example"}]
)
@pytest.mark.parametrize("path", ["/items", "/sign-in"])
async def test_post_from_another_site_is_refused(desk: Any, headers: dict[str, str], path: str) -> None:
    """Neither a deed nor a sign-in can be made by another site, even with a right token."""
    browser = await desk.browser("lan")
    answer = await browser.post(path, {"title": "T", "body": "B", "act": "save"}, headers=headers)
    assert answer.status == 403


async def test_own_origin_is_accepted(desk: Any) -> None:
    """A browser that names our own origin gets through."""
    browser = await desk.browser("lan")
    origin = f"http://{desk.client.host}:{desk.client.port}"
    answer = await browser.post("/items", {"title": "Tin", "body": "Nội dung tin."}, headers={"Origin": origin})
    assert answer.status == 303


async def test_new_password_ends_other_sessions(desk: Any, password: str) -> None:
    """After a change the browser goes on with a new session, every other one is over."""
    one, other = await desk.browser("lan"), await desk.browser("lan")
    new = {"current": password, "password": "một câu khác hẳn nhé", "again": "một câu khác hẳn nhé"}
    answer = await one.post("/password", new)
    assert answer.status == 303
    assert (await other.get("/")).status == 303
    assert (await one.get("/")).status == 303
    cookie = next(v for v in answer.headers.getall("Set-Cookie") if v.startswith("loa="))
    one.cookie = cookie.split(";")[0].removeprefix("loa=")
    assert (await one.get("/")).status == 200


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"current": "sai"}, "current"),
        ({"password": "ngắn", "again": "ngắn"}, "password"),
        ({"password": "matkhau123456", "again": "matkhau123456"}, "password"),
        ({"again": "không giống chút nào"}, "again"),
    ],
)
async def test_bad_new_password_is_told_at_its_field(
    desk: Any, password: str, given: dict[str, str], field: str
) -> None:
    """The form comes back with the message at the field."""
    right = {"current": password, "password": "một câu khác hẳn nhé", "again": "một câu khác hẳn nhé"}
    browser = await desk.browser("lan")
    answer = await browser.post("/password", right | given)
    assert answer.status == 422
    assert f'id="e-{field}"' in await answer.text()


def test_passwords_too_easy_are_refused() -> None:
    """Short, long, common, one letter, or the own name."""
    for bad in ("short", "x" * 129, "Password1234", "aaaaaaaaaaaaaa", "nguyenthilan123"):
        with pytest.raises(BadInput):
            check_password(bad, "nguyenthilan")
    check_password(readable_password())


async def test_https_cookie_is_bound_to_the_host(tmp_path: Path, clock: FakeClock) -> None:
    """With a public https address the session cookie is `__Host-` and Secure."""
    told = {
        "database": {"url": f"sqlite:///{tmp_path}/loa.db"},
        "files": {"dir": tmp_path},
        "voice": {"engines": ["espeak"]},
        "web": {"public_url": "https://loa.example.vn"},
    }
    async with opened(Settings.model_validate(told), clock) as house:
        keeper = auth.DoorKeeper(house)
        assert (keeper.cookie, keeper.secure) == ("__Host-loa", True)


async def test_first_administrator_can_sign_in(tmp_path: Path, clock: FakeClock) -> None:
    """An empty house gets one administrator and a sentence with the password; a second start gets none."""
    told = {
        "database": {"url": f"sqlite:///{tmp_path}/loa.db"},
        "files": {"dir": tmp_path},
        "voice": {"engines": ["espeak"]},
    }
    async with opened(Settings.model_validate(told), clock) as house:
        said = await auth.first_administrator(house)
        assert said is not None
        found = re.search(r"mật khẩu (\S+)", said)
        assert found and len(found[1]) >= 16
        assert await auth.first_administrator(house) is None
        with pytest.raises(Conflict):
            await auth.add_person(house, "quantri", "Người khác", ["viewer"], None)
        with pytest.raises(BadInput):
            await auth.add_person(house, "b", "B", ["king"], None)


async def test_tokens_have_scopes_and_end(desk: Any) -> None:
    """A token reads what it may, nothing more, until its day; a cookie does not open the API."""
    headers = await desk.api("lan", "read")
    answer = await desk.client.get("/api/v1/items", headers=headers)
    assert answer.status == 200
    answer = await desk.client.post("/api/v1/items", headers=headers, json={"title": "T", "body": "B"})
    assert (answer.status, (await answer.json())["status"]) == (403, 403)
    assert (await (await desk.browser("lan")).get("/api/v1/items")).status == 401
    assert (await desk.client.get("/api/v1/items", headers={"Authorization": "Bearer loa_x"})).status == 401
    desk.clock.advance(31 * 86400)
    assert (await desk.client.get("/api/v1/items", headers=headers)).status == 401
    with pytest.raises(BadInput):
        await auth.make_token(desk.house, "lan", "x", ["everything"], None)
