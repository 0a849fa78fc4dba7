"""A provider fails, another takes over: nobody gets a message twice, and the log says who carried it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest

from channels import store as channels_store
from channels.channel import Confirmation
from config.clock import FakeClock
from config.loading import BadSettings
from config.settings import Settings
from db.types import to_ms
from desk.app import build, opened
from scheduler.delivery import LETTER, State, parse_delivery_id
from scheduler.dispatch import store as dispatch
from scheduler.diversion import store as diversion_store
from scheduler.diverter import PAUSES
from tests.conftest import both
from tests.scheduler.claims import claim, plan
from tests.scheduler.conftest import Office
from tests.scheduler.partner import SlowGateway


@pytest.fixture
async def second(clock: FakeClock) -> AsyncIterator[SlowGateway]:
    """The provider that takes over."""
    async with SlowGateway(clock) as gateway:
        yield gateway
        gateway.let_go()


@pytest.fixture
def office_settings(plain_settings: dict[str, Any], sms: SlowGateway, second: SlowGateway) -> dict[str, Any]:
    """A provider that knows nothing of repeats, and its fallback."""
    first = {"kind": "sms_http", **sms.options(), "dedupes": False, "fallback": "second"}
    plain_settings["outlets"] |= {"first": first, "second": {"kind": "sms_http", **second.options()}}
    return plain_settings


def gone(_: str) -> tuple[int, dict[str, str]]:
    """Not taken: come later."""
    return 503, {}


def got(*gateways: SlowGateway) -> Counter[str]:
    """How often each phone got something."""
    return Counter(one.phone for gateway in gateways for one in gateway.ledger.taken)


async def spread(office: Office) -> dict[tuple[str, str, State], int]:
    """How many deliveries were meant for which outlet, carried by which, and are in which state."""
    return dict(Counter((one.outlet, one.carrier, one.state) for one in await office.deliveries()))


@both
async def test_an_outage_in_the_middle(office: Office, sms: SlowGateway, second: SlowGateway) -> None:
    """Some are taken, some are in doubt, the rest goes by the other: each once, and the log says by whom."""
    people = await office.audience(1200)
    await office.schedule(await office.item(), "first", audience="Bản A")
    sms.says = lambda _: None if len(sms.ledger.taken) < 200 else (503, {})
    sms.lose(3)
    await office.drain()
    assert 200 == len(sms.ledger.taken) and 1000 == len(second.ledger.taken)
    assert {phone[1:]: 1 for phone in people} == got(sms, second)
    unsure = ("first", "first", State.UNSURE)
    assert {("first", "first", State.SENT): 197, unsure: 3, ("first", "second", State.SENT): 1000} == await spread(
        office
    )
    failed = [one for one in await office.deliveries() if len(one.attempts) > 1]
    assert failed and all(
        ["unavailable", "sent"] == [one.outcome for one in each.attempts[-2:]]
        and ("first", "second") == (each.carrier_at(1), each.carrier_at(each.attempts[-1].n))
        for each in failed
    )
    assert ["divert"] == await office.journal("outlet/first")


@both
async def test_what_may_have_got_there_stays(office: Office, sms: SlowGateway, second: SlowGateway) -> None:
    """All answers are lost: unsure, and nobody else sends them; what had not left goes by the other."""
    await office.audience(600)
    await office.schedule(await office.item(), "first", audience="Bản A")
    sms.lose(600)
    await office.drain()
    taken = len(sms.ledger.taken)
    assert 5 <= taken < 100 and 600 - taken == len(second.ledger.taken)
    assert {1} == set(got(sms, second).values())
    assert {("first", "first", State.UNSURE): taken, ("first", "second", State.SENT): 600 - taken} == await spread(
        office
    )


@both
async def test_killed_in_between(office: Office, sms: SlowGateway, second: SlowGateway) -> None:
    """A process died with three of them under way while the provider fails: those are unsure, the others go."""
    await office.audience(20)
    await office.schedule(await office.item(), "first", audience="Bản A")
    await plan(office)
    under_way = await claim(office, "first", 3)
    sms.says = gone
    async with office.house.database.write() as tx:
        await channels_store.outlet_failed(tx, "first", office.clock.now(), "hỏng", 5)
    assert 0 < await office.house.runner._diverter.divert()  # begun, and nothing of it moved: somebody has it in hand
    assert {("first", "first", State.PENDING): 17, ("first", "first", State.SENDING): 3} == await spread(office)
    office.clock.advance(31)
    await office.drain()
    assert {("first", "first", State.UNSURE): 3, ("first", "second", State.SENT): 17} == await spread(office)
    assert set(under_way) == {one.id for one in await office.deliveries(states=(State.UNSURE,))}
    assert not sms.ledger.taken


@both
async def test_the_fallbacks_process_dies(office: Office, sms: SlowGateway, second: SlowGateway) -> None:
    """What was handed over one by one and was then under way at its death is the fallback's to repeat, not the first's."""
    await office.audience(8)
    await office.schedule(await office.item(), "first", audience="Bản A")
    sms.says = second.says = gone
    await office.drain()
    assert {("first", "second", State.PENDING): 8} == await spread(office)
    sms.says = second.says = lambda _: None
    office.clock.advance(10)
    now = to_ms(office.clock.now())
    async with office.house.database.write() as tx:
        # as a turn of a lane leaves it whose process is gone: claimed, the intent written
        await tx.exec_driver_sql(
            f"UPDATE waiting SET owner = 'this-machine/999999/1', lease_until = {now - 1} WHERE outlet = 'second'"
        )
        await tx.exec_driver_sql("UPDATE parcel SET letters = 'iiiiiiii'")
    await office.drain()
    assert not sms.ledger.taken and 8 == len(second.ledger.taken)
    assert {("first", "second", State.SENT): 8} == await spread(office)


@both
async def test_receipts_come_to_either(office: Office, sms: SlowGateway, second: SlowGateway) -> None:
    """By our id from whoever knows it, by a partner's own only where that partner carries it."""
    await office.audience(8)
    await office.schedule(await office.item(), "first", audience="Bản A")
    sms.says = lambda name: None if name.endswith("-0") else (503, {})
    await office.drain()
    one, two, three, *_ = sorted(await office.deliveries(), key=lambda delivery: delivery.seq)
    assert ("first", "second", "second") == (one.carrier, two.carrier, three.carrier)
    receive, now = office.house.receiver.confirm, office.clock.now()
    async with office.house.database.write() as tx:
        # The two may count alike: what the first says by a number of its own is never about what the second carries.
        await receive(tx, "first", Confirmation(True, reference=two.reference), now)
        parcel, at = parse_delivery_id(two.id)
        assert LETTER[State.SENT] == (await dispatch.parcel_by_id(tx, parcel)).letters[at]
        assert await receive(tx, "second", Confirmation(True, reference=two.reference), now)
        assert await receive(tx, "first", Confirmation(True, reference=one.reference), now)
        assert await receive(tx, "second", Confirmation(True, delivery=three.id), now)
        assert not await receive(tx, "tram", Confirmation(True, delivery=one.id), now)
        # the first said that it did not take it, and now that it arrived: that is known too
        assert await receive(tx, "first", Confirmation(True, delivery=three.id), now)
    states = {one.id: one.state for one in await office.deliveries()}
    assert {State.CONFIRMED} == {states[each.id] for each in (one, two, three)}


