"""Units at the desk: the tree kept, and people of a unit, who see and do nothing beyond it, walked through every door."""

from __future__ import annotations

from typing import Any

import pytest

from channels.audience import Recipient
from channels.audiences import store as audience_store
from content.units import store as unit_store
from content.units.unit import Level, Unit
from db.types import new_id
from desk import store, within
from desk.doors import DOORS
from scheduler import store as scheduler_store
from scheduler.log import store as log_store
from scheduler.schedule import Rule
from tests.desk.web.conftest import WEAK

UNITS = [Unit(id, name, Level.COMMUNE) for id, name in (("xa-a", "Xã A"), ("xa-b", "Xã B"))]
ROLES = ("author", "approver", "station", "viewer", "administrator")
FOREIGN = "Kim"
"""What belongs to the other commune has it in its name."""


@pytest.fixture
async def two(desk: Any) -> Any:
    """The desk with two communes, each with a station, an item that went out, an audience, and one person for each role."""
    house, now = desk.house, desk.clock.now()
    quan = await desk.browser("quan")
    async with house.database.write() as tx:
        await house.units.take_in(tx, UNITS, "Quản Trị", source="thử")
        for role in ROLES:
            await store.add_person(tx, store.Person(new_id(now), role, f"An {role}", (role,), unit="xa-a"), WEAK, now)
        person = store.Person(new_id(now), "kim.moc", "Kim Mộc", ("author", "approver"), unit="xa-b")
        await store.add_person(tx, person, WEAK, now)
    for unit, title in (("xa-a", "Trạm An"), ("xa-b", "Trạm Kim")):
        told = {"kind": "radio", "title": title, "name": title.split()[1].lower() + "-dai", "unit": unit}
        assert (await quan.post("/outlets", told | {"options.token": unit * 20})).status == 303
        people = [Recipient("phone", f"+8491234567{unit == 'xa-b':d}", title, "đăng ký")]
        async with house.database.write() as tx:
            await audience_store.save_audience(
                house.database, tx, house.seal, new_id(now), f"Dân {title}", people, now, unit=unit
            )
    return desk


async def sent(desk: Any, unit: str, outlet: str, title: str) -> tuple[str, str, str]:
    """An item of a unit that went out over an outlet: the ids of item, schedule and delivery."""
    item = await desk.approved(title=title, unit=unit)
    schedule = await desk.schedule(items=(item.id,), outlets=(outlet,), rule=Rule(once=desk.clock.now()))
    await desk.house.runner.drain()
    async with desk.house.database.read() as connection:
        wanted = log_store.Filter(schedule=schedule.id)
        [delivery] = await log_store.list_deliveries(connection, wanted)
    return item.id, schedule.id, delivery.id


async def foreign(desk: Any) -> dict[str, str]:
    """The other commune's things, by the word that stands for each in addresses."""
    item, schedule, delivery = await sent(desk, "xa-b", "kim-dai", "Tin Kim về hộ tịch")
    async with desk.house.database.read() as connection:
        [row] = await scheduler_store.list_occurrences(connection, schedule_id=schedule)
    return {"item": item, "schedule": schedule, "occurrence": row.id, "delivery": delivery, "outlet": "kim-dai"}


def path_of(door: Any, things: dict[str, str]) -> str:
    """A door's address with the thing in it that it is about."""
    word = door.path.split("/")[1].rstrip("s").replace("deliverie", "delivery")
    id = {"staff": "kim.moc"}.get(word, things.get(word, "0000000000000"))
    return str(door.path.replace("{id}", id).replace("{name}", things["outlet"]).replace("{side}", "a"))


def test_every_door_says_how_it_follows_the_tree() -> None:
    """Once each; one that says nothing is shut."""
    named = [within.SHARED, within.OWN, within.HOUSE, within.BY_THING.keys()]
    for door in DOORS:
        assert sum(door.name in one for one in named) == 1, door.name


@pytest.mark.parametrize("role", ROLES)
async def test_nothing_of_another_unit_is_seen(two: Any, role: str) -> None:
    """No page, file or answer of the API that is opened to people of one commune names anything of the other."""
    things = await foreign(two)
    browser, header = await two.browser(role), await two.api(role)
    for door in DOORS:
        if door.method != "GET" or door.name == "events":
            continue
        path = path_of(door, things)
        answer = await browser.get(path)
        body = (await answer.read()).decode(errors="replace")
        assert FOREIGN not in body, (door.name, path)
        assert answer.status < 500, (door.name, answer.status)
        if door.name in within.BY_THING and role in door.roles:
            assert answer.status == 404, (door.name, answer.status)
        if door.api:
            plain = await two.client.get(f"/api/v1{path}", headers=header)
            assert FOREIGN not in (await plain.read()).decode(errors="replace"), door.name


