"""The table of doors walked whole: every route by every role, and what every answer bears."""

from __future__ import annotations

from typing import Any

import pytest

from desk.doors import ALL, DOORS
from desk.web import HEADERS
from tests.bench.pages import unmeasured

PEOPLE = {
    "lan": {"author"},
    "hung": {"approver"},
    "xem": {"viewer"},
    "dai": {"station"},
    "quan": {"administrator"},
}
PUBLIC = (
    "/static/",
    "/sign-in",
    "/portal",
    "/radio",
    "/tv",
    "/board",
    "/hooks",
    "/thoi-nhan/",
    "/tra-loi/",
    "/diem-danh/",
    "/chung-nhan",
    "/healthz",
    "/readyz",
    "/metrics",
    "/sign-out",
    "/language",
    "/password",
)
READERS = frozenset({"author", "approver", "viewer", "administrator"})
WRITERS = frozenset({"author", "administrator"})
JUDGES = frozenset({"approver", "administrator"})
MAY = {
    **dict.fromkeys(("today", "events", "password", "schedules", "schedule", "occurrences", "outlets"), ALL),
    **dict.fromkeys(("second-step", "second-step-new", "second-step-on", "second-step-codes", "second-step-off"), ALL),
    **dict.fromkeys(("voices", "voices-judge", "voices-sound", "openapi"), ALL),
    "calendar": ALL,
    **dict.fromkeys(("items", "item", "item-audio", "deliveries", "delivery", "audiences", "outlet-paper"), READERS),
    **dict.fromkeys(("glossary", "glossary-table", "sound", "report-stations"), READERS),
    **dict.fromkeys(("reports", "reports-handed-in"), READERS),
    **dict.fromkeys(("programme", "programme-sound", "policy", "outlet-quota"), READERS),
    **dict.fromkeys(("item-new", "item-write", "item-edit", "item-revise", "item-reading", "item-submit"), WRITERS),
    **dict.fromkeys(("item-record", "item-unrecord", "item-preview", "item-paste", "scratch-remove"), WRITERS),
    **dict.fromkeys(("item-versions", "delivery-export", "delegations", "themes"), READERS),
    "item-slip": READERS,
    **dict.fromkeys(("boards", "board-sheet", "board-photo"), READERS),
    **dict.fromkeys(("plan", "plan-task", "plan-evidence"), READERS),
    **dict.fromkeys(("plan-save", "plan-copy", "plan-task-add", "plan-task-change", "plan-task-remove"), JUDGES),
    "item-evidence": JUDGES,
    **dict.fromkeys(("item-approve", "item-send-back", "schedule-approve", "schedule-send-back"), JUDGES),
    **dict.fromkeys(("ride-approve", "ride-send-back"), JUDGES),
    **dict.fromkeys(("delegate", "delegation-end", "theme-save", "theme-retire"), JUDGES),
    **dict.fromkeys(("staff", "staff-add", "staff-roles", "staff-close", "staff-open"), frozenset({"administrator"})),
    **dict.fromkeys(("staff-password", "staff-step", "staff-unit"), frozenset({"administrator"})),
    **dict.fromkeys(("units", "passed", "feedback", "procedures", "procedure", "rides", "ride"), READERS),
    **dict.fromkeys(("procedures-import", "item-cite"), WRITERS),
    **dict.fromkeys(
        ("classes", "class", "class-sheet", "class-list", "class-certificates", "class-file-show"), READERS
    ),
    **dict.fromkeys(("class-open", "class-change", "class-session", "class-session-move"), WRITERS),
    **dict.fromkeys(("class-session-drop", "class-invite", "class-material", "class-file"), WRITERS),
    "class-material-drop": WRITERS,
    "class-certify": JUDGES,
    **dict.fromkeys(("contests", "contest", "contest-report", "questions"), READERS),
    **dict.fromkeys(("contest-new", "contest-add", "contest-edit", "contest-revise", "contest-submit"), WRITERS),
    **dict.fromkeys(("questions-import", "question-retire"), WRITERS),
    **dict.fromkeys(("contest-approve", "contest-send-back", "contest-publish"), JUDGES),
    "passing-localise": WRITERS,
    **dict.fromkeys(("unit-save", "units-import", "units-load"), frozenset({"administrator"})),
    **dict.fromkeys(("tokens", "token-make", "token-remove"), ALL),
    **dict.fromkeys(("programme-bed", "programme-unbed", "report-hand-in"), JUDGES),
    **dict.fromkeys(("subscriptions", "subscription-add", "subscription-key"), frozenset({"administrator"})),
    **dict.fromkeys(("subscription-pause", "subscription-resume", "subscription-remove"), frozenset({"administrator"})),
    **dict.fromkeys(("subscription-test", "subscription-replay"), frozenset({"administrator"})),
    **dict.fromkeys(("outlet-new", "outlet-add", "outlet-edit", "outlet-change"), frozenset({"administrator"})),
    **dict.fromkeys(("outlet-remove", "outlet-test"), frozenset({"administrator"})),
    "outlet": READERS,
    **dict.fromkeys(("person-export", "person-erase", "delivery-number"), frozenset({"administrator"})),
}
DEEDS = {"author", "approver", "administrator"}
NOTHING_DONE = {"schedule-preview", "item-preview", "item-paste"}
"""What is posted there is only looked at."""


