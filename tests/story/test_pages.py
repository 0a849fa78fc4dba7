"""Every page of the desk and the portal in a real browser, at two widths, in both themes.

`make pictures` keeps the screenshots in build/pictures.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser

from channels.classes import store as class_store
from channels.classes.given.store import Material
from channels.classes.people import store as class_people_store
from channels.classes.training import How, Session
from content import store as content_store
from content.item import ItemState
from db.types import new_id
from desk import auth
from desk.app import House
from desk.classes.page import door_address
from desk.demo import classes, contests
from desk.demo.partners import partners_live
from desk.demo.play import AUTHOR, LEADER, approve_and_schedule, fill, send_clip, wait_for_recordings
from desk.demo.stage import Stage, free_port, stage
from desk.plan import store as plan_store
from desk.plan.plan import Plan, Rhythm, Task, Way
from desk.reporting.period import Basis, Kind, last_finished
from scheduler.delivery import Delivery, State
from scheduler.log import store as log_store
from scheduler.riding import Wish as RideWish
from scheduler.schedule import Rule
from scheduler.scheduling import Wish
from scheduler.store import list_schedules
from tests.story.english import vietnamese_on
from tests.story.looking import PASSWORD, Theme, chromium, faults_of, needs_chromium, sign_in, violations

pytestmark = needs_chromium


@pytest.fixture
async def on(tmp_path: Path) -> AsyncIterator[Stage]:
    """The demo's stage at work: three items out over five channels, two waiting for approval."""
    async with stage(tmp_path, free_port(), timedelta(hours=3)) as on, asyncio.TaskGroup() as group:
        group.create_task(on.house.runner.run())
        group.create_task(partners_live(on))
        await auth.add_person(on.house, "hung", LEADER, ("administrator",), PASSWORD)
        items = await fill(on)
        await wait_for_recordings(on, items)
        await approve_and_schedule(on, items[:3])
        await _until_confirmed(on, 3 * 20)
        yield on
        on.house.stop()


@pytest.fixture
async def on_air(on: Stage) -> Stage:
    """The same, and the last of the three is a clip that was pulled."""
    async with on.house.database.read() as connection:
        [item] = await content_store.list_items(connection, states=(ItemState.APPROVED,), limit=1)
    await send_clip(on, item)
    await _until_confirmed(on, 3 * 20 + 1)
    return on


async def _until_confirmed(on: Stage, expected: int) -> None:
    async with asyncio.timeout(90), on.house.notifier.waiting("delivery") as changed:
        while not await _are_confirmed(on, expected):
            changed.clear()
            await changed.wait()


async def _are_confirmed(on: Stage, expected: int) -> bool:
    async with on.house.database.read() as connection:
        counts = await log_store.stats(connection, log_store.Filter())
    confirmed = sum(count["confirmed"] for count in counts.values())
    return expected == confirmed == sum(count.total() for count in counts.values())


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium that talks to nobody else."""
    async with chromium() as browser:
        yield browser


async def _hand_in(on: Stage) -> None:
    """The report of last month, so that one of each is there to be looked at."""
    reporter = on.house.reporter
    report = await reporter.report(last_finished(Kind.MONTH, Basis.DECREE, reporter.today()))
    await reporter.hand_in(report.period, report.figures.digest, LEADER)


async def _plan(on: Stage) -> str:
    """A plan of this year, one task of it behind and one reached; the latter's id."""
    now, year = on.house.clock.now(), on.house.reporter.today().year
    plan = Plan(year, "36/KH-UBND", None, f"Tuyên truyền năm {year}", "Nâng cao nhận thức của nhân dân", "Nhân dân")
    asked = [("Bản tin phát thanh về một cửa", "mot-cua", Way.RADIO, 9999), ("Bài trên cổng", "", Way.PORTAL, 1)]
    async with on.house.database.write() as tx:
        await plan_store.save(on.house.database, tx, plan)
        for id, (words, theme, way, target) in zip(ids := [new_id(now), new_id(now)], asked, strict=True):
            await plan_store.add_task(tx, Task(id, year, words, theme, way, LEADER, Rhythm.YEAR, None, target))
    return ids[-1]


async def _ride(on: Stage, item: str) -> str:
    """A text that goes along in what comes, and waits for approval; its page."""
    today = on.house.reporter.today()
    async with on.house.database.write() as tx:
        wish = RideWish(item, ("cong-thong-tin",), today, today + timedelta(days=30), share=30)
        one = await on.house.riding.add(tx, wish, LEADER, may_approve=False)
    return f"/rides/{one.id}"


