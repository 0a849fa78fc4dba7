"""The description of the API is true: every door is walked, every answer held against it, and made-up requests find no way round."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from desk import web
from desk.answer import Answer, Visit
from desk.doors import DOORS, Door
from desk.openapi import PREFIX, Problem, document, statuses
from desk.shape import shape_of
from tests.desk.web.api_walk import Request, requests

OPEN = {door.name: door for door in DOORS if door.api}
WORDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


async def ask(desk: Any, headers: dict[str, str], door: Door, request: Request) -> aiohttp.ClientResponse:
    """Send it as a program would: a query, JSON, or a form when there is a file."""
    path = PREFIX + door.path.replace("{id}", quote(request.id, safe="")).replace("{name}", quote(request.id, safe=""))
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
    ):
        answer = await desk.client.post("/api/v1/schedules", headers=headers, **sent)
        plain = await answer.json()
        assert (answer.status, plain["field"]) == (400, field), plain
    for query in ("sate=draft", "limit=1&limit=2", "state=nope"):
        answer = await desk.client.get(f"/api/v1/items?{query}", headers=headers)
        assert answer.status == 400, query
    assert (await (await desk.client.get("/api/v1/schedules", headers=headers)).json())["items"] == []


async def test_a_plain_no_is_no(desk: Any) -> None:
    """`false` in JSON is not a text that says something."""
    form = aiohttp.FormData({"name": "Bản A", "keep_good": "false"})
    form.add_field("file", b"phone\n0912345678\nabc\n", filename="a.csv")
    answer = await desk.client.post("/api/v1/audiences", headers=await desk.api("quan"), data=form)
    assert answer.status == 409


def made_up(schema: dict[str, Any], schemas: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a JSON schema of the description, and now and then something else."""
    if "$ref" in schema:
        return made_up(schemas[schema["$ref"].rsplit("/", 1)[-1]], schemas)
    if "anyOf" in schema:
        return st.one_of([made_up(one, schemas) for one in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    if schema.get("type") == "array":
        return st.lists(made_up(schema["items"], schemas), min_size=schema.get("minItems", 0), max_size=3)
    if schema.get("type") == "boolean":
        return st.booleans()
    if schema.get("type") == "integer":
        return st.integers(schema.get("minimum", 0), schema.get("maximum", 1000))
    if schema.get("type") == "null":
        return st.none()
    return st.one_of(WORDS, st.sampled_from(schema.get("examples", ["x"])))


def of_door(door: Door, told: dict[str, Any], ids: list[str]) -> st.SearchStrategy[Request]:
    """Requests such as the description allows; what is required is left out now and then."""
    operation, schemas = told["paths"][PREFIX + door.path][door.method.lower()], told["components"]["schemas"]
    fields = {one["name"]: one["schema"] for one in operation["parameters"] if one["in"] == "query"}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        fields = schemas[content["schema"]["$ref"].rsplit("/", 1)[-1]]["properties"]
    files = [name for name, schema in fields.items() if schema.get("format") == "binary"]
    plain = {name: made_up(schema, schemas) for name, schema in fields.items() if name not in files}
    id = st.one_of(
        st.sampled_from(ids), st.text("abc019-_.é%", min_size=1, max_size=14).filter(lambda some: some.strip("."))
    )
    some = st.fixed_dictionaries({}, optional=plain)
    uploads = st.fixed_dictionaries({}, optional={name: st.binary(max_size=200) for name in files})
    if door.method == "GET":  # a query has texts alone
        some = some.map(lambda found: {name: str(it) for name, it in found.items() if it is not None})
    return st.builds(Request, st.just(door.name), id, some, uploads if files else st.just({}))


@pytest.mark.parametrize("name", sorted(set(OPEN) - {"programme-sound", "events"}))
async def test_no_made_up_request_breaks_it(desk: Any, name: str) -> None:
    """In the spirit of schemathesis: only described statuses, never a 500, and whatever is told has its shape."""
    door, loop, told = OPEN[name], asyncio.get_running_loop(), document(DOORS)
    headers = await desk.api("quan")
    item, deliveries = await desk.submitted(), await desk.deliveries("fu")
    schedule = await desk.schedule(by="Lò Thị Mai", may_approve=False)
    ids = [item.id, schedule.id, *deliveries, "portal", "sms", "dai-xa"]

    async def try_it(request: Request) -> None:
        await hold(door, await ask(desk, headers, door, request))

    @settings(max_examples=12, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(of_door(door, told, ids))
    def check(request: Request) -> None:
        asyncio.run_coroutine_threadsafe(try_it(request), loop).result()

    await asyncio.to_thread(check)