@pytest.mark.parametrize("role", ROLES)
async def test_nothing_of_another_unit_is_changed(two: Any, role: str) -> None:
    """Every deed on a thing of the other commune, or on the whole office, is refused before anything is looked at."""
    things = await foreign(two)
    browser = await two.browser(role)
    async with two.house.database.read() as connection:
        before = await two.house.journal.after(connection, 0)
    for door in DOORS:
        if door.method != "POST" or door.name not in within.BY_THING.keys() | within.HOUSE:
            continue
        answer = await browser.post(path_of(door, things), {"note": "thử"})
        assert answer.status in {403, 404}, (door.name, answer.status)
    async with two.house.database.read() as connection:
        assert await two.house.journal.after(connection, 0) == before


async def test_what_is_asked_for_by_name_in_forms_is_refused(two: Any) -> None:
    """An outlet, an item, an audience, a unit of the other commune in a form are as if they were not there."""
    things = await foreign(two)
    author, admin = await two.browser("author"), await two.browser("administrator")
    own = await two.approved(title="Tin An", unit="xa-a")
    for fields in (
        {"item": own.id, "outlet": "kim-dai", "when": "now"},
        {"item": own.id, "outlet": "portal", "when": "now"},
        {"item": things["item"], "outlet": "an-dai", "when": "now"},
        {"item": own.id, "outlet": "an-dai", "audience": "Dân Trạm Kim", "when": "now"},
    ):
        answer = await author.post("/schedules/preview", fields)
        assert answer.status == 422, fields
        assert "Tin Kim" not in await answer.text()
    text = {"title": "Tin mới", "body": "Nội dung"}
    for more in ({"unit": "xa-b"}, {"original": things["item"]}, {"notice_of": things["item"]}):
        assert (await author.post("/items", text | more)).status == 422, more
    assert (await author.get(f"/items/new?notice_of={things['item']}")).status == 404
    for query in (f"item={things['item']}", f"schedule={things['schedule']}", f"occurrence={things['occurrence']}"):
        assert (await author.get(f"/deliveries?{query}")).status == 404, query
    assert (await author.get("/items?unit=xa-b")).status == 404
    new = {"login": "moi", "name": "Người Mới", "role": "author", "unit": "xa-b"}
    assert (await admin.post("/staff", new)).status == 422
    answer = await author.post("/audiences", {"name": "Dân Trạm Kim", "file": "x"})
    assert answer.status == 422


async def test_people_of_a_unit_do_their_own_work(two: Any) -> None:
    """They write for their unit, schedule over its outlets, see their log, and take in their people."""
    author, approver = await two.browser("author"), await two.browser("approver")
    answer = await author.post("/items", {"title": "Tin của An", "body": "Nội dung tin.", "act": "submit"})
    item = answer.headers["Location"].rsplit("/", 1)[1]
    assert "Tin của An" in await approver.page("/items")
    two.client.session.cookie_jar.clear()
    plain = await (await approver.get(f"/items/{item}", headers={"Accept": "application/json"})).json()
    assert plain["unit"] == "xa-a"
    assert (await approver.post(f"/items/{item}/approve", {"digest": plain["digest"]})).status == 303
    wish = {"item": item, "outlet": "an-dai", "when": "now"}
    seen = await (await author.post("/schedules/preview", wish)).text()
    fingerprint = seen.split('name="seen" value="')[1].split('"')[0]
    answer = await author.post("/schedules", wish | {"seen": fingerprint})
    assert answer.status == 303, await answer.text()
    async with two.house.database.read() as connection:
        [schedule] = await scheduler_store.list_schedules(connection)
    assert schedule.unit == "xa-a"
    assert (await approver.post(f"/schedules/{schedule.id}/approve", {"digest": schedule.digest})).status == 303
    await two.house.runner.drain()
    page = await author.page("/deliveries")
    assert "Trạm An" in page
    assert "Tin của An" in page
    assert "Tin của An" in await author.page("/calendar")
    await sent(two, "xa-b", "kim-dai", "Tin Kim")
    assert "Tin Kim" in await (await two.browser("quan")).page("/deliveries")


async def test_an_administrator_of_a_unit_sees_to_its_people(two: Any) -> None:
    """And makes accounts for it alone; the whole office keeps one administrator of its own."""
    admin, quan = await two.browser("administrator"), await two.browser("quan")
    assert (await admin.post("/staff", {"login": "be", "name": "Bế Văn Thử", "role": "author"})).status == 200
    async with two.house.database.read() as connection:
        assert (await store.account(connection, "be")).unit == "xa-a"
    assert (await quan.post("/staff/quan/unit", {"unit": "xa-a"})).status == 409
    assert (await quan.post("/staff/be/unit", {"unit": "xa-b"})).status == 303
    assert (await admin.post("/staff/be/unit", {"unit": "xa-a"})).status == 404


async def test_nobody_approves_in_the_stead_of_another_unit(two: Any) -> None:
    """A leader names people of the same unit; who moves away approves no more."""
    approver = await two.browser("approver")
    to = {"to": "2026-11-30T17:00"}
    assert (await approver.post("/delegations", to | {"receiver": "kim.moc"})).status == 422
    assert (await approver.post("/delegations", to | {"receiver": "author"})).status == 303
    author = await two.browser("author")
    assert "duyệt thay An approver" in await author.page("/")
    async with two.house.database.write() as tx:
        one = await store.account(tx, "author")
        await store.set_unit(tx, one.id, "xa-b")
    assert "duyệt thay" not in await author.page("/")


