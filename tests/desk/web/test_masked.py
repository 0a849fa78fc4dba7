"""A person's whole number is on no page, in no list, table, event, journal or log; only an audited export or view has it."""

from __future__ import annotations

import logging
from typing import Any

import aiohttp
import pytest

from channels import store as channels_store
from channels.channel import Confirmation
from desk.commands.deliveries import brief
from desk.doors import DOORS
from scheduler.delivery import parse_delivery_id
from scheduler.log import store as log_store
from tests.desk.web.test_audiences import BAD, form_of

NUMBER = "0912340000"
DIGITS = NUMBER[1:]


async def filled(desk: Any) -> dict[str, list[str]]:
    """A person on a list, in the log, in a receipt, opted out and back; what may stand in an address of a page."""
    ids = await desk.deliveries("fsup")
    lan = await desk.browser("lan")
    form = aiohttp.FormData({"form_token": lan.form_token, "name": "Bản A", "keep_good": "1"})
    form.add_field("file", f"sđt,tiếng\n{NUMBER},mông\n02123878123,\n".encode(), filename="a.csv")
    assert (await lan.ask("POST", "/audiences", data=form)).status == 303
    house, now = desk.house, desk.clock.now()
    async with house.database.write() as tx:
        said = Confirmation(False, delivery=ids[0], detail="người nhận tắt máy")
        assert await house.receiver.confirm(tx, "sms", said, now)
        await channels_store.store_callbacks(
            tx, house.seal, [channels_store.Call("sms", now, f"phone={NUMBER}".encode(), [])]
        )
        await house.handling.opt_out(tx, "phone", f"+84{DIGITS}", "Lan", "gọi điện")
        await house.handling.opt_in(tx, "phone", f"+84{DIGITS}", "Lan", "gọi lại")
    item = await desk.approved()
    schedule = await desk.schedule(items=(item.id,), outlets=("sms",), audience="Bản A")
    return {"/items": [item.id], "/schedules": [schedule.id], "/deliveries": ids}


def addresses(known: dict[str, list[str]]) -> list[str]:
    """Every address that is looked at, with ids that are there."""
    found = []
    for door in DOORS:
        if door.method == "GET" and door.name != "events":
            ids = next((ids for lead, ids in known.items() if door.path.startswith(f"{lead}/")), ["x"])
            filled_in = [door.path.replace("{id}", id).replace("{name}", "sms").replace("{side}", "a") for id in ids]
            found += [*filled_in, *(f"/api/v1{path}" for path in filled_in if door.api)]
    return [*found, "/portal/", "/metrics", "/readyz", "/reports/stations?format=csv", "/reports/stations?format=xlsx"]


async def test_no_page_shows_a_whole_number(desk: Any, caplog: pytest.LogCaptureFixture, capsys: Any) -> None:
    """Every page and list by who may see most, what is answered to deeds, and what the process says of itself."""
    caplog.set_level(logging.DEBUG, logger="loa")
    known = await filled(desk)
    quan, headers = await desk.browser("quan"), await desk.api("quan", "read", "write", "approve")
    seen = 0
    for path in addresses(known):
        more = {"headers": headers} if path.startswith("/api/") else {}
        answer = await (desk.client.get(path, **more) if more else quan.get(path))
        body = await answer.read()
        seen += answer.status == 200
        assert DIGITS.encode() not in body, path
    assert seen > 40
    assert "…000" in await quan.page(f"/deliveries/{known['/deliveries'][0]}")
    for path, fields in (
        ("/audiences/opt-out", {"address": NUMBER, "how": "gọi điện"}),
        ("/audiences/opt-in", {"address": NUMBER, "how": "gọi lại"}),
        ("/audiences/erase", {"person": NUMBER, "reason": "đơn"}),
    ):
        answer = await quan.post(path, fields)
        assert answer.status == 303 and DIGITS not in "".join(answer.headers.values()), path
        assert DIGITS not in await quan.page("/audiences")
    answer = await quan.ask("POST", "/audiences", data=form_of(quan, BAD))
    assert answer.status == 409 and "2123878123" not in await answer.text()
    said = capsys.readouterr()
    assert DIGITS not in said.out + said.err + caplog.text


async def test_the_journal_and_the_tables_name_nobody(desk: Any) -> None:
    """Nor does the JSON of the command line."""
    await filled(desk)
    async with desk.house.database.read() as connection:
        deeds = [str(deed) for deed in await desk.house.journal.of(connection, "recipient/+84…000")]
        assert len(deeds) >= 2 and DIGITS not in "".join(deeds)
        told = [brief(desk.house.seal, one) async for one in log_store.walk(connection, log_store.Filter())]
        assert told and DIGITS not in str(told)


