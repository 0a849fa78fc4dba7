"""Outlets set up on the desk: a form drawn from their options, in service at once, secrets shown to nobody, none left dangling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from channels.past.store import Past, Turn
from channels.setting import store as setting_store
from channels.setting.store import Setting
from config.clock import FakeClock
from config.settings import Settings
from desk.app import opened
from desk.outlets.page import Standing
from desk.outlets.past import health
from desk.web import make_web
from tests.desk.web.conftest import settings_in

KEY = "khoa-cua-nha-cung-cap-9876"
FORM = {
    "kind": "sms_http",
    "title": "SMS của huyện",
    "options.url": "https://sms.vn/gui",
    "options.body_template": '{"p": "{phone}", "t": "{text}", "k": "{api_key}"}',
    "options.secrets_in_body.0.name": "api_key",
    "options.secrets_in_body.0.value": KEY,
    "options.unaccented": "1",
    "options.per_second": "2,5",
}
NAME = "sms-cua-huyen"
OPTIONS = {"url": "https://sms.vn/gui", "body_template": '{"p": "{phone}", "t": "{text}"}', "headers": {"X-Key": KEY}}


async def added(desk: Any, **more: Any) -> None:
    """The outlet of the form."""
    answer = await (await desk.browser("quan")).post("/outlets", FORM | more)
    assert (303, f"/outlets/{NAME}") == (answer.status, answer.headers["Location"]), await answer.text()


async def test_one_is_added_and_in_service_at_once(desk: Any, words: Any) -> None:
    """With numbers as people write them, a name made of the title, a row of health, a place among those to schedule for."""
    await added(desk)
    at = desk.house.outlets[NAME]
    assert ("SMS của huyện", 2.5) == (at.outlet.title, at.outlet.options.per_second)
    quan = await desk.browser("quan")
    page = words(await quan.page(f"/outlets/{NAME}"))
    assert "Quản Trị thêm điểm phát này" in page and "100,0 % thời gian gửi được" in page and KEY not in page
    assert "SMS của huyện" in await quan.page("/outlets")
    schedule = await desk.schedule(outlets=(NAME,), audience=await desk_audience(desk))
    assert (NAME,) == schedule.outlets


async def desk_audience(desk: Any) -> str:
    """A list of one number."""
    form = aiohttp.FormData({"name": "Bản A"})
    form.add_field("file", "sđt\n0912345678\n".encode(), filename="a.csv")
    await desk.client.post("/api/v1/audiences", headers=await desk.api("quan"), data=form)
    return "Bản A"


@pytest.mark.parametrize("kind", ["portal", "radio", "sms_http", "sms_esms", "wordpress", "zalo_template", "sftp"])
async def test_every_kind_has_a_form(desk: Any, kind: str) -> None:
    """One that is sent as it comes is told what it lacks, at its place; one without need of anything is taken."""
    quan = await desk.browser("quan")
    assert f'value="{kind}"' in await quan.page(f"/outlets/new?kind={kind}")
    assert f"kind={kind}" in await quan.page("/outlets/new")
    answer = await quan.post("/outlets", {"kind": kind, "title": "Thử"})
    if kind in {"portal", "radio"}:
        assert 303 == answer.status and "thu" in desk.house.outlets
    else:
        html = await answer.text()
        assert 422 == answer.status and 'aria-invalid="true"' in html and 'id="e-options.' in html
        assert "thu" not in desk.house.outlets


async def test_what_is_wrong_is_told_at_its_place_and_nothing_typed_is_lost(desk: Any) -> None:
    """An address that is none, a name that is taken or none, a title too many; what was typed stands there again."""
    quan = await desk.browser("quan")
    for wrong, place in (
        ({"options.url": "sms.vn"}, "e-options.url"),
        ({"name": "sms"}, "e-name"),
        ({"name": "new"}, "e-name"),
        ({"name": "Tên Dài"}, "e-name"),
        ({"title": ""}, "e-title"),
        ({"options.fallback": "dai-xa"}, "e-options.fallback"),
        ({"options.retry_statuses": "bốn trăm"}, "e-options.retry_statuses"),
    ):
        answer = await quan.post("/outlets", FORM | wrong)
        html = await answer.text()
        assert 422 == answer.status and f'id="{place}"' in html, wrong
        assert "https://sms.vn/gui" in html or "options.url" in wrong
        assert "Value error" not in html and NAME not in desk.house.outlets
    more = await (await quan.post("/outlets", FORM | {"more": "options.headers"})).text()
    assert 'name="options.secrets_in_body.1.name"' in more and f'value="{KEY}"' in more


async def test_a_secret_that_is_kept_is_shown_to_nobody(desk: Any) -> None:
    """Not in the form, not on the page, not to programs, not in the journal or the database; left open it stays."""
    await added(desk)
    quan, headers = await desk.browser("quan"), await desk.api("quan")
    html = await quan.page(f"/outlets/{NAME}/edit")
    assert KEY not in html and "Đã đặt và không hiện lại" in html
    changed = FORM | {"options.secrets_in_body.0.value": "", "base": "1", "title": "SMS huyện"}
    assert 303 == (await quan.post(f"/outlets/{NAME}", changed)).status
    assert [KEY] == [one.get_secret_value() for one in desk.house.outlets[NAME].outlet.options.secrets_in_body.values()]
    told = await (await desk.client.get(f"/api/v1/outlets/{NAME}", headers=headers)).text()
    listed = await (await desk.client.get("/api/v1/outlets", headers=headers)).text()
    assert KEY not in told + listed and "secrets_in_body.api_key" in told
    async with desk.house.database.read() as connection:
        deeds = await desk.house.journal.of(connection, f"outlet/{NAME}")
        stored = str((await connection.exec_driver_sql("SELECT * FROM outlet_setting")).all())
    assert ["add_outlet", "set_outlet"] == [one.verb for one in deeds] and ["title"] == deeds[1].detail["keys"]
    assert KEY not in str(deeds) + stored and "sms.vn" not in stored


async def test_two_who_change_one_never_overwrite_each_other(desk: Any) -> None:
    """The later one is told by whom it was changed, and sees what was typed."""
    await added(desk)
    quan = await desk.browser("quan")
    assert 303 == (await quan.post(f"/outlets/{NAME}", FORM | {"base": "1", "options.per_second": "3"})).status
    late = await quan.post(f"/outlets/{NAME}", FORM | {"base": "1", "options.per_second": "9"})
    assert 409 == late.status and "Quản Trị vừa đổi" in await late.text()
    assert 3 == desk.house.outlets[NAME].outlet.options.per_second


async def test_the_same_by_programs(desk: Any) -> None:
    """JSON with an object of options; what was read can be given back; If-Match holds; what is unknown is refused."""
    headers = await desk.api("quan")
    made = await desk.client.post(
        "/api/v1/outlets", headers=headers, json={"kind": "sms_http", "title": "SMS của huyện", "options": OPTIONS}
    )
    told = await made.json()
    assert 200 == made.status and "desk" == told["set_up_in"] and ["headers.X-Key"] == told["secrets"]
    read = await desk.client.get(f"/api/v1/outlets/{NAME}", headers=headers)
    tag, options = read.headers["ETag"], (await read.json())["options"]
    change = {"title": "SMS huyện", "options": options | {"headers": {"X-Key": None}, "per_day": 5}}
    first = await desk.client.post(f"/api/v1/outlets/{NAME}", headers=headers | {"If-Match": tag}, json=change)
    again = await desk.client.post(f"/api/v1/outlets/{NAME}", headers=headers | {"If-Match": tag}, json=change)
    assert (200, 412) == (first.status, again.status), await first.text()
    at = desk.house.outlets[NAME].outlet.options
    assert (5, KEY) == (at.per_day, at.headers["X-Key"].get_secret_value())
    for wrong, status, field in (
        ({"options": {"colour": "red"}}, 422, "options.colour"),
        ({"options": {"kind": "radio"}}, 422, "options"),
        ({"options": "url"}, 400, "options"),
        ({"options": {}, "title": {"vi": "x"}}, 400, "title"),
        ({"kind": "fax"}, 422, "kind"),
    ):
        body = {"kind": "sms_http", "title": "Khác", "options": OPTIONS} | wrong
        if "options" in wrong and isinstance(wrong["options"], dict):
            body["options"] = OPTIONS | wrong["options"]
        answer = await desk.client.post("/api/v1/outlets", headers=headers, json=body)
        assert (status, field) == (answer.status, (await answer.json()).get("field")), wrong


async def test_one_that_is_used_is_not_removed(desk: Any) -> None:
    """While a schedule goes there, while something is under way, while it stands in for another; then it is, and its log stays."""
    await added(desk)
    quan = await desk.browser("quan")
    schedule = await desk.schedule(outlets=(NAME,), audience=await desk_audience(desk))
    answer = await quan.post(f"/outlets/{NAME}/remove")
    assert 409 == answer.status and "1 lịch phát còn dùng" in await answer.text()
    async with desk.house.database.write() as tx:
        await desk.house.scheduling.cancel(tx, schedule.id, "Quản Trị")
    await desk.deliveries("pf", outlet=NAME)
    assert "1 lượt chưa xong" in await (await quan.post(f"/outlets/{NAME}/remove")).text()
    async with desk.house.database.write() as tx:
        await tx.exec_driver_sql("UPDATE parcel SET letters = 'ff'")
    stands_in = FORM | {"title": "SMS hai", "options.fallback": NAME}
    assert 303 == (await quan.post("/outlets", stands_in)).status
    assert "sms-hai" in await (await quan.post(f"/outlets/{NAME}/remove")).text()
    assert 303 == (await quan.post("/outlets/sms-hai/remove")).status
    assert 303 == (await quan.post(f"/outlets/{NAME}/remove")).status
    assert NAME not in desk.house.outlets and 404 == (await quan.get(f"/outlets/{NAME}")).status
    assert "+84…" in await quan.page(f"/deliveries?outlet={NAME}")


async def test_those_of_the_file_are_the_files(desk: Any, words: Any) -> None:
    """Shown with what they are set to, changed and removed only there."""
    quan = await desk.browser("quan")
    page = words(await quan.page("/outlets/dai-xa"))
    assert "[outlets.dai-xa]" in page and "đã đặt, không hiện lại" in page and "t" * 32 not in page
    for deed in ("", "/remove"):
        answer = await quan.post(f"/outlets/dai-xa{deed}", {"title": "X"})
        assert 409 == answer.status and "tệp" in await answer.text()
    assert 409 == (await quan.get("/outlets/dai-xa/edit")).status
    lan = words(await (await desk.browser("lan")).page("/outlets/sms"))
    assert "Sức khỏe 30 ngày" in lan and "sms.example.vn" not in lan and "Gửi thử" not in lan


async def test_one_that_cannot_be_used_any_more_is_told_and_removed(desk: Any, words: Any) -> None:
    """Its kind was uninstalled: the page says so, the others work, an administrator takes it away."""
    house = desk.house
    async with house.database.write() as tx:
        setting = Setting("fax", 1, desk.clock.now(), "Mai", {"kind": "fax", "title": "Fax"})
        await setting_store.set_outlet(house.database, tx, house.fitter.key, setting)
    await house.fitter.fit()
    quan, lan = await desk.browser("quan"), await desk.browser("lan")
    assert "fax không dùng được" in words(await quan.page("/outlets"))
    assert "Hãy báo người quản trị" in await lan.page("/outlets")
    assert 422 == (await quan.post("/outlets", FORM | {"name": "fax"})).status
    assert 303 == (await quan.post("/outlets/fax/remove")).status
    assert "fax" not in await quan.page("/outlets")


async def test_a_portal_added_on_the_desk_answers(desk: Any) -> None:
    """No restart: its address is there as soon as it is."""
    quan = await desk.browser("quan")
    assert 404 == (await quan.get("/portal/xa-ben/")).status
    assert 303 == (await quan.post("/outlets", {"kind": "portal", "title": "Xã bên", "name": "xa-ben"})).status
    assert 200 == (await quan.get("/portal/xa-ben/")).status


async def test_a_test_to_a_private_network_is_refused_in_words(desk: Any, words: Any) -> None:
    """The house may call none that its configuration does not name; a page tells it, and a program."""
    await added(desk, **{"options.url": "http://127.0.0.1:9/gui"})
    quan, headers = await desk.browser("quan"), await desk.api("quan")
    page = words(await (await quan.post(f"/outlets/{NAME}/test", {"to": "0912345678"})).text())
    assert "Không gửi được" in page and "127.0.0.1" in page and KEY not in page
    told = await (
        await desk.client.post(f"/api/v1/outlets/{NAME}/test", headers=headers, json={"to": "0912345678"})
    ).json()
    assert not told["good"] and [None] == [one["status"] for one in told["exchanges"]]
    wrong = await quan.post(f"/outlets/{NAME}/test", {"to": "113"})
    assert 422 == wrong.status and 'id="e-to"' in await wrong.text()
    silent = await quan.post("/outlets/portal/test")
    assert 409 == silent.status


NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def test_health_is_reckoned_of_what_lasted() -> None:
    """Each day has the worst of it; a trouble within a pause is not told twice; tests and settings change nothing."""

    def at(days: float, turn: Turn) -> Past:
        return Past(NOW - timedelta(days=days), turn, "", "")

    story = [at(40, Turn.PAUSED), at(28, Turn.RESUMED), at(10, Turn.TROUBLED), at(9, Turn.WORKING)]
    story += [at(3, Turn.PAUSED), at(2.9, Turn.TROUBLED), at(2.5, Turn.WORKING), at(2, Turn.RESUMED), at(1, Turn.TRIED)]
    found = health(list(reversed(story)), NOW, ZONE)
    states = [state for _, state in found.days]
    expected = ["paused"] * 2 + ["working"] * 17 + ["troubled"] * 2 + ["working"] * 5 + ["paused"] * 2 + ["working"] * 2
    assert expected == states and 30 == len(states)
    assert (2, 1) == (found.troubles, found.pauses)
    assert 0.85 < found.share < 0.9
    assert 1.0 == health([], NOW, ZONE).share
    last = health([Past(NOW - timedelta(hours=1), Turn.TROUBLED, "", "")], NOW, ZONE)
    assert "troubled" == last.days[-1][1]


async def test_every_address_for_partners_answers(tmp_path: Path, clock: FakeClock) -> None:
    """What the page of outlets tells to give away is there for whoever has the key."""
    key = "t" * 32
    kinds = {name: {"kind": name, "title": name} for name in ("portal", "radio", "television", "board")}
    outlets = {name: told if name == "portal" else told | {"token": key} for name, told in kinds.items()}
    settings = Settings.model_validate(settings_in(tmp_path).model_dump() | {"outlets": outlets})
    async with opened(settings, clock) as house, TestClient(TestServer(make_web(house))) as client:
        for at in house.outlets:
            one = Standing(at, None, house.settings.web.base_url)
            for _, address in one.addresses:
                if not address.endswith("/aired"):
                    answer = await client.get(urlsplit(address).path, params={"token": key})
                    assert (200, address) == (answer.status, address)
