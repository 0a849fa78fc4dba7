"""How often a token may ask, told in every answer's headers."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from config.clock import FakeClock
from config.settings import ApiSettings
from desk.limits import Limits
from desk.web import make_web

ITEMS = "/api/v1/items"


@pytest.fixture
async def client(desk: Any) -> AsyncIterator[TestClient[Any, Any]]:
    """The same house, where a token may ask three times a minute."""
    settings = desk.house.settings.model_copy(update={"api": ApiSettings(per_minute=3)})
    async with TestClient(TestServer(make_web(dataclasses.replace(desk.house, settings=settings)))) as client:
        yield client


async def test_three_a_minute(desk: Any, client: TestClient[Any, Any]) -> None:
    """Refusals count too; the fourth is told when to come again, and nothing is done; then all is as before."""
    headers = await desk.api("lan", "read")
    for path, left, status in ((ITEMS, 2, 200), (f"{ITEMS}/nope", 1, 404), ("/api/v1/deliveries?limit=0", 0, 400)):
        answer = await client.get(path, headers=headers)
        assert (answer.status, answer.headers["RateLimit"]) == (status, f'"token";r={left};t=60')
        assert answer.headers["RateLimit-Policy"] == '"token";q=3;w=60'
    desk.clock.advance(18.5)
    answer = await client.get(ITEMS, headers=headers)
    plain = await answer.json()
    assert (answer.status, answer.headers["Retry-After"]) == (429, "42")
    assert answer.headers["RateLimit"] == '"token";r=0;t=42' and "42 giây" in plain["detail"]
    assert plain["type"].endswith("#quota-exceeded") and answer.content_type == "application/problem+json"
    assert (await client.get(ITEMS, headers=await desk.api("lan", "read"))).status == 200
    desk.clock.advance(42)
    answer = await client.get(ITEMS, headers=headers)
    assert (answer.status, answer.headers["RateLimit"]) == (200, '"token";r=2;t=60')


async def test_strangers_and_pages_have_none(desk: Any, client: TestClient[Any, Any]) -> None:
    """It is a token's; whoever has none hears nothing of it."""
    for _ in range(5):
        answer = await client.get(ITEMS)
        assert answer.status == 401 and "RateLimit" not in answer.headers


def test_a_scan_of_tokens_does_not_fill_the_memory(clock: FakeClock) -> None:
    """The longest unheard are forgotten first."""
    limits = Limits(clock, 2)
    limits.count("mine")
    for number in range(9_999):
        limits.count(str(number))
    headers, refusal = limits.count("mine")
    assert refusal is None and "r=0" in headers["RateLimit"]
    assert limits.count("mine")[1] is not None
