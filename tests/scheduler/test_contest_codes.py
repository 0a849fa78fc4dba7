"""A code on its way: from whoever asks to the gateway's text, on both databases, ahead of a campaign and at night."""

from __future__ import annotations

from datetime import timedelta

from content.contests import store
from content.contests.contest import GRACE, State
from content.contests.entries import store as entries
from desk.demo import contests
from desk.demo.sms_gateway import SmsGateway
from scheduler.delivery import State as DeliveryState
from scheduler.entering import Somebody
from scheduler.forgetting import Forgetting
from tests.conftest import both
from tests.scheduler.conftest import Office

WRITER, APPROVER = "Nguyễn Thị Lan", "Trần Văn Hùng"


def who(number: int) -> Somebody:
    """Somebody with a phone."""
    return Somebody(f"+8491234560{number}", f"Người {'ABC'[number]}", "Bản Pe", f"203.0.113.{number}")


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
    async with house.database.read() as connection:
        banked = await store.questions_of(connection, papers[0].questions)
    async with house.database.write() as tx:
        await house.entering.finish(tx, papers[0].id, {one.question.id: one.question.right for one in banked}, 1)
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
