"""The description of the API is true: every door is walked, and every answer held against it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from pydantic import TypeAdapter

from desk import web
from desk.answer import Answer, Visit
from desk.doors import DOORS, Door
from desk.openapi import PREFIX, Problem, document, statuses
from desk.shape import shape_of
from tests.desk.web.api_walk import Request, requests

OPEN = {door.name: door for door in DOORS if door.api}


async def ask(desk: Any, headers: dict[str, str], door: Door, request: Request) -> aiohttp.ClientResponse:
    """Send it as a program would: a query, JSON, or a form when there is a file."""
    path = PREFIX + door.path.replace("{id}", quote(request.id, safe="")).replace(
        "{name}", quote(request.name or request.id, safe="")
    )
    sent: dict[str, Any] = {"params": request.fields}
    if door.method == "POST":
        sent = {"data": request.form()} if request.files else {"json": request.fields}
    answer: aiohttp.ClientResponse = await desk.client.request(door.method, path, headers=headers, **sent)
    return answer


async def hold(door: Door, answer: aiohttp.ClientResponse) -> None:
    """Hold an answer against what is declared: its status, its type, and every member of it."""
    declared, body = shape_of(door.handler), await answer.read()
    assert answer.status in statuses(door, declared), (door.name, answer.status, body[:300])
    assert answer.status != 500, (door.name, body[:300])
    if answer.status >= 400 and answer.content_type != "application/octet-stream":
        assert answer.content_type == "application/problem+json", (door.name, body[:300])
        TypeAdapter(Problem).validate_json(body, strict=True)
    elif answer.status == declared.status and answer.content_type == "application/json":
        TypeAdapter(declared.gives).validate_json(body, strict=True)
    elif answer.status == declared.status:
        assert answer.content_type in declared.media, (door.name, answer.content_type)


async def test_every_door_answers_as_described(desk: Any) -> None:
    """Each is asked well at least once, and tells exactly what it declares: nothing more, nothing less."""
    tokens = {login: await desk.api(login) for login in ("lan", "hung", "quan")}
    seen = set()
    async for request in requests(desk):
        door = OPEN[request.door]
        answer = await ask(desk, tokens[request.login], door, request)
        assert answer.status == shape_of(door.handler).status, (request, await answer.text())
        await hold(door, answer)
        seen.add(door.name)
    assert seen == set(OPEN) - {"events"}  # a stream without an end: tests/desk/web/test_live.py


def test_the_description_is_whole() -> None:
    """OpenAPI 3.1: every door once, with its scope, its path's names, and no reference that leads nowhere."""
    told = document(DOORS)
    assert told["openapi"] == "3.1.0"
    found = {(path, method): one for path, each in told["paths"].items() for method, one in each.items()}
    assert set(found) == {(PREFIX + door.path, door.method.lower()) for door in OPEN.values()}
    assert len({one["operationId"] for one in found.values()}) == len(found)
    for door in OPEN.values():
        one = found[PREFIX + door.path, door.method.lower()]
        assert one["security"] == [{"token": [door.scope]}]
        assert {name for name in ("id", "name") if f"{{{name}}}" in door.path} == {
            each["name"] for each in one["parameters"] if each["in"] == "path"
        }
        assert one["summary"] and not one["summary"].startswith(("GET", "POST")), one["summary"]
    written = json.dumps(told)
    for ref in {part.split('"')[0] for part in written.split('"$ref": "')[1:]}:
        lead: Any = told
        for step in ref.removeprefix("#/").split("/"):
            lead = lead[step]


async def test_it_is_served(desk: Any) -> None:
    """At its address, for whoever has a token."""
    answer = await desk.client.get("/api/v1/openapi.json", headers=await desk.api("dai", "read"))
    assert json.loads(json.dumps(document(DOORS))) == await answer.json()
    assert (await desk.client.get("/api/v1/openapi.json")).status == 401


