"""Every page of the desk beside a long log: `python -m tests.bench.pages DIR COUNT [DATABASE]`.

The office of `office.py` is filled, the real desk serves it in this process to an administrator who is signed in, and each
page is asked for in turn, over and over: so what a shared machine does meanwhile falls on all alike. What is measured goes
from the request to the last byte of its answer, the client's own part in it too. Prints {page: [p50, p95, CPU]} in milliseconds,
CPU being the 95th percentile of this process's time, in which nobody else has a part.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import uvloop
from aiohttp import ClientSession
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.classes import store as class_store
from channels.shelf.store import on_shelf
from content import store as content_store
from content.contests import store as contest_store
from content.item import ItemState
from content.procedures import store as procedures_store
from desk import store
from desk.app import House, opened
from desk.commands.server import settle_process
from desk.doors import DOORS
from desk.drawing import LANGUAGE
from desk.forms import cursor
from desk.passwords import hashed
from desk.plan import store as plan_store
from desk.serving import desk
from scheduler import store as scheduler_store
from scheduler.delivery import State, delivery_id
from scheduler.dispatch.tables import parcel
from scheduler.log import store as log_store
from scheduler.ride import store as ride_store
from scheduler.schedule import ScheduleState
from tests.bench.office import fill, handed_in, settings
from tests.bench.scale import _p

TIMES = 30
PAGES = (
    *("/", "/password", "/second-step", "/tokens", "/openapi.json"),
    *("/items", "/items?q=tiem+phong", "/items?state=approved", "/items?after={deep_item}", "/items/new"),
    *("/items/{item}", "/items/{item}/edit", "/items/{item}/versions", "/items/{in_review}"),
    *("/schedules", "/schedules?state=in_review", "/schedules/new?item={item}", "/occurrences?schedule={routine}"),
    *("/schedules/{campaign}", "/schedules/{routine}", "/schedules/{wanted}", "/schedules/{coming}/move"),
    *("/rides", "/rides?item={item}", "/rides/{ride}"),
    *("/calendar", "/calendar?view=week", "/calendar?view=day", "/calendar?outlet=sms", "/calendar/pause"),
    *("/calendar?day={last_month}", "/calendar?day={last_year}"),
    *("/deliveries", "/deliveries?after={middle}", "/deliveries?after={last}", "/deliveries?state=failed"),
    *(
        "/deliveries?state=pending",
        "/deliveries?state=unsure",
        "/deliveries?channel=sms_http",
        "/deliveries?outlet=portal",
    ),
    *("/deliveries?item={item}", "/deliveries?schedule={campaign}", "/deliveries?occurrence={occurrence}"),
    *("/deliveries?address={phone}", "/deliveries?from={last_month}&to={last_month}", "/deliveries?from={last_year}"),
    *("/deliveries?state=failed&outlet=sms&from={last_year}", "/deliveries?state=failed&after={middle}"),
    *("/deliveries/{sent}", "/deliveries/{failed}"),
    *("/outlets", "/outlets/sms", "/outlets/new", "/outlets/new?kind=sms_http"),
    *("/outlets/sms/quota", "/outlets/dai-xa/sheet", "/boards", "/programme", "/glossary", "/voices", "/themes"),
    *(
        "/audiences",
        "/policy",
        "/staff",
        "/units",
        "/passed",
        "/feedback",
        "/procedures",
        "/procedures/{procedure}",
        "/classes",
        "/classes/{class}",
        "/contests",
        "/contests/new",
        "/contests/{contest}",
        "/contests/{draft_contest}/edit",
        "/questions",
        "/delegations",
        "/subscriptions",
    ),
    *("/plan", "/plan?year={year}", "/plan/tasks/{task}"),
    *("/reports", "/reports?period={year}-01&basis=calendar", "/reports?period={year}-Q1", "/reports?kind=year"),
    *("/reports?period={handed_in}&basis=calendar", "/reports?period={handed_in}&basis=calendar&version=0"),
    *("/reports?period={this_year}", "/reports/stations", "/reports/stations?month={month}", "/reports/handed-in"),
    *(
        "/portal/",
        "/portal/?trang=5",
        "/portal/?tim=tiem",
        "/portal/so-cong-bo",
        "/portal/thu-tuc",
        "/portal/thu-tuc?tim=khai+sinh",
        "/portal/thu-tuc/{procedure}",
        "/portal/cuoc-thi",
        "/portal/cuoc-thi/{contest}",
        "/portal/thong-ke",
        "/portal/hoi-dap",
        "/portal/feed.xml",
    ),
    *("/portal/sitemap.xml", "/portal/{slug}", "/radio/dai-xa/?token={key}", "/radio/dai-xa/feed.xml?token={key}"),
    *("/metrics", "/healthz", "/readyz"),
)
IN_ENGLISH = (
    *("/", "/items", "/items/{item}", "/schedules/{campaign}", "/calendar", "/deliveries", "/deliveries/{failed}"),
    *("/outlets", "/plan", "/reports?kind=year", "/reports?period={this_year}", "/audiences", "/procedures"),
)
"""The longest of them, asked for once more by somebody who reads English."""
POSTED = {
    "/items/preview": {"title": "Mời họp thôn", "body": "Mời bà con họp lúc 19h30 ngày 15/12/2026.\n\n" * 12},
    "/schedules/preview": {"item": "{item}", "outlet": "dai-xa", "when": "daily", "time": "05:00"},
}
NO_PAGE = {
    "second-step-new",  # for who has one already: the page of /second-step
    "outlet-edit",  # the form of /outlets/new with something in it
    *("events", "sound", "programme-sound", "voices-sound", "item-audio"),  # streams and sound
    *(
        "item-slip",
        "board-sheet",
        "board-photo",
        "class-sheet",
        "class-list",
        "class-certificates",
        "class-file-show",
        "item-evidence",
        "contest-report",
        "plan-evidence",
        "delivery-export",
        "outlet-paper",
        "glossary-table",
    ),  # files, in the order of their size
}
"""Doors of GET that open no page."""


async def measured(place: Path, database: str = "") -> dict[str, list[float]]:
    """Of each page of an office that is filled: median, 95th percentile, and the same of CPU time."""
    async with opened(settings(place, database)) as house, desk(house) as port:
        settle_process()
        known = await _places(house)
        asked = [("GET", page, "vi") for page in PAGES] + [("GET", page, "en") for page in IN_ENGLISH]
        asked += [("POST", page, "vi") for page in POSTED]
        cookie, form_token = await _signed_in(house)
        headers = {language: _reader(cookie, language) for language in ("vi", "en")}
        took: dict[str, list[tuple[float, float]]] = {}
        async with ClientSession(f"http://127.0.0.1:{port}", auto_decompress=False) as session:
            for time_ in range(TIMES + 1):
                for method, page, language in asked:
                    form = {name: value.format(**known) for name, value in POSTED.get(page, {}).items()}
                    told = form | {"form_token": form_token}
                    spent = await _ask(session, method, page.format(**known), told, headers[language])
                    if time_:  # the first time templates are compiled
                        took.setdefault(_name(method, page, language), []).append(spent)
    return {page: _told(each) for page, each in took.items()}


def _reader(cookie: str, language: str) -> dict[str, str]:
    return {"Cookie": f"loa={cookie}; {LANGUAGE}={language}", "Accept": "text/html"}


def _name(method: str, page: str, language: str) -> str:
    return f"{method} {page}" if method == "POST" else f"{page} in English" if language == "en" else page


def _told(each: list[tuple[float, float]]) -> list[float]:
    wall, cpu = map(list, zip(*each, strict=True))
    return [_p(wall, 50), _p(wall, 95), _p(cpu, 95)]


async def _ask(
    session: ClientSession, method: str, path: str, form: dict[str, str], headers: dict[str, str]
) -> tuple[float, float]:
    """Milliseconds to the last byte of a page that must be there, and of CPU."""
    begun, cpu = time.perf_counter(), time.process_time()
    data = form if method == "POST" else None
    async with session.request(method, path, data=data, headers=headers, allow_redirects=False) as answer:
        text = await answer.text()
    took = (time.perf_counter() - begun) * 1000, (time.process_time() - cpu) * 1000
    if answer.status != 200:
        raise SystemExit(f"{method} {path}: {answer.status}\n{text[:2000]}")
    return took


def unmeasured() -> list[str]:
    """Names of doors that open a page and are left out here."""
    asked = [page.partition("?")[0].split("/") for page in (*PAGES, *POSTED)]
    return [
        door.name
        for door in DOORS
        if door.method == "GET"
        and door.name not in NO_PAGE
        and not any(_fits(door.path.split("/"), one) for one in asked)
    ]


def _fits(shape: list[str], parts: list[str]) -> bool:
    return len(shape) == len(parts) and all(
        one == other or one.startswith("{") for one, other in zip(shape, parts, strict=True)
    )


async def _signed_in(house: House) -> tuple[str, str]:
    secret, token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    async with house.database.write() as tx:
        row = await store.person_by_login(tx, "quan")
        await store.add_session(tx, hashed(secret), row.id, token, house.clock.now())
    return secret, token


async def _places(house: House) -> dict[str, str]:
    """What the pages are asked for."""
    now, zone = house.clock.now(), house.settings.office.zone
    today = now.astimezone(zone).date()
    async with house.database.read() as connection:
        known = await _texts(connection) | await _schedules(connection) | await _deliveries(connection)
        plan = await plan_store.find(connection, today.year)
        contests = sorted(await contest_store.listed(connection), key=lambda one: one.state)
        assert plan is not None
        [ride] = [one.id for one in await ride_store.list_all(connection)]
        procedure = next(iter(await procedures_store.known(connection)))
        [course] = await class_store.listed(connection)
    known |= {
        "year": str(today.year),
        "this_year": str(today.year),
        "handed_in": handed_in(now).written,
        "key": "t" * 32,
        "task": plan.tasks[0].id,
        "procedure": procedure,
        "ride": ride,
        "class": course.id,
        "contest": contests[0].id,
        "draft_contest": contests[1].id,
    }
    before = today.replace(day=1) - timedelta(days=10)
    last_year = (today - timedelta(days=300)).isoformat()
    return known | {"last_month": before.isoformat(), "month": f"{before:%Y-%m}", "last_year": last_year}


async def _texts(connection: AsyncConnection) -> dict[str, str]:
    """An item that was corrected since, one that waits for approval, and where the list's third page begins."""
    approved = await content_store.list_items(connection, states=(ItemState.APPROVED,), limit=1000)
    [waiting] = await content_store.list_items(connection, states=(ItemState.IN_REVIEW,), limit=1)
    numbers = [(len(await content_store.revisions_of(connection, one.id)), one) for one in approved[-40:]]
    item = max(numbers, key=lambda one: one[0])[1]
    third = approved[min(100, len(approved) - 1)]
    deep = cursor(third.changed_at, third.id)
    news = (await on_shelf(connection, "portal", waiting.changed_at))[-1].bulletin.parts[0].slug
    return {"item": item.id, "in_review": waiting.id, "slug": news, "deep_item": quote(deep)}


