"""A code on its way: from whoever asks to the gateway's text, on both databases, ahead of a campaign and at night."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from config.clock import FakeClock
from config.words import BadInput
from content.contests import store
from content.contests.contest import GRACE, State
from content.contests.entries import store as entries
from desk.app import House
from desk.demo import contests
from desk.demo.sms_gateway import SmsGateway
from scheduler.delivery import State as DeliveryState
from scheduler.entering import Somebody
from scheduler.forgetting import Forgetting
from tests.channels.partners.zalo import Zalo
from tests.conftest import both
from tests.scheduler.conftest import Office

WRITER, APPROVER = "Nguyễn Thị Lan", "Trần Văn Hùng"


@pytest.fixture
async def registered(clock: FakeClock) -> AsyncIterator[Zalo]:
    """A Zalo account with one template, which has one parameter."""
    async with Zalo(clock) as zalo:
        shape = {"require": True, "type": "STRING", "maxLength": 200, "minLength": 1, "acceptNull": False}
        zalo.templates.params = [{"name": "tin"} | shape]
        yield zalo


@pytest.fixture
def filled() -> str:
    """What the template's parameter is filled with."""
    return "{short}"


@pytest.fixture
def office_settings(office_settings: dict[str, Any], registered: Zalo, filled: str) -> dict[str, Any]:
    """An outlet of that template beside the others."""
    options = registered.template_options(params={"tin": filled})
    office_settings["outlets"]["zalo-mau"] = {"kind": "zalo_template", **options}
    return office_settings


def who(number: int) -> Somebody:
    """Somebody with a phone."""
    return Somebody(f"+8491234560{number}", f"Người {'ABC'[number]}", "Bản Pe", f"203.0.113.{number}")


async def all_right(house: House, tx: AsyncConnection, paper: entries.Entry) -> None:
    """Hand a paper in with every question answered as it should be."""
    banked = await store.questions_of(tx, paper.questions)
    await house.entering.finish(tx, paper.id, {one.question.id: one.question.right for one in banked}, 1)


@both
async def test_a_code_goes_out_and_is_taken(office: Office, sms: SmsGateway) -> None:
    """Its digits stand in the text that reaches the phone; papers, results and forgetting after it are the same on both."""
    house = office.house
    id = await contests.settle(house, WRITER, APPROVER, ("portal",), "sms")
    office.clock.advance(14 * 3600)  # ten at night: who asks is awake
    papers = []
    for number in range(2):
        async with house.database.write() as tx:
            delivery = await house.entering.ask(tx, id, who(number))
        await office.drain()
        [sent] = [one for one in await office.deliveries() if one.id == delivery]
        assert sent.state in {DeliveryState.SENT, DeliveryState.CONFIRMED}
        text = next(one.content for one in sms.ledger.taken if one.request_id == delivery)
        code = text.partition(" la ")[2][:6]
        assert code.isdigit()
        assert "{" not in text
        async with house.database.write() as tx:
            entry = await house.entering.enter(tx, id, who(number), delivery, code)
        assert isinstance(entry, entries.Entry)
        papers.append(entry)
        office.clock.advance(61)
    async with house.database.write() as tx:
        await all_right(house, tx, papers[0])
        await house.entering.finish(tx, papers[1].id, {}, 0)
    office.clock.advance(timedelta(days=7).total_seconds() + GRACE.total_seconds())
    async with house.database.write() as tx:
        counted = await house.contesting.count(tx, id, WRITER)
    async with house.database.write() as tx:
        assert (await house.contesting.count(tx, id, WRITER)).results == counted.results
    async with house.database.write() as tx:
        done = await house.contesting.publish(tx, id, APPROVER, digest=counted.results)
        assert [one.prize for one in await entries.listed(tx, id)] == ["Giải nhất", ""]
    assert done.state is State.PUBLISHED
    office.clock.advance(10 * 3600)  # nobody is congratulated at night
    await office.drain()
    assert [one.phone for one in sms.ledger.taken if "giai" in one.content or "giải" in one.content]
    office.clock.advance(timedelta(days=61).total_seconds())
    forgetting = Forgetting(house.database, house.journal, house.clock, house.seal)
    assert await forgetting.forget() == 1
    assert await forgetting.forget() == 0
    async with house.database.read() as connection:
        assert {one.address for one in await entries.listed(connection, id)} == {
            f"{entries.GONE}{one.id}" for one in papers
        }


@pytest.mark.parametrize(("filled", "congratulated"), [("{ma_du_thi}", False), ("{short}", True)])
async def test_a_code_comes_by_zalo(office: Office, registered: Zalo, congratulated: bool) -> None:
    """In a parameter of its own or within the text; a template made for a code alone does not tell anybody that they won."""
    house = office.house
    id = await contests.settle(house, WRITER, APPROVER, ("portal",), "zalo-mau")
    async with house.database.write() as tx:
        delivery = await house.entering.ask(tx, id, who(0))
    await office.drain()
    [sent] = [one for one in registered.templates.sent if one.tracking_id == delivery]
    assert sent.phone == "84912345600"
    code = sent.data["tin"].partition(" la ")[2][:6] if congratulated else sent.data["tin"]
    assert code.isdigit() and len(code) == 6 and "{" not in sent.data["tin"]
    async with house.database.write() as tx:
        entry = await house.entering.enter(tx, id, who(0), delivery, code)
        assert isinstance(entry, entries.Entry)
        await all_right(house, tx, entry)
    office.clock.advance(timedelta(days=7).total_seconds() + GRACE.total_seconds())
    async with house.database.write() as tx:
        counted = await house.contesting.count(tx, id, WRITER)
    async with house.database.write() as tx:
        await house.contesting.publish(tx, id, APPROVER, digest=counted.results)
    await office.drain()
    told = [one.data["tin"] for one in registered.templates.sent if one.tracking_id != delivery]
    assert len(told) == congratulated and all("đạt giải" in text for text in told)


@pytest.mark.parametrize("filled", ["{date}"])
async def test_a_template_without_a_place_for_the_code(office: Office, registered: Zalo) -> None:
    """Is refused before anybody asks for one."""
    with pytest.raises(BadInput) as refused:
        await contests.settle(office.house, WRITER, APPROVER, ("portal",), "zalo-mau")
    assert refused.value.field == "code_outlet" and "{ma_du_thi}" in refused.value.vi
    assert registered.templates.sent == []