async def test_one_person_is_told_everything_and_it_is_noted(desk: Any) -> None:
    """A file for an administrator alone; by REST too; then everything is erased, and is not there any more."""
    ids = (await filled(desk))["/deliveries"]
    quan, lan = await desk.browser("quan"), await desk.browser("lan")
    assert (await lan.post("/audiences/export", {"person": NUMBER})).status == 403
    answer = await quan.post("/audiences/export", {"person": NUMBER})
    told = await answer.json()
    assert answer.status == 200 and "attachment" in answer.headers["Content-Disposition"]
    assert (f"+84{DIGITS}", ["Bản A"]) == (told["address"], [one["list"] for one in told["lists"]])
    assert {"language": "mông"} == told["lists"][0]["tags"]
    source = told["lists"][0]["consent"]["source"]
    assert ("a.csv", 2, "Nguyễn Thị Lan", 64) == (
        *(source["file"], source["line"], source["taken_in_by"]),
        len(source["sha256"]),
    )
    assert [ids[0]] == [one["id"] for one in told["deliveries"]]
    assert (await quan.post("/audiences/erase", {"person": NUMBER, "reason": " "})).status == 422
    headers = await desk.api("quan", "write")
    gone = {"person": NUMBER, "reason": "đơn ngày 26/11"}
    answer = await desk.client.post("/api/v1/audiences/erase", headers=headers, json=gone)
    assert (200, 1, 1) == (answer.status, (plain := await answer.json())["lists"], plain["deliveries"])
    assert "đã xóa" in await quan.page(f"/deliveries/{ids[0]}")
    parcel, seq = parse_delivery_id(ids[0])
    async with desk.house.database.read() as connection:
        (one, *_) = [each async for each in log_store.walk(connection, log_store.Filter()) if each.parcel == parcel]
        assert "failed" == one.state and seq == 0
        deeds = await desk.house.journal.of(connection, "recipient/+84…000")
    assert {"export_person", "erase_person"} <= {deed.verb for deed in deeds}
    answer = await desk.client.post("/api/v1/audiences/export", headers=headers, json={"person": NUMBER})
    told = await answer.json()
    assert ([], []) == (told["lists"], told["deliveries"]) and told["opted_out"]


async def test_a_whole_number_is_shown_once_and_it_is_noted(desk: Any) -> None:
    """To an administrator who says why; the journal has who and why, not the number, and the next look at the page has neither."""
    ids = (await filled(desk))["/deliveries"]
    quan, lan, path = await desk.browser("quan"), await desk.browser("lan"), f"/deliveries/{ids[0]}/number"
    assert 403 == (await lan.post(path, {"note": "gọi lại"})).status
    assert "Xem cả số" in await quan.page(f"/deliveries/{ids[0]}")
    assert "Xem cả số" not in await lan.page(f"/deliveries/{ids[0]}")
    answer = await quan.post(path, {"note": " "})
    assert 422 == answer.status and DIGITS not in await answer.text()
    answer = await quan.post(path, {"note": "người dân gọi hỏi"})
    assert (200, "no-store") == (answer.status, answer.headers["Cache-Control"])
    assert f"+84{DIGITS}" in await answer.text()
    page = await quan.page(f"/deliveries/{ids[0]}")
    assert DIGITS not in page and "xem cả số người nhận" in page and "người dân gọi hỏi" in page
    headers = await desk.api("quan", "write")
    answer = await desk.client.post(f"/api/v1{path}", headers=headers, json={"note": "đối chiếu"})
    assert f"+84{DIGITS}" == (await answer.json())["number"]
    async with desk.house.database.read() as connection:
        deeds = await desk.house.journal.of(connection, f"delivery/{ids[0]}")
    assert [("Quản Trị", "show_number")] * 2 == [(deed.person, deed.verb) for deed in deeds]
    assert DIGITS not in str(deeds)
    await quan.post("/audiences/erase", {"person": NUMBER, "reason": "đơn"})
    assert 404 == (await quan.post(path, {"note": "gọi lại"})).status


async def test_a_filter_is_made_and_used(desk: Any) -> None:
    """On the page of audiences, by REST, and with how many it has on the page of the schedule."""
    await filled(desk)
    lan = await desk.browser("lan")
    part = {"name": "Bản A, Mông", "of": "Bản A", "where": "language=Mông"}
    assert (await lan.post("/audiences/filter", part | {"where": "tuổi=9"})).status == 422
    assert (await lan.post("/audiences/filter", part)).status == 303
    assert (await lan.post("/audiences/filter", part)).status == 409
    assert "lọc từ Bản A · tiếng: mông" in await lan.page("/audiences")
    headers = await desk.api("lan", "read", "write")
    none = {"name": "Bản A, Thái", "of": "Bản A", "where": ["language=thái"]}
    answer = await desk.client.post("/api/v1/audiences/filter", headers=headers, json=none)
    assert (200, 0) == (answer.status, (await answer.json())["size"])
    schedule = await desk.schedule(outlets=("sms",), audience="Bản A, Mông")
    page = await lan.page(f"/schedules/{schedule.id}")
    assert "1 địa chỉ lúc này" in page and "tiếng: mông" in page