@both
async def test_it_returns_when_it_works_again(office: Office, sms: SlowGateway, second: SlowGateway) -> None:
    """While it rests nothing is tried there; then what comes new is its probe, one at a time; a success brings all back."""
    await office.audience(6)
    sms.says = gone
    for minutes in (0, 0.5):
        office.clock.advance(60 * minutes)
        await office.schedule(await office.item(f"Tin {minutes}"), "first", audience="Bản A")
        await office.drain()
    tried = len(sms.came)
    assert 12 == len(second.ledger.taken) and tried <= 6
    office.clock.advance(PAUSES[0].total_seconds())
    await office.schedule(await office.item("Tin ba"), "first", audience="Bản A")
    await office.drain()
    assert 18 == len(second.ledger.taken) and 1 == len(sms.came) - tried
    office.clock.advance(PAUSES[1].total_seconds())
    sms.says = lambda _: None
    await office.schedule(await office.item("Tin tư"), "first", audience="Bản A")
    await office.drain()
    assert 6 == len(sms.ledger.taken) and 18 == len(second.ledger.taken)
    assert ["divert", "divert_end"] == await office.journal("outlet/first")
    async with office.house.database.read() as connection:
        assert {} == await diversion_store.diversions(connection)


@both
async def test_what_is_in_doubt_is_a_probe_too(
    plain_settings: dict[str, Any], clock: FakeClock, sms: SlowGateway, second: SlowGateway
) -> None:
    """It waits while the provider rests, is then repeated there alone, and its success brings everything back."""
    first = {"kind": "sms_http", **sms.options(), "fallback": "second"}
    plain_settings["outlets"] |= {"first": first, "second": {"kind": "sms_http", **second.options()}}
    async with opened(Settings.model_validate(plain_settings), clock) as house:
        office = Office(house, clock)
        people = await office.audience(30)
        sms.lose(2)
        sms.says = lambda _: None if len(sms.ledger.taken) < 2 else (503, {})
        await office.schedule(await office.item(), "first", audience="Bản A")
        await office.drain()
        assert {("first", "first", State.PENDING): 2, ("first", "second", State.SENT): 28} == await spread(office)
        sms.says = lambda _: None
        clock.advance(30)
        await office.drain()
        assert {("first", "first", State.PENDING): 2, ("first", "second", State.SENT): 28} == await spread(office)
        clock.advance(PAUSES[0].total_seconds())
        await office.drain()
        assert {("first", "first", State.SENT): 2, ("first", "second", State.SENT): 28} == await spread(office)
        assert {phone[1:]: 1 for phone in people} == got(sms, second) and 2 == len(sms.ledger.repeats)
        assert ["divert", "divert_end"] == await office.journal("outlet/first")


