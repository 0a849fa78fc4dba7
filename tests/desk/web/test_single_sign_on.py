"""Coming in by an account elsewhere: only whom the issuer vouches for, to us, in this browser, now; off by default."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from config.clock import FakeClock
from config.settings import SignInSettings
from desk.app import opened
from desk.web import make_web
from tests.desk.web.conftest import Browser, Desk, settings_in
from tests.desk.web.issuer import CLIENT, SECRET, Issuer


@dataclass
class Entrance:
    """A desk that trusts an issuer, and a browser that keeps cookies."""

    desk: Desk
    issuer: Issuer
    browser: Browser
    kept: str = ""

    async def leave(self, next: str = "/items") -> str:
        """Press the button; where the browser is sent."""
        answer = await self.browser.get(f"/sign-in/sso?next={next}")
        assert answer.status == 303, await answer.text()
        self.kept = answer.cookies["loa-sso"].value
        return answer.headers["Location"]

    async def back(self, place: str, kept: str | None = None) -> ClientResponse:
        """Come back from the issuer."""
        return await self.browser.get(place, headers={"Cookie": f"loa-sso={self.kept if kept is None else kept}"})

    async def round(self) -> ClientResponse:
        """There and back."""
        return await self.back(self.issuer.visited(await self.leave()))


@pytest.fixture
def asked() -> dict[str, Any]:
    """More of the settings."""
    return {}


@pytest.fixture
async def entrance(tmp_path: Path, clock: FakeClock, furnished: Path, asked: dict[str, Any]) -> AsyncIterator[Entrance]:
    """A house with six people, and their issuer on a random port."""
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True)
    issuer = Issuer(now=clock.now)
    async with TestServer(issuer.app) as server:
        issuer.url = str(server.make_url("")).rstrip("/")
        plain = settings_in(tmp_path)
        sign_in = SignInSettings(
            oidc_issuer=issuer.url, oidc_client_id=CLIENT, oidc_client_secret=SecretStr(SECRET), **asked
        )
        http = plain.http.model_copy(update={"allow": ("127.0.0.0/8",)})
        settings = plain.model_copy(update={"sign_in": sign_in, "http": http})
        async with opened(settings, clock) as house, TestClient(TestServer(make_web(house))) as client:
            yield Entrance(Desk(house, clock, client), issuer, Browser(client))


async def test_who_is_vouched_for_is_in(entrance: Entrance) -> None:
    """The button leads away and back to the page that was wanted, with a session."""
    page = await (await entrance.browser.get("/sign-in?next=/items")).text()
    assert 'href="/sign-in/sso?next=/items"' in page and "tài khoản của cơ quan" in page
    answer = await entrance.round()
    assert (answer.status, answer.headers["Location"]) == (303, "/items")
    entrance.browser.cookie = answer.cookies["loa"].value
    assert "Nguyễn Thị Lan" in await entrance.browser.page("/items")


async def test_a_code_is_good_once_and_in_its_browser(entrance: Entrance) -> None:
    """Another browser, another state, a second time, ten minutes later: the sign-in page again, and no session."""
    place = entrance.issuer.visited(await entrance.leave())
    for kept in ("", "x", entrance.kept[:-4] + "AAAA"):
        answer = await entrance.back(place, kept)
        assert answer.status == 422 and "loa" not in answer.cookies
    answer = await entrance.back(place.replace("state=", "state=x"))
    assert answer.status == 422
    assert (await entrance.back(place)).status == 303
    assert (await entrance.back(place)).status == 422
    late = entrance.issuer.visited(await entrance.leave())
    entrance.desk.clock.advance(601)
    assert (await entrance.back(late)).status == 422


async def test_who_said_no_may_try_again(entrance: Entrance) -> None:
    """What the issuer adds is not repeated."""
    state = entrance.issuer.visited(await entrance.leave()).split("state=")[1]
    answer = await entrance.back(f"/sign-in/sso/back?error=access_denied&error_description=<b>x</b>&state={state}")
    page = await answer.text()
    assert answer.status == 422 and "chưa được xác nhận" in page and "<b>x" not in page


PAST = 1_700_000_000
"""In seconds since 1970."""


@pytest.mark.parametrize(
    ("claims", "header"),
    [
        ({"aud": "another"}, {}),
        ({"aud": ["loa", "another"]}, {}),
        ({"aud": ["loa", "another"], "azp": "another"}, {}),
        ({"iss": "https://elsewhere.vn"}, {}),
        ({"nonce": "of another sign-in"}, {}),
        ({"nonce": None}, {}),
        ({"exp": PAST}, {}),
        ({"exp": None}, {}),
        ({"sub": None}, {}),
        ({"preferred_username": None}, {}),
        ({"preferred_username": ["lan"]}, {}),
        ({}, {"alg": "HS256"}),
        ({}, {"kid": "unknown"}),
    ],
)
async def test_a_word_that_cannot_be_believed(
    entrance: Entrance, claims: dict[str, Any], header: dict[str, Any]
) -> None:
    """Said by, to, about or at something else: nobody is in."""
    entrance.issuer.claims |= claims
    entrance.issuer.header = header
    answer = await entrance.round()
    assert answer.status == 422 and "loa" not in answer.cookies
    assert "không xác nhận được" in await answer.text()


async def test_keys_may_change(entrance: Entrance) -> None:
    """They are looked up again; a token by a key that was never there is not believed."""
    assert (await entrance.round()).status == 303
    entrance.issuer.new_key()
    assert (await entrance.round()).status == 303


async def test_only_accounts_that_are_here(entrance: Entrance) -> None:
    """None is made, and a closed one does not open."""
    entrance.issuer.claims["preferred_username"] = "Khach"
    answer = await entrance.round()
    assert answer.status == 422 and "chưa có trong Loa" in await answer.text()
    entrance.issuer.claims["preferred_username"] = "LAN"
    assert (await entrance.round()).status == 303


@pytest.mark.parametrize("asked", [{"oidc_claim": "email", "oidc_domain": "soncop.gov.vn"}])
@pytest.mark.parametrize(
    ("email", "verified", "status"),
    [
        ("Lan@SonCop.gov.vn", True, 303),
        ("lan@soncop.gov.vn", False, 422),
        ("lan@elsewhere.vn", True, 422),
        ("lan@x@soncop.gov.vn", True, 422),
        ("@soncop.gov.vn", True, 422),
        ("lan", True, 422),
    ],
)
async def test_an_address_of_the_office(entrance: Entrance, email: str, verified: bool, status: int) -> None:
    """What stands before the @ is the login, if the address is verified and of the domain."""
    entrance.issuer.claims |= {"email": email, "email_verified": verified}
    assert (await entrance.round()).status == status


async def test_an_issuer_that_is_away_keeps_nobody_out(entrance: Entrance) -> None:
    """Told in words; the password works."""
    entrance.issuer.away = True
    answer = await entrance.browser.get("/sign-in/sso")
    assert answer.status == 503 and "bằng mật khẩu" in await answer.text()
    entrance.issuer.away, entrance.issuer.names_itself = False, "https://elsewhere.vn"
    assert (await entrance.browser.get("/sign-in/sso")).status == 503


@pytest.mark.parametrize("next", ["https://x.vn/", "//x.vn", "/items%0d%0aX: y"])
async def test_nobody_is_led_elsewhere(entrance: Entrance, next: str) -> None:
    """After coming in one is at the desk."""
    answer = await entrance.back(entrance.issuer.visited(await entrance.leave(next)))
    assert (answer.status, answer.headers["Location"]) == (303, "/")


async def test_it_is_off_by_default(desk: Any) -> None:
    """No button, no door."""
    stranger = await desk.browser()
    assert "/sign-in/sso" not in await (await stranger.get("/sign-in")).text()
    assert (await stranger.get("/sign-in/sso")).status == 404
    assert (await stranger.get("/sign-in/sso/back?code=x&state=y")).status == 404