def test_the_table_says_who_may_what() -> None:
    """Written a second time, so that a slip of the pen in the table is seen; what is not named is for those who act."""
    for door in DOORS:
        assert door.roles == MAY.get(door.name, DEEDS), door.name
        if door.method == "POST" and door.api and door.name not in NOTHING_DONE:
            assert door.scope in {"write", "approve"}, door.name


@pytest.mark.parametrize("login", PEOPLE)
async def test_every_door_by_every_role(desk: Any, login: str) -> None:
    """Whoever is not named at a door gets 403, before anything is looked up; whoever is gets anything else."""
    browser = await desk.browser(login)
    for door in DOORS:
        if door.name == "events":
            continue
        path = door.path.replace("{id}", "0000000000000").replace("{name}", "khong-co").replace("{side}", "a")
        answer = await browser.post(path) if door.method == "POST" else await browser.get(path)
        refused = answer.status == 403
        assert refused == (not PEOPLE[login] & door.roles), (login, door.name, answer.status)


async def test_every_door_to_a_stranger(desk: Any) -> None:
    """Nothing opens without a session, and the API not without a token."""
    browser = await desk.browser()
    for door in DOORS:
        path = door.path.replace("{id}", "0000000000000").replace("{name}", "khong-co").replace("{side}", "a")
        answer = await browser.ask(door.method, path)
        assert answer.status == 303, door.name
        assert answer.headers["Location"].startswith("/sign-in"), door.name
        if door.api:
            answer = await browser.ask(door.method, f"/api/v1{path}")
            assert answer.status == 401, door.name


async def test_no_address_is_outside_the_table(desk: Any) -> None:
    """Every route of the application is in the table, or known to be for partners and strangers."""
    known = {(door.method, door.path) for door in DOORS} | {
        (door.method, f"/api/v1{door.path}") for door in DOORS if door.api
    }
    for route in desk.client.app.router.routes():
        path = route.resource.canonical
        method = "GET" if route.method == "HEAD" else route.method
        assert method == "*" or (method, path) in known or path.startswith(PUBLIC), (route.method, path)


PLACES = (
    *(("/", "lan"), ("/items", "xem"), ("/sign-in", ""), ("/nope", ""), ("/nope", "lan"), ("/items/new", "xem")),
    *(("/api/v1/items", ""), ("/static/loa.css", ""), ("/static/nope", ""), ("/portal/", ""), ("/", "")),
)


async def test_headers_are_on_every_answer(desk: Any) -> None:
    """Errors, redirects, static files and partners' pages too."""
    for path, login in PLACES:
        answer = await (await desk.browser(login)).get(path)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (path, name)
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        if not path.startswith(("/static", "/portal")):
            assert answer.headers["Cache-Control"] == "no-store", path


