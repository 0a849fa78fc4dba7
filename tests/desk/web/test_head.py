"""HEAD at every address that is read: the same status and headers as GET, and no body; Allow says what there is."""

from __future__ import annotations

from typing import Any

import pytest

from desk.doors import DOORS

OTHER_EACH_TIME = {"Date", "RateLimit"}
STREAMED = {"Transfer-Encoding", "Connection"}
"""Of how the body is packed; there is none (RFC 9110 section 9.3.2 lets a server leave these out)."""
READ = [door for door in DOORS if door.method == "GET"]
OTHERS = (
    *("/sign-in", "/static/desk.css", "/static/nope", "/nope", "/healthz", "/readyz", "/metrics"),
    *("/portal/", "/portal/feed.xml", "/portal/sitemap.xml", "/portal/nope", "/thoi-nhan/nope"),
    *("/radio/dai-xa/feed.xml", "/radio/dai-xa/playlist.m3u", "/radio/dai-xa/audio/nope.mp3"),
)


def borne(answer: Any) -> dict[str, str]:
    """What an answer's headers say that does not change from one request to the next; an empty body's length is not said."""
    told = {name: value for name, value in answer.headers.items() if name not in OTHER_EACH_TIME | STREAMED}
    return {name: value for name, value in told.items() if (name, value) != ("Content-Length", "0")}


async def places(desk: Any) -> dict[str, str]:
    """What may stand for `{id}` and `{name}` where a thing is read."""
    item = await desk.approved()
    [delivery, *_] = await desk.deliveries("c")
    return {
        "/items": item.id,
        "/schedules": (await desk.schedule()).id,
        "/deliveries": delivery,
        "/outlets": "sms",
        "/voices": "nope",
    }


async def look_and_read(client: Any, path: str, headers: dict[str, str]) -> tuple[Any, Any]:
    """The answers to HEAD, read to its end, and to GET, of which a stream has none."""
    client.session.cookie_jar.clear()
    looked = await client.head(path, headers=headers, allow_redirects=False)
    assert await looked.read() == b"", path
    client.session.cookie_jar.clear()
    read = await client.get(path, headers=headers, allow_redirects=False)
    read.close()
    return looked, read


@pytest.mark.parametrize("api", [True, False], ids=["api", "pages"])
async def test_every_door(desk: Any, *, api: bool) -> None:
    """The whole table, by its own addresses; what HEAD opens, it does not note."""
    stands = await places(desk)
    headers = await desk.api("quan") if api else {"Cookie": f"loa={(await desk.browser('quan')).cookie}"}
    found = set()
    for door in READ:
        if api and not door.api:
            continue
        lead = "/" + door.path.split("/")[1]
        path = door.path.replace("{id}", stands.get(lead, "")).replace("{name}", stands.get(lead, ""))
        path = ("/api/v1" if api else "") + path.replace("{side}", "a")
        looked, read = await look_and_read(desk.client, path, headers)
        assert looked.status == read.status != 405, (path, looked.status, read.status)
        assert borne(looked) == borne(read), path
        found.add(read.status)
    assert found >= {200, 404}


async def test_the_opening_of_evidence_is_noted_by_get_alone(desk: Any) -> None:
    """A HEAD opens nothing."""
    item = await desk.approved()
    headers, path = await desk.api("quan"), f"/api/v1/items/{item.id}/evidence.zip"
    noted = []
    for ask in (desk.client.head, desk.client.get):
        await (await ask(path, headers=headers)).read()
        async with desk.house.database.read() as connection:
            deeds = await desk.house.journal.of(connection, f"item/{item.id}")
        noted.append(sum(deed.verb == "open_evidence" for deed in deeds))
    assert noted == [0, 1]


async def test_every_other_address(desk: Any) -> None:
    """Files, the portal, stations' feeds, probes, and what is not there."""
    client = desk.client
    for path in OTHERS:
        looked, read = await look_and_read(
            client, path, {"Authorization": "Basic eDp0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHQ="}
        )
        assert looked.status == read.status != 405, (path, looked.status, read.status)
        counting = {"Content-Length"} if path == "/metrics" else set()
        assert borne(looked).keys() == borne(read).keys(), path
        assert {name for name, value in borne(looked).items() if borne(read)[name] != value} <= counting, path


async def test_allow_says_what_there_is(desk: Any) -> None:
    """At each address of the API: its own methods alone, not those of an address with a name in its place."""
    headers = await desk.api("quan")
    ways: dict[str, set[str]] = {}
    for door in DOORS:
        if door.api:
            ways.setdefault(door.path, set()).update({"GET", "HEAD"} if door.method == "GET" else {"POST"})
    for path, methods in ways.items():
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY"} - methods:
            place = path.replace("{id}", "x").replace("{name}", "x")
            answer = await desk.client.request(method, f"/api/v1{place}", headers=headers)
            assert answer.status == 405, (method, place)
            assert set(answer.headers["Allow"].split(",")) == methods, (method, place)
