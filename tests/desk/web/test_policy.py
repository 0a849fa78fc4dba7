"""Rules on the desk: a list with reasons before anything is saved or approved, and a refusal that names its rule."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest

from channels.audiences.store import Recipient, save_audience
from channels.no_adverts import store as no_adverts
from content.bulletin import Purpose
from scheduler import store
from scheduler.delivery import parse_delivery_id
from scheduler.dispatch import holds
from tests.channels.test_audience import workbook

NOW = {"outlet": ["portal", "sms"], "when": "now", "audience": "Bản A"}


@pytest.fixture
def level() -> str:
    """The office of a commune."""
    return "commune"


async def planned(desk: Any) -> dict[str, Any]:
    """An approved item and three people to send it to, as a form has them."""
    people = [Recipient("phone", f"+8491234567{place}", "") for place in range(3)]
    async with desk.house.database.write() as tx:
        await save_audience(desk.house.database, tx, desk.house.seal, "a", "Bản A", people, desk.clock.now())
    return {**NOW, "item": [(await desk.approved()).id]}


async def test_the_item_says_where_it_may_go(desk: Any) -> None:
    """On the page that is approved, outlet by outlet: by which law not, what to do instead, and where it may."""
    item = await desk.approved()
    html = await (await desk.browser("hung")).page(f"/items/{item.id}")
    assert "Gửi được ở đâu" in html and "thông tin, tuyên truyền" in html
    assert "Không được · SMS." in html and "Nghị định 49/2024/NĐ-CP, Điều 32" in html and "đài truyền thanh" in html
    assert "Đạt · Cổng thông tin." in html
    plain = await (await desk.client.get(f"/api/v1/items/{item.id}", headers=await desk.api("hung"))).json()
    assert "outreach" == plain["purpose"]
    assert [("sms-level", "broken")] == [
        (one["rule"], one["standing"]) for one in plain["policy"] if "level" in one["rule"]
    ][:1]


async def test_a_preview_lists_the_rules_and_offers_no_saving(desk: Any) -> None:
    """Whoever plans it reads why, before anything is stored; without SMS it can be saved."""
    form = await planned(desk)
    lan = await desk.browser("lan")
    html = await (await lan.post("/schedules/preview", form)).text()
    assert "Quy định phải theo" in html and "Không được · SMS." in html and "cơ quan này là cấp xã" in html
    assert "Lưu lịch</button>" not in html
    html = await (await lan.post("/schedules/preview", {**form, "outlet": "portal"})).text()
    assert "Lưu lịch</button>" in html and "Không được" not in html


async def test_saving_it_is_refused_by_name(desk: Any) -> None:
    """A person is told at the field of the outlets; a program by problem+json with the rule, its source, what to do instead."""
    form = await planned(desk)
    headers = await desk.api("lan")
    answer = await desk.client.post("/api/v1/schedules", headers=headers, json=form)
    plain = await answer.json()
    assert (403, "application/problem+json") == (answer.status, answer.content_type)
    assert ("sms-level", "outlet") == (plain["rule"], plain["field"])
    (rule,) = plain["rules"]
    assert ("broken", "Nghị định 49/2024/NĐ-CP, Điều 32") == (rule["standing"], rule["source"])
    assert "Zalo" in rule["instead_vi"] and "Zalo" in rule["instead_en"]
    async with desk.house.database.read() as connection:
        assert [] == await store.list_schedules(connection)
    preview = await desk.client.post("/api/v1/schedules/preview", headers=headers, json=form)
    assert ["broken"] == [one["standing"] for one in (await preview.json())["policy"]][:1]


async def test_the_purpose_is_written_in_the_form(desk: Any) -> None:
    """And by a program; what is no purpose is told at its field, and a dossier's message may go."""
    lan, headers = await desk.browser("lan"), await desk.api("lan")
    assert "cảnh báo khẩn cấp" in await lan.page("/items/new")
    texts = {"title": "Hồ sơ đã xong", "body": "Mời ông bà tới nhận kết quả."}
    answer = await lan.post("/items", {**texts, "purpose": "spam"})
    assert 422 == answer.status and "purpose: chọn một trong outreach" in await answer.text()
    made = await (await desk.client.post("/api/v1/items", headers=headers, json={**texts, "purpose": "care"})).json()
    plain = await (await desk.client.get(f"/api/v1/items/{made['id']}", headers=headers)).json()
    assert Purpose.CARE == plain["purpose"]
    assert "broken" not in [one["standing"] for one in plain["policy"]]
    html = await lan.page(f"/items/{made['id']}/edit")
    assert '<option value="care" selected>' in html