async def _class(on: Stage) -> tuple[str, Session]:
    """The demo's class, its letters on their way, with a session that is open now."""
    house, now = on.house, on.house.clock.now()
    id = await classes.settle(house, AUTHOR, LEADER)
    async with house.notifier.waiting("delivery") as changed:
        wanted = log_store.Filter(outlets=(classes.OUTLET,), states=(State.SENT,))
        while not on.mail.taken or not await _found(house, wanted):
            changed.clear()
            await house.clock.wait(changed, 0.2)
    async with house.database.write() as tx:
        [planned] = (await class_store.find(tx, id)).sessions
        begin = now + timedelta(minutes=20)
        session = Session(new_id(now), id, begin, begin + timedelta(hours=2), "Nhà văn hóa bản Nà Khi", "")
        await house.training.add_session(tx, session, LEADER)
        one, *_ = await class_people_store.people_of(tx, house.seal, id)
        await class_people_store.attend(house.database, tx, planned.id, one.id, now, How.DESK, LEADER)
        await class_people_store.attend(house.database, tx, session.id, one.id, now, How.QR, "")
        await house.training.certify(tx, id, LEADER)
        material = Material(new_id(now), id, "Cổng dịch vụ công", "https://dichvucong.gov.vn", "", "")
        await house.training.add_material(tx, material, "", LEADER)
    return id, session


async def _found(house: House, wanted: log_store.Filter) -> list[Delivery]:
    async with house.database.read() as connection:
        return await log_store.list_deliveries(connection, wanted)


async def _own_link(on: Stage) -> str:
    wanted = log_store.Filter(outlets=(classes.OUTLET,))
    return on.house.reply_links.address((await _found(on.house, wanted))[0].id).removeprefix(
        on.house.settings.web.base_url
    )


async def _addresses(on: Stage) -> dict[str, str]:
    task, course, session = await _plan(on), *await _class(on)
    await _hand_in(on)
    async with on.house.database.read() as connection:
        schedule = (await list_schedules(connection))[-1]
        delivery = (await log_store.list_deliveries(connection, log_store.Filter(outlets=("sms",)), limit=1))[0]
        portal = (await log_store.list_deliveries(connection, log_store.Filter(outlets=("cong-thong-tin",)), limit=1))[
            0
        ]
    contest = await contests.settle(on.house, AUTHOR, LEADER, ("cong-thong-tin",), "sms", board=True)
    return {
        "today": "/",
        "items": "/items",
        "item-new": "/items/new",
        "item-versions": f"/items/{schedule.items[0].item}/versions",
        "schedules": "/schedules",
        "schedule": f"/schedules/{schedule.id}",
        "schedule-new": f"/schedules/new?item={schedule.items[0].item}",
        "item": f"/items/{schedule.items[0].item}",
        "calendar": "/calendar",
        "calendar-week": "/calendar?view=week",
        "calendar-day": "/calendar?view=day",
        "calendar-pause": "/calendar/pause",
        "schedule-move": f"/schedules/{schedule.id}/move",
        "deliveries": "/deliveries",
        "delivery": f"/deliveries/{delivery.id}",
        "outlets": "/outlets",
        "outlet": "/outlets/sms",
        "outlet-kinds": "/outlets/new",
        "outlet-new": "/outlets/new?kind=sms_http",
        "station": on.station_page.split(str(on.house.settings.web.port), 1)[1],
        "station-sheet": "/outlets/tram-xa/sheet",
        "television": on.television_page.split(str(on.house.settings.web.port), 1)[1],
        "television-sheet": "/outlets/truyen-hinh/sheet",
        "station-paper": "/outlets/tram-xa/paper",
        "boards": "/boards",
        "board": on.board_page.split(str(on.house.settings.web.port), 1)[1],
        "board-guide": "/outlets/bang-tin/sheet",
        "board-code": "/board/bang-tin/ma",
        "plan": "/plan",
        "plan-none": f"/plan?year={on.house.reporter.today().year + 1}",
        "plan-task": f"/plan/tasks/{task}",
        "report": "/reports/stations",
        "reports": f"/reports?period={on.house.reporter.today().year}&basis=calendar",
        "reports-due": "/reports?version=0",
        "reports-frozen": "/reports",
        "reports-handed-in": "/reports/handed-in",
        "programme": "/programme",
        "glossary": "/glossary",
        "voices": "/voices",
        "audiences": "/audiences",
        "policy": "/policy",
        "subscriptions": "/subscriptions",
        "stop-link": on.house.stop_links.address(delivery.id).removeprefix(on.house.settings.web.base_url),
        "delegations": "/delegations",
        "staff": "/staff",
        "units": "/units",
        "passed": "/passed",
        "feedback": "/feedback",
        "procedures": "/procedures",
        "rides": f"/rides?item={schedule.items[0].item}",
        "ride": await _ride(on, schedule.items[0].item),
        "classes": "/classes",
        "class": f"/classes/{course}",
        "class-own": await _own_link(on),
        "class-door": door_address(on.house, session).removeprefix(on.house.settings.web.base_url),
        "class-check": "/chung-nhan",
        "contests": "/contests",
        "contest": f"/contests/{contest}",
        "contest-new": "/contests/new",
        "questions": "/questions",
        "themes": "/themes",
        "tokens": "/tokens",
        "password": "/password",
        "second-step": "/second-step",
        "portal": "/portal/",
        "portal-item": (item := portal.reference.split(str(on.house.settings.web.port), 1)[1]),
        "portal-print": item.replace("/portal/", "/portal/in/"),
        "portal-procedures": "/portal/thu-tuc",
        "portal-contests": "/portal/cuoc-thi",
        "portal-contest": f"/portal/cuoc-thi/{contest}",
        "portal-register": "/portal/so-cong-bo",
        "portal-visits": "/portal/thong-ke",
        "portal-questions": "/portal/hoi-dap",
    }


