"""What is not theirs: a viewer and a station before the desk in a real browser, who press what they see and try what they do not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, expect

from content.item import Draft
from desk import auth
from desk.doors import DOORS, Door
from tests.story.commune import WRITER, Commune, commune
from tests.story.looking import PASSWORD, chromium, needs_chromium
from tests.story.office import PHONE, WIDE, Screens, Somebody

pytestmark = needs_chromium

PLACES = {
    "xem": [
        "Hôm nay",
        "Tin bài",
        "Lịch phát",
        "Lịch",
        "Nhật ký",
        "Điểm phát",
        "Kế hoạch",
        "Thủ tục",
        "Lớp tập huấn",
        "Cuộc thi",
        "Báo cáo",
    ],
    "dai": ["Hôm nay", "Lịch phát", "Lịch", "Điểm phát"],
}
ROLES = {"xem": ("viewer", "xem"), "dai": ("station", "đài phát")}
SHARED = {"today", "schedules", "schedule", "calendar", "occurrences", "outlets", "password", "tokens"}
REACHED = {
    "xem": SHARED
    | {"items", "item", "deliveries", "delivery", "plan", "procedures", "classes", "contests", "reports", "rides"},
    "dai": SHARED,
}
"""Doors to which links lead them, whatever else there is."""
SCREENS = {"xem": WIDE, "dai": PHONE}
NOBODY, NOWHERE = "0000000000000", "khong-co"
POST = """([path, token]) => fetch(path, {
  method: "POST", redirect: "manual", headers: { Accept: "text/html" }, body: new URLSearchParams({ form_token: token }),
}).then(async (answer) => [answer.status, await answer.text()])"""
LINKS = """() => [...document.querySelectorAll("a[href]")].map((link) => link.href.split("#")[0])"""
FORMS = """() => [...document.querySelectorAll("form[method=post]")].flatMap((form) =>
  [form, ...form.querySelectorAll("[formaction]")].map((one) => new URL(one.formAction || one.action).pathname))"""


@pytest.fixture
async def played(plain_settings: dict[str, Any]) -> AsyncIterator[Commune]:
    """Three days of a commune's office, a text that waits and one that is being written, two who may only look."""
    async with commune(plain_settings) as played:
        house = played.office.house
        for login, (role, title) in ROLES.items():
            await auth.add_person(house, login, f"Người {title}", (role,), PASSWORD)
        async with house.database.write() as tx:
            waits = await house.editing.write(tx, Draft("Đang chờ duyệt", "Họp bản tối nay."), WRITER)
            await house.editing.submit(tx, waits.id, WRITER)
            await house.editing.write(tx, Draft("Đang viết", "Họp bản tối mai."), WRITER)
        yield played


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium that talks to nobody else."""
    async with chromium() as browser:
        yield browser


@pytest.fixture(params=list(ROLES))
async def who(request: pytest.FixtureRequest, played: Commune, browser: Browser) -> Somebody:
    """One of them, signed in: the viewer at a desk, the station on a phone."""
    who = await Screens(played.base, browser).somebody(request.param, **SCREENS[request.param])
    await who.sign_in()
    return who


def closed_to(who: Somebody, method: str) -> list[Door]:
    """Doors at which their role is not named."""
    role, _ = ROLES[who.login]
    return [door for door in DOORS if door.method == method and role not in door.roles]


def path_of(door: Door) -> str:
    """An address at the door: who is refused is so before anything is looked up."""
    return door.path.replace("{id}", NOBODY).replace("{name}", NOWHERE).replace("{side}", "a")


def door_at(method: str, path: str) -> Door | None:
    """The door an address leads to; None for what is no page of the desk, or everybody's."""
    return next((door for door in DOORS if door.method == method and pattern_of(door).fullmatch(path)), None)


def pattern_of(door: Door) -> re.Pattern[str]:
    """Every address at the door."""
    return re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(door.path)))


async def test_all_they_are_shown_opens(who: Somebody) -> None:
    """The places of their role; every link they can come to from there, and no form that would refuse them."""
    await who.look("today", "Hôm nay", closely=True)
    places = who.page.get_by_role("navigation", name="Các mục chính").locator("a:visible span")
    assert PLACES[who.login] == await places.all_inner_texts()
    role, found, doors = ROLES[who.login][0], list[str](), set[str]()
    async for address, forms in pages_from(who, f"{who.screens.base}/"):
        doors |= {door.name for door in [door_at("GET", urlsplit(address).path)] if door}
        posts = (door_at("POST", path) for path in forms)
        found += [f"{address} offers {door.name}" for door in posts if door and role not in door.roles]
    assert [] == found + who.screens.faults
    assert REACHED[who.login] <= doors


async def pages_from(who: Somebody, start: str) -> AsyncIterator[tuple[str, list[str]]]:
    """One page of each door, and each way of asking there, that links lead to; with where its forms go.

    What a link leads to and is no page is asked for and not opened; whatever does not answer 200 is a fault.
    """
    waiting, asked, seen = [start], {start}, set[tuple[str, frozenset[str]]]()
    while waiting:
        address = waiting.pop()
        url, got = urlsplit(address), await who.page.request.get(address, headers={"Accept": "text/html"})
        if got.status != 200:
            who.screens.faults.append(f"{who.login}: {got.status} {address}")
        door = door_at("GET", url.path)
        key = (door.name if door else url.path, frozenset(parse_qs(url.query)))
        if got.status != 200 or key in seen or "text/html" not in got.headers["content-type"]:
            continue
        seen.add(key)
        await who.page.goto(address)
        yield address, await who.page.evaluate(FORMS)
        for link in await who.page.evaluate(LINKS):
            if link not in asked and link.startswith(start) and door_at("GET", urlsplit(link).path):
                asked.add(link)
                waiting.append(link)


async def test_what_is_not_theirs_is_refused(who: Somebody, played: Commune) -> None:
    """Whatever they write into the address bar: why, whom to ask, and a way back; forms sent by hand do nothing."""
    page, (_, title) = who.page, ROLES[who.login]
    before = await deeds(played)
    for door in closed_to(who, "GET"):
        answer = await page.goto(who.screens.base + path_of(door))
        assert answer is not None and 403 == answer.status, door.name
        await expect(page.get_by_role("main")).to_contain_text(
            f"Vai trò của bạn ({title}) không mở được trang này. Nếu công việc cần đến, hãy nhờ người quản trị"
        )
        assert PLACES[who.login] == await page.locator("nav a:visible span").all_inner_texts()
    await who.look("refused", "Không được phép", closely=True)
    await who.press("Về trang Hôm nay")
    await who.look("back", "Hôm nay")
    token = await page.locator("input[name=form_token]").first.input_value()
    for door in closed_to(who, "POST"):
        status, said = await page.evaluate(POST, [path_of(door), token])
        assert (403, True) == (status, "không làm được việc này" in said), door.name
    assert before == await deeds(played)
    assert [] == who.screens.faults


async def deeds(played: Commune) -> int:
    """How many there are in the journal."""
    async with played.office.house.database.read() as connection:
        return await played.office.house.journal.newest(connection)
