"""An item of the province passed down: communes accept, adapt or decline it, and an urgent one goes out at once."""

from __future__ import annotations

from typing import Any

import pytest

from content.bulletin import BulletinClass
from content.passing import store
from scheduler import store as scheduler_store
from tests.desk.web.test_units import two

__all__ = ["two"]
PLAIN = {"headers": {"Accept": "application/json"}}


async def passed(desk: Any, *units: str, **more: Any) -> tuple[str, dict[str, str]]:
    """An item of the office passed to units: its id, and the passing of each unit."""
    item = await desk.approved(title="Tin của tỉnh", **more)
    quan = await desk.browser("quan")
    told = {"unit": list(units), "note": "Phát trong tuần"}
    assert (await quan.post(f"/items/{item.id}/pass", told)).status == 303
    async with desk.house.database.read() as connection:
        return item.id, {one.unit: one.id for one in await store.of_item(connection, item.id)}


async def test_an_item_is_accepted_and_sent_by_the_commune(two: Any) -> None:
    """It is told on the first page, read, accepted, and only then scheduled: by the commune, over its own station."""
    item, ids = await passed(two, "xa-a")
    author = await two.browser("author")
    assert "1 tin cấp trên" in await author.page("/")
    page = await author.page(f"/items/{item}")
    assert "Tin của tỉnh" in page
    assert f"/items/{item}/edit" not in page
    assert f"/items/{item}/withdraw" not in page
    assert (await author.get(f"/items/{item}/edit")).status == 404
    wish = {"item": item, "outlet": "an-dai", "when": "now"}
    assert (await author.post("/schedules/preview", wish)).status == 422, "it is not accepted yet"
    answer = await author.post(f"/passed/{ids['xa-a']}/accept")
    assert answer.headers["Location"] == f"/schedules/new?item={item}"
    assert "Tin của tỉnh" in await author.page("/schedules/new")
    assert "1 tin cấp trên" not in await author.page("/")
    seen = await (await author.post("/schedules/preview", wish)).text()
    fingerprint = seen.split('name="seen" value="')[1].split('"')[0]
    assert (await author.post("/schedules", wish | {"seen": fingerprint})).status == 303
    async with two.house.database.read() as connection:
        [schedule] = await scheduler_store.list_schedules(connection)
    assert schedule.unit == "xa-a"
    assert (await author.post(f"/passed/{ids['xa-a']}/accept")).status == 409
    assert "đã nhận" in await (await two.browser("quan")).page(f"/items/{item}")


async def test_a_priority_item_keeps_its_class_and_cannot_be_declined(two: Any) -> None:
    """The commune chooses the time, or adapts the text, and no more."""
    item, ids = await passed(two, "xa-a", klass=BulletinClass.PRIORITY)
    author = await two.browser("author")
    assert (await author.post(f"/passed/{ids['xa-a']}/decline", {"note": "Không hợp"})).status == 403
    assert (await author.post(f"/passed/{ids['xa-a']}/accept")).status == 303
    wish = {"item": item, "outlet": "an-dai", "when": "now", "klass": "normal"}
    assert "không hạ loại được" in await (await author.post("/schedules/preview", wish)).text()


async def test_an_item_is_adapted(two: Any) -> None:
    """The commune has a draft of its own with the same text, and says whose the text is; its own second person approves it."""
    _, ids = await passed(two, "xa-a")
    author = await two.browser("author")
    answer = await author.post(f"/passed/{ids['xa-a']}/localise")
    local = answer.headers["Location"].removesuffix("/edit")
    plain = await (await author.get(local, **PLAIN)).json()
    assert (plain["unit"], plain["state"], plain["title"]) == ("xa-a", "draft", "Tin của tỉnh")
    assert plain["source"] == "Tin của UBND xã Sốp Cộp"
    assert plain["writer"] == "An author"
    assert local in await (await two.browser("quan")).page("/passed")


async def test_what_is_declined_may_be_passed_again(two: Any) -> None:
    """With its reason, which the other commune does not see."""
    item, ids = await passed(two, "xa-a", "xa-b")
    author = await two.browser("author")
    assert (await author.post(f"/passed/{ids['xa-a']}/decline")).status == 422
    assert (await author.post(f"/passed/{ids['xa-b']}/decline", {"note": "thử"})).status == 404
    async with two.house.database.write() as tx:
        await two.house.handing.decline(tx, ids["xa-b"], "Kim Mộc", "Kim lý do")
    for page in (f"/items/{item}", "/passed", "/"):
        text = await author.page(page)
        assert "Kim" not in text, page
        assert "Xã B" not in text, page
    quan = await two.browser("quan")
    assert "Kim lý do" in await quan.page("/passed?state=declined")
    assert (await quan.post(f"/items/{item}/pass", {"unit": ["xa-a"]})).status == 409
    assert (await quan.post(f"/items/{item}/pass", {"all": "1"})).status == 303
    async with two.house.database.read() as connection:
        assert ["waiting", "waiting"] == [one.state for one in await store.of_item(connection, item)]


@pytest.mark.parametrize(("login", "state"), [("quan", "approved"), ("lan", "in_review")])
async def test_an_urgent_item_goes_out_at_once(two: Any, login: str, state: str) -> None:
    """Over every station of the communes, with nobody there asked; who may not approve needs a second person, as always."""
    item = await two.approved(title="Sơ tán ngay", klass=BulletinClass.URGENT)
    browser = await two.browser(login)
    answer = await browser.post(f"/items/{item.id}/pass", {"all": "1"})
    assert answer.status == 303, await answer.text()
    async with two.house.database.read() as connection:
        [schedule] = await scheduler_store.list_schedules(connection)
        taken = [one.state for one in await store.of_item(connection, item.id)]
    assert taken == ["accepted", "accepted"]
    assert sorted(schedule.outlets) == ["an-dai", "kim-dai"]
    assert (schedule.klass, schedule.state) == ("urgent", state)
    await two.house.runner.drain()
    assert ("Sơ tán ngay" in await (await two.browser("author")).page("/deliveries")) == (state == "approved")


async def test_what_cannot_be_passed(two: Any) -> None:
    """A draft, an item to nobody, to a unit that is not under it, by a commune what is the province's."""
    item, draft = await two.approved(), await two.draft()
    own = await two.approved(title="Tin An", unit="xa-a")
    quan, author = await two.browser("quan"), await two.browser("author")
    assert (await quan.post(f"/items/{draft.id}/pass", {"all": "1"})).status == 409
    assert (await quan.post(f"/items/{item.id}/pass")).status == 422
    assert (await quan.post(f"/items/{item.id}/pass", {"unit": ["xa-khac"]})).status == 422
    assert (await author.post(f"/items/{own.id}/pass", {"unit": ["xa-b"]})).status == 422
    assert (await author.post(f"/items/{item.id}/pass", {"unit": ["xa-a"]})).status == 404