async def test_the_tree_is_kept(desk: Any) -> None:
    """One is added, changed, ended; a file or a province brings many; what is wrong changes nothing."""
    quan = await desk.browser("quan")
    assert (await quan.post("/units", {"name": "Xã Sốp Cộp", "since": "2025-07-01"})).status == 303
    assert (await quan.post("/units", {"name": "Bản Sốp Nặm", "parent": "xa-sop-cop"})).status == 303
    assert (await quan.post("/units", {"name": "Sốp Cộp"})).status == 422
    assert (await quan.post("/units", {"name": "Xã Sốp Cộp"})).status == 422
    assert (
        await quan.post("/units", {"id": "xa-sop-cop", "name": "Xã Sốp Cộp", "parent": "ban-sop-nam"})
    ).status == 422
    assert (await quan.post("/units/load", {"province": "Sơn La"})).status == 422, "a Xã Sốp Cộp without its code"
    assert (await quan.post("/units", {"name": "Huyện Sốp Cộp", "until": "2025-07-01"})).status == 303
    told = {"id": "xa-sop-cop", "name": "Xã Sốp Cộp", "code": "04231", "since": "2025-07-01"}
    assert (await quan.post("/units", told | {"before": "huyen-khac"})).status == 422
    told |= {"before": "huyen-sop-cop"}
    assert 'value="Huyện Sốp Cộp"' in await quan.page("/units?id=huyen-sop-cop")
    assert (await quan.post("/units", told)).status == 303
    assert (await quan.post("/units/load", {"province": "Sơn La"})).status == 303
    async with desk.house.database.read() as connection:
        tree = await unit_store.tree(connection)
    assert len(tree.units) == 77
    assert tree["ban-sop-nam"].parent == "xa-sop-cop"
    assert [one.id for one in tree.after("huyen-sop-cop")] == ["xa-sop-cop"]
    page = await quan.page("/units")
    assert "75" in page
    assert "Phường Tô Hiệu" in page
    assert 'value="xa-sop-cop"' in await (await desk.browser("lan")).page("/items/new")


async def test_plans_and_reports_are_each_units_own(two: Any) -> None:
    """A commune plans for itself and counts what it sends; a report is of the unit and all under it, and is handed in as such."""
    approver, quan = await two.browser("approver"), await two.browser("quan")
    await sent(two, "xa-a", "an-dai", "Tin An")
    await sent(two, "xa-b", "kim-dai", "Tin Kim")
    await sent(two, "", "portal", "Tin của cơ quan")
    task = {"year": "2026", "words": "Bản tin", "rhythm": "year", "target": "5"}
    for browser, unit in ((approver, ""), (quan, ""), (quan, "xa-b")):
        plan = {"year": "2026", "title": f"Kế hoạch {unit or browser is quan}", "unit": unit}
        assert (await browser.post("/plan", plan)).status == 303
        assert (await browser.post("/plan/tasks", task | {"unit": unit})).status == 303
    for browser, query in ((approver, ""), (quan, ""), (quan, "?unit=xa-b")):
        plain = await (await browser.get(f"/plan{query}", headers={"Accept": "application/json"})).json()
        assert [one["now"]["done"] for one in plain["tasks"]] == [1], plain
    assert (await approver.get("/plan?unit=xa-b")).status == 404
    assert "Kế hoạch năm chậm ở 1 nhiệm vụ" in await approver.page("/")

    asked = {"headers": {"Accept": "application/json"}}
    whole = await (await quan.get("/reports?period=2026&basis=calendar", **asked)).json()
    counted = {one["title"]: one["items"] for one in whole["units"]}
    assert counted == {"UBND xã Sốp Cộp": 1, "Xã A": 1, "Xã B": 1}
    assert whole["whole"]["items"] == 3
    own = await (await approver.get("/reports?period=2026&basis=calendar", **asked)).json()
    assert own["office"] == "Ủy ban nhân dân xã A"
    assert (own["whole"]["items"], own["runs"]) == (1, 1)
    assert [one["title"] for one in own["outlets"]] == ["Trạm An"]
    assert "Xã A" in await approver.page("/reports?period=2026&basis=calendar")
    two.clock.advance(40 * 86_400)
    quan, approver = await two.browser("quan"), await two.browser("approver")
    own = await (await approver.get("/reports?period=2026&basis=calendar", **asked)).json()
    form = {"period": "2026", "basis": "calendar", "digest": own["digest"]}
    assert (await approver.post("/reports", form)).status == 303
    whole = await (await quan.get("/reports?period=2026&basis=calendar", **asked)).json()
    assert whole["handed_in"] is None
    own = await (await quan.get("/reports?period=2026&basis=calendar&unit=xa-a", **asked)).json()
    assert own["handed_in"]["person"] == "An approver"
    assert (await approver.get("/reports?unit=xa-b")).status == 422