async def test_a_door_without_a_shape_does_not_open(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk does not start with it, so no suite passes."""

    async def undeclared(_: Visit) -> Answer:
        raise AssertionError

    more = replace(OPEN["items"], name="undeclared", path="/undeclared", handler=undeclared)
    monkeypatch.setattr(web, "DOORS", (*DOORS, more))
    with pytest.raises(LookupError, match="undeclared"):
        web.make_web(desk.house)


async def test_only_declared_fields_come_in(desk: Any) -> None:
    """A slip of the pen in a name is told, not passed over: a schedule that was to end would run for ever."""
    headers = await desk.api("quan")
    item = await desk.approved()
    wish = {"item": [item.id], "outlet": ["portal"], "every": "6h"}
    for sent, field in (
        ({"json": wish | {"untill": "2026-12-31"}}, "untill"),
        ({"json": wish | {"class": "high"}}, "class"),
        ({"json": wish | {"title": ["a", "b"]}}, "title"),
        ({"data": [("item", item.id), ("outlet", "portal"), ("every", "6h"), ("untill", "2026-12-31")]}, "untill"),
    ):
        answer = await desk.client.post("/api/v1/schedules", headers=headers, **sent)
        plain = await answer.json()
        assert (answer.status, plain["field"]) == (400, field), plain
    for query in ("sate=draft", "limit=1&limit=2", "state=nope", "state=", "limit="):
        answer = await desk.client.get(f"/api/v1/items?{query}", headers=headers)
        assert answer.status == 400, query
    assert (await (await desk.client.get("/api/v1/schedules", headers=headers)).json())["items"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        *({"title": 5}, {"title": True}, {"title": None}, {"title": ["a"]}, {"title": {}}),
        *({"item": "one"}, {"item": [1]}, {"item": []}, {"item": [""]}, {"class": ""}, {"class": "high"}),
        *({"time": "25:00"}, {"time": "٠٥:00"}, {"day": ["8"]}),
    ],
    ids=json.dumps,
)
async def test_json_has_its_types(desk: Any, wrong: dict[str, Any]) -> None:
    """What has another type, or another form, than the description says is told at its field; nothing is guessed."""
    wish = {"item": ["a"], "outlet": ["portal"], "every": "6h"} | wrong
    answer = await desk.client.post("/api/v1/schedules/preview", headers=await desk.api("quan"), json=wish)
    told = await answer.json()
    assert (answer.status, told["field"]) == (400, next(iter(wrong))), told
    assert "Input should" not in told["detail"]


async def test_null_is_as_good_as_left_out_where_it_may_stand(desk: Any) -> None:
    """In JSON alone; a form leaves it out, and its description has no null."""
    wish = {"item": [(await desk.approved()).id], "outlet": ["portal"], "every": "6h", "class": None}
    answer = await desk.client.post("/api/v1/schedules/preview", headers=await desk.api("quan"), json=wish)
    assert answer.status == 200
    told = document(DOORS)
    body = told["paths"]["/api/v1/schedules"]["post"]["requestBody"]["content"]
    named = {kind: one["schema"]["$ref"].rsplit("/", 1)[-1] for kind, one in body.items()}
    assert named["application/json"] == "Wished" and set(named.values()) == {"Wished", "WishedForm"}
    assert "null" not in json.dumps(told["components"]["schemas"]["WishedForm"])


@pytest.mark.parametrize("by", ["json", "data"])
async def test_what_is_as_described_and_makes_no_sense_is_422(desk: Any, by: str) -> None:
    """400 is for what the description does not allow: a program's fault; 422 for what stands in the fields: a person's."""
    headers, address = await desk.api("quan"), "/api/v1/glossary"
    for fields, status, field in (
        ({"abbr": "HTKV"}, 400, "spoken"),
        ({"abbr": "", "spoken": "hợp tác"}, 400, "abbr"),
        ({"abbr": "HTKV", "spoken": "HT5"}, 422, "spoken"),
    ):
        answer = await desk.client.post(address, headers=headers, **{by: fields})
        assert (answer.status, (await answer.json())["field"]) == (status, field), fields
    answer = await desk.client.get(f"{address}/sound", headers=headers, params={"text": "..."})
    assert (answer.status, (await answer.json())["field"]) == (422, "text")


async def test_a_plain_no_is_no(desk: Any) -> None:
    """`false` in JSON is not a text that says something."""
    form = aiohttp.FormData({"name": "Bản A", "keep_good": "false"})
    form.add_field("file", b"phone\n0912345678\nabc\n", filename="a.csv")
    answer = await desk.client.post("/api/v1/audiences", headers=await desk.api("quan"), data=form)
    assert answer.status == 409