@both
async def test_no_money_left(office: Office, sms: SlowGateway, second: SlowGateway) -> None:
    """Loa pauses the outlet until a person has acted: until then the other sends. A person's own pause diverts nothing."""
    await office.audience(3)
    sms.balance = 0
    await office.schedule(await office.item(), "first", audience="Bản A")
    await office.drain()
    office.clock.advance(3600)
    await office.schedule(await office.item("Tin hai"), "first", audience="Bản A")
    await office.drain()
    assert not sms.ledger.taken and 6 == len(second.ledger.taken)
    async with office.house.database.write() as tx:
        await channels_store.resume_outlet(tx, "first", office.clock.now(), "Hùng")
        await channels_store.pause_outlet(tx, "first", office.clock.now(), "Hùng", "đổi hợp đồng")
    await office.schedule(await office.item("Tin ba"), "first", audience="Bản A")
    await office.drain()
    assert {State.SENT: 6, State.PENDING: 3} == await office.states()


@both
async def test_only_what_was_approved_so(office: Office, sms: SlowGateway, second: SlowGateway) -> None:
    """A schedule whose approval lists no fallback waits; one that goes to both outlets anyway is not doubled by one."""
    await office.audience(3)
    await office.schedule(await office.item(), "first", "second", audience="Bản A")
    sms.says = gone
    await office.drain()
    assert 3 == len(second.ledger.taken)
    async with office.house.database.write() as tx:
        await tx.exec_driver_sql("DELETE FROM cover")
    await plan(office)
    await office.drain()
    assert {("first", "first", State.PENDING): 3, ("second", "second", State.SENT): 3} == await spread(office)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"first": {"fallback": "third"}}, "[outlets.first] fallback: không có điểm phát third"),
        ({"first": {"fallback": "portal"}}, "không gửi cùng loại tin"),
        ({"first": {"fallback": "first"}}, "lại dự phòng bằng chính first"),
        ({"second": {"fallback": "first"}}, "lại dự phòng bằng chính"),
    ],
)
async def test_a_wrong_fallback_is_told(
    office_settings: dict[str, Any], change: dict[str, dict[str, str]], said: str
) -> None:
    """One that is not there, reaches others, or goes round in a ring."""
    for name, more in change.items():
        office_settings["outlets"][name] |= more
    with pytest.raises(BadSettings, match="fallback") as caught:
        build(Settings.model_validate(office_settings))
    assert said in str(caught.value)


async def test_three_in_a_row(plain_settings: dict[str, Any], clock: FakeClock) -> None:
    """The second fails as well: the third takes over, also what the second had been handed."""
    async with SlowGateway(clock) as one, SlowGateway(clock) as two, SlowGateway(clock) as three:
        names = ("a", "b", "c")
        for name, gateway, next in zip(names, (one, two, three), ("b", "c", ""), strict=True):
            plain_settings["outlets"][name] = {"kind": "sms_http", **gateway.options(), "fallback": next}
        one.says = two.says = gone
        async with opened(Settings.model_validate(plain_settings), clock) as house:
            office = Office(house, clock)
            people = await office.audience(40)
            await office.schedule(await office.item(), "a", audience="Bản A")
            await office.drain()
            assert {phone[1:]: 1 for phone in people} == got(one, two, three)
            assert {("a", "c", State.SENT): 40} == await spread(office)