async def test_pages_hold_no_inline_script_or_style(desk: Any) -> None:
    """The policy forbids them, so a page must not need them."""
    item = await desk.approved()
    schedule = await desk.schedule(items=(item.id,))
    ids = await desk.deliveries("cfuxp")
    browser = await desk.browser("quan")
    paths = ["/", "/items", f"/items/{item.id}", f"/items/{item.id}/edit", "/items/new", "/schedules", "/schedules/new"]
    paths += [f"/schedules/{schedule.id}", "/occurrences", "/deliveries", "/outlets", "/audiences", "/password"]
    paths += ["/subscriptions"]
    paths += [
        "/second-step",
        "/calendar",
        "/calendar?view=week",
        "/calendar?view=day",
        "/calendar/pause",
        "/plan",
        "/reports",
        "/reports?kind=year&basis=calendar",
        "/reports/handed-in",
        f"/schedules/{schedule.id}/move",
    ]
    paths += [f"/deliveries/{id}" for id in ids]
    for path in paths:
        html = await browser.page(path)
        assert "<style" not in html and " style=" not in html and " onclick=" not in html, path
        assert "<script>" not in html and "javascript:" not in html, path
        assert '<html lang="vi">' in html and "<h1" in html and 'href="#main"' in html, path


async def test_buttons_follow_the_table(desk: Any) -> None:
    """Nobody sees a button that would refuse them."""
    item = await desk.draft()
    assert "Trình duyệt" in await (await desk.browser("lan")).page(f"/items/{item.id}")
    assert "/submit" not in await (await desk.browser("xem")).page(f"/items/{item.id}")
    today = await (await desk.browser("dai")).page("/")
    assert 'href="/deliveries' not in today and "/items/new" not in today


async def test_every_list_is_json_too(desk: Any) -> None:
    """One handler, two representations: lists have items and next."""
    await desk.deliveries("cs")
    headers = await desk.api("xem", "read")
    for name in ("items", "schedules", "occurrences", "deliveries", "outlets", "audiences"):
        answer = await desk.client.get(f"/api/v1/{name}", headers=headers)
        plain = await answer.json()
        assert answer.status == 200, plain
        assert isinstance(plain["items"], list) and "next" in plain, name
    answer = await (await desk.browser("xem")).get("/items", headers={"Accept": "application/json"})
    assert answer.content_type == "application/json"


@pytest.mark.parametrize("name", ["items", "schedules", "occurrences", "deliveries"])
async def test_paging_by_cursor_shows_everything_once(desk: Any, name: str) -> None:
    """Page by page with a limit of two, nothing twice and nothing left out."""
    for number in range(5):
        await desk.schedule(items=((await desk.approved(title=f"Tin số {number}")).id,))
        desk.clock.advance(1)
    for _ in range(2):
        await desk.deliveries("ccfff")
        desk.clock.advance(1)
    headers = await desk.api("xem", "read")
    whole = (await (await desk.client.get(f"/api/v1/{name}", headers=headers)).json())["items"]
    found: list[str] = []
    after = ""
    while after is not None:
        query = {"limit": "2", **({"after": after} if after else {})}
        plain = await (await desk.client.get(f"/api/v1/{name}", headers=headers, params=query)).json()
        found += [one["id"] for one in plain["items"]]
        after = plain["next"]
    assert found == [one["id"] for one in whole]
    assert len(found) == len(set(found)) > 1


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=1000", "after=x", "state=nope"])
async def test_bad_queries_are_told(desk: Any, query: str) -> None:
    """A wrong limit, cursor or state is a 400 with words, in both representations."""
    answer = await (await desk.browser("lan")).get(f"/items?{query}")
    assert answer.status == 400
    headers = await desk.api("lan", "read")
    answer = await desk.client.get(f"/api/v1/items?{query}", headers=headers)
    assert (answer.status, answer.content_type) == (400, "application/problem+json")
    assert (await answer.json())["field"] == query.split("=", maxsplit=1)[0]


def test_every_page_is_measured() -> None:
    """A door that opens a page is in the benchmark of pages, or named there as none."""
    assert unmeasured() == []