async def test_an_advertisement_shows_its_own_room(desk: Any) -> None:
    """What it costs is told by operators' classes, and what the law asks for stands at the text."""
    lan = await desk.browser("lan")
    short = "a" * 130
    answer = await lan.post("/items", {"title": "Hội chợ", "body": "Mời.", "short": short, "purpose": "advertising"})
    html = await lan.page(answer.headers["Location"])
    assert html.count("<b>2 tin</b>") == 2 and "122/268/421" in html
    assert "phải bắt đầu bằng [QC]" in html and "phải chỉ cách từ chối" in html


async def test_the_rules_in_force_stand_on_a_page_with_their_sources(desk: Any) -> None:
    """Each with its name and what it is grounded on, to be read by everybody who reads; the same for programs."""
    html = await (await desk.browser("xem")).page("/policy")
    assert html.count("Nghị định") > 5 and "<code>sms-level</code>" in html and "cấp xã" in html
    assert 'name="file"' not in html
    plain = await (await desk.client.get("/api/v1/policy", headers=await desk.api("xem", "read"))).json()
    assert ("commune", 0, 0) == (plain["level"], plain["person_day"], plain["do_not_advertise"])
    rules = {one["rule"]: one for one in plain["rules"]}
    assert set(desk.house.policy.rules) == set(rules)
    assert (["07:00", "22:00"], ["advertising"]) == (rules["advert-hours"]["hours"], rules["advert-hours"]["purpose"])


async def test_the_do_not_advertise_list_is_taken_in_like_an_audience(desk: Any) -> None:
    """Whole or in addition; with a bad row nothing is, and no whole number is told."""
    lan = await desk.browser("lan")

    async def give(*rows: list[Any], **more: str) -> aiohttp.ClientResponse:
        form = aiohttp.FormData({"form_token": lan.form_token, **more})
        form.add_field("file", workbook(["SĐT"], *rows), filename="dnc.xlsx")
        answer: aiohttp.ClientResponse = await lan.ask("POST", "/policy/no-adverts", data=form)
        return answer

    async def size() -> int:
        async with desk.house.database.read() as connection:
            return await no_adverts.count_no_adverts(connection)

    assert 303 == (await give([912345678], ["0987 654 321"])).status
    assert 303 == (await give(["0987654321"], ["+84987654322"])).status
    assert 3 == await size()
    refused = await give(["02123878123"], ["0987654329"], whole="1")
    text = await refused.text()
    assert (422, 3) == (refused.status, await size()) and "dòng 2" in text and "02123878123" not in text
    assert 303 == (await give(["0987654329"], whole="1")).status
    assert 1 == await size()
    assert 422 == (await lan.post("/policy/no-adverts")).status


async def test_the_log_says_what_was_held_back(desk: Any) -> None:
    """How many by which rule above the list, the reason at each delivery, and the rule's name for programs."""
    ids = await desk.deliveries("xxf", outlet="dai-xa")
    parcel, seq = parse_delivery_id(ids[0])
    async with desk.house.database.write() as tx:
        said = "Người này đã nhận đủ 3 tin hôm nay"
        await holds.hold(desk.house.database, tx, parcel, {seq: 1}, "person-day", said, desk.clock.now())
    hung = await desk.browser("hung")
    html = await hung.page("/deliveries")
    assert "1 lượt giữ lại: đã nhận đủ số tin một ngày" in html and said in html
    assert said in await hung.page(f"/deliveries/{ids[0]}")
    found = await (await desk.client.get("/api/v1/deliveries", headers=await desk.api("hung"))).json()
    assert {ids[0]: "person-day", ids[1]: "", ids[2]: ""} == {one["id"]: one["rule"] for one in found["items"]}