async def test_every_page_stands_in_both_themes_and_widths(on_air: Stage, browser: Browser) -> None:
    """Status 200, nothing wider than the screen, one heading, no error in the console, nothing blocked by the policy."""
    assert [] == await faults_of(browser, on_air.house.settings.web.base_url, await _addresses(on_air))


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
async def test_axe_finds_nothing(on_air: Stage, browser: Browser, theme: Theme, width: int) -> None:
    """WCAG 2.1 A and AA by axe-core on every page: wide and light, narrow and dark."""
    base = on_air.house.settings.web.base_url
    assert [] == await violations(browser, base, await _addresses(on_air), theme, width)


PUBLIC = re.compile("portal|stop-link|class-own|class-door|class-check|board-code|station-paper")
"""What citizens and partners read stays Vietnamese."""


async def test_every_page_can_be_read_in_english(on_air: Stage, browser: Browser) -> None:
    """Nothing stands there in Vietnamese but what people wrote."""
    pages = {name: address for name, address in (await _addresses(on_air)).items() if not PUBLIC.match(name)}
    assert [] == await vietnamese_on(browser, on_air.house, pages)


async def test_a_station_taps_without_a_script(on: Stage, browser: Browser) -> None:
    """On a phone that runs none: the button, the name of who read it, and the page says that it was aired."""
    phone = await browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="vi-VN")
    page = await phone.new_page()
    await page.goto(on.station_page)
    bulletin = page.locator("article.bulletin").first
    assert 0 == await bulletin.locator(".finding.good").count()
    await bulletin.locator("input[name=presenter]").fill("Chị Hà")
    await bulletin.locator("button").click()
    assert on.station_page == page.url
    said = await page.locator("article.bulletin").first.locator(".finding.good").inner_text()
    assert "Đã phát" in said and "Chị Hà" in said


async def test_a_phone_finds_every_place_without_a_script(on: Stage, browser: Browser) -> None:
    """Five at hand, the last of which opens the rest; at a desk all stand in the rail."""
    base, places = on.house.settings.web.base_url, "nav[aria-label='Các mục chính'] a:visible, nav summary:visible"
    for width, shown in ((1280, 11), (390, 5)):
        context = await browser.new_context(viewport={"width": width, "height": 844}, java_script_enabled=False)
        page = await context.new_page()
        await sign_in(page, base)
        assert shown == await page.locator(places).count(), width
    await page.locator("nav summary", has_text="Mục khác").click()
    await page.locator(".more-places a", has_text="Báo cáo").click()
    assert "Báo cáo" in await page.locator("h1").inner_text()
    assert await page.locator("nav summary.here").is_visible()


async def test_the_log_fills_by_itself(on: Stage, browser: Browser) -> None:
    """An open page hears of a new delivery without being loaded again."""
    base = on.house.settings.web.base_url
    page = await (await browser.new_context(viewport={"width": 1280, "height": 900}, locale="vi-VN")).new_page()
    await sign_in(page, base)
    await page.goto(f"{base}/deliveries")
    before = await page.locator("main").inner_text()
    async with on.house.database.read() as connection:
        items = (await list_schedules(connection))[-1].items
    async with on.house.database.write() as tx:
        wish = Wish((items[0].item,), ("cong-thong-tin",), Rule(once=on.house.clock.now()))
        await on.house.scheduling.add(tx, wish, LEADER, may_approve=True)
    on.house.notifier.ring("schedule")
    await page.wait_for_function(
        "before => document.querySelector('main').innerText !== before", arg=before, timeout=20_000
    )
