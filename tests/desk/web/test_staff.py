"""The people page and tokens: accounts made, changed, closed; one administrator always stays; secrets are shown once."""

from __future__ import annotations

import re
from typing import Any

import pytest

from desk import store


async def account(desk: Any, login: str) -> Any:
    """The account as it is stored."""
    async with desk.house.database.read() as connection:
        return await store.account(connection, login)


async def test_a_new_person_signs_in_with_what_was_shown(desk: Any) -> None:
    """The password stands on the page that follows, and nowhere later."""
    quan = await desk.browser("quan")
    answer = await quan.post("/staff", {"name": "Quàng Thị Hoa", "login": "Hoa", "role": ["author", "viewer"]})
    page = await answer.text()
    shown = re.findall(r'<code class="address">([^<]+)</code>', page)
    assert answer.status == 200 and shown[0] == "hoa"
    assert shown[1] not in await quan.page("/staff")
    stranger = await desk.browser()
    answer = await stranger.ask("POST", "/sign-in", data={"login": "hoa", "password": shown[1]})
    assert answer.status == 303 and (await account(desk, "hoa")).roles == ("author", "viewer")
    new = await (await quan.post("/staff/hoa/password")).text()
    other = re.findall(r'<code class="address">([^<]+)</code>', new)[1]
    assert other != shown[1]
    for password, status in ((shown[1], 422), (other, 303)):
        assert (await stranger.ask("POST", "/sign-in", data={"login": "hoa", "password": password})).status == status


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "", "login": "a", "role": "viewer"}, "name"),
        ({"name": "A", "login": "mai", "role": "viewer"}, "login"),
        ({"name": "A", "login": "á", "role": "viewer"}, "login"),
        ({"name": "A", "login": "a"}, "role"),
        ({"name": "A", "login": "a", "role": "boss"}, "role"),
    ],
)
async def test_bad_input_is_told_at_its_field(desk: Any, given: dict[str, Any], field: str) -> None:
    """And nobody is added."""
    quan = await desk.browser("quan")
    answer = await quan.post("/staff", given)
    assert answer.status in {409, 422} and f'href="#f-{field}"' in await answer.text()
    assert await account(desk, "a") is None


async def test_roles_change_with_the_next_click(desk: Any) -> None:
    """And are noted, as they were and as they are."""
    quan, xem = await desk.browser("quan"), await desk.browser("xem")
    assert (await xem.get("/items/new")).status == 403
    assert (await quan.post("/staff/xem/roles", {"role": ["author"]})).status == 303
    assert (await xem.get("/items/new")).status == 200
    assert (await quan.post("/staff/xem/roles", {"role": ["author"]})).status == 409
    assert (await quan.post("/staff/xem/roles", {})).status == 422
    assert (await quan.post("/staff/nobody/roles", {"role": "viewer"})).status == 404
    async with desk.house.database.read() as connection:
        deed = (await desk.house.journal.of(connection, "person/xem"))[-1]
    assert (deed.verb, deed.detail["was"], deed.detail["roles"]) == ("change_roles", ["viewer"], ["author"])


async def test_a_closed_account_opens_nothing(desk: Any) -> None:
    """Neither a session nor a token, until it is opened again."""
    quan, lan = await desk.browser("quan"), await desk.browser("lan")
    headers = await desk.api("lan")
    assert (await quan.post("/staff/lan/close", {"note": "nghỉ việc"})).status == 303
    assert (await lan.get("/items")).status == 303
    assert (await desk.client.get("/api/v1/items", headers=headers)).status == 401
    assert "đã khóa" in await quan.page("/staff")
    assert (await quan.post("/staff/lan/close")).status == 409
    assert (await quan.post("/staff/lan/open")).status == 303
    assert (await desk.client.get("/api/v1/items", headers=headers)).status == 200


async def test_one_administrator_stays(desk: Any) -> None:
    """Not by roles, not by closing, as long as there is no other."""
    quan = await desk.browser("quan")
    for path, given in (("roles", {"role": "viewer"}), ("close", {})):
        answer = await quan.post(f"/staff/quan/{path}", given)
        assert answer.status == 409 and "ít nhất một quản trị" in await answer.text()
    assert (await quan.post("/staff/mai/roles", {"role": ["administrator"]})).status == 303
    assert (await quan.post("/staff/quan/roles", {"role": "viewer"})).status == 303


async def test_a_token_is_shown_once_and_taken_back(desk: Any) -> None:
    """It may what its scopes say, and its owner's role; others neither see nor remove it."""
    lan, xem, quan = await desk.browser("lan"), await desk.browser("xem"), await desk.browser("quan")
    answer = await lan.post("/tokens", {"name": "Trang xã", "scope": ["read", "approve"], "days": "30"})
    secret = re.findall(r"loa_[\w-]+", await answer.text())[0]
    headers = {"Authorization": f"Bearer {secret}"}
    assert (await desk.client.get("/api/v1/items", headers=headers)).status == 200
    item = await desk.submitted()
    assert (await desk.client.post(f"/api/v1/items/{item.id}/approve", headers=headers)).status == 403
    page = await lan.page("/tokens")
    assert "Trang xã" in page and secret not in page and "Trang xã" not in await xem.page("/tokens")
    path = re.findall(r"/tokens/[0-9a-f]{12}/remove", page)[0]
    assert (await xem.post(path)).status == 404
    assert "Nguyễn Thị Lan" in await quan.page("/tokens")
    assert (await quan.post(path)).status == 303
    assert (await desk.client.get("/api/v1/items", headers=headers)).status == 401


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "", "scope": "read", "days": "30"}, "name"),
        ({"name": "a", "days": "30"}, "scope"),
        ({"name": "a", "scope": "all", "days": "30"}, "scopes"),
        ({"name": "a", "scope": "read", "days": "9999"}, "days"),
    ],
)
async def test_a_token_needs_name_scope_and_end(desk: Any, given: dict[str, str], field: str) -> None:
    """Told at its field; none is made."""
    lan = await desk.browser("lan")
    answer = await lan.post("/tokens", given)
    assert answer.status == 422 and f'href="#f-{field}"' in await answer.text()
    assert "Chưa có mã nào" in await lan.page("/tokens")
