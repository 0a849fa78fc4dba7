"""The year of the demo: a plan as Plan 36/KH-UBND, whose tasks count what goes out; and a question that somebody asks."""

from __future__ import annotations

from datetime import date

import aiohttp

from db.types import new_ids
from desk.app import House
from desk.plan import store
from desk.plan.plan import Plan, Rhythm, Task, Way

TASKS = (
    ("Bản tin phát thanh về cơ chế một cửa", "mot-cua", Way.RADIO, Rhythm.QUARTER, 12),
    ("Bài trên cổng về văn bản chỉ đạo", "chi-dao", Way.PORTAL, Rhythm.QUARTER, 3),
    ("Tin nhắn tới trưởng bản và người dân đã đăng ký", "", Way.SMS, Rhythm.MONTH, 2),
    ("Tờ tin ở Trung tâm Phục vụ hành chính công", "", Way.BOARD, Rhythm.MONTH, 1),
)
QUESTION = {
    "noi-dung": "Con tôi sinh ở bệnh viện huyện bên thì đăng ký khai sinh ở xã được không?",
    "ten": "Vì Thị Hoa",
}


async def plan(house: House, by: str) -> None:
    """The plan of the current year, with four tasks of the leader's."""
    now, year = house.clock.now(), house.reporter.today().year
    aims = "Nâng cao nhận thức của cán bộ, công chức và nhân dân về cải cách hành chính"
    whole = Plan(
        year, "36/KH-UBND", date(year, 1, 23), f"Tuyên truyền cải cách hành chính năm {year}", aims, "Nhân dân"
    )
    async with house.database.write() as tx:
        await store.save(house.database, tx, whole)
        for id, (words, theme, way, rhythm, target) in zip(new_ids(now), TASKS, strict=False):
            await store.add_task(tx, Task(id, year, words, theme, way, by, rhythm, None, target))
        await house.journal.note(tx, now, by, "save_plan", f"plan/{year}", tasks=len(TASKS))


async def ask(house: House) -> None:
    """Somebody writes at the portal, as from a phone; the question waits for an answer."""
    async with (
        aiohttp.ClientSession() as person,
        person.post(f"{house.settings.web.base_url}/portal/hoi-dap", data=QUESTION, allow_redirects=False) as answer,
    ):
        answer.raise_for_status()