async def _schedules(connection: AsyncConnection) -> dict[str, str]:
    """One that runs each day, one that ran once, one that waits for approval, one that may be moved; a past occurrence."""
    [wanted] = await scheduler_store.list_schedules(connection, states=(ScheduleState.IN_REVIEW,), limit=1)
    running = await scheduler_store.list_schedules(connection, states=(ScheduleState.APPROVED,), limit=1000)
    ended = await scheduler_store.list_schedules(connection, states=(ScheduleState.ENDED,), limit=20)
    coming = next(one for one in running if one.rule.once)
    [occurrence] = await scheduler_store.list_occurrences(connection, schedule_id=ended[-1].id, limit=1)
    told = {"routine": running[-1].id, "campaign": ended[-1].id, "wanted": wanted.id, "coming": coming.id}
    return told | {"occurrence": occurrence.id}


async def _deliveries(connection: AsyncConnection) -> dict[str, str]:
    """One that went and one that failed; where the middle of the log is, and its end."""
    states = {"sent": (State.SENT,), "failed": (State.FAILED,)}
    told = {
        name: (await log_store.list_deliveries(connection, log_store.Filter(states=states[name]), limit=1))[0].id
        for name in states
    }
    ids = list((await connection.execute(select(parcel.c.id).order_by(parcel.c.id))).scalars())
    places = {"middle": delivery_id(ids[len(ids) // 2], 0), "last": delivery_id(ids[1], 0)}
    return told | places | {"phone": "0900000007"}


async def pages(place: Path, count: int, database: str = "") -> dict[str, list[float]]:
    """The office filled with so many deliveries, and its pages measured."""
    await fill(place, count, database)
    return await measured(place, database)


def main() -> None:
    """All of them."""
    place, count, *database = sys.argv[1:]
    told = uvloop.run(pages(Path(place), int(count), database[0] if database else ""))
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
