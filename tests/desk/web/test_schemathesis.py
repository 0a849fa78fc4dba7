"""Schemathesis finds nothing: for a token of every role the API is what its description says, whatever is sent to it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from config.settings import ApiSettings
from desk.doors import DOORS
from desk.openapi import PREFIX, document
from desk.web import make_web
from scheduler.subscription import store as subscription_store
from tests.desk.web.api_walk import Request, requests
from tests.desk.web.test_doors import PEOPLE
from tests.desk.web.test_openapi import OPEN, ask

FUZZING, COVERAGE = "examples,fuzzing,stateful", "coverage"
SOAK = bool(os.environ.get("LOA_SOAK"))
EXAMPLES = 300 if SOAK else 4
"""Made-up requests of each operation, beside those that are always sent."""
CONFIG = Path(__file__).with_name("schemathesis.toml")
SCHEMATHESIS = Path(sys.executable).with_name("st")
LISTS = (
    "items",
    "schedules",
    "occurrences",
    "deliveries",
    "subscriptions",
    "delegations",
    "themes",
    "units",
    "passed",
    "feedback",
    "classes",
    "contests",
    "questions",
    "rides",
    "procedures",
)
BEGINNINGS = {"class-open", "questions-import", "contest-add", "ride-add"}
"""Doors that are gone through once more at the end, as what they began first is over by then."""
Known = dict[str, dict[str, list[str]]]


@pytest.fixture
async def unhurried(desk: Any) -> AsyncIterator[str]:
    """The address of the same house where a token may ask as often as it can."""
    settings = desk.house.settings.model_copy(update={"api": ApiSettings(per_minute=1_000_000)})
    async with TestServer(make_web(replace(desk.house, settings=settings))) as server:
        yield str(server.make_url("/"))


async def filled(desk: Any) -> Known:
    """Everything has happened once that can; the ids and names of what there is then, by the address it stands under."""
    tokens = {login: await desk.api(login) for login in ("lan", "hung", "quan")}
    fields = {"title": "Một cửa", "url": "https://8.8.8.8/loa", "kinds": ["item.approved"]}
    walked = [request async for request in _asked(desk, tokens)]
    for request in walked:
        if request.door in BEGINNINGS:
            await ask(desk, tokens[request.login], OPEN[request.door], request)
    for make in (desk.draft, desk.submitted, desk.approved):
        await make()
    await desk.deliveries("fupsc")
    await desk.schedule(by="Lò Thị Mai", may_approve=False)
    await ask(desk, tokens["quan"], OPEN["subscription-add"], Request("subscription-add", fields=fields))
    async with desk.house.database.write() as tx:
        for one in await subscription_store.every(tx):  # to an address that is refused without a call
            await subscription_store.change(tx, one.id, url="https://127.0.0.1/loa")
    found: Known = {"outlets": {"name": ["portal", "sms", "dai-xa"]}, "staff": {"id": ["xem"]}}
    for name in LISTS:
        found[name] = {
            "id": [one.get("id") or one["code"] for one in (await _told(desk, tokens["quan"], name))["items"]]
        }
    found["plan/tasks"] = {"id": [one["id"] for one in (await _told(desk, tokens["quan"], "plan"))["tasks"]]}
    found["classes"]["name"] = await _parts(desk, tokens["quan"], found["classes"]["id"])
    found["boards"] = {"name": ["bang-tin"], "id": found["deliveries"]["id"]}
    return found


async def _asked(desk: Any, tokens: Any) -> AsyncIterator[Request]:
    async for request in requests(desk):
        await ask(desk, tokens[request.login], OPEN[request.door], request)
        yield request


async def _told(desk: Any, headers: Any, path: str) -> Any:
    return await (await desk.client.get(f"{PREFIX}/{path}", headers=headers)).json()


async def _parts(desk: Any, headers: Any, classes: list[str]) -> list[str]:
    """Sessions, people and materials of classes."""
    found = []
    for id in classes:
        told = await _told(desk, headers, f"classes/{id}")
        found += [one["id"] for kind in ("sessions", "people", "materials") for one in told[kind]]
    return found


def configuration(found: Known, token: str, roles: set[str]) -> str:
    """The file beside this one, the token, and ids that there are: four of five requests are about one of these.

    A door that is shut is tried once: what is brought to it is not even read.
    """
    shut = [door.name for door in OPEN.values() if not roles & door.roles]
    lines = [f"generation.max-examples = {EXAMPLES}", CONFIG.read_text(encoding="utf-8")]
    lines += [f"[auth.openapi.token]\nbearer = {json.dumps(token)}"]
    if shut:
        lines += [f"[[operations]]\ninclude-operation-id = {json.dumps(shut)}\ngeneration.max-examples = 1"]
    for name, params in found.items():
        bound = []
        for param, ids in params.items():
            lines += [f"[dictionaries.{json.dumps(f'{name}-{param}')}]\nvalues = {json.dumps(ids)}"]
            bound += [f'"path.{param}" = {{ dictionary = "{name}-{param}", probability = 0.8 }}']
        lines += [f'[[operations]]\ninclude-path-regex = "^{PREFIX}/{name}/[{{]"']
        lines += [f"parameters = {{ {', '.join(bound)} }}"]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("login", "phases"),
    [*((login, FUZZING) for login in PEOPLE), *((login, COVERAGE) for login in (PEOPLE if SOAK else ["quan"]))],
)
async def test_it_finds_nothing(desk: Any, unhurried: str, login: str, phases: str, tmp_path: Path) -> None:
    """All its checks on every operation. What covers each value's edges is the same for all who may: one role is enough."""
    found, headers = await filled(desk), await desk.api(login)
    told = configuration(found, headers["Authorization"].split()[1], PEOPLE[login])
    (tmp_path / "schemathesis.toml").write_text(told, encoding="utf-8")
    (tmp_path / "openapi.json").write_text(json.dumps(document(DOORS)), encoding="utf-8")
    run = await asyncio.create_subprocess_exec(
        *(SCHEMATHESIS, "--config-file", "schemathesis.toml", "run", "openapi.json", "--url", unhurried, "--no-color"),
        *("--phases", phases),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
    )
    said, _ = await run.communicate()
    assert run.returncode == 0, said.decode()
